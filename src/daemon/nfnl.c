/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * What others do to netfilter: commits as events.
 *
 * The kernel sends the messages of a commit first and then one NFT_MSG_NEWGEN that names the
 * process (nf_tables_commit_notify() and nf_tables_gen_notify() in net/netfilter/nf_tables_api.c).
 * Commits are serial, so what was named since the last such message belongs to the next one.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/kernel.h"
#include "daemon/nfnl_private.h"

/*! The attribute that holds the name of the table, by kind of message. */
static const struct {
	uint8_t type;
	uint8_t attribute;
} table_attributes[] = {
	{ NFT_MSG_NEWTABLE, NFTA_TABLE_NAME },
	{ NFT_MSG_DELTABLE, NFTA_TABLE_NAME },
	{ NFT_MSG_NEWCHAIN, NFTA_CHAIN_TABLE },
	{ NFT_MSG_DELCHAIN, NFTA_CHAIN_TABLE },
	{ NFT_MSG_NEWRULE, NFTA_RULE_TABLE },
	{ NFT_MSG_DELRULE, NFTA_RULE_TABLE },
	{ NFT_MSG_NEWSET, NFTA_SET_TABLE },
	{ NFT_MSG_DELSET, NFTA_SET_TABLE },
	{ NFT_MSG_NEWSETELEM, NFTA_SET_ELEM_LIST_TABLE },
	{ NFT_MSG_DELSETELEM, NFTA_SET_ELEM_LIST_TABLE },
	{ NFT_MSG_NEWOBJ, NFTA_OBJ_TABLE },
	{ NFT_MSG_DELOBJ, NFTA_OBJ_TABLE },
	{ NFT_MSG_NEWFLOWTABLE, NFTA_FLOWTABLE_TABLE },
	{ NFT_MSG_DELFLOWTABLE, NFTA_FLOWTABLE_TABLE },
};

int nfnl_attributes(const struct nlmsghdr *message,
                    const struct nlattr *at[static NFNL_ATTRIBUTE_MOST + 1])
{
	size_t header = NLMSG_LENGTH(sizeof(struct nfgenmsg));
	return message->nlmsg_len < header
	               ? -EPROTO
	               : netlink_attributes((const char *)message + header,
	                                    message->nlmsg_len - header, at, NFNL_ATTRIBUTE_MOST);
}

const char *nfnl_string(const struct nlattr *attribute)
{
	return attribute != NULL && mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) == 0
	               ? mnl_attr_get_str(attribute)
	               : NULL;
}

uint32_t nfnl_number(const struct nlattr *attribute)
{
	return attribute != NULL && mnl_attr_get_payload_len(attribute) >= sizeof(uint32_t)
	               ? ntohl(mnl_attr_get_u32(attribute))
	               : 0;
}

uint8_t nfnl_family(const struct nlmsghdr *message)
{
	return ((const struct nfgenmsg *)mnl_nlmsg_get_payload(message))->nfgen_family;
}

bool nfnl_table_is_ours(uint8_t family, const char *table)
{
	return family == NFPROTO_INET && table != NULL && strcmp(table, OUR_NFT_TABLE) == 0;
}

struct nlmsghdr *nfnl_request(char *buffer, uint8_t type, uint16_t flags, uint8_t family)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	request->nlmsg_type = (NFNL_SUBSYS_NFTABLES << 8) | type;
	request->nlmsg_flags = flags;
	struct nfgenmsg *header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
	header->nfgen_family = family;
	header->version = NFNETLINK_V0;
	return request;
}

static int generation_take(const struct nlmsghdr *message, void *data)
{
	struct nfnl_generation *generation = data;
	const struct nlattr *at[NFNL_ATTRIBUTE_MOST + 1];
	int ret = nfnl_attributes(message, at);
	if (ret == 0) {
		generation->id = nfnl_number(at[NFTA_GEN_ID]);
		generation->pid = nfnl_number(at[NFTA_GEN_PROC_PID]);
	}
	return ret;
}

int nfnl_generation_ask(struct nfnl *nfnl, struct nfnl_generation *generation)
{
	char buffer[64];
	struct nlmsghdr *request = nfnl_request(buffer, NFT_MSG_GETGEN, 0, NFPROTO_UNSPEC);
	return netlink_request(nfnl->request, request, generation_take, generation);
}

int nfnl_generation(struct nfnl *nfnl, uint32_t *generation)
{
	struct nfnl_generation asked = { 0 };
	int ret = nfnl_generation_ask(nfnl, &asked);
	if (ret == 0) {
		*generation = asked.id;
	}
	return ret;
}

int nfnl_open(struct nfnl **nfnl)
{
	static const unsigned groups[] = { NFNLGRP_NFTABLES };
	struct nfnl_generation generation = { 0 };
	struct nfnl *opened = calloc(1, sizeof(*opened));
	if (opened == NULL) {
		return -ENOMEM;
	}
	int ret = netlink_open(&opened->request, NETLINK_NETFILTER);
	if (ret == 0) {
		ret = netlink_open(&opened->events, NETLINK_NETFILTER);
	}
	if (ret == 0) {
		ret = netlink_subscribe(opened->events, groups, 1);
	}
	// getpid() is another number in a pid namespace of our own, as containers have.
	if (ret == 0) {
		ret = nfnl_generation_ask(opened, &generation);
	}
	if (ret != 0) {
		nfnl_close(opened);
		return ret;
	}
	opened->self = generation.pid;
	*nfnl = opened;
	return 0;
}

void nfnl_close(struct nfnl *nfnl)
{
	if (nfnl == NULL) {
		return;
	}
	netlink_close(nfnl->request);
	netlink_close(nfnl->events);
	free(nfnl);
}

int nfnl_fd(const struct nfnl *nfnl)
{
	return netlink_fd(nfnl->events);
}

/*! Where events are summed up. */
struct summing {
	struct nfnl *nfnl;
	struct nfnl_events *events;
};

static void commit_end(const struct summing *summing, const struct nlattr **at)
{
	struct nfnl *nfnl = summing->nfnl;
	struct nfnl_events *events = summing->events;
	uint32_t pid = nfnl_number(at[NFTA_GEN_PROC_PID]);

	if (pid != nfnl->self || pid == 0) {
		events->foreign_changed |= nfnl->names_other;
		if (nfnl->names_ours) {
			const char *name = nfnl_string(at[NFTA_GEN_PROC_NAME]);
			events->ours_changed = true;
			events->pid = pid;
			memset(events->process, 0, sizeof(events->process));
			strncpy(events->process, name != NULL ? name : "",
			        sizeof(events->process) - 1);
		}
	}
	nfnl->names_ours = false;
	nfnl->names_other = false;
}

static int event_sum(const struct nlmsghdr *message, void *data)
{
	const struct summing *summing = data;
	const struct nlattr *at[NFNL_ATTRIBUTE_MOST + 1];

	if (NFNL_SUBSYS_ID(message->nlmsg_type) != NFNL_SUBSYS_NFTABLES ||
	    nfnl_attributes(message, at) != 0) {
		return 0;
	}
	uint8_t type = NFNL_MSG_TYPE(message->nlmsg_type);
	if (type == NFT_MSG_NEWGEN) {
		commit_end(summing, at);
		return 0;
	}
	for (size_t i = 0; i < sizeof(table_attributes) / sizeof(table_attributes[0]); i++) {
		if (table_attributes[i].type == type) {
			const char *table = nfnl_string(at[table_attributes[i].attribute]);
			bool ours = nfnl_table_is_ours(nfnl_family(message), table);
			summing->nfnl->names_ours |= ours;
			summing->nfnl->names_other |= !ours;
			return 0;
		}
	}
	return 0;
}

int nfnl_drain(struct nfnl *nfnl, struct nfnl_events *events)
{
	struct nfnl_events summed = { 0 };
	struct summing summing = { .nfnl = nfnl, .events = &summed };
	int ret = netlink_drain(nfnl->events, &summed.overrun, event_sum, &summing);
	if (summed.overrun) {
		// The end of the commit that was being read is lost: the next end is another one's.
		nfnl->names_ours = false;
		nfnl->names_other = false;
	}
	if (ret == 0) {
		*events = summed;
	}
	return ret;
}
