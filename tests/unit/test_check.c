/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Errors of meaning in a site file: each rule with what is said, and files that break none.
 */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "site/site.h"
#include "site_file.h"

#define SITE "site: {domain: example.com}\n"
#define UPLINKS                      \
	"uplink:\n"                  \
	"- {id: a, interface: w0}\n" \
	"- {id: b, interface: w1}\n"
#define SERVERS                             \
	"server:\n"                         \
	"- {id: web, address: 10.0.0.10}\n" \
	"- {id: two, address: \"fd00::2\"}\n"
#define ADDRESSED                                                           \
	"uplink:\n"                                                         \
	"- {id: a, interface: w0, address: [192.0.2.1, \"2001:db8::1\"]}\n" \
	"- {id: b, interface: w1, address: 198.51.100.1}\n"

// clang-format off
static const struct bad_file bad_sites[] = {
	{ SITE ADDRESSED SERVERS
	  "mail:\n"
	  "- {domain: www.example.com, server: web, record: '@ TXT x'}\n"
	  "- {domain: in.www.example.com, server: web, record: '@ TXT x'}\n"
	  "- {domain: example.com, server: web, record: '@ TXT x'}\n"
	  "host:\n"
	  "- {domain: www.example.com, server: web, port: tcp/80}\n",
	  "9:50: mail domain 'www.example.com' is in the zone of host 'www.example.com': write its "
	  "records there\n"
	  "10:53: mail domain 'in.www.example.com' is in the zone of host 'www.example.com': write "
	  "its records there\n" },
	{ SITE ADDRESSED SERVERS
	  "mail:\n"
	  "- {domain: m.example.com, server: web, preference: [a=10, b=10, a=20]}\n"
	  "- domain: n.example.com\n"
	  "  server: web\n"
	  "  spf: [a, mx, ~all, ptr, include:a, include:b, include:c, include:d, include:e, "
	  "include:f, include:g, exists:h]\n"
	  "host:\n"
	  "- {domain: mail-gw-2.example.com, server: web, port: tcp/80}\n"
	  "- {domain: mail-gw-3.example.com, server: web, port: tcp/80}\n",
	  "9:65: preference of uplink 'a' is there twice: keep one\n"
	  "12:8: spf has 11 terms that need a DNS lookup, but receivers stop after 10: use fewer "
	  "include, a, mx, ptr and exists\n"
	  "12:16: spf term '~all' ends the search, so that what follows has no effect: write it "
	  "last\n"
	  "14:12: host 'mail-gw-2.example.com' has the name of an uplink's mail gateway: use "
	  "another name\n" },
	{ SITE "uplink:\n"
	  "- {id: a, interface: w0}\n"
	  "- {id: a, interface: w0}\n"
	  "- {id: b, interface: w0}\n",
	  "4:8: uplink 'a' is there twice (first at line 3): keep one\n"
	  "4:22: interface 'w0' is there twice (first at line 3): each uplink needs its own\n"
	  "5:22: interface 'w0' is there twice (first at line 3): each uplink needs its own\n" },
	{ "site: {domain: example.com, lan: [l0, w1, l0]}\n"
	  "uplink:\n"
	  "- {id: a, interface: w1}\n",
	  "1:43: lan interface 'l0' is there twice (first at line 1): keep one\n"
	  "3:22: interface 'w1' is in 'lan' as well: it faces either the inside or a "
	  "provider\n" },
	{ UPLINKS "site: {domain: example.com, hairpin: on}\n",
	  "4:38: hairpin needs the inside interfaces: write key 'lan', or turn it off\n" },
	{ "site: {domain: example.com, cross-alias: [198.51.100.0/24, 10.0.0.0/8, 10.9.0.0/31]}\n"
	  ADDRESSED SERVERS,
	  "1:43: cross-alias 198.51.100.0/24 holds an address of an uplink: write a network that "
	  "is used nowhere\n"
	  "1:60: cross-alias 10.0.0.0/8 holds an address of a server: write a network that is "
	  "used nowhere\n"
	  "1:60: cross-alias 10.0.0.0/8 is the second one of its family: keep one a family\n"
	  "1:72: cross-alias 10.9.0.0/31 has no room for 2 uplinks: write a larger network\n"
	  "1:72: cross-alias 10.9.0.0/31 is the second one of its family: keep one a family\n" },
	{ SITE "uplink:\n"
	  "- {id: a, interface: w0, address: [127.0.0.1, \"fe80::1\", 224.0.0.1]}\n"
	  "- {id: b, interface: w1, public-address: [0.0.0.0, \"::1\"]}\n",
	  "3:36: address 127.0.0.1 is a loopback address, which nobody outside can reach: "
	  "write one that the provider routes\n"
	  "3:47: address fe80::1 is a link-local address, which nobody outside can reach: "
	  "write one that the provider routes\n"
	  "3:58: address 224.0.0.1 is a multicast address, which nobody outside can reach: "
	  "write one that the provider routes\n"
	  "4:43: public-address 0.0.0.0 is an address of \302\253this network\302\273, "
	  "which nobody outside can reach: write one that the provider routes\n"
	  "4:52: public-address ::1 is a loopback address, which nobody outside can reach: "
	  "write one that the provider routes\n" },
	{ SITE "uplink:\n"
	  "- {id: a, interface: w0, address: [192.0.2.1, 192.0.2.1]}\n"
	  "- {id: b, interface: w1, address: 192.0.2.1}\n",
	  "3:47: address 192.0.2.1 is there twice (first at line 3): keep one\n"
	  "4:35: address 192.0.2.1 is there twice (first at line 3): each uplink needs its "
	  "own\n" },
	{ SITE "uplink:\n"
	  "- {id: a, interface: w0, public-address: 192.0.2.1}\n"
	  "- {id: b, interface: w1, public-address: 192.0.2.1}\n",
	  "4:42: public-address 192.0.2.1 is there twice (first at line 3): each uplink "
	  "needs its own\n" },
	// What is to be discovered.
	{ SITE "uplink:\n"
	  "- {id: a, interface: w0, public-address: discover}\n",
	  "3:42: public-address, discover needs another uplink and cross-probes: write discover "
	  "ADDRESS NAME, or 'cross-probe: on'\n" },
	{ "site: {domain: example.com, cross-probe: off}\nuplink:\n"
	  "- {id: a, interface: w0, public-address: discover}\n"
	  "- {id: b, interface: w1}\n",
	  "3:42: public-address, discover needs another uplink and cross-probes: write discover "
	  "ADDRESS NAME, or 'cross-probe: on'\n" },
	{ SITE "uplink:\n"
	  "- {id: a, interface: w0, public-address: [discover, discover 208.67.222.222]}\n"
	  "- {id: b, interface: w1, public-address: discover 127.0.0.1 who.me}\n",
	  "3:53: public-address is to be discovered twice for IPv4: keep one\n"
	  "4:42: public-address, server 127.0.0.1 to ask is a loopback address: write one behind "
	  "the uplink\n" },
	{ SITE "uplink:\n"
	  "- {id: a, interface: w0, public-address: [192.0.2.1, discover 208.67.222.222]}\n"
	  "- {id: b, interface: w1, address: 192.0.2.2, public-address: discover}\n",
	  "3:54: public-address, nothing is left to be discovered: the file gives the uplink an "
	  "address that is not private; leave discover out\n"
	  "4:62: public-address, nothing is left to be discovered: the file gives the uplink an "
	  "address that is not private; leave discover out\n" },
	{ SITE "uplink:\n"
	  "- {id: a, interface: w0, address: [192.0.2.1, 192.0.2.2, 192.0.2.3, 192.0.2.4, "
	  "192.0.2.5, 192.0.2.6, 192.0.2.7, 192.0.2.8, 192.0.2.9, 192.0.2.10, 192.0.2.11, "
	  "192.0.2.12, 192.0.2.13, 192.0.2.14, 192.0.2.15, 192.0.2.16, 192.0.2.17]}\n",
	  "3:219: address number 17 is one too many: an uplink has at most 16\n" },
	{ SITE "uplink:\n"
	  "- {id: a, interface: w0, gateway: [192.0.2.6, 192.0.2.7, \"fe80::1\"]}\n",
	  "3:47: gateway 192.0.2.7 is the second one of IPv4: keep one a family\n" },
	{ SITE "uplink:\n"
	  "- {id: a, interface: w0, address: 192.0.2.1, gateway: \"2001:db8::1\"}\n",
	  "3:55: gateway 2001:db8::1 has no IPv6 address beside it: add one to 'address', "
	  "or leave the gateway out\n" },
	{ SITE "uplink:\n"
	  "- {id: a, interface: w0, address: 192.0.2.1, gateway: 192.0.2.1}\n",
	  "3:55: gateway 192.0.2.1 is the uplink's own address: write the address of the "
	  "provider's router\n" },
	{ SITE "uplink:\n"
	  "- {id: a, interface: w0, gateway: 0.0.0.0}\n",
	  "3:35: gateway 0.0.0.0 is an address of \302\253this network\302\273: write the "
	  "address of the provider's router\n" },
	{ SITE "uplink:\n"
	  "- {id: a, interface: w0, probe: [icmp 192.0.2.6, \"tcp [2001:db8::1]:80\", tcp "
	  "192.0.2.6:80, dns 192.0.2.6 example.com., exec /bin/true, \"icmp fe80::1\"], "
	  "timeout: 900ms, quorum: 6, degraded-loss: 1%}\n",
	  "" },
	{ SITE "uplink:\n"
	  "- {id: a, interface: w0, address: 192.0.2.1, probe: [icmp 192.0.2.1, icmp "
	  "127.0.0.1, \"icmp 2001:db8::1\", tcp 224.0.0.1:1, icmp 192.0.2.6, icmp 192.0.2.6]}\n",
	  "3:54: probe 'icmp 192.0.2.1' asks the uplink's own address: write one behind the "
	  "uplink\n"
	  "3:70: probe 'icmp 127.0.0.1' asks a loopback address: write an address behind the "
	  "uplink\n"
	  "3:86: probe 'icmp 2001:db8::1' has no IPv6 address to be sent from: add one to "
	  "'address', or leave the probe out\n"
	  "3:106: probe 'tcp 224.0.0.1:1' asks a multicast address: write an address behind "
	  "the uplink\n"
	  "3:139: probe 'icmp 192.0.2.6' is there twice: keep one\n" },
	{ SITE "uplink:\n"
	  "- {id: a, interface: w0, probe: icmp 192.0.2.6, timeout: 901ms, quorum: 2}\n",
	  "3:58: timeout is too long for an interval of 1000ms: write at most 900ms, so that a "
	  "round of probes ends before the next one begins\n"
	  "3:73: quorum 2 can never be met by 1 probe: add probes, or write a lower quorum\n" },
	{ SITE "uplink:\n"
	  "- {id: a, interface: w0, probe: [exec /1, exec /2, exec /3, exec /4, exec /5, exec /6, "
	  "exec /7, exec /8, exec /9, exec /10, exec /11, exec /12, exec /13, exec /14, exec /15, "
	  "exec /16, exec /17]}\n",
	  "3:185: probe number 17 is one too many: an uplink has at most 16\n" },
	{ UPLINKS "site: {domain: example.com, fwmark-mask: 0}\n",
	  "4:42: fwmark-mask has no bit: use one such as 0x03000000\n" },
	{ UPLINKS "site: {domain: example.com, fwmark-mask: 0x5000}\n",
	  "4:42: fwmark-mask 0x00005000 has a gap between its bits: use one without, such "
	  "as 0x00003000\n" },
	{ UPLINKS "site: {domain: example.com, fwmark-mask: 0x100}\n",
	  "4:42: fwmark-mask 0x00000100 has room for 1, not for 2 uplinks: use 0x00000300, "
	  "or fewer uplinks\n" },
	{ UPLINKS "site: {domain: example.com, fwmark-mask: 0x80000000}\n",
	  "4:42: fwmark-mask 0x80000000 has room for 1, not for 2 uplinks: use 0xc0000000, "
	  "or fewer uplinks\n" },
	{ UPLINKS "site: {domain: example.com, route-table: 251}\n",
	  "4:42: route tables 251 to 315 of the site touch the kernel's own 253 to 255: "
	  "let route-table begin at 256 or above\n" },
	{ UPLINKS "site: {domain: example.com, route-table: 255}\n",
	  "4:42: route tables 255 to 319 of the site touch the kernel's own 253 to 255: "
	  "let route-table begin at 256 or above\n" },
	{ UPLINKS "site: {domain: example.com, route-table: 4294967294}\n",
	  "4:42: route-table 4294967294 leaves no number for the uplinks' tables: use "
	  "one below 4294967232\n" },
	{ SITE UPLINKS "server:\n"
	  "- {id: web, address: 10.0.0.10}\n"
	  "- {id: web, address: 10.0.0.11}\n",
	  "7:8: server 'web' is there twice (first at line 6): keep one\n" },
	{ SITE UPLINKS "server:\n"
	  "- {id: web, address: [10.0.0.10, 10.0.0.11, \"fd00::1\"]}\n",
	  "6:34: server address 10.0.0.11 is the second one of IPv4: keep one a family, or "
	  "make it a server of its own\n" },
	{ SITE UPLINKS "server:\n"
	  "- {id: web, address: 127.0.0.1}\n",
	  "6:22: server address 127.0.0.1 is a loopback address, to which nothing can be "
	  "forwarded: write its address in the LAN\n" },
	{ SITE UPLINKS "server:\n"
	  "- {id: web, address: 10.0.0.10, uplink-address: [a=10.0.1.1]}\n",
	  "6:49: warning: uplink-address has no effect with reply-path conntrack: write "
	  "'reply-path: source-address' to use it\n" },
	{ SITE UPLINKS "server:\n"
	  "- {id: web, address: 10.0.0.10, reply-path: source-address, uplink-address: "
	  "[a=10.0.1.1, a=10.0.1.2, b=10.0.1.1]}\n",
	  "6:90: uplink-address 10.0.1.2 is the second one of IPv4 for its uplink: keep "
	  "one a family\n"
	  "6:102: uplink-address 10.0.1.1 is there twice (first at line 6): each uplink "
	  "needs its own\n" },
	{ SITE UPLINKS "server:\n"
	  "- {id: web, address: 10.0.0.10, reply-path: source-address, uplink-address: "
	  "[a=10.0.1.1, b=127.0.0.1]}\n"
	  "- {id: two, address: 10.0.0.11, reply-path: source-address, uplink-address: "
	  "[b=10.0.1.1]}\n",
	  "6:90: uplink-address 127.0.0.1 is a loopback address, to which nothing can be "
	  "forwarded: write an address of the server in the LAN\n"
	  "7:78: uplink-address 10.0.1.1 is there twice (first at line 6): each uplink "
	  "needs its own\n" },
	{ SITE UPLINKS "server:\n"
	  "- {id: web, address: 10.0.0.10, reply-path: source-address, uplink-address: "
	  "a=10.0.1.1}\n"
	  "host:\n"
	  "- {domain: w.example.com, server: web, port: tcp/80}\n"
	  "- {domain: v.example.com, server: web, port: tcp/80}\n",
	  "6:8: server 'web' has no uplink-address for uplink 'b', which its forwards use: "
	  "add b=ADDRESS\n" },
	{ SITE UPLINKS "server:\n"
	  "- {id: web, address: 10.0.0.10, reply-path: source-address, uplink-address: "
	  "a=10.0.1.1}\n"
	  "host:\n"
	  "- {domain: w.example.com, server: web, port: tcp/80, uplink: a}\n"
	  "forward:\n"
	  "- {id: x, server: web, port: udp/1, uplink: b}\n",
	  "6:8: server 'web' has no uplink-address for uplink 'b', which its forwards use: "
	  "add b=ADDRESS\n" },
	{ SITE ADDRESSED SERVERS "host:\n"
	  "- {domain: w.example.com, server: two, port: tcp/80, uplink: b}\n",
	  "9:46: 'w.example.com' cannot be reached: server 'two' and its uplinks have no "
	  "address family in common\n" },
	{ SITE UPLINKS "server:\n"
	  "- {id: web, address: 10.0.0.10, reply-path: source-address}\n"
	  "mail:\n"
	  "- {domain: example.com, server: web}\n",
	  "6:8: server 'web' has no uplink-address for uplink 'a', which its forwards use: "
	  "add a=ADDRESS\n"
	  "6:8: server 'web' has no uplink-address for uplink 'b', which its forwards use: "
	  "add b=ADDRESS\n" },
	{ SITE UPLINKS SERVERS "host:\n"
	  "- {domain: w.example.com, server: web, port: tcp/80}\n"
	  "- {domain: W.Example.com., server: web, port: tcp/80}\n",
	  "10:12: name 'w.example.com' is there twice (first at line 9): a name belongs to "
	  "one host, once\n" },
	{ SITE UPLINKS SERVERS "mail:\n"
	  "- {domain: example.com, server: web}\n"
	  "- {domain: example.com, server: web}\n",
	  "10:12: mail domain 'example.com' is there twice (first at line 9): keep one\n" },
	{ SITE UPLINKS SERVERS "forward:\n"
	  "- {id: x, server: web, port: tcp/1}\n"
	  "- {id: x, server: web, port: tcp/2}\n",
	  "10:8: forward 'x' is there twice (first at line 9): keep one\n" },
	{ SITE UPLINKS SERVERS "host:\n"
	  "- {domain: example.com, server: web, port: tcp/80}\n"
	  "- {domain: com.example, server: web, port: tcp/80}\n"
	  "- {domain: www, server: web, port: tcp/80}\n",
	  "9:12: host 'example.com' would replace the parent zone 'example.com': use a "
	  "name below it, such as www.example.com\n"
	  "11:12: host 'www' has one part only: write its full name, such as "
	  "www.example.com\n" },
	{ UPLINKS SERVERS "site: {domain: sub.example.com}\n"
	  "host:\n"
	  "- {domain: example.com, server: web, port: tcp/80}\n",
	  "9:12: host 'example.com' would replace the parent zone 'sub.example.com': use a "
	  "name below it, such as www.sub.example.com\n" },
	{ SITE UPLINKS SERVERS "host:\n"
	  "- {domain: w.example.com, server: web, port: tcp/80, alias: [a, A, "
	  "a.w.example.com, w.example.com]}\n",
	  "9:65: name 'a.w.example.com' is there twice (first at line 9): a name belongs "
	  "to one host, once\n"
	  "9:68: name 'a.w.example.com' is there twice (first at line 9): a name belongs "
	  "to one host, once\n"
	  "9:85: alias 'w.example.com' is the host itself: leave it out\n" },
	{ SITE UPLINKS SERVERS "host:\n"
	  "- {domain: w.example.com, server: web, port: tcp/80, alias: [v.example.com, "
	  "example.com, x.org., y.com]}\n",
	  "9:62: alias 'v.example.com' is not below its host 'w.example.com': make it a "
	  "host of its own\n"
	  "9:77: alias 'example.com' is not below its host 'w.example.com': make it a host "
	  "of its own\n"
	  "9:90: alias 'x.org.' is not below its host 'w.example.com': make it a host of "
	  "its own\n"
	  "9:98: alias 'y.com' is not below its host 'w.example.com': make it a host of "
	  "its own\n" },
	{ SITE UPLINKS SERVERS "host:\n"
	  "- {domain: w.example.com, server: web, port: tcp/80, alias: [a, x.b]}\n"
	  "- {domain: a.w.example.com, server: web, port: tcp/80}\n"
	  "- {domain: b.w.example.com, server: web, port: tcp/80}\n",
	  "9:65: alias 'x.b.w.example.com' lies in the zone of host 'b.w.example.com' "
	  "(line 11): make it an alias there\n"
	  "10:12: name 'a.w.example.com' is there twice (first at line 9): a name belongs "
	  "to one host, once\n" },
	{ SITE UPLINKS SERVERS "host:\n"
	  "- {domain: a23456789012345678901234567890123456789012345678901234567890.example."
	  "com, server: web, port: tcp/80}\n",
	  "9:12: host 'a23456789012345678901234567890123456789012345678901234567890.example"
	  ".com' is too long to name its name servers after it: use a shorter name\n" },
	{ SITE UPLINKS SERVERS "host:\n"
	  "- {domain: w.example.com, server: web, port: tcp/80, alias: "
	  "a2345678901234567890123456789012345678901234567.a2345678901234567890123456789012"
	  "345678901234567.a2345678901234567890123456789012345678901234567.a234567890123456"
	  "7890123456789012345678901234567.a23456789012345678901234567890123456789012345678"
	  "}\n",
	  "9:61: alias 'a2345678901234567890123456789012345678901234567.a234567890123456789"
	  "0123456789012345678901234567.a2345678901234567890123456789012345678901234567.a23"
	  "45678901234567890123456789012345678901234567.a2345678901234567890123456789012345"
	  "6789012345678' makes a name longer than the 255 bytes that a domain name may "
	  "have\n" },
	{ SITE UPLINKS SERVERS "host:\n"
	  "- {domain: w.example.com, server: web, port: tcp/80, uplink: [a, b, a], ttl: 8s}\n",
	  "9:69: uplink 'a' is in this list twice: keep one\n"
	  "9:78: warning: ttl of 8 s is below the 9 s from which on resolvers refresh a "
	  "record before it expires: use 9 s or more\n" },
	{ SITE UPLINKS SERVERS "forward:\n"
	  "- {id: x, server: web, port: tcp/1, uplink: [b, b]}\n",
	  "9:49: uplink 'b' is in this list twice: keep one\n" },
	{ SITE UPLINKS SERVERS "host:\n"
	  "- {domain: w.example.com, server: web, port: tcp/80}\n"
	  "- {domain: v.example.com, server: two, port: tcp/80}\n"
	  "- {domain: u.example.com, server: web, port: tcp/80:81, uplink: b}\n",
	  "10:46: port tcp/80 goes to server 'web' already (first at line 9): an uplink "
	  "forwards a port to one server\n"
	  "11:46: port tcp/80 goes to another inside port already (first at line 9): write "
	  "the same in both places\n" },
	{ SITE UPLINKS SERVERS "forward:\n"
	  "- {id: x, server: web, port: [tcp/9000-9010, tcp/9010:1]}\n"
	  "- {id: y, server: web, port: tcp/9005-9020}\n"
	  "- {id: z, server: two, port: [udp/9000, tcp/8000-9000]}\n",
	  "10:30: port range tcp/9005-9020 overlaps another one (first at line 9): write "
	  "the same range in both places, or ranges without a common port\n"
	  "10:30: port tcp/9005-9020 goes to another inside port already (first at line "
	  "9): write the same in both places\n"
	  "11:41: port tcp/8000-9000 goes to server 'web' already (first at line 9): an "
	  "uplink forwards a port to one server\n" },
	{ SITE UPLINKS SERVERS "mail:\n"
	  "- {domain: example.com, server: web}\n"
	  "- {domain: example.net, server: two}\n",
	  "10:3: port tcp/25 goes to server 'web' already (first at line 9): an uplink "
	  "forwards a port to one server\n" },
	{ SITE UPLINKS SERVERS "forward:\n"
	  "- {id: x, server: web, port: [tcp/53, udp/1-53, tcp/5301]}\n",
	  "9:31: port tcp/53 cannot be forwarded: the gateway's own DNS answers at port 53\n"
	  "9:39: port udp/1-53 cannot be forwarded: the gateway's own DNS answers at port "
	  "53\n" },
	{ UPLINKS SERVERS "site: {domain: example.com, dns-binding: port}\n"
	  "forward:\n"
	  "- {id: x, server: web, port: [tcp/5303, udp/5302, tcp/5000-5400, udp/5300]}\n",
	  "9:41: port udp/5302 cannot be forwarded: with dns-binding port the gateway's "
	  "own DNS listens at ports 5301 to 5302\n"
	  "9:51: port tcp/5000-5400 cannot be forwarded: with dns-binding port the "
	  "gateway's own DNS listens at ports 5301 to 5302\n" },
	{ UPLINKS SERVERS "site: {domain: example.com, dns-binding: device}\n"
	  "forward:\n- {id: x, server: web, port: [tcp/5301]}\n",
	  "9:31: port tcp/5301 cannot be forwarded: with dns-binding device the gateway's "
	  "own DNS listens at ports 5301 to 5302\n" },
	{ SITE UPLINKS SERVERS "host:\n"
	  "- {domain: w.example.com, server: web, port: [tcp/80, tcp/9000-9010, tcp/9005, "
	  "tcp/9000-9010:9000-9010]}\n"
	  "- {domain: a.w.example.com, server: web, port: [tcp/80, udp/80, tcp/9000-9010]}\n"
	  "forward:\n"
	  "- {id: x, server: two, port: udp/51820, uplink: a}\n"
	  "- {id: y, server: web, port: udp/51820, uplink: b}\n",
	  "" },
};
// clang-format on

START_TEST(wrong_meaning_is_named_with_its_place)
{
	assert_reported(&bad_sites[_i]);
}
END_TEST

static void assert_uplinks(unsigned count, const char *mask, const char *report)
{
	struct text text = TEXT_EMPTY;
	text_add(&text, "site: {domain: example.com, fwmark-mask: %s}\nuplink:\n", mask);
	for (unsigned i = 1; i <= count; i++) {
		text_add(&text, "- {id: u%u, interface: w%u}\n", i, i);
	}
	text_add(&text, SERVERS "forward:\n- {id: x, server: web, port: udp/1}\n");
	char *file = text_take(&text);
	ck_assert_ptr_nonnull(file);
	const struct bad_file row = { file, report };
	assert_reported(&row);
	free(file);
}

START_TEST(uplinks_are_counted)
{
	static const struct {
		unsigned count;
		const char *mask;
		const char *report;
	} rows[] = {
		{ 63, "0x3f000000", "" },
		{ 64, "0x3f000000",
		  "66:8: uplink number 64 is one too many: a site has at most 63\n" },
		{ 100, "0x7f", "66:8: uplink number 64 is one too many: a site has at most 63\n" },
		{ 3, "0xc0000000", "" },
		{ 4, "0xc0000000",
		  "1:42: fwmark-mask 0xc0000000 has room for 3, not for 4 uplinks: use 0xe0000000, "
		  "or fewer uplinks\n" },
		{ 15, "0xf", "" },
		{ 16, "0xf",
		  "1:42: fwmark-mask 0x0000000f has room for 15, not for 16 uplinks: use "
		  "0x0000001f, or fewer uplinks\n" },
		{ 1, "0x80000000", "" },
		{ 1, "0xffffffff", "" },
	};

	assert_uplinks(rows[_i].count, rows[_i].mask, rows[_i].report);
}
END_TEST

START_TEST(many_virtual_hosts_share_a_server)
{
	struct text text = TEXT_EMPTY;
	text_add(&text, SITE UPLINKS SERVERS "host:\n");
	for (unsigned i = 0; i < 10000; i++) {
		text_add(&text,
		         "- {domain: h%u.example.com, server: web, port: [tcp/80, tcp/443]}\n", i);
	}
	char *file = text_take(&text);
	ck_assert_ptr_nonnull(file);
	const struct bad_file row = { file, "" };
	assert_reported(&row);
	free(file);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("check");
	TCase *cases = tcase_create("check");
	tcase_set_timeout(cases, 60);
	suite_add_tcase(suite, cases);
	tcase_add_loop_test(cases, wrong_meaning_is_named_with_its_place, 0,
	                    sizeof(bad_sites) / sizeof(bad_sites[0]));
	tcase_add_loop_test(cases, uplinks_are_counted, 0, 9);
	tcase_add_test(cases, many_virtual_hosts_share_a_server);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
