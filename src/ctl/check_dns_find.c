/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Judging of DNS, part by part, until everything that it depends on is known.
 */

#include "ctl/check_dns_find.h"

#include <errno.h>
#include <libknot/libknot.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "ctl/check_dns_answers.h"
#include "ctl/check_dns_parts.h"

/*! The longest way is: zone, its servers, their addresses, what they say. */
#define ROUNDS_MAX 8

static void judge_resolved(const struct check_dns *check, const struct host *host,
                           const struct string_set *set)
{
	struct findings *findings = check->findings;
	struct string_set offered = STRING_SET_EMPTY;
	struct text text = TEXT_EMPTY;
	bool foreign = false;
	answer_offered(host, check->site, AF_INET, &offered);
	answer_offered(host, check->site, AF_INET6, &offered);
	for (size_t i = 0; i < set->count; i++) {
		foreign |= !string_set_has(&offered, set->items[i]);
	}
	for (size_t i = 0; i < host->uplink_count; i++) {
		foreign &= !is_unknown(site_uplink(check->site, host->uplink[i]));
	}
	string_set_join(set, &text);
	if (set->count == 0) {
		findings_add(findings, FINDING_WRONG, host->domain, "resolver", NULL,
		             "finds no address");
		findings_remedy(findings, "mend what is wrong above; the resolver may keep what it "
		                          "has for some minutes");
	} else if (foreign) {
		findings_add(findings, FINDING_WARNING, host->domain, "resolver", NULL,
		             "finds %s, not what the site file says", text.data);
		findings_remedy(findings, "name a resolver outside by --resolver: this one may "
		                          "have its own view of the name");
	} else {
		findings_add(findings, FINDING_GOOD, host->domain, "resolver", NULL, "finds %s",
		             text.data);
	}
	text_free(&text);
	string_set_free(&offered);
}

static void check_resolved(const struct check_dns *check, const struct host *host)
{
	struct string_set set = STRING_SET_EMPTY;
	bool known4 = resolve_set(check, host->domain, KNOT_RRTYPE_A, &set);
	bool known6 = resolve_set(check, host->domain, KNOT_RRTYPE_AAAA, &set);
	if (known4 && known6) {
		judge_resolved(check, host, &set);
	}
	string_set_free(&set);
}

void check_dns_find(const struct check_dns *check)
{
	const struct site *site = check->site;
	check->findings->section = "dns";
	if (site->host_count == 0 && site->mail_count == 0) {
		findings_add(check->findings, FINDING_NOTE, site->domain, "site file", NULL,
		             "no host and no mail domain, so nothing to ask");
	}
	for (size_t i = 0; i < site->uplink_count; i++) {
		check_dns_uplink(check, &site->uplinks[i]);
	}
	for (size_t i = 0; i < site->host_count; i++) {
		check_dns_host_delegation(check, &site->hosts[i]);
		check_dns_host_answers(check, &site->hosts[i]);
		check_resolved(check, &site->hosts[i]);
	}
	for (size_t i = 0; i < site->mail_count; i++) {
		check_dns_mail(check, &site->mails[i]);
		check_dns_spf(check, &site->mails[i]);
	}
	for (size_t i = 0; i < site->uplink_count && site->mail_count > 0; i++) {
		check_dns_gateway(check, &site->uplinks[i]);
	}
}

int check_dns_run(const struct check_dns *check, int (*ask)(struct learnt *learnt, void *context),
                  void *context)
{
	int ret = 0;
	for (unsigned round = 0; round < ROUNDS_MAX && ret == 0; round++) {
		findings_free(check->findings);
		check->learnt->missing = false;
		check_dns_find(check);
		if (check->learnt->failed || check->findings->failed) {
			return -ENOMEM;
		}
		if (!check->learnt->missing) {
			return 0;
		}
		ret = ask(check->learnt, context);
	}
	return ret == 0 ? -ELOOP : ret;
}
