/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The program as it is called: what it prints, and its exit codes.
 */

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "site_text.h"

#define SITE                                                                        \
	"site:\n    domain: example.com\n    run-dir: /nonexistent/multihome\n"     \
	"    state-dir: /nonexistent/state\n"                                       \
	"uplink:\n  - id: primary\n    interface: wan0\n    address: 192.168.2.1\n" \
	"server:\n  - id: web\n    address: 10.0.0.10\n"                            \
	"  - id: two\n    address: 10.0.0.20\n    reply-path: source-address\n"     \
	"    uplink-address: [primary=10.0.1.1, \"primary=fd00:11::1\"]\n"          \
	"host:\n  - domain: www.example.com\n    server: web\n    port: tcp/80\n"   \
	"  - domain: shop.example.com\n    server: web\n    port: tcp/80\n"

#define FOLLOWED                                                   \
	"site: {domain: example.com}\nuplink:\n"                   \
	"- {id: primary, interface: wan0, address: 192.168.2.1}\n" \
	"- {id: backup, interface: wan1}\n"                        \
	"server:\n- {id: web, address: 10.0.0.10}\n"               \
	"mail:\n- {domain: example.com, server: web}\n"

#define LOOP                                                   \
	"site: {domain: example.com, run-dir: /nonexistent}\n" \
	"uplink:\n- {id: primary, interface: wan0}\n"          \
	"server:\n- {id: web, address: 10.0.0.10}\n"           \
	"mail:\n- {domain: example.com, server: web}\n"

static const struct {
	const char *
		arguments; // For sh(1); $SITE is a good site file, $BAD a bad one, $FOLLOWED one with an
			   // uplink without address, $DIR a folder.
	int code;
	const char *standard; // Part of standard output; "" if it must be empty.
	const char *error;    // Part of standard error; "" if it must be empty.
} calls[] = {
	// Help and version, wherever they stand.
	{ "--help", 0, "Usage: multihomectl [-c FILE] COMMAND", "" },
	{ "-h", 0, "  zone host     NAME", "" },
	{ "status --help", 0, "-c, --config FILE", "" },
	{ "--version", 0, "multihomectl (multihome) " PACKAGE_VERSION "\n", "" },
	{ "-V", 0, PACKAGE_VERSION, "" },

	// Usage errors.
	{ "", 2, "", "error: no command given\nTry 'multihomectl --help'.\n" },
	{ "statu", 2, "",
	  "'statu', no such command (known: status, explain, drain, undrain, history, metrics, "
	  "confirm, reload, check dns, check gateway, check, zone host, zone parent, zone mail, "
	  "knot-conf, "
	  "server-setup)" },
	{ "zone", 2, "", "'zone', no such command" },
	{ "zone child", 2, "", "'zone child', no such command" },
	{ "historian", 2, "", "'historian', no such command" },
	{ "history --since yesterday -c $SITE", 2, "", "--since 'yesterday', must be like 10m" },
	{ "history -c $SITE", 1, "", "journal '/nonexistent/state/journal', not there" },
	{ "status --since 10m", 2, "", "--since, no option of 'status' (but of: history)" },
	{ "zone parent -c $SITE --server 192.0.2.1", 2, "", "--server goes with --send" },
	{ "zone parent -c $SITE --send /k -o /o", 2, "", "--send goes without --format" },
	{ "zone parent -c $SITE --send /nonexistent/key", 1, "",
	  "key file '/nonexistent/key', failed to open (No such file or directory)" },
	{ "zone parent -c $SITE --send $SITE", 1, "", "', has no TSIG key: write a key of" },
	{ "zone parent -c $SITE --send $SITE --server here", 1, "",
	  "server 'here', is not of the form ADDRESS or ADDRESS@PORT" },
	{ "zone parent -c $FOLLOWED", 2, "", "or give it by --addresses" },
	{ "zone parent -c $FOLLOWED --addresses backup=198.51.100.1", 0,
	  "mail-gw-2.example.com.   3600   IN A     198.51.100.1", "" },
	{ "zone parent -c $FOLLOWED --addresses other=198.51.100.1", 2, "",
	  "'other=198.51.100.1', is not of the form uplink=address" },
	{ "zone parent -c $FOLLOWED --addresses backup", 2, "", "is not of the form" },
	{ "zone parent -c $FOLLOWED --addresses backup=none", 0, "", "" },
	{ "zone parent -c $FOLLOWED --format nsupdate --addresses backup=198.51.100.1 "
	  "--was backup=198.51.100.9",
	  0, "update delete example.com. TXT \"v=spf1 ip4:192.168.2.1 ip4:198.51.100.9 -all\"\n",
	  "" },
	{ "drain", 2, "", "'drain', takes one operand: UPLINK" },
	{ "status primary", 2, "", "'status', takes no operand" },
	{ "explain", 2, "", "'explain', takes one operand: NAME" },
	{ "zone host a b", 2, "", "'zone host', takes one operand: NAME" },
	{ "reload --json", 2, "",
	  "--json, no option of 'reload' (but of: status, explain, drain, undrain, history, "
	  "check dns, check gateway, check)" },
	{ "check mail", 2, "", "'check', takes no operand" },
	{ "check dns www", 2, "", "'check dns', takes no operand" },
	{ "check gateway www", 2, "", "'check gateway', takes no operand" },
	{ "status --resolver 192.0.2.1", 2, "", "--resolver, no option of 'status'" },
	{ "status --serial 1", 2, "",
	  "--serial, no option of 'status' (but of: zone host, zone mail, knot-conf)" },
	{ "status --foo", 2, "", "--foo" },
	{ "zone host www.example.com --serial", 2, "", "--serial" },

	// Commands that need only the site file.
	{ "-c $SITE zone host www.example.com --serial 7", 0, " 7 86400 7200 3600000 300\n", "" },
	{ "zone host WWW.Example.Com. -c $SITE", 0, " 2026112200 86400 ", "" },
	{ "zone host www.example.com --config=$SITE", 0,
	  "www.example.com.         10     IN A     192.168.2.1\n", "" },
	{ "-c $SITE zone host www.example.com --serial 4294967296", 2, "",
	  "must be a number from 0 to 4294967295" },
	{ "-c $SITE zone host www.example.com --serial -1", 2, "",
	  "--serial '-1', must be a number" },
	{ "-c $SITE zone host www.example.com --serial ''", 2, "", "must be a number" },
	{ "-c $SITE zone host mail.example.com", 2, "",
	  "host 'mail.example.com', not in the site file (known: www.example.com, "
	  "shop.example.com)" },
	{ "-c $BAD zone host www.example.com", 2, "", "unknown" },
	{ "-c $DIR/absent zone host www.example.com", 2, "", "absent" },
	{ "-c $DIR knot-conf", 2, "", "" /* any */ },
	{ "-c $SITE knot-conf", 0, "listen: 192.168.2.1@53", "" },
	{ "-c $SITE knot-conf --sections half", 2, "", "must be minimal or full" },
	{ "-c $SITE knot-conf --zones $DIR/absent", 2, "", "failed to find the folder" },
	{ "-c $SITE zone host www.example.com -o $DIR/absent/zone", 1, "", "failed to write" },
	{ "-c $SITE zone mail example.com", 2, "",
	  "mail domain 'example.com', not in the site file (known: none)" },
	{ "-c $FOLLOWED zone mail Example.com.", 2, "",
	  "uplink 'backup', has no address in the site file" },
	{ "-c $SITE zone parent", 0, "shop-ns1.example.com.    86400  IN A     192.168.2.1\n", "" },
	{ "-c $SITE zone parent --format nsupdate", 0, "\nsend\n", "" },
	{ "-c $SITE zone parent --format bind", 2, "",
	  "--format 'bind', must be zone, nsupdate, octodns, dnscontrol or json" },
	{ "-c $SITE zone parent example.com", 2, "", "'zone parent', takes no operand" },
	{ "-c $SITE zone parent -o $DIR/records && cat $DIR/records", 0, "IN NS", "" },
	// A refused zone leaves the file of before.
	{ "-c $FOLLOWED zone parent -o $SITE; c=$?; grep -q domain $SITE && exit $c", 2, "",
	  "uplink 'backup', has no address in the site file" },
	{ "-c $SITE zone host www.example.com -o /dev/null", 1, "",
	  "/dev/null, failed to write (not a regular file)" },
	{ "-c $SITE zone host www.example.com >/dev/full", 1, "",
	  "standard output, failed to write" },

	// What is asked of the network is asked on the loopback interface alone, where nobody listens.
	{ "-c $BAD check dns", 2, "", "unknown" },
	{ "-c $BAD check gateway", 2, "", "unknown" },
	{ "-c $SITE check dns --resolver localhost", 2, "",
	  "--resolver 'localhost', must be ADDRESS or ADDRESS@PORT" },
	{ "-c $SITE check dns --resolver 127.0.0.1@0", 2, "", "must be ADDRESS or ADDRESS@PORT" },
	{ "-c $SITE check dns --resolver ::1@65536", 2, "", "must be ADDRESS or ADDRESS@PORT" },
	{ "-c $SITE check dns --timeout 0", 2, "", "must be a number of seconds from 1 to 60" },
	{ "-c $SITE check dns --timeout 5s", 2, "", "must be a number of seconds from 1 to 60" },
	{ "-c $LOOP check dns --resolver 127.0.0.1@1 --timeout 1", 1,
	  "\nresolver\n  wrong    reply         refused, nobody listens there (127.0.0.1)\n", "" },
	{ "-c $LOOP check --resolver 127.0.0.1@1 --timeout 1 --json", 1,
	  "\"section\": \"dns\",\n    \"subject\": \"resolver\",\n    \"level\": "
	  "\"wrong\"",
	  "" },

	// Files come out whole, and knotd finds them by a path that does not depend on its own.
	{ "-c $SITE zone host www.example.com -o $DIR/one && cat $DIR/one", 0, "IN SOA", "" },
	{ "-c $SITE knot-conf --zones $DIR -o $DIR/part && cat $DIR/part "
	  "$DIR/shop.example.com.zone",
	  0, "shop-ns1.example.com.", "" },
	{ "-c $SITE knot-conf --zones $DIR/. | grep -qF \"file: "
	  "\\\"$DIR/www.example.com.zone\\\"\"",
	  0, "", "" },
	{ "-c $SITE knot-conf --zones $DIR --zone-dir /srv/zones", 0,
	  "file: \"/srv/zones/www.example.com.zone\"", "" },

	{ "-c $SITE server-setup mail", 2, "",
	  "server 'mail', not in the site file (known: web, two)" },
	{ "-c $SITE server-setup web", 2, "", "server 'web', needs no setup" },
	{ "-c $SITE server-setup two --format suse", 2, "",
	  "--format 'suse', must be networkd, ifupdown or windows" },
	{ "-c $SITE server-setup two", 0,
	  "\n# uplink primary\n[Address]\nAddress=10.0.1.1/32\n\n"
	  "# uplink primary\n[Address]\nAddress=fd00:11::1/128\nPreferredLifetime=0\n",
	  "" },
	{ "-c $SITE server-setup two --format ifupdown --interface lan5", 0,
	  "\n# uplink primary\niface lan5 inet static\n    address 10.0.1.1/32\n\n"
	  "# uplink primary\niface lan5 inet6 static\n    address fd00:11::1/128\n"
	  "    preferred-lifetime 0\n",
	  "" },
	{ "-c $SITE server-setup two --format windows", 0,
	  "netsh interface ipv4 add address \"Ethernet\" 10.0.1.1 255.255.255.255 "
	  "skipassource=true\n",
	  "" },
	{ "-c $SITE server-setup two --interface 'a\"b'", 2, "",
	  "is not the name of an interface" },

	// Commands that need the daemon.
	{ "-c $SITE status", 1, "",
	  "control socket '/nonexistent/multihome/control.sock', no answer" },
	{ "-c $SITE status --socket $DIR/s", 1, "",
	  "/s', no answer (No such file or directory): is multihomed running?" },
	{ "-c $BAD status --socket $DIR/s", 1, "", "is multihomed running?" },
	{ "-c $BAD status", 2, "", "unknown" },
	{ "-c $SITE explain www.example.com --uplink primary --json", 1, "",
	  "is multihomed running?" },
	{ "-c $SITE explain \"$(printf 'a\\377')\"", 2, "", "names must be valid UTF-8" },
	{ "-c $SITE reload", 1, "", "is multihomed running?" },
};

static char *read_file(const char *path)
{
	struct text text = TEXT_EMPTY;
	FILE *file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	for (int c = fgetc(file); c != EOF; c = fgetc(file)) {
		text_add(&text, "%c", c);
	}
	(void)fclose(file);
	return text_take(&text);
}

static int run_shell(const char *command)
{
	int status = system(command);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/*! «» stands for nothing at all, but for a part otherwise. */
static void assert_part(const char *path, const char *part, bool strict)
{
	char *text = read_file(path);
	if (part[0] == '\0') {
		ck_assert_msg(!strict || text[0] == '\0', "unexpected: %s", text);
	} else {
		ck_assert_msg(strstr(text, part) != NULL, "«%s» not in: %s", part, text);
	}
	free(text);
}

START_TEST(a_call_ends_as_promised)
{
	char folder[] = "/tmp/mh-test-XXXXXX";
	ck_assert_ptr_nonnull(mkdtemp(folder));
	char *site = file_from_text(SITE);
	char *bad = file_from_text(SITE "unknown: 1\n");
	ck_assert_int_eq(setenv("SITE", site, 1), 0);
	char *followed = file_from_text(FOLLOWED);
	ck_assert_int_eq(setenv("BAD", bad, 1), 0);
	ck_assert_int_eq(setenv("FOLLOWED", followed, 1), 0);
	char *loop = file_from_text(LOOP);
	ck_assert_int_eq(setenv("LOOP", loop, 1), 0);
	ck_assert_int_eq(setenv("DIR", folder, 1), 0);
	ck_assert_int_eq(run_shell("touch -d '2026-11-22 23:59:59 UTC' $SITE"), 0);

	struct text command = TEXT_EMPTY;
	text_add(&command, "{ src/multihomectl %s; } >$DIR/stdout 2>$DIR/stderr",
	         calls[_i].arguments);
	ck_assert_int_eq(run_shell(command.data), calls[_i].code);
	struct text path = TEXT_EMPTY;
	text_add(&path, "%s/stdout", folder);
	assert_part(path.data, calls[_i].standard, calls[_i].code != 0);
	text_free(&path);
	text_add(&path, "%s/stderr", folder);
	assert_part(path.data, calls[_i].error, calls[_i].code == 0);
	text_free(&path);
	text_free(&command);

	ck_assert_int_eq(run_shell("rm -r \"$DIR\" $SITE $BAD $FOLLOWED $LOOP"), 0);
	free(site);
	free(loop);
	free(bad);
	free(followed);
}
END_TEST

START_TEST(the_same_file_yields_the_same_bytes)
{
	char *site = file_from_text(SITE);
	ck_assert_int_eq(setenv("SITE", site, 1), 0);
	ck_assert_int_eq(run_shell("touch -d '2026-11-22 23:59:59 UTC' $SITE && "
	                           "a=$(src/multihomectl -c $SITE zone host www.example.com) &&"
	                           "cp -p $SITE $SITE.copy &&"
	                           "b=$(TZ=NZT-12 LC_ALL=C.UTF-8"
	                           " src/multihomectl -c $SITE.copy zone host www.example.com) &&"
	                           "rm $SITE.copy && [ -n \"$a\" ] && [ \"$a\" = \"$b\" ]"),
	                 0);
	(void)unlink(site);
	free(site);
}
END_TEST

START_TEST(a_serial_counts_changes_and_never_goes_back)
{
	char folder[] = "/tmp/mh-test-XXXXXX";
	ck_assert_ptr_nonnull(mkdtemp(folder));
	char *site = file_from_text(SITE);
	ck_assert_int_eq(setenv("SITE", site, 1), 0);
	ck_assert_int_eq(setenv("DIR", folder, 1), 0);
	static const struct {
		const char *before;
		const char *serial;
	} steps[] = {
		{ "touch -d '2026-11-22 12:00 UTC' $SITE", "2026112200" },
		{ ":", "2026112200" },
		// Another day, the same content.
		{ "touch -d '2026-11-25 12:00 UTC' $SITE", "2026112200" },
		{ "sed -i 's/192.168.2.1/192.168.2.2/' $SITE; touch -d '2026-11-25 13:00 UTC' "
		  "$SITE",
		  "2026112500" },
		{ "sed -i 's/192.168.2.2/192.168.2.3/' $SITE; touch -d '2026-11-25 14:00 UTC' "
		  "$SITE",
		  "2026112501" },
		// A file from a backup, with its old time.
		{ "sed -i 's/192.168.2.3/192.168.2.4/' $SITE; touch -d '2026-11-01 14:00 UTC' "
		  "$SITE",
		  "2026112502" },
		// Made by hand before, with another kind of number.
		{ "sed -i 's/2026112502/4294967295/' $DIR/www.example.com.zone; "
		  "sed -i 's/192.168.2.4/192.168.2.5/' $SITE; touch -d '2026-11-25 14:00 UTC' "
		  "$SITE",
		  "2026112500" },
		{ "echo rubbish >$DIR/www.example.com.zone", "2026112500" },
		{ "rm $DIR/www.example.com.zone", "2026112500" },
	};
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		for (unsigned all = 0; all < 2; all++) {
			struct text command = TEXT_EMPTY;
			text_add(&command,
			         "%s; src/multihomectl -c $SITE %s && "
			         "s=$(awk '$4 == \"SOA\" { print $7 }' $DIR/www.example.com.zone) "
			         "&& "
			         "[ $s = %s ] || { echo \"$s\"; exit 1; }",
			         all == 0 ? steps[i].before : ":",
			         all == 0 ? "zone host www.example.com -o $DIR/www.example.com.zone"
			                  : "knot-conf --zones $DIR -o $DIR/part",
			         steps[i].serial);
			ck_assert_msg(run_shell(command.data) == 0, "step %zu: %s", i,
			              command.data);
			text_free(&command);
		}
	}
	ck_assert_int_eq(run_shell("rm -r \"$DIR\" $SITE"), 0);
	free(site);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("multihomectl");
	TCase *tcase = tcase_create("multihomectl");
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, a_call_ends_as_promised, 0, sizeof(calls) / sizeof(calls[0]));
	tcase_add_test(tcase, a_serial_counts_changes_and_never_goes_back);
	tcase_add_test(tcase, the_same_file_yields_the_same_bytes);
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
