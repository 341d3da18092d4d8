/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief One zone of mirror signing: what the thread knows of it, and one session with it.
 */

#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libknot/dname.h>

#include "arrival/ask_knotd.h"
#include "arrival/learn.h"
#include "arrival/mirror.h"
#include "arrival/mirror_copy.h"
#include "arrival/zone_keys.h"

struct mirror;

struct mirror_work {
	struct mirror_zone view; /*!< First: what the query path has. */

	// Guarded by the thread's lock.
	struct mirror *mirror;
	struct mirror_work *next;
	unsigned references;
	struct mirror_copy *settings_new; /*!< Those that the thread has not seen yet, or NULL. */
	bool table_changed;               /*!< Since the last session. */

	atomic_bool stop; /*!< The zone is on its way out. */

	// The thread's own.
	struct mirror_copy *settings;
	struct zone_keys *keys;
	struct learnt learnt;
	struct owners owners; /*!< Of hints, beside the hosts. */
	uint64_t missed_ms;   /*!< Not before is another such owner taken. */
	uint64_t due_ms;      /*!< Of the next session without an event, by table_now_ms(). */
	uint64_t earliest_ms; /*!< Not before, whatever the event. */
	uint32_t delay_ms;    /*!< After the last failure; 0: it was none. */
	uint64_t failing_ms;  /*!< Time of the first failure in a row. */
	uint32_t seen_kick;   /*!< The kick that a session has been held for in vain. */
	bool table_only; /*!< The session is held as the table has changed, and for nothing else. */
	bool missed_only; /*!< It is held as a query has told of an owner, and for nothing else. */
	bool reported;    /*!< That knotd does not answer. */
	uint32_t
		reported_key; /*!< Algorithm and tag of the missing key that was told of; 0: none. */
	knot_dname_storage_t zone;
};

/*! \brief A zone that nothing is known of yet. \return 0 or -ENOMEM. */
int mirror_work_new(const uint8_t *zone, struct mirror_work **work);

/*! \brief Free; no session may be running and no query may look. NULL is legal. */
void mirror_work_free(struct mirror_work *work);

/*! \brief Whether it is the zone of a name. */
bool mirror_work_is(const struct mirror_work *work, const uint8_t *zone);

/*! \brief The zone of what the query path has. */
struct mirror_work *mirror_work_of(struct mirror_zone *view);

/*! \brief Set the settings for the next session, which will be soon. \return 0 or -ENOMEM. */
int mirror_work_set(struct mirror_work *work, const struct mirror_settings *settings);

/*! \brief Prepare a session: to be called with the thread's lock held. */
void mirror_work_begin(struct mirror_work *work);

/*! \brief When the next session is due, by table_now_ms(). */
uint64_t mirror_work_due(const struct mirror_work *work);

/*! \brief Learn, sign and publish. \param how  But for the settings, which are the zone's. */
void mirror_work_session(struct mirror_work *work, struct snapshot_source *source,
                         const struct ask_knotd *how);
