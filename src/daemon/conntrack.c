/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Connections that must not live on: entries of the connection table, deleted by mark or by service.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/array.h"
#include "daemon/kernel.h"
#include "daemon/netlink.h"

/*! A tuple has two addresses, a protocol and two ports: 76 bytes for IPv6. */
#define TUPLE_MAX 128

/*! The original direction of an entry, as the kernel sent it: what names the entry in a deletion. */
struct tuple {
	uint8_t family;
	uint16_t size;
	uint8_t bytes[TUPLE_MAX];
};

/*! A listing in progress. */
struct listing {
	conntrack_match match;
	void *context;
	struct tuple *tuples;
	size_t count;
};

static struct nlmsghdr *request_init(char *buffer, uint8_t type, uint16_t flags, uint8_t family)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	request->nlmsg_type = (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type);
	request->nlmsg_flags = NLM_F_REQUEST | flags;
	struct nfgenmsg *header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
	header->nfgen_family = family;
	header->version = NFNETLINK_V0;
	return request;
}

int conntrack_delete(uint32_t mark, uint32_t mask)
{
	struct netlink *netlink = NULL;
	int ret = netlink_open(&netlink, NETLINK_NETFILTER);
	if (ret != 0) {
		return ret;
	}
	char buffer[256];
	struct nlmsghdr *request = request_init(buffer, IPCTNL_MSG_CT_DELETE, 0, AF_UNSPEC);
	// Without a tuple this is a flush, and the mark its filter (ctnetlink_flush_conntrack()).
	mnl_attr_put_u32(request, CTA_MARK, htonl(mark));
	mnl_attr_put_u32(request, CTA_MARK_MASK, htonl(mask));
	ret = netlink_request(netlink, request, NULL, NULL);
	netlink_close(netlink);
	return ret;
}

/*! What a count looks for. */
struct counting {
	uint32_t mark;
	uint32_t mask;
	size_t count;
};

static int count_entry(const struct nlmsghdr *message, void *data)
{
	struct counting *counting = data;
	const struct nlattr *at[CTA_MAX + 1];
	size_t header = sizeof(struct nfgenmsg);
	if (mnl_nlmsg_get_payload_len(message) >= header &&
	    netlink_attributes(mnl_nlmsg_get_payload_offset(message, header),
	                       mnl_nlmsg_get_payload_len(message) - header, at, CTA_MAX) == 0 &&
	    at[CTA_MARK] != NULL &&
	    (ntohl(mnl_attr_get_u32(at[CTA_MARK])) & counting->mask) == counting->mark) {
		counting->count++;
	}
	return 0;
}

int conntrack_count(uint32_t mark, uint32_t mask, size_t *count)
{
	struct counting counting = { .mark = mark, .mask = mask };
	struct netlink *netlink = NULL;
	int ret = netlink_open(&netlink, NETLINK_NETFILTER);
	if (ret != 0) {
		return ret;
	}
	char buffer[256];
	struct nlmsghdr *request = request_init(buffer, IPCTNL_MSG_CT_GET, NLM_F_DUMP, AF_UNSPEC);
	// Kernels filter by mark themselves since 3.15; the others send all.
	mnl_attr_put_u32(request, CTA_MARK, htonl(mark));
	mnl_attr_put_u32(request, CTA_MARK_MASK, htonl(mask));
	ret = netlink_request(netlink, request, count_entry, &counting);
	netlink_close(netlink);
	if (ret == 0) {
		*count = counting.count;
	}
	return ret;
}

/*! Index the attributes within a nest; an absent nest has none. */
static int nest_attributes(const struct nlattr *nest, const struct nlattr **at, unsigned most)
{
	if (nest == NULL) {
		return -ENODATA;
	}
	return netlink_attributes(mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest), at,
	                          most);
}

/*! Read one end of a tuple: its addresses and ports are numbered alike but for source and destination. */
static int read_end(const struct nlattr *tuple, bool source, struct address *address,
                    uint16_t *port, uint8_t *protocol)
{
	const struct nlattr *at[CTA_TUPLE_MAX + 1];
	const struct nlattr *ip[CTA_IP_MAX + 1];
	const struct nlattr *proto[CTA_PROTO_MAX + 1];
	int ret = nest_attributes(tuple, at, CTA_TUPLE_MAX);
	if (ret == 0) {
		ret = nest_attributes(at[CTA_TUPLE_IP], ip, CTA_IP_MAX);
	}
	if (ret == 0) {
		ret = nest_attributes(at[CTA_TUPLE_PROTO], proto, CTA_PROTO_MAX);
	}
	if (ret != 0) {
		return ret;
	}
	const struct nlattr *ip4 = ip[source ? CTA_IP_V4_SRC : CTA_IP_V4_DST];
	const struct nlattr *ip6 = ip[source ? CTA_IP_V6_SRC : CTA_IP_V6_DST];
	const struct nlattr *number = proto[source ? CTA_PROTO_SRC_PORT : CTA_PROTO_DST_PORT];
	if ((ip4 == NULL && ip6 == NULL) || proto[CTA_PROTO_NUM] == NULL || number == NULL) {
		return -ENODATA;
	}
	*address = address_from_bytes(ip4 != NULL ? AF_INET : AF_INET6,
	                              mnl_attr_get_payload(ip4 != NULL ? ip4 : ip6));
	*protocol = mnl_attr_get_u8(proto[CTA_PROTO_NUM]);
	*port = ntohs(mnl_attr_get_u16(number));
	return 0;
}

/*! The destination before translation, and after it: where replies come from. */
static int read_connection(const struct nlattr **at, struct connection *connection)
{
	if (at[CTA_STATUS] == NULL) {
		return -ENODATA;
	}
	connection->translated = (ntohl(mnl_attr_get_u32(at[CTA_STATUS])) & IPS_DST_NAT) != 0;
	int ret = read_end(at[CTA_TUPLE_ORIG], false, &connection->destination, &connection->port,
	                   &connection->protocol);
	if (ret == 0) {
		uint8_t protocol;
		ret = read_end(at[CTA_TUPLE_REPLY], true, &connection->target,
		               &connection->target_port, &protocol);
	}
	return ret;
}

/*! Keep the tuple of an entry that matches. */
static int take_entry(const struct nlmsghdr *message, void *data)
{
	struct listing *listing = data;
	const struct nlattr *at[CTA_MAX + 1];
	struct connection connection;
	size_t header = sizeof(struct nfgenmsg);
	if (mnl_nlmsg_get_payload_len(message) < header ||
	    netlink_attributes(mnl_nlmsg_get_payload_offset(message, header),
	                       mnl_nlmsg_get_payload_len(message) - header, at, CTA_MAX) != 0 ||
	    read_connection(at, &connection) != 0 ||
	    mnl_attr_get_payload_len(at[CTA_TUPLE_ORIG]) > TUPLE_MAX ||
	    !listing->match(&connection, listing->context)) {
		return 0;
	}
	struct tuple *tuples = array_grow(listing->tuples, listing->count, sizeof(*tuples));
	if (tuples == NULL) {
		return -ENOMEM;
	}
	listing->tuples = tuples;
	struct tuple *tuple = &tuples[listing->count++];
	tuple->family = connection.destination.family;
	tuple->size = mnl_attr_get_payload_len(at[CTA_TUPLE_ORIG]);
	memcpy(tuple->bytes, mnl_attr_get_payload(at[CTA_TUPLE_ORIG]), tuple->size);
	return 0;
}

int conntrack_delete_matching(const struct conntrack_filter *filter, conntrack_match match,
                              void *context, size_t *deleted)
{
	struct listing listing = { .match = match, .context = context };
	struct netlink *netlink = NULL;
	char buffer[512];
	int ret = netlink_open(&netlink, NETLINK_NETFILTER);
	if (ret != 0) {
		return ret;
	}
	struct nlmsghdr *request = request_init(buffer, IPCTNL_MSG_CT_GET, NLM_F_DUMP, AF_UNSPEC);
	if (filter != NULL && filter->mask != 0) {
		mnl_attr_put_u32(request, CTA_MARK, htonl(filter->mark));
		mnl_attr_put_u32(request, CTA_MARK_MASK, htonl(filter->mask));
	}
	ret = netlink_request(netlink, request, take_entry, &listing);

	size_t count = 0;
	for (size_t i = 0; ret == 0 && i < listing.count; i++) {
		const struct tuple *tuple = &listing.tuples[i];
		request = request_init(buffer, IPCTNL_MSG_CT_DELETE, 0, tuple->family);
		mnl_attr_put(request, CTA_TUPLE_ORIG | NLA_F_NESTED, tuple->size, tuple->bytes);
		int gone = netlink_request(netlink, request, NULL, NULL);
		count += gone == 0;
		ret = gone == -ENOENT ? 0 : gone;
	}
	free(listing.tuples);
	netlink_close(netlink);
	if (ret == 0) {
		*deleted = count;
	}
	return ret;
}
