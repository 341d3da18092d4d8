/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Matches and targets of iptables in nf_tables (iptables-nft(8)), as far as they concern us.
 */

#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/xt_connmark.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_multiport.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <string.h>

#include "daemon/nfnl_match.h"

/*! Bits of state_mask (XT_CONNTRACK_STATE_BIT() of ESTABLISHED and NEW, and those for itself). */
#define XT_ESTABLISHED (1 << 1)
#define XT_NEW (1 << 3)

/*! The struct of a match or target, if it is of that name and large enough. */
static const void *info(const struct expression *expression, uint16_t name_attribute,
                        uint16_t info_attribute, const char *name, size_t size)
{
	const struct nlattr *at = expression->at[info_attribute];
	const char *found = nfnl_string(expression->at[name_attribute]);
	return found != NULL && at != NULL && strcmp(found, name) == 0 &&
	                       mnl_attr_get_payload_len(at) >= size
	               ? mnl_attr_get_payload(at)
	               : NULL;
}

static const void *match_info(const struct expression *expression, const char *name, size_t size)
{
	return info(expression, NFTA_MATCH_NAME, NFTA_MATCH_INFO, name, size);
}

static const void *target_info(const struct expression *expression, const char *name, size_t size)
{
	return info(expression, NFTA_TARGET_NAME, NFTA_TARGET_INFO, name, size);
}

/*! Ports alone can be told: without flags, options and source ports. */
static bool match_ports(const uint16_t source[2], const uint16_t wanted[2], bool inverted,
                        uint16_t port, bool *known, bool *specific)
{
	bool within = port >= wanted[0] && port <= wanted[1];
	*known = source[0] == 0 && source[1] == UINT16_MAX && port != 0;
	*specific = !inverted && (wanted[0] != 0 || wanted[1] != UINT16_MAX);
	return within != inverted;
}

/*! A list of ports; a flag says that the next one is the end of a range. */
static bool match_multiport(const struct xt_multiport_v1 *match, uint16_t port, bool *known,
                            bool *specific)
{
	bool within = false;
	for (unsigned i = 0; i < match->count && i < XT_MULTI_PORTS; i++) {
		uint16_t first = match->ports[i];
		bool range = match->pflags[i] != 0 && i + 1 < XT_MULTI_PORTS;
		uint16_t last = range ? match->ports[++i] : first;
		within |= port >= first && port <= last;
	}
	*known = match->flags == XT_MULTIPORT_DESTINATION && port != 0;
	*specific = !match->invert;
	return within != (match->invert != 0);
}

static bool match_state(const struct xt_conntrack_mtinfo3 *match, const struct walk_packet *packet,
                        bool *known)
{
	unsigned bits = (packet->state & 2) != 0   ? XT_ESTABLISHED
	                : (packet->state & 8) != 0 ? XT_NEW
	                                           : XT_CONNTRACK_STATE_UNTRACKED;
	bits |= (packet->status & IPS_DST_NAT) != 0 ? XT_CONNTRACK_STATE_DNAT : 0;
	*known = packet->state != 0 && match->match_flags == XT_CONNTRACK_STATE;
	return ((match->state_mask & bits) != 0) !=
	       ((match->invert_flags & XT_CONNTRACK_STATE) != 0);
}

bool xt_match(const struct expression *expression, const struct walk_packet *packet, bool *known,
              bool *specific)
{
	const struct xt_tcp *tcp = match_info(expression, "tcp", sizeof(*tcp));
	const struct xt_udp *udp = match_info(expression, "udp", sizeof(*udp));
	const struct xt_multiport_v1 *ports = match_info(expression, "multiport", sizeof(*ports));
	const struct xt_conntrack_mtinfo3 *state =
		match_info(expression, "conntrack", sizeof(*state));
	*known = false;
	*specific = false;
	if (match_info(expression, "comment", 0) != NULL) {
		*known = true;
		return true;
	} else if (tcp != NULL) {
		bool good =
			match_ports(tcp->spts, tcp->dpts, (tcp->invflags & XT_TCP_INV_DSTPT) != 0,
		                    packet->port, known, specific);
		*known = *known && tcp->option == 0 && tcp->flg_mask == 0;
		return good;
	} else if (udp != NULL) {
		return match_ports(udp->spts, udp->dpts, (udp->invflags & XT_UDP_INV_DSTPT) != 0,
		                   packet->port, known, specific);
	} else if (ports != NULL) {
		return match_multiport(ports, packet->port, known, specific);
	} else if (state != NULL) {
		return match_state(state, packet, known);
	}
	return false;
}

bool xt_drops(const struct expression *expression)
{
	return target_info(expression, "REJECT", 0) != NULL ||
	       target_info(expression, "DROP", 0) != NULL;
}

uint32_t xt_mark_bits(const struct expression *expression, bool *connection)
{
	const struct xt_mark_tginfo2 *mark = target_info(expression, "MARK", sizeof(*mark));
	const struct xt_connmark_tginfo1 *connmark =
		target_info(expression, "CONNMARK", sizeof(*connmark));
	// The second struct has shifts before its mode, and what is shifted may end anywhere.
	const struct xt_connmark_tginfo2 *shifted =
		nfnl_number(expression->at[NFTA_TARGET_REV]) == 2
			? target_info(expression, "CONNMARK", sizeof(*shifted))
			: NULL;
	*connection = false;
	if (mark != NULL) {
		return mark->mark | mark->mask;
	} else if (connmark == NULL) {
		return 0;
	}
	uint8_t mode = shifted != NULL ? shifted->mode : connmark->mode;
	uint32_t bits = mode == XT_CONNMARK_SET ? connmark->ctmark | connmark->ctmask
	                                        : connmark->ctmask | connmark->nfmask;
	*connection = mode != XT_CONNMARK_RESTORE;
	return shifted != NULL && shifted->shift_bits != 0 ? UINT32_MAX : bits;
}
