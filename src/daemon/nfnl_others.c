/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Chains, rules and sets of other programs.
 */

#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "daemon/nfnl_private.h"
#include "daemon/others.h"

/*! Looks until we give up because of commits in between. */
#define ATTEMPTS 10

static bool is_foreign(uint8_t family, const char *table)
{
	return (family == NFPROTO_IPV4 || family == NFPROTO_IPV6 || family == NFPROTO_INET) &&
	       table != NULL && !nfnl_table_is_ours(family, table);
}

const char *other_chain_family(const struct other_chain *chain)
{
	return chain->family == NFPROTO_IPV4   ? "ip"
	       : chain->family == NFPROTO_IPV6 ? "ip6"
	                                       : "inet";
}

static int chain_take(const struct nlmsghdr *message, void *data)
{
	struct other_nft *nft = data;
	const struct nlattr *at[NFNL_ATTRIBUTE_MOST + 1];
	const struct nlattr *hook[NFNL_ATTRIBUTE_MOST + 1] = { NULL };
	int ret = nfnl_attributes(message, at);
	const char *table = ret == 0 ? nfnl_string(at[NFTA_CHAIN_TABLE]) : NULL;
	const char *name = ret == 0 ? nfnl_string(at[NFTA_CHAIN_NAME]) : NULL;
	if (name == NULL || !is_foreign(nfnl_family(message), table)) {
		return ret;
	}
	if (at[NFTA_CHAIN_HOOK] != NULL) {
		ret = netlink_attributes(mnl_attr_get_payload(at[NFTA_CHAIN_HOOK]),
		                         mnl_attr_get_payload_len(at[NFTA_CHAIN_HOOK]), hook,
		                         NFNL_ATTRIBUTE_MOST);
	}
	struct other_chain *chains = array_grow(nft->chains, nft->chain_count, sizeof(*chains));
	if (chains == NULL || ret != 0) {
		nft->chains = chains != NULL ? chains : nft->chains;
		return ret != 0 ? ret : -ENOMEM;
	}
	nft->chains = chains;
	const char *type = nfnl_string(at[NFTA_CHAIN_TYPE]);
	struct other_chain *chain = &chains[nft->chain_count++];
	*chain = (struct other_chain){
		.family = nfnl_family(message),
		.table = strdup(table),
		.name = strdup(name),
		.base = at[NFTA_CHAIN_HOOK] != NULL,
		.nat = type != NULL && strcmp(type, "nat") == 0,
		.drops = at[NFTA_CHAIN_POLICY] != NULL &&
		         nfnl_number(at[NFTA_CHAIN_POLICY]) == NF_DROP,
		.hook = nfnl_number(hook[NFTA_HOOK_HOOKNUM]),
		.priority = (int32_t)nfnl_number(hook[NFTA_HOOK_PRIORITY]),
	};
	return chain->table == NULL || chain->name == NULL ? -ENOMEM : 0;
}

/*! Rules come chain by chain (nf_tables_dump_rules()), in order; so mostly it is the last one found. */
static struct other_chain *find_chain(struct other_nft *nft, uint8_t family, const char *table,
                                      const char *name, size_t *last)
{
	for (size_t i = 0; i < nft->chain_count; i++) {
		struct other_chain *chain = &nft->chains[(*last + i) % nft->chain_count];
		if (chain->family == family && strcmp(chain->name, name) == 0 &&
		    strcmp(chain->table, table) == 0) {
			*last = (size_t)(chain - nft->chains);
			return chain;
		}
	}
	return NULL;
}

struct rule_listing {
	struct other_nft *nft;
	size_t last;
};

static int rule_take(const struct nlmsghdr *message, void *data)
{
	struct rule_listing *listing = data;
	struct other_nft *nft = listing->nft;
	const struct nlattr *at[NFNL_ATTRIBUTE_MOST + 1];
	int ret = nfnl_attributes(message, at);
	const char *table = ret == 0 ? nfnl_string(at[NFTA_RULE_TABLE]) : NULL;
	const char *name = ret == 0 ? nfnl_string(at[NFTA_RULE_CHAIN]) : NULL;
	const struct nlattr *expressions = ret == 0 ? at[NFTA_RULE_EXPRESSIONS] : NULL;
	if (name == NULL || expressions == NULL || !is_foreign(nfnl_family(message), table)) {
		return ret;
	}
	struct other_chain *chain =
		find_chain(nft, nfnl_family(message), table, name, &listing->last);
	if (chain == NULL) {
		return -EAGAIN; // It came after the chains were listed.
	}
	struct other_nft_rule *rules = array_grow(nft->rules, nft->rule_count, sizeof(*rules));
	if (rules == NULL) {
		return -ENOMEM;
	}
	nft->rules = rules;
	size_t size = mnl_attr_get_payload_len(expressions);
	void *copy = malloc(size + 1);
	if (copy == NULL) {
		return -ENOMEM;
	}
	memcpy(copy, mnl_attr_get_payload(expressions), size);
	if (chain->rule_count++ == 0) {
		chain->first_rule = nft->rule_count;
	}
	rules[nft->rule_count++] = (struct other_nft_rule){
		.handle = at[NFTA_RULE_HANDLE] != NULL
		                  ? be64toh(mnl_attr_get_u64(at[NFTA_RULE_HANDLE]))
		                  : 0,
		.expressions = copy,
		.size = size,
	};
	return 0;
}

static int set_take(const struct nlmsghdr *message, void *data)
{
	struct other_nft *nft = data;
	const struct nlattr *at[NFNL_ATTRIBUTE_MOST + 1];
	int ret = nfnl_attributes(message, at);
	const char *table = ret == 0 ? nfnl_string(at[NFTA_SET_TABLE]) : NULL;
	const char *name = ret == 0 ? nfnl_string(at[NFTA_SET_NAME]) : NULL;
	if (name == NULL || !is_foreign(nfnl_family(message), table)) {
		return ret;
	}
	struct other_set *sets = array_grow(nft->sets, nft->set_count, sizeof(*sets));
	if (sets == NULL) {
		return -ENOMEM;
	}
	nft->sets = sets;
	struct other_set *set = &sets[nft->set_count++];
	*set = (struct other_set){
		.family = nfnl_family(message),
		.table = strdup(table),
		.name = strdup(name),
		.key_size = nfnl_number(at[NFTA_SET_KEY_LEN]),
	};
	return set->table == NULL || set->name == NULL ? -ENOMEM : 0;
}

static void clear(struct other_nft *nft)
{
	for (size_t i = 0; i < nft->chain_count; i++) {
		free(nft->chains[i].table);
		free(nft->chains[i].name);
	}
	for (size_t i = 0; i < nft->rule_count; i++) {
		free(nft->rules[i].expressions);
	}
	for (size_t i = 0; i < nft->set_count; i++) {
		free(nft->sets[i].table);
		free(nft->sets[i].name);
	}
	free(nft->chains);
	free(nft->rules);
	free(nft->sets);
	netlink_close(nft->request);
	*nft = (struct other_nft){ .request = NULL };
}

/*! Of one kind of object. */
struct listing {
	struct other_nft *nft;
	netlink_handle take;
	void *data;
};

static int take_bounded(const struct nlmsghdr *message, void *data)
{
	struct listing *listing = data;
	if (listing->nft->listed + message->nlmsg_len > OTHER_LIST_MOST) {
		listing->nft->cut = true;
		return NETLINK_ENOUGH;
	}
	listing->nft->listed += message->nlmsg_len;
	return listing->take(message, listing->data);
}

/*! Of a listing that was cut, chains are whole behind whose rules those of another one came. */
static void mark_whole(struct other_nft *nft, size_t last)
{
	for (size_t i = 0; i < nft->chain_count; i++) {
		nft->chains[i].whole = !nft->cut || (nft->chains[i].rule_count > 0 && i != last);
	}
}

static int list(struct other_nft *nft)
{
	struct rule_listing rules = { .nft = nft };
	const struct {
		uint8_t type;
		netlink_handle take;
		void *data;
	} questions[] = {
		{ NFT_MSG_GETCHAIN, chain_take, nft },
		{ NFT_MSG_GETSET, set_take, nft },
		{ NFT_MSG_GETRULE, rule_take, &rules },
	};
	int ret = netlink_open(&nft->request, NETLINK_NETFILTER);
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]) && ret == 0; i++) {
		struct listing listing = { nft, questions[i].take, questions[i].data };
		char buffer[64];
		struct nlmsghdr *request =
			nfnl_request(buffer, questions[i].type, NLM_F_DUMP, NFPROTO_UNSPEC);
		ret = netlink_request(nft->request, request, take_bounded, &listing);
	}
	mark_whole(nft, rules.last);
	if (ret == NETLINK_ENOUGH) {
		// The rest of the answer would meet the next question.
		netlink_close(nft->request);
		nft->request = NULL;
		ret = netlink_open(&nft->request, NETLINK_NETFILTER);
	}
	return ret;
}

int other_nft_open(struct other_nft **nft)
{
	struct other_nft *opened = calloc(1, sizeof(*opened));
	if (opened == NULL) {
		return -ENOMEM;
	}
	int ret = -EAGAIN;
	for (int i = 0; i < ATTEMPTS && ret == -EAGAIN; i++) {
		clear(opened);
		ret = list(opened);
	}
	if (ret != 0) {
		other_nft_close(opened);
		return ret;
	}
	*nft = opened;
	return 0;
}

void other_nft_close(struct other_nft *nft)
{
	if (nft != NULL) {
		clear(nft);
		free(nft);
	}
}
