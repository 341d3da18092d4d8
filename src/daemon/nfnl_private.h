/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What nfnl.c (events) and nfnl_list.c (listings) share; nobody else includes it.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/netlink.h"

/*! Room for the attributes of any message that is read. */
#define NFNL_ATTRIBUTE_MOST 31

struct nfnl {
	struct netlink *request;
	struct netlink *events;
	/*! Our process in the first pid namespace, as the kernel names it in events. */
	uint32_t self;
	/*! Of the commit whose messages are being read; it may go on in the next drain. */
	bool names_ours;
	bool names_other;
};

/*! The ruleset's generation, and the process that asked for it in the first pid namespace. */
struct nfnl_generation {
	uint32_t id;
	uint32_t pid;
};

/*! \brief Start a request to nf_tables in a buffer of 64 bytes and what the caller adds. */
struct nlmsghdr *nfnl_request(char *buffer, uint8_t type, uint16_t flags, uint8_t family);

/*! \brief Ask for the generation (NFT_MSG_GETGEN). */
int nfnl_generation_ask(struct nfnl *nfnl, struct nfnl_generation *generation);

/*! \brief Index a message's attributes by type; 0 or -EPROTO. */
int nfnl_attributes(const struct nlmsghdr *message,
                    const struct nlattr *at[static NFNL_ATTRIBUTE_MOST + 1]);

/*! \brief A string attribute, or NULL if it is absent or lacks its terminating zero. */
const char *nfnl_string(const struct nlattr *attribute);

/*! \brief A number of 32 bits in network order, or 0 if it is absent. */
uint32_t nfnl_number(const struct nlattr *attribute);

uint8_t nfnl_family(const struct nlmsghdr *message);

/*! \brief Whether a table, whose name may be NULL, is ours. */
bool nfnl_table_is_ours(uint8_t family, const char *table);
