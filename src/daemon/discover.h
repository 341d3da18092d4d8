/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What is learnt about the public addresses of uplinks behind address translation. Pure.
 *
 * One line for each uplink and family whose public address the site file wants discovered. An answer
 * counts if it is an address that the world may know and no other uplink has. What is known stays
 * while nobody answers, but not when the uplink gets another own address or gateway: then it is somewhere
 * else. After an interruption it is not answered before somebody has confirmed it: that is when providers
 * give other addresses. Another address than the known one is believed if the next answer is the same.
 */

#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/plan.h"

/*! Answers in a row that came from another port than they were sent from make a shared address. */
#define DISCOVER_SHIFTS 2

/*! Failures in a row that are told. */
#define DISCOVER_FAILURES 3

/*! What somebody outside has said. */
struct discover_answer {
	char fault[96]; /*!< Why there is no address; empty: there is. */
	struct address address;
	bool port_known;   /*!< Whether the port was kept can be told. */
	bool port_changed; /*!< Packets had another source port outside. */
	unsigned source;   /*!< Number of the uplink that was asked; 0: a server. */
};

struct discover_line {
	char id[TABLE_ID_MAX]; /*!< Of the uplink. */
	char interface[IFNAMSIZ];
	unsigned uplink; /*!< Its number. */
	unsigned family;

	bool asking;            /*!< It has a way out, and its own address is private. */
	struct address own;     /*!< The own address that all below is about; none: on trial. */
	struct address gateway; /*!< The same; none: the interface itself, or not seen yet. */

	bool cut;             /*!< No packets pass, as the last pass saw it. */
	bool doubted;         /*!< It was cut, and nobody has said since what the outside sees. */
	struct address known; /*!< What the outside sees; or none. */
	struct address candidate; /*!< Another one that was said once; or none. */
	unsigned shifts;          /*!< Answers in a row with another port. */
	bool shared;              /*!< It gives connections other ports: nobody gets in. */
	bool refused;             /*!< The last answer was one, but not to be believed. */
	char fault[160];          /*!< Why the last answer is none; empty: it was good. */
	unsigned failures;        /*!< In a row. */
	uint64_t failed;          /*!< All of them. */
	uint64_t since_ms;        /*!< When the known address was first learnt. */
	uint64_t heard_ms;        /*!< When somebody last said so; 0: adopted, nobody has yet. */
	uint64_t tried_ms;        /*!< When the last attempt ended; 0: never. */
	unsigned source;          /*!< Who was asked last: an uplink's number; 0: a server. */
};

struct discover_list {
	struct discover_line *items;
	size_t count;
};

/*! What a line comes to. */
struct discover_verdict {
	struct address address; /*!< What the outside sees; none: it is not known. */
	char reason[224];       /*!< Why it must not be answered; the same as long as it is. */
};

/*!
 * \brief All lines of a site, in the order of uplinks and families.
 * \param list  Out; its items are to be freed.
 * \return 0 or -ENOMEM.
 */
int discover_list_build(const struct site *site, struct discover_list *list);

/*! \brief The line of an uplink's family, or NULL. \param list  May be NULL. */
const struct discover_line *discover_find(const struct discover_list *list, const char *id,
                                          unsigned family);

/*! \brief Take over what another list knows of the same uplinks, but not whose interface is another one. */
void discover_inherit(struct discover_list *list, const struct discover_list *older);

/*! \brief Take over what is published, on trial: a restart withdraws nothing. */
void discover_adopt(struct discover_list *list, const struct table *published, uint64_t now_ms);

/*!
 * \brief Follow the uplink as the last pass saw it; what is on trial stays if that pass has used it.
 * \return Whether its way out is new, so that it is time to ask.
 */
bool discover_follow(struct discover_line *line, const struct uplink_family *state);

/*! \brief Another uplink that has an address, or NULL. */
const struct uplink *discover_owner(const struct plan *plan, const struct discover_line *line,
                                    const struct address *address);

/*!
 * \brief The uplink to ask next: one whose public address is known. After a failure another one than last time.
 * \return Its number, or 0: there is none.
 */
unsigned discover_source(const struct discover_line *line, const struct plan *plan);

/*!
 * \brief Note what came of an attempt.
 * \param owner  See discover_owner().
 */
void discover_note(struct discover_line *line, const struct discover_answer *answer,
                   const struct uplink *owner, uint64_t now_ms);

/*! \brief How long to wait for the next attempt, milliseconds. */
uint64_t discover_wait(const struct discover_line *line, uint64_t interval_ms);

/*!
 * \brief Judge an uplink's family.
 * \param line     May be NULL: nothing is known.
 * \param own      Its own address and gateway now; what is known of others does not count.
 * \param held     Whether own is the address of before a restart, for what was taken over.
 * \param verdict  Out.
 */
void discover_judge(const struct discover_line *line, const struct address *own,
                    const struct address *gateway, bool held, struct discover_verdict *verdict);

/*! \brief «learnt», «shared», «unknown», or «not needed». */
const char *discover_state_name(const struct discover_line *line);
