#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# An uplink is drained: new clients go elsewhere, what is on it stays.

. "$(dirname "$0")/lib.sh"
lab_up
require "the gateway serves by both uplinks" gateway_up

download_start primary
expect "drain" ctl drain primary
expect "drained: its own name server answers the other uplink" same 172.16.1.1 answer_by primary
expect "drained: the other one too" same 172.16.1.1 answer_by backup
expect "drained: status says so" eval 'ctl status | grep -q "^primary.* drained "'
expect "drained: explain says so" eval '! ctl explain www.example.com --uplink primary'
expect "drained: whoever still knows the address is served" get_by primary
connections() {
	ctl drain primary --json | jq -e '.drained and .connections > 0 and .expires_s <= 10 and .others'
}
expect "drained: its connections are counted" connections
expect "drained: a connection goes on" download_finishes

daemon_stop KILL
daemon_start
wait_for 5 daemon_answers
expect "the drain outlives a restart" same 172.16.1.1 answer_by primary
expect "the drain outlives a reload" ctl reload
expect "after the reload" same 172.16.1.1 answer_by primary

cut backup carrier
expect "the other uplink is gone: the drained one is answered" wait_for 3 same 192.168.2.1 answer_by primary
expect "it says so" eval 'ctl drain primary | grep -q "no other uplink is ready"'
mend backup
expect "the other uplink is back" wait_for 5 same 172.16.1.1 answer_by primary

expired() {
	ctl drain primary --json | jq -e '.expires_s == 0'
}
expect "old answers expire with the TTL" wait_for 12 expired
expect "undrain" ctl undrain primary
expect "not drained: answered again" same 192.168.2.1 answer_by primary
expect "an uplink that is none is refused" fails ctl drain nowhere
lab_end
