#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The provider renumbers by DHCP while clients ask: nothing is edited, nothing is restarted.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/living.sh"
old=${address4[primary]} new=${new_address4[primary]}
site_lines+=('hairpin: on')
# So that the name server of the other uplink answers the address that changes.
answer_policy=preferred

lab_up
ip -n "$lab_id-gw" -4 address flush dev wan0 scope global
dhcp_serve primary "$old" 27 "${router4[primary]}"
dhcp_client primary 0
require "the client has a lease" wait_for 5 own_address primary "$old"

backup_serves() {
	[ "$(asked_by "${address4[backup]}")" = "$1" ] && get_by backup
}
# uplink_serves asks each for its own address; with this policy the first one's is the answer.
site_serves() {
	serves_at "$old" && backup_serves "$old"
}
site_file
living primary
daemon_start
require "both uplinks are published" wait_for 10 by_each uplink_answered
knotd_start
require "both uplinks serve, the first by its leased address" wait_for 10 site_serves
expect "the LAN reaches it by that address" ns lan curl -sS --max-time 1 "http://$old/"
expect "replies of the address have their rule" same 20101 rules_from "$old"
unchanged() {
	starts_of_programs
	cksum "$(site_file_path)" "$lab/gw/knot/knot.conf"
}
before=$(unchanged | tr '\n' ' ')

observed=("old=$old" "new=$new" "backup=${address4[backup]}")
observer_start
download_start backup
pause 300

dhcp_serve primary "$new" 27 "${new_router4[primary]}"
dhcp_renew primary
expect "the lease is refused, another one comes" wait_for 8 own_address primary "$new"
leased=$(now_ms)
expect "the new address serves" wait_for 3 serves_at "$new"
echo "# the new address serves $(($(now_ms) - leased)) ms after the client has it"
expect "the new address is the one of status" publishes primary "$new"
expect "the old one is not" publishes_not primary "$old"
expect "the other uplink answers the new one" wait_for 2 backup_serves "$new"
expect "the new address has its rule" same 20101 rules_from "$new"
expect "the old one's rule is gone" same "" rules_from "$old"
expect "the LAN reaches it by the new address" ns lan curl -sS --max-time 1 "http://$new/"
expect "a transfer by the other uplink has gone on" download_finishes

# As networkd and dhcpcd do it: the new address comes beside the old one.
kill "${dhcp_client_pid[primary]}"
ip_batch gw <<-END
	address add $old/27 dev wan0
	route replace default via ${router4[primary]} dev wan0
	address del $new/27 dev wan0
END
expect "back, the new one beside the old one: serves" wait_for 3 serves_at "$old"
expect "back, the new one beside the old one: the other uplink answers it" wait_for 2 backup_serves "$old"
pause 300
expect "no address was answered that did not serve" observer_stop
sed 's/^/# /' "$lab/observer.log"

# What a client does on a timeout: everything goes, for a while.
ip -n "$lab_id-gw" -4 address flush dev wan0 scope global
expect "no lease: the log says why" wait_for 2 logged "interface wan0 has no IPv4 address"
expect "no lease: the other uplink answers its own" wait_for 2 backup_serves "${address4[backup]}"
expect "the same programs run on the same files" same "${before% }" unchanged
lab_end
