#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The site has an HTTPS record with address hints, and nothing on port 80. Whoever goes by that record, as a
# browser that was told http:// and a client that connects by the hint alone, comes in by the uplink whose
# name server its resolver has asked.

. "$(dirname "$0")/lib.sh"
. "$lab_source/clients.sh"
command -v chromium >/dev/null || skip "needs chromium"
command -v openssl >/dev/null || skip "needs openssl"

server_tls_ports=8443
host_ports='tcp/443:8443'
host_lines=("record: ['@ HTTPS 1 . alpn=http/1.1 ipv4hint=0.0.0.0']")

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

# resolver_fresh: both records are in its cache, and not about to leave it.
resolver_fresh() {
	local type
	for type in A HTTPS; do
		ns cli kdig +noall +answer +timeout=5 +retry=0 "@$resolver4" www.example.com $type |
			awk '$2 >= 4 { found = 1 } END { exit !found }' || return 1
	done
}

# A browser waits for an HTTPS record only a moment longer than for the address, and keeps for a minute that
# there was none. So it finds both in the resolver's cache; where the machine was too slow, a new one does.
browser_comes_by() {
	local uplink=$1 try status
	for try in 1 2 3 4; do
		wait_for 40 resolver_fresh || return 1
		browser_start "browser-$uplink-$try" --any-certificate
		status=0
		wait_for 10 loaded_times "browser-$uplink-$try" 2 || status=1
		browser_stop
		[ $status != 0 ] || break
	done
	[ "$(uplink_used "browser-$uplink-$try")" = "$uplink" ]
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
	expect "only $uplink: a browser turns to https and comes in there" browser_comes_by $uplink
	mend "${other[$uplink]}"
	expect "only $uplink: the other one is back" wait_for 20 hint_agrees "${other[$uplink]}"
done
lab_end
