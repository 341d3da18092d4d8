/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The elements of a set, as far as their keys go: what packets have left there.
 */

#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "daemon/kernel.h"
#include "daemon/nfnl_private.h"

struct listing {
	nfnl_element take;
	void *context;
};

/*! The attribute of a type in a nest, or NULL. */
static const struct nlattr *inner(const struct nlattr *nest, uint16_t type)
{
	const struct nlattr *attribute = NULL;
	const struct nlattr *found = NULL;
	if (nest == NULL) {
		return NULL;
	}
	mnl_attr_for_each_nested(attribute, nest)
	{
		found = mnl_attr_get_type(attribute) == type ? attribute : found;
	}
	return found;
}

static int elements_take(const struct nlmsghdr *message, void *data)
{
	const struct listing *listing = data;
	const struct nlattr *at[NFNL_ATTRIBUTE_MOST + 1];
	int ret = nfnl_attributes(message, at);
	if (ret != 0 || at[NFTA_SET_ELEM_LIST_ELEMENTS] == NULL) {
		return ret;
	}
	const struct nlattr *element = NULL;
	mnl_attr_for_each_nested(element, at[NFTA_SET_ELEM_LIST_ELEMENTS])
	{
		const struct nlattr *key =
			inner(inner(element, NFTA_SET_ELEM_KEY), NFTA_DATA_VALUE);
		const struct nlattr *expires = inner(element, NFTA_SET_ELEM_EXPIRATION);
		if (key != NULL && ret == 0) {
			ret = listing->take(
				mnl_attr_get_payload(key), mnl_attr_get_payload_len(key),
				expires != NULL ? be64toh(mnl_attr_get_u64(expires)) : 0,
				listing->context);
		}
	}
	return ret;
}

int nfnl_elements(struct nfnl *nfnl, const char *set, nfnl_element take, void *context)
{
	char buffer[192];
	struct listing listing = { take, context };
	struct nlmsghdr *request =
		nfnl_request(buffer, NFT_MSG_GETSETELEM, NLM_F_DUMP, NFPROTO_INET);
	mnl_attr_put_strz(request, NFTA_SET_ELEM_LIST_TABLE, OUR_NFT_TABLE);
	mnl_attr_put_strz(request, NFTA_SET_ELEM_LIST_SET, set);
	return netlink_request(nfnl->request, request, elements_take, &listing);
}
