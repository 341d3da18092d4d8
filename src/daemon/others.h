/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What other programs have in the kernel that may be in our way: rules, routes, chains.
 *
 * Only looked at, for those who ask; nothing here is ever changed. The sockets are opened for each
 * look, so that it shares nothing with a pass.
 */

#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "daemon/state.h"

/* --- rtnl_others.c ----------------------------------------------------------------------------- */

/*! A policy rule of another program; the kernel's own are none. */
struct other_rule {
	uint8_t family;
	uint32_t priority;
	uint32_t mark;
	uint32_t mask; /*!< 0: any mark. */
	bool inverted; /*!< Takes what does not match. */
	/*! Takes a part that is not told here: of destinations, ports, users; or no default route. */
	bool narrow;
	struct prefix from; /*!< Family 0: any source. */
	char iif[IFNAMSIZ]; /*!< Empty: any interface. */
	uint32_t table;     /*!< 0: leads to none. */
};

/*! A route of another program in a table that is ours, or in the main table and in our way. */
struct other_route {
	struct route route;
	uint8_t protocol;
};

struct others {
	struct other_rule *rules;
	size_t rule_count;
	struct other_route *routes;
	size_t route_count;
};

/*! Which routes are asked for. */
struct others_wanted {
	const uint32_t *tables; /*!< Ours: all in them. */
	size_t table_count;
	const struct prefix
		*prefixes; /*!< In the main table: all but defaults that overlap these. */
	size_t prefix_count;
};

/*! \brief List them. \param others  Out: freed by others_deinit(). \return 0 or -errno. */
int rtnl_others(const struct others_wanted *wanted, struct others *others);
void others_deinit(struct others *others);

/*! \brief Print a rule as «ip rule» does, without newline. */
void other_rule_print(const struct other_rule *rule, struct text *text);

/*!
 * \brief Print a route with table and protocol, so that it can follow «ip -4 route del».
 *
 * The name of an interface is asked of the kernel.
 */
void other_route_print(const struct other_route *route, struct text *text);

/* --- nfnl_others.c ----------------------------------------------------------------------------- */

/*! A chain of another program, in a table of family ip, ip6 or inet. */
struct other_chain {
	uint8_t family; /*!< NFPROTO_IPV4, NFPROTO_IPV6, NFPROTO_INET */
	char *table;
	char *name;
	bool base; /*!< On a hook. */
	bool nat;
	bool drops; /*!< By policy. */
	uint32_t hook;
	int32_t priority;
	size_t first_rule;
	size_t rule_count;
	bool whole; /*!< All its rules were listed. */
};

/*! Its expressions as the kernel tells them (NFTA_RULE_EXPRESSIONS). */
struct other_nft_rule {
	uint64_t handle;
	void *expressions;
	size_t size;
};

struct other_set {
	uint8_t family;
	char *table;
	char *name;
	uint32_t key_size;
};

/*! The daemon has other things to do: so much work is some 0.1 s. */
#define OTHER_WORK_MOST 100000

/*! In bytes, what is listed of others: some 25000 rules, and some 0.1 s. */
#define OTHER_LIST_MOST (8u * 1024 * 1024)

struct other_nft {
	struct netlink *request; /*!< For elements of sets, which are asked for one by one. */
	struct other_chain *chains;
	size_t chain_count;
	struct other_nft_rule *rules;
	size_t rule_count;
	struct other_set *sets;
	size_t set_count;
	size_t listed; /*!< Bytes. */
	bool cut;      /*!< OTHER_LIST_MOST was reached: there are more. */
	/*! So many rules were applied, a question for an element or 200 chains looked at counting as ten. */
	size_t work;
};

/*!
 * \brief List what others have, up to OTHER_LIST_MOST: chains, then sets, then rules.
 * \param nft  Out: freed by other_nft_close().
 * \return 0 or -errno.
 */
int other_nft_open(struct other_nft **nft);
void other_nft_close(struct other_nft *nft);

/*! \brief «ip», «ip6» or «inet». */
const char *other_chain_family(const struct other_chain *chain);

/* --- nfnl_walk.c ------------------------------------------------------------------------------- */

/*! A packet as far as it is known. Zero, or an empty name: not known. */
struct walk_packet {
	uint8_t family;
	struct address source;
	struct address destination;
	uint8_t protocol;
	uint16_t port; /*!< Of destination. */
	char iif[IFNAMSIZ];
	char oif[IFNAMSIZ];
	uint32_t state;  /*!< Bits of «ct state»: 2 established, 8 new, 64 untracked. */
	uint32_t status; /*!< Bits of «ct status», if state is known. */
	bool reply;      /*!< Direction, if state is known. */
};

/*! Where a packet ends. */
struct walk_end {
	const struct other_chain *chain; /*!< NULL: nowhere. */
	uint64_t handle;                 /*!< Of the rule; 0: the chain's policy. */
	bool sure;                       /*!< Else it depends on things that are not known here. */
};

/*!
 * \brief Let a packet pass a base chain.
 * \param end  Out.
 * \return 0 or -errno; -E2BIG: OTHER_WORK_MOST is done, no more is looked at.
 */
int other_chain_walk(struct other_nft *nft, const struct other_chain *chain,
                     const struct walk_packet *packet, struct walk_end *end);

/* --- nfnl_scan.c ------------------------------------------------------------------------------- */

/*! What a rule does that is of interest wherever it stands. */
enum other_effect_kind {
	OTHER_SETS_MARK,    /*!< Writes the packet's mark. */
	OTHER_SETS_CT_MARK, /*!< Writes the connection's mark. */
	OTHER_OFFLOADS,     /*!< Hands a connection to a flowtable. */
	OTHER_FILTERS_PATH, /*!< Drops what would not be sent back by the same interface. */
};

struct other_effect {
	enum other_effect_kind kind;
	const struct other_chain *chain;
	uint64_t handle;
	uint32_t bits;  /*!< Of a mark: those that it may change. */
	unsigned hooks; /*!< From which it can be reached: bit N is NF_INET_… N. */
};

typedef int (*other_effect_take)(const struct other_effect *effect, void *context);

/*! \brief Hand over each effect. \return 0, or what take returned that is not 0. */
int other_nft_scan(const struct other_nft *nft, other_effect_take take, void *context);
