/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The answer table of a plan, and what of a plan the kernel lacks.
 */

#include "plan_text.h"

#define SITE(keys)                                                                                \
	"site:\n    domain: example.com\n    lan: [lan0, lan1]\n" keys "uplink:\n"                \
	"  - id: primary\n    interface: wan0\n    address: [192.168.2.1, \"2001:db8:1::2\"]\n"   \
	"    gateway: [192.168.2.6, \"2001:db8:1::1\"]\n"                                         \
	"  - id: backup\n    interface: wan1\n    address: 172.16.1.1\n    gateway: 172.16.1.2\n" \
	"    public-address: 198.51.100.1\n"
#define SERVERS                                                                   \
	"server:\n  - id: web\n    address: [10.0.0.10, \"fd00:10::10\"]\n"       \
	"  - id: files\n    address: 10.0.0.20\n    reply-path: source-address\n" \
	"    uplink-address: [primary=10.0.1.1, backup=10.0.1.5, \"backup=fd00:10::105\"]\n"
#define HOSTS                                                                                     \
	"host:\n  - domain: www.example.com\n    server: web\n    port: tcp/80\n    alias: api\n" \
	"  - domain: files.example.com\n    server: files\n    port: tcp/22\n    ttl: 1m\n"       \
	"    uplink: [backup, primary]\n    policy: preferred\n"                                  \
	"  - domain: one.example.com\n    server: web\n    port: tcp/81\n    uplink: backup\n"    \
	"    policy: all\n"
#define MAILS                                                                   \
	"mail:\n  - domain: example.com\n    server: files\n    port: tcp/25\n" \
	"  - domain: example.org\n    server: web\n    port: tcp/465\n"
#define WELL                                                                 \
	"link lan0 up carrier\nlink wan0 up carrier\nlink wan1 up carrier\n" \
	"address wan0 192.168.2.1/29\naddress wan0 2001:db8:1::2/64\n"       \
	"address wan0 192.168.2.3/29 unusable\naddress wan1 172.16.1.1/30\n"

static const struct {
	const char *owner;
	uint32_t ttl;
	enum answer_policy policy;
	const char *ready4;
	const char *ready6;
	const char *order;
	const char *lan4;
	const char *lan6;
} hosts[] = {
	{ "www.example.com", 10, ANSWER_ARRIVAL, "12", "12", "12", "10.0.0.10", "fd00:10::10" },
	{ "api.www.example.com", 10, ANSWER_ARRIVAL, "12", "12", "12", "10.0.0.10", "fd00:10::10" },
	{ "files.example.com", 60, ANSWER_PREFERRED, "12", "2", "21", "10.0.0.20", NULL },
	{ "one.example.com", 10, ANSWER_ALL, "2", "2", "2", "10.0.0.10", "fd00:10::10" },
	// IPv6 by the server of the second domain: there is such a forward.
	{ "mail-gw-1.example.com", 10, ANSWER_UPLINK, "12", "12", "12", "10.0.0.20", NULL },
	{ "mail-gw-2.example.com", 10, ANSWER_UPLINK, "12", "12", "21", "10.0.0.20", NULL },
};

START_TEST(host_row_follows_from_the_site)
{
	struct planned planned = planned_from_text(SITE("") SERVERS HOSTS MAILS, WELL);
	const struct table *table = planned.plan->table;
	uint8_t owner[TABLE_OWNER_MAX];
	int length = table_owner_from_text(hosts[_i].owner, owner);
	ck_assert_uint_eq(table->host_count, COUNT(hosts));
	const struct table_host *row = table_find_host(table, owner, (size_t)length);
	ck_assert_ptr_nonnull(row);
	ck_assert_uint_eq(row->ttl, hosts[_i].ttl);
	ck_assert_uint_eq(row->policy, hosts[_i].policy);
	ck_assert_uint_eq(row->ready4, set_from_digits(hosts[_i].ready4));
	ck_assert_uint_eq(row->ready6, set_from_digits(hosts[_i].ready6));
	ck_assert_uint_eq(row->order_count, strlen(hosts[_i].order));
	for (size_t i = 0; i < row->order_count; i++) {
		ck_assert_uint_eq(row->order[i], hosts[_i].order[i] - '0');
	}
	const char *lan[] = { hosts[_i].lan4, hosts[_i].lan6 };
	ck_assert_uint_eq(row->lan_count, hosts[_i].lan6 != NULL ? 2 : 1);
	for (size_t i = 0; i < row->lan_count; i++) {
		char text[ADDRESS_TEXT_MAX];
		ck_assert_str_eq(address_format(&row->lan[i], text), lan[i]);
	}
	planned_free(&planned);
}
END_TEST

static void add_uplink_row(const struct table_uplink *row, struct text *text)
{
	char address[ADDRESS_TEXT_MAX];
	text_add(text, "%u %s%s%s", row->number, row->id, row->usable ? " usable" : "",
	         row->drained ? " drained" : "");
	for (size_t i = 0; i < row->address_count; i++) {
		text_add(text, " %s", address_format(&row->address[i], address));
	}
	for (size_t i = 0; i < row->binding_count; i++) {
		const struct table_binding *binding = &row->binding[i];
		if (binding->kind == TABLE_BINDING_PORT) {
			text_add(text, " @%u", binding->port);
		} else if (binding->kind == TABLE_BINDING_DEVICE) {
			text_add(text, " @%s", binding->device);
		} else {
			ck_assert_int_eq(binding->kind, TABLE_BINDING_ADDRESS);
			text_add(text, " @%s", address_format(&binding->address, address));
		}
	}
	text_add(text, "\n");
}

#define OWN "@192.168.2.1 @192.168.2.3 @2001:db8:1::2\n"

static const struct {
	const char *site;
	const char *observed;
	const char *drained;
	const char *rows;
} uplinks[] = {
	{ SITE(""), WELL, "",
	  "1 primary usable 192.168.2.1 2001:db8:1::2 " OWN
	  "2 backup usable 198.51.100.1 @172.16.1.1\n" },
	{ SITE(""), WELL, "2",
	  "1 primary usable 192.168.2.1 2001:db8:1::2 " OWN
	  "2 backup usable drained 198.51.100.1 @172.16.1.1\n" },
	{ SITE("    dns-binding: port\n"), WELL, "1",
	  "1 primary usable drained 192.168.2.1 2001:db8:1::2 @5301\n"
	  "2 backup usable 198.51.100.1 @5302\n" },
	// The port is for the inside, the address for what has no socket.
	{ SITE("    dns-binding: device\n"), WELL, "1",
	  "1 primary usable drained 192.168.2.1 2001:db8:1::2 @5301 @wan0 " OWN
	  "2 backup usable 198.51.100.1 @5302 @wan1 @172.16.1.1\n" },
	{ SITE("    dns-binding: device\n"), "link wan1 up carrier\n", "",
	  "1 primary @5301 @wan0\n2 backup @5302 @wan1\n" },
	// Of a family that does not work no address is there.
	{ SITE(""), WELL "forwarding4 off\n", "",
	  "1 primary usable 2001:db8:1::2 " OWN "2 backup @172.16.1.1\n" },
	{ SITE(""), WELL "forwarding6 off\n", "",
	  "1 primary usable 192.168.2.1 " OWN "2 backup usable 198.51.100.1 @172.16.1.1\n" },
	{ SITE(""), "link wan1 up carrier\n", "", "1 primary\n2 backup\n" },
};

START_TEST(uplink_row_follows_from_the_verdict)
{
	struct site *site = site_from_text(uplinks[_i].site);
	struct observed observed = observed_from_text(uplinks[_i].observed);
	struct plan *plan = NULL;
	uplink_set drained = set_from_digits(uplinks[_i].drained);
	ck_assert_int_eq(plan_build(site, &observed, drained, NULL, &plan), 0);
	struct text text = TEXT_EMPTY;
	for (size_t i = 0; i < plan->table->uplink_count; i++) {
		add_uplink_row(&plan->table->uplinks[i], &text);
	}
	ck_assert_str_eq(text.data, uplinks[_i].rows);
	text_free(&text);
	plan_free(plan);
	observed_deinit(&observed);
	site_free(site);
}
END_TEST

static const struct {
	const char *keys;
	const char *observed;
	const char *lan;
	uint32_t stale_after_ms;
} metas[] = {
	{ "", WELL, "", 0 },
	{ "    stale: keep\n", WELL "route 10.0.0.0/24 dev lan0\n", "10.0.0.0/24 ", 0 },
	// Inside is what a LAN interface leads to, directly or not; never the world, never a link.
	{ "    stale: withdraw\n",
	  WELL "link lan1 up carrier\nroute 10.0.0.0/24 dev lan0\nroute 0.0.0.0/0 dev lan1\n"
	       "route 10.9.0.0/16 dev lan1 via 10.0.1.2\nroute fd00:10::/64 dev lan0\n"
	       "route fe80::/64 dev lan0\nroute 192.168.2.0/29 dev wan0\n",
	  "10.0.0.0/24 10.9.0.0/16 fd00:10::/64 ", 30000 },
};

START_TEST(meta_row_names_the_inside_networks)
{
	char site[2048];
	(void)snprintf(site, sizeof(site), SITE("%s") SERVERS HOSTS, metas[_i].keys);
	struct planned planned = planned_from_text(site, metas[_i].observed);
	const struct table_meta *meta = &planned.plan->table->meta;
	struct text text = TEXT_EMPTY;
	text_add(&text, "%s", "");
	for (size_t i = 0; i < meta->lan_count; i++) {
		char prefix[ADDRESS_TEXT_MAX];
		text_add(&text, "%s ", prefix_format(&meta->lan[i], prefix));
	}
	ck_assert_str_eq(text.data, metas[_i].lan);
	ck_assert_str_eq(meta->site, "example.com");
	ck_assert_uint_eq(meta->stale_after_ms, metas[_i].stale_after_ms);
	text_free(&text);
	planned_free(&planned);
}
END_TEST

START_TEST(more_networks_and_addresses_than_the_table_holds_are_left_out)
{
	struct text text = TEXT_EMPTY;
	text_add(&text, WELL);
	for (unsigned i = 0; i < 300; i++) {
		text_add(&text, "route 10.%u.%u.0/24 dev lan0\n", 100 + i / 256, i % 256);
		text_add(&text, "address wan0 172.20.%u.%u/32\n", i / 256, i % 256);
	}
	struct planned planned = planned_from_text(SITE("") SERVERS HOSTS, text.data);
	ck_assert_uint_eq(planned.plan->table->meta.lan_count, TABLE_LAN_MAX);
	ck_assert_uint_eq(planned.plan->table->uplinks[0].binding_count, TABLE_BINDINGS_MAX);
	struct table_row row;
	ck_assert_int_eq(table_encode_meta(&planned.plan->table->meta, &row), 0);
	ck_assert_int_eq(table_encode_uplink(&planned.plan->table->uplinks[0], &row), 0);
	text_free(&text);
	planned_free(&planned);
}
END_TEST

/*! What is taken out of a kernel that holds all of a plan: the object that prints like this. */
static const struct {
	const char *lost;
	uplink_set missing4;
	uplink_set missing6;
} losses[] = {
	{ "", 0, 0 },
	{ "default via 192.168.2.6 dev wan0 table 20101 onlink", 1 << 1, 0 },
	{ "unreachable default table 20102 metric 4294967295", 1 << 2, 1 << 2 },
	{ "throw 10.0.0.0/24 table 20102", 1 << 2, 0 },
	{ "throw fd00:10::/64 table 20101", 0, 1 << 1 },
	{ "pref 1010 from all fwmark 0x2000000/0x3f000000 lookup 20102", 1 << 2, 1 << 2 },
	{ "pref 1020 from 172.16.1.1/32 lookup 20102", 1 << 2, 0 },
	{ "pref 1020 from 2001:db8:1::2/128 lookup 20101", 0, 1 << 1 },
	{ "pref 1030 from fd00:10::105/128 lookup 20102", 0, 1 << 2 },
	// The guard is no uplink's: what it lacks makes nobody unreachable.
	{ "throw 10.0.0.0/24 table 20100", 0, 0 },
	{ "throw fd00:10::/64 table 20100", 0, 0 },
	{ "pref 1000 from all fwmark 0x0/0x3f000000 iif lan1 lookup 20100", 0, 0 },
};

#define LAN "route 10.0.0.0/24 dev lan0\nroute fd00:10::/64 dev lan0\n"

/*! Give the kernel all routes and rules of a plan but those that print like the text. */
static size_t install_all_but(const struct plan *plan, const char *lost, struct observed *observed)
{
	struct text text = TEXT_EMPTY;
	size_t left_out = 0;
	observed->routes = calloc(plan->route_count, sizeof(*observed->routes));
	observed->rules = calloc(plan->rule_count, sizeof(*observed->rules));
	ck_assert(observed->routes != NULL && observed->rules != NULL);
	for (size_t i = 0; i < plan->route_count; i++, text_free(&text)) {
		route_print(&plan->routes[i], observed, &text);
		if (strcmp(text.data, lost) != 0) {
			observed->routes[observed->route_count++] = plan->routes[i];
		} else {
			left_out++;
		}
	}
	for (size_t i = 0; i < plan->rule_count; i++, text_free(&text)) {
		rule_print(&plan->rules[i], &text);
		if (strcmp(text.data, lost) != 0) {
			observed->rules[observed->rule_count++] = plan->rules[i];
		} else {
			left_out++;
		}
	}
	return left_out;
}

START_TEST(what_the_kernel_lacks_belongs_to_its_uplink)
{
	struct planned planned = planned_from_text(SITE("") SERVERS HOSTS, WELL LAN);
	bool any = losses[_i].lost[0] != '\0';
	size_t left_out = install_all_but(planned.plan, losses[_i].lost, &planned.observed);
	ck_assert_msg((left_out > 0) == any, "'%s' is not planned", losses[_i].lost);
	struct uplink_sets missing =
		plan_missing(planned.site, planned.plan, NULL, &planned.observed);
	ck_assert_uint_eq(missing.family[FAMILY_4], losses[_i].missing4);
	ck_assert_uint_eq(missing.family[FAMILY_6], losses[_i].missing6);
	missing = plan_missing(planned.site, planned.plan, planned.plan, &planned.observed);
	ck_assert_uint_eq(missing.family[FAMILY_4], losses[_i].missing4);
	ck_assert_uint_eq(missing.family[FAMILY_6], losses[_i].missing6);
	planned_free(&planned);
}
END_TEST

START_TEST(nothing_is_lost_that_is_not_wanted_any_more)
{
	// wan1 lost its carrier: its default route is gone from the kernel and from the plan.
	struct planned last = planned_from_text(SITE("") SERVERS HOSTS, WELL LAN);
	struct planned now = planned_from_text(
		SITE("") SERVERS HOSTS,
		"link lan0 up carrier\nlink wan0 up carrier\nlink wan1 up\n"
		"address wan0 192.168.2.1/29\naddress wan0 2001:db8:1::2/64\n"
		"address wan0 192.168.2.3/29 unusable\naddress wan1 172.16.1.1/30\n" LAN);
	const char *gone = "default via 172.16.1.2 dev wan1 table 20102 onlink";
	ck_assert_uint_eq(install_all_but(last.plan, gone, &last.observed), 1);
	struct uplink_sets missing = plan_missing(last.site, last.plan, NULL, &last.observed);
	ck_assert_uint_eq(missing.family[FAMILY_4], UPLINK_BIT(2));
	missing = plan_missing(last.site, last.plan, now.plan, &last.observed);
	ck_assert_uint_eq(missing.family[FAMILY_4] | missing.family[FAMILY_6], 0);

	// Rules alike, when the site file names an address no more: the last of those of an uplink.
	const struct plan *plan = now.plan;
	for (size_t i = 0; i < last.plan->rule_count; i++) {
		ck_assert_int_eq(rule_compare(&last.plan->rules[i], &plan->rules[i]), 0);
	}
	now.plan->rule_count -= 2;
	last.observed.rule_count -= 2;
	missing = plan_missing(last.site, last.plan, now.plan, &last.observed);
	ck_assert_uint_eq(missing.family[FAMILY_4] | missing.family[FAMILY_6], 0);
	missing = plan_missing(last.site, last.plan, NULL, &last.observed);
	ck_assert_uint_eq(missing.family[FAMILY_6], UPLINK_BIT(2));
	planned_free(&last);
	planned_free(&now);
}
END_TEST

START_TEST(surplus_in_the_kernel_is_not_missing)
{
	struct planned planned = planned_from_text(SITE("") SERVERS HOSTS, WELL);
	ck_assert_uint_eq(install_all_but(planned.plan, "", &planned.observed), 0);
	planned.plan->route_count -= 2;
	planned.plan->rule_count -= 2;
	struct uplink_sets missing =
		plan_missing(planned.site, planned.plan, NULL, &planned.observed);
	ck_assert_uint_eq(missing.family[FAMILY_4] | missing.family[FAMILY_6], 0);
	planned_free(&planned);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plan");
	TCase *tcase = tcase_create("plan");
	tcase_add_loop_test(tcase, host_row_follows_from_the_site, 0, COUNT(hosts));
	tcase_add_loop_test(tcase, uplink_row_follows_from_the_verdict, 0, COUNT(uplinks));
	tcase_add_loop_test(tcase, meta_row_names_the_inside_networks, 0, COUNT(metas));
	tcase_add_test(tcase, more_networks_and_addresses_than_the_table_holds_are_left_out);
	tcase_add_loop_test(tcase, what_the_kernel_lacks_belongs_to_its_uplink, 0, COUNT(losses));
	tcase_add_test(tcase, nothing_is_lost_that_is_not_wanted_any_more);
	tcase_add_test(tcase, surplus_in_the_kernel_is_not_missing);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
