/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The generated part of knot.conf, judged by knotd's own check where the module is built.
 */

#include <check.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libknot/version.h>

#include "ctl/knot_conf.h"
#include "site_text.h"

#define SITE "site:\n    domain: example.com\n    run-dir: /run/mh\n"
#define UPLINKS                                           \
	"uplink:\n"                                       \
	"  - id: primary\n    interface: wan0\n"          \
	"    address: [192.168.2.1, \"2001:db8:1::2\"]\n" \
	"    public-address: 198.51.100.1\n"              \
	"  - id: backup\n    interface: wan1\n    address: 172.16.1.1\n"
#define FOLLOWED                                                           \
	"uplink:\n"                                                        \
	"  - id: primary\n    interface: wan0\n    address: 192.168.2.1\n" \
	"  - id: backup\n    interface: wan1\n"
#define SERVER "server:\n  - id: web\n    address: 10.0.0.10\n"
#define HOSTS                                                                     \
	"host:\n  - domain: www.example.com\n    server: web\n    port: tcp/80\n" \
	"  - domain: shop.example.com\n    server: web\n    port: tcp/80\n"

#define HEAD                                                                                     \
	"# The part of knot.conf for the site example.com, to be included from the main file.\n" \
	"# Made by multihomectl from the site file: change that one, not this.\n\n"              \
	"server:\n"
#define LISTEN                                            \
	"    listen: 192.168.2.1@53 # uplink primary\n"   \
	"    listen: 2001:db8:1::2@53 # uplink primary\n" \
	"    listen: 172.16.1.1@53 # uplink backup\n"
#define PORTS                                         \
	"    listen: 0.0.0.0@5301 # uplink primary\n" \
	"    listen: ::@5301 # uplink primary\n"      \
	"    listen: 0.0.0.0@5302 # uplink backup\n"  \
	"    listen: ::@5302 # uplink backup\n"
#define INSIDE \
	"    # For the LAN, whose queries multihomed leads there, and for the gateway itself.\n"
#define DEVICES                                                       \
	"    # Interfaces behind '%' need Knot DNS 3.5.5 or later.\n" \
	"    listen: 0.0.0.0%wan0@53 # uplink primary\n"              \
	"    listen: ::%wan0@53 # uplink primary\n"                   \
	"    listen: 0.0.0.0%wan1@53 # uplink backup\n"               \
	"    listen: ::%wan1@53 # uplink backup\n"
#define MODULE "\nmod-arrival:\n  - id: site\n    table: \"/run/mh/table\"\n"
#define ZONE(name, folder)                                                             \
	"  - domain: " name ".\n    file: \"" folder name ".zone\"\n"                  \
	"    zonefile-sync: -1\n    zonefile-load: whole\n    journal-content: none\n" \
	"    module: mod-arrival/site\n"
#define ZONES(folder) "\nzone:\n" ZONE("www.example.com", folder) ZONE("shop.example.com", folder)

#define MAILS                                               \
	"mail:\n  - domain: example.com\n    server: web\n" \
	"  - domain: lists.www.example.com\n    server: web\n    port: tcp/25\n"
#define POLICY                                                                                   \
	"\n# mod-arrival signs each uplink's answers with the same keys, which knotd makes and " \
	"renews.\n"                                                                              \
	"policy:\n  - id: multihome\n    algorithm: ecdsap256sha256\n"                           \
	"    cds-cdnskey-publish: rollover\n"
#define SIGNED_ZONE(name)                                                             \
	"  - domain: " name ".\n    file: \"" name ".zone\"\n    zonefile-sync: -1\n" \
	"    zonefile-load: difference-no-serial\n    journal-content: all\n"         \
	"    dnssec-signing: on\n    dnssec-policy: multihome\n    module: mod-arrival/site\n"

static const struct {
	const char *site;
	struct knot_conf_options options;
	const char *text;  // NULL: refused.
	const char *error; // Part of the reason.
} parts[] = {
	{ SITE UPLINKS SERVER HOSTS, { 0 }, HEAD LISTEN MODULE ZONES(""), NULL },
	{ SITE "    dns-binding: port\n" FOLLOWED SERVER HOSTS,
	  { 0 },
	  HEAD PORTS MODULE ZONES(""),
	  NULL },
	{ SITE "    dns-binding: device\n" FOLLOWED SERVER HOSTS,
	  { 0 },
	  HEAD INSIDE PORTS DEVICES MODULE ZONES(""),
	  NULL },
	{ SITE UPLINKS SERVER HOSTS,
	  { .module_file = "/a b/\"arrival\".so", .sections = "full", .zone_dir = "/var/zones" },
	  HEAD LISTEN
	  "\nmodule:\n  - id: mod-arrival\n    file: \"/a b/\\\"arrival\\\".so\"\n" MODULE
	  "    sections: full\n" ZONES("/var/zones/"),
	  NULL },
	{ SITE UPLINKS SERVER, { 0 }, HEAD LISTEN MODULE, NULL },
	{ SITE UPLINKS SERVER HOSTS MAILS, { 0 }, HEAD LISTEN MODULE ZONES(""), NULL },
	// A domain within a host's zone has its records there.
	{ SITE UPLINKS SERVER HOSTS MAILS,
	  { .mail = true },
	  HEAD LISTEN MODULE ZONES("") ZONE("example.com", ""),
	  NULL },
	{ SITE UPLINKS SERVER HOSTS,
	  { .dnssec = true },
	  HEAD LISTEN MODULE POLICY "\nzone:\n" SIGNED_ZONE("www.example.com")
	          SIGNED_ZONE("shop.example.com"),
	  NULL },
	{ SITE FOLLOWED SERVER HOSTS,
	  { 0 },
	  NULL,
	  "uplink 'backup', has no address in the site file" },
	{ SITE FOLLOWED SERVER HOSTS, { 0 }, NULL, "use 'dns-binding: port'" },
	{ SITE UPLINKS SERVER HOSTS, { .sections = "some" }, NULL, "must be minimal or full" },
	{ SITE UPLINKS SERVER HOSTS, { .module_file = "arrival.so" }, NULL, "absolute path" },
	{ SITE UPLINKS SERVER HOSTS,
	  { .zone_dir = "/x\n    module: y" },
	  NULL,
	  "control character" },
};

START_TEST(the_part_follows_from_the_site)
{
	struct site *site = site_from_text(parts[_i].site);
	struct text text = TEXT_EMPTY;
	struct text error = TEXT_EMPTY;
	int ret = knot_conf_write(site, &parts[_i].options, &text, &error);
	if (parts[_i].text != NULL) {
		ck_assert_int_eq(ret, 0);
		ck_assert_str_eq(text.data, parts[_i].text);
	} else {
		ck_assert_int_eq(ret, -EINVAL);
		ck_assert_uint_eq(text.length, 0);
		ck_assert_msg(strstr(error.data, parts[_i].error) != NULL, "%s", error.data);
	}
	text_free(&error);
	text_free(&text);
	site_free(site);
}
END_TEST

static const struct {
	const char *site;
	struct knot_conf_options options;
} accepted[] = {
	{ SITE UPLINKS SERVER HOSTS, { 0 } },
	{ SITE UPLINKS SERVER HOSTS, { .sections = "full" } },
	{ SITE "    dns-binding: port\n" FOLLOWED SERVER HOSTS, { .sections = "minimal" } },
	{ SITE UPLINKS SERVER, { 0 } },
	{ SITE UPLINKS SERVER HOSTS MAILS, { .mail = true, .dnssec = true } },
#if KNOT_VERSION_HEX >= 0x030505
	{ SITE "    dns-binding: device\n" FOLLOWED SERVER HOSTS, { 0 } },
#endif
};

START_TEST(knotd_accepts_the_part_as_an_include)
{
	char module[PATH_MAX];
	if (realpath(".libs/arrival.so", module) == NULL ||
	    system("command -v knotc >/dev/null") != 0) {
		return;
	}
	struct site *site = site_from_text(accepted[_i].site);
	struct text text = TEXT_EMPTY;
	struct text error = TEXT_EMPTY;
	struct text main_text = TEXT_EMPTY;
	struct text command = TEXT_EMPTY;
	struct knot_conf_options options = accepted[_i].options;
	options.module_file = module;
	ck_assert_int_eq(knot_conf_write(site, &options, &text, &error), 0);
	char *part = file_from_text(text.data);
	// Beside the operator's own listen lines: those add up.
	text_add(&main_text, "server:\n    listen: 127.0.0.1@53\ninclude: %s\n", part);
	char *main_file = file_from_text(main_text.data);
	// A sanitizer's library has to be the first of a process.
	text_add(&command,
	         "LD_PRELOAD=$(ldd %s | sed -n 's/.*=> \\(.*asan[^ ]*\\).*/\\1/p') "
	         "ASAN_OPTIONS=detect_leaks=0 knotc -c %s conf-check",
	         module, main_file);
	ck_assert_msg(system(command.data) == 0, "knotc refused: %s", text.data);
	(void)unlink(part);
	(void)unlink(main_file);
	free(part);
	free(main_file);
	text_free(&command);
	text_free(&main_text);
	text_free(&error);
	text_free(&text);
	site_free(site);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

int main(void)
{
	Suite *suite = suite_create("knot_conf");
	TCase *tcase = tcase_create("knot_conf");
	tcase_add_loop_test(tcase, the_part_follows_from_the_site, 0, COUNT(parts));
	tcase_add_loop_test(tcase, knotd_accepts_the_part_as_an_include, 0, COUNT(accepted));
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
