/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Reading of the expressions of a rule, as nf_tables tells them.
 */

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "daemon/nfnl_match.h"

bool expression_next(const struct other_nft_rule *rule, const struct nlattr **cursor,
                     struct expression *expression)
{
	const char *end = (const char *)rule->expressions + rule->size;
	const struct nlattr *element = *cursor == NULL ? rule->expressions : mnl_attr_next(*cursor);
	const struct nlattr *at[NFNL_ATTRIBUTE_MOST + 1];
	*cursor = element;
	if (!mnl_attr_ok(element, (int)(end - (const char *)element)) ||
	    netlink_attributes(mnl_attr_get_payload(element), mnl_attr_get_payload_len(element), at,
	                       NFNL_ATTRIBUTE_MOST) != 0) {
		return false;
	}
	memset(expression, 0, sizeof(*expression));
	expression->name = nfnl_string(at[NFTA_EXPR_NAME]);
	return expression->name != NULL &&
	       (at[NFTA_EXPR_DATA] == NULL ||
	        netlink_attributes(mnl_attr_get_payload(at[NFTA_EXPR_DATA]),
	                           mnl_attr_get_payload_len(at[NFTA_EXPR_DATA]), expression->at,
	                           NFNL_ATTRIBUTE_MOST) == 0);
}

bool nest_open(const struct nlattr *nest, const struct nlattr *at[static NFNL_ATTRIBUTE_MOST + 1])
{
	return nest != NULL &&
	       netlink_attributes(mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest), at,
	                          NFNL_ATTRIBUTE_MOST) == 0;
}

const void *expression_data(const struct nlattr *attribute, size_t *size)
{
	const struct nlattr *at[NFNL_ATTRIBUTE_MOST + 1];
	if (!nest_open(attribute, at) || at[NFTA_DATA_VALUE] == NULL) {
		return NULL;
	}
	*size = mnl_attr_get_payload_len(at[NFTA_DATA_VALUE]);
	return mnl_attr_get_payload(at[NFTA_DATA_VALUE]);
}

int expression_register(const struct nlattr *attribute)
{
	uint32_t number = nfnl_number(attribute);
	// The old registers are of 16 bytes and lie over the new ones (nft_parse_register()).
	if (number >= NFT_REG_1 && number <= NFT_REG_4) {
		return (int)(number - NFT_REG_1) * 4;
	}
	return number >= NFT_REG32_00 && number <= NFT_REG32_15 ? (int)(number - NFT_REG32_00) : -1;
}

void expression_verdict(const struct nlattr *data, struct rule_result *result)
{
	const struct nlattr *at[NFNL_ATTRIBUTE_MOST + 1];
	const struct nlattr *verdict[NFNL_ATTRIBUTE_MOST + 1];
	if (!nest_open(data, at) || !nest_open(at[NFTA_DATA_VERDICT], verdict)) {
		return;
	}
	const char *chain = nfnl_string(verdict[NFTA_VERDICT_CHAIN]);
	result->verdict = (int)nfnl_number(verdict[NFTA_VERDICT_CODE]);
	strncpy(result->target, chain != NULL ? chain : "", sizeof(result->target) - 1);
}

/*! What the kernel answers of an element. */
struct found {
	bool found;
	struct rule_result *result;
};

static int element_take(const struct nlmsghdr *message, void *data)
{
	struct found *found = data;
	const struct nlattr *at[NFNL_ATTRIBUTE_MOST + 1];
	const struct nlattr *list[NFNL_ATTRIBUTE_MOST + 1];
	const struct nlattr *element[NFNL_ATTRIBUTE_MOST + 1];
	int ret = nfnl_attributes(message, at);
	if (ret == 0 && nest_open(at[NFTA_SET_ELEM_LIST_ELEMENTS], list) &&
	    nest_open(list[NFTA_LIST_ELEM], element)) {
		found->found = true;
		expression_verdict(element[NFTA_SET_ELEM_DATA], found->result);
	}
	return ret;
}

int set_find(const struct other_nft *nft, const struct other_set *set, const void *key,
             struct rule_result *result, bool *found)
{
	struct found answer = { .result = result };
	char buffer[512];
	struct nlmsghdr *request = nfnl_request(buffer, NFT_MSG_GETSETELEM, 0, set->family);
	mnl_attr_put_strz(request, NFTA_SET_ELEM_LIST_TABLE, set->table);
	mnl_attr_put_strz(request, NFTA_SET_ELEM_LIST_SET, set->name);
	struct nlattr *list = mnl_attr_nest_start(request, NFTA_SET_ELEM_LIST_ELEMENTS);
	struct nlattr *element = mnl_attr_nest_start(request, NFTA_LIST_ELEM);
	struct nlattr *data = mnl_attr_nest_start(request, NFTA_SET_ELEM_KEY);
	mnl_attr_put(request, NFTA_DATA_VALUE, set->key_size, key);
	mnl_attr_nest_end(request, data);
	mnl_attr_nest_end(request, element);
	mnl_attr_nest_end(request, list);
	int ret = netlink_request(nft->request, request, element_take, &answer);
	*found = answer.found;
	return ret == -ENOENT ? 0 : ret;
}
