/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Reading of site files: the example, every kind of value, and what is said of a wrong one.
 */

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "site/schema.h"
#include "site/site.h"
#include "site_file.h"

#define EXAMPLE "zones/multihome.conf"

#define SITE "site: {domain: example.com}\n"
#define UPLINKS                      \
	"uplink:\n"                  \
	"- {id: a, interface: w0}\n" \
	"- {id: b, interface: w1}\n"
#define SERVERS                             \
	"server:\n"                         \
	"- {id: web, address: 10.0.0.10}\n" \
	"- {id: two, address: \"fd00::2\"}\n"

// clang-format off
static const struct bad_file bad_files[] = {
	{ "",
	  "1:1: file is empty: begin with the sections 'site' and 'uplink'\n" },
	{ SITE UPLINKS SERVERS
	  "mail:\n"
	  "- domain: example.com\n"
	  "  server: web\n"
	  "  preference: [a=65536, b, c=1]\n"
	  "  spf: [v=spf1, redirect=x.example.net, include, all:x, \"a b\", includes:x]\n"
	  "  dmarc: p=none\n"
	  "  mta-sts: 2026-01-01\n"
	  "  tls-rpt: tls@example.com\n",
	  "11:16: key 'preference', value 'a=65536' is not of the form uplink=number, with a number "
	  "from 0 to 65535, such as primary=10\n"
	  "11:25: key 'preference', value 'b' is not of the form uplink=number, with a number from 0 "
	  "to 65535, such as primary=10\n"
	  "11:28: key 'preference', value 'c=1' is not the id of an entry of section 'uplink': add "
	  "one, or name one that is there\n"
	  "12:9: key 'spf', value 'v=spf1' is not a term of SPF: list the terms behind v=spf1, one an "
	  "item\n"
	  "12:17: key 'spf', value 'redirect=x.example.net' would never be used behind the uplinks' "
	  "addresses and 'all': write include:DOMAIN\n"
	  "12:41: key 'spf', value 'include' is not a term of SPF: write one such as "
	  "include:spf.example.net, ip4:192.0.2.1, a:www.example.com or ~all\n"
	  "12:50: key 'spf', value 'all:x' is not a term of SPF: write one such as "
	  "include:spf.example.net, ip4:192.0.2.1, a:www.example.com or ~all\n"
	  "12:57: key 'spf', value 'a b' is not a term of SPF: list the terms behind v=spf1, one an "
	  "item\n"
	  "12:64: key 'spf', value 'includes:x' is not a term of SPF: write one such as "
	  "include:spf.example.net, ip4:192.0.2.1, a:www.example.com or ~all\n"
	  "13:10: key 'dmarc', value 'p=none' is not a DMARC record: write one such as "
	  "\"v=DMARC1; p=none; rua=mailto:dmarc@example.com\"\n"
	  "14:12: key 'mta-sts', value '2026-01-01' is not the id of an MTA-STS policy: use at most 32 "
	  "letters and digits, such as 20260101\n"
	  "15:12: key 'tls-rpt', value 'tls@example.com' is no address for reports: write "
	  "mailto:ADDRESS or https://...\n" },
	{ SITE UPLINKS SERVERS
	  "host:\n"
	  "- domain: www.example.com\n"
	  "  server: web\n"
	  "  port: tcp/80\n"
	  "  record: [\"@ TXT x\", \"$INCLUDE /etc/passwd x\", \"@ TXT\", \"@ TXT a\\nb\"]\n",
	  "12:23: key 'record', value '$INCLUDE /etc/passwd x' is not a record: write NAME [TTL] "
	  "TYPE DATA on one line, such as '@ CAA 0 issue \"letsencrypt.org\"'\n"
	  "12:49: key 'record', value '@ TXT' is not a record: write NAME [TTL] TYPE DATA on one "
	  "line, such as '@ CAA 0 issue \"letsencrypt.org\"'\n"
	  "12:58: key 'record', value '@ TXT a?b' is not a record: write NAME [TTL] TYPE DATA on one "
	  "line, such as '@ CAA 0 issue \"letsencrypt.org\"'\n" },
	{ "# a comment alone\n",
	  "1:1: file is empty: begin with the sections 'site' and 'uplink'\n" },
	{ "---\n",
	  "2:1: name of a section is expected here, such as 'site:'\n" },
	{ "site\n",
	  "1:1: name of a section is expected here, such as 'site:'\n" },
	{ "- site\n",
	  "1:1: name of a section is expected here, such as 'site:'\n" },
	{ "site: {domain: example.com}\n"
	  "---\n"
	  "uplink: []\n",
	  "2:1: second YAML document begins here: a site file has one, so take away the "
	  "line '---'\n" },
	{ "site:\n"
	  "	domain: example.com\n"
	  "uplink:\n"
	  " 	- id: a\n",
	  "2:1: tab in the indentation: use spaces, as in knot.conf\n"
	  "4:2: tab in the indentation: use spaces, as in knot.conf\n" },
	{ "site:\n"
	  "-	domain: x\n",
	  "2:2: value must not begin with this character: put it in quotes, and use spaces "
	  "for tabs\n" },
	{ "site: {domain: example.com\n"
	  "uplink:\n",
	  "2:7: map is not closed: write ',' between its values and '}' at its end (it "
	  "begins at line 1)\n" },
	{ SITE UPLINKS "server:\n"
	  "- {id: web, address: [::1]}\n",
	  "6:23: address that begins or ends with ':' must be in quotes: write \"::1\"\n" },
	{ SITE UPLINKS "server:\n"
	  "- id: web\n"
	  "  address: [10.0.0.10, 2001:db8::]\n",
	  "7:24: address that begins or ends with ':' must be in quotes: write "
	  "\"2001:db8::\"\n" },
	{ SITE UPLINKS "server:\n"
	  "- id: web\n"
	  "  address: 2001:db8::\n",
	  "7:12: address that begins or ends with ':' must be in quotes: write "
	  "\"2001:db8::\"\n" },
	{ SITE UPLINKS "server:\n"
	  "- id: web\n"
	  "  address:\n"
	  "  - 2001:db8::\n",
	  "8:5: key 'address', address that begins or ends with ':' must be in quotes\n" },
	{ "site:\n"
	  "  domain: example.com\n"
	  " lan: lan0\n",
	  "3:2: line does not fit the lines above it: check the indentation and stray "
	  "characters\n" },
	{ "site:\n"
	  "  domain: a: b\n",
	  "2:12: ':' is not allowed here: check the indentation and that the line above is "
	  "\302\253key: value\302\273, and put a value that contains ': ' or ends with ':' "
	  "in quotes\n" },
	{ "site:\n"
	  "  domain: \"example.com\n",
	  "3:1: text in quotes is not closed: write the same quote at its end (it begins "
	  "at line 2)\n" },
	{ "site:\n"
	  "  domain example.com\n"
	  "  lan: l0\n",
	  "3:6: ':' is not allowed here: check the indentation and that the line above is "
	  "\302\253key: value\302\273, and put a value that contains ': ' or ends with ':' "
	  "in quotes\n" },
	{ "site:\n"
	  "  domain: *main\n",
	  "2:11: value begins with '*', a YAML alias, which is not supported here: put it "
	  "in quotes\n" },
	{ "site:\n"
	  "  domain: @main\n",
	  "2:11: value must not begin with this character: put it in quotes, and use "
	  "spaces for tabs\n" },
	{ "site:\n"
	  "  domain: \"a\\q\"\n",
	  "2:13: backslash in double quotes begins an escape that YAML does not know: use "
	  "single quotes\n" },
	{ SITE UPLINKS "server:\n"
	  "- {id: web, address: [10.0.0.1, 10.0.0.2}\n",
	  "6:41: list is not closed: write ',' between its values and ']' at its end\n" },
	{ SITE UPLINKS "server:\n"
	  "- id: web\n"
	  "  address: 10.0.0.10\n"
	  " - id: two\n",
	  "8:2: line does not fit the lines above it: check the indentation and stray "
	  "characters\n" },
	{ "site: {domain: caf\351}\n",
	  "1:19: byte 0xe9 is not UTF-8: save the file as UTF-8\n" },
	{ "site: {domain: a}\n"
	  "# \001\n",
	  "2:3: control character 0x01: the file must be plain text\n" },
	{ "site: {domain: a}\n"
	  "# \302\205\302\201\n",
	  "2:4: control character 0x81: the file must be plain text\n" },
	{ SITE,
	  "1:1: section 'uplink' is missing: write one\n" },
	{ UPLINKS,
	  "1:1: section 'site' is missing: write one\n" },
	{ SITE "uplink: []\n",
	  "2:1: section 'uplink' has no entry: write one\n" },
	{ SITE "uplink:\n",
	  "2:1: section 'uplink' has no entry: write one\n" },
	{ SITE "uplink: {id: a, interface: w0}\n",
	  "2:9: section 'uplink' is not a list: begin each entry with '- id:'\n" },
	{ SITE "uplink: [a]\n",
	  "2:10: section 'uplink', entry is not a map: begin it with '- id:'\n" },
	{ UPLINKS "site: [x]\n",
	  "4:7: section 'site' is not a map: write its keys below it, without '-'\n" },
	{ SITE UPLINKS "servers: []\n",
	  "5:1: unknown section 'servers': is 'server' meant?\n" },
	{ SITE UPLINKS "frobnicate: []\n",
	  "5:1: unknown section 'frobnicate': see multihome.conf(5) for those that exist\n" },
	{ SITE UPLINKS "gateway: []\n",
	  "5:1: section 'gateway' is not supported yet: leave it out\n" },
	{ SITE UPLINKS "site: {domain: example.org}\n",
	  "5:1: section 'site' is given twice (first at line 1): keep one\n" },
	{ SITE "uplink:\n"
	  "- {id: a, interfaces: w0}\n",
	  "3:11: unknown key of 'uplink', 'interfaces': is 'interface' meant?\n" },
	{ SITE "uplink:\n"
	  "- {id: a, interface: w0, weight: 3}\n",
	  "3:26: unknown key of 'uplink', 'weight': see multihome.conf(5) for those that "
	  "exist\n" },
	{ SITE "uplink:\n"
	  "- {id: a, interface: w0, on: gw2}\n",
	  "3:26: key 'on' is not supported yet: leave it out\n" },
	{ SITE "uplink:\n"
	  "- {id: a, interface: w0, id: b}\n",
	  "3:26: key 'id' is given twice (first at line 3): keep one\n" },
	{ SITE "uplink:\n"
	  "- {id: a}\n",
	  "3:3: uplink, key 'interface' is missing: write the network interface towards "
	  "this provider, such as wan0\n" },
	{ SITE "uplink:\n"
	  "- {interface: w0}\n",
	  "3:3: uplink, key 'id' is missing: write a short name of your choice\n" },
	{ SITE UPLINKS "server:\n"
	  "- {id: web}\n",
	  "6:3: server, key 'address' is missing: write the address of the inside server, "
	  "such as 10.0.0.10\n" },
	{ SITE UPLINKS "server:\n"
	  "- {id: web, address: []}\n",
	  "6:22: key 'address' has an empty list: write the address of the inside server, "
	  "such as 10.0.0.10\n" },
	{ SITE UPLINKS SERVERS "host:\n"
	  "- {server: web}\n",
	  "9:3: host, key 'domain' is missing: write the full name of the host, such as "
	  "www.example.com\n"
	  "9:3: host, key 'port' is missing: write the ports to forward, such as [tcp/80, "
	  "tcp/443]\n" },
	{ SITE UPLINKS SERVERS "host:\n"
	  "- {domain: w.example.com, port: tcp/80}\n",
	  "9:3: host, key 'server' is missing: write the id of an entry of section 'server'\n" },
	{ SITE UPLINKS SERVERS "host:\n"
	  "- {domain: w.example.com, server: web, port: tcp/80, uplink: []}\n",
	  "9:62: key 'uplink' has an empty list: leave the key out for its default\n" },
	{ SITE UPLINKS SERVERS "mail:\n"
	  "- {domain: example.com, server: web, port: []}\n",
	  "9:44: key 'port' has an empty list: leave the key out for its default\n" },
	{ SITE UPLINKS SERVERS "forward:\n"
	  "- {id: vpn, server: web}\n",
	  "9:3: forward, key 'port' is missing: write the ports to forward, such as "
	  "[udp/51820]\n" },
	{ SITE UPLINKS "server: &s\n"
	  "- {id: &name web, address: &a 10.0.0.10}\n"
	  "- {id: two, address: *a}\n",
	  "6:28: value is used again by a YAML alias ('*'), which is not supported here: "
	  "write it out in both places\n" },
	{ SITE UPLINKS "server:\n"
	  "- {id: web, address: &a [*a]}\n",
	  "6:22: value is used again by a YAML alias ('*'), which is not supported here: "
	  "write it out in both places\n" },
	{ UPLINKS "site:\n"
	  "  domain: !!binary example.com\n",
	  "5:11: value has the YAML tag 'tag:yaml.org,2002:binary', which is not supported "
	  "here: leave the tag out\n" },
	{ UPLINKS "site:\n"
	  "  ? [domain]\n"
	  "  : example.com\n"
	  "  domain: example.com\n",
	  "5:5: name of a key is expected here\n" },
	{ UPLINKS "site: {domain: [example.com]}\n",
	  "4:16: key 'domain', a list where one value is expected\n" },
	{ UPLINKS "site: {domain: {a: b}}\n",
	  "4:16: key 'domain', a map where one value is expected\n" },
	{ UPLINKS "site: {domain: example.com, lan: [[l0]]}\n",
	  "4:35: key 'lan', a list where one value is expected\n" },
	{ UPLINKS "site: {domain: example.com, lan: [l0, ]}\n",
	  "" },
	{ UPLINKS "site: {domain: , lan: \"\"}\n",
	  "4:16: key 'domain' has an empty value: write one, or leave it out\n"
	  "4:23: key 'lan' has an empty value: write one, or leave it out\n" },
	{ UPLINKS "site: {domain: \"a\\0b\"}\n",
	  "4:16: key 'domain', value contains a zero byte\n" },
	{ UPLINKS "site: {domain: example.com, masquerade: maybe, hairpin: 1}\n",
	  "4:41: key 'masquerade', value 'maybe' is not a switch: write on or off\n"
	  "4:57: key 'hairpin', value '1' is not a switch: write on or off\n" },
	{ UPLINKS "site: {domain: example.com, dns-binding: socket, outbound: fail, stale: no}\n",
	  "4:42: key 'dns-binding', value 'socket' is not known: write address, port or "
	  "device\n"
	  "4:60: key 'outbound', value 'fail' is not known: write failover or leave\n"
	  "4:73: key 'stale', value 'no' is not known: write keep or withdraw\n" },
	{ UPLINKS "site: {domain: example.com, fwmark-mask: 0x1ffffffff, route-table: 1e3, "
	  "rule-priority: 31001}\n",
	  "4:42: key 'fwmark-mask', value '0x1ffffffff' is not a number from 0 to "
	  "4294967295\n"
	  "4:68: key 'route-table', value '1e3' is not a number from 1 to 4294967295\n"
	  "4:88: key 'rule-priority', value '31001' is not a number from 1 to 31000\n" },
	{ UPLINKS "site: {domain: example.com, route-table: 0, rule-priority: -1, fwmark-mask: 0x}\n",
	  "4:42: key 'route-table', value '0' is not a number from 1 to 4294967295\n"
	  "4:60: key 'rule-priority', value '-1' is not a number from 1 to 31000\n"
	  "4:77: key 'fwmark-mask', value '0x' is not a number from 0 to 4294967295\n" },
	{ UPLINKS "site: {domain: example.com, notify: [exec true, /bin/true, \"exec \"]}\n",
	  "4:38: key 'notify', value 'exec true' is not a notification: write exec COMMAND, with its "
	  "full path\n"
	  "4:49: key 'notify', value '/bin/true' is not a notification: write exec COMMAND, with its "
	  "full path\n"
	  "4:60: key 'notify', value 'exec ' is not a notification: write exec COMMAND, with its full "
	  "path\n" },
	{ UPLINKS "site: {domain: example.com, on-change: [nsupdate key, nsupdate /k 1.2.3.4 x]}\n",
	  "4:41: key 'on-change', value 'nsupdate key' is not known: write nsupdate FILE-WITH-KEY, "
	  "nsupdate FILE-WITH-KEY SERVER or exec COMMAND, with full paths\n"
	  "4:55: key 'on-change', value 'nsupdate /k 1.2.3.4 x' is not known: write nsupdate "
	  "FILE-WITH-KEY, nsupdate FILE-WITH-KEY SERVER or exec COMMAND, with full paths\n" },
	{ UPLINKS "site: {domain: example.com, state-dir: state}\n",
	  "4:40: key 'state-dir', value 'state' is not an absolute path: let it begin with /\n" },
	{ UPLINKS "site: {domain: example.com, run-dir: run}\n",
	  "4:38: key 'run-dir', value 'run' is not an absolute path: let it begin with /\n" },
	{ UPLINKS "site: {domain: example.com, run-dir: "
	  "/a234567890123456789012345678901234567890123456789012345678901234567890123456789"
	  "01234567890123456}\n",
	  "4:38: key 'run-dir', value "
	  "'/a23456789012345678901234567890123456789012345678901234567890123'... is too "
	  "long for a unix socket in it: use at most 94 bytes\n" },
	{ UPLINKS "site: {domain: example.com, lan: [abcdefghijklmnop, a/b, .., \"w*\"]}\n",
	  "4:35: key 'lan', value 'abcdefghijklmnop' is too long for an interface: the "
	  "kernel takes at most 15 letters\n"
	  "4:53: key 'lan', value 'a/b' is not the name of an interface: write it as "
	  "\302\253ip link\302\273 shows it\n"
	  "4:58: key 'lan', value '..' is not the name of an interface: write it as "
	  "\302\253ip link\302\273 shows it\n"
	  "4:62: key 'lan', value 'w*' is not the name of an interface: write it as "
	  "\302\253ip link\302\273 shows it\n" },
	{ UPLINKS "site: {domain: 10.0.0.1}\n",
	  "4:16: key 'domain', value '10.0.0.1' is an address: write a domain name, such "
	  "as www.example.com\n" },
	{ UPLINKS "site: {domain: a..b}\n",
	  "4:16: key 'domain', value 'a..b' has an empty part between its dots\n" },
	{ UPLINKS "site: {domain: m\303\274ller.example}\n",
	  "4:16: key 'domain', value 'm\303\274ller.example' is not a domain name: use "
	  "letters, digits, hyphen and underscore, and the xn-- form of international names\n" },
	{ UPLINKS "site: {domain: a23456789012345678901234567890123456789012345678901234567890123b."
	  "example.com}\n",
	  "4:16: key 'domain', value "
	  "'a23456789012345678901234567890123456789012345678901234567890123b'... has a "
	  "part of more than 63 letters between its dots\n" },
	{ UPLINKS "site: {domain: a2345678901234567890123456789012345678901234567.a2345678901234567"
	  "890123456789012345678901234567.a2345678901234567890123456789012345678901234567.a"
	  "2345678901234567890123456789012345678901234567.a23456789012345678901234567890123"
	  "45678901234567.a234567890.com.}\n",
	  "4:16: key 'domain', value "
	  "'a2345678901234567890123456789012345678901234567.a234567890123456'... is longer "
	  "than the 255 bytes that a domain name may have\n" },
	{ UPLINKS "site: {domain: example.com, hostmaster: a b@example.com}\n",
	  "4:41: key 'hostmaster', value 'a b@example.com' is not a mailbox: use letters, "
	  "digits, hyphen, underscore, plus and dot before the @\n" },
	{ UPLINKS "site: {domain: example.com, hostmaster: \"@example.com\"}\n",
	  "4:41: key 'hostmaster', value '@example.com' is not a mailbox: write "
	  "hostmaster.example.com or hostmaster@example.com\n" },
	{ SITE "uplink:\n"
	  "- {id: a b, interface: w0}\n"
	  "- {id: a2345678901234567890123456789012345678901234567890123456789012345, "
	  "interface: w1}\n",
	  "3:8: key 'id', value 'a b' is not an id: use letters, digits, hyphen, "
	  "underscore and dot only\n"
	  "4:8: key 'id', value 'a234567890123456789012345678901234567890123456789012345678"
	  "901234'... is too long for an id: use at most 63 letters\n" },
	{ SITE "uplink:\n"
	  "- {id: a, interface: w0, interval: 10, down-after: 0, up-after: 1001}\n",
	  "3:36: key 'interval', value '10' has no unit: write 10s, or another of ms, s, "
	  "m, h\n"
	  "3:52: key 'down-after', value '0' is not a number from 1 to 1000\n"
	  "3:65: key 'up-after', value '1001' is not a number from 1 to 1000\n" },
	{ SITE "uplink:\n"
	  "- {id: a, interface: w0, timeout: 9ms, quorum: 17, degraded-loss: 20}\n"
	  "- {id: b, interface: w1, degraded-loss: 0%}\n",
	  "3:35: key 'timeout', value '9ms' is out of range: write a duration from 10ms to 1h\n"
	  "3:48: key 'quorum', value '17' is not a number from 1 to 16\n"
	  "3:67: key 'degraded-loss', value '20' is not a percentage: write one from 1% to 100%\n"
	  "4:41: key 'degraded-loss', value '0%' is not a percentage: write one from 1% to "
	  "100%\n" },
	{ SITE "uplink:\n"
	  "- {id: a, interface: w0, interval: 10d}\n"
	  "- {id: b, interface: w1, interval: 99ms}\n"
	  "- {id: c, interface: w2, interval: s}\n",
	  "3:36: key 'interval', value '10d' is not a duration: write a number and ms, s, "
	  "m or h, such as 10s\n"
	  "4:36: key 'interval', value '99ms' is out of range: write a duration from 100ms "
	  "to 1h\n"
	  "5:36: key 'interval', value 's' is not a duration: write a number and ms, s, m "
	  "or h, such as 10s\n" },
	{ SITE "uplink:\n"
	  "- {id: a, interface: w0, address: [192.168.2.1/29, fe80::1%w0, 1.2.3, x]}\n",
	  "3:36: key 'address', value '192.168.2.1/29' is not an address: leave out the "
	  "prefix length '/29'\n"
	  "3:52: key 'address', value 'fe80::1%w0' is not an address: leave out the "
	  "interface '%w0'\n"
	  "3:64: key 'address', value '1.2.3' is not an IPv4 or IPv6 address, such as "
	  "192.168.2.1 or \"2001:db8::1\"\n"
	  "3:71: key 'address', value 'x' is not an IPv4 or IPv6 address, such as "
	  "192.168.2.1 or \"2001:db8::1\"\n" },
	{ SITE "uplink:\n"
	  "- {id: a, interface: w0, public-address: [discovered, discover x, discover 192.0.2.53,\n"
	  "   discover 192.0.2.53 a..b, 1.2.3, \"discover \"]}\n",
	  "3:43: key 'public-address', value 'discovered' is no public address: write an address, "
	  "discover, or discover ADDRESS NAME\n"
	  "3:55: key 'public-address', value 'discover x' is no public address: write an address, "
	  "discover, or discover ADDRESS NAME\n"
	  "3:67: key 'public-address', value 'discover 192.0.2.53' asks a server of which no name "
	  "is known that it answers with the address of who asks: write discover ADDRESS NAME\n"
	  "4:4: key 'public-address', value 'discover 192.0.2.53 a..b' is no public address: write "
	  "an address, discover, or discover ADDRESS NAME\n"
	  "4:30: key 'public-address', value '1.2.3' is not an IPv4 or IPv6 address, such as "
	  "192.168.2.1 or \"2001:db8::1\"\n"
	  "4:37: key 'public-address', value 'discover ' is no public address: write an address, "
	  "discover, or discover ADDRESS NAME\n" },
	{ SITE "uplink:\n"
	  "- {id: a, interface: w0, probe: [ping 1.1.1.1, icmp x, tcp 1.1.1.1, \"tcp "
	  "[::1]:0\", tcp ::1:80, dns 1.1.1.1, exec curl, \"\"]}\n",
	  "3:34: key 'probe', value 'ping 1.1.1.1' is not a probe: write icmp ADDRESS, tcp "
	  "ADDRESS:PORT, dns ADDRESS NAME or exec COMMAND\n"
	  "3:48: key 'probe', value 'icmp x' is not a probe: write icmp ADDRESS\n"
	  "3:56: key 'probe', value 'tcp 1.1.1.1' is not a probe: write tcp ADDRESS:PORT, "
	  "an IPv6 address in brackets\n"
	  "3:69: key 'probe', value 'tcp [::1]:0' is not a probe: write tcp ADDRESS:PORT, "
	  "an IPv6 address in brackets\n"
	  "3:84: key 'probe', value 'tcp ::1:80' is not a probe: write tcp ADDRESS:PORT, "
	  "an IPv6 address in brackets\n"
	  "3:96: key 'probe', value 'dns 1.1.1.1' is not a probe: write dns ADDRESS NAME\n"
	  "3:109: key 'probe', value 'exec curl' is not a probe: write exec COMMAND, with "
	  "its full path\n"
	  "3:120: key 'probe' has an empty value: write one, or leave it out\n" },
	{ SITE UPLINKS SERVERS "host:\n"
	  "- {domain: w.example.com, server: wep, port: tcp/80, ttl: 500ms}\n"
	  "- {domain: v.example.com, server: else, port: tcp/80, ttl: 25h}\n",
	  "9:35: key 'server', value 'wep' is not the id of an entry of section 'server': "
	  "is 'web' meant?\n"
	  "9:59: key 'ttl', value '500ms' is not in whole seconds\n"
	  "10:35: key 'server', value 'else' is not the id of an entry of section "
	  "'server': add one, or name one that is there\n"
	  "10:60: key 'ttl', value '25h' is out of range: write a duration from 1s to 24h\n" },
	{ SITE UPLINKS SERVERS "host:\n"
	  "- {domain: w.example.com, server: web, port: [80, tcp/, tcp/0, tcp/65536, "
	  "tcp/10-9, tcp/9-, icmp/1, \"tcp/80:\", tcp/1:2-3, tcp/80x]}\n",
	  "9:47: key 'port', value '80' is not of the form protocol/port, such as tcp/80, "
	  "udp/443, tcp/443:8443 or tcp/9000-9010\n"
	  "9:51: key 'port', value 'tcp/' is not of the form protocol/port, such as "
	  "tcp/80, udp/443, tcp/443:8443 or tcp/9000-9010\n"
	  "9:57: key 'port', value 'tcp/0' is out of range: ports begin at 1\n"
	  "9:64: key 'port', value 'tcp/65536' is out of range: ports go up to 65535\n"
	  "9:75: key 'port', value 'tcp/10-9' is a range that runs backwards: write the "
	  "lower port first\n"
	  "9:85: key 'port', value 'tcp/9-' is not of the form protocol/port, such as "
	  "tcp/80, udp/443, tcp/443:8443 or tcp/9000-9010\n"
	  "9:93: key 'port', value 'icmp/1' is not of the form protocol/port, such as "
	  "tcp/80, udp/443, tcp/443:8443 or tcp/9000-9010\n"
	  "9:101: key 'port', value 'tcp/80:' is not of the form protocol/port, such as "
	  "tcp/80, udp/443, tcp/443:8443 or tcp/9000-9010\n"
	  "9:112: key 'port', value 'tcp/1:2-3' is not of the form protocol/port, such as "
	  "tcp/80, udp/443, tcp/443:8443 or tcp/9000-9010\n"
	  "9:123: key 'port', value 'tcp/80x' is not of the form protocol/port, such as "
	  "tcp/80, udp/443, tcp/443:8443 or tcp/9000-9010\n" },
	{ SITE UPLINKS SERVERS "host:\n"
	  "- {domain: w.example.com, server: web, port: [\"tcp/9000-9010:9100-9110\", "
	  "udp/9000-9010:9100, tcp/10-11:0]}\n",
	  "9:47: key 'port', value 'tcp/9000-9010:9100-9110' sends a range to other ports, "
	  "which is not possible: list single ports, tcp/9000:9100, tcp/9001:9101 and so on\n"
	  "9:74: key 'port', value 'udp/9000-9010:9100' sends a range to other ports, "
	  "which is not possible: list single ports, udp/9000:9100, udp/9001:9101 and so on\n"
	  "9:94: key 'port', value 'tcp/10-11:0' is out of range: ports begin at 1\n" },
	{ SITE UPLINKS SERVERS "host:\n"
	  "- {domain: w.example.com, server: web, port: tcp/80, policy: arrive, uplink: "
	  "[c, a]}\n",
	  "9:62: key 'policy', value 'arrive' is not known: write arrival, all or preferred\n"
	  "9:79: key 'uplink', value 'c' is not the id of an entry of section 'uplink': "
	  "add one, or name one that is there\n" },
	{ SITE UPLINKS "server:\n"
	  "- {id: web, address: 10.0.0.10, reply-path: source, uplink-address: [a, "
	  "c=10.0.1.1, a=x, =1]}\n",
	  "6:45: key 'reply-path', value 'source' is not known: write conntrack or "
	  "source-address\n"
	  "6:70: key 'uplink-address', value 'a' is not of the form uplink=address, such "
	  "as primary=10.0.1.1\n"
	  "6:73: key 'uplink-address', value 'c=10.0.1.1' is not the id of an entry of "
	  "section 'uplink': add one, or name one that is there\n"
	  "6:85: key 'uplink-address', value 'a=x' is not an IPv4 or IPv6 address, such as "
	  "192.168.2.1 or \"2001:db8::1\"\n"
	  "6:90: key 'uplink-address', value '=1' is not of the form uplink=address, such "
	  "as primary=10.0.1.1\n" },
	{ "site: {domain: example.com, lan-prefix: fd00}\n"
	  "uplink:\n"
	  "- {id: a, interface: w0, prefix: 10.0.0.0/24}\n"
	  "- {id: b, interface: w1, prefix: \"2001:db8::1/64\"}\n"
	  "- {id: c, interface: w2, prefix: \"2001:db8::/121\"}\n"
	  "- {id: d, interface: w3, prefix: \"2000::/15\"}\n",
	  "1:41: key 'lan-prefix', value 'fd00' is not an IPv6 network with a prefix "
	  "length from 16 to 120, such as \"2001:db8:1:10::/64\"\n"
	  "3:34: key 'prefix', value '10.0.0.0/24' is not an IPv6 network with a prefix "
	  "length from 16 to 120, such as \"2001:db8:1:10::/64\"\n"
	  "4:34: key 'prefix', value '2001:db8::1/64' has bits behind its length: write "
	  "2001:db8::/64\n"
	  "5:34: key 'prefix', value '2001:db8::/121' is not an IPv6 network with a prefix "
	  "length from 16 to 120, such as \"2001:db8:1:10::/64\"\n"
	  "6:34: key 'prefix', value '2000::/15' is not an IPv6 network with a prefix "
	  "length from 16 to 120, such as \"2001:db8:1:10::/64\"\n" },
	{ SITE UPLINKS SERVERS "forward:\n"
	  "- {id: vpn, server: web, port: udp/51820, uplink: primary}\n",
	  "9:51: key 'uplink', value 'primary' is not the id of an entry of section "
	  "'uplink': add one, or name one that is there\n" },
	{ SITE UPLINKS SERVERS "host:\n- {domain: '*.example.com', server: web, alias: '*', port: tcp/80}\n",
	  "9:12: key 'domain', value '*.example.com' is a wildcard, whose answers could not be "
	  "signed: write each name\n"
	  "9:49: key 'alias', value '*' is a wildcard, whose answers could not be signed: write each "
	  "name\n" },
	{ UPLINKS "site: {domain: \"a\\nb\\e[1m\"}\n",
	  "4:16: key 'domain', value 'a?b?[1m' is not a domain name: use letters, digits, "
	  "hyphen and underscore, and the xn-- form of international names\n" },
	{ UPLINKS "site: {domain: '0123456789012345678901234567890123456789012345678901234567890123"
	  "456789 x'}\n",
	  "4:16: key 'domain', value "
	  "'0123456789012345678901234567890123456789012345678901234567890123'... has a "
	  "part of more than 63 letters between its dots\n" },
};
// clang-format on

START_TEST(wrong_value_is_named_with_its_place)
{
	assert_reported(&bad_files[_i]);
}
END_TEST

static struct site *load_good(const char *text)
{
	struct site *site = NULL;
	char *report = NULL;
	int ret = load_bytes(text, strlen(text), &site, &report);
	ck_assert_str_eq(report, "");
	ck_assert_int_eq(ret, 0);
	free(report);
	return site;
}

static void assert_address(const struct address *address, const char *expected)
{
	char text[ADDRESS_TEXT_MAX];
	ck_assert_str_eq(address_format(address, text), expected);
}

static void assert_service(const struct service *service, uint8_t protocol, unsigned first,
                           unsigned last, unsigned inside)
{
	ck_assert_uint_eq(service->protocol, protocol);
	ck_assert_uint_eq(service->first, first);
	ck_assert_uint_eq(service->last, last);
	ck_assert_uint_eq(service->inside, inside);
}

static void assert_example_uplink(const struct uplink *uplink, unsigned number)
{
	static const struct {
		const char *id, *interface, *address[2], *gateway[2], *probe;
	} expected[] = {
		{ "primary",
		  "wan0",
		  { "192.168.2.1", "2001:db8:1::2" },
		  { "192.168.2.6", "2001:db8:1::1" },
		  "icmp 203.0.113.53" },
		{ "backup",
		  "wan1",
		  { "172.16.1.1", "2001:db8:2::2" },
		  { "172.16.1.2", "2001:db8:2::1" },
		  "icmp 203.0.113.53" },
	};

	ck_assert_uint_eq(uplink->number, number);
	ck_assert_str_eq(uplink->id, expected[number - 1].id);
	ck_assert_str_eq(uplink->interface, expected[number - 1].interface);
	ck_assert_uint_eq(uplink->address.count, 2);
	ck_assert_uint_eq(uplink->gateway.count, 2);
	ck_assert_uint_eq(uplink->public_address.count, 0);
	for (size_t i = 0; i < 2; i++) {
		assert_address(&uplink->address.items[i], expected[number - 1].address[i]);
		assert_address(&uplink->gateway.items[i], expected[number - 1].gateway[i]);
	}
	ck_assert_uint_eq(uplink->probe.count, 1);
	ck_assert_int_eq(uplink->probe.items[0].kind, PROBE_ICMP);
	ck_assert_str_eq(uplink->probe.items[0].text, expected[number - 1].probe);
	ck_assert_uint_eq(uplink->interval_ms, 1000);
	ck_assert_uint_eq(uplink->down_after, 3);
	ck_assert_uint_eq(uplink->up_after, 5);
}

static void assert_example_host(const struct site *site)
{
	const struct host *host = &site->hosts[0];
	ck_assert_str_eq(host->domain, "www.example.com");
	ck_assert_ptr_eq(host->server, &site->servers[0]);
	ck_assert_uint_eq(host->port.count, 4);
	assert_service(&host->port.items[0], IPPROTO_TCP, 80, 80, 80);
	assert_service(&host->port.items[1], IPPROTO_TCP, 443, 443, 8443);
	assert_service(&host->port.items[2], IPPROTO_UDP, 443, 443, 443);
	assert_service(&host->port.items[3], IPPROTO_TCP, 9000, 9010, 9000);
	ck_assert_uint_eq(host->uplink_count, 2);
	ck_assert_uint_eq(host->uplink[0], 1);
	ck_assert_uint_eq(host->uplink[1], 2);
	ck_assert_uint_eq(host->ttl, 10);
	ck_assert_int_eq(host->policy, ANSWER_ARRIVAL);
	ck_assert_uint_eq(host->alias.count, 1);
	ck_assert_str_eq(host->alias.items[0], "api");
}

START_TEST(example_is_read_in_full)
{
	size_t size = 0;
	char *bytes = read_source(EXAMPLE, &size);
	struct site *site = NULL;
	char *report = NULL;
	ck_assert_int_eq(load_bytes(bytes, size, &site, &report), 0);
	ck_assert_str_eq(report, "");
	free(report);
	free(bytes);

	ck_assert_str_eq(site->domain, "example.com");
	ck_assert_str_eq(site->hostmaster, "hostmaster.example.com");
	ck_assert_uint_eq(site->lan.count, 1);
	ck_assert_str_eq(site->lan.items[0], "lan0");
	ck_assert(site->masquerade);
	ck_assert(!site->hairpin);
	ck_assert_uint_eq(site->uplink_count, 2);
	assert_example_uplink(&site->uplinks[0], 1);
	assert_example_uplink(&site->uplinks[1], 2);
	ck_assert_uint_eq(site->server_count, 1);
	ck_assert_str_eq(site->servers[0].id, "web");
	ck_assert_uint_eq(site->servers[0].address.count, 2);
	assert_address(&site->servers[0].address.items[0], "10.0.0.10");
	assert_address(&site->servers[0].address.items[1], "fd00:10::10");
	ck_assert_uint_eq(site->host_count, 1);
	assert_example_host(site);
	ck_assert_uint_eq(site->mail_count, 1);
	ck_assert_str_eq(site->mails[0].domain, "example.com");
	ck_assert_ptr_eq(site->mails[0].server, &site->servers[0]);
	assert_service(&site->mails[0].port.items[0], IPPROTO_TCP, 25, 25, 25);
	ck_assert_uint_eq(site->forward_count, 1);
	ck_assert_str_eq(site->forwards[0].id, "vpn");
	assert_service(&site->forwards[0].port.items[0], IPPROTO_UDP, 51820, 51820, 51820);
	ck_assert_uint_eq(site->forwards[0].uplink_count, 2);
	site_free(site);
}
END_TEST

START_TEST(absent_keys_have_their_defaults)
{
	struct site *site = load_good(SITE UPLINKS SERVERS
	                              "mail:\n- {domain: example.com, server: web}\n"
	                              "host:\n"
	                              "- {domain: w.example.com, server: web, port: tcp/80}\n");
	ck_assert_str_eq(site->hostmaster, "hostmaster.example.com");
	ck_assert_uint_eq(site->lan.count, 0);
	ck_assert(site->masquerade);
	ck_assert(!site->hairpin);
	ck_assert_int_eq(site->dns_binding, DNS_BINDING_ADDRESS);
	ck_assert_int_eq(site->outbound, OUTBOUND_FAILOVER);
	ck_assert_int_eq(site->stale, STALE_KEEP);
	ck_assert_uint_eq(site->fwmark_mask, 0x3f000000);
	ck_assert_uint_eq(site->route_table, 20100);
	ck_assert_uint_eq(site->rule_priority, 1000);
	ck_assert_str_eq(site->run_dir, "/run/multihome");
	ck_assert_str_eq(site->state_dir, "/var/lib/multihome");
	ck_assert_uint_eq(site->notify.count, 0);
	ck_assert_uint_eq(site->on_change.count, 0);

	const struct uplink *uplink = &site->uplinks[0];
	ck_assert_uint_eq(uplink->address.count, 0);
	ck_assert_uint_eq(uplink->gateway.count, 0);
	ck_assert_uint_eq(uplink->probe.count, 0);
	ck_assert_uint_eq(uplink->interval_ms, 1000);
	ck_assert_uint_eq(uplink->timeout_ms, 800);
	ck_assert_uint_eq(uplink->down_after, 3);
	ck_assert_uint_eq(uplink->up_after, 5);
	ck_assert_uint_eq(uplink->quorum, 1);
	ck_assert_uint_eq(uplink->degraded_loss, 20);
	ck_assert_int_eq(site->servers[0].reply_path, REPLY_PATH_CONNTRACK);
	ck_assert_uint_eq(site->mails[0].port.count, 1);
	assert_service(&site->mails[0].port.items[0], IPPROTO_TCP, 25, 25, 25);
	ck_assert_uint_eq(site->hosts[0].ttl, 10);
	ck_assert_int_eq(site->hosts[0].policy, ANSWER_ARRIVAL);
	ck_assert_uint_eq(site->hosts[0].uplink_count, 2);
	ck_assert_uint_eq(site->hosts[0].alias.count, 0);
	site_free(site);
}
END_TEST

START_TEST(other_values_than_the_defaults_are_read)
{
	struct site *site = load_good(
		"forward:\n"
		"- {id: x, server: \"no\", port: [udp/1, tcp/2-4:2-4], uplink: [b, a]}\n"
		"host:\n"
		"- {domain: W.Example.ORG., server: no, port: tcp/80, ttl: 1h, policy: preferred,\n"
		"   alias: [API, a.b, c.w.example.org, d.w.example.org.], uplink: b}\n"
		"- {domain: v.example.com, server: no, port: tcp/80, ttl: 5m, policy: all}\n"
		"server:\n"
		"- id: no\n"
		"  address: fd00::1\n"
		"  reply-path: source-address\n"
		"  uplink-address:\n"
		"  - a=fd00::a\n"
		"  - b=fd00::b\n"
		"uplink:\n"
		"- {id: a, interface: eth0.7, public-address: 203.0.113.7, interval: 500ms,\n"
		"   down-after: 0x10, up-after: 007, quorum: 2, degraded-loss: 5%,\n"
		"   damping: off,\n"
		"   probe: [icmp 192.0.2.1, \"tcp [2001:db8::1]:853\", dns 192.0.2.2 a.example,\n"
		"   exec /bin/check -v]}\n"
		"- {id: b, interface: w1, gateway: \"fe80::1\", interval: 10s, timeout: 9s,\n"
		"   public-address: [discover 192.0.2.53 who.me, \"2001:db8::9\"]}\n"
		"site: {domain: Example.com., hostmaster: a.b@example.com, lan: [l0, l1],\n"
		"  masquerade: no, hairpin: yes, dns-binding: port, outbound: leave,\n"
		"  stale: withdraw, fwmark-mask: 3, route-table: 0x100, rule-priority: 31000,\n"
		"  run-dir: /tmp/x, state-dir: /tmp/y, notify: exec /bin/mail -s x,\n"
		"  on-change: [nsupdate /k 192.0.2.53, exec /bin/tell]}\n");
	ck_assert_str_eq(site->domain, "example.com");
	ck_assert_str_eq(site->hostmaster, "a\\.b.example.com");
	ck_assert_uint_eq(site->lan.count, 2);
	ck_assert(!site->masquerade);
	ck_assert(site->hairpin);
	ck_assert_int_eq(site->dns_binding, DNS_BINDING_PORT);
	ck_assert_int_eq(site->outbound, OUTBOUND_LEAVE);
	ck_assert_int_eq(site->stale, STALE_WITHDRAW);
	ck_assert_uint_eq(site->fwmark_mask, 3);
	ck_assert_uint_eq(site->route_table, 256);
	ck_assert_uint_eq(site->rule_priority, 31000);
	ck_assert_str_eq(site->run_dir, "/tmp/x");
	ck_assert_str_eq(site->state_dir, "/tmp/y");
	ck_assert_str_eq(site->notify.items[0], "/bin/mail -s x");
	ck_assert_str_eq(site->on_change.items[0], "nsupdate /k 192.0.2.53");
	ck_assert_str_eq(site->on_change.items[1], "exec /bin/tell");
	ck_assert_uint_eq(site_mark(site, 2), 2);

	ck_assert_str_eq(site->uplinks[0].interface, "eth0.7");
	assert_address(&site->uplinks[0].public_address.items[0], "203.0.113.7");
	ck_assert(!uplink_follows(&site->uplinks[0]));
	assert_address(&site->uplinks[1].public_address.items[0], "2001:db8::9");
	ck_assert_uint_eq(site->uplinks[1].public_address.count, 1);
	ck_assert_str_eq(uplink_discover(&site->uplinks[1], AF_INET)->name, "who.me");
	ck_assert_ptr_null(uplink_discover(&site->uplinks[1], AF_INET6));
	ck_assert(uplink_follows(&site->uplinks[1]));
	ck_assert_uint_eq(site->uplinks[0].interval_ms, 500);
	ck_assert_uint_eq(site->uplinks[0].down_after, 16);
	ck_assert_uint_eq(site->uplinks[0].up_after, 7);
	ck_assert_uint_eq(site->uplinks[0].timeout_ms, 400);
	ck_assert_uint_eq(site->uplinks[0].quorum, 2);
	ck_assert_uint_eq(site->uplinks[0].degraded_loss, 5);
	ck_assert(!site->uplinks[0].damping);
	ck_assert(site->uplinks[1].damping);
	ck_assert_uint_eq(site->uplinks[1].timeout_ms, 9000);
	const struct probe *probes = site->uplinks[0].probe.items;
	ck_assert_uint_eq(site->uplinks[0].probe.count, 4);
	assert_address(&probes[0].address, "192.0.2.1");
	ck_assert_int_eq(probes[1].kind, PROBE_TCP);
	assert_address(&probes[1].address, "2001:db8::1");
	ck_assert_uint_eq(probes[1].port, 853);
	ck_assert_int_eq(probes[2].kind, PROBE_DNS);
	assert_address(&probes[2].address, "192.0.2.2");
	ck_assert_str_eq(probe_name(&probes[2]), "a.example");
	ck_assert_int_eq(probes[3].kind, PROBE_EXEC);
	ck_assert_uint_eq(probes[3].address.family, 0);
	ck_assert_str_eq(probe_command(&probes[3]), "/bin/check -v");
	assert_address(&site->uplinks[1].gateway.items[0], "fe80::1");

	const struct server *server = &site->servers[0];
	ck_assert_str_eq(server->id, "no");
	ck_assert_int_eq(server->reply_path, REPLY_PATH_SOURCE_ADDRESS);
	assert_address(server_target(server, 1, AF_INET6), "fd00::a");
	assert_address(server_target(server, 2, AF_INET6), "fd00::b");

	const struct host *host = &site->hosts[0];
	ck_assert_str_eq(host->domain, "w.example.org");
	ck_assert_uint_eq(host->ttl, 3600);
	ck_assert_int_eq(host->policy, ANSWER_PREFERRED);
	ck_assert_uint_eq(host->uplink_count, 1);
	ck_assert_uint_eq(host->uplink[0], 2);
	static const char *const aliases[] = { "api", "a.b", "c", "d" };
	ck_assert_uint_eq(host->alias.count, 4);
	for (size_t i = 0; i < 4; i++) {
		ck_assert_str_eq(host->alias.items[i], aliases[i]);
	}
	ck_assert_uint_eq(site->hosts[1].ttl, 300);
	ck_assert_int_eq(site->hosts[1].policy, ANSWER_ALL);

	const struct forward *forward = &site->forwards[0];
	ck_assert_uint_eq(forward->uplink[0], 2);
	ck_assert_uint_eq(forward->uplink[1], 1);
	assert_service(&forward->port.items[1], IPPROTO_TCP, 2, 4, 2);
	site_free(site);
}
END_TEST

START_TEST(byte_order_mark_and_crlf_are_taken)
{
	struct site *site = load_good("\xef\xbb\xbfsite: {domain: example.com}\r\n"
	                              "uplink:\r\n- {id: a, interface: w0}\r\n");
	ck_assert_str_eq(site->uplinks[0].interface, "w0");
	site_free(site);
}
END_TEST

static void assert_refused(const char *bytes, size_t size, const char *expected)
{
	struct site *site = NULL;
	char *report = NULL;
	ck_assert_int_eq(load_bytes(bytes, size, &site, &report), -EINVAL);
	ck_assert_str_eq(report, expected);
	ck_assert_ptr_null(site);
	free(report);
}

START_TEST(zero_byte_is_refused)
{
	static const char bytes[] = "site:\n  domain: \0";
	assert_refused(bytes, sizeof(bytes),
	               "2:11: control character 0x00: the file must be plain text\n");
}
END_TEST

START_TEST(utf16_is_refused)
{
	static const char bytes[] = "\xff\xfes\0i\0t\0e\0";
	assert_refused(bytes, sizeof(bytes),
	               "1:1: byte 0xff is not UTF-8: save the file as UTF-8\n");
}
END_TEST

START_TEST(file_of_ten_megabytes_is_refused)
{
	size_t size = 10 * 1024 * 1024;
	char *bytes = malloc(size);
	ck_assert_ptr_nonnull(bytes);
	memset(bytes, '#', size);
	assert_refused(bytes, size, "1:1: file is too large: a site file has at most 4 MiB\n");
	free(bytes);
}
END_TEST

// libyaml needs minutes for these.
START_TEST(deep_brackets_are_refused_at_once)
{
	size_t size = 4 * 1024 * 1024;
	char *bytes = malloc(size);
	ck_assert_ptr_nonnull(bytes);
	memset(bytes, '[', size);
	assert_refused(bytes, size,
	               "1:1001: more than 1000 brackets are open here: close each '[' and '{'\n");
	free(bytes);
}
END_TEST

START_TEST(path_that_is_no_file_is_refused)
{
	static const struct {
		const char *path;
		int ret;
		const char *report;
	} rows[] = {
		{ "no/such/file", -ENOENT,
		  "no/such/file:1:1: file cannot be opened (No such file or directory)\n" },
		{ ".", -EISDIR, ".:1:1: file cannot be read (Is a directory)\n" },
	};

	struct site *site = NULL;
	struct text report = TEXT_EMPTY;
	ck_assert_int_eq(site_load(rows[_i].path, &site, &report), rows[_i].ret);
	ck_assert_str_eq(report.data, rows[_i].report);
	ck_assert_ptr_null(site);
	text_free(&report);
}
END_TEST

START_TEST(unreadable_file_is_refused)
{
	char path[] = "test_conf_XXXXXX";
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fchmod(fd, 0), 0);
	close(fd);
	bool allowed = access(path, R_OK) == 0;
	struct site *site = NULL;
	struct text report = TEXT_EMPTY;
	int ret = site_load(path, &site, &report);
	(void)unlink(path);
	// The superuser reads it all the same, and finds it empty.
	ck_assert_int_eq(ret, allowed ? -EINVAL : -EACCES);
	ck_assert_ptr_nonnull(strstr(report.data, allowed ? "file is empty"
	                                                  : "file cannot be opened (Permission"));
	text_free(&report);
}
END_TEST

START_TEST(manual_describes_every_key_and_default)
{
	size_t size = 0;
	char *manual = read_source("doc/multihome.conf.5.in", &size);
	const char *next = manual;
	for (size_t i = 0; i < schema_section_count; i++) {
		const struct section *section = &schema_sections[i];
		for (size_t k = 0; k < section->key_count; k++) {
			const struct key *key = &section->keys[k];
			char item[64];
			(void)snprintf(item, sizeof(item), "\n.It Ic %s :", key->name);
			const char *found = strstr(next, item);
			ck_assert_msg(key->convert == NULL || found != NULL, "section %s, key %s",
			              section->name, key->name);
			next = found != NULL ? found + 1 : next;
			const char *standard =
				key->standard != NULL ? strstr(next, key->standard) : NULL;
			const char *end = strstr(next, "\n.It Ic ");
			ck_assert_msg(key->standard == NULL ||
			                      (standard != NULL && (end == NULL || standard < end)),
			              "key %s, default %s", key->name, key->standard);
		}
	}
	free(manual);
}
END_TEST

// xorshift32 (Marsaglia 2003): the same mutations on every machine.
static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static size_t mutate(char *bytes, size_t size, uint32_t *random)
{
	static const char pieces[] = "\n\t -:[]{},\"'#&*!|>%@?0/=\\.\xc3\x00z";
	for (uint32_t i = 0; i <= *random % 4; i++) {
		size_t at = next_random(random) % size;
		size_t length = next_random(random) % 24;
		length = length < size - at ? length : size - at;
		size_t from = next_random(random) % (size - length);
		switch (next_random(random) % 4) {
		case 0:
			bytes[at] = pieces[next_random(random) % (sizeof(pieces) - 1)];
			break;
		case 1:
			bytes[at] = (char)next_random(random);
			break;
		case 2:
			memmove(bytes + at, bytes + from, length);
			break;
		default:
			memmove(bytes + at, bytes + at + length, size - at - length);
			size -= size - length > 64 ? length : 0;
			break;
		}
	}
	return size;
}

START_TEST(mutated_example_is_loaded_or_explained)
{
	size_t size = 0;
	char *example = read_source(EXAMPLE, &size);
	char *bytes = malloc(size + 1);
	ck_assert_ptr_nonnull(bytes);
	uint32_t random = 20260701;
	unsigned loaded = 0;
	unsigned refused = 0;
	for (int i = 0; i < 3000; i++) {
		memcpy(bytes, example, size);
		size_t changed = mutate(bytes, size, &random);
		struct site *site = NULL;
		char *report = NULL;
		int ret = load_bytes(bytes, changed, &site, &report);
		ck_assert(ret == 0 || ret == -EINVAL);
		ck_assert((ret == 0) == (site != NULL));
		ck_assert(ret == 0 || report[0] != '\0');
		loaded += ret == 0;
		refused += ret != 0;
		site_free(site);
		free(report);
	}
	// Comments can be mutated at will, keys cannot: both must happen for the test to mean much.
	ck_assert_uint_gt(loaded, 100);
	ck_assert_uint_gt(refused, 1000);
	free(bytes);
	free(example);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("conf");
	TCase *cases = tcase_create("conf");
	tcase_set_timeout(cases, 60);
	suite_add_tcase(suite, cases);
	tcase_add_loop_test(cases, wrong_value_is_named_with_its_place, 0,
	                    sizeof(bad_files) / sizeof(bad_files[0]));
	tcase_add_test(cases, example_is_read_in_full);
	tcase_add_test(cases, absent_keys_have_their_defaults);
	tcase_add_test(cases, other_values_than_the_defaults_are_read);
	tcase_add_test(cases, byte_order_mark_and_crlf_are_taken);
	tcase_add_test(cases, zero_byte_is_refused);
	tcase_add_test(cases, utf16_is_refused);
	tcase_add_test(cases, file_of_ten_megabytes_is_refused);
	tcase_add_test(cases, deep_brackets_are_refused_at_once);
	tcase_add_loop_test(cases, path_that_is_no_file_is_refused, 0, 2);
	tcase_add_test(cases, unreadable_file_is_refused);
	tcase_add_test(cases, manual_describes_every_key_and_default);
	tcase_add_test(cases, mutated_example_is_loaded_or_explained);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
