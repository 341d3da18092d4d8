/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Records for the zones above a site: who has to enter which, and what must not be written at all.
 */

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/zone_formats.h"
#include "ctl/zone_host.h"
#include "ctl/zone_mail.h"
#include "ctl/zone_parent.h"
#include "site_text.h"

#define SITE "site:\n    domain: example.com\n"
#define UPLINKS                                          \
	"uplink:\n"                                      \
	"  - id: primary\n    interface: wan0\n"         \
	"    address: 192.168.2.1\n"                     \
	"  - id: backup\n    interface: wan1\n"          \
	"    address: [172.16.1.1, \"2001:db8:2::2\"]\n" \
	"    public-address: 198.51.100.1\n"
#define SERVER "server:\n  - id: web\n    address: 10.0.0.10\n"
#define HOST(name) "  - domain: " name "\n    server: web\n    port: tcp/80\n"
#define MAIL(name) "  - domain: " name "\n    server: web\n"

#define NAME_SERVERS(label)                                    \
	label "-ns1.example.com. 86400 A 192.168.2.1\n" label  \
	      "-ns2.example.com. 86400 A 198.51.100.1\n" label \
	      "-ns2.example.com. 86400 AAAA 2001:db8:2::2\n"
#define DELEGATION(name, label)                                                                   \
	name " 86400 NS " label "-ns1.example.com.\n" name " 86400 NS " label "-ns2.example.com." \
	     "\n"
#define MX(name) \
	name " 86400 MX 10 mail-gw-1.example.com.\n" name " 86400 MX 20 mail-gw-2.example.com.\n"
// The server has IPv4 only, so that mail cannot come in by IPv6; the gateway's own may leave by it.
#define GATEWAYS                                       \
	"mail-gw-1.example.com. 86400 A 192.168.2.1\n" \
	"mail-gw-2.example.com. 86400 A 198.51.100.1\n"
#define SPF(name)                                                                      \
	name " 86400 TXT \"v=spf1 ip4:192.168.2.1 ip4:198.51.100.1 ip6:2001:db8:2::2 " \
	     "-all\"\n"
#define POINTERS                                                       \
	"1.2.168.192.in-addr.arpa. 86400 PTR mail-gw-1.example.com.\n" \
	"1.100.51.198.in-addr.arpa. 86400 PTR mail-gw-2.example.com.\n"

static const struct {
	const char *site;
	const char *domain;
	const char *elsewhere;
	const char *pointers;
} parents[] = {
	{ SITE UPLINKS, "", "", "" },
	// A host without mail: no gateways, nothing to ask the providers for.
	{ SITE UPLINKS SERVER "host:\n" HOST("www.example.com"),
	  DELEGATION("www.example.com.", "www") NAME_SERVERS("www"), "", "" },
	{ SITE UPLINKS SERVER "mail:\n" MAIL("example.com"),
	  MX("example.com.") GATEWAYS SPF("example.com."), "", POINTERS },
	// A name outside belongs to the zone above it, its name servers to the site's domain.
	{ SITE UPLINKS SERVER "host:\n" HOST("shop.example.org") "mail:\n" MAIL("example.org"),
	  NAME_SERVERS("shop-example-org") GATEWAYS,
	  DELEGATION("shop.example.org.", "shop-example-org") MX("example.org.")
	          SPF("example.org."),
	  POINTERS },
	// A host or mail domain below a host is hidden here by that host's delegation.
	{ SITE UPLINKS SERVER "host:\n" HOST("www.example.com")
	          HOST("a.www.example.com") "mail:\n" MAIL("www.example.com"),
	  DELEGATION("www.example.com.", "www") NAME_SERVERS("www") NAME_SERVERS("a-www") GATEWAYS,
	  "", POINTERS },
	// Two hosts whose name servers have the same names.
	{ SITE UPLINKS SERVER "host:\n" HOST("a.b.example.com") HOST("a-b.example.com"),
	  DELEGATION("a.b.example.com.", "a-b") NAME_SERVERS("a-b")
	          DELEGATION("a-b.example.com.", "a-b"),
	  "", "" },
	// What the site file says of mail comes out.
	{ SITE UPLINKS SERVER "mail:\n" MAIL(
		  "example.com") "    preference: [backup=5]\n"
	                         "    spf: [include:spf.example.net, ~all]\n"
	                         "    dmarc: v=DMARC1; p=none\n"
	                         "    mta-sts: 20260101\n"
	                         "    tls-rpt: [mailto:tls@example.com, https://example.com/tls]\n",
	  "example.com. 86400 MX 10 mail-gw-1.example.com.\n"
	  "example.com. 86400 MX 5 mail-gw-2.example.com.\n" GATEWAYS
	  "example.com. 86400 TXT \"v=spf1 ip4:192.168.2.1 ip4:198.51.100.1 ip6:2001:db8:2::2 "
	  "include:spf.example.net ~all\"\n"
	  "_dmarc.example.com. 86400 TXT \"v=DMARC1; p=none\"\n"
	  "_mta-sts.example.com. 86400 TXT \"v=STSv1; id=20260101;\"\n"
	  "_smtp._tls.example.com. 86400 TXT \"v=TLSRPTv1; "
	  "rua=mailto:tls@example.com,https://example.com/tls\"\n",
	  "", POINTERS },
	// Each record once, whatever the number of mail domains.
	{ SITE UPLINKS SERVER "mail:\n" MAIL("example.com") MAIL("lists.example.com"),
	  MX("example.com.") MX("lists.example.com.") GATEWAYS SPF("example.com.")
	          SPF("lists.example.com."),
	  "", POINTERS },
};

static int add_record(const struct zone_record *record, void *context)
{
	if (record->comment == NULL) {
		text_add(context, "%s %u %s %s\n", record->owner, record->ttl, record->type,
		         record->data);
	}
	return 0;
}

static void assert_records(const struct zone *zone, const char *wanted)
{
	struct text text = TEXT_EMPTY;
	ck_assert_int_eq(zone_each(zone, add_record, &text), 0);
	ck_assert_str_eq(text.data != NULL ? text.data : "", wanted);
	text_free(&text);
}

START_TEST(each_record_is_where_somebody_can_enter_it)
{
	struct site *site = site_from_text(parents[_i].site);
	struct zone_parent parent;
	struct text error = TEXT_EMPTY;
	ck_assert_int_eq(zone_parent_make(site, &parent, &error), 0);
	ck_assert_uint_eq(error.length, 0);
	assert_records(parent.domain, parents[_i].domain);
	assert_records(parent.elsewhere, parents[_i].elsewhere);
	assert_records(parent.pointers, parents[_i].pointers);
	zone_parent_free(&parent);
	text_free(&error);
	site_free(site);
}
END_TEST

START_TEST(the_zone_of_a_host_has_what_its_delegation_hides)
{
	struct site *site = site_from_text(SITE UPLINKS SERVER "host:\n" HOST(
		"www.example.com") HOST("a.www.example.com") "mail:\n" MAIL("www.example.com"));
	struct text text = TEXT_EMPTY;
	struct text error = TEXT_EMPTY;
	ck_assert_int_eq(zone_host_write(site, &site->hosts[0], 1, &text, &error), 0);
	ck_assert_ptr_nonnull(strstr(text.data, "IN NS    a-www-ns2.example.com.\n"));
	ck_assert_ptr_nonnull(strstr(text.data, "IN MX    20 mail-gw-2.example.com.\n"));
	ck_assert_ptr_nonnull(strstr(text.data, "\"v=spf1 ip4:192.168.2.1 "));
	text_free(&text);
	ck_assert_int_eq(zone_host_write(site, &site->hosts[1], 1, &text, &error), 0);
	ck_assert_ptr_null(strstr(text.data, "MX"));
	text_free(&text);
	text_free(&error);
	site_free(site);
}
END_TEST

static const struct {
	const char *site;
	const char *records; // NULL: refused.
	const char *error;
} mail_zones[] = {
	// The site's own domain: everything that the parent zone holds, with name servers of its own.
	{ SITE UPLINKS SERVER "host:\n" HOST("www.example.com") "mail:\n" MAIL("example.com"),
	  "example.com. 3600 SOA ns1.example.com. hostmaster.example.com. 7 86400 7200 3600000 "
	  "300\n"
	  "example.com. 86400 NS ns1.example.com.\n"
	  "example.com. 86400 NS ns2.example.com.\n"
	  "ns1.example.com. 86400 A 192.168.2.1\n"
	  "ns2.example.com. 86400 A 198.51.100.1\n"
	  "ns2.example.com. 86400 AAAA 2001:db8:2::2\n" DELEGATION("www.example.com.", "www")
	          NAME_SERVERS("www") MX("example.com.") GATEWAYS SPF("example.com."),
	  NULL },
	// Another domain: its gateways and name servers are the site's.
	{ SITE UPLINKS SERVER "host:\n" HOST("www.example.com") "mail:\n" MAIL("example.org"),
	  "example.org. 3600 SOA example-org-ns1.example.com. hostmaster.example.com. 7 86400 7200 "
	  "3600000 300\n" DELEGATION("example.org.", "example-org") MX("example.org.")
	          SPF("example.org."),
	  NULL },
	// The host's zone has the apex, so it has the MX records.
	{ SITE UPLINKS SERVER "host:\n" HOST("example.org") "mail:\n" MAIL("example.org"), NULL,
	  "mail domain 'example.org', has its records in the zone of host 'example.org': see "
	  "'multihomectl zone host example.org'" },
};

/*! «OWNER TTL TYPE DATA» of a zone file's lines. */
static void squeeze(const char *zone, struct text *records)
{
	while (*zone != '\0') {
		size_t length = strcspn(zone, "\n");
		char owner[128];
		char type[16];
		unsigned ttl;
		int data = 0;
		if (sscanf(zone, "%127[^ ;] %u IN %15s %n", owner, &ttl, type, &data) == 3) {
			text_add(records, "%s %u %s %.*s\n", owner, ttl, type, (int)length - data,
			         zone + data);
		}
		zone += length + (zone[length] == '\n' ? 1 : 0);
	}
}

START_TEST(a_mail_zone_is_whole)
{
	struct site *site = site_from_text(mail_zones[_i].site);
	struct text text = TEXT_EMPTY;
	struct text error = TEXT_EMPTY;
	int ret = zone_mail_write(site, &site->mails[0], 7, &text, &error);
	if (mail_zones[_i].records == NULL) {
		ck_assert_int_eq(ret, -EINVAL);
		ck_assert_str_eq(error.data, mail_zones[_i].error);
		ck_assert_uint_eq(text.length, 0);
	} else {
		struct text records = TEXT_EMPTY;
		ck_assert_int_eq(ret, 0);
		squeeze(text.data, &records);
		ck_assert_str_eq(records.data, mail_zones[_i].records);
		text_free(&records);
	}
	text_free(&text);
	text_free(&error);
	site_free(site);
}
END_TEST

START_TEST(an_uplink_without_address_is_refused)
{
	struct site *site = site_from_text(SITE "uplink:\n  - id: a\n    interface: w0\n");
	struct zone_parent parent;
	struct text error = TEXT_EMPTY;
	ck_assert_int_eq(zone_parent_make(site, &parent, &error), -EINVAL);
	ck_assert_str_eq(error.data, "uplink 'a', has no address in the site file, but the zone "
	                             "holds it: write its key 'address' or 'public-address', "
	                             "or give it by --addresses");
	zone_parent_free(&parent);
	text_free(&error);
	site_free(site);
}
END_TEST

// 63 uplinks make an SPF record of several strings, which all formats but the zone file join.
START_TEST(a_long_text_stays_whole)
{
	struct text file = TEXT_EMPTY;
	text_add(&file, SITE SERVER "mail:\n" MAIL("example.com") "uplink:\n");
	for (unsigned i = 1; i <= SITE_UPLINKS_MAX; i++) {
		text_add(&file, "  - {id: u%u, interface: w%u, address: 172.16.100.%u}\n", i, i, i);
	}
	struct site *site = site_from_text(file.data);
	struct zone_parent parent;
	struct text error = TEXT_EMPTY;
	struct text text = TEXT_EMPTY;
	ck_assert_int_eq(zone_parent_make(site, &parent, &error), 0);
	ck_assert_int_eq(zone_format("zone", site->domain, &parent, &text, &error), 0);
	ck_assert_ptr_nonnull(strstr(text.data, "\" \""));
	text_free(&text);
	ck_assert_int_eq(zone_format("octodns", site->domain, &parent, &text, &error), 0);
	for (unsigned i = 1; i <= SITE_UPLINKS_MAX; i++) {
		char term[64];
		(void)snprintf(term, sizeof(term), " ip4:172.16.100.%u ", i);
		ck_assert_msg(strstr(text.data, term) != NULL, "no%s", term);
	}
	// octoDNS refuses files whose names are not in the order of their numbers.
	ck_assert(strstr(text.data, "\"mail-gw-9\"") < strstr(text.data, "\"mail-gw-10\""));
	zone_parent_free(&parent);
	text_free(&text);
	text_free(&error);
	text_free(&file);
	site_free(site);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

int main(void)
{
	Suite *suite = suite_create("zone_parent");
	TCase *tcase = tcase_create("zone_parent");
	tcase_add_loop_test(tcase, each_record_is_where_somebody_can_enter_it, 0, COUNT(parents));
	tcase_add_test(tcase, the_zone_of_a_host_has_what_its_delegation_hides);
	tcase_add_loop_test(tcase, a_mail_zone_is_whole, 0, COUNT(mail_zones));
	tcase_add_test(tcase, an_uplink_without_address_is_refused);
	tcase_add_test(tcase, a_long_text_stays_whole);
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
