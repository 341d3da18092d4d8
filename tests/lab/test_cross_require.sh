#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Where cross-probes are required a name is not answered with an uplink by which it cannot be reached,
# unless it could not be reached by any.

. "$(dirname "$0")/lib.sh"
site_lines=('cross-interval: 2s' 'cross-probe: require')
host_ports='tcp/80, tcp/443:8443'

# block UPLINK: its provider lets nobody in to port 80.
block() {
	ns "${isp[$1]}" nft insert rule inet isp forward oifname cust tcp dport 80 drop
}

unblock() {
	ns "${isp[$1]}" nft flush chain inet isp forward
}

all_proven() {
	same "8/8 8/8" eval 'ctl status --json | jq -r .uplinks[].inbound_proven'
}

lab_up
require "the gateway serves by both uplinks" gateway_up
require "all is proven" wait_for 15 all_proven

block primary
expect "blocked: its name server answers the other uplink" \
	wait_for 20 same "${address4[backup]}" answer_by primary
expect "over IPv6 as well" wait_for 5 same "${address6[backup]}" answer_by primary AAAA
expect "the other one answers itself" same "${address4[backup]}" answer_by backup
expect "explain says why" eval 'ctl explain www.example.com --uplink primary | grep -q "not answered: inbound, .*tcp/80 over IPv4 unproven"'
expect "the uplink itself stays answered" uplink_answered primary

block backup
both_unproven() {
	ctl status --json | jq -e '[.uplinks[].inbound[] |
		select(.service == "tcp/80" and .state == "unproven")] | length == 4'
}
expect "both blocked" wait_for 20 both_unproven
expect "both blocked: both are answered" wait_for 5 same "${address4[primary]}" answer_by primary
expect "and the other one too" same "${address4[backup]}" answer_by backup

unblock primary
unblock backup
expect "unblocked: each answers itself" wait_for 20 all_proven
expect "unblocked: IPv4" same "${address4[primary]}" answer_by primary
expect "unblocked: IPv6" same "${address6[primary]}" answer_by primary AAAA
lab_end
