#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# zonemaster, from outside, finds no fault in the zones that multihomectl writes, as the gateway and the
# hoster serve them; and it does find the faults that are put in.
#
# mod-arrival answers A and AAAA by the uplink of the query. zonemaster does not mind, since SOA, NS and MX
# are the same everywhere; it tries for zone transfers and recursion too. A NOTICE is nothing to mend, but
# one that is not named here fails the test:
#
# NAMESERVER_IP_PTR_MISMATCH  An address has one PTR record, and receivers of mail compare it with the
#                             name by which the mail server greets: it belongs to mail-gw-N.
# NEITHER_DNSKEY_NOR_DS,      The zones are not signed: who wants that tells knotd and the zone above,
# NOT_SIGNED                  multihomectl has no part in it.
# Z09_MISSING_MAIL_TARGET     A host zone has no MX. A null MX (RFC 7505) would silence it, but mail that
#                             the machine sends as user@www.example.com would then be refused (section
#                             4.2), and a host that takes mail at its own name would lose it. Those who
#                             know that there is neither write record: ["@ MX 0 ."], as shop here.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/public_plan.sh"
. "$(dirname "$0")/judges.sh"
command -v zonemaster-cli >/dev/null || skip "needs zonemaster-cli"

unsigned='NEITHER_DNSKEY_NOR_DS NOT_SIGNED'
of_mail="NAMESERVER_IP_PTR_MISMATCH $unsigned"
of_host="$of_mail Z09_MISSING_MAIL_TARGET"

# A second host and a second mail domain, which is not below the site's.
site_file_with_more() {
	site_file
	sed -i -e 's/^mail:/&\n  - domain: example.org\n    server: web\n    port: [tcp\/25]/' \
		-e 's/^host:/&\n  - domain: shop.example.com\n    server: web\n    port: [tcp\/80]\n    policy: all\n    alias: [api]\n    record: ["@ MX 0 ."]/' \
		"$lab/gw/multihome.conf"
}

# The operator's part: each record of multihomectl goes where multihomectl says.
records_entered() {
	local mail=$lab/gw/example.org.zone parent=$lab/gw/parent
	ctl zone parent >"$parent" && ctl zone mail example.org >"$mail" || return 1
	grep -v '^;' "$parent" >>"$lab/hoster/example.com.zone"
	commented "$mail" "For the zone example.com:" >>"$lab/hoster/example.com.zone"
	commented "$mail" "For the zone above:" >>"$lab/registry/org.zone"
	commented "$parent" "PTR records" | grep in-addr >>"$lab/hoster/in-addr.arpa.zone"
	commented "$parent" "PTR records" | grep ip6 >>"$lab/hoster/ip6.arpa.zone"
	hoster_reload
}

# zone_served ZONE: by the gateway's knotd, beside the zones of the hosts.
zone_served() {
	cp "$lab/gw/$1.zone" "$lab/gw/knot/zones/" && cat >>"$lab/gw/knot/knot.conf" <<-END
		zone:
		  - domain: $1.
		    file: $lab/gw/knot/zones/$1.zone
	END
}

# knotd_for_each: a knotd an uplink. That of the backup has a serial of its own and allows transfers.
knotd_for_each() {
	knotd_stop
	cp -r "$lab/gw/knot" "$lab/gw/knot-backup"
	sed -i "s#$lab/gw/knot\b#&-backup#" "$lab/gw/knot-backup"/*.conf
	sed -i '/^include/i acl:\n  - id: anybody\n    action: transfer\ntemplate:\n  - id: default\n    acl: anybody' \
		"$lab/gw/knot-backup/knot.conf"
	sed -i '/# uplink primary/d' "$lab/gw/knot-backup/generated.conf"
	sed -i '/# uplink backup/d' "$lab/gw/knot/generated.conf"
	sed -i -E '/ SOA /s/ [0-9]{10} / 1000000000 /' "$lab/gw/knot-backup/zones/www.example.com.zone"
	knotd_run
	chown -R knot:knot "$lab/gw/knot-backup"
	spawn gw env LD_PRELOAD="$module_preload" knotd -c "$lab/gw/knot-backup/knot.conf" \
		>>"$lab/gw/knot-backup/log" 2>&1
	backup_knotd_pid=$!
}

backup_knotd_stop() {
	kill "$backup_knotd_pid"
	wait "$backup_knotd_pid" 2>/dev/null || :
}

# all_clean WHAT
all_clean() {
	expect "$1: a host's zone" clean www.example.com $of_host
	expect "$1: a host's zone with null MX, policy all" clean shop.example.com $of_mail
	expect "$1: a mail domain's zone" clean example.org $of_mail
}

lab_up
site_file_with_more
daemon_start
require "the daemon publishes both uplinks" wait_for 10 by_each uplink_answered
require "the records are entered" records_entered
require "knotd is configured" eval 'knotd_configure && zone_served example.org'
knotd_run
require "both uplinks serve" wait_for 10 by_each uplink_serves
zonemaster_configure

all_clean "as generated"
expect "as generated: the zone above" clean example.com $unsigned
expect "drain" ctl drain primary
expect "primary drained: a host's zone" clean www.example.com $of_host
expect "undrain" ctl undrain primary

above=$lab/hoster/example.com.zone
# The name www-ns9 is there, with the addresses of www-ns2: it is only the set of names that differs.
other_names='s/ www-ns2/ www-ns9/; s/^www-ns2\(.*\)/&\nwww-ns9\1/'
expect "found: other name servers in the zone above" with_fault "$above" "$other_names" \
	finds ERROR EXTRA_NAME_PARENT www.example.com
expect "found: wrong address of a name server" with_fault "$above" \
	"s/^www-ns2.* A .*/www-ns2.example.com. 60 A $second4/" finds ERROR SOA_NOT_EXISTS www.example.com

if command -v dnsviz >/dev/null; then
	expect "as generated: dnsviz is silent" \
		same "" dnsviz_warnings www.example.com shop.example.com example.com example.org
	expect "found by dnsviz: other name servers in the zone above" with_fault "$above" "$other_names" \
		same "NS_NAME_NOT_IN_CHILD NS_NAME_NOT_IN_PARENT" dnsviz_warnings www.example.com
else
	echo "skip - needs dnsviz"
fi

# From here on example.com itself is served by the gateway, and its hosts' zones are below it.
moved() {
	local mail=$lab/gw/example.com.zone com=$lab/registry/com.zone
	ctl zone mail example.com >"$mail" && zone_served example.com || return 1
	sed -i '/^example\.com\. /d' "$com"
	commented "$mail" "For the zone above:" >>"$com"
	hoster_reload || return 1
	knotd_stop
	chown -R knot:knot "$lab/gw/knot"
	knotd_run
	wait_for 10 by_each uplink_serves
}
require "the zone of the site's domain moves to the gateway" moved
all_clean "at the gateway"
expect "at the gateway: the zone of the site's domain" clean example.com $of_mail

expect "found: wrong glue" with_fault "$lab/registry/com.zone" \
	"s/^ns2.* A .*/ns2.example.com. 60 A $second4/" finds ERROR IN_BAILIWICK_ADDR_MISMATCH example.com

knotd_for_each
require "a knotd for each uplink serves" wait_for 10 by_each uplink_serves
expect "found: another serial on one uplink" finds WARNING MULTIPLE_SOA_SERIALS www.example.com
expect "found: zone transfers on one uplink" finds NOTICE AXFR_AVAILABLE www.example.com
expect "not the serial in the other zones" clean example.org $of_mail AXFR_AVAILABLE
backup_knotd_stop
# Not the whole of it, which waits for each of its questions.
expect "found: a name server is dead" finds WARNING CN01_NO_RESPONSE_UDP www.example.com \
	--no-ipv6 --test connectivity/connectivity01
lab_end
