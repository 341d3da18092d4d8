/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Validation of what mail domains publish, and of hosts whose names the zones need for themselves.
 */

#include <stdio.h>
#include <string.h>

#include "site/check.h"

/*! RFC 7208 section 4.6.4. */
#define SPF_LOOKUPS_MAX 10

static void check_preferences(const struct check *check, const struct mail *mail)
{
	uplink_set seen = 0;
	for (size_t i = 0; i < mail->preference_count; i++) {
		unsigned uplink = mail->preference[i].uplink;
		if (uplink > SITE_UPLINKS_MAX) {
			continue;
		}
		if ((seen & UPLINK_BIT(uplink)) != 0) {
			report_error(check->report, marks_find(check->marks, &mail->preference[i]),
			             "preference of uplink '%s' is there twice: keep one",
			             check->site->uplinks[uplink - 1].id);
		}
		seen |= UPLINK_BIT(uplink);
	}
}

static void check_spf(const struct check *check, const struct mail *mail)
{
	static const char *const asking[] = { "include", "a", "mx", "ptr", "exists" };
	unsigned lookups = 0;
	for (size_t i = 0; i < mail->spf.count; i++) {
		const char *term = mail->spf.items[i];
		if (spf_term_is(term, "all") && i + 1 < mail->spf.count) {
			report_error(check->report, marks_find(check->marks, &mail->spf.items[i]),
			             "spf term '%s' ends the search, so that what follows has no "
			             "effect: write it last",
			             term);
		}
		for (size_t k = 0; k < sizeof(asking) / sizeof(asking[0]); k++) {
			lookups += spf_term_is(term, asking[k]) ? 1 : 0;
		}
	}
	if (lookups > SPF_LOOKUPS_MAX) {
		report_error(check->report, marks_find(check->marks, &mail->spf),
		             "spf has %u terms that need a DNS lookup, but receivers stop after "
		             "%d: use fewer include, a, mx, ptr and exists",
		             lookups, SPF_LOOKUPS_MAX);
	}
}

/*! The longest of the gateways' names, in text: its wire form has two bytes more, of at most 255. */
static void check_gateway_length(const struct check *check)
{
	char owner[254];
	const struct site *site = check->site;
	if (site->mail_count > 0 && site->domain != NULL &&
	    mail_gateway_owner(site, (unsigned)site->uplink_count, owner, sizeof(owner)) != 0) {
		report_error(
			check->report, marks_find(check->marks, &site->domain),
			"domain '%s' is too long to name the uplinks' mail gateways in it: use "
			"a shorter name",
			site->domain);
	}
}

static bool is_gateway(const struct site *site, const char *domain)
{
	unsigned number = 0;
	int length = 0;
	if (site->mail_count == 0 || sscanf(domain, "mail-gw-%u.%n", &number, &length) != 1 ||
	    length == 0) {
		return false;
	}
	return number >= 1 && number <= site->uplink_count &&
	       strcmp(domain + length, site->domain) == 0;
}

/*! Its zone would hide the address of an uplink's mail gateway. */
static void check_gateway(const struct check *check, const struct host *host)
{
	if (host->domain != NULL && check->site->domain != NULL &&
	    is_gateway(check->site, host->domain)) {
		report_error(check->report, marks_find(check->marks, &host->domain),
		             "host '%s' has the name of an uplink's mail gateway: use another name",
		             host->domain);
	}
}

/*! Below a host there is no zone of the mail domain's own. */
static void check_records(const struct check *check, const struct mail *mail)
{
	const struct site *site = check->site;
	for (size_t i = 0; i < site->host_count && mail->domain != NULL; i++) {
		const char *host = site->hosts[i].domain;
		if (mail->record.count > 0 && host != NULL && check_is_inside(mail->domain, host)) {
			report_error(check->report, marks_find(check->marks, &mail->record),
			             "mail domain '%s' is in the zone of host '%s': write its "
			             "records there",
			             mail->domain, host);
			return;
		}
	}
}

int check_mail(const struct check *check)
{
	const struct site *site = check->site;
	check_gateway_length(check);
	for (size_t i = 0; i < site->mail_count; i++) {
		check_preferences(check, &site->mails[i]);
		check_spf(check, &site->mails[i]);
		check_records(check, &site->mails[i]);
	}
	for (size_t i = 0; i < site->host_count; i++) {
		check_gateway(check, &site->hosts[i]);
	}
	return 0;
}
