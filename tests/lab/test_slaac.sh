#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The provider gives IPv6 by router advertisements and changes the prefix. Of the many addresses that an
# interface has then, the lasting one is published, and none while it may still turn out to be another's.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/living.sh"
old_prefix=2001:db8:1:a new_prefix=2001:db8:1:b
# So that the name server of the other uplink answers the address that changes.
answer_policy=preferred

# advertise PREFIX [OLD-PREFIX]: what the provider's router announces; the old one for what is open.
advertise() {
	local prefix
	{
		echo "interface cust {"
		echo "AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4;"
		echo "prefix $1::/64 { AdvValidLifetime 600; AdvPreferredLifetime 300; };"
		for prefix in "${@:2}"; do
			echo "prefix $prefix::/64 { AdvValidLifetime 300; AdvPreferredLifetime 0; };"
		done
		echo "};"
	} >"$lab/isp1/radvd.conf"
	ip -n "$lab_id-isp1" address replace "$1::1/64" dev cust nodad
}

# addresses_of WORD...: those of wan0 that iproute2 lists under such a flag.
addresses_of() {
	ip -n "$lab_id-gw" -6 -json address show dev wan0 scope global "$@" |
		jq -r '.[].addr_info[]?.local // empty'
}

lab_up
mkdir "$lab/isp1"
ip -n "$lab_id-gw" -6 address flush dev wan0 scope global
ip -n "$lab_id-gw" -6 route flush default
ns gw sysctl -qw net.ipv6.conf.wan0.accept_ra=2 net.ipv6.conf.wan0.use_tempaddr=2 \
	net.ipv6.conf.all.accept_dad=1 net.ipv6.conf.wan0.accept_dad=1
advertise $old_prefix
spawn isp1 radvd --nodaemon --logmethod stderr --config "$lab/isp1/radvd.conf" \
	--pidfile "$lab/isp1/radvd.pid" >"$lab/isp1/radvd.log" 2>&1
radvd_pid=$!
# Its last part comes from the hardware address (RFC 4291 appendix A).
link_local() {
	# Addresses of another scope, as soon as one is announced, are empty objects.
	ip -n "$lab_id-gw" -6 -json address show dev wan0 scope link |
		jq -re 'first(.[].addr_info[]?.local // empty)'
}
require "the interface has a link-local address" wait_for 10 link_local
part=$(link_local)
old=$old_prefix:${part#fe80::} new=$new_prefix:${part#fe80::}

has() {
	addresses_of "${@:2}" | grep -qxF "$1"
}
some() {
	[ -n "$(addresses_of "$@")" ]
}
site_file
living primary
daemon_start
expect "the announced address is there" wait_for 6 has "$old"
expect "beside it a temporary one" wait_for 6 some temporary
expect "the lasting one is published" wait_for 4 publishes primary "$old"
require "both uplinks are published" by_each uplink_answered
knotd_start
require "it serves" wait_for 10 serves_at "$old"
programs=$(starts_of_programs)

# All that is ever answered. The other uplink is asked, which stays.
watch() {
	while :; do
		echo "$(now_ms) $(asked_by "${address4[backup]}" AAAA)"
	done
}
watch >"$lab/watched" &
watch_pid=$!
download_start backup

# One that somebody on the line has already (RFC 4862 section 5.4), and one that is on trial.
ip_batch gw <<-END
	address add $old_prefix::1/64 dev wan0
	address add $old_prefix::2/64 dev wan0 preferred_lft 0
END
expect "an address on trial" some tentative
expect "an address that another has" wait_for 4 has $old_prefix::1 dadfailed

changed=$(now_ms)
advertise $new_prefix $old_prefix
kill -HUP $radvd_pid
expect "the prefix changes: the old address is for open connections only" wait_for 6 has "$old" deprecated
deprecated=$(now_ms)
expect "the prefix changes: the new address is published" wait_for 6 publishes primary "$new"
expect "the prefix changes: it serves" wait_for 3 serves_at "$new"
echo "# the new address serves $(($(now_ms) - changed)) ms after the announcement"
expect "the prefix changes: the old one is not published" publishes_not primary "$old"
expect "the prefix changes: open connections may use the old one" page_by "$old"
pause 300
kill $watch_pid
answered_only() {
	! awk '{ print $2 }' "$lab/watched" | sort -u | grep -vxF -e "$old" -e "$new" -e "${address6[backup]}"
}
expect "never another one was answered" answered_only
late_answers() {
	# A sample is as old as its start.
	awk -v after=$((deprecated + 200)) -v old="$old" '$1 > after && $2 == old' "$lab/watched"
}
expect "the old one is not answered any more" same "" late_answers
echo "# answers: $(awk '{ print $2 }' "$lab/watched" | uniq -c | tr -s '\n ' ' ')"
expect "a transfer by the other uplink has gone on" download_finishes
expect "the same programs run" same "${programs//$'\n'/ }" starts_of_programs
lab_end
