/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Connections that must not live on: deleting entries of the connection table by their mark.
 */

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <sys/socket.h>

#include "daemon/kernel.h"
#include "daemon/netlink.h"

int conntrack_delete(uint32_t mark, uint32_t mask)
{
	struct netlink *netlink = NULL;
	int ret = netlink_open(&netlink, NETLINK_NETFILTER);
	if (ret != 0) {
		return ret;
	}
	char buffer[256];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	request->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE;
	request->nlmsg_flags = NLM_F_REQUEST;
	struct nfgenmsg *header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
	header->nfgen_family = AF_UNSPEC;
	header->version = NFNETLINK_V0;
	// Without a tuple this is a flush, and the mark its filter (ctnetlink_flush_conntrack()).
	mnl_attr_put_u32(request, CTA_MARK, htonl(mark));
	mnl_attr_put_u32(request, CTA_MARK_MASK, htonl(mask));
	ret = netlink_request(netlink, request, NULL, NULL);
	netlink_close(netlink);
	return ret;
}
