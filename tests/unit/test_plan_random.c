/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * What must hold for every site and every kernel: random ones, the same in each run.
 */

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "daemon/answers.h"
#include "plan_text.h"

#define ROUNDS 400

/*! A small generator of our own, so that the sites are the same with every C library (xorshift32). */
static uint32_t state;

static unsigned draw(unsigned below)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % below;
}

static bool chance(unsigned percent)
{
	return draw(100) < percent;
}

#define UPLINKS 4

static void add_uplinks(unsigned count, bool fixed, bool prefixes, struct text *text)
{
	text_add(text, "uplink:\n");
	for (unsigned i = 1; i <= count; i++) {
		text_add(text, "  - id: u%u\n    interface: wan%u\n", i, i);
		if (fixed || chance(60)) {
			text_add(text, "    address: [172.16.%u.%u, \"2001:db8:%u::2\"]\n", i,
			         1 + draw(2), i);
		}
		if (chance(50)) {
			text_add(text, "    gateway: [172.16.%u.6, \"fe80::1\"]\n", i);
		}
		if (chance(20)) {
			text_add(text, "    public-address: 198.51.100.%u\n", i);
		}
		if (prefixes && (i == 1 || chance(60))) {
			text_add(text, "    prefix: \"2001:db8:9:%u::/64\"\n", i);
		}
	}
}

static void add_servers(unsigned uplinks, bool held, struct text *text)
{
	text_add(text, "server:\n  - id: web\n    address: [10.0.0.10, \"fd00::10\"]\n"
	               "  - id: own\n    address: 10.0.0.20\n    reply-path: source-address\n"
	               "    uplink-address: [");
	for (unsigned i = 1; i <= uplinks; i++) {
		text_add(text, "%su%u=10.0.1.%u", i > 1 ? ", " : "", i, i);
		if (held && chance(80)) {
			text_add(text, ", \"u%u=2001:db8:9:%u::%u\"", i, i, 1 + draw(9));
		}
	}
	text_add(text, "]\n");
}

static char *draw_site(void)
{
	static const char *const bindings[] = { "address", "port", "device" };
	static const char *const policies[] = { "arrival", "all", "preferred" };
	struct text text = TEXT_EMPTY;
	unsigned uplinks = 1 + draw(UPLINKS);
	// Prefixes of the providers: none, with servers that hold addresses, mapped.
	unsigned provided = draw(3);
	text_add(&text, "site:\n    domain: example.com\n    lan: [lan0]\n%s",
	         provided == 2 ? "    lan-prefix: \"fd00::/64\"\n" : "");
	text_add(&text, "    hairpin: %s\n    masquerade: %s\n    dns-binding: %s\n",
	         chance(50) ? "on" : "off", chance(50) ? "on" : "off", bindings[draw(3)]);
	add_uplinks(uplinks, chance(30), provided > 0, &text);
	add_servers(uplinks, provided == 1, &text);
	text_add(&text, "host:\n");
	for (unsigned i = 0, count = 1 + draw(4); i < count; i++) {
		text_add(&text, "  - domain: h%u.example.com\n    server: %s\n    port: tcp/%u\n",
		         i, chance(70) ? "web" : "own", 80 + i);
		text_add(&text, "    policy: %s\n    uplink: u%u\n", policies[draw(3)],
		         1 + draw(uplinks));
	}
	return text_take(&text);
}

/*! An interface with whatever a kernel may show of it. */
static void add_interface(const char *name, unsigned number, struct text *text)
{
	text_add(text, "link %s%s%s%s rp-filter %u\n", name, chance(90) ? " up" : "",
	         chance(90) ? " carrier" : "", chance(15) ? " point-to-point" : "",
	         chance(80) ? 0 : draw(3));
	for (unsigned i = 1; i <= 2; i++) {
		if (chance(70)) {
			text_add(text, "address %s 172.16.%u.%u/29%s\n", name, number, i,
			         chance(10) ? " unusable" : "");
		}
	}
	if (chance(60)) {
		text_add(text, "address %s 2001:db8:%u::2/64\n", name, number);
	}
	if (chance(60)) {
		text_add(text, "route 0.0.0.0/0 dev %s via 172.16.%u.6 metric %u\n", name, number,
		         draw(3));
	}
	if (chance(50)) {
		text_add(text, "route ::/0 dev %s via fe80::1 metric %u\n", name, 1 + draw(3));
	}
	if (chance(80)) {
		text_add(text, "route 172.16.%u.0/29 dev %s metric %u\n", number, name, draw(2));
	}
	static const char *const anywhere[] = {
		"2001:db8:9:1::/64", "10.0.0.0/24", "10.0.0.0/8",   "0.0.0.0/1",
		"10.9.0.0/16",       "fd00::/64",   "2000::/3",     "fe80::/64",
		"2001:db8:9::/48",   "fc00::/7",    "172.16.1.0/29"
	};
	for (unsigned i = draw(4); i > 0; i--) {
		text_add(text, "route %s dev %s metric %u\n", anywhere[draw(COUNT(anywhere))], name,
		         draw(3));
	}
}

static char *draw_observed(void)
{
	struct text text = TEXT_EMPTY;
	add_interface("lan0", 100, &text);
	add_interface("wg0", 101, &text);
	for (unsigned i = 1; i <= UPLINKS; i++) {
		char name[IFNAMSIZ];
		(void)snprintf(name, sizeof(name), "wan%u", i);
		if (chance(90)) {
			add_interface(name, i, &text);
		}
	}
	text_add(&text, "forwarding4 %s\nforwarding6 %s\n", chance(90) ? "on" : "off",
	         chance(90) ? "on" : "off");
	return text_take(&text);
}

static void assert_same_plan(const struct planned *planned, uplink_set drained)
{
	struct plan *first = NULL;
	struct plan *again = NULL;
	ck_assert_int_eq(plan_build(planned->site, &planned->observed, drained, NULL, &first), 0);
	ck_assert_int_eq(plan_build(planned->site, &planned->observed, drained, NULL, &again), 0);
	ck_assert_str_eq(first->live, again->live);
	ck_assert_uint_eq(first->route_count, again->route_count);
	ck_assert_uint_eq(first->rule_count, again->rule_count);
	for (size_t i = 0; i < first->route_count; i++) {
		ck_assert_int_eq(route_compare(&first->routes[i], &again->routes[i]), 0);
	}
	for (size_t i = 0; i < first->rule_count; i++) {
		ck_assert_int_eq(rule_compare(&first->rules[i], &again->rules[i]), 0);
	}
	ck_assert(answers_equal(first->table, again->table));
	plan_free(first);
	plan_free(again);
}

/*! No route or rule twice: the kernel has each once, so the other would be missing for ever. */
static void assert_distinct(const struct plan *plan)
{
	for (size_t i = 1; i < plan->route_count; i++) {
		const struct route *route = &plan->routes[i];
		ck_assert_int_lt(route_compare(route - 1, route), 0);
		// The kernel tells the routes of a table apart by destination and metric.
		ck_assert(route[-1].family != route->family || route[-1].table != route->table ||
		          route[-1].metric != route->metric ||
		          prefix_compare(&route[-1].destination, &route->destination) != 0);
	}
	for (size_t i = 1; i < plan->rule_count; i++) {
		ck_assert_int_lt(rule_compare(&plan->rules[i - 1], &plan->rules[i]), 0);
	}
}

static bool has_default(const struct plan *plan, uint8_t family, uint32_t table)
{
	for (size_t i = 0; i < plan->route_count; i++) {
		const struct route *route = &plan->routes[i];
		if (route->family == family && route->table == table &&
		    route->type == RTN_UNICAST && route->destination.length == 0) {
			return true;
		}
	}
	return false;
}

static bool has_mark_rule(const struct plan *plan, uint8_t family, uint32_t mark, uint32_t table)
{
	for (size_t i = 0; i < plan->rule_count; i++) {
		const struct rule *rule = &plan->rules[i];
		if (rule->family == family && rule->mark == mark && rule->table == table &&
		    rule->from.length == 0 && rule->iif[0] == '\0') {
			return true;
		}
	}
	return false;
}

static bool has_source_rule(const struct plan *plan, const struct address *from, uint32_t table)
{
	for (size_t i = 0; i < plan->rule_count; i++) {
		const struct rule *rule = &plan->rules[i];
		if (rule->table == table && rule->from.length == 128 &&
		    address_equal(&rule->from.address, from)) {
			return true;
		}
	}
	return false;
}

/*! An address of a server's own has its rule, unless it is mapped, which is seen from its prefix. */
static void assert_own_addresses_have_a_way_back(const struct planned *planned)
{
	const struct table *table = planned->plan->table;
	bool mapped = planned->site->lan_prefix.address.family != 0;
	for (size_t i = 0; i < table->host_count; i++) {
		const struct table_host *row = &table->hosts[i];
		for (size_t j = 0; j < row->own_count; j++) {
			const struct uplink *uplink =
				site_uplink(planned->site, row->own[j].uplink);
			const struct address *address = &row->own[j].address;
			ck_assert(prefix_contains(&uplink->prefix, address) || !mapped);
			ck_assert(mapped ||
			          has_source_rule(planned->plan, address,
			                          site_table(planned->site, uplink->number)));
		}
	}
}

/*! Whoever is answered has a way back: the invariant, as far as a plan can keep it. */
static void assert_answers_have_a_way_back(const struct planned *planned)
{
	const struct table *table = planned->plan->table;
	for (size_t i = 0; i < table->uplink_count; i++) {
		const struct table_uplink *row = &table->uplinks[i];
		ck_assert_int_eq(row->usable, row->address_count > 0);
		for (size_t j = 0; j < row->address_count; j++) {
			uint8_t family = row->address[j].family;
			uint32_t number = site_table(planned->site, row->number);
			uint32_t mark = site_mark(planned->site, row->number);
			ck_assert(has_default(planned->plan, family, number));
			ck_assert(has_mark_rule(planned->plan, family, mark, number));
			ck_assert_ptr_null(address_unpublishable(&row->address[j]));
		}
	}
}

static bool offers(const struct table *table, unsigned number, const struct address *address)
{
	const struct table_uplink *row = table_find_uplink(table, number);
	for (size_t i = 0; row != NULL && row->usable && i < row->address_count; i++) {
		if (address_equal(&row->address[i], address)) {
			return true;
		}
	}
	return false;
}

static void read_back(const struct table_row *row, struct table *table)
{
	ck_assert_int_eq(table_decode(row->key, row->key_size, row->value, row->value_size, table),
	                 0);
}

/*! Readers take a table whole or not at all; a restart finds what it had published. */
static void assert_valid(struct table *table)
{
	struct table_row row;
	struct table *again = table_new();
	// The writer's part.
	table->meta.boot_id[0] = 1;
	ck_assert_int_eq(table_validate(table), 0);
	ck_assert_int_eq(table_encode_meta(&table->meta, &row), 0);
	read_back(&row, again);
	for (size_t i = 0; i < table->uplink_count; i++) {
		ck_assert_int_eq(table_encode_uplink(&table->uplinks[i], &row), 0);
		read_back(&row, again);
	}
	for (size_t i = 0; i < table->host_count; i++) {
		ck_assert_int_eq(table_encode_host(&table->hosts[i], &row), 0);
		read_back(&row, again);
	}
	table_sort(again);
	ck_assert(answers_equal(table, again));
	table_free(again);
}

/*! All that one table answers is answered by another one too, and not by a lost uplink. */
static void assert_within(const struct table *inner, const struct table *outer,
                          const struct uplink_sets *lost)
{
	for (size_t i = 0; i < inner->uplink_count; i++) {
		const struct table_uplink *row = &inner->uplinks[i];
		for (size_t j = 0; row->usable && j < row->address_count; j++) {
			const struct address *address = &row->address[j];
			unsigned family = address->family == AF_INET ? FAMILY_4 : FAMILY_6;
			ck_assert(offers(outer, row->number, address));
			ck_assert((lost->family[family] & UPLINK_BIT(row->number)) == 0);
		}
	}
	for (size_t i = 0; i < inner->host_count; i++) {
		const struct table_host *row = &inner->hosts[i];
		const struct table_host *other =
			table_find_host(outer, row->owner, row->owner_length);
		ck_assert_uint_eq(row->ready4 & ~(other != NULL ? other->ready4 : 0), 0);
		ck_assert_uint_eq(row->ready6 & ~(other != NULL ? other->ready6 : 0), 0);
	}
}

static struct planned draw_planned(void)
{
	char *site = draw_site();
	char *observed = draw_observed();
	struct planned planned = planned_from_text(site, observed);
	free(observed);
	free(site);
	return planned;
}

START_TEST(plans_and_answers_keep_their_promises)
{
	state = 2463534242u + (uint32_t)_i;
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct planned before = draw_planned();
		struct planned after = draw_planned();
		assert_same_plan(&after, draw(32));
		assert_distinct(after.plan);
		assert_answers_have_a_way_back(&after);
		assert_own_addresses_have_a_way_back(&after);

		struct uplink_sets lost = { { draw(8) * 2, draw(8) * 2 } };
		const struct table *planned = after.plan->table;
		struct table *published = answers_installed(before.plan->table, &lost);
		assert_within(published, before.plan->table, &lost);
		assert_valid(published);
		lost = (struct uplink_sets){ { draw(8) * 2, draw(8) * 2 } };
		struct table *cut = answers_withdrawn(published, planned, &lost);
		assert_within(cut, published, &lost);
		assert_within(cut, planned, &lost);
		assert_valid(cut);
		table_free(cut);
		table_free(published);
		planned_free(&after);
		planned_free(&before);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plan_random");
	TCase *tcase = tcase_create("plan_random");
	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, plans_and_answers_keep_their_promises, 0, 4);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
