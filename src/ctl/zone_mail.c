/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The records of mail domains.
 */

#include "ctl/zone_mail.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "ctl/zone_names.h"
#include "site/provider.h"

static const uint8_t families[] = { AF_INET, AF_INET6 };

/*! The gateways are shared by all mail domains: the address that takes mail for one of them. */
static bool gateway_address(const struct site *site, const struct uplink *uplink, uint8_t family,
                            struct address *address)
{
	bool found = false;
	for (size_t i = 0; i < site->mail_count && !found; i++) {
		found = zone_server_address(site, site->mails[i].server, uplink, family, address);
	}
	return found;
}

static char *gateway_name(const struct site *site, const struct uplink *uplink)
{
	struct text name = TEXT_EMPTY;
	zone_mail_gateway(site, uplink->number, &name);
	return text_take(&name);
}

int zone_mail_add_mx(struct zone *zone, const struct site *site, const struct mail *mail)
{
	for (size_t i = 0; i < site->uplink_count; i++) {
		const struct uplink *uplink = &site->uplinks[i];
		char *name = gateway_name(site, uplink);
		if (name == NULL) {
			return -ENOMEM;
		}
		struct address address;
		// An MX whose name has no address would only delay mail.
		if (gateway_address(site, uplink, AF_INET, &address) ||
		    gateway_address(site, uplink, AF_INET6, &address)) {
			zone_add_mx(zone, mail->domain, ZONE_TTL,
			            mail_preference(mail, uplink->number), name);
		}
		free(name);
	}
	return 0;
}

int zone_mail_add_gateways(struct zone *zone, const struct site *site)
{
	for (size_t i = 0; i < site->uplink_count; i++) {
		char *name = gateway_name(site, &site->uplinks[i]);
		if (name == NULL) {
			return -ENOMEM;
		}
		for (size_t f = 0; f < sizeof(families); f++) {
			struct address address;
			if (gateway_address(site, &site->uplinks[i], families[f], &address)) {
				zone_add_address(zone, name, zone_name_server_ttl(site), &address);
			}
		}
		free(name);
	}
	return 0;
}

/*! Every address by which mail may leave, RFC 7208 section 5.6. */
static void add_spf_addresses(const struct site *site, const struct server *server, uint8_t family,
                              struct text *spf)
{
	for (size_t i = 0; i < site->uplink_count; i++) {
		const struct uplink *uplink = &site->uplinks[i];
		const struct address_list *list = zone_addresses(uplink, family);
		struct address own;
		if (provider_address(site, server, uplink->number, family).family != 0 &&
		    zone_server_address(site, server, uplink, family, &own)) {
			char buffer[ADDRESS_TEXT_MAX];
			text_add(spf, " ip6:%s", address_format(&own, buffer));
		}
		for (size_t a = 0; a < list->count; a++) {
			char buffer[ADDRESS_TEXT_MAX];
			if (list->items[a].family == family) {
				text_add(spf, " %s:%s", family == AF_INET ? "ip4" : "ip6",
				         address_format(&list->items[a], buffer));
			}
		}
	}
}

/*! What the site file adds comes behind the addresses, and its «all» instead of «-all». */
static void add_spf(const struct site *site, const struct mail *mail, struct text *text)
{
	const char *last = mail->spf.count > 0 ? mail->spf.items[mail->spf.count - 1] : "";
	text_add(text, "v=spf1");
	add_spf_addresses(site, mail->server, AF_INET, text);
	add_spf_addresses(site, mail->server, AF_INET6, text);
	for (size_t i = 0; i < mail->spf.count; i++) {
		text_add(text, " %s", mail->spf.items[i]);
	}
	text_add(text, "%s", spf_term_is(last, "all") ? "" : " -all");
}

/*! RFC 8460 section 3: several addresses are one list. */
static void add_tls_rpt(const struct mail *mail, struct text *text)
{
	text_add(text, "v=TLSRPTv1; rua=");
	for (size_t i = 0; i < mail->tls_rpt.count; i++) {
		text_add(text, "%s%s", i > 0 ? "," : "", mail->tls_rpt.items[i]);
	}
}

/*! Takes over the value. */
static int add_policy(struct zone *zone, const char *label, const struct mail *mail, uint32_t ttl,
                      struct text *value)
{
	struct text owner = TEXT_EMPTY;
	text_add(&owner, "%s%s", label, mail->domain);
	int ret = owner.failed || value->failed ? -ENOMEM : 0;
	if (ret == 0) {
		zone_add_txt(zone, owner.data, ttl, value->data);
	}
	text_free(&owner);
	text_free(value);
	return ret;
}

int zone_mail_add_policies(struct zone *zone, const struct site *site, const struct mail *mail)
{
	struct text text = TEXT_EMPTY;
	add_spf(site, mail, &text);
	int ret = add_policy(zone, "", mail, zone_name_server_ttl(site), &text);
	if (ret == 0 && mail->dmarc != NULL) {
		text_add(&text, "%s", mail->dmarc);
		ret = add_policy(zone, "_dmarc.", mail, ZONE_TTL, &text);
	}
	if (ret == 0 && mail->mta_sts != NULL) {
		text_add(&text, "v=STSv1; id=%s;", mail->mta_sts);
		ret = add_policy(zone, "_mta-sts.", mail, ZONE_TTL, &text);
	}
	if (ret == 0 && mail->tls_rpt.count > 0) {
		add_tls_rpt(mail, &text);
		ret = add_policy(zone, "_smtp._tls.", mail, ZONE_TTL, &text);
	}
	return ret;
}

int zone_mail_add_pointers(struct zone *zone, const struct site *site)
{
	for (size_t i = 0; i < site->uplink_count; i++) {
		const struct uplink *uplink = &site->uplinks[i];
		char *name = gateway_name(site, uplink);
		if (name == NULL) {
			return -ENOMEM;
		}
		zone_comment(zone, "of uplink %s", uplink->id);
		for (size_t f = 0; f < sizeof(families); f++) {
			struct address address;
			if (gateway_address(site, uplink, families[f], &address)) {
				zone_add_pointer(zone, &address, ZONE_TTL, name);
			}
		}
		free(name);
	}
	return 0;
}
