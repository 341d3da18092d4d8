/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * rtnetlink messages turned into plain data.
 */

#include "daemon/rtnl_parse.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "daemon/netlink.h"

static int attributes_behind(const struct nlmsghdr *message, size_t header,
                             const struct nlattr **at, unsigned most)
{
	size_t offset = NLMSG_LENGTH(NLMSG_ALIGN(header));
	if (message->nlmsg_len < NLMSG_LENGTH(header)) {
		return -EPROTO;
	}
	const char *start = (const char *)message;
	return message->nlmsg_len <= offset
	               ? netlink_attributes(start, 0, at, most)
	               : netlink_attributes(start + offset, message->nlmsg_len - offset, at, most);
}

static uint32_t number_or(const struct nlattr *attribute, uint32_t absent)
{
	return attribute != NULL && mnl_attr_get_payload_len(attribute) >= sizeof(uint32_t)
	               ? mnl_attr_get_u32(attribute)
	               : absent;
}

static int address_read(const struct nlattr *attribute, uint8_t family, struct address *address)
{
	struct address wanted = { .family = family };
	size_t size = address_size(&wanted);
	if (size == 0 || mnl_attr_get_payload_len(attribute) < size) {
		return -EPROTO;
	}
	*address = address_from_bytes(family, mnl_attr_get_payload(attribute));
	return 0;
}

static int name_read(const struct nlattr *attribute, char name[static IFNAMSIZ])
{
	size_t length = mnl_attr_get_payload_len(attribute);
	const char *text = mnl_attr_get_payload(attribute);
	length = strnlen(text, length);
	if (length >= IFNAMSIZ) {
		return -EPROTO;
	}
	memset(name, 0, IFNAMSIZ);
	memcpy(name, text, length);
	return 0;
}

int link_parse(const struct nlmsghdr *message, struct link *link)
{
	const struct nlattr *at[IFLA_IFNAME + 1];
	const struct ifinfomsg *header = mnl_nlmsg_get_payload(message);

	int ret = attributes_behind(message, sizeof(*header), at, IFLA_IFNAME);
	if (ret != 0) {
		return ret;
	}
	if (header->ifi_family == AF_BRIDGE) {
		return -ENOMSG;
	}
	if (at[IFLA_IFNAME] == NULL) {
		return -EPROTO;
	}
	struct link parsed = {
		.index = header->ifi_index,
		.up = (header->ifi_flags & IFF_UP) != 0,
		.carrier = (header->ifi_flags & IFF_LOWER_UP) != 0,
		.point_to_point = (header->ifi_flags & IFF_POINTOPOINT) != 0,
	};
	ret = name_read(at[IFLA_IFNAME], parsed.name);
	if (ret == 0) {
		*link = parsed;
	}
	return ret;
}

int link_address_parse(const struct nlmsghdr *message, struct link_address *address)
{
	const struct nlattr *at[IFA_FLAGS + 1];
	const struct ifaddrmsg *header = mnl_nlmsg_get_payload(message);

	int ret = attributes_behind(message, sizeof(*header), at, IFA_FLAGS);
	if (ret != 0) {
		return ret;
	}
	if (header->ifa_scope != RT_SCOPE_UNIVERSE ||
	    (header->ifa_family != AF_INET && header->ifa_family != AF_INET6)) {
		return -ENOMSG;
	}

	// On a point-to-point link IFA_ADDRESS is the peer's (linux/if_addr.h).
	const struct nlattr *local = at[IFA_LOCAL] != NULL ? at[IFA_LOCAL] : at[IFA_ADDRESS];
	if (local == NULL) {
		return -EPROTO;
	}
	struct link_address parsed = { .link = (int)header->ifa_index };
	ret = address_read(local, header->ifa_family, &parsed.prefix.address);
	if (ret != 0 || header->ifa_prefixlen > 8 * address_size(&parsed.prefix.address)) {
		return -EPROTO;
	}
	parsed.prefix.length = header->ifa_prefixlen;

	// IFA_F_TEMPORARY of IPv6 is the bit of IFA_F_SECONDARY of IPv4, which is as good as any other.
	uint32_t flags = number_or(at[IFA_FLAGS], header->ifa_flags);
	uint32_t refused = IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_DEPRECATED;
	refused |= header->ifa_family == AF_INET6 ? IFA_F_TEMPORARY : 0;
	parsed.usable = (flags & refused) == 0;
	*address = parsed;
	return 0;
}

// A nexthop's gateway: of the route's family, or RTA_VIA with a family of its own (RFC 8950).
static int gateway_read(const struct nlattr **at, uint8_t family, struct address *gateway)
{
	*gateway = (struct address){ 0 };
	if (at[RTA_GATEWAY] != NULL) {
		return address_read(at[RTA_GATEWAY], family, gateway);
	}
	if (at[RTA_VIA] == NULL) {
		return 0;
	}
	const struct rtvia *via = mnl_attr_get_payload(at[RTA_VIA]);
	size_t length = mnl_attr_get_payload_len(at[RTA_VIA]);
	if (length < sizeof(*via)) {
		return -EPROTO;
	}
	struct address parsed = { .family = (uint8_t)via->rtvia_family };
	size_t size = address_size(&parsed);
	if (size == 0 || length < sizeof(*via) + size) {
		return -EPROTO;
	}
	*gateway = address_from_bytes(parsed.family, via->rtvia_addr);
	return 0;
}

int route_parse_next(struct route_message *parsed)
{
	const struct nlattr *at[RTA_MAX + 1];
	const struct rtnexthop *hop = parsed->hops;

	if (parsed->hops_length < sizeof(*hop)) {
		return -ENOMSG;
	}
	if (hop->rtnh_len < sizeof(*hop) || hop->rtnh_len > parsed->hops_length) {
		return -EPROTO;
	}
	int ret = netlink_attributes((const char *)hop + sizeof(*hop), hop->rtnh_len - sizeof(*hop),
	                             at, RTA_MAX);
	if (ret == 0) {
		ret = gateway_read(at, parsed->route.family, &parsed->route.gateway);
	}
	if (ret != 0) {
		return ret;
	}
	parsed->route.link = hop->rtnh_ifindex;
	parsed->route.onlink = (hop->rtnh_flags & RTNH_F_ONLINK) != 0;

	size_t step = RTNH_ALIGN((size_t)hop->rtnh_len);
	step = step < parsed->hops_length ? step : parsed->hops_length;
	parsed->hops = (const char *)parsed->hops + step;
	parsed->hops_length -= step;
	return 0;
}

static int hops_read(const struct nlattr **at, const struct rtmsg *header,
                     struct route_message *parsed)
{
	// The kernel puts reject routes of IPv6 on the loopback interface; nothing is sent by it.
	if (header->rtm_type != RTN_UNICAST) {
		return 0;
	}
	if (at[RTA_MULTIPATH] != NULL) {
		parsed->hops = mnl_attr_get_payload(at[RTA_MULTIPATH]);
		parsed->hops_length = mnl_attr_get_payload_len(at[RTA_MULTIPATH]);
		return route_parse_next(parsed);
	}
	parsed->route.link = (int)number_or(at[RTA_OIF], 0);
	parsed->route.onlink = (header->rtm_flags & RTNH_F_ONLINK) != 0;
	return gateway_read(at, header->rtm_family, &parsed->route.gateway);
}

int route_parse(const struct nlmsghdr *message, struct route_message *parsed)
{
	const struct nlattr *at[RTA_MAX + 1];
	const struct rtmsg *header = mnl_nlmsg_get_payload(message);

	int ret = attributes_behind(message, sizeof(*header), at, RTA_MAX);
	if (ret != 0) {
		return ret;
	}
	if ((header->rtm_family != AF_INET && header->rtm_family != AF_INET6) ||
	    (header->rtm_flags & RTM_F_CLONED) != 0) {
		return -ENOMSG;
	}
	struct route_message result = {
		.route = {
			.family = header->rtm_family,
			.table = number_or(at[RTA_TABLE], header->rtm_table),
			.metric = number_or(at[RTA_PRIORITY], 0),
			.type = header->rtm_type,
		},
		.protocol = header->rtm_protocol,
		.plain = header->rtm_tos == 0 && header->rtm_src_len == 0,
	};

	struct prefix *destination = &result.route.destination;
	if (header->rtm_dst_len > 0) {
		if (at[RTA_DST] == NULL ||
		    address_read(at[RTA_DST], header->rtm_family, &destination->address) != 0 ||
		    header->rtm_dst_len > 8 * address_size(&destination->address)) {
			return -EPROTO;
		}
		destination->length = header->rtm_dst_len;
		*destination = prefix_network(destination);
	}
	ret = hops_read(at, header, &result);
	if (ret == 0) {
		*parsed = result;
	}
	return ret;
}

/*! Selectors and effects that a rule of ours never has. */
static const uint16_t foreign_rule_parts[] = {
	FRA_DST,    FRA_GOTO,      FRA_FLOW,     FRA_TUN_ID,      FRA_SUPPRESS_IFGROUP, FRA_OIFNAME,
	FRA_L3MDEV, FRA_UID_RANGE, FRA_IP_PROTO, FRA_SPORT_RANGE, FRA_DPORT_RANGE,
};

static bool rule_is_simple(const struct fib_rule_hdr *header, const struct nlattr **at)
{
	for (size_t i = 0; i < sizeof(foreign_rule_parts) / sizeof(foreign_rule_parts[0]); i++) {
		const struct nlattr *part = at[foreign_rule_parts[i]];
		// l3mdev is told in every rule, as 0 in those without it.
		if (part != NULL &&
		    (foreign_rule_parts[i] != FRA_L3MDEV || mnl_attr_get_payload_len(part) < 1 ||
		     mnl_attr_get_u8(part) != 0)) {
			return false;
		}
	}
	// So is this one, as all ones.
	return number_or(at[FRA_SUPPRESS_PREFIXLEN], UINT32_MAX) == UINT32_MAX &&
	       (header->flags & FIB_RULE_INVERT) == 0 && header->tos == 0 &&
	       header->action == FR_ACT_TO_TBL;
}

static uint8_t protocol_of(const struct nlattr *attribute)
{
	return attribute != NULL && mnl_attr_get_payload_len(attribute) >= 1
	               ? mnl_attr_get_u8(attribute)
	               : 0;
}

uint8_t rule_protocol(const struct nlmsghdr *message)
{
	const struct nlattr *at[FRA_MAX + 1];
	return attributes_behind(message, sizeof(struct fib_rule_hdr), at, FRA_MAX) == 0
	               ? protocol_of(at[FRA_PROTOCOL])
	               : 0;
}

int rule_parse(const struct nlmsghdr *message, struct rule *rule)
{
	const struct nlattr *at[FRA_MAX + 1];
	const struct fib_rule_hdr *header = mnl_nlmsg_get_payload(message);

	int ret = attributes_behind(message, sizeof(*header), at, FRA_MAX);
	if (ret != 0) {
		return ret;
	}
	if ((header->family != AF_INET && header->family != AF_INET6) ||
	    protocol_of(at[FRA_PROTOCOL]) != OUR_PROTOCOL || !rule_is_simple(header, at)) {
		return -ENOMSG;
	}

	struct rule parsed = {
		.family = header->family,
		.priority = number_or(at[FRA_PRIORITY], 0),
		.mark = number_or(at[FRA_FWMARK], 0),
		.mask = number_or(at[FRA_FWMASK], 0),
		.table = number_or(at[FRA_TABLE], header->table),
	};
	if (header->src_len > 0) {
		if (at[FRA_SRC] == NULL ||
		    address_read(at[FRA_SRC], header->family, &parsed.from.address) != 0 ||
		    header->src_len > 8 * address_size(&parsed.from.address)) {
			return -EPROTO;
		}
		parsed.from.length = header->src_len;
	}
	if (at[FRA_IIFNAME] != NULL) {
		ret = name_read(at[FRA_IIFNAME], parsed.iif);
	}
	if (ret == 0) {
		*rule = parsed;
	}
	return ret;
}
