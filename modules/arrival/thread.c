/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Start of a thread: it inherits the signal mask of who starts it, pthread_create(3).
 */

#include "arrival/thread.h"

#include <signal.h>

int thread_start(pthread_t *thread, void *(*run)(void *), void *data)
{
	static const int faults[] = { SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP };
	sigset_t blocked;
	sigset_t old;
	sigfillset(&blocked);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		sigdelset(&blocked, faults[i]);
	}
	pthread_sigmask(SIG_SETMASK, &blocked, &old);
	int ret = pthread_create(thread, NULL, run, data);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -ret;
}
