/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Host zones: what each kind of site must have in them, judged by tests/judge_zone too.
 */

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libknot/version.h>

#include "ctl/zone_host.h"
#include "ctl/zone_types.h"
#include "site_text.h"

#define SITE "site:\n    domain: example.com\n    hostmaster: first.last@example.com\n"
#define UPLINKS                                           \
	"uplink:\n"                                       \
	"  - id: primary\n    interface: wan0\n"          \
	"    address: [192.168.2.1, \"2001:db8:1::2\"]\n" \
	"  - id: backup\n    interface: wan1\n"           \
	"    address: [172.16.1.1, \"2001:db8:2::2\"]\n"
#define SERVER "server:\n  - id: web\n    address: [10.0.0.10, \"fd00:10::10\"]\n"
#define SERVER4 "server:\n  - id: web\n    address: 10.0.0.10\n"
#define HOST "host:\n  - domain: www.example.com\n    server: web\n    port: tcp/80\n"

#define SOA(name)                                                                                 \
	name " 3600 IN SOA www-ns1.example.com. first\\.last.example.com. 2026112200 86400 7200 " \
	     "3600000 300\n"
#define NS(ttl)                                                 \
	"www.example.com. " ttl " IN NS www-ns1.example.com.\n" \
	"www.example.com. " ttl " IN NS www-ns2.example.com.\n"

/*! As libknot writes it. */
#if KNOT_VERSION_HEX < 0x030400
#define ALPN "alpn=h2"
#else
#define ALPN "alpn=\"h2\""
#endif

static const struct {
	const char *site;
	const char *records; // Single spaces, without comments.
	const char *comment; // A part of one, or NULL.
} zones[] = {
	{ SITE UPLINKS SERVER HOST,
	  SOA("www.example.com.") NS("86400") "www.example.com. 10 IN A 192.168.2.1\n"
	                                      "www.example.com. 10 IN AAAA 2001:db8:1::2\n",
	  "www.example.com: the zone of a host" },
	// The order is the host's, not that of the uplinks; name servers are those of all uplinks.
	{ SITE UPLINKS SERVER HOST "    uplink: [backup]\n    ttl: 1m\n    policy: all\n",
	  SOA("www.example.com.") NS("86400") "www.example.com. 60 IN A 172.16.1.1\n"
	                                      "www.example.com. 60 IN AAAA 2001:db8:2::2\n",
	  "(policy all)" },
	// Every alias is answered like the host.
	{ SITE UPLINKS SERVER4 HOST "    alias: [api, a.b, img.www.example.com]\n",
	  SOA("www.example.com.") NS("86400") "www.example.com. 10 IN A 192.168.2.1\n"
	                                      "api.www.example.com. 10 IN A 192.168.2.1\n"
	                                      "a.b.www.example.com. 10 IN A 192.168.2.1\n"
	                                      "img.www.example.com. 10 IN A 192.168.2.1\n",
	  NULL },
	// No AAAA without a server that has one, though the uplinks have.
	{ SITE UPLINKS SERVER4 HOST,
	  SOA("www.example.com.") NS("86400") "www.example.com. 10 IN A 192.168.2.1\n", NULL },
	// No AAAA without an uplink that has one, though the server has.
	{ SITE "uplink:\n  - id: primary\n    interface: wan0\n    address: 192.168.2.1\n"
	       "  - id: backup\n    interface: wan1\n    address: 172.16.1.1\n" SERVER HOST,
	  SOA("www.example.com.") NS("86400") "www.example.com. 10 IN A 192.168.2.1\n", NULL },
	// The address behind a 1:1 NAT is what the outside sees.
	{ SITE "uplink:\n  - id: primary\n    interface: wan0\n    address: 192.168.2.1\n"
	       "    public-address: 198.51.100.1\n"
	       "  - id: backup\n    interface: wan1\n    address: 172.16.1.1\n" SERVER HOST,
	  SOA("www.example.com.") NS("86400") "www.example.com. 10 IN A 198.51.100.1\n", NULL },
	// Families are told apart: behind a 1:1 NAT for IPv4, IPv6 is as it is.
	{ SITE "uplink:\n  - id: primary\n    interface: wan0\n"
	       "    address: [192.168.2.1, \"2001:db8:1::2\"]\n"
	       "    public-address: 198.51.100.1\n"
	       "  - id: backup\n    interface: wan1\n    address: 172.16.1.1\n" SERVER HOST,
	  SOA("www.example.com.") NS("86400") "www.example.com. 10 IN A 198.51.100.1\n"
	                                      "www.example.com. 10 IN AAAA 2001:db8:1::2\n",
	  NULL },
	// A public address in the file does not move, whatever the interface gets.
	{ SITE "uplink:\n  - id: primary\n    interface: wan0\n    public-address: 198.51.100.1\n"
	       "  - id: backup\n    interface: wan1\n    address: 172.16.1.1\n" SERVER4 HOST,
	  SOA("www.example.com.") NS("86400") "www.example.com. 10 IN A 198.51.100.1\n", NULL },
	// One that is learnt does, and the own one is nobody's business.
	{ SITE "uplink:\n  - id: primary\n    interface: wan0\n    address: 192.168.2.1\n"
	       "    public-address: discover\n"
	       "  - id: backup\n    interface: wan1\n    address: 198.51.100.9\n" SERVER4 HOST,
	  SOA("www.example.com.") NS("3600") "www.example.com. 10 IN A 198.51.100.9\n", NULL },
	// A fixed address is better than a made-up one; name servers may move.
	{ SITE "uplink:\n  - id: primary\n    interface: wan0\n"
	       "  - id: backup\n    interface: wan1\n    address: 172.16.1.1\n" SERVER4 HOST,
	  SOA("www.example.com.") NS("3600") "www.example.com. 10 IN A 172.16.1.1\n", NULL },
	{ SITE "uplink:\n  - id: primary\n    interface: wan0\n"
	       "  - id: backup\n    interface: wan1\n" SERVER HOST,
	  SOA("www.example.com.") NS("3600") "www.example.com. 10 IN A 192.0.2.1\n"
	                                     "www.example.com. 10 IN AAAA 2001:db8::\n",
	  "; No uplink has an address for AAAA in the site file" },
	// In source-address mode a family needs the server's own address for the uplink.
	{ SITE UPLINKS "server:\n  - id: web\n    address: [10.0.0.10, \"fd00:10::10\"]\n"
	               "    reply-path: source-address\n    uplink-address: [primary=10.0.1.1, "
	               "backup=10.0.1.5, \"backup=fd00:11::5\"]\n" HOST,
	  SOA("www.example.com.") NS("86400") "www.example.com. 10 IN A 192.168.2.1\n"
	                                      "www.example.com. 10 IN AAAA 2001:db8:2::2\n",
	  NULL },
	// A server's own address in a provider's prefix is what is answered.
	{ SITE UPLINKS "server:\n  - id: web\n    address: [10.0.0.10, \"fd00:10::10\"]\n"
	               "    reply-path: source-address\n    uplink-address: "
	               "[\"backup=2001:db8:2:10::10\"]\n" HOST,
	  SOA("www.example.com.") NS("86400") "www.example.com. 10 IN A 192.168.2.1\n"
	                                      "www.example.com. 10 IN AAAA 2001:db8:2:10::10\n",
	  NULL },
	// Records of the site file come last, whatever their type; HTTPS only if it is written.
	{ SITE UPLINKS SERVER4 HOST "    record:\n"
	                            "      - '@ CAA 0 issue \"letsencrypt.org\"'\n"
	                            "      - _acme-challenge 60 CNAME www.acme.example.net.\n"
	                            "      - '@ HTTPS 1 . port=8443'\n"
	                            "      - _443._tcp TYPE52 \\# 4 03010000\n"
	                            "      - static.www.example.com. A 192.0.2.7\n",
	  SOA("www.example.com.")
	          NS("86400") "www.example.com. 10 IN A 192.168.2.1\n"
	                      "www.example.com. 3600 IN CAA 0 issue \"letsencrypt.org\"\n"
	                      "_acme-challenge.www.example.com. 60 IN CNAME www.acme.example.net.\n"
	                      "www.example.com. 3600 IN HTTPS 1 . port=8443\n"
	                      "_443._tcp.www.example.com. 3600 IN TLSA 3 1 0 00\n"
	                      "static.www.example.com. 3600 IN A 192.0.2.7\n",
	  NULL },
	// Address hints are those of the placeholders, as is their TTL, unless the target is no host.
	{ SITE UPLINKS SERVER HOST
	  "    alias: api\n    ttl: 20s\n    record:\n"
	  "      - '@ HTTPS 1 . alpn=h2 ipv4hint=0.0.0.0 ipv6hint=::,::1 key65280=x'\n"
	  "      - '@ 20 HTTPS 2 API ipv4hint=0.0.0.0'\n"
	  "      - 'api 5 HTTPS 1 www.example.com. ipv6hint=::'\n"
	  "      - 'x SVCB 1 . ipv4hint=192.0.2.7'\n"
	  "      - 'x SVCB 2 cdn.example.net. ipv4hint=192.0.2.7'\n"
	  "      - 'y HTTPS 0 www.example.com.'\n",
	  SOA("www.example.com.") NS(
		  "86400") "www.example.com. 20 IN A 192.168.2.1\n"
	                   "www.example.com. 20 IN AAAA 2001:db8:1::2\n"
	                   "api.www.example.com. 20 IN A 192.168.2.1\n"
	                   "api.www.example.com. 20 IN AAAA 2001:db8:1::2\n"
	                   "www.example.com. 20 IN HTTPS 1 . " ALPN " ipv4hint=192.168.2.1 "
	                   "ipv6hint=2001:db8:1::2 key65280=\"x\"\n"
	                   "www.example.com. 20 IN HTTPS 2 API.www.example.com. "
	                   "ipv4hint=192.168.2.1\n"
	                   "api.www.example.com. 5 IN HTTPS 1 www.example.com. "
	                   "ipv6hint=2001:db8:1::2\n"
	                   "x.www.example.com. 3600 IN SVCB 1 . ipv4hint=192.0.2.7\n"
	                   "x.www.example.com. 3600 IN SVCB 2 cdn.example.net. ipv4hint=192.0.2.7\n"
	                   "y.www.example.com. 3600 IN HTTPS 0 www.example.com.\n",
	  NULL },
	// Dots in the label of a name server would make it another zone's name.
	{ SITE UPLINKS SERVER4
	  "host:\n  - domain: a.b.example.com\n    server: web\n    port: tcp/80\n",
	  "a.b.example.com. 3600 IN SOA a-b-ns1.example.com. first\\.last.example.com. 2026112200 "
	  "86400 7200 3600000 300\n"
	  "a.b.example.com. 86400 IN NS a-b-ns1.example.com.\n"
	  "a.b.example.com. 86400 IN NS a-b-ns2.example.com.\n"
	  "a.b.example.com. 10 IN A 192.168.2.1\n",
	  NULL },
	// A host elsewhere has its name servers in the site's domain too.
	{ SITE UPLINKS SERVER4
	  "host:\n  - domain: shop.myexample.com\n    server: web\n    port: tcp/80\n",
	  "shop.myexample.com. 3600 IN SOA shop-myexample-com-ns1.example.com. "
	  "first\\.last.example.com. 2026112200 86400 7200 3600000 300\n"
	  "shop.myexample.com. 86400 IN NS shop-myexample-com-ns1.example.com.\n"
	  "shop.myexample.com. 86400 IN NS shop-myexample-com-ns2.example.com.\n"
	  "shop.myexample.com. 10 IN A 192.168.2.1\n",
	  NULL },
};

/*! Without comments, with single spaces. */
static void squeeze(const char *zone, struct text *records)
{
	for (const char *c = zone; *c != '\0'; c++) {
		bool starts = c == zone || c[-1] == '\n';
		if (starts && *c == ';') {
			c += strcspn(c, "\n");
		} else if (*c != ' ' || c[1] != ' ') {
			text_add(records, "%c", *c);
		}
	}
}

/*! 77: not all of them are installed. */
static void judge_zone(const char *origin, const char *zone)
{
	const char *folder = getenv("srcdir");
	struct text command = TEXT_EMPTY;
	char *path = file_from_text(zone);
	text_add(&command, "%s/tests/judge_zone %s %s", folder != NULL ? folder : ".", origin,
	         path);
	int status = system(command.data);
	ck_assert_msg(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77),
	              "refused: %s", zone);
	(void)unlink(path);
	free(path);
	text_free(&command);
}

START_TEST(the_zone_follows_from_the_site)
{
	struct site *site = site_from_text(zones[_i].site);
	struct text text = TEXT_EMPTY;
	struct text records = TEXT_EMPTY;
	struct text error = TEXT_EMPTY;
	ck_assert_int_eq(zone_host_write(site, &site->hosts[0], 2026112200, &text, &error), 0);
	ck_assert_uint_eq(error.length, 0);
	squeeze(text.data, &records);
	ck_assert_str_eq(records.data, zones[_i].records);
	if (zones[_i].comment != NULL) {
		ck_assert_ptr_nonnull(strstr(text.data, zones[_i].comment));
	}
	judge_zone(site->hosts[0].domain, text.data);
	text_free(&error);
	text_free(&records);
	text_free(&text);
	site_free(site);
}
END_TEST

#define FAMILIES_OF(first, second)                                                \
	SITE "uplink:\n  - id: primary\n    interface: wan0\n    address: " first \
	     "\n  - id: backup\n    interface: wan1\n" second
#define BOTH6 "[192.168.2.1, \"2001:db8:1::2\"]"

static const struct {
	const char *site;
	const char *warnings;
} types[] = {
	{ FAMILIES_OF(BOTH6, "    address: [172.16.1.1, \"2001:db8:2::2\"]\n") SERVER HOST, "" },
	// An interface may get any address.
	{ FAMILIES_OF(BOTH6, "") SERVER HOST, "" },
	{ FAMILIES_OF("192.168.2.1", "    address: 172.16.1.1\n") SERVER4 HOST, "" },
	{ FAMILIES_OF("192.168.2.1", "    address: 172.16.1.1\n") SERVER HOST,
	  "warning: host 'www.example.com', has no AAAA: its server has IPv6, but no uplink that "
	  "leads there\n" },
	{ FAMILIES_OF(BOTH6, "    address: 172.16.1.1\n") SERVER HOST,
	  "warning: host 'www.example.com', AAAA is taken from other uplinks than 'backup', "
	  "without IPv6, and is absent while none of them is ready\n" },
	{ FAMILIES_OF("\"2001:db8:1::2\"", "    address: 172.16.1.1\n") SERVER4 HOST,
	  "warning: host 'www.example.com', A is taken from other uplinks than 'primary', "
	  "without IPv4, and is absent while none of them is ready\n" },
	// The host's own uplinks count.
	{ FAMILIES_OF(BOTH6, "    address: 172.16.1.1\n") SERVER HOST "    uplink: primary\n", "" },
};

START_TEST(a_type_that_uplinks_lack_is_not_told)
{
	struct site *site = site_from_text(types[_i].site);
	struct text warnings = TEXT_EMPTY;
	zone_types_warn(site, &site->hosts[0], &warnings);
	ck_assert_str_eq(warnings.data != NULL ? warnings.data : "", types[_i].warnings);
	text_free(&warnings);
	site_free(site);
}
END_TEST

static const struct {
	const char *record; // A list of YAML.
	const char *why;
} records[] = {
	{ "@ CNAME a.example.net.", "a CNAME cannot stand beside other records" },
	{ "api CNAME a.example.net.", "a CNAME cannot stand beside other records" },
	{ "x TXT a', 'x CNAME a.example.net.", "a CNAME cannot stand beside other records" },
	{ "x CNAME a.example.net.', 'x TXT a", "a CNAME cannot stand beside other records" },
	{ "@ A 192.0.2.7", "the addresses of its name follow the uplinks" },
	{ "api AAAA 2001:db8::7", "the addresses of its name follow the uplinks" },
	{ "@ NS ns.example.net.", "the name servers of the zone follow the uplinks" },
	{ "@ SOA a. b. 1 2 3 4 5", "its type is made by the zone itself" },
	{ "@ TXT a', '@ TXT \"a\"", "it is there twice" },
	{ "@ TXT a', '@ 60 TXT b", "has another TTL" },
	{ "www.example.org. TXT a", "its name is not in the zone" },
	{ "x.sub TXT a", "its name lies in another zone" },
	{ "@ CH TXT a", "record type" },
	{ "@ MX 10", "MX" },
	{ "@ A 192.0.2.256", "192.0.2.256" },
	{ "@ BOGUS a b", "BOGUS" },
	{ "@ TXT ( a", "(" },
	{ "@ HTTPS 1 . ipv4hint=0.0.0.0', '@ HTTPS 2 . alpn=h2", "has another TTL" },
	{ "@ HTTPS 1 . ipv4hint=0.0.0.0', '@ HTTPS 1 . ipv4hint=0.0.0.1", "it is there twice" },
	{ "@ HTTPS 1 four ipv6hint=::", "its target has no IPv6 address: leave ipv6hint out" },
	{ "@ HTTPS 1 six.www.example.com. ipv4hint=0.0.0.0 ipv6hint=::",
	  "its target has no IPv4 address: leave ipv4hint out" },
	{ "a123456789b123456789c123456789d123456789e123456789f123456789abcd TXT a", "a123456789" },
};

START_TEST(a_record_that_does_not_go_is_refused_with_its_text)
{
	struct text file = TEXT_EMPTY;
	text_add(&file,
	         SITE UPLINKS SERVER "  - id: four\n    address: 10.0.0.11\n  - id: six\n    "
	                             "address: \"fd00:10::11\"\n" HOST
	                             "    alias: api\n    record: ['%s']\n"
	                             "  - domain: sub.www.example.com\n    server: web\n"
	                             "    port: tcp/80\n"
	                             "  - domain: four.www.example.com\n    server: four\n"
	                             "    port: tcp/81\n"
	                             "  - domain: six.www.example.com\n    server: six\n"
	                             "    port: tcp/82\n",
	         records[_i].record);
	struct site *site = site_from_text(file.data);
	struct text text = TEXT_EMPTY;
	struct text error = TEXT_EMPTY;
	ck_assert_int_eq(zone_host_write(site, &site->hosts[0], 1, &text, &error), -EINVAL);
	ck_assert_uint_eq(text.length, 0);
	ck_assert_msg(strstr(error.data, "host 'www.example.com', record '") == error.data &&
	                      strstr(error.data, records[_i].why) != NULL,
	              "%s", error.data);
	text_free(&error);
	text_free(&text);
	text_free(&file);
	site_free(site);
}
END_TEST

#define LABEL59 "a123456789b123456789c123456789d123456789e123456789f12345678"

static const struct {
	const char *domain;
	int ret;
} domains[] = {
	{ LABEL59 ".example.com", 0 },
	{ LABEL59 "x.example.com", -EINVAL },
	{ "abcdefghijklmnopqrstuvwxyz.abcdefghijklmnopqrstuvwxyz.example.org", -EINVAL },
};

// The loader refuses such hosts with their line; here they are put in behind its back.
START_TEST(a_name_server_with_too_long_a_label_is_refused)
{
	struct site *site = site_from_text(SITE UPLINKS SERVER HOST);
	free(site->hosts[0].domain);
	site->hosts[0].domain = strdup(domains[_i].domain);
	struct text text = TEXT_EMPTY;
	struct text error = TEXT_EMPTY;
	ck_assert_int_eq(zone_host_write(site, &site->hosts[0], 1, &text, &error), domains[_i].ret);
	if (domains[_i].ret != 0) {
		ck_assert_uint_eq(text.length, 0);
		ck_assert_ptr_nonnull(strstr(error.data, domains[_i].domain));
		ck_assert_ptr_nonnull(strstr(error.data, "63"));
	}
	text_free(&error);
	text_free(&text);
	site_free(site);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

int main(void)
{
	Suite *suite = suite_create("zone_host");
	TCase *tcase = tcase_create("zone_host");
	tcase_add_loop_test(tcase, the_zone_follows_from_the_site, 0, COUNT(zones));
	tcase_add_loop_test(tcase, a_type_that_uplinks_lack_is_not_told, 0,
	                    (int)(sizeof(types) / sizeof(types[0])));
	tcase_add_loop_test(tcase, a_record_that_does_not_go_is_refused_with_its_text, 0,
	                    COUNT(records));
	tcase_add_loop_test(tcase, a_name_server_with_too_long_a_label_is_refused, 0,
	                    COUNT(domains));
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
