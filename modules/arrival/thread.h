/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Threads of the module within knotd.
 */

#pragma once

#include <pthread.h>

/*!
 * \brief Start a thread that takes no signals of the process, which are knotd's, but those of its own faults: of a
 *        fault whose signal is blocked nobody would be told, no sanitizer and no handler of crashes.
 * \return 0 or -errno.
 */
int thread_start(pthread_t *thread, void *(*run)(void *), void *data);
