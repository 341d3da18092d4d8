/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The keeper's end of the socket: what the process of journal_keeper.h does.
 */

#pragma once

#include "table/journal.h"

/*! A datagram in either direction. */
struct keeper_message {
	enum keeper_kind {
		KEEPER_ENTRY = 1,     /*!< To the keeper. */
		KEEPER_CONFIRMED = 2, /*!< To the keeper; and from it what it found at its start. */
		KEEPER_READY = 3,     /*!< From it: all that it found is told. */
		KEEPER_STATE = 4,     /*!< From it: error holds how writing goes, 0 or -errno. */
		KEEPER_ASIDE = 5,     /*!< From it: a damaged file was put aside. */
	} kind;
	int error;
	union {
		struct journal_entry entry;
		struct journal_confirmed confirmed;
	} is;
};

/*!
 * \brief Keep the journal until the other end of the socket is closed.
 * \param aside  Put the old file aside first: it killed the keeper before this one.
 */
void journal_process_run(int socket, const char *path, bool aside);
