#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The gateway serves the mail domain's zone itself: while an uplink is drained or cut, its mail gateway
# has another one's address, and postfix and OpenSMTPD deliver there.

. "$(dirname "$0")/lib.sh"
. "$lab_source/mail.sh"
knot_conf_options=(--mail)
mail_machines postfix opensmtpd
lab_up
require "both uplinks are published and serve" gateway_up
require "mail server is up" mail_up
require "the mail domain is delegated to the gateway" hoster_delegate
require "postfix starts" postfix_start
require "OpenSMTPD starts" opensmtpd_start

# gateway_is NUMBER UPLINK: what the resolver outside has, or gets, for that mail gateway.
gateway_is() {
	ns cli kdig +short +timeout=2 +retry=0 "@$resolver4" "mail-gw-$1.example.com" A |
		grep -qxF "${address4[$2]}"
}

expect "both uplinks: sent" send_some both-up
expect "both uplinks: arrives" arrives both-up

require "primary drains" ctl drain primary
expect "primary drained: its gateway is the other uplink" wait_for 20 gateway_is 1 backup
expect "primary drained: sent" send_some drained
expect "primary drained: arrives" arrives drained
require "primary is undrained" ctl undrain primary

for uplink in primary backup; do
	number=1 other=backup
	[ $uplink = primary ] || number=2 other=primary
	cut $uplink carrier
	expect "$uplink cut: its gateway is the other uplink" wait_for 20 gateway_is $number $other
	expect "$uplink cut: sent" send_some "$uplink-cut"
	expect "$uplink cut: arrives" arrives "$uplink-cut"
	mend $uplink
	gateway_addresses $uplink
	expect "$uplink back: answers by every address" wait_for 10 mail_by_all
	expect "$uplink back: its gateway is its own" wait_for 20 gateway_is $number $uplink
	expect "$uplink back: sent" send_some "$uplink-back"
	expect "$uplink back: arrives" arrives "$uplink-back"
done
expect "no message lost" same "" missing
expect "no message twice" same "" repeated
[ "$sender_timeouts" = short ] || mail_delays | sed 's/^/# /'
lab_end
