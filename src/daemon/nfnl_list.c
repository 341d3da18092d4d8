/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Listings of netfilter: the chains and sets of our table, and what others drop.
 */

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "daemon/kernel.h"
#include "daemon/nfnl_private.h"

/*! Listings until we give up because of commits in between. */
#define LIST_ATTEMPTS 10

void nft_objects_deinit(struct nft_objects *objects)
{
	for (size_t i = 0; i < objects->chain_count; i++) {
		free(objects->chains[i]);
	}
	for (size_t i = 0; i < objects->set_count; i++) {
		free(objects->sets[i]);
	}
	free(objects->chains);
	free(objects->sets);
	free(objects->is_map);
	*objects = (struct nft_objects){ 0 };
}

static int table_take(const struct nlmsghdr *message, void *data)
{
	struct nft_objects *objects = data;
	objects->table = true;
	return 0;
}

static int chain_take(const struct nlmsghdr *message, void *data)
{
	struct nft_objects *objects = data;
	const struct nlattr *at[NFNL_ATTRIBUTE_MOST + 1];
	int ret = nfnl_attributes(message, at);
	const char *name = ret == 0 ? nfnl_string(at[NFTA_CHAIN_NAME]) : NULL;
	if (name == NULL ||
	    !nfnl_table_is_ours(nfnl_family(message), nfnl_string(at[NFTA_CHAIN_TABLE]))) {
		return ret;
	}

	char **chains = array_grow(objects->chains, objects->chain_count, sizeof(*chains));
	if (chains == NULL) {
		return -ENOMEM;
	}
	objects->chains = chains;
	chains[objects->chain_count] = strdup(name);
	if (chains[objects->chain_count] == NULL) {
		return -ENOMEM;
	}
	objects->chain_count++;
	return 0;
}

// Anonymous sets belong to a rule and go with it.
static int set_take(const struct nlmsghdr *message, void *data)
{
	struct nft_objects *objects = data;
	const struct nlattr *at[NFNL_ATTRIBUTE_MOST + 1];
	int ret = nfnl_attributes(message, at);
	const char *name = ret == 0 ? nfnl_string(at[NFTA_SET_NAME]) : NULL;
	uint32_t flags = ret == 0 ? nfnl_number(at[NFTA_SET_FLAGS]) : 0;
	if (name == NULL || (flags & NFT_SET_ANONYMOUS) != 0 ||
	    !nfnl_table_is_ours(nfnl_family(message), nfnl_string(at[NFTA_SET_TABLE]))) {
		return ret;
	}

	char **sets = array_grow(objects->sets, objects->set_count, sizeof(*sets));
	if (sets == NULL) {
		return -ENOMEM;
	}
	objects->sets = sets;
	bool *is_map = array_grow(objects->is_map, objects->set_count, sizeof(*is_map));
	if (is_map == NULL) {
		return -ENOMEM;
	}
	objects->is_map = is_map;
	sets[objects->set_count] = strdup(name);
	if (sets[objects->set_count] == NULL) {
		return -ENOMEM;
	}
	is_map[objects->set_count++] = (flags & (NFT_SET_MAP | NFT_SET_OBJECT)) != 0;
	return 0;
}

static int list_ours(struct nfnl *nfnl, struct nft_objects *objects)
{
	static const struct {
		uint8_t type;
		uint16_t flags;
		uint16_t table_attribute; // 0: the kernel has no filter by table.
		netlink_handle take;
	} questions[] = {
		{ NFT_MSG_GETTABLE, 0, NFTA_TABLE_NAME, table_take },
		{ NFT_MSG_GETCHAIN, NLM_F_DUMP, 0, chain_take },
		{ NFT_MSG_GETSET, NLM_F_DUMP, NFTA_SET_TABLE, set_take },
	};
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		char buffer[128];
		struct nlmsghdr *request =
			nfnl_request(buffer, questions[i].type, questions[i].flags, NFPROTO_INET);
		if (questions[i].table_attribute != 0) {
			mnl_attr_put_strz(request, questions[i].table_attribute, OUR_NFT_TABLE);
		}
		int ret = netlink_request(nfnl->request, request, questions[i].take, objects);
		if (ret == -ENOENT) {
			nft_objects_deinit(objects);
			return 0;
		} else if (ret != 0) {
			return ret;
		}
	}
	return 0;
}

int nfnl_objects(struct nfnl *nfnl, struct nft_objects *objects)
{
	struct nft_objects listed = { 0 };
	int ret = -EAGAIN;
	for (int i = 0; i < LIST_ATTEMPTS && ret == -EAGAIN; i++) {
		struct nfnl_generation before = { 0 };
		struct nfnl_generation after = { 0 };
		nft_objects_deinit(&listed);
		ret = nfnl_generation_ask(nfnl, &before);
		if (ret == 0) {
			ret = list_ours(nfnl, &listed);
		}
		if (ret == 0) {
			ret = nfnl_generation_ask(nfnl, &after);
		}
		if (ret == 0 && before.id != after.id) {
			ret = -EAGAIN;
		}
	}
	if (ret != 0) {
		nft_objects_deinit(&listed);
		return ret;
	}
	*objects = listed;
	return 0;
}

static const char *forward_family_name(uint8_t family)
{
	switch (family) {
	case NFPROTO_IPV4:
		return "ip";
	case NFPROTO_IPV6:
		return "ip6";
	case NFPROTO_INET:
		return "inet";
	default:
		return NULL; // Hooks of the other families have other numbers.
	}
}

static int drop_take(const struct nlmsghdr *message, void *data)
{
	struct text *lines = data;
	const struct nlattr *at[NFNL_ATTRIBUTE_MOST + 1];
	const struct nlattr *hook[NFNL_ATTRIBUTE_MOST + 1];

	int ret = nfnl_attributes(message, at);
	if (ret != 0 || at[NFTA_CHAIN_HOOK] == NULL || at[NFTA_CHAIN_POLICY] == NULL) {
		return ret;
	}
	ret = netlink_attributes(mnl_attr_get_payload(at[NFTA_CHAIN_HOOK]),
	                         mnl_attr_get_payload_len(at[NFTA_CHAIN_HOOK]), hook,
	                         NFNL_ATTRIBUTE_MOST);
	if (ret != 0) {
		return ret;
	}

	uint8_t family = nfnl_family(message);
	const char *family_name = forward_family_name(family);
	const char *table = nfnl_string(at[NFTA_CHAIN_TABLE]);
	const char *name = nfnl_string(at[NFTA_CHAIN_NAME]);
	if (family_name != NULL && table != NULL && name != NULL &&
	    nfnl_number(hook[NFTA_HOOK_HOOKNUM]) == NF_INET_FORWARD &&
	    nfnl_number(at[NFTA_CHAIN_POLICY]) == NF_DROP && !nfnl_table_is_ours(family, table)) {
		text_add(lines, "table %s %s, chain %s\n", family_name, table, name);
	}
	return 0;
}

int nfnl_foreign_drops(struct nfnl *nfnl, struct text *lines)
{
	struct text found = TEXT_EMPTY;
	int ret = -EAGAIN;
	for (int i = 0; i < LIST_ATTEMPTS && ret == -EAGAIN; i++) {
		char buffer[64];
		struct nlmsghdr *request =
			nfnl_request(buffer, NFT_MSG_GETCHAIN, NLM_F_DUMP, NFPROTO_UNSPEC);
		text_free(&found);
		ret = netlink_request(nfnl->request, request, drop_take, &found);
	}
	if (ret == 0 && found.failed) {
		ret = -ENOMEM;
	}
	if (ret == 0 && found.length > 0) {
		text_add(lines, "%s", found.data);
	}
	text_free(&found);
	return ret;
}
