/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The answer table of the plan: which addresses may be answered for which name.
 */

#include "daemon/plan_parts.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "site/provider.h"

_Static_assert(SITE_OWN_MAX == TABLE_OWN_MAX, "as many as the table has room for");

/*! Heartbeats come every HEARTBEAT_MS (loop.c); three may be late. */
#define STALE_AFTER_MS 30000

/*! Seconds; the default of a host's, for the same reasons. */
#define GATEWAY_TTL 10

/*! What a host's row follows from, beside the host. */
struct around {
	const struct site *site;
	const struct observed *observed;
	const struct plan *plan;
	uplink_set drained;
	const struct blocked_list *blocked; /*!< May be NULL. */
};

static void set_lan(const struct site *site, const struct observed *observed,
                    struct table_meta *meta)
{
	for (size_t i = 0; i < observed->main_route_count; i++) {
		const struct route *route = &observed->main_routes[i];
		for (size_t j = 0; j < site->lan.count && meta->lan_count < TABLE_LAN_MAX; j++) {
			const struct link *link = observed_link(observed, site->lan.items[j]);
			if (link != NULL && link->index == route->link &&
			    route->destination.length != 0 &&
			    address_unpublishable(&route->destination.address) == NULL) {
				meta->lan[meta->lan_count++] = route->destination;
			}
		}
	}
}

static void add_binding(struct table_uplink *row, const struct table_binding *binding)
{
	if (row->binding_count < TABLE_BINDINGS_MAX) {
		row->binding[row->binding_count++] = *binding;
	}
}

static void set_bindings(const struct site *site, const struct observed *observed,
                         const struct uplink_view *view, struct table_uplink *row)
{
	struct table_binding binding = { 0 };
	if (site->dns_binding != DNS_BINDING_ADDRESS) {
		binding.kind = TABLE_BINDING_PORT;
		binding.port = site_dns_port(view->uplink->number);
		add_binding(row, &binding);
	}
	if (site->dns_binding == DNS_BINDING_PORT) {
		return;
	}
	if (site->dns_binding == DNS_BINDING_DEVICE) {
		binding = (struct table_binding){ .kind = TABLE_BINDING_DEVICE };
		(void)snprintf(binding.device, sizeof(binding.device), "%s",
		               view->uplink->interface);
		add_binding(row, &binding);
	}
	// Beside devices for what has no socket of its own (XDP).
	binding = (struct table_binding){ .kind = TABLE_BINDING_ADDRESS };
	for (size_t i = 0; view->link != NULL && i < observed->address_count; i++) {
		if (observed->addresses[i].link == view->link->index) {
			binding.address = observed->addresses[i].prefix.address;
			add_binding(row, &binding);
		}
	}
}

static int add_uplink_row(const struct site *site, const struct observed *observed,
                          const struct uplink_view *view, uplink_set drained, struct table *table)
{
	struct table_uplink *row = table_add_uplink(table);
	if (row == NULL) {
		return -ENOMEM;
	}
	row->number = (uint8_t)view->uplink->number;
	(void)snprintf(row->id, sizeof(row->id), "%s", view->uplink->id);
	row->usable = uplink_view_usable(view);
	row->drained = (drained & UPLINK_BIT(view->uplink->number)) != 0;
	for (unsigned family = 0; family < FAMILIES; family++) {
		if (view->family[family].usable) {
			row->address[row->address_count++] = view->family[family].public;
		}
	}
	set_bindings(site, observed, view, row);
	return 0;
}

/*!
 * Whether a server is reached by an uplink with one family. An address that it holds itself must be
 * inside: when a provider has taken its prefix back, packets for it would go in circles.
 */
static bool is_reached(const struct around *around, const struct server *server, unsigned uplink,
                       uint8_t family)
{
	const struct address *held = family == AF_INET6 ? provider_held(server, uplink) : NULL;
	return server_target(server, uplink, family) != NULL &&
	       (held == NULL || route_is_inside(around->observed, around->plan->uplinks,
	                                        around->plan->uplink_count, held));
}

/*! Uplinks by which a server is reached with one family. */
static uint64_t ready_set(const struct around *around, const struct host *host, uint8_t family)
{
	uint64_t set = 0;
	for (size_t i = 0; i < host->uplink_count; i++) {
		if (is_reached(around, host->server, host->uplink[i], family)) {
			set |= UPLINK_BIT(host->uplink[i]);
		}
	}
	return set;
}

/*! What a server is reached by instead of an uplink's address. */
static void set_own(const struct site *site, const struct server *server, unsigned uplink,
                    struct table_host *row)
{
	for (unsigned family = 0; family < FAMILIES; family++) {
		struct address address =
			provider_address(site, server, uplink, family_number(family));
		if (address.family != 0 && row->own_count < TABLE_OWN_MAX) {
			row->own[row->own_count].uplink = (uint8_t)uplink;
			row->own[row->own_count++].address = address;
		}
	}
}

/*! Uplinks by which some TCP service of a host is not reachable, as cross-probes find. */
static uint64_t blocked_set(const struct host *host, unsigned family,
                            const struct blocked_list *blocked)
{
	uint64_t set = 0;
	for (size_t i = 0; blocked != NULL && i < blocked->count; i++) {
		const struct blocked *one = &blocked->items[i];
		for (size_t k = 0; k < host->port.count; k++) {
			const struct service *service = &host->port.items[k];
			if (one->family == family && service->protocol == IPPROTO_TCP &&
			    service->first == one->port) {
				set |= UPLINK_BIT(one->uplink);
			}
		}
	}
	return set;
}

/*! Take away what is blocked, unless that would leave no uplink that can be answered. */
static uint64_t open_set(const struct host *host, unsigned family, const struct around *around)
{
	uint64_t ready = ready_set(around, host, family_number(family));
	uint64_t blocked = blocked_set(host, family, around->blocked);
	uint64_t left = 0;
	for (size_t i = 0; i < around->plan->uplink_count; i++) {
		const struct uplink_view *view = &around->plan->uplinks[i];
		left |= view->family[family].usable ? UPLINK_BIT(view->uplink->number) : 0;
	}
	left &= ready & ~blocked & ~around->drained;
	return left != 0 ? ready & ~blocked : ready;
}

/*! What clients on the LAN are told. */
static void set_inside(const struct server *server, struct table_host *row)
{
	for (unsigned family = 0; family < FAMILIES; family++) {
		const struct address *inside = server_address(server, family_number(family));
		if (inside != NULL) {
			row->lan[row->lan_count++] = *inside;
		}
	}
}

static int add_host_row(const struct host *host, const char *owner, const struct around *around,
                        struct table *table)
{
	struct table_host *row = table_add_host(table);
	if (row == NULL) {
		return -ENOMEM;
	}
	int length = table_owner_from_text(owner, row->owner);
	if (length < 0) {
		return length;
	}
	row->owner_length = (uint8_t)length;
	row->ttl = host->ttl;
	row->policy = (uint8_t)host->policy;
	row->ready4 = open_set(host, FAMILY_4, around);
	row->ready6 = open_set(host, FAMILY_6, around);
	for (size_t i = 0; i < host->uplink_count; i++) {
		row->order[row->order_count++] = (uint8_t)host->uplink[i];
		set_own(around->site, host->server, host->uplink[i], row);
	}
	set_inside(host->server, row);
	return 0;
}

static int add_host_rows(const struct host *host, const struct around *around, struct table *table)
{
	int ret = add_host_row(host, host->domain, around, table);
	for (size_t i = 0; ret == 0 && i < host->alias.count; i++) {
		char owner[TABLE_OWNER_MAX + 1];
		if (host_alias_owner(host, i, owner, sizeof(owner)) != 0) {
			return -EINVAL;
		}
		ret = add_host_row(host, owner, around, table);
	}
	return ret;
}

/*! Uplinks by which the server of some mail domain is reached with one family. */
static uint64_t gateways_ready(const struct around *around, uint8_t family)
{
	const struct site *site = around->site;
	uint64_t set = 0;
	for (size_t i = 0; i < site->mail_count; i++) {
		for (unsigned number = 1; number <= site->uplink_count; number++) {
			if (is_reached(around, site->mails[i].server, number, family)) {
				set |= UPLINK_BIT(number);
			}
		}
	}
	return set;
}

/*! The others behind a gateway's own uplink, in the order of their MX records. */
static void set_gateway_order(const struct site *site, unsigned own, struct table_host *row)
{
	const struct mail *mail = &site->mails[0];
	row->order[row->order_count++] = (uint8_t)own;
	for (unsigned number = 1; number <= site->uplink_count; number++) {
		uint16_t preference = mail_preference(mail, number);
		uint8_t at = row->order_count;
		if (number == own) {
			continue;
		}
		for (; at > 1 && mail_preference(mail, row->order[at - 1]) > preference; at--) {
			row->order[at] = row->order[at - 1];
		}
		row->order[at] = (uint8_t)number;
		row->order_count++;
	}
}

/*!
 * A mail gateway stands for its uplink, whatever the query came in on. While that uplink is not ready
 * its address is withdrawn, and mail goes by another one at once. Not to answer would be slower: a
 * resolver goes on asking (unbound for more than 30 s), and a sender that has cached that two gateways
 * have no address returns the mail.
 */
static int add_gateway_row(const struct around *around, unsigned number, struct table *table)
{
	const struct site *site = around->site;
	char owner[TABLE_OWNER_MAX + 1];
	struct table_host *row = table_add_host(table);
	if (row == NULL) {
		return -ENOMEM;
	}
	int ret = mail_gateway_owner(site, number, owner, sizeof(owner));
	ret = ret == 0 ? table_owner_from_text(owner, row->owner) : ret;
	if (ret < 0) {
		return ret;
	}
	row->owner_length = (uint8_t)ret;
	row->ttl = GATEWAY_TTL;
	row->policy = ANSWER_UPLINK;
	row->ready4 = gateways_ready(around, AF_INET);
	row->ready6 = gateways_ready(around, AF_INET6);
	set_gateway_order(site, number, row);
	for (size_t i = 0; i < row->order_count; i++) {
		set_own(site, site->mails[0].server, row->order[i], row);
	}
	set_inside(site->mails[0].server, row);
	return 0;
}

static int add_gateway_rows(const struct around *around, struct table *table)
{
	const struct site *site = around->site;
	int ret = 0;
	for (size_t i = 0; ret == 0 && site->mail_count > 0 && i < site->uplink_count; i++) {
		ret = add_gateway_row(around, site->uplinks[i].number, table);
	}
	return ret;
}

int plan_table(const struct site *site, const struct observed *observed, uplink_set drained,
               const struct verdicts *verdicts, struct plan *plan)
{
	const struct around around = { site, observed, plan, drained,
		                       verdicts != NULL ? verdicts->blocked : NULL };
	plan->table = table_new();
	if (plan->table == NULL) {
		return -ENOMEM;
	}
	(void)snprintf(plan->table->meta.site, sizeof(plan->table->meta.site), "%s", site->domain);
	plan->table->meta.stale_after_ms = site->stale == STALE_WITHDRAW ? STALE_AFTER_MS : 0;
	set_lan(site, observed, &plan->table->meta);

	int ret = 0;
	for (size_t i = 0; ret == 0 && i < plan->uplink_count; i++) {
		ret = add_uplink_row(site, observed, &plan->uplinks[i], drained, plan->table);
	}
	for (size_t i = 0; ret == 0 && i < site->host_count; i++) {
		ret = add_host_rows(&site->hosts[i], &around, plan->table);
	}
	if (ret == 0) {
		ret = add_gateway_rows(&around, plan->table);
	}
	table_sort(plan->table);
	return ret;
}
