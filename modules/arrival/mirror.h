/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Mirror signing: all variants of a zone's answers, signed as knotd has signed its own records.
 *
 * There is one thread a table. What it has made for a zone outlives the module's instances as long as
 * there is one, so a reload of the configuration begins with signed answers.
 */

#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "arrival/owners.h"
#include "arrival/signed_answers.h"
#include "arrival/snapshot.h"

/*! What the configuration of knotd says. */
struct mirror_settings {
	const struct sockaddr_storage *listen; /*!< Where knotd listens. */
	size_t listen_count;
	char *const *keystores; /*!< Folders of PEM files, ended by NULL. */
	uint32_t patience; /*!< Seconds for which what was signed for another version is served. */
};

/*! A zone, as the query path sees it. */
struct mirror_zone {
	struct signed_answers *current; /*!< Published; NULL: none. */
	_Atomic uint32_t kicked; /*!< Time of the first query that saw another version; 0: none. */
	_Atomic uint32_t patience; /*!< See struct mirror_settings. */
	const _Atomic uint32_t
		*self_port;      /*!< Port of the thread's questions; 0: none are asked. */
	int wake_fd;             /*!< Eventfd of the thread. */
	struct owner_box missed; /*!< Whose hints are not signed. */
};

/*!
 * \brief Mirror a zone, or take part in it.
 * \param source    Of the table; must be held longer than the zone.
 * \param zone      Wire form, lower case; not kept.
 * \param settings  Copied; they replace those of a zone that is there already.
 * \param mirrored  Out: given back by mirror_put().
 * \return 0 or -errno.
 */
int mirror_get(struct snapshot_source *source, const uint8_t *zone,
               const struct mirror_settings *settings, struct mirror_zone **mirrored);

/*! \brief Give a zone back; NULL is legal. */
void mirror_put(struct mirror_zone *zone);

/*! \brief The port of the questions that are being asked to knotd, or 0: there are none. */
static inline uint32_t mirror_self_port(const struct mirror_zone *zone)
{
	return atomic_load_explicit(zone->self_port, memory_order_relaxed);
}

/*! \brief Tell of an owner, in lower case, of HTTPS or SVCB records whose right hints are not signed. */
void mirror_miss(struct mirror_zone *zone, const uint8_t *owner);

/*! \brief The signed answers of a zone, or NULL. The caller is in a read-side section of RCU. */
static inline const struct signed_answers *mirror_answers(const struct mirror_zone *zone)
{
	return __atomic_load_n(&zone->current, __ATOMIC_CONSUME);
}

/*!
 * \brief What serves while the answers are not those of the zone's version, of which the signer is told.
 *
 * Those that were made for another version of the zone serve for a while, as knotd keeps the old keys published
 * for longer than it mostly takes to sign; and for as long as it takes if the zone's keys are still those.
 *
 * \param answers  Of mirror_answers().
 * \param version  The zone's.
 * \param now      Seconds since 1970.
 * \return The answers, or NULL.
 */
const struct signed_answers *mirror_kick(struct mirror_zone *zone,
                                         const struct signed_answers *answers,
                                         const struct signed_version *version, uint32_t now);
