/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The seam to the kernel: observe, apply, wait for events. Nothing else of the daemon talks netlink.
 *
 * rtnl.c holds links, addresses, routes and rules (libmnl); nfnl.c the netfilter events and listings
 * (libmnl); nft_apply.c the transactions (libnftables); conntrack.c the connections (libmnl). Functions return 0 or -errno and do not log.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/text.h"
#include "daemon/state.h"

/* --- rtnl.c: links, addresses, routes, rules ------------------------------------------------- */

struct rtnl;

/*! Tables that rtnl_events names one by one. */
#define RTNL_LOST_MAX 16

/*! What happened since the last rtnl_drain(). */
struct rtnl_events {
	unsigned links;  /*!< Messages on links and addresses. */
	unsigned routes; /*!< On routes of the main table or ours, and on rules. */
	/*! Of those: routes or rules of our protocol that others deleted, or replaced by their own. */
	unsigned own_lost;
	/*! Tables whose routes, or rules that lead there, own_lost counts. */
	uint32_t lost_table[RTNL_LOST_MAX];
	unsigned lost_tables; /*!< How many; more than RTNL_LOST_MAX: not all are named. */
	uint32_t
		lost_by; /*!< Netlink port of the last who did it: as a rule its pid. 0: the kernel. */
	unsigned settings; /*!< Forwarding and rp_filter (netconf). */
	bool overrun;      /*!< The kernel dropped messages (ENOBUFS): the view is stale. */
};

/*!
 * \brief Open the request and the event socket (subscribed before the first observation).
 *
 * Events: links, IPv4/IPv6 addresses, routes, rules and netconf; receive buffer of some MiB by
 * SO_RCVBUFFORCE, or what the kernel allows.
 */
int rtnl_open(struct rtnl **rtnl);
void rtnl_close(struct rtnl *rtnl);

/*! \brief Descriptor to poll for events. */
int rtnl_fd(const struct rtnl *rtnl);

/*! \brief Read all pending events without blocking and sum them up. */
int rtnl_drain(struct rtnl *rtnl, struct rtnl_events *events);

/*!
 * \brief Dump the kernel's state; a dump that was interrupted by a change is repeated.
 *
 * Routes and rules of OUR_PROTOCOL only in routes and rules; unicast routes of the main table in
 * main_routes. Sysctls are read from /proc/sys/net.
 *
 * \return 0 or -errno; -EAGAIN if changes kept interrupting the dumps (their events will come).
 */
int rtnl_observe(struct rtnl *rtnl, struct observed *observed);

/*!
 * \brief Add a route or rule of ours; one that exists already is no error.
 *
 * A route takes the place of ours with the same destination and metric at once, without a gap; so
 * add first, then delete. One of another owner stays: -EEXIST. A unicast route names its link.
 */
int rtnl_route_add(struct rtnl *rtnl, const struct route *route);
int rtnl_rule_add(struct rtnl *rtnl, const struct rule *rule);

/*! \brief Delete exactly this route or rule of ours; one that is gone already is no error. */
int rtnl_route_delete(struct rtnl *rtnl, const struct route *route);
int rtnl_rule_delete(struct rtnl *rtnl, const struct rule *rule);

/* --- nfnl.c: what others do to netfilter ----------------------------------------------------- */

struct nfnl;

/*! What happened to netfilter since the last nfnl_drain(). */
struct nfnl_events {
	bool ours_changed;    /*!< A commit of another process named our table. */
	bool overrun;         /*!< Messages were lost: our table may have changed. */
	uint32_t pid;         /*!< Process of that commit, 0 if unknown. */
	char process[32];     /*!< Its name. */
	bool foreign_changed; /*!< Another table changed (forward chains may drop now). */
};

int nfnl_open(struct nfnl **nfnl);
void nfnl_close(struct nfnl *nfnl);
int nfnl_fd(const struct nfnl *nfnl);

/*!
 * \brief Read all pending ruleset events without blocking.
 *
 * A commit's messages come first, NFT_MSG_NEWGEN with the committer's pid and name last; commits of
 * this process are not reported.
 */
int nfnl_drain(struct nfnl *nfnl, struct nfnl_events *events);

/*! \brief The number of the ruleset's generation: each commit, of whomever, raises it by one. */
int nfnl_generation(struct nfnl *nfnl, uint32_t *generation);

/*! Names of the chains, sets and maps in our table. */
struct nft_objects {
	bool table; /*!< Our table exists. */
	char **chains;
	size_t chain_count;
	char **sets;  /*!< Sets and maps. */
	bool *is_map; /*!< Parallel to sets. */
	size_t set_count;
};

int nfnl_objects(struct nfnl *nfnl, struct nft_objects *objects);
void nft_objects_deinit(struct nft_objects *objects);

/*!
 * \brief Describe foreign base chains on the hook forward whose policy is drop, a line each.
 *
 * Our accept cannot overrule their drop; whether they let our forwards pass cannot be read from
 * rules, so this is a warning: «table inet filter, chain forward».
 */
int nfnl_foreign_drops(struct nfnl *nfnl, struct text *lines);

/*!
 * \brief Take an element of a set.
 * \param key         As the kernel keeps it: fields padded to multiples of 4 bytes, ports in network
 *                    order.
 * \param expires_ms  Until it goes; 0: it has no timeout.
 * \return 0, or -errno to be returned when all were read.
 */
typedef int (*nfnl_element)(const uint8_t *key, size_t size, uint64_t expires_ms, void *context);

/*! \brief List a set of our table. \return 0, -ENOENT if there is none, or -errno. */
int nfnl_elements(struct nfnl *nfnl, const char *set, nfnl_element take, void *context);

/* --- nft_apply.c: transactions --------------------------------------------------------------- */

struct nft_apply;

int nft_apply_open(struct nft_apply **apply);
void nft_apply_close(struct nft_apply *apply);

/*!
 * \brief Run a ruleset text as one transaction: all of it or nothing.
 * \param error  Out: the first fault as one line on failure, to free (NULL if memory ran out); NULL
 *               on success.
 * \return 0; the kernel's -errno if the fault names one (-EPERM, -ENOENT, ...), or -EIO.
 */
int nft_apply_run(struct nft_apply *apply, const char *ruleset, char **error);

/* --- conntrack.c: connections ---------------------------------------------------------------- */

/*!
 * \brief Delete the connection table's entries whose mark, under a mask, is that one.
 * \return 0 (also if there were none) or -errno.
 */
int conntrack_delete(uint32_t mark, uint32_t mask);

/*!
 * \brief Count the connection table's entries whose mark, under a mask, is that one.
 * \param count  Out.
 * \return 0 or -errno.
 */
int conntrack_count(uint32_t mark, uint32_t mask, size_t *count);

/*! An entry of the connection table: where it was going, and where it goes. */
struct connection {
	struct address destination; /*!< Before any translation. */
	uint16_t port;
	uint8_t protocol;
	bool translated;       /*!< Its destination is. */
	struct address target; /*!< After translation. */
	uint16_t target_port;
};

typedef bool (*conntrack_match)(const struct connection *connection, void *context);

/*! What the kernel itself sorts out of a listing. */
struct conntrack_filter {
	uint32_t mark;
	uint32_t mask; /*!< 0: any mark. */
};

/*!
 * \brief Delete the entries of the connection table that match.
 * \param filter   Of these alone is asked; NULL: of all.
 * \param deleted  Out: how many.
 * \return 0 or -errno.
 */
int conntrack_delete_matching(const struct conntrack_filter *filter, conntrack_match match,
                              void *context, size_t *deleted);
