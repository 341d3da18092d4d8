#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A run of the random faults with a fixed seed; more of them: tests/lab/chaos --seconds 600 --seed 7

exec bash "$(dirname "$0")/chaos" --seconds "${CHAOS_SECONDS:-30}" --seed "${CHAOS_SEED:-1}"
