/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Conversations over sockets, side by side: twenty dead peers cost one time-out, not twenty.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"

/*! Why a conversation is asked to go on. */
enum talk_event {
	TALK_START, /*!< The first time. */
	TALK_READY, /*!< Its socket is what it waited for. */
	TALK_LATE,  /*!< It waited as long as it wanted. */
};

/*! A conversation, the first member of a struct that has its state. */
struct talk {
	int fd;           /*!< -1: none; whoever sets done has closed it. */
	short events;     /*!< What of poll(2) it waits for. */
	int64_t until_ms; /*!< And how long, by talk_now_ms(). */
	int64_t limit_ms; /*!< Its end whatever comes: set before the first step. */
	bool done;
	void (*step)(struct talk *talk, enum talk_event event);
};

/*! \brief Milliseconds of the monotonic clock. */
int64_t talk_now_ms(void);

/*!
 * \brief Begin to connect a non-blocking socket to an address.
 * \param type  SOCK_DGRAM or SOCK_STREAM.
 * \return The socket, or -errno. A stream is connected when it can be written to.
 */
int talk_connect(const struct address *address, uint16_t port, int type);

/*! \brief What became of a connect, once the socket can be written to. \return 0 or -errno. */
int talk_connected(int fd);

/*! \brief Close the socket, if there is one, and end. */
void talk_end(struct talk *talk);

/*!
 * \brief Let conversations go on until all are done.
 * \param timeout_ms  How long each may take; one that has to wait for its turn begins later.
 */
void talk_run(struct talk **talks, size_t count, unsigned timeout_ms);
