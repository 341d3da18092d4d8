/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Rewriting of responses: counts, lengths and compression stay right whatever is put in, at any size.
 */

#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "arrival/rewrite.h"
#include "arrival/sections.h"
#include "arrival/tail.h"

#define HOST "www.example.com."

/*! What the decision function says to the host's records. */
struct decision {
	enum rewrite_action action;
	struct tail *tail;
};

static enum rewrite_action decide(void *context, const knot_rrset_t *rrset,
                                  const knot_rrset_t *covered, struct rewrite_records *records)
{
	const struct decision *decision = context;
	knot_dname_storage_t host;
	knot_dname_from_str(host, HOST, sizeof(host));
	if (covered != NULL) {
		ck_assert(knot_dname_is_equal(covered->owner, rrset->owner));
		return REWRITE_KEEP;
	}
	if (decision->tail != NULL) {
		*records =
			(struct rewrite_records){ decision->tail->ttl, tail_rdata(decision->tail) };
	}
	return rrset->type == KNOT_RRTYPE_A && knot_dname_is_equal(rrset->owner, host)
	               ? decision->action
	               : REWRITE_KEEP;
}

static struct tail *make_tail(size_t count)
{
	struct address addresses[64] = { { 0 } };
	for (size_t i = 0; i < count; i++) {
		addresses[i] = (struct address){ AF_INET, { 10, 9, 8, (uint8_t)(100 - i) } };
	}
	struct tail *tail = malloc(tail_size(AF_INET, count));
	return tail_init(tail, 33, addresses, count);
}

static knot_rrset_t *make_rrset(const char *owner, uint16_t type, const void *rdata, uint16_t size)
{
	knot_dname_t *name = knot_dname_from_str_alloc(owner);
	knot_rrset_t *rrset = knot_rrset_new(name, type, KNOT_CLASS_IN, 300, NULL);
	knot_dname_free(name, NULL);
	ck_assert_int_eq(knot_rrset_add_rdata(rrset, rdata, size, NULL), KNOT_EOK);
	return rrset;
}

static void put(knot_pkt_t *pkt, knot_rrset_t *rrset, uint16_t hint)
{
	ck_assert_int_eq(knot_pkt_put(pkt, hint, rrset, KNOT_PF_NOTRUNC), KNOT_EOK);
}

/*! The packet and what it borrows. */
struct scene {
	knot_pkt_t *pkt;
	knot_rrset_t *rrsets[4];
	knot_rrset_t opt;
};

/*! Query for an MX with two exchanges, of which the first is the host, whose A comes twice or once. */
static struct scene make_scene(size_t placeholders, bool finished)
{
	struct scene scene = { .pkt = knot_pkt_new(NULL, 512, NULL) };
	knot_dname_storage_t qname;
	knot_dname_from_str(qname, "mail.example.com.", sizeof(qname));
	ck_assert_int_eq(knot_pkt_put_question(scene.pkt, qname, KNOT_CLASS_IN, KNOT_RRTYPE_MX), 0);
	uint8_t mx[300] = { 0, 10 };
	knot_dname_from_str(mx + 2, HOST, sizeof(mx) - 2);
	scene.rrsets[0] = make_rrset("mail.example.com.", KNOT_RRTYPE_MX, mx,
	                             (uint16_t)(2 + knot_dname_size(mx + 2)));
	scene.rrsets[1] = make_rrset(HOST, KNOT_RRTYPE_A, "\xc0\x00\x02\x63", 4);
	if (placeholders == 2) {
		ck_assert_int_eq(knot_rrset_add_rdata(scene.rrsets[1],
		                                      (const uint8_t *)"\xc0\x00\x02\x64", 4, NULL),
		                 KNOT_EOK);
	}
	scene.rrsets[2] = make_rrset("other.example.com.", KNOT_RRTYPE_A, "\xc0\x00\x02\x07", 4);
	scene.rrsets[3] = make_rrset("other.example.com.", KNOT_RRTYPE_TXT,
	                             "\x03"
	                             "txt",
	                             4);

	knot_pkt_begin(scene.pkt, KNOT_ANSWER);
	put(scene.pkt, scene.rrsets[0], KNOT_COMPR_HINT_QNAME);
	knot_pkt_begin(scene.pkt, KNOT_AUTHORITY);
	knot_pkt_begin(scene.pkt, KNOT_ADDITIONAL);
	put(scene.pkt, scene.rrsets[1],
	    knot_compr_hint(&scene.pkt->rr_info[0], KNOT_COMPR_HINT_RDATA));
	put(scene.pkt, scene.rrsets[2], KNOT_COMPR_HINT_NONE);
	put(scene.pkt, scene.rrsets[3], KNOT_COMPR_HINT_NONE);
	if (finished) {
		ck_assert_int_eq(knot_edns_init(&scene.opt, 1232, 0, 0, NULL), KNOT_EOK);
		put(scene.pkt, &scene.opt, KNOT_COMPR_HINT_NONE);
	}
	return scene;
}

static void free_scene(struct scene *scene)
{
	knot_pkt_free(scene->pkt);
	for (size_t i = 0; i < 4; i++) {
		knot_rrset_free(scene->rrsets[i], NULL);
	}
	knot_rrset_clear(&scene->opt, NULL);
}

/*! Parse the wire as a client would, and render its A records. */
static void expect_wire(const knot_pkt_t *pkt, const char *wanted)
{
	char text[1024] = "";
	knot_pkt_t *parsed = knot_pkt_new(pkt->wire, (uint16_t)pkt->size, NULL);
	ck_assert_int_eq(knot_pkt_parse(parsed, 0), KNOT_EOK);
	ck_assert_uint_eq(parsed->parsed, pkt->size);
	for (uint16_t i = 0; i < parsed->rrset_count; i++) {
		const knot_rrset_t *rrset = &parsed->rr[i];
		char owner[256];
		knot_dname_to_str(owner, rrset->owner, sizeof(owner));
		const uint8_t *data = rrset->rrs.rdata->data;
		size_t used = strlen(text);
		if (rrset->type == KNOT_RRTYPE_A) {
			(void)snprintf(text + used, sizeof(text) - used, "%.5s=%u.%u/%u ", owner,
			               data[2], data[3], (unsigned)rrset->ttl);
		} else {
			(void)snprintf(text + used, sizeof(text) - used, "%u ", rrset->type);
		}
	}
	ck_assert_str_eq(text, wanted);
	knot_pkt_free(parsed);
}

#define MX "15 "
#define OTHER "other=2.7/300 16 "
#define OPT "41 "

static const struct {
	size_t placeholders;
	enum rewrite_action action;
	size_t count; /*!< Records of the tail. */
	const char *wanted;
	enum rewrite_result result;
} cases[] = {
	{ 1, REWRITE_KEEP, 1, MX "www.e=2.99/300 " OTHER, REWRITE_UNCHANGED },
	{ 1, REWRITE_REPLACE, 1, MX "www.e=8.100/33 " OTHER, REWRITE_DONE },
	{ 2, REWRITE_REPLACE, 1, MX "www.e=8.100/33 " OTHER, REWRITE_DONE },
	{ 2, REWRITE_REPLACE, 2, MX "www.e=8.100/33 www.e=8.99/33 " OTHER, REWRITE_DONE },
	{ 1, REWRITE_REPLACE, 3, MX "www.e=8.100/33 www.e=8.99/33 www.e=8.98/33 " OTHER,
	  REWRITE_DONE },
	{ 2, REWRITE_DROP, 1, MX OTHER, REWRITE_DROPPED },
	{ 1, REWRITE_REFUSE, 1, MX "www.e=2.99/300 " OTHER, REWRITE_REFUSED },
	// 30 records do not fit, so they and what comes after them are left out.
	{ 1, REWRITE_REPLACE, 30, MX, REWRITE_NO_ROOM },
};

START_TEST(test_section_is_rewritten_wrongly)
{
	struct scene scene = make_scene(cases[_i].placeholders, false);
	struct decision decision = { cases[_i].action, make_tail(cases[_i].count) };
	ck_assert_int_eq(rewrite_section(scene.pkt, decide, &decision), cases[_i].result);
	expect_wire(scene.pkt, cases[_i].wanted);
	ck_assert_uint_eq(knot_wire_get_tc(scene.pkt->wire), 0);
	if (cases[_i].result == REWRITE_DONE) {
		// A second look finds nothing to do.
		ck_assert(!rewrite_needed(scene.pkt, decide, &decision));
		ck_assert_int_eq(rewrite_section(scene.pkt, decide, &decision), REWRITE_UNCHANGED);
	}
	free(decision.tail);
	free_scene(&scene);
}
END_TEST

START_TEST(test_finished_response_loses_its_opt_record)
{
	struct scene scene = make_scene(cases[_i].placeholders, true);
	struct decision decision = { cases[_i].action, make_tail(cases[_i].count) };
	if (decision.action == REWRITE_REFUSE) {
		decision.action = REWRITE_DROP;
	}
	rewrite_finished(scene.pkt, decide, &decision);
	char wanted[256];
	(void)snprintf(wanted, sizeof(wanted), "%s" OPT,
	               cases[_i].action == REWRITE_REFUSE ? MX OTHER : cases[_i].wanted);
	expect_wire(scene.pkt, wanted);
	free(decision.tail);
	free_scene(&scene);
}
END_TEST

/*! What fits at 0 to 79 more octets than the placeholder needs. */
START_TEST(test_small_packet_overflows)
{
#define FOUR MX "www.e=8.100/33 www.e=8.99/33 www.e=8.98/33 www.e=8.97/33 "
	for (size_t spare = 0; spare < 80; spare++) {
		struct scene scene = make_scene(1, true);
		struct decision decision = { REWRITE_REPLACE, make_tail(4) };
		scene.pkt->max_size = scene.pkt->size + spare;
		rewrite_finished(scene.pkt, decide, &decision);
		ck_assert_uint_le(scene.pkt->size, scene.pkt->max_size);
		// Three more records are 48 octets; the TXT record is 16, the other address 22.
		expect_wire(scene.pkt, spare >= 48   ? FOUR OTHER OPT
		                       : spare >= 32 ? FOUR "other=2.7/300 " OPT
		                       : spare >= 10 ? FOUR OPT
		                                     : MX OPT);
		free(decision.tail);
		free_scene(&scene);
	}
}
END_TEST

START_TEST(test_answer_that_is_cut_lacks_tc)
{
	struct scene scene = { .pkt = knot_pkt_new(NULL, 512, NULL) };
	knot_dname_storage_t qname;
	knot_dname_from_str(qname, HOST, sizeof(qname));
	ck_assert_int_eq(knot_pkt_put_question(scene.pkt, qname, KNOT_CLASS_IN, KNOT_RRTYPE_A), 0);
	scene.rrsets[0] = make_rrset(HOST, KNOT_RRTYPE_A, "\xc0\x00\x02\x63", 4);
	put(scene.pkt, scene.rrsets[0], KNOT_COMPR_HINT_QNAME);
	knot_pkt_begin(scene.pkt, KNOT_AUTHORITY);
	knot_pkt_begin(scene.pkt, KNOT_ADDITIONAL);
	ck_assert_int_eq(knot_edns_init(&scene.opt, 1232, 0, 0, NULL), KNOT_EOK);
	put(scene.pkt, &scene.opt, KNOT_COMPR_HINT_NONE);
	struct decision decision = { REWRITE_DROP, NULL };
	rewrite_finished(scene.pkt, decide, &decision);
	expect_wire(scene.pkt, OPT);
	ck_assert_uint_ne(knot_wire_get_tc(scene.pkt->wire), 0);
	free_scene(&scene);
}
END_TEST

static const struct {
	const char *name;
	unsigned number;
} servers[] = {
	{ "www-ns1.example.com.", 1 },
	{ "WWW-NS12.example.com.", 12 },
	{ "a-b-ns63.", 63 },
	{ "www-ns64.example.com.", 0 },
	{ "www-ns0.example.com.", 0 },
	{ "www-ns01.example.com.", 0 },
	{ "ns1.example.com.", 0 },
	{ "-ns1.example.com.", 0 },
	{ "www-ns.example.com.", 0 },
	{ "wwwns1.example.com.", 0 },
	{ "www-ns100.example.com.", 0 },
	{ "1.example.com.", 0 },
	{ ".", 0 },
	{ "www-ns4294967297.", 0 },
	{ "12.", 0 },
};

START_TEST(test_name_server_is_taken_for_another_uplinks)
{
	knot_dname_storage_t name;
	ck_assert_ptr_nonnull(knot_dname_from_str(name, servers[_i].name, sizeof(name)));
	ck_assert_uint_eq(sections_uplink_number(name), servers[_i].number);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rewrite");
	TCase *tests = tcase_create("rewrite");
	int count = sizeof(cases) / sizeof(cases[0]);
	tcase_add_loop_test(tests, test_section_is_rewritten_wrongly, 0, count);
	tcase_add_loop_test(tests, test_finished_response_loses_its_opt_record, 0, count);
	tcase_add_test(tests, test_small_packet_overflows);
	tcase_add_test(tests, test_answer_that_is_cut_lacks_tc);
	tcase_add_loop_test(tests, test_name_server_is_taken_for_another_uplinks, 0,
	                    sizeof(servers) / sizeof(servers[0]));
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
