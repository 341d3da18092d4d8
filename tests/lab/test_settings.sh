#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Settings of the host that keep forwards from working: named with their remedy, and not published.

. "$(dirname "$0")/lib.sh"
lab_up
require "both uplinks are published" data_plane_up
log_reset() {
	: >"$lab/gw/multihomed.log"
}

ns gw sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
expect "no forwarding: withdrawn" wait_for 2 by_each uplink_withdrawn
expect "no forwarding: the log has the remedy" logged "sysctl -w net.ipv4.ip_forward=1"
expect "no forwarding: status has it too" eval 'ctl status | grep -q "sysctl -w net.ipv4.ip_forward=1"'
ns gw sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
expect "forwarding: published" wait_for 2 by_each uplink_answered
expect "forwarding: serves" by_each get_by

log_reset
ns gw sysctl -qw net.ipv4.conf.wan1.rp_filter=1
expect "strict rp_filter on wan1: the log has the remedy" wait_for 2 logged \
	"sysctl -w net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.wan1.rp_filter=0"
no_ipv4_answer() {
	ctl explain www.example.com --uplink backup --json | grep -q "remedy: sysctl"
}
expect "strict rp_filter on wan1: explained" no_ipv4_answer
expect "strict rp_filter on wan1: primary stays" uplink_answered primary
ns gw sysctl -qw net.ipv4.conf.wan1.rp_filter=0
expect "rp_filter off: serves" wait_for 2 by_each get_by
expect "rp_filter off: published" wait_for 2 by_each uplink_answered
ns gw sysctl -qw net.ipv4.conf.wan1.rp_filter=2
# Whether loose serves is a matter of the main table: if it does not, that must be known.
known() {
	get_by backup || ctl explain www.example.com --uplink backup --json | grep -q "remedy: sysctl"
}
expect "loose rp_filter on wan1: serves, or is known to be wrong" wait_for 2 known
ns gw sysctl -qw net.ipv4.conf.wan1.rp_filter=0

log_reset
ns gw nft -f - <<-END
	table inet filter {
		chain forward {
			type filter hook forward priority filter; policy drop;
		}
	}
END
expect "a foreign forward chain drops: warned about" wait_for 2 logged "ct status dnat accept"
expect "a foreign forward chain drops: it is named" logged "table inet filter"
expect "a foreign forward chain drops: status warns" eval 'ctl status | grep -q "inet filter"'
expect "a foreign forward chain drops: it does" fails get_by backup
ns gw nft add rule inet filter forward ct status dnat accept
expect "the remedy works" wait_for 2 by_each get_by
lab_end
