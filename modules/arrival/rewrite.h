/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Replacing of address records in a response that knotd has composed from the zone.
 *
 * Records that are as long as those in their place are written over them. Else RRsets are taken off the
 * end of the packet and put again, with other records in them: so libknot itself keeps lengths, counts
 * and compression right, whatever the number of records.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <libknot/packet/pkt.h>

/*! What becomes of an RRset. */
enum rewrite_action {
	REWRITE_KEEP,
	REWRITE_REPLACE, /*!< By other records. */
	REWRITE_DROP,    /*!< It has no records here. */
	REWRITE_REFUSE,  /*!< The whole response must not be given. */
};

/*! What an RRset is replaced by; lives until the response is sent. */
struct rewrite_records {
	uint32_t ttl;
	knot_rdataset_t rrs;
};

/*!
 * \brief Decides about an RRset.
 * \param context  As given to the caller's function.
 * \param rrset    Address records, or signatures over such.
 * \param covered  NULL, or, for signatures, the RRset that they must be over now.
 * \param records  Out: for REWRITE_REPLACE.
 */
typedef enum rewrite_action (*rewrite_decide)(void *context, const knot_rrset_t *rrset,
                                              const knot_rrset_t *covered,
                                              struct rewrite_records *records);

enum rewrite_result {
	REWRITE_UNCHANGED,
	REWRITE_DONE,
	REWRITE_DROPPED, /*!< An RRset was left out. */
	REWRITE_REFUSED, /*!< The packet is as it was. */
	REWRITE_NO_ROOM, /*!< Some RRsets did not fit; TC is set unless they were optional. */
	REWRITE_ERROR,
};

/*! \brief Whether a packet has records with addresses from a section on. */
bool rewrite_concerned(const knot_pkt_t *pkt, knot_section_t section);

/*! \brief Rewrite the section that is being written, which is the packet's last one so far. */
enum rewrite_result rewrite_section(knot_pkt_t *pkt, rewrite_decide decide, void *context);

/*! \brief Whether a finished response has an RRset that would have to be rewritten. */
bool rewrite_needed(const knot_pkt_t *pkt, rewrite_decide decide, void *context);

/*!
 * \brief Rewrite the additional section of a finished response, which has no TSIG record (any more).
 *
 * An answer or authority section that would have to be rewritten is cut off there, and TC is set.
 */
void rewrite_finished(knot_pkt_t *pkt, rewrite_decide decide, void *context);
