/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The answers of a whole table, made beforehand: a query only looks up.
 *
 * Immutable once made, so any number of threads may read it. Hosts with the same uplinks, policy and
 * TTL share a set: per arrival uplink and family the tail to append. Per host there remain its name,
 * a number of a set and its LAN tails.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arrival/binding.h"
#include "arrival/local.h"
#include "arrival/tail.h"
#include "table/table.h"

struct answers;
struct answer_host;

/*! What is to be done with address records of an owner. */
enum answer_verdict {
	ANSWER_FOREIGN,         /*!< No host of the table: the zone's own data. */
	ANSWER_NO_TABLE,        /*!< No table has been read yet: the zone's own data. */
	ANSWER_UNKNOWN_BINDING, /*!< Arrival uplink not known: the zone's own data. */
	ANSWER_NOT_READY,       /*!< No uplink carries the host now: no answer at all. */
	ANSWER_ABSENT,          /*!< The host has no address of that type here: NODATA. */
	ANSWER_LAN,             /*!< The tail, with inside addresses. */
	ANSWER_UPLINK,          /*!< The tail, with addresses of uplinks. */
};

struct answer {
	enum answer_verdict verdict;
	uint8_t uplink;          /*!< Number of the first address's uplink; 0: none (LAN). */
	const struct tail *tail; /*!< Lives as long as the answers. */
};

/*! Where a query came from. Borrowed. */
struct answer_origin {
	const struct local *local;
	const struct sockaddr *client;
	bool stale; /*!< The table's writer is dead and its answers have expired. */
};

/*!
 * \brief Make the answers of a table.
 * \param table    Sorted and validated; not kept.
 * \param answers  Out: freed by answers_free().
 * \return 0 or -ENOMEM.
 */
int answers_new(const struct table *table, struct answers **answers);

/*! \brief One more who holds them and frees them once. \return The answers. */
struct answers *answers_hold(struct answers *answers);

/*! \brief Free, if nobody else holds them; NULL is legal. */
void answers_free(struct answers *answers);

/*!
 * \brief Find a host by its name.
 * \param owner  Wire form, lower case.
 * \return A host that lives as long as the answers, or NULL.
 */
const struct answer_host *answers_find_host(const struct answers *answers, const uint8_t *owner,
                                            size_t owner_size);

/*!
 * \brief Answer a question. Takes no lock, allocates nothing, calls nothing that may block.
 * \param host    From answers_find_host(); NULL: ANSWER_FOREIGN.
 * \param family  AF_INET for A, AF_INET6 for AAAA.
 */
struct answer answers_find(const struct answers *answers, const struct answer_host *host,
                           uint8_t family, const struct answer_origin *origin);

/*!
 * \brief The address of an uplink, whatever its state: that of its name server.
 * \return A tail of one record, or NULL if there is no such uplink or it has none of the family.
 */
const struct tail *answers_uplink_tail(const struct answers *answers, unsigned number,
                                       uint8_t family);

/*!
 * \brief All addresses of a host that may be answered now, in its order, whatever its policy.
 * \return A tail, or NULL if there is none.
 */
const struct tail *answers_ready_tail(const struct answers *answers, const struct answer_host *host,
                                      uint8_t family);

/*!
 * \brief How many situations there are, each of which has its answers: each uplink as the arrival uplink,
 * a client on the LAN, and each uplink alone, whatever its state.
 *
 * Who prepares answers for all of them has what will be wanted when uplinks come and go. The first are
 * what is answered now.
 */
size_t answers_situations(const struct answers *answers);

/*!
 * \brief What a host is answered with in a situation.
 * \param tails  Out: IPv4 and IPv6, NULL for none.
 * \return Whether there is such a host.
 */
bool answers_situation(const struct answers *answers, const uint8_t *owner, size_t owner_size,
                       size_t situation, const struct tail *tails[2]);

/*! \brief Told of what a host is answered with in a situation. */
typedef void (*answers_visitor)(void *context, const struct answers *answers, const uint8_t *owner,
                                size_t owner_size, size_t situation,
                                const struct tail *const tails[2]);

/*! \brief Visit all hosts in all situations. */
void answers_visit(const struct answers *answers, answers_visitor visitor, void *context);

/*! \brief A number that no other answers of this process have. */
uint64_t answers_serial(const struct answers *answers);

/*! \brief Bytes of memory held. */
size_t answers_memory(const struct answers *answers);
