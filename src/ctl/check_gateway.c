/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * multihomectl check gateway: the facts that the judgement needs.
 */

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timex.h>

#include "ctl/check.h"
#include "ctl/check_daemon.h"
#include "ctl/check_dns_answers.h"
#include "ctl/check_dns_parts.h"
#include "ctl/check_gateway_parts.h"
#include "table/table_lmdb.h"

#define DNS_PORT 53

/*! Own addresses are asked, and answer at once or never. */
#define ANSWER_TIMEOUT_MS 2000

static void read_table(const struct site *site, struct gateway_table *table)
{
	struct text path = TEXT_EMPTY;
	struct table_reader *reader = NULL;
	struct table_meta meta;
	uint8_t boot_id[16];
	text_add(&path, "%s/table", site->run_dir);
	int ret = path.failed ? -ENOMEM : table_reader_open(path.data, &reader);
	if (ret == 0) {
		ret = table_reader_meta(reader, &meta);
	}
	if (ret == 0) {
		ret = table_boot_id(boot_id);
	}
	table->error = ret;
	if (ret == 0) {
		uint64_t now_ms = table_now_ms();
		table->other_boot = memcmp(boot_id, meta.boot_id, sizeof(boot_id)) != 0;
		table->generation = meta.generation;
		table->age_ms = now_ms > meta.heartbeat_ms ? now_ms - meta.heartbeat_ms : 0;
		table->stale_after_ms = meta.stale_after_ms;
	}
	table_reader_close(reader);
	text_free(&path);
}

static bool is_synchronised(void)
{
	struct timex clock = { .modes = 0 };
	return adjtimex(&clock) != TIME_ERROR || (clock.status & STA_UNSYNC) == 0;
}

static bool is_elsewhere(const struct site *site)
{
	for (size_t i = 0; i < site->uplink_count; i++) {
		if (if_nametoindex(site->uplinks[i].interface) != 0) {
			return false;
		}
	}
	return true;
}

/*! A host that an uplink offers, or NULL. */
static const struct host *find_host(const struct site *site, unsigned uplink)
{
	for (size_t i = 0; i < site->host_count; i++) {
		for (size_t k = 0; k < site->hosts[i].uplink_count; k++) {
			if (site->hosts[i].uplink[k] == uplink) {
				return &site->hosts[i];
			}
		}
	}
	return NULL;
}

/*! Whether the daemon says that a host is answered with an uplink. */
static bool is_published(const json_t *status, const struct host *host, const struct uplink *uplink)
{
	const json_t *hosts = json_object_get(status, "hosts");
	for (size_t i = 0; i < json_array_size(hosts); i++) {
		const json_t *object = json_array_get(hosts, i);
		const json_t *uplinks = json_object_get(object, "uplinks");
		for (size_t k = 0; k < json_array_size(uplinks); k++) {
			const json_t *entry = json_array_get(uplinks, k);
			if (strcmp(member_text(object, "name"), host->domain) == 0 &&
			    strcmp(member_text(entry, "id"), uplink->id) == 0) {
				return strcmp(member_text(entry, "dns"), "answered") == 0;
			}
		}
	}
	return false;
}

static bool is_expected(const struct gateway_facts *facts, const struct host *host,
                        const struct uplink *uplink, uint8_t family, const struct string_set *set)
{
	switch (answer_judge(host, facts->site, uplink, family, set)) {
	case ANSWER_AS_WANTED:
	case ANSWER_INSIDE:
		return true;
	case ANSWER_EMPTY:
	case ANSWER_FOREIGN:
		return false;
	default:
		return !is_published(facts->status, host, uplink);
	}
}

/*! Where the name server of an uplink is asked, and what. */
struct asking {
	struct gateway_facts *facts;
	struct learnt *learnt;
	struct gateway_answer *answers;
	size_t count;
};

static void take_reply(const struct asking *asking, const struct host *host, uint8_t family,
                       const struct dns_query *query, struct gateway_answer *answer)
{
	struct string_set set = STRING_SET_EMPTY;
	struct text text = TEXT_EMPTY;
	answer->error = query->reply != NULL ? 0 : query->error;
	answer->expected = true;
	if (query->reply != NULL && host != NULL) {
		uint16_t code = knot_pkt_ext_rcode(query->reply);
		answer->problem = code != KNOT_RCODE_NOERROR ? query_problem(query) : NULL;
		reply_set(query, KNOT_ANSWER, NULL,
		          family == AF_INET ? KNOT_RRTYPE_A : KNOT_RRTYPE_AAAA, &set);
		string_set_join(&set, &text);
		answer->expected = is_expected(asking->facts, host, answer->uplink, family, &set);
		(void)snprintf(answer->answer, sizeof(answer->answer), "%s",
		               text.data != NULL ? text.data : "");
	}
	text_free(&text);
	string_set_free(&set);
}

/*! \return 0 or -errno. */
static int ask_uplink(struct asking *asking, const struct uplink *uplink,
                      const struct address *address)
{
	const struct site *site = asking->facts->site;
	const struct host *host = find_host(site, uplink->number);
	const char *name = host != NULL ? host->domain : site->domain;
	uint8_t other = address->family == AF_INET ? AF_INET6 : AF_INET;
	uint8_t family = host != NULL && server_address(host->server, address->family) == NULL
	                         ? other
	                         : address->family;
	struct gateway_answer *answer = &asking->answers[asking->count];
	struct dns_question question = {
		.server = *address,
		.port = site->dns_binding == DNS_BINDING_ADDRESS ? DNS_PORT
		                                                 : site_dns_port(uplink->number),
		.type = family == AF_INET ? KNOT_RRTYPE_A : KNOT_RRTYPE_AAAA,
	};
	if (knot_dname_from_str(question.name, name, sizeof(question.name)) == NULL) {
		return -EINVAL;
	}
	knot_dname_to_lower(question.name);
	*answer = (struct gateway_answer){
		.uplink = uplink, .address = *address, .port = question.port, .host = name
	};
	const struct dns_query *query = learnt_reply(asking->learnt, &question);
	if (query != NULL) {
		take_reply(asking, host, family, query, answer);
		asking->count++;
	}
	return 0;
}

/*! Those of the uplink's addresses, as the daemon or the file says, that this machine holds. */
static int ask_uplinks(struct asking *asking, const struct address_list *own)
{
	const json_t *uplinks = json_object_get(asking->facts->status, "uplinks");
	const struct check_dns check = { .own = own };
	int ret = 0;
	asking->count = 0;
	for (size_t i = 0; i < asking->facts->site->uplink_count && ret == 0; i++) {
		const struct uplink *uplink = &asking->facts->site->uplinks[i];
		const json_t *told = json_object_get(json_array_get(uplinks, i), "address");
		for (size_t k = 0; k < 2 && ret == 0; k++) {
			const char *text = json_string_value(json_array_get(told, k));
			struct address address = { 0 };
			if (text != NULL) {
				(void)address_parse(text, &address);
			} else if (asking->facts->status == NULL && k < uplink->address.count) {
				address = uplink->address.items[k];
			}
			if (address.family != 0 && is_own(&check, &address)) {
				ret = ask_uplink(asking, uplink, &address);
			}
		}
	}
	return ret;
}

/*! A socket that is bound to an interface is not reached from here, but the uplink's port for the inside. */
static int ask_name_servers(struct asking *asking, const struct address_list *own)
{
	const struct site *site = asking->facts->site;
	asking->answers = calloc(2 * site->uplink_count + 1, sizeof(*asking->answers));
	if (asking->answers == NULL) {
		return -ENOMEM;
	}
	int ret = ask_uplinks(asking, own);
	if (ret == 0) {
		ret = learnt_ask(asking->learnt, ANSWER_TIMEOUT_MS);
	}
	if (ret == 0) {
		ret = ask_uplinks(asking, own);
	}
	asking->facts->answers = asking->answers;
	asking->facts->answer_count = asking->count;
	return ret;
}

int check_gateway(const struct command_line *line, struct findings *findings)
{
	struct site *site = NULL;
	struct address_list own = { 0 };
	struct learnt learnt = LEARNT_EMPTY;
	struct text silence = TEXT_EMPTY;
	struct gateway_facts facts = { 0 };
	struct asking asking = { .facts = &facts, .learnt = &learnt };
	json_t *status = NULL;
	json_t *observed = NULL;
	int code = EXIT_USAGE;
	if (command_site(line, &site) != 0) {
		goto cleanup;
	}
	status = check_ask(line, site, "status", "status", &silence);
	observed = status != NULL ? check_ask(line, site, "observe", "observed", &silence) : NULL;
	facts.site = site;
	facts.status = status;
	facts.observed = observed;
	facts.silence = silence.data != NULL ? silence.data : "";
	facts.elsewhere = is_elsewhere(site);
	facts.unsynchronised = !is_synchronised();
	read_table(site, &facts.table); // Behind the status, whose generation it then has.
	int ret = check_list_own(&own);
	ret = ret == 0 ? check_follow(site, status) : ret;
	ret = ret == 0 ? ask_name_servers(&asking, &own) : ret;
	if (ret == 0) {
		check_gateway_find(&facts, findings);
	} else {
		command_error("gateway, failed to check (%s)", strerror(-ret));
	}
	code = ret == 0 ? EXIT_GOOD : EXIT_WRONG;
cleanup:
	free(asking.answers);
	free(own.items);
	learnt_free(&learnt);
	json_decref(observed);
	json_decref(status);
	text_free(&silence);
	site_free(site);
	return code;
}
