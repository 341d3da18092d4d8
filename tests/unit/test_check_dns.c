/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Judging of DNS in a world written down as text: whatever is changed in it is found, once, and
 * nothing else is.
 */

#include <check.h>
#include <errno.h>
#include <libknot/libknot.h>
#include <libzscanner/scanner.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "ctl/check_dns_find.h"
#include "findings_text.h"
#include "site_text.h"
#include "suite.h"

#define SITE                                                                                    \
	"site:\n    domain: example.com\n"                                                      \
	"uplink:\n"                                                                             \
	"  - id: primary\n    interface: wan0\n    address: [192.168.2.1, \"2001:db8:1::2\"]\n" \
	"  - id: backup\n    interface: wan1\n    address: 172.16.1.1\n"                        \
	"server:\n  - id: web\n    address: 10.0.0.10\n"                                        \
	"host:\n  - domain: www.example.com\n    server: web\n    port: tcp/80\n"               \
	"    alias: [api]\n"                                                                    \
	"mail:\n  - domain: example.com\n    server: web\n    dmarc: v=DMARC1; p=none\n"        \
	"    spf: [include:spf.example.net]\n"

/*! «SERVER NAME TYPE DATA»; RES is the resolver, HOST the hoster's server. */
#define RES "203.0.113.20 "
#define HOST "203.0.113.53 "
#define ONE "192.168.2.1 "
#define ONE6 "2001:db8:1::2 "
#define TWO "172.16.1.1 "
#define SOA(serial) "www-ns1.example.com. h.example.com. " serial " 1 1 1 1\n"
#define UPLINK(place, address)                                                                   \
	place "www.example.com. SOA " SOA("5") place                                             \
		"www.example.com. NS www-ns1.example.com.\n" place                               \
		"www.example.com. NS www-ns2.example.com.\n" place "www.example.com. A " address \
		"\n" place "api.www.example.com. A " address "\n"
#define SHOP(place, address)                                                     \
	place "shop.example.org. SOA " SOA("5") place                            \
		"shop.example.org. NS shop-example-org-ns1.example.com.\n" place \
		"shop.example.org. NS shop-example-org-ns2.example.com.\n" place \
		"shop.example.org. A " address "\n" place "api.shop.example.org. A " address "\n"
#define SPF "v=spf1 ip4:192.168.2.1 ip4:172.16.1.1 ip6:2001:db8:1::2 include:spf.example.net -all"

static const char world[] = RES
	"example.com. SOA ns.hoster.com. h.example.com. 1 1 1 1 1\n" RES
	"example.com. NS ns.hoster.com.\n" RES "ns.hoster.com. A 203.0.113.53\n" RES
	"www.example.com. A 192.168.2.1\n" RES "example.com. MX 10 mail-gw-1.example.com.\n" RES
	"example.com. MX 20 mail-gw-2.example.com.\n" RES
	"example.com. TXT \"something else\"\n" RES "example.com. TXT \"" SPF "\"\n" RES
	"_dmarc.example.com. TXT \"v=DMARC1; \" \"p=none\"\n" RES
	"mail-gw-1.example.com. A 192.168.2.1\n" RES "mail-gw-2.example.com. A 172.16.1.1\n"
	// A provider that delegates single addresses, RFC 2317.
	RES "1.2.168.192.in-addr.arpa. CNAME 1.net.2.168.192.in-addr.arpa.\n" RES
	"1.2.168.192.in-addr.arpa. PTR mail-gw-1.example.com.\n" RES
	"1.1.16.172.in-addr.arpa. PTR MAIL-GW-2.example.com.\n" RES
	"www.example.net. A 198.51.100.1\n" HOST
	"example.com. SOA ns.hoster.com. h.example.com. 1 1 1 1 1\n" HOST
	"www.example.com. ^NS www-ns1.example.com.\n" HOST
	"www.example.com. ^NS WWW-NS2.example.com.\n" HOST
	"www-ns1.example.com. A 192.168.2.1\n" HOST "www-ns1.example.com. AAAA 2001:db8:1::2\n" HOST
	"www-ns2.example.com. A 172.16.1.1\n" UPLINK(ONE, "192.168.2.1") UPLINK(ONE6, "192.168.2.1")
		UPLINK(TWO, "172.16.1.1") ONE "- SMTP mail-gw-1.example.com\n" TWO
					      "- SMTP mail-gw-1.example.com\n";

#define STATUS(state, dns)                                                         \
	"{\"uplinks\":[{\"id\":\"primary\",\"state\":\"up\",\"reason\":\"\"},"     \
	"{\"id\":\"backup\",\"state\":\"" state "\",\"reason\":\"no carrier\"}],"  \
	"\"hosts\":[{\"name\":\"www.example.com\",\"kind\":\"host\",\"uplinks\":[" \
	"{\"id\":\"primary\",\"dns\":\"answered\"},{\"id\":\"backup\",\"dns\":\"" dns "\"}]}]}"

#define WITHOUT_BACKUP(also)                                                                   \
	"warning www.example.com answers: www.example.com A: 192.168.2.1, without uplink "     \
	"backup" also " (backup 172.16.1.1)\n"                                                 \
	"warning www.example.com answers: api.www.example.com A: 192.168.2.1, without uplink " \
	"backup" also " (backup 172.16.1.1)\n"

static const struct {
	const char *what;
	const char *without; // Lines of the world that hold this are not there.
	const char *with; // Lines that are there besides; data «!» and a word: what becomes of it.
	const char *site[2]; // Text of the site file, and what is there instead.
	const char *status;  // The daemon's.
	const char *own;     // Address of this machine.
	const char *found;   // «LEVEL SUBJECT CHECK: MESSAGE», but for what is good.
} cases[] = {
	{ .what = "all is good", .found = "" },

	// The resolver and the zones above.
	{ .what = "resolver dead",
	  .without = RES,
	  .with = RES "* * !silent\n",
	  .found = "wrong resolver reply: no reply (203.0.113.20)\n" },
	{ .what = "resolver refuses",
	  .without = RES,
	  .with = RES "* * !REFUSED\n",
	  .found = "wrong resolver reply: REFUSED (203.0.113.20)\n" },
	{ .what = "resolver fails for one name",
	  .without = RES "example.com. MX",
	  .with = RES "example.com. MX !SERVFAIL\n",
	  .found = "wrong resolver reply: example.com MX: SERVFAIL (203.0.113.20)\n" },
	{ .what = "domain not registered",
	  .without = RES "example.com. SOA",
	  .with = RES "example.com. SOA !NXDOMAIN com.\n",
	  .found = "wrong example.com zone: does not exist for the resolver\n" },
	{ .what = "domain inside another zone",
	  .without = RES "example.com. SOA",
	  .with = RES "example.com. SOA !NODATA com.\n" RES "com. NS ns.hoster.com.\n" HOST
	              "com. SOA ns.hoster.com. h.com. 1 1 1 1 1\n",
	  .found = "" },
	{ .what = "parent server dead",
	  .without = HOST,
	  .with = HOST "* * !silent\n",
	  .found = "warning example.com servers: no reply (ns.hoster.com 203.0.113.53)\n"
	           "wrong example.com servers: none can be asked\n" },
	{ .what = "one of the parent servers has another zone",
	  .with = RES "ns.hoster.com. A 203.0.113.54\n203.0.113.54 * * !REFUSED\n",
	  .found = "wrong example.com servers: does not serve the zone: REFUSED (ns.hoster.com "
	           "203.0.113.54)\n" },
	{ .what = "no IPv6 here",
	  .with = RES "ns.hoster.com. AAAA 2001:db8::53\n2001:db8::53 * * !beyond\n",
	  .found = "note example.com servers: not asked, this machine has no IPv6 (ns.hoster.com "
	           "2001:db8::53)\n" },
	{ .what = "no delegation",
	  .without = "^NS",
	  .with = HOST "www.example.com. NS !NXDOMAIN example.com.\n",
	  .found = "wrong www.example.com delegation: there is none (ns.hoster.com "
	           "203.0.113.53)\n" },
	{ .what = "missing name server",
	  .without = "^NS WWW-NS2",
	  .found = "wrong www.example.com delegation: lacks www-ns2.example.com (ns.hoster.com "
	           "203.0.113.53)\n" },
	{ .what = "one name server too many",
	  .with = HOST "www.example.com. ^NS ns.old.example.\n",
	  .found = "wrong www.example.com delegation: has also ns.old.example (ns.hoster.com "
	           "203.0.113.53)\n" },
	{ .what = "other address of a name server",
	  .without = HOST "www-ns2",
	  .with = HOST "www-ns2.example.com. A 172.16.1.9\n",
	  .found = "wrong www.example.com name servers: www-ns2.example.com has 172.16.1.9 "
	           "instead of 172.16.1.1 (ns.hoster.com 203.0.113.53)\n" },
	{ .what = "missing IPv6 address of a name server",
	  .without = "AAAA",
	  .found = "wrong www.example.com name servers: www-ns1.example.com lacks 2001:db8:1::2 "
	           "(ns.hoster.com 203.0.113.53)\n" },
	{ .what = "parent servers disagree",
	  .with = RES "ns.hoster.com. A 203.0.113.54\n"
	              "203.0.113.54 example.com. SOA ns.hoster.com. h.example.com. 1 1 1 1 1\n"
	              "203.0.113.54 www.example.com. ^NS www-ns1.example.com.\n"
	              "203.0.113.54 www-ns1.example.com. A 192.168.2.1\n"
	              "203.0.113.54 www-ns1.example.com. AAAA 2001:db8:1::2\n"
	              "203.0.113.54 www-ns2.example.com. A 172.16.1.1\n",
	  .found = "wrong www.example.com delegation: lacks www-ns2.example.com (ns.hoster.com "
	           "203.0.113.54)\n" },

	// The uplinks' name servers.
	{ .what = "uplink dead",
	  .without = TWO "www",
	  .with = TWO "* * !silent\n",
	  .found = "wrong uplinks UDP 53: no reply (backup 172.16.1.1)\n"
	           "wrong uplinks TCP 53: no reply (backup 172.16.1.1)\n" },
	{ .what = "the daemon knows that the uplink is down",
	  .without = TWO "www",
	  .with = TWO "* * !silent\n",
	  .status = STATUS("down", "withdrawn"),
	  .found = "wrong uplinks UDP 53: no reply, the uplink is down (backup 172.16.1.1)\n"
	           "wrong uplinks TCP 53: no reply, the uplink is down (backup 172.16.1.1)\n" },
	{ .what = "knotd does not run",
	  .without = TWO "www",
	  .with = TWO "* * !refused\n",
	  .found = "wrong uplinks UDP 53: refused, nobody listens there (backup 172.16.1.1)\n"
	           "wrong uplinks TCP 53: refused, nobody listens there (backup 172.16.1.1)\n" },
	{ .what = "TCP blocked",
	  .with = TWO "tcp * !silent\n",
	  .found = "wrong uplinks TCP 53: no reply (backup 172.16.1.1)\n" },
	{ .what = "zone not loaded",
	  .without = TWO "www",
	  .with = TWO "* * !REFUSED\n",
	  .found = "wrong www.example.com zone: REFUSED (backup 172.16.1.1)\n" },
	{ .what = "a resolver answers instead of knotd",
	  .with = TWO "www.example.com. SOA !noaa\n",
	  .found = "wrong www.example.com zone: answered without authority, so not by knotd with "
	           "this zone (backup 172.16.1.1)\n" },
	{ .what = "other serial number",
	  .without = TWO "www.example.com. SOA",
	  .with = TWO "www.example.com. SOA " SOA("4"),
	  .found = "wrong www.example.com zone: serial numbers differ: 5 by primary 192.168.2.1, 5 "
	           "by primary 2001:db8:1::2, 4 by backup 172.16.1.1\n" },
	{ .what = "other name servers in the zone",
	  .without = TWO "www.example.com. NS www-ns2",
	  .found = "wrong www.example.com zone: NS set lacks www-ns2.example.com (backup "
	           "172.16.1.1)\n" },

	// Answers.
	{ .what = "answers with the other uplink",
	  .without = ".example.com. A 172.16.1.1",
	  .with = TWO
	  "www.example.com. A 192.168.2.1\n" TWO "api.www.example.com. A 192.168.2.1\n" HOST
	  "www-ns2.example.com. A 172.16.1.1\n" RES "mail-gw-2.example.com. A 172.16.1.1\n",
	  .found = WITHOUT_BACKUP(": it is drained or not ready") },
	{ .what = "the daemon says that it is not ready",
	  .without = ".example.com. A 172.16.1.1",
	  .with = TWO
	  "www.example.com. A 192.168.2.1\n" TWO "api.www.example.com. A 192.168.2.1\n" HOST
	  "www-ns2.example.com. A 172.16.1.1\n" RES "mail-gw-2.example.com. A 172.16.1.1\n",
	  .status = STATUS("down", "withdrawn"),
	  .found = WITHOUT_BACKUP(": it is not ready") },
	{ .what = "drained",
	  .without = "api.www.example.com. A 172.16.1.1",
	  .with = TWO "api.www.example.com. A 192.168.2.1\n",
	  .status = STATUS("drained", "withdrawn"),
	  .found = "note www.example.com answers: api.www.example.com A: 192.168.2.1, without "
	           "uplink backup, which is drained (backup 172.16.1.1)\n" },
	{ .what = "knotd without the module",
	  .without = "api.www.example.com. A 172.16.1.1",
	  .with = TWO "api.www.example.com. A 192.168.2.1\n",
	  .status = STATUS("up", "answered"),
	  .found = "wrong www.example.com answers: api.www.example.com A: 192.168.2.1, without "
	           "uplink backup, though the daemon publishes it (backup 172.16.1.1)\n" },
	{ .what = "no uplink is ready",
	  .without = TWO "www.example.com. A",
	  .with = TWO "www.example.com. A !notready\n",
	  .found = "wrong www.example.com answers: www.example.com A: SERVFAIL, no uplink is ready "
	           "(backup 172.16.1.1)\n" },
	{ .what = "SERVFAIL",
	  .without = TWO "www.example.com. A",
	  .with = TWO "www.example.com. A !SERVFAIL\n",
	  .found = "wrong www.example.com answers: www.example.com A: SERVFAIL (backup "
	           "172.16.1.1)\n" },
	{ .what = "no address",
	  .without = TWO "www.example.com. A",
	  .found = "wrong www.example.com answers: www.example.com A: none (backup 172.16.1.1)\n" },
	{ .what = "an address of nobody",
	  .without = TWO "www.example.com. A",
	  .with = TWO "www.example.com. A 172.16.1.9\n",
	  .found = "wrong www.example.com answers: www.example.com A: 172.16.1.9, not as the site "
	           "file says (backup 172.16.1.1)\n" },
	{ .what = "asked from the LAN",
	  .without = TWO "www.example.com. A",
	  .with = TWO "www.example.com. A 10.0.0.10\n",
	  .found = "note www.example.com answers: www.example.com A: 10.0.0.10, the inside address "
	           "(backup 172.16.1.1)\n" },
	{ .what = "other TTL",
	  .without = TWO "www.example.com. A",
	  .with = TWO "www.example.com. 60 A 172.16.1.1\n",
	  .found = "warning www.example.com answers: www.example.com has TTL 60 instead of 10 "
	           "(backup 172.16.1.1)\n" },
	{ .what = "an alias is forgotten",
	  .without = TWO "api",
	  .found = "wrong www.example.com answers: api.www.example.com A: none (backup "
	           "172.16.1.1)\n" },
	{ .what = "all: without one, and in the wrong order",
	  .site = { "alias: [api]", "policy: all" },
	  .with = TWO "www.example.com. A 192.168.2.1\n" ONE6 "www.example.com. A 172.16.1.1\n",
	  .found = "warning www.example.com answers: www.example.com A: 192.168.2.1, without "
	           "uplink backup: it is drained or not ready (primary 192.168.2.1)\n" },
	{ .what = "all: another one first",
	  .site = { "alias: [api]", "policy: all" },
	  .without = TWO "www.example.com. A",
	  .with = ONE "www.example.com. A 172.16.1.1\n" ONE6 "www.example.com. A 172.16.1.1\n" TWO
	              "www.example.com. A 192.168.2.1\n" TWO "www.example.com. A 172.16.1.1\n",
	  .found = "warning www.example.com answers: www.example.com A: 192.168.2.1, 172.16.1.1, "
	           "another uplink first (backup 172.16.1.1)\n" },
	{ .what = "preferred: the same everywhere",
	  .site = { "alias: [api]", "policy: preferred" },
	  .without = "1 www.example.com. A 172.16.1.1",
	  .with = TWO "www.example.com. A 192.168.2.1\n",
	  .found = "" },
	{ .what = "preferred: the second everywhere",
	  .site = { "alias: [api]", "policy: preferred" },
	  .without = ONE6 "www.example.com. A",
	  .with = ONE6 "www.example.com. A 172.16.1.1\n" /* and backup's own */,
	  .found = "warning www.example.com answers: www.example.com A: 172.16.1.1, without uplink "
	           "primary: it is drained or not ready (primary 2001:db8:1::2, backup "
	           "172.16.1.1)\n" },
	{ .what = "a host that the second uplink does not offer",
	  .site = { "alias: [api]", "uplink: primary" },
	  .without = TWO "www.example.com. A",
	  .with = TWO "www.example.com. A 192.168.2.1\n",
	  .found = "" },
	{ .what = "the resolver has another view",
	  .without = RES "www.example.com. A",
	  .with = RES "www.example.com. A 10.0.0.10\n",
	  .found = "warning www.example.com resolver: finds 10.0.0.10, not what the site file "
	           "says\n" },
	{ .what = "the resolver finds nothing",
	  .without = RES "www.example.com. A",
	  .found = "wrong www.example.com resolver: finds no address\n" },

	// Where it runs, and what is not known.
	{ .what = "on the gateway",
	  .own = "172.16.1.1",
	  .found = "note this machine view: is the gateway: what it asks itself proves knotd, not "
	           "the way in (backup)\n"
	           "note mail-gw-2.example.com HELO: not asked: the gateway's own connections are "
	           "not forwarded (backup 172.16.1.1)\n" },
	{ .what = "on the gateway, at the port of the uplink",
	  .own = "172.16.1.1",
	  .site = { "domain: example.com\n", "domain: example.com\n    dns-binding: port\n" },
	  .without = TWO "www",
	  .with = "172.16.1.1@5302 www.example.com. SOA " SOA(
		  "5") "172.16.1.1@5302 www.example.com. NS www-ns1.example.com.\n"
	               "172.16.1.1@5302 www.example.com. NS www-ns2.example.com.\n"
	               "172.16.1.1@5302 www.example.com. A 172.16.1.1\n"
	               "172.16.1.1@5302 api.www.example.com. A 172.16.1.1\n" TWO "* * !refused\n",
	  .found = "note this machine view: is the gateway: what it asks itself proves knotd, not "
	           "the way in (backup)\n"
	           "note mail-gw-2.example.com HELO: not asked: the gateway's own connections are "
	           "not forwarded (backup 172.16.1.1)\n" },
	{ .what = "on the gateway, behind a provider's NAT",
	  .own = "172.16.1.1",
	  .site = { "    address: 172.16.1.1\n",
	            "    address: 172.16.1.1\n    public-address: 198.51.100.1\n" },
	  .without = "172.16.1.1",
	  .with = "198.51.100.1 * * !silent\n" HOST "www-ns2.example.com. A 198.51.100.1\n" RES
	          "mail-gw-2.example.com. A 198.51.100.1\n" RES
	          "1.100.51.198.in-addr.arpa. PTR mail-gw-2.example.com.\n"
	          "198.51.100.1 - SMTP mail-gw-1.example.com\n" RES
	          "example.com. TXT \"v=spf1 ip4:192.168.2.1 ip4:198.51.100.1 ip6:2001:db8:1::2 "
	          "include:spf.example.net -all\"\n",
	  .found = "note uplinks UDP 53: no reply, but the gateway is behind that address itself "
	           "(backup 198.51.100.1)\n"
	           "note uplinks TCP 53: no reply, but the gateway is behind that address itself "
	           "(backup 198.51.100.1)\n" },
	{ .what = "an uplink whose address nobody knows",
	  .site = { "    address: 172.16.1.1\n", "" },
	  .found = "warning uplinks address: not known, so not checked: none in the site file, and "
	           "the daemon has none (backup)\n" },

	{ .what = "no host",
	  .site = { "host:\n  - domain: www.example.com\n    server: web\n    port: tcp/80\n"
	            "    alias: [api]\n",
	            "" },
	  .found = "" },
	{ .what = "a name server of another name for a host outside",
	  .site = { "domain: www.example.com", "domain: shop.example.org" },
	  .without = "www",
	  .with = RES "example.org. SOA ns.hoster.com. h.example.org. 1 1 1 1 1\n" RES
	              "example.org. NS ns.other.org.\n" RES "ns.other.org. A 203.0.113.99\n" RES
	              "shop.example.org. A 192.168.2.1\n"
	              "203.0.113.99 example.org. SOA ns.other.org. h.example.org. 1 1 1 1 1\n"
	              "203.0.113.99 shop.example.org. ^NS shop-example-org-ns1.example.com.\n" HOST
	              "shop-example-org-ns1.example.com. A 192.168.2.1\n" HOST
	              "shop-example-org-ns1.example.com. AAAA 2001:db8:1::2\n" HOST
	              "shop-example-org-ns2.example.com. A 172.16.1.1\n" SHOP(ONE, "192.168.2.1")
	                      SHOP(ONE6, "192.168.2.1") SHOP(TWO, "172.16.1.1"),
	  .found = "wrong shop.example.org delegation: lacks shop-example-org-ns2.example.com "
	           "(ns.other.org 203.0.113.99)\n" },

	// Mail.
	{ .what = "missing MX",
	  .without = RES "example.com. MX 20",
	  .found = "wrong mail example.com MX: lacks 20 mail-gw-2.example.com\n" },
	{ .what = "no MX",
	  .without = RES "example.com. MX",
	  .found = "wrong mail example.com MX: lacks 10 mail-gw-1.example.com, 20 "
	           "mail-gw-2.example.com\n" },
	{ .what = "other preference",
	  .without = RES "example.com. MX 20",
	  .with = RES "example.com. MX 5 mail-gw-2.example.com.\n",
	  .found = "wrong mail example.com MX: has 5 mail-gw-2.example.com instead of 20 "
	           "mail-gw-2.example.com\n" },
	{ .what = "one MX more",
	  .with = RES "example.com. MX 50 backup.example.net.\n",
	  .found = "warning mail example.com MX: has also 50 backup.example.net\n" },
	{ .what = "no SPF",
	  .without = "v=spf1",
	  .found = "wrong mail example.com SPF: there is none\n" },
	{ .what = "two SPF records",
	  .with = RES "example.com. TXT \"v=spf1 -all\"\n",
	  .found = "wrong mail example.com SPF: more than one, so none counts\n" },
	{ .what = "SPF lacks an uplink",
	  .without = "v=spf1",
	  .with = RES
	  "example.com. TXT \"v=spf1 ip4:192.168.0.0/16 ip6:2001:db8:1::/48 -ip4:0.0.0.0/0 "
	  "include:spf.example.net -all\"\n",
	  .found = "wrong mail example.com SPF: lacks 172.16.1.1 of uplink backup\n" },
	{ .what = "SPF may have it elsewhere",
	  .without = "v=spf1",
	  .with = RES "example.com. TXT \"v=spf1 ip4:192.168.2.1 ip6:2001:db8:1::2 "
	              "include:spf.example.net -all\"\n",
	  .found = "warning mail example.com SPF: lacks 172.16.1.1 of uplink backup, unless a term "
	           "that is looked up has it\n" },
	{ .what = "SPF without a term of the site file",
	  .without = "v=spf1",
	  .with = RES "example.com. TXT \"v=spf1 ip4:192.168.2.1 ip4:172.16.1.1 ip6:2001:db8:1::2 "
	              "-all\"\n",
	  .found = "warning mail example.com SPF: lacks include:spf.example.net of the site "
	           "file\n" },
	{ .what = "no DMARC",
	  .without = "DMARC",
	  .found = "wrong mail example.com DMARC: there is none\n" },
	{ .what = "other DMARC",
	  .without = "DMARC",
	  .with = RES "_dmarc.example.com. TXT \"v=DMARC1; p=reject\"\n",
	  .found = "warning mail example.com DMARC: has «v=DMARC1; p=reject» instead of "
	           "«v=DMARC1; p=none»\n" },
	{ .what = "bytes that are no UTF-8",
	  .without = "DMARC",
	  .with = RES "_dmarc.example.com. TXT \"v=DMARC1; \\228\\000\\027\"\n",
	  .found = "warning mail example.com DMARC: has «v=DMARC1; ???» instead of "
	           "«v=DMARC1; p=none»\n" },
	{ .what = "two DMARC records",
	  .with = RES "_dmarc.example.com. TXT \"v=DMARC1; p=reject\"\n",
	  .found = "wrong mail example.com DMARC: more than one, so none counts\n" },

	// Mail gateways.
	{ .what = "other address of a gateway",
	  .without = RES "mail-gw-1",
	  .with = RES "mail-gw-1.example.com. A 192.168.2.2\n",
	  .found = "wrong mail-gw-1.example.com address: has 192.168.2.2 instead of "
	           "192.168.2.1\n" },
	{ .what = "IPv6 address of a gateway where no mail arrives",
	  .with = RES "mail-gw-1.example.com. AAAA 2001:db8:1::2\n",
	  .found = "wrong mail-gw-1.example.com address: has also 2001:db8:1::2\n" },
	{ .what = "a gateway whose uplink is not ready",
	  .without = RES "mail-gw-2",
	  .with = RES "mail-gw-2.example.com. A 192.168.2.1\n",
	  .found = "warning mail-gw-2.example.com address: has 192.168.2.1 instead of 172.16.1.1, "
	           "as while its uplink is drained or not ready\n" },
	{ .what = "a gateway that a hoster has by another uplink's address",
	  .without = RES "mail-gw-2",
	  .with = RES "mail-gw-2.example.com. 86400 A 192.168.2.1\n",
	  .found = "wrong mail-gw-2.example.com address: has 192.168.2.1 instead of 172.16.1.1\n" },
	{ .what = "no PTR",
	  .without = "2.168.192",
	  .found = "wrong mail-gw-1.example.com PTR: there is none (primary 192.168.2.1)\n" },
	{ .what = "other PTR",
	  .without = RES "1.1.16.172",
	  .with = RES "1.1.16.172.in-addr.arpa. PTR customer.isp.example.\n",
	  .found = "wrong mail-gw-2.example.com PTR: customer.isp.example (backup 172.16.1.1)\n" },
	{ .what = "two PTR",
	  .with = RES "1.1.16.172.in-addr.arpa. PTR customer.isp.example.\n",
	  .found = "warning mail-gw-2.example.com PTR: more than one: mail-gw-2.example.com, "
	           "customer.isp.example (backup 172.16.1.1)\n" },
	{ .what = "port 25 closed",
	  .without = TWO "- SMTP",
	  .found = "warning mail-gw-2.example.com HELO: port 25: no reply (backup 172.16.1.1)\n" },
	{ .what = "HELO by a name that is none",
	  .without = TWO "- SMTP",
	  .with = TWO "- SMTP [10.0.0.10]\n",
	  .found = "warning mail-gw-2.example.com HELO: no name, which has no address (backup "
	           "172.16.1.1)\n" },
	{ .what = "HELO by a name without address",
	  .without = TWO "- SMTP",
	  .with = TWO "- SMTP srv.lan\n",
	  .found = "warning mail-gw-2.example.com HELO: srv.lan, which has no address (backup "
	           "172.16.1.1)\n" },
	{ .what = "HELO by a foreign name",
	  .without = TWO "- SMTP",
	  .with = TWO "- SMTP www.example.net\n",
	  .found = "warning mail-gw-2.example.com HELO: www.example.net, but no PTR record of an "
	           "uplink says so (backup 172.16.1.1)\n" },
};

/*! The world of the case that runs. */
static char *lines;

static void make_world(size_t row)
{
	struct text text = TEXT_EMPTY;
	const char *line = world;
	while (*line != '\0') {
		char copy[512];
		size_t length = strcspn(line, "\n");
		(void)snprintf(copy, sizeof(copy), "%.*s\n", (int)length, line);
		if (cases[row].without == NULL || strstr(copy, cases[row].without) == NULL) {
			text_add(&text, "%s", copy);
		}
		line += length + 1;
	}
	text_add(&text, "%s", cases[row].with != NULL ? cases[row].with : "");
	free(lines);
	lines = text_take(&text);
}

/*! Put a record into the section that is open, as a server would. */
static void put(knot_pkt_t *packet, const char *name, const char *type_and_data)
{
	char line[1024];
	zs_scanner_t *scanner = malloc(sizeof(*scanner));
	(void)snprintf(line, sizeof(line), "%s %s\n", name, type_and_data);
	ck_assert_int_eq(zs_init(scanner, ".", KNOT_CLASS_IN, 10), 0);
	ck_assert_int_eq(zs_set_input_string(scanner, line, strlen(line)), 0);
	ck_assert_int_eq(zs_parse_record(scanner), 0);
	ck_assert_msg(scanner->state == ZS_STATE_DATA, "no record: %s", line);
	knot_rrset_t *rrset = knot_rrset_new(scanner->r_owner, scanner->r_type, KNOT_CLASS_IN,
	                                     scanner->r_ttl, NULL);
	ck_assert_int_eq(knot_rrset_add_rdata(rrset, scanner->r_data,
	                                      (uint16_t)scanner->r_data_length, NULL),
	                 KNOT_EOK);
	ck_assert_int_eq(knot_pkt_put(packet, KNOT_COMPR_HINT_NONE, rrset, 0), KNOT_EOK);
	// The packet refers to it until it is parsed anew.
	packet->rr[packet->rrset_count - 1] = *rrset;
	zs_deinit(scanner);
	free(scanner);
	free(rrset);
}

static void free_records(knot_pkt_t *packet)
{
	for (uint16_t i = 0; i < packet->rrset_count; i++) {
		if (&packet->rr[i] != packet->opt_rr) {
			knot_rrset_clear(&packet->rr[i], NULL);
		}
	}
	packet->rrset_count = 0;
}

static const struct {
	const char *word;
	int error;
	uint8_t rcode;
} fates[] = {
	{ "silent", -ETIMEDOUT, 0 },
	{ "refused", -ECONNREFUSED, 0 },
	{ "beyond", -ENETUNREACH, 0 },
	{ "REFUSED", 0, KNOT_RCODE_REFUSED },
	{ "SERVFAIL", 0, KNOT_RCODE_SERVFAIL },
	{ "notready", 0, KNOT_RCODE_SERVFAIL },
	{ "NXDOMAIN", 0, KNOT_RCODE_NXDOMAIN },
	{ "NODATA", 0, KNOT_RCODE_NOERROR },
	{ "noaa", 0, KNOT_RCODE_NOERROR },
};

/*! A line of the world, taken apart; type is «^NS» for one of the authority section. */
struct fact {
	char server[64];
	char name[128];
	char type[16];
	const char *rest; // With TTL and type, up to the line's end.
	size_t length;
};

static const char *next_fact(const char *at, struct fact *fact)
{
	if (*at == '\0') {
		return NULL;
	}
	int rest = 0;
	ck_assert_int_eq(sscanf(at, "%63s %127s %n", fact->server, fact->name, &rest), 2);
	fact->rest = at + rest;
	fact->length = strcspn(fact->rest, "\n");
	unsigned ttl;
	if (sscanf(fact->rest, "%u %15s", &ttl, fact->type) != 2) {
		ck_assert_int_eq(sscanf(fact->rest, "%15s", fact->type), 1);
	}
	return fact->rest + fact->length + 1;
}

/*! Whether a line is about a question. */
static bool concerns(const struct fact *fact, const struct dns_question *question, const char *name,
                     const char *type)
{
	char address[ADDRESS_TEXT_MAX];
	char server[ADDRESS_TEXT_MAX + 8];
	(void)snprintf(server, sizeof(server), question->port == 53 ? "%s" : "%s@%u",
	               address_format(&question->server, address), question->port);
	const char *bare = fact->type + (fact->type[0] == '^' ? 1 : 0);
	bool any =
		strcmp(fact->name, "*") == 0 || (strcmp(fact->name, "tcp") == 0 && question->tcp);
	return strcmp(fact->server, server) == 0 &&
	       (any || (strcasecmp(fact->name, name) == 0 &&
	                (strcmp(bare, type) == 0 || strcmp(bare, "CNAME") == 0)));
}

/*! The reply of a fate: a code, extended if need be, and the SOA of NXDOMAIN. */
static void put_fate(knot_pkt_t *packet, const char *fate, uint8_t rcode)
{
	char zone[128];
	knot_wire_set_rcode(packet->wire, rcode);
	if (sscanf(fate, "NXDOMAIN %127s", zone) == 1 || sscanf(fate, "NODATA %127s", zone) == 1) {
		(void)knot_pkt_begin(packet, KNOT_AUTHORITY);
		put(packet, zone, "SOA ns.hoster.com. h.com. 1 1 1 1 1");
	} else if (strncmp(fate, "notready", 8) == 0) {
		static const uint8_t code[] = { 0, KNOT_EDNS_EDE_NOT_READY };
		knot_rrset_t opt;
		ck_assert_int_eq(knot_edns_init(&opt, 1232, 0, 0, &packet->mm), KNOT_EOK);
		ck_assert_int_eq(knot_edns_add_option(&opt, KNOT_EDNS_OPTION_EDE, sizeof(code),
		                                      code, &packet->mm),
		                 KNOT_EOK);
		(void)knot_pkt_begin(packet, KNOT_ADDITIONAL);
		ck_assert_int_eq(knot_pkt_put(packet, KNOT_COMPR_HINT_NONE, &opt, 0), KNOT_EOK);
		knot_rrset_clear(&opt, &packet->mm);
		packet->rrset_count--;
	} else {
		knot_wire_clear_aa(packet->wire);
	}
}

/*! \return Whether nothing comes behind it. */
static bool meet_fate(struct dns_query *query, knot_pkt_t *packet, const char *fate)
{
	for (size_t i = 0; i < sizeof(fates) / sizeof(fates[0]); i++) {
		if (strncmp(fate, fates[i].word, strlen(fates[i].word)) != 0) {
			continue;
		}
		query->error = fates[i].error;
		if (fates[i].error == 0) {
			put_fate(packet, fate, fates[i].rcode);
		}
		return strcmp(fates[i].word, "noaa") != 0;
	}
	ck_abort_msg("no such fate: %s", fate);
	return true;
}

/*! \return Whether there is a reply. */
static bool fill_reply(struct dns_query *query, knot_pkt_t *packet, const char *name,
                       const char *type)
{
	struct fact fact;
	for (size_t section = 0; section < 2; section++) {
		(void)knot_pkt_begin(packet, section == 0 ? KNOT_ANSWER : KNOT_AUTHORITY);
		const char *next;
		for (const char *at = lines; (next = next_fact(at, &fact)) != NULL; at = next) {
			const char *fate = memchr(fact.rest, '!', fact.length);
			if (!concerns(&fact, &query->question, name, type)) {
				continue;
			}
			if (fate != NULL && meet_fate(query, packet, fate + 1)) {
				return query->error == 0;
			}
			if (fate == NULL && (fact.type[0] == '^') == (section == 1)) {
				char record[512];
				(void)snprintf(record, sizeof(record), "%.*s",
				               (int)(fact.length - section), fact.rest + section);
				put(packet, fact.name, record);
			}
		}
	}
	return true;
}

static void answer(struct dns_query *query)
{
	char name[KNOT_DNAME_TXT_MAXLEN + 1];
	char type[16];
	knot_pkt_t *packet = knot_pkt_new(NULL, UINT16_MAX, NULL);
	ck_assert_ptr_nonnull(packet);
	ck_assert_ptr_nonnull(knot_dname_to_str(name, query->question.name, sizeof(name)));
	ck_assert_int_ge(knot_rrtype_to_string(query->question.type, type, sizeof(type)), 0);
	ck_assert_int_eq(knot_pkt_put_question(packet, query->question.name, KNOT_CLASS_IN,
	                                       query->question.type),
	                 KNOT_EOK);
	knot_wire_set_qr(packet->wire);
	knot_wire_set_aa(packet->wire);
	if (fill_reply(query, packet, name, type)) {
		query->reply = knot_pkt_new(NULL, UINT16_MAX, NULL);
		memcpy(query->reply->wire, packet->wire, packet->size);
		query->reply->size = packet->size;
		ck_assert_int_eq(knot_pkt_parse(query->reply, 0), KNOT_EOK);
	}
	query->talk.done = true;
	free_records(packet);
	knot_pkt_free(packet);
}

static void greet(struct smtp_query *query)
{
	char server[ADDRESS_TEXT_MAX];
	struct fact fact;
	const char *next;
	(void)address_format(&query->server, server);
	query->error = -ETIMEDOUT;
	for (const char *at = lines; (next = next_fact(at, &fact)) != NULL; at = next) {
		if (strcmp(fact.server, server) == 0 && strcmp(fact.type, "SMTP") == 0) {
			query->error = 0;
			query->code = 250;
			ck_assert_int_eq(sscanf(fact.rest, "SMTP %1000s", query->name), 1);
		}
	}
	query->talk.done = true;
}

static int ask(struct learnt *learnt, void *context)
{
	unsigned *rounds = context;
	for (size_t i = 0; i < learnt->query_count; i++) {
		if (!learnt->queries[i]->talk.done) {
			answer(learnt->queries[i]);
		}
	}
	for (size_t i = 0; i < learnt->greeting_count; i++) {
		if (!learnt->greetings[i]->talk.done) {
			greet(learnt->greetings[i]);
		}
	}
	*rounds += 1;
	return 0;
}

START_TEST(what_is_changed_is_found)
{
	char *file = replaced(SITE, cases[_i].site[0], cases[_i].site[1]);
	struct site *site = site_from_text(file);
	struct address own_address;
	struct address_list own = { &own_address, 0 };
	struct learnt learnt = LEARNT_EMPTY;
	struct findings findings = FINDINGS_EMPTY;
	unsigned rounds = 0;
	json_t *status = cases[_i].status != NULL ? json_loads(cases[_i].status, 0, NULL) : NULL;
	ck_assert(cases[_i].status == NULL || status != NULL);
	if (cases[_i].own != NULL) {
		ck_assert_int_eq(address_parse(cases[_i].own, &own_address), 0);
		own.count = 1;
	}
	struct check_dns check = {
		.site = site,
		.resolver_port = 53,
		.own = &own,
		.status = status,
		.learnt = &learnt,
		.findings = &findings,
	};
	ck_assert_int_eq(address_parse("203.0.113.20", &check.resolver), 0);
	make_world((size_t)_i);
	ck_assert_int_eq(check_dns_run(&check, ask, &rounds), 0);
	assert_findings(&findings, "dns", false, cases[_i].what, cases[_i].found);
	ck_assert_uint_le(rounds, 5);
	json_t *json = findings_json(&findings);
	ck_assert_uint_eq(json_array_size(json), findings.count);
	json_decref(json);
	findings_free(&findings);
	learnt_free(&learnt);
	json_decref(status);
	site_free(site);
	free(file);
	free(lines);
	lines = NULL;
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("check_dns");
	TCase *tcase = tcase_create("check_dns");
	tcase_add_loop_test(tcase, what_is_changed_is_found, 0, COUNT(cases));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
