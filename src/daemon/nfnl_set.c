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
	const struct nlattr *at[NFNL_ATTRIBUTE_MOST + 1];
	return nest == NULL || netlink_attributes(mnl_attr_get_payload(nest),
	                                          mnl_attr_get_payload_len(nest), at,
	                                          NFNL_ATTRIBUTE_MOST) != 0
	               ? NULL
	               : at[type];
}

static int element_take(const struct nlattr *element, const struct listing *listing)
{
	const struct nlattr *key = inner(inner(element, NFTA_SET_ELEM_KEY), NFTA_DATA_VALUE);
	const struct nlattr *expires = inner(element, NFTA_SET_ELEM_EXPIRATION);
	return key == NULL ? 0
	                   : listing->take(mnl_attr_get_payload(key), mnl_attr_get_payload_len(key),
	                                   expires != NULL ? be64toh(mnl_attr_get_u64(expires)) : 0,
	                                   listing->context);
}

static int elements_take(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *at[NFNL_ATTRIBUTE_MOST + 1];
	int ret = nfnl_attributes(message, at);
	if (ret != 0 || at[NFTA_SET_ELEM_LIST_ELEMENTS] == NULL) {
		return ret;
	}
	const struct nlattr *list = at[NFTA_SET_ELEM_LIST_ELEMENTS];
	const char *end = (const char *)mnl_attr_get_payload(list) + mnl_attr_get_payload_len(list);
	for (const struct nlattr *element = mnl_attr_get_payload(list);
	     ret == 0 && mnl_attr_ok(element, (int)(end - (const char *)element));
	     element = mnl_attr_next(element)) {
		ret = element_take(element, data);
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
