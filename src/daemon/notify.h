/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Messages to the service manager, as sd_notify(3) describes; without one nothing happens.
 */

#pragma once

/*! \brief Send «READY=1», «STATUS=...», «WATCHDOG=1», lines separated by newlines. */
void notify_send(const char *message);
