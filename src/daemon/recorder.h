/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The one place where the daemon says what happened: log, journal, hooks and counters follow.
 *
 * The pass tells of its steps as it takes them; what is recorded at its end gets their times. All
 * functions take NULL for «nobody listens».
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "table/journal.h"

/*! What others change of ours. */
enum recorder_foreign { FOREIGN_RULESET, FOREIGN_ROUTES, FOREIGN_KINDS };

/*! For metrics: since the daemon's start. */
struct recorder_counters {
	uint64_t passes;
	uint64_t pass_us;      /*!< In all passes. */
	uint64_t last_pass_us; /*!< In the last one. */
	uint64_t repairs[FOREIGN_KINDS];
};

struct recorder;

/*! Gets each entry after it was logged. */
typedef void (*recorder_sink)(const struct journal_entry *entry, void *context);

/*! \brief A recorder without a sink; NULL if memory ran out. Freed by recorder_free(). */
struct recorder *recorder_new(void);
void recorder_free(struct recorder *recorder);

/*! \brief Who gets the entries; NULL: nobody. */
void recorder_set_sink(struct recorder *recorder, recorder_sink sink, void *context);

/*!
 * \brief Something happened that will lead to a pass; the first one before a pass counts.
 * \param us  When, CLOCK_BOOTTIME in microseconds: now, or earlier if it took time to be sure.
 */
void recorder_event(struct recorder *recorder, uint64_t us);

/*! \brief What happened leads to no pass. */
void recorder_event_over(struct recorder *recorder);

/*! \brief CLOCK_BOOTTIME in microseconds. */
uint64_t recorder_now_us(void);

/*! \brief Others have changed something of ours. \param who  «changed by nft (pid 7)». */
void recorder_foreign(struct recorder *recorder, enum recorder_foreign kind, const char *who);

/*! \brief A pass has seen what there is, and goes on. \param us  When it began. */
void recorder_pass_begin(struct recorder *recorder, uint64_t us);

/*! \brief The pass, or what led to it, has changed something in this step. */
void recorder_step(struct recorder *recorder, enum journal_step step);

/*! \brief Entries of the connection table were removed in this pass. */
void recorder_connections(struct recorder *recorder, size_t count);

/*!
 * \brief The pass ends: repairs are recorded, its times are forgotten.
 * \param whole  Whether each kind of what others changed is in place again.
 */
void recorder_pass_end(struct recorder *recorder, const bool whole[FOREIGN_KINDS]);

/*!
 * \brief Record an entry: log it with a message, then hand it to the sink.
 *
 * Within a pass it gets the times of its steps.
 */
void recorder_write(struct recorder *recorder, struct journal_entry *entry, enum log_level level,
                    const char *format, ...) __attribute__((format(printf, 4, 5)));

/*! \brief Record an entry without an uplink, its message «WHAT: REASON». */
void recorder_note(struct recorder *recorder, enum journal_event event, enum log_level level,
                   const char *what, const char *format, ...) __attribute__((format(printf, 5, 6)));

/*! \brief What was counted. */
struct recorder_counters recorder_counters(const struct recorder *recorder);
