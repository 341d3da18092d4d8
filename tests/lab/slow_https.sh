#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The site has an HTTPS record with address hints, and nothing on port 80. Whoever goes by that record, as a
# browser that was told http:// and a client that connects by the hint alone, comes in by the uplink whose
# name server its resolver has asked. So does a browser that has nothing but the hint, since its resolver
# owes it the address.

. "$(dirname "$0")/lib.sh"
. "$lab_source/clients.sh"
command -v chromium >/dev/null || skip "needs chromium"
command -v openssl >/dev/null || skip "needs openssl"

server_tls_ports=8443
host_ports='tcp/443:8443'
# One name has a hint in its record, the other one has none, and addresses have both.
host_lines=('alias: [api]'
	"record: ['@ HTTPS 1 . alpn=http/1.1 ipv4hint=0.0.0.0', 'api HTTPS 1 . alpn=http/1.1']")
plain_name=api.www.example.com

# What Chromium 156 knows of hints is off by default. With both of these it connects to a hint as long as the
# address itself is outstanding, and no longer (RFC 9460, section 7.3): net/base/features.cc,
# kHappyEyeballsV3 and kUseDnsHttpsSvcbAddressHints, and net/dns/dns_task_results_manager.cc there. With one
# of the two it waits for the address, and so does Chromium 150.
by_hints=(--feature HappyEyeballsV3 --feature UseDnsHttpsSvcbAddressHints)

# hint_at SERVER: the hint that it has, by the resolver or by an uplink's name server.
hint_at() {
	ns cli kdig +short +timeout=1 +retry=0 "@$1" www.example.com HTTPS |
		sed -n 's/^1 \. alpn=http\/1\.1 ipv4hint=//p'
}

# hint_agrees UPLINK: HTTPS, A and TLS by that address.
hint_agrees() {
	local hint
	hint=$(hint_at "${address4[$1]}")
	[ "$hint" = "${address4[$1]}" ] && [ "$(answer_by "$1")" = "$hint" ] && page_at "$hint"
}

# page_at ADDRESS
page_at() {
	ns cli curl -ksS --max-time 2 --resolve "www.example.com:443:$1" https://www.example.com/
}

# resolver_hints UPLINK
resolver_hints() {
	[ "$(hint_at "$resolver4")" = "${address4[$1]}" ]
}

# records_fresh TYPE...: they are in the resolver's cache, and not about to leave it.
records_fresh() {
	local type
	for type in "$@"; do
		ns cli kdig +noall +answer +timeout=5 +retry=0 "@$resolver4" www.example.com "$type" |
			awk '$2 >= 4 { found = 1 } END { exit !found }' || return 1
	done
}

# browser_comes_by UPLINK NAME [OPTION...]: with the records in $cached.
#
# A browser waits for an HTTPS record only a moment longer than for the address, and keeps for a minute that
# there was none. So it finds both in the resolver's cache; where the machine was too slow, a new one does.
browser_comes_by() {
	local uplink=$1 name=$2 try status
	shift 2
	for try in 1 2 3 4; do
		wait_for 40 records_fresh "${cached[@]}" || return 1
		browser_start "$name-$uplink-$try" --any-certificate "$@"
		status=0
		wait_for 10 loaded_times "$name-$uplink-$try" 2 || status=1
		browser_stop
		[ "$status" != 0 ] || break
	done
	tail -n 5 "$lab/$name-$uplink-$try.loads"
	[ "$(uplink_used "$name-$uplink-$try")" = "$uplink" ]
}

# The resolver no longer hears anyone who asks for an IPv4 address: the question's type, behind a name of 17
# or of 21 bytes. What it asks itself goes elsewhere.
addresses_withhold() {
	ns res nft -f - <<-END
		table inet withheld {
			chain input {
				type filter hook input priority filter; policy accept;
				udp dport 53 @th,296,16 1 drop
				udp dport 53 @th,328,16 1 drop
			}
		}
	END
}

addresses_give() {
	ns res nft delete table inet withheld
}

# resolver_has NAME TYPE ANSWER
resolver_has() {
	same "$3" ns cli kdig +short +timeout=5 +retry=2 "@$resolver4" "$1" "$2"
}

# resolver_owes NAME: its address.
resolver_owes() {
	fails ns cli kdig +short +timeout=1 +retry=0 "@$resolver4" "$1" A
}

# browser_waits NAME OPTION...: no page in three loads.
browser_waits() {
	local name=$1 status=0
	shift
	browser_start "$name" --any-certificate "$@"
	wait_for 20 loads_ended "$name" 3 || status=1
	browser_stop
	cat "$lab/$name.loads"
	[ "$status" = 0 ] && fails loaded_times "$name" 1
}

# loads_ended NAME COUNT
loads_ended() {
	[ "$(wc -l <"$lab/$1.loads")" -ge "$2" ]
}

lab_up
client_without_ipv6
# With this Chromium resolves by itself, which alone asks for HTTPS records.
echo "hosts: files dns" >"$lab/res/nsswitch.conf"
require "multihomed publishes both uplinks" data_plane_up
require "knotd starts" knotd_start
expect "hint, address and forward of each uplink agree" wait_for 10 by_each hint_agrees

declare -A other=([primary]=backup [backup]=primary)
for uplink in primary backup; do
	cut "${other[$uplink]}" carrier
	# What the resolver has in its cache from the other uplink is over after the TTL.
	expect "only $uplink: the resolver has its hint" wait_for 40 resolver_hints $uplink
	expect "only $uplink: the hint alone leads to the page" page_at "$(hint_at "$resolver4")"
	cached=(A HTTPS)
	expect "only $uplink: a browser turns to https and comes in there" browser_comes_by $uplink plain
	expect "only $uplink: so does one that goes by hints" browser_comes_by $uplink hints "${by_hints[@]}"
	addresses_withhold
	cached=(HTTPS)
	expect "only $uplink: the resolver owes the address" resolver_owes www.example.com
	if [ "$(chromium_version)" -ge 156 ]; then
		expect "only $uplink: a browser comes in there by the hint alone" \
			browser_comes_by $uplink hint-alone "${by_hints[@]}"
	else
		echo "skip - only $uplink: a browser comes in there by the hint alone: needs Chromium 156"
	fi
	addresses_give
	mend "${other[$uplink]}"
	expect "only $uplink: the other one is back" wait_for 20 hint_agrees "${other[$uplink]}"
done

addresses_withhold
page_url=http://$plain_name/
expect "no hint: the record is there" resolver_has "$plain_name" HTTPS "1 . alpn=http/1.1"
expect "no hint: the resolver owes the address" resolver_owes "$plain_name"
expect "no hint: the browser that goes by hints has no page" browser_waits waits "${by_hints[@]}"
addresses_give
lab_end
