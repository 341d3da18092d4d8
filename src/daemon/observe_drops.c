/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * What the chains of other programs do to our traffic.
 *
 * For each service of each uplink a packet as it would be is let pass them: a client's and the server's
 * answer, both also for a cross-probe, which has an alias in the client's place; a cross-probe that
 * leaves; and a question to the name server. What a packet is depends on where a chain stands: before or
 * behind the translation of its destination, and that of an address to an alias.
 */

#include <errno.h>
#include <netinet/in.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter_ipv4.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/observe.h"
#include "site/provider.h"

/*! Where our chains turn addresses into aliases and back, see nft_cross.c. */
#define PRIORITY_ALIAS_IN (NF_IP_PRI_RAW - 10)
#define PRIORITY_ALIAS_OUT (NF_IP_PRI_NAT_SRC + 200)

/*! Bits of «ct state». */
enum { STATE_ESTABLISHED = 2, STATE_NEW = 8, STATE_UNTRACKED = 64 };

/*! A service of an uplink. */
struct flow {
	const struct site *site;
	const struct uplink_view *view;
	unsigned family;
	const struct service *service; /*!< NULL: the name server. */
	const struct address *target;  /*!< Of the inside server. */
	struct address outside;        /*!< Where clients send to. */
	bool held;                     /*!< The server holds that address: nothing is translated. */
	bool probed;                   /*!< By cross-probes. */
	struct address alias;          /*!< Of another uplink; none: an ordinary client. */
	uint8_t protocol;
};

/*! A kind of traffic. */
struct traffic {
	const char *name;
	bool alias;     /*!< Of a cross-probe. */
	unsigned hooks; /*!< Bit N: hook N. */
	void (*fill)(const struct flow *flow, const struct other_chain *chain,
	             struct walk_packet *packet);
};

static void set_interface(char name[static IFNAMSIZ], const char *value)
{
	(void)snprintf(name, IFNAMSIZ, "%s", value);
}

/*! The LAN, if there is but one. */
static const char *inside(const struct site *site)
{
	return site->lan.count == 1 ? site->lan.items[0] : "";
}

static void set_state(const struct other_chain *chain, uint32_t state, uint32_t status,
                      struct walk_packet *packet)
{
	if (chain->hook != NF_INET_PRE_ROUTING || chain->priority >= NF_IP_PRI_CONNTRACK) {
		packet->state = state;
		packet->status = status;
	}
}

static void fill_in(const struct flow *flow, const struct other_chain *chain,
                    struct walk_packet *packet)
{
	bool before = chain->hook == NF_INET_PRE_ROUTING && chain->priority < NF_IP_PRI_NAT_DST;
	packet->destination = before ? flow->outside : *flow->target;
	packet->port = before ? flow->service->first : flow->service->inside;
	if (chain->hook != NF_INET_PRE_ROUTING || chain->priority > PRIORITY_ALIAS_IN) {
		packet->source = flow->alias;
	}
	if (chain->hook != NF_INET_POST_ROUTING) {
		set_interface(packet->iif, flow->view->uplink->interface);
	}
	if (chain->hook != NF_INET_PRE_ROUTING) {
		set_interface(packet->oif, inside(flow->site));
	}
	set_state(chain, STATE_NEW, before || flow->held ? 0 : IPS_DST_NAT, packet);
}

static void fill_reply(const struct flow *flow, const struct other_chain *chain,
                       struct walk_packet *packet)
{
	packet->source = *flow->target;
	if (chain->hook != NF_INET_POST_ROUTING || chain->priority < PRIORITY_ALIAS_OUT) {
		packet->destination = flow->alias;
	}
	packet->reply = true;
	if (chain->hook != NF_INET_POST_ROUTING) {
		set_interface(packet->iif, inside(flow->site));
	}
	if (chain->hook != NF_INET_PRE_ROUTING) {
		set_interface(packet->oif, flow->view->uplink->interface);
	}
	set_state(chain, STATE_ESTABLISHED, flow->held ? 0 : IPS_DST_NAT, packet);
}

static void fill_probe(const struct flow *flow, const struct other_chain *chain,
                       struct walk_packet *packet)
{
	packet->source = flow->view->family[flow->family].address;
	if (chain->hook != NF_INET_POST_ROUTING || chain->priority < PRIORITY_ALIAS_OUT) {
		packet->destination = flow->alias;
	}
	packet->port = flow->service->first;
	set_interface(packet->oif, flow->view->uplink->interface);
	packet->state = chain->priority >= NF_IP_PRI_CONNTRACK ? STATE_NEW : 0;
}

static void fill_dns(const struct flow *flow, const struct other_chain *chain,
                     struct walk_packet *packet)
{
	bool rewritten = flow->site->dns_binding == DNS_BINDING_PORT &&
	                 (chain->hook != NF_INET_PRE_ROUTING || chain->priority > NF_IP_PRI_RAW);
	packet->destination = flow->view->family[flow->family].address;
	packet->port = rewritten ? site_dns_port(flow->view->uplink->number) : 53;
	set_interface(packet->iif, flow->view->uplink->interface);
	set_state(chain, STATE_UNTRACKED, 0, packet);
}

/*! In OTHER_WORK_MOST, what it takes to tell of a drop. */
#define TELLING 20

#define HOOK(number) (1u << (number))

static const struct traffic forwarded[] = {
	{ "clients", false,
	  HOOK(NF_INET_PRE_ROUTING) | HOOK(NF_INET_FORWARD) | HOOK(NF_INET_POST_ROUTING), fill_in },
	{ "answers", false,
	  HOOK(NF_INET_PRE_ROUTING) | HOOK(NF_INET_FORWARD) | HOOK(NF_INET_POST_ROUTING),
	  fill_reply },
	{ "cross-probes", true,
	  HOOK(NF_INET_PRE_ROUTING) | HOOK(NF_INET_FORWARD) | HOOK(NF_INET_POST_ROUTING), fill_in },
	{ "answers to cross-probes", true,
	  HOOK(NF_INET_PRE_ROUTING) | HOOK(NF_INET_FORWARD) | HOOK(NF_INET_POST_ROUTING),
	  fill_reply },
	{ "cross-probes", true, HOOK(NF_INET_LOCAL_OUT) | HOOK(NF_INET_POST_ROUTING), fill_probe },
};

static const struct traffic to_name_server = { "questions", false,
	                                       HOOK(NF_INET_PRE_ROUTING) | HOOK(NF_INET_LOCAL_IN),
	                                       fill_dns };

struct looking {
	struct other_nft *nft;
	json_t *drops;
	bool cut; /*!< Not all was looked at. */
	int ret;
};

static void add_drop(const struct flow *flow, const struct traffic *traffic,
                     const struct other_chain *base, const struct walk_end *end, json_t *drops)
{
	char service[16];
	char held[ADDRESS_TEXT_MAX];
	(void)snprintf(service, sizeof(service), "%s/%u",
	               flow->protocol == IPPROTO_TCP ? "tcp" : "udp",
	               flow->service != NULL ? flow->service->first : 53u);
	json_array_append_new(
		drops,
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:I, s:b, s:b, s:s*, s:i}",
	                  "what", traffic->name, "uplink", flow->view->uplink->id, "ip",
	                  family_name(flow->family), "service", service, "family",
	                  other_chain_family(end->chain), "table", end->chain->table, "chain",
	                  end->chain->name, "base", base->name, "hook", (int)base->hook, "handle",
	                  (json_int_t)end->handle, "sure", end->sure, "dns", flow->service == NULL,
	                  "held", flow->held ? address_format(flow->target, held) : NULL, "last",
	                  flow->service != NULL ? flow->service->last : 53));
}

/*! What clients meet there too is not said again of cross-probes. */
static bool is_same_for_clients(const struct looking *looking, const struct flow *flow,
                                const struct other_chain *chain, const struct walk_end *end)
{
	static const struct traffic *const plain[] = { &forwarded[0], &forwarded[1] };
	for (size_t i = 0; i < 2; i++) {
		struct flow client = *flow;
		struct walk_packet packet = { .family = family_number(flow->family),
			                      .protocol = flow->protocol };
		struct walk_end other = { 0 };
		client.alias = (struct address){ 0 };
		if ((plain[i]->hooks & HOOK(chain->hook)) == 0) {
			continue;
		}
		plain[i]->fill(&client, chain, &packet);
		if (other_chain_walk(looking->nft, chain, &packet, &other) == 0 &&
		    other.chain == end->chain && other.handle == end->handle) {
			return true;
		}
	}
	return false;
}

static void look(struct looking *looking, const struct flow *flow, const struct traffic *traffic)
{
	uint8_t family = flow->family == FAMILY_4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
	for (size_t i = 0; i < looking->nft->chain_count && looking->ret == 0; i++) {
		const struct other_chain *chain = &looking->nft->chains[i];
		struct walk_packet packet = { .family = family_number(flow->family),
			                      .protocol = flow->protocol };
		struct walk_end end = { 0 };
		if (!chain->base || chain->nat || (traffic->hooks & HOOK(chain->hook)) == 0 ||
		    (chain->family != NFPROTO_INET && chain->family != family)) {
			continue;
		}
		traffic->fill(flow, chain, &packet);
		looking->ret = other_chain_walk(looking->nft, chain, &packet, &end);
		if (looking->ret == -E2BIG) {
			looking->ret = 0;
			looking->cut = true;
			return;
		}
		if (looking->ret == 0 && end.chain != NULL &&
		    !(traffic->alias && is_same_for_clients(looking, flow, chain, &end))) {
			looking->nft->work += TELLING;
			add_drop(flow, traffic, chain, &end, looking->drops);
		}
	}
}

/*! The alias of an uplink that is not this one. */
static struct address other_alias(const struct flow *flow)
{
	unsigned number = flow->view->uplink->number == 1 ? 2 : 1;
	return site_cross_alias(flow->site, family_number(flow->family), number);
}

static void look_at_service(struct looking *looking, struct flow flow)
{
	for (size_t i = 0; i < sizeof(forwarded) / sizeof(forwarded[0]); i++) {
		if (!forwarded[i].alias || flow.probed) {
			flow.alias =
				forwarded[i].alias ? other_alias(&flow) : (struct address){ 0 };
			look(looking, &flow, &forwarded[i]);
		}
	}
}

static void look_at_uplink(struct looking *looking, struct flow flow,
                           const struct site_forward *forwards, size_t count)
{
	static const uint8_t protocols[] = { IPPROTO_UDP, IPPROTO_TCP };
	for (size_t i = 0; i < 2; i++) {
		flow.protocol = protocols[i];
		look(looking, &flow, &to_name_server);
	}
	for (size_t i = 0; i < count; i++) {
		flow.target = server_target(forwards[i].server, flow.view->uplink->number,
		                            family_number(flow.family));
		bool offered = (forwards[i].uplinks & UPLINK_BIT(flow.view->uplink->number)) != 0;
		const struct address own =
			provider_address(flow.site, forwards[i].server, flow.view->uplink->number,
		                         family_number(flow.family));
		flow.outside = own.family != 0 ? own : flow.view->family[flow.family].address;
		flow.held = own.family != 0 && address_equal(&own, flow.target);
		for (size_t k = 0; offered && flow.target != NULL && k < forwards[i].port->count;
		     k++) {
			flow.service = &forwards[i].port->items[k];
			flow.protocol = flow.service->protocol;
			flow.probed = site_crosses(flow.site) && flow.protocol == IPPROTO_TCP &&
			              own.family == 0;
			look_at_service(looking, flow);
		}
	}
}

json_t *observe_drops(const struct standing *standing, struct other_nft *nft, bool *complete)
{
	struct site_forward *forwards = NULL;
	size_t count = 0;
	struct looking looking = { .nft = nft, .drops = json_array() };
	looking.ret = site_forwards(standing->site, &forwards, &count);
	for (size_t i = 0; standing->plan != NULL && i < standing->plan->uplink_count; i++) {
		for (unsigned family = 0; family < FAMILIES && looking.ret == 0; family++) {
			const struct uplink_view *view = &standing->plan->uplinks[i];
			struct flow flow = { .site = standing->site,
				             .view = view,
				             .family = family };
			if (view->family[family].address.family != 0) {
				look_at_uplink(&looking, flow, forwards, count);
			}
		}
	}
	free(forwards);
	if (looking.ret != 0) {
		json_decref(looking.drops);
		return NULL;
	}
	*complete = !looking.cut;
	return looking.drops;
}
