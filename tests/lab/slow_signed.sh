#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A signed site, as unbound, BIND, PowerDNS Recursor, Knot Resolver and delv see it: every answer by either
# uplink validates, whatever uplink is away, and while keys of every kind are replaced.

# The count of what was seen, also where all is well.
exec 3>&1
. "$(dirname "$0")/lib.sh"
. "$lab_source/signed.sh"
command -v delv >/dev/null || skip "needs delv"
/usr/bin/python3 -c 'import dns, cryptography' 2>/dev/null || skip "needs python3-dnspython"

watch_start() {
	# shellcheck disable=SC2046  # lists
	spawn cli "$lab_source/validator" watch $(state primary backup) $(resolver_arguments) \
		>"$lab/watch.log" 2>&1
	watch_pid=$!
}

# The resolvers are asked from now on, or not any more: while an uplink is away they wait for it.
watch_resolvers() {
	kill -USR1 $watch_pid
}

watch_stop() {
	kill $watch_pid
	wait $watch_pid
	local status=$?
	cat "$lab/watch.log"
	sed -n 's/^/# /; 1p' "$lab/watch.log" >&3
	return $status
}

lab_up
require "the gateway signs, and is delegated so" signed_gateway_up
require "a machine for each resolver" resolvers_up
expect "one zone has NSEC3" has_nsec3 shop.example.com
observer_start
watch_start
expect "both uplinks: all resolvers validate" validated primary backup
for uplink in primary backup; do
	expect "delv validates by $uplink" delv_by $uplink
done

declare -A other=([primary]=backup [backup]=primary)
for uplink in primary backup; do
	ctl drain $uplink >/dev/null
	expect "$uplink drained: it answers the other" \
		wait_for 5 same "${address4[${other[$uplink]}]}" answer_by $uplink
	expect "$uplink drained: all resolvers validate" validated ${other[$uplink]}
	ctl undrain $uplink >/dev/null
	expect "$uplink undrained" wait_for 5 by_each uplink_serves

	uplink_is $uplink down
	cut $uplink carrier
	expect "$uplink cut: withdrawn" wait_for 5 uplink_withdrawn $uplink
	expect "$uplink cut: all resolvers validate" validated ${other[$uplink]}
	mend $uplink
	expect "$uplink back" wait_for 10 by_each uplink_serves
	uplink_is $uplink up
done

# roll WHAT: of all zones at once.
roll() {
	local zone
	for zone in $zones; do
		knotc_gw zone-key-rollover "$zone" "$1" || return 1
	done
}

require "fresh resolvers" resolvers_restart
watch_resolvers
keys_note 256
expect "ZSK rollover begins" roll zsk
expect "all ZSKs are new" wait_for 60 keys_replaced 256
keys_note 257
expect "KSK rollover begins" roll ksk
expect "all KSKs are new" wait_for 60 keys_replaced 257
keys_note 257
sed -i 's/ecdsap256sha256/ed25519/' "$lab/gw/knot/generated.conf"
expect "algorithm rollover begins" knotc_gw reload
expect "all zones have the new algorithm" wait_for 80 keys_replaced 257
watch_resolvers
for uplink in primary backup; do
	expect "delv validates by $uplink with the new algorithm" delv_by $uplink
done
expect "not one answer of a name server was bogus, unsigned or foreign" watch_stop
expect "no resolver has found any answer bogus" same "" resolvers_bogus
expect "no address was answered that did not serve" observer_stop

# Those who judge do see it when something is wrong.
wrong_keys_are_seen() {
	other_knotd_start backup keys_removed || return 1
	watch_start
	pause 3000
	watch_stop >"$lab/control"
	other_knotd_stop
	cat "$lab/control"
	grep -q ValidationFailure "$lab/control"
}
expect "control: backup's name server has other keys" wrong_keys_are_seen

all_bogus() {
	local kind
	for kind in "${resolver_kinds[@]}"; do
		ns cli kdig +timeout=20 +retry=0 "@${resolver_address4[$kind]}" www.example.com A | grep -q 'status: SERVFAIL' || return 1
	done
	wait_for 5 same "${#resolver_kinds[@]}" eval 'resolvers_bogus | wc -l'
}
good_ds=$(ds_above example.com)
expect "control: a DS of another key" domain_ds_set "4711 15 2 $(printf '%064d' 0)"
resolvers_restart
expect "control: all resolvers refuse the answers, and say so" all_bogus
expect "control: the good DS again" domain_ds_set "$good_ds"

# One uplink without IPv6: AAAA is that of the other one, and the mail gateway there has none.
no_ipv6_on_backup() {
	sed -i '/interface: wan1/,/gateway/s/, "[0-9a-f:]*"//' "$lab/gw/multihome.conf"
	ctl reload || return 1
	knotd_stop
	knotd_configure && signing_workers && signed_quickly ed25519 && ds_entered && knotd_run &&
		wait_for 10 same "" ask_mail_gateway
}
ask_mail_gateway() {
	ns cli kdig +short +dnssec "@${address4[primary]}" mail-gw-2.example.com AAAA
}
expect "backup without IPv6: set up" no_ipv6_on_backup
address6_of_backup=${address6[backup]}
address6[backup]=
expect "backup without IPv6: all resolvers validate" validated primary backup
expect "RSA keys: set up" keys_made rsasha256
expect "RSA keys: all resolvers validate" validated primary backup
address6[backup]=$address6_of_backup

lab_end
