#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# zonemaster and dnsviz, from outside, find no fault in the zones that knot-conf --dnssec lets the gateway sign,
# with its own policy, below a signed parent zone; and they do find what is put in. What is noticed is as in
# slow_zonemaster.sh.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/signed.sh"
. "$(dirname "$0")/public_plan.sh"
. "$(dirname "$0")/judges.sh"
command -v zonemaster-cli >/dev/null || skip "needs zonemaster-cli"
command -v dnsviz >/dev/null || skip "needs dnsviz"

of_mail=NAMESERVER_IP_PTR_MISMATCH
of_host="$of_mail Z09_MISSING_MAIL_TARGET"
registry_lines=('dnssec-signing: on' 'zonefile-load: difference-no-serial' 'journal-content: all')

# The operator's part, as far as it needs no keys.
records_entered() {
	local mail=$lab/gw/example.com.zone com=$lab/registry/com.zone
	ctl zone mail example.com >"$mail" || return 1
	sed -i '/^example\.com\. /d' "$com"
	commented "$mail" "For the zone above:" >>"$com"
	commented "$mail" "PTR records" | grep in-addr >>"$lab/hoster/in-addr.arpa.zone"
	commented "$mail" "PTR records" | grep ip6 >>"$lab/hoster/ip6.arpa.zone"
	hoster_reload
}

# ds_of KNOT.CONF ZONE
ds_of() {
	keymgr -c "$1" "$2." ds | grep ' 2 [0-9a-f]*$' || keymgr -c "$1" "$2." ds
}

# And the part that does.
ds_entered_everywhere() {
	local gateway=$lab/gw/knot/knot.conf registry=$lab/registry
	ds_entered
	knotc_gw zone-reload example.com >/dev/null
	ds_of "$gateway" example.com >>"$registry/com.zone"
	ds_of "$registry/knot.conf" com >>"$registry/root.zone"
	hoster_reload
}

lab_up
signed_site_file
daemon_start
require "the daemon publishes both uplinks" wait_for 10 by_each uplink_answered
require "the records are entered" records_entered
require "knotd starts" knotd_start
require "both uplinks serve" wait_for 10 by_each uplink_serves
require "both uplinks sign" wait_for 10 by_each signs
require "the DS records are entered" ds_entered_everywhere
zonemaster_configure

all_clean() {
	expect "$1: a host's zone" clean www.example.com $of_host
	expect "$1: a host's zone, policy all" clean shop.example.com $of_host
	expect "$1: the domain's zone" clean example.com $of_mail
}
all_clean "as generated"
expect "as generated: dnsviz is silent" same "" dnsviz_warnings www.example.com shop.example.com example.com
expect "drain" ctl drain primary
all_clean "primary drained"
expect "primary drained: dnsviz is silent" same "" dnsviz_warnings www.example.com shop.example.com example.com
expect "undrain" ctl undrain primary

# Seen from a day on which nothing that is signed now is valid any more.
judging=(faketime -f +20d)
expect "found: expired signatures" finds ERROR RRSIG_EXPIRED www.example.com
expect "found by dnsviz: expired signatures" same "EXPIRATION_IN_PAST NO_SEP" dnsviz_warnings www.example.com
judging=()

wrong_ds='s/\(^example.com. DS .* 13 2 \)......../\100000000/'
expect "found: a DS of no key" with_fault "$lab/registry/com.zone" "$wrong_ds" \
	finds ERROR DS02_NO_MATCH_DS_DNSKEY example.com
expect "found by dnsviz: a DS of no key" with_fault "$lab/registry/com.zone" "$wrong_ds" \
	same "DIGEST_INVALID NO_SEP" dnsviz_warnings example.com

require "backup's name server has other keys" other_knotd_start backup keys_removed
expect "found: other keys on one uplink" finds ERROR DS02_NO_VALID_DNSKEY_FOR_ANY_DS www.example.com
expect "found by dnsviz: other keys on one uplink" \
	same "DNSKEY_MISSING_FROM_SERVERS MISSING_SEP_FOR_ALG NO_SEP" dnsviz_warnings www.example.com
other_knotd_stop
all_clean "one key again"
lab_end
