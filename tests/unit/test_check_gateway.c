/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Judging of the gateway in a world written down as text: whatever is changed in it is found, once,
 * with its remedy, and nothing else is.
 */

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <libknot/version.h>

#include "ctl/check_gateway_find.h"
#include "findings_text.h"
#include "site_text.h"
#include "suite.h"

#define SITE                                                                                    \
	"site:\n    domain: example.com\n    dns-binding: address\n    lan: lan0\n"             \
	"uplink:\n"                                                                             \
	"  - id: primary\n    interface: wan0\n    address: [192.168.2.1, \"2001:db8:1::2\"]\n" \
	"  - id: backup\n    interface: wan1\n    address: 172.16.1.1\n"                        \
	"server:\n  - id: web\n    address: [10.0.0.10, \"fd00:10::10\"]\n"                     \
	"host:\n  - domain: www.example.com\n    server: web\n    port: [tcp/80, udp/443]\n"

/*! With apostrophes for quotation marks. */
#define PROBE "{'probe':'icmp 192.0.2.1','state':'good'}"
#define LINE(id) "{'service':'tcp/80','family':'IPv4','state':'proven','detail':'" id "'}"
#define STATUS                                                                                   \
	"{'generation':7,'uplinks':[{'id':'primary','interface':'wan0','state':'up',"            \
	"'reason':'','gateway':['192.168.2.6','2001:db8:1::1'],'probes':[" PROBE                 \
	"],'inbound':[" LINE("a") "]},"                                                          \
				  "{'id':'backup','interface':'wan1','state':'up','reason':'','" \
				  "gateway':['172.16.1.2'],"                                     \
				  "'probes':[" PROBE "],'inbound':[" LINE("b") "]}]}"
#define OBSERVED                                                                             \
	"{'settings':{'ipv4/ip_forward':1,'ipv6/conf/all/forwarding':1,"                     \
	"'ipv4/conf/all/rp_filter':0,'ipv4/conf/wan0/rp_filter':0,"                          \
	"'ipv4/conf/wan1/rp_filter':2,'ipv6/conf/wan1/accept_ra':0,"                         \
	"'ipv6/conf/wan1/forwarding':1,'netfilter/nf_conntrack_max':1000,"                   \
	"'netfilter/nf_conntrack_count':10},'rules':[],'routes':[],'effects':[],'drops':[]," \
	"'complete':true}"

#define RULE(text, priority, mark, mask, inverted, narrow, from, iif)                      \
	"'rules':[{'family':'IPv4','rule':'" text "','priority':" priority ",'mark':" mark \
	",'mask':" mask ",'inverted':" inverted ",'narrow':" narrow ",'from':'" from       \
	"','iif':'" iif "'}]"
#define ROUTE(text, table) "'routes':[{'family':'IPv4','route':'" text "','table':" table "}]"
#define EFFECT(kind, bits, hooks)   \
	"'effects':[{'kind':'" kind \
	"','family':'ip','table':'t','chain':'c','handle':4,'bits':" bits ",'hooks':" hooks "}]"
#define DROP(what, service, hook, handle, sure, dns)                                             \
	"'drops':[{'what':'" what "','uplink':'primary','ip':'IPv4','service':'" service         \
	"','family':'inet','table':'fw','chain':'c','base':'c','hook':" hook ",'handle':" handle \
	",'sure':" sure ",'dns':" dns "}]"
#define STATE(state, reason)                                               \
	{                                                                  \
		"'wan1','state':'up','reason':''",                         \
			"'wan1','state':'" state "','reason':'" reason "'" \
	}

/*! What a case replaces in the world. */
struct change {
	const char *from;
	const char *to;
};

/*! What is found with «dns-binding: device». */
#if KNOT_VERSION_HEX < 0x030505
#define NO_DEVICES                                                                               \
	"wrong name server version: dns-binding device needs Knot DNS 3.5.5, this is built for " \
	"an older one -> write 'dns-binding: port', and take the part of 'multihomectl "         \
	"knot-conf' "                                                                            \
	"into knot.conf anew\n"
#else
#define NO_DEVICES ""
#endif

static const struct {
	const char *what;
	struct change changes[2];
	struct change site;
	bool dead; // The daemon does not answer.
	bool elsewhere;
	struct gateway_table table;
	bool unsynchronised;
	struct gateway_answer answer; // Of the backup uplink, if it has a host.
	const char *found;            // «LEVEL SUBJECT CHECK: MESSAGE -> REMEDY»
} cases[] = {
	{ .what = "all is good", .found = "" },

	// The daemon, its table, the clock.
	{ .what = "no daemon",
	  .dead = true,
	  .found = "wrong daemon answer: silence -> systemctl start multihomed\n"
	           "warning daemon view: what it alone can see was not looked at -> run it again "
	           "when multihomed answers\n" },
	{ .what = "no daemon, since it is another machine",
	  .dead = true,
	  .elsewhere = true,
	  .found = "note this machine view: is not the gateway, so that was not looked at: it has "
	           "none "
	           "of the uplinks' interfaces -> run 'multihomectl check gateway' on the "
	           "gateway\n" },
	{ .what = "heartbeat late",
	  .table = { .generation = 7, .age_ms = 31000 },
	  .found = "wrong daemon heartbeat: 31 s old: answers stay as they were then -> systemctl "
	           "restart multihomed\n" },
	{ .what = "one heartbeat missed",
	  .table = { .generation = 7, .age_ms = 19000 },
	  .found = "" },
	{ .what = "heartbeat too old",
	  .table = { .generation = 7, .age_ms = 40000, .stale_after_ms = 30000 },
	  .found = "wrong daemon heartbeat: 40 s old: answers have ended -> systemctl restart "
	           "multihomed\n" },
	{ .what = "table of an earlier boot",
	  .table = { .generation = 7, .other_boot = true },
	  .found = "wrong daemon heartbeat: the answer table was written before this boot: nothing "
	           "of it is answered -> systemctl restart multihomed\n" },
	{ .what = "another table",
	  .table = { .generation = 6 },
	  .found =
	          "wrong daemon heartbeat: knotd reads another answer table than the daemon writes "
	          "-> systemctl restart multihomed knot\n" },
	{ .what = "a newer generation", .table = { .generation = 8 }, .found = "" },
	{ .what = "no access to the table",
	  .table = { .error = -EACCES },
	  .found = "note daemon heartbeat: not looked at: no access to the answer table -> run it "
	           "as "
	           "root, or as a member of knotd's group\n" },
	{ .what = "no table",
	  .table = { .error = -ENOENT },
	  .found = "wrong daemon heartbeat: the answer table cannot be read (No such file or "
	           "directory) -> systemctl restart multihomed, then see its log\n" },
	{ .what = "clock",
	  .unsynchronised = true,
	  .found =
	          "note daemon clock: not synchronised: history and signatures need the right time "
	          "-> timedatectl set-ntp true\n" },
	{ .what = "clock, and TSIG",
	  .unsynchronised = true,
	  .site = { "    lan: lan0\n", "    lan: lan0\n    on-change: nsupdate /etc/key\n" },
	  .found = "warning daemon clock: not synchronised: signed updates of the parent zone fail "
	           "once it is 5 minutes off -> timedatectl set-ntp true\n" },

	// Settings.
	{ .what = "IPv4 forwarding off",
	  .changes = { { "ip_forward':1", "ip_forward':0" } },
	  .found = "wrong settings forwarding: off: the servers are not reached, and nothing is "
	           "answered (IPv4) -> sysctl -w net.ipv4.ip_forward=1\n" },
	{ .what = "IPv6 forwarding off",
	  .changes = { { "all/forwarding':1", "all/forwarding':0" } },
	  .found = "wrong settings forwarding: off: the servers are not reached, and nothing is "
	           "answered (IPv6) -> sysctl -w net.ipv6.conf.all.forwarding=1\n" },
	{ .what = "IPv6 forwarding off, and not needed",
	  .changes = { { "all/forwarding':1", "all/forwarding':0" } },
	  .site = { "[10.0.0.10, \"fd00:10::10\"]", "10.0.0.10" },
	  .found = "" },
	{ .what = "strict filter",
	  .changes = { { "wan1/rp_filter':2", "wan1/rp_filter':1" } },
	  .found = "wrong settings rp_filter: strict on wan1: what clients send is dropped, unless "
	           "the default route leads there (backup) -> sysctl -w "
	           "net.ipv4.conf.wan1.rp_filter=0\n" },
	{ .what = "strict filter by all, which a loose one of an interface beats",
	  .changes = { { "all/rp_filter':0", "all/rp_filter':1" } },
	  .found = "wrong settings rp_filter: strict on wan0: what clients send is dropped, unless "
	           "the default route leads there (primary) -> sysctl -w "
	           "net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.wan0.rp_filter=0\n" },
	{ .what = "strict filter on a VLAN",
	  .changes = { { "wan1/rp_filter':2", "wan1.7/rp_filter':1" } },
	  .site = { "wan1", "wan1.7" },
	  .found = "wrong settings rp_filter: strict on wan1.7: what clients send is dropped, "
	           "unless "
	           "the default route leads there (backup) -> sysctl -w "
	           "net.ipv4.conf.wan1/7.rp_filter=0\n" },
	{ .what = "no router advertisements",
	  .changes = { { "accept_ra':0", "accept_ra':1" } },
	  .found = "warning settings accept_ra: 1 on wan1, which forwards too: router "
	           "advertisements "
	           "are not taken (backup) -> sysctl -w net.ipv6.conf.wan1.accept_ra=2\n" },
	{ .what = "no router advertisements, and the router is known",
	  .changes = { { "accept_ra':0", "accept_ra':1" }, { "['172.16.1.2']", "['fe80::1']" } },
	  .found = "" },
	{ .what = "connection table nearly full",
	  .changes = { { "count':10", "count':800" } },
	  .found = "warning settings conntrack: the connection table is nearly full (800 of 1000): "
	           "new connections are dropped then -> sysctl -w "
	           "net.netfilter.nf_conntrack_max=2000\n" },
	{ .what = "connection table full",
	  .changes = { { "count':10", "count':999" } },
	  .found = "wrong settings conntrack: the connection table is full (999 of 1000): new "
	           "connections are dropped then -> sysctl -w "
	           "net.netfilter.nf_conntrack_max=2000\n" },

	// Rules and routes.
	{ .what = "a rule before ours",
	  .changes = { { "'rules':[]", RULE("R", "100", "0", "0", "false", "false", "", "") } },
	  .found = "wrong routing rules: rule 'R' of another program stands before ours and takes "
	           "their packets (IPv4) -> give it a priority from 1050 on, or write a "
	           "'rule-priority' below 50 into the site file\n" },
	{ .what = "a rule before which ours have no room",
	  .changes = { { "'rules':[]", RULE("R", "51", "0", "0", "false", "false", "", "") } },
	  .found = "wrong routing rules: rule 'R' of another program stands before ours and takes "
	           "their packets (IPv4) -> give it a priority from 1050 on\n" },
	{ .what = "a rule before which ours have just room",
	  .changes = { { "'rules':[]", RULE("R", "52", "0", "0", "false", "false", "", "") } },
	  .found = "wrong routing rules: rule 'R' of another program stands before ours and takes "
	           "their packets (IPv4) -> give it a priority from 1050 on, or write a "
	           "'rule-priority' below 2 into the site file\n" },
	{ .what = "a rule behind ours",
	  .changes = { { "'rules':[]", RULE("R", "5210", "0", "0", "false", "false", "", "") } },
	  .found = "" },
	{ .what = "a narrow rule before ours",
	  .changes = { { "'rules':[]", RULE("R", "100", "0", "0", "false", "true", "", "") } },
	  .found = "" },
	{ .what = "a rule for other sources",
	  .changes = { { "'rules':[]",
	                 RULE("R", "100", "0", "0", "false", "false", "10.9.0.0/16", "") } },
	  .found = "" },
	{ .what = "a rule for the server's source",
	  .changes = { { "'rules':[]",
	                 RULE("R", "100", "0", "0", "false", "false", "10.0.0.0/24", "") } },
	  .found = "wrong routing rules: rule 'R' of another program stands before ours and takes "
	           "their packets (IPv4) -> give it a priority from 1050 on, or write a "
	           "'rule-priority' below 50 into the site file\n" },
	{ .what = "a rule for another interface",
	  .changes = { { "'rules':[]", RULE("R", "100", "0", "0", "false", "false", "", "wg0") } },
	  .found = "" },
	{ .what = "a rule for other marks (tailscale)",
	  .changes = { { "'rules':[]",
	                 RULE("R", "100", "524288", "16711680", "false", "false", "", "") } },
	  .found = "" },
	{ .what = "a rule for all but a mark (WireGuard) before ours",
	  .changes = { { "'rules':[]",
	                 RULE("R", "100", "51820", "4294967295", "true", "false", "", "") } },
	  .found = "wrong routing rules: rule 'R' of another program stands before ours and takes "
	           "their packets (IPv4) -> give it a priority from 1050 on, or write a "
	           "'rule-priority' below 50 into the site file\n" },
	{ .what = "a rule for our mark, behind ours",
	  .changes = { { "'rules':[]",
	                 RULE("R", "9999", "16777216", "4294967295", "false", "false", "", "") } },
	  .found = "wrong routing mark: rule 'R' of another program uses bits of our mask "
	           "0x3f000000 "
	           "(IPv4) -> write 'fwmark-mask: 0x0000003f' below 'site:' in the site file\n" },
	{ .what = "no bits are left",
	  .changes = { { "'rules':[]",
	                 RULE("R", "9999", "16777216", "4294967294", "false", "false", "", "") } },
	  .found = "wrong routing mark: rule 'R' of another program uses bits of our mask "
	           "0x3f000000 "
	           "(IPv4) -> give that program other bits, or us by 'fwmark-mask'\n" },
	{ .what = "a route in our table",
	  .changes = { { "'routes':[]",
	                 ROUTE("default via 10.0.0.9 table 20101 proto 4", "20101") } },
	  .found = "wrong routing routes: route 'default via 10.0.0.9 table 20101 proto 4' of "
	           "another "
	           "program is in a table of ours (IPv4) -> ip -4 route del default via 10.0.0.9 "
	           "table 20101 proto 4\n" },
	{ .what = "a route for the aliases",
	  .changes = { { "'routes':[]", ROUTE("198.18.0.0/15 dev lab table 254 proto 4", "254") } },
	  .found =
	          "warning routing alias: route '198.18.0.0/15 dev lab table 254 proto 4' covers "
	          "the "
	          "addresses of cross-probes (IPv4) -> ip -4 route del 198.18.0.0/15 dev lab table "
	          "254 proto 4, or another 'cross-alias' in the site file\n" },
	{ .what = "a black hole for the aliases, beside which they get through",
	  .changes = { { "'routes':[]",
	                 ROUTE("blackhole 198.18.0.0/15 table 254 proto 4", "254") } },
	  .found =
	          "note routing alias: route 'blackhole 198.18.0.0/15 table 254 proto 4' covers "
	          "the "
	          "addresses of cross-probes, which get through all the same (IPv4) -> ip -4 route "
	          "del blackhole 198.18.0.0/15 table 254 proto 4, or another 'cross-alias' in the "
	          "site file\n" },

	// Rulesets.
	{ .what = "policy drop",
	  .changes = { { "'drops':[]", DROP("clients", "tcp/80", "2", "0", "true", "false") } },
	  .found = "wrong nftables firewall: table inet fw, chain c drops what is forwarded, by "
	           "policy "
	           "(primary tcp/80) -> nft insert rule inet fw c ct status dnat accept\n" },
	{ .what = "policy drop of an address that a server holds, which nobody translates",
	  .changes = { { "'drops':[]", DROP("clients", "tcp/80", "2", "0", "true", "false") },
	               { "'sure':true", "'held':'2001:db8:9::79','last':80,'sure':true" } },
	  .found = "wrong nftables firewall: table inet fw, chain c drops what is forwarded, by "
	           "policy (primary tcp/80) -> nft insert rule inet fw c ip6 daddr "
	           "2001:db8:9::79 tcp dport 80 accept\n" },
	{ .what = "its answers, of a range",
	  .changes = { { "'drops':[]", DROP("answers", "udp/90", "0", "3", "true", "false") },
	               { "'sure':true", "'held':'2001:db8:9::79','last':99,'sure':true" } },
	  .found = "wrong nftables firewall: table inet fw, chain c, rule 3 drops what is "
	           "forwarded (primary udp/90) -> nft insert rule inet fw c ip6 saddr "
	           "2001:db8:9::79 udp sport 90-99 accept\n" },
	{ .what = "policy drop that depends, and the probe gets through",
	  .changes = { { "'drops':[]", DROP("clients", "tcp/80", "2", "0", "false", "false") } },
	  .found = "note nftables firewall: table inet fw, chain c may drop what is forwarded, by "
	           "policy; the cross-probe gets through (primary tcp/80) -> nft insert rule inet "
	           "fw c "
	           "ct status dnat accept\n" },
	{ .what = "policy drop that depends, and nothing is known",
	  .changes = { { "'drops':[]", DROP("clients", "udp/443", "2", "0", "false", "false") } },
	  .found =
	          "warning nftables firewall: table inet fw, chain c may drop what is forwarded, "
	          "by "
	          "policy (primary udp/443) -> nft insert rule inet fw c ct status dnat accept\n" },
	{ .what = "a rule before the translation",
	  .changes = { { "'drops':[]", DROP("clients", "tcp/80", "0", "7", "true", "false") } },
	  .found =
	          "wrong nftables firewall: table inet fw, chain c, rule 7 drops what is forwarded "
	          "(primary tcp/80) -> nft delete rule inet fw c handle 7\n" },
	{ .what = "more rules than are looked at",
	  .changes = { { "'complete':true", "'complete':true,'listed':false" } },
	  .found = "warning nftables rules: other tables hold so many that the rest was not "
	           "looked at -> put lists of addresses into sets: a rule looks them up\n" },
	{ .what = "questions dropped",
	  .changes = { { "'drops':[]", DROP("questions", "udp/53", "1", "0", "true", "true") } },
	  .found =
	          "wrong nftables firewall: table inet fw, chain c drops questions to the name "
	          "server, by policy (primary udp/53) -> nft 'insert rule inet fw c meta l4proto { "
	          "tcp, udp } th dport 53 accept'\n" },
	{ .what = "questions dropped on the uplinks, where they are not rewritten",
	  .changes = { { "'drops':[]", DROP("questions", "udp/53", "1", "0", "true", "true") } },
	  .site = { "dns-binding: address", "dns-binding: device" },
	  .found =
	          "wrong nftables firewall: table inet fw, chain c drops questions to the name "
	          "server, by policy (primary udp/53) -> nft 'insert rule inet fw c meta l4proto { "
	          "tcp, udp } th dport 53 accept'\n" NO_DEVICES },
	{ .what = "questions dropped, at the ports they are rewritten to",
	  .changes = { { "'drops':[]", DROP("questions", "udp/53", "1", "0", "true", "true") } },
	  .site = { "dns-binding: address", "dns-binding: port" },
	  .found =
	          "wrong nftables firewall: table inet fw, chain c drops questions to the name "
	          "server, by policy (primary udp/53) -> nft 'insert rule inet fw c meta l4proto { "
	          "tcp, udp } th dport { 53, 5301-5302 } accept'\n" },
	{ .what = "bogon filter where they come in",
	  .changes = { { "'drops':[]",
	                 DROP("cross-probes", "tcp/80", "0", "7", "true", "false") } },
	  .found = "warning nftables bogon filter: table inet fw, chain c, rule 7 drops the "
	           "addresses "
	           "of cross-probes, which then prove nothing (primary tcp/80) -> nft insert rule "
	           "inet "
	           "fw c ip saddr 198.18.0.0/24 accept\n" },
	{ .what = "bogon filter where they leave",
	  .changes = { { "'drops':[]",
	                 DROP("cross-probes", "tcp/80", "4", "7", "true", "false") } },
	  .found = "warning nftables bogon filter: table inet fw, chain c, rule 7 drops the "
	           "addresses "
	           "of cross-probes, which then prove nothing (primary tcp/80) -> nft insert rule "
	           "inet "
	           "fw c ip daddr 198.18.0.0/24 accept\n" },
	{ .what = "others' bits of the mark",
	  .changes = { { "'effects':[]", EFFECT("mark", "16711680", "1") } },
	  .found = "" },
	{ .what = "our bits of the mark",
	  .changes = { { "'effects':[]", EFFECT("mark", "16777216", "1") } },
	  .found = "wrong nftables mark: table ip t, chain c, rule 4 writes our bits 0x3f000000 of "
	           "the "
	           "packet's mark -> write 'fwmark-mask: 0x0000003f' below 'site:' in the site "
	           "file\n" },
	{ .what = "the whole mark",
	  .changes = { { "'effects':[]", EFFECT("ct-mark", "4294967295", "16") } },
	  .found = "wrong nftables mark: table ip t, chain c, rule 4 writes our bits 0x3f000000 of "
	           "the "
	           "connection's mark -> let it keep our bits: ct mark set ct mark & 0x3f000000 | "
	           "its "
	           "own\n" },
	{ .what = "our bits where no route is looked up any more",
	  .changes = { { "'effects':[]", EFFECT("mark", "4294967295", "20") } },
	  .found = "" },
	{ .what = "offloading",
	  .changes = { { "'effects':[]", EFFECT("offload", "0", "4") } },
	  .found = "warning nftables offload: table ip t, chain c, rule 4 hands connections to a "
	           "flowtable: they pass our rules by, and keep their uplink when it fails -> nft "
	           "delete rule ip t c handle 4\n" },
	{ .what = "reverse path filter",
	  .changes = { { "'effects':[]", EFFECT("reverse-path-filter", "0", "1") } },
	  .found = "warning nftables reverse path: table ip t, chain c, rule 4 drops what would "
	           "not be "
	           "sent back by the same interface: of the uplinks that is all but one -> nft "
	           "delete "
	           "rule ip t c handle 4\n" },
	{ .what = "too many rules",
	  .changes = { { "'complete':true", "'complete':false" } },
	  .found = "note nftables rules: too many to look at all services, so only at the first "
	           "ones "
	           "-> \n" },

	// Uplinks.
	{ .what = "drained",
	  .changes = { STATE("drained", "") },
	  .found = "note uplink backup state: drained: new clients are sent elsewhere -> "
	           "multihomectl "
	           "undrain backup\n" },
	{ .what = "no carrier",
	  .changes = { STATE("down", "interface wan1 has no carrier") },
	  .found = "warning uplink backup state: down: interface wan1 has no carrier -> see to the "
	           "cable at wan1, and to the modem behind it\n" },
	{ .what = "interface down",
	  .changes = { STATE("down", "interface wan1 is down") },
	  .found = "warning uplink backup state: down: interface wan1 is down -> ip link set wan1 "
	           "up\n" },
	{ .what = "no address",
	  .changes = { STATE("down", "interface wan1 has no IPv4 address") },
	  .found = "warning uplink backup state: down: interface wan1 has no IPv4 address -> see "
	           "to the "
	           "DHCP client or PPP of wan1\n" },
	{ .what = "a reason that brings its remedy",
	  .changes = { STATE("down", "address A is private; remedy: write it") },
	  .found = "warning uplink backup state: down: address A is private -> write it\n" },
	{ .what = "no uplink is up",
	  .changes = { STATE("down", "interface wan1 is down"),
	               { "'wan0','state':'up'", "'wan0','state':'unknown'" } },
	  .found = "wrong uplink primary state: not answered, its probes have no verdict yet -> "
	           "'multihomectl explain' and 'multihomectl history' tell more of wan0\n"
	           "wrong uplink backup state: down: interface wan1 is down -> ip link set wan1 "
	           "up\n" },
	{ .what = "no probes",
	  .changes = { { PROBE "],'inbound':[" LINE("b"), "],'inbound':[" LINE("b") } },
	  .found = "note uplink backup probes: none: an outage behind a router that lives is not "
	           "noticed -> write 'probe: [icmp ADDRESS, tcp ADDRESS:443]' into the site file, "
	           "with "
	           "addresses at the provider and beyond\n" },
	{ .what = "a probe fails",
	  .changes = { { "'state':'good'", "'state':'failing','fault':'no answer'" } },
	  .found = "warning uplink primary probes: icmp 192.0.2.1 fails: no answer -> if the "
	           "address "
	           "answers no more though the uplink works, probe another one\n" },

// Cross-probes.
#define DIED(state, died)                                                                       \
	{                                                                                       \
		{                                                                               \
			"'state':'proven','detail':'a'",                                        \
				"'state':'" state "','died':'" died "','detail':'no answer: D'" \
		}                                                                               \
	}
	{ .what = "died inside",
	  .changes = DIED("unproven", "inside"),
	  .found =
	          "wrong uplink primary inbound: tcp/80 over IPv4: unproven, no answer: D -> see "
	          "to "
	          "the forward chain of other rulesets, to the server's own firewall, and that its "
	          "default route leads here\n" },
	{ .what = "died between the providers",
	  .changes = DIED("unproven", "between"),
	  .found = "warning uplink primary inbound: tcp/80 over IPv4: unproven, no answer: D -> "
	           "try it "
	           "from outside; if it fails there too, the provider or its router blocks the "
	           "port\n" },
	{ .what = "dead service",
	  .changes = DIED("service dead", "service"),
	  .found = "wrong uplink primary inbound: tcp/80 over IPv4: service dead, no answer: D -> "
	           "start the service on the server, or take its port from the site file\n" },
	{ .what = "not probed yet",
	  .changes = { { "'state':'proven','detail':'a'",
	                 "'state':'unknown','detail':'not yet'" } },
	  .found = "note uplink primary inbound: not yet (primary tcp/80) -> \n" },
	{ .what = "no cross-probes",
	  .site = { "    lan: lan0\n", "    lan: lan0\n    cross-probe: off\n" },
	  .found =
	          "note uplink primary inbound: not proven: cross-probes are switched off -> write "
	          "'cross-probe: on' into the site file\n"
	          "note uplink backup inbound: not proven: cross-probes are switched off -> write "
	          "'cross-probe: on' into the site file\n" },

	// The name server.
	{ .what = "nobody listens on one uplink",
	  .answer = { .host = "www.example.com", .error = -ECONNREFUSED },
	  .found =
	          "wrong name server listens: refused, nobody listens there (backup 172.16.1.1@53) "
	          "-> "
	          "take the part of 'multihomectl knot-conf' into knot.conf, and restart knotd: it "
	          "listens there\n" },
	{ .what = "knotd does not run",
	  .answer = { .host = "all", .error = -ECONNREFUSED },
	  .found = "wrong name server listens: knotd does not run, or listens on none of the "
	           "uplinks "
	           "-> systemctl start knot\n" },
	{ .what = "no reply",
	  .answer = { .host = "www.example.com", .error = -ETIMEDOUT },
	  .found = "wrong name server listens: no reply (backup 172.16.1.1@53) -> see to the "
	           "gateway's "
	           "own input chain, and to knotd's log\n" },
	{ .what = "SERVFAIL",
	  .answer = { .host = "www.example.com", .problem = "SERVFAIL" },
	  .found = "wrong name server answers: www.example.com: SERVFAIL (backup 172.16.1.1@53) -> "
	           "multihomectl explain www.example.com\n" },
	{ .what = "another uplink's address",
	  .answer = { .host = "www.example.com", .answer = "192.168.2.1" },
	  .found = "wrong name server answers: www.example.com: 192.168.2.1, not what the daemon "
	           "publishes for this uplink (backup 172.16.1.1@53) -> take the part of "
	           "'multihomectl "
	           "knot-conf' into knot.conf, with mod-arrival, and restart knotd\n" },
};

static json_t *make_world(size_t row)
{
	char *text = strdup("{'status':" STATUS ",'observed':" OBSERVED "}");
	for (size_t i = 0; i < 2; i++) {
		char *next = replaced(text, cases[row].changes[i].from, cases[row].changes[i].to);
		free(text);
		text = next;
	}
	for (char *at = text; *at != '\0'; at++) {
		*at = *at == '\'' ? '"' : *at;
	}
	json_error_t error;
	json_t *world = json_loads(text, 0, &error);
	ck_assert_msg(world != NULL, "%s: %s", error.text, text);
	free(text);
	return world;
}

/*! Both uplinks answer, but for what the case says of the second one. */
static size_t make_answers(size_t row, const struct site *site, struct gateway_answer *answers)
{
	const struct gateway_answer *changed = &cases[row].answer;
	for (size_t i = 0; i < 2; i++) {
		answers[i] = (struct gateway_answer){
			.uplink = &site->uplinks[i],
			.address = site->uplinks[i].address.items[0],
			.port = 53,
			.host = "www.example.com",
			.expected = true,
		};
	}
	if (changed->host != NULL) {
		bool all = strcmp(changed->host, "all") == 0;
		for (size_t i = all ? 0 : 1; i < 2; i++) {
			answers[i].error = changed->error;
			answers[i].problem = changed->problem;
			answers[i].expected = changed->error != 0;
			memcpy(answers[i].answer, changed->answer, sizeof(changed->answer));
		}
	}
	return 2;
}

START_TEST(what_is_changed_is_found)
{
	char *file = replaced(SITE, cases[_i].site.from, cases[_i].site.to);
	struct site *site = site_from_text(file);
	json_t *world = make_world((size_t)_i);
	struct gateway_answer answers[2];
	struct findings findings = FINDINGS_EMPTY;
	struct gateway_facts facts = {
		.site = site,
		.status = cases[_i].dead ? NULL : json_object_get(world, "status"),
		.observed = cases[_i].dead ? NULL : json_object_get(world, "observed"),
		.silence = "silence",
		.elsewhere = cases[_i].elsewhere,
		.table = cases[_i].table,
		.unsynchronised = cases[_i].unsynchronised,
		.answers = answers,
		.answer_count = make_answers((size_t)_i, site, answers),
	};
	bool untouched = facts.table.generation == 0 && facts.table.error == 0;
	facts.table.generation = untouched ? 7 : facts.table.generation;
	check_gateway_find(&facts, &findings);
	ck_assert(!findings.failed);
	assert_findings(&findings, "gateway", true, cases[_i].what, cases[_i].found);
	findings_free(&findings);
	json_decref(world);
	site_free(site);
	free(file);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("check_gateway");
	TCase *tcase = tcase_create("check_gateway");
	tcase_add_loop_test(tcase, what_is_changed_is_found, 0, COUNT(cases));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
