/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Questions that everybody asks of a site: who, where, with which mark.
 */

#include "site/site.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "site/provider.h"

/*! Between the MX records of two uplinks; room for what others want to put between them. */
#define PREFERENCE_STEP 10

const struct uplink *site_uplink(const struct site *site, unsigned number)
{
	return &site->uplinks[number - 1];
}

const struct uplink *site_uplink_by_id(const struct site *site, const char *id)
{
	for (size_t i = 0; i < site->uplink_count; i++) {
		if (strcmp(site->uplinks[i].id, id) == 0) {
			return &site->uplinks[i];
		}
	}
	return NULL;
}

/*! Whether the site file has no own address of a family that the outside could know. */
static bool may_be_private(const struct uplink *uplink, uint8_t family)
{
	bool private = uplink->address.count == 0;
	for (size_t i = 0; i < uplink->address.count; i++) {
		const struct address *address = &uplink->address.items[i];
		if (address->family == family && address_private(address) == NULL) {
			return false;
		}
		private |= address->family == family;
	}
	return private;
}

const struct public_address *uplink_discover(const struct uplink *uplink, uint8_t family)
{
	const struct public_address *found = NULL;
	if (!may_be_private(uplink, family)) {
		return NULL;
	}
	for (size_t i = 0; i < uplink->public_given.count; i++) {
		const struct public_address *given = &uplink->public_given.items[i];
		if (!given->discover && given->address.family == family) {
			return NULL;
		}
		if (given->discover && found == NULL &&
		    (given->address.family == 0 || given->address.family == family)) {
			found = given;
		}
	}
	return found;
}

bool uplink_follows(const struct uplink *uplink)
{
	return (uplink->address.count == 0 && uplink->public_address.count == 0) ||
	       uplink_discover(uplink, AF_INET) != NULL ||
	       uplink_discover(uplink, AF_INET6) != NULL;
}

static uplink_set set_of(const unsigned *numbers, size_t count)
{
	uplink_set set = 0;
	for (size_t i = 0; i < count; i++) {
		set |= UPLINK_BIT(numbers[i]);
	}
	return set;
}

static uplink_set set_of_all(const struct site *site)
{
	uplink_set set = 0;
	for (size_t i = 0; i < site->uplink_count; i++) {
		set |= UPLINK_BIT(site->uplinks[i].number);
	}
	return set;
}

int site_forwards(const struct site *site, struct site_forward **forwards, size_t *count)
{
	size_t total = site->host_count + site->mail_count + site->forward_count;
	struct site_forward *all = calloc(total + 1, sizeof(*all));
	if (all == NULL) {
		return -ENOMEM;
	}

	struct site_forward *next = all;
	for (size_t i = 0; i < site->host_count; i++) {
		const struct host *host = &site->hosts[i];
		*next++ = (struct site_forward){ FORWARD_HOST, host->domain, host->server,
			                         &host->port,
			                         set_of(host->uplink, host->uplink_count) };
	}
	for (size_t i = 0; i < site->mail_count; i++) {
		const struct mail *mail = &site->mails[i];
		*next++ = (struct site_forward){ FORWARD_MAIL, mail->domain, mail->server,
			                         &mail->port, set_of_all(site) };
	}
	for (size_t i = 0; i < site->forward_count; i++) {
		const struct forward *forward = &site->forwards[i];
		*next++ = (struct site_forward){ FORWARD_NAMED, forward->id, forward->server,
			                         &forward->port,
			                         set_of(forward->uplink, forward->uplink_count) };
	}
	*forwards = all;
	*count = total;
	return 0;
}

const struct address *server_address(const struct server *server, uint8_t family)
{
	for (size_t i = 0; i < server->address.count; i++) {
		if (server->address.items[i].family == family) {
			return &server->address.items[i];
		}
	}
	return NULL;
}

bool server_marked4(const struct server *server)
{
	bool marked = server->reply_path == REPLY_PATH_CONNTRACK || provider_server(server);
	for (size_t i = 0; i < server->uplink_address_count; i++) {
		marked &= server->reply_path == REPLY_PATH_CONNTRACK ||
		          server->uplink_address[i].address.family != AF_INET;
	}
	return marked;
}

const struct address *server_target(const struct server *server, unsigned uplink, uint8_t family)
{
	if (server->reply_path == REPLY_PATH_CONNTRACK ||
	    (family == AF_INET && server_marked4(server))) {
		return server_address(server, family);
	}
	for (size_t i = 0; i < server->uplink_address_count; i++) {
		const struct uplink_address *own = &server->uplink_address[i];
		if (own->uplink == uplink && own->address.family == family) {
			return &own->address;
		}
	}
	return NULL;
}

int host_alias_owner(const struct host *host, size_t alias, char *owner, size_t size)
{
	const char *name = host->alias.items[alias];
	size_t length = strlen(name);
	size_t tail = strlen(host->domain);
	bool absolute = length > tail && name[length - tail - 1] == '.' &&
	                strcmp(name + length - tail, host->domain) == 0;
	int printed = absolute ? snprintf(owner, size, "%s", name)
	                       : snprintf(owner, size, "%s.%s", name, host->domain);
	return printed < 0 || (size_t)printed >= size ? -EINVAL : 0;
}

bool spf_term_is(const char *term, const char *mechanism)
{
	size_t length = strlen(mechanism);
	term += *term != '\0' && strchr("+-~?", *term) != NULL ? 1 : 0;
	return strncmp(term, mechanism, length) == 0 &&
	       (term[length] == '\0' || term[length] == ':' || term[length] == '/');
}

int mail_gateway_owner(const struct site *site, unsigned uplink, char *owner, size_t size)
{
	int length = snprintf(owner, size, "mail-gw-%u.%s", uplink, site->domain);
	return length < 0 || (size_t)length >= size ? -EINVAL : 0;
}

uint16_t mail_preference(const struct mail *mail, unsigned uplink)
{
	for (size_t i = 0; i < mail->preference_count; i++) {
		if (mail->preference[i].uplink == uplink) {
			return mail->preference[i].preference;
		}
	}
	return (uint16_t)(PREFERENCE_STEP * uplink);
}

uint32_t site_mark(const struct site *site, unsigned uplink)
{
	return (uint32_t)uplink << __builtin_ctz(site->fwmark_mask);
}

uint32_t site_table(const struct site *site, unsigned uplink)
{
	return site->route_table + uplink;
}

uint32_t site_outbound_table(const struct site *site)
{
	return site->route_table + SITE_UPLINKS_MAX + 1;
}

uint16_t site_dns_port(unsigned uplink)
{
	return (uint16_t)(5300 + uplink);
}

bool site_crosses(const struct site *site)
{
	return site->cross_probe != CROSS_PROBE_OFF && site->uplink_count > 1;
}

struct prefix site_cross_prefix(const struct site *site, uint8_t family)
{
	struct prefix prefix = { 0 };
	// Set aside for benchmarks, so never met on the internet: RFC 2544, RFC 5180.
	(void)prefix_parse(family == AF_INET ? "198.18.0.0/24" : "2001:2::/64", &prefix);
	for (size_t i = 0; i < site->cross_alias.count; i++) {
		if (site->cross_alias.items[i].address.family == family) {
			prefix = prefix_network(&site->cross_alias.items[i]);
		}
	}
	return prefix;
}

struct address site_cross_alias(const struct site *site, uint8_t family, unsigned uplink)
{
	struct prefix prefix = site_cross_prefix(site, family);
	prefix.address.bytes[address_size(&prefix.address) - 1] |= (uint8_t)uplink;
	return prefix.address;
}

const char *probe_name(const struct probe *probe)
{
	return strrchr(probe->text, ' ') + 1;
}

const char *probe_command(const struct probe *probe)
{
	return probe->text + strlen("exec ");
}

const char *answer_policy_name(enum answer_policy policy)
{
	static const char *const names[] = {
		[ANSWER_ARRIVAL] = "arrival",
		[ANSWER_ALL] = "all",
		[ANSWER_PREFERRED] = "preferred",
		[ANSWER_UPLINK] = "uplink",
	};
	return names[policy];
}

static void free_names(struct name_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i]);
	}
	free(list->items);
}

void site_free(struct site *site)
{
	if (site == NULL) {
		return;
	}
	for (size_t i = 0; i < site->uplink_count; i++) {
		struct uplink *uplink = &site->uplinks[i];
		free(uplink->id);
		free(uplink->interface);
		free(uplink->address.items);
		for (size_t k = 0; k < uplink->public_given.count; k++) {
			free(uplink->public_given.items[k].name);
		}
		free(uplink->public_given.items);
		free(uplink->public_address.items);
		free(uplink->gateway.items);
		free(uplink->learnt.items);
		for (size_t k = 0; k < uplink->probe.count; k++) {
			free(uplink->probe.items[k].text);
		}
		free(uplink->probe.items);
	}
	for (size_t i = 0; i < site->server_count; i++) {
		free(site->servers[i].id);
		free(site->servers[i].address.items);
		free(site->servers[i].uplink_address);
	}
	for (size_t i = 0; i < site->host_count; i++) {
		free(site->hosts[i].domain);
		free(site->hosts[i].port.items);
		free(site->hosts[i].uplink);
		free_names(&site->hosts[i].alias);
		free_names(&site->hosts[i].record);
	}
	for (size_t i = 0; i < site->mail_count; i++) {
		free(site->mails[i].domain);
		free(site->mails[i].port.items);
		free(site->mails[i].preference);
		free_names(&site->mails[i].spf);
		free(site->mails[i].dmarc);
		free(site->mails[i].mta_sts);
		free_names(&site->mails[i].tls_rpt);
		free_names(&site->mails[i].record);
	}
	for (size_t i = 0; i < site->forward_count; i++) {
		free(site->forwards[i].id);
		free(site->forwards[i].port.items);
		free(site->forwards[i].uplink);
	}
	free_names(&site->lan);
	free(site->cross_alias.items);
	free(site->uplinks);
	free(site->servers);
	free(site->hosts);
	free(site->mails);
	free(site->forwards);
	free(site->domain);
	free(site->hostmaster);
	free(site->run_dir);
	free(site->state_dir);
	free_names(&site->notify);
	free_names(&site->on_change);
	free(site);
}
