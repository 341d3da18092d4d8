/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The kernel's objects as plain data: what is observed, and what is wanted.
 *
 * The same types serve both sides, so that «what is missing» is a comparison of two sorted arrays.
 */

#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"

/*! Owner of our routes and rules in the kernel's eyes (rtm_protocol, FRA_PROTOCOL). */
#define OUR_PROTOCOL 109

/*! The netfilter table that is ours, family inet. */
#define OUR_NFT_TABLE "multihome"

struct link {
	int index;
	char name[IFNAMSIZ];
	bool up;             /*!< Administratively (IFF_UP). */
	bool carrier;        /*!< The kernel sends on it (IFF_LOWER_UP). */
	bool point_to_point; /*!< Needs no gateway (IFF_POINTOPOINT). */
};

/*! An address of scope global of an interface. */
struct link_address {
	int link; /*!< Index of its interface. */
	struct prefix prefix;
	bool usable; /*!< Not tentative, deprecated, temporary or failed (RFC 4862). */
};

/*!
 * A route in the form in which the kernel tells it back, unused fields zero. An IPv6 route without
 * a metric gets 1024 from the kernel, so 0 and 1024 compare equal there; IPv4 keeps 0. A route in
 * the main table with several nexthops is one entry for each.
 */
struct route {
	uint8_t family;
	uint32_t table;
	struct prefix destination; /*!< Network form; family and length 0: default. */
	uint32_t metric;
	uint8_t type;           /*!< RTN_UNICAST, RTN_THROW, RTN_UNREACHABLE. */
	struct address gateway; /*!< Of an IPv4 route it may be IPv6 (RFC 8950). */
	int link;               /*!< Index of the output interface; 0 for throw and unreachable. */
	bool onlink;            /*!< The gateway is not in a connected prefix. */
};

/*! A policy rule «from PREFIX iif NAME fwmark MARK/MASK lookup TABLE». */
struct rule {
	uint8_t family;
	uint32_t priority;
	uint32_t mark;
	uint32_t mask;      /*!< 0: any mark. */
	struct prefix from; /*!< Length 0 and family 0: any source. */
	char iif[IFNAMSIZ]; /*!< Empty: any interface. */
	uint32_t table;
};

/*! What the kernel says at one moment. Arrays are sorted by the functions below. */
struct observed {
	struct link *links;
	size_t link_count;
	struct link_address *addresses;
	size_t address_count;
	struct route *main_routes; /*!< Unicast routes of the main table, of whatever owner. */
	size_t main_route_count;
	struct route *routes; /*!< Ours: protocol OUR_PROTOCOL. */
	size_t route_count;
	struct rule *rules; /*!< Ours: protocol OUR_PROTOCOL. */
	size_t rule_count;
	bool forwarding4; /*!< net.ipv4.ip_forward */
	bool no_ipv6;     /*!< IPv6 is switched off (ipv6.disable=1). */
	bool forwarding6; /*!< net.ipv6.conf.all.forwarding */
	/*! Effective rp_filter of each link, max(all, interface); parallel to links. */
	uint8_t *rp_filter;
	bool src_valid_mark; /*!< net.ipv4.conf.all.src_valid_mark */
};

/*! \brief Free what an observation holds; the struct is empty after. */
void observed_deinit(struct observed *observed);

/*! \brief Sort all arrays (links by index, the others by the compare functions). */
void observed_sort(struct observed *observed);

/*! \brief A link by name, or NULL. */
const struct link *observed_link(const struct observed *observed, const char *name);

/*! \brief Total orders for qsort(3) and diff_run(); equal means the same in every field. */
int route_compare(const void *a, const void *b);
int rule_compare(const void *a, const void *b);
int link_address_compare(const void *a, const void *b);

/*!
 * \brief Print a route or rule in iproute2's words, without newline.
 *
 * They are what follows «ip -4 route add», «ip -6 rule add» and so on.
 * \param observed  Names the interfaces by index; may be NULL (then «if N»).
 */
struct text;
void route_print(const struct route *route, const struct observed *observed, struct text *text);
void rule_print(const struct rule *rule, struct text *text);
