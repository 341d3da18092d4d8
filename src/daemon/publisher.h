/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The published answers: the daemon's end of the answer table.
 */

#pragma once

#include "daemon/recorder.h"
#include "table/table_lmdb.h"

struct publisher {
	struct table_writer *writer;
	struct table *table; /*!< What is published. */
};

/*!
 * \brief Open the table of a run-dir and read what an earlier run published there.
 * \return 0 or -errno (logged).
 */
int publisher_open(struct publisher *publisher, const char *run_dir);

/*! \brief Close; what is published stays. A zeroed publisher is legal. */
void publisher_close(struct publisher *publisher);

/*!
 * \brief Publish a table and take it over; one that answers alike is not written.
 * \param table  Owned from then on, also on failure; NULL: memory ran out before.
 * \return 0 or -errno (logged); then the old table stays published.
 */
int publisher_publish(struct publisher *publisher, struct table *table);

/*! \brief The same as a step of a pass, which the recorder is told of if it changes anything. */
int publisher_step(struct publisher *publisher, struct recorder *recorder, enum journal_step step,
                   struct table *table);

/*! \brief Renew the heartbeat and clear dead readers. \return 0 or -errno (logged). */
int publisher_heartbeat(struct publisher *publisher);
