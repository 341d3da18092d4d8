/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The records of a mail domain, as the outside resolves them.
 */

#include <libknot/libknot.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "ctl/check_dns_parts.h"
#include "ctl/spf.h"
#include "ctl/zone_mail.h"
#include "ctl/zone_names.h"
#include "site/provider.h"

static void subject_of(const struct mail *mail, char *subject)
{
	(void)snprintf(subject, NAME_TEXT_SIZE + 8, "mail %s", mail->domain);
}

/*! Records of uplinks whose addresses nobody here knows count as wanted. */
static void want_unknown(const struct check_dns *check, const struct string_set *set,
                         struct string_set *wanted)
{
	for (size_t u = 0; u < check->site->uplink_count; u++) {
		const struct uplink *uplink = &check->site->uplinks[u];
		struct text name = TEXT_EMPTY;
		text_add(&name, " ");
		zone_mail_gateway(check->site, uplink->number, &name);
		text_add(&name, ".");
		for (size_t i = 0; i < set->count && !name.failed && is_unknown(uplink); i++) {
			const char *target = strchr(set->items[i], ' ');
			if (target != NULL && strcmp(target, name.data) == 0) {
				string_set_add(wanted, set->items[i]);
			}
		}
		text_free(&name);
	}
}

static void check_mx(const struct check_dns *check, const struct mail *mail, const char *subject,
                     const struct zone *zone)
{
	struct string_set wanted = STRING_SET_EMPTY;
	struct string_set set = STRING_SET_EMPTY;
	struct text text = TEXT_EMPTY;
	zone_set(zone, mail->domain, KNOT_RRTYPE_MX, &wanted);
	if (!resolve_set(check, mail->domain, KNOT_RRTYPE_MX, &set)) {
		goto cleanup;
	}
	want_unknown(check, &set, &wanted);
	bool differs = string_set_differs(&set, &wanted, &text);
	bool whole = true;
	for (size_t i = 0; i < wanted.count; i++) {
		whole &= string_set_has(&set, wanted.items[i]);
	}
	if (differs && whole) {
		// Some have a server elsewhere that keeps mail meanwhile.
		findings_add(check->findings, FINDING_WARNING, subject, "MX", NULL, "%s",
		             text.data);
		findings_remedy(check->findings,
		                "if that server does not keep mail for you, delete its record");
	} else if (differs) {
		findings_add(check->findings, FINDING_WRONG, subject, "MX", NULL, "%s", text.data);
		remedy_records(check, mail->domain, false, "MX records");
	} else {
		string_set_join(&wanted, &text);
		findings_add(check->findings, FINDING_GOOD, subject, "MX", NULL, "%s", text.data);
	}
cleanup:
	text_free(&text);
	string_set_free(&set);
	string_set_free(&wanted);
}

/*! A policy of which there may be one only, told by its first tag: «v=DMARC1». */
struct policy {
	const char *check;
	const char *prefix; /*!< Labels before the domain. */
	const char *tag;
};

static const struct policy policies[] = {
	{ "DMARC", "_dmarc.", "v=DMARC1" },
	{ "MTA-STS", "_mta-sts.", "v=STSv1" },
	{ "TLS-RPT", "_smtp._tls.", "v=TLSRPTv1" },
};

static void judge_policy(const struct check_dns *check, const char *subject,
                         const struct policy *policy, const char *owner, const char *wanted,
                         const struct string_set *set)
{
	const char *found = NULL;
	size_t count = 0;
	for (size_t i = 0; i < set->count; i++) {
		if (strncasecmp(set->items[i], policy->tag, strlen(policy->tag)) == 0) {
			found = set->items[i];
			count++;
		}
	}
	struct findings *findings = check->findings;
	if (count == 1 && strcmp(found, wanted) == 0) {
		findings_add(findings, FINDING_GOOD, subject, policy->check, NULL, "%s", found);
	} else if (count == 1) {
		findings_add(findings, FINDING_WARNING, subject, policy->check, NULL,
		             "has «%s» instead of «%s»", found, wanted);
		remedy_records(check, owner, false, "TXT record");
	} else {
		findings_add(findings, FINDING_WRONG, subject, policy->check, NULL, "%s",
		             count == 0 ? "there is none" : "more than one, so none counts");
		remedy_records(check, owner, false, "TXT record");
	}
}

static void check_policy(const struct check_dns *check, const struct mail *mail,
                         const char *subject, const struct policy *policy, const struct zone *zone)
{
	struct text owner = TEXT_EMPTY;
	struct string_set wanted = STRING_SET_EMPTY;
	struct string_set set = STRING_SET_EMPTY;
	text_add(&owner, "%s%s", policy->prefix, mail->domain);
	if (!owner.failed) {
		zone_set(zone, owner.data, KNOT_RRTYPE_TXT, &wanted);
	}
	if (wanted.count > 0 && resolve_set(check, owner.data, KNOT_RRTYPE_TXT, &set)) {
		judge_policy(check, subject, policy, owner.data, wanted.items[0], &set);
	}
	string_set_free(&set);
	string_set_free(&wanted);
	text_free(&owner);
}

void check_dns_mail(const struct check_dns *check, const struct mail *mail)
{
	char subject[NAME_TEXT_SIZE + 8];
	struct zone *zone = NULL;
	subject_of(mail, subject);
	if (zone_new(".", &zone) != 0 || zone_mail_add_mx(zone, check->site, mail) != 0 ||
	    zone_mail_add_policies(zone, check->site, mail) != 0) {
		check->findings->failed = true;
	} else {
		check_mx(check, mail, subject, zone);
		for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
			check_policy(check, mail, subject, &policies[i], zone);
		}
	}
	zone_free(zone);
}

static bool check_address(const struct check_dns *check, const struct mail *mail,
                          const char *subject, const char *record, const struct uplink *uplink,
                          const struct address *address)
{
	char text[ADDRESS_TEXT_MAX];
	enum spf_verdict verdict = spf_judge(record, address);
	if (verdict != SPF_NAMED) {
		findings_add(
			check->findings, verdict == SPF_UNSETTLED ? FINDING_WARNING : FINDING_WRONG,
			subject, "SPF", NULL, "lacks %s of uplink %s%s",
			address_format(address, text), uplink->id,
			verdict == SPF_UNSETTLED ? ", unless a term that is looked up has it" : "");
		remedy_records(check, mail->domain, false, "TXT record with v=spf1");
	}
	return verdict == SPF_NAMED;
}

/*! Each address of an uplink, by which mail may leave. */
static bool check_addresses(const struct check_dns *check, const struct mail *mail,
                            const char *subject, const char *record, const struct uplink *uplink,
                            uint8_t family, size_t *count)
{
	const struct address_list *list = zone_addresses(uplink, family);
	bool good = true;
	for (size_t i = 0; i < list->count; i++) {
		*count += 1;
		good &= list->items[i].family != family ||
		        check_address(check, mail, subject, record, uplink, &list->items[i]);
	}
	struct address own = provider_address(check->site, mail->server, uplink->number, family);
	if (own.family != 0 &&
	    zone_server_address(check->site, mail->server, uplink, family, &own)) {
		good &= check_address(check, mail, subject, record, uplink, &own);
	}
	return good;
}

/*! Terms that the site file asks for beside the addresses. */
static bool check_terms(const struct check_dns *check, const struct mail *mail, const char *subject,
                        const char *record)
{
	bool good = true;
	for (size_t i = 0; i < mail->spf.count; i++) {
		if (!spf_has_term(record, mail->spf.items[i])) {
			findings_add(check->findings, FINDING_WARNING, subject, "SPF", NULL,
			             "lacks %s of the site file", mail->spf.items[i]);
			remedy_records(check, mail->domain, false, "TXT record with v=spf1");
			good = false;
		}
	}
	return good;
}

static void judge_spf(const struct check_dns *check, const struct mail *mail, const char *subject,
                      const struct string_set *set)
{
	const struct site *site = check->site;
	const char *record = NULL;
	size_t count = 0;
	for (size_t i = 0; i < set->count; i++) {
		if (spf_is_record(set->items[i])) {
			record = set->items[i];
			count++;
		}
	}
	if (count != 1) {
		findings_add(check->findings, FINDING_WRONG, subject, "SPF", NULL, "%s",
		             count == 0 ? "there is none" : "more than one, so none counts");
		remedy_records(check, mail->domain, false, "TXT record with v=spf1");
		return;
	}
	size_t addresses = 0;
	bool good = check_terms(check, mail, subject, record);
	for (size_t i = 0; i < site->uplink_count; i++) {
		good &= check_addresses(check, mail, subject, record, &site->uplinks[i], AF_INET,
		                        &addresses);
		good &= check_addresses(check, mail, subject, record, &site->uplinks[i], AF_INET6,
		                        &addresses);
	}
	if (good && addresses > 0) {
		findings_add(check->findings, FINDING_GOOD, subject, "SPF", NULL,
		             "has the uplinks' addresses");
	}
}

void check_dns_spf(const struct check_dns *check, const struct mail *mail)
{
	char subject[NAME_TEXT_SIZE + 8];
	struct string_set set = STRING_SET_EMPTY;
	subject_of(mail, subject);
	if (resolve_set(check, mail->domain, KNOT_RRTYPE_TXT, &set)) {
		judge_spf(check, mail, subject, &set);
	}
	string_set_free(&set);
}
