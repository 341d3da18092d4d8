# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A signed site: the gateway signs the zones of its mail domain and of its hosts, the zone above is signed
# by the hoster and takes DS records from it, and resolvers trust the key of the zone above alone.
#
# To be sourced behind lib.sh, before lab_up. Two hosts, www with policy arrival and shop with policy all.

TTL=5
zones='example.com www.example.com shop.example.com'
knot_conf_options=(--dnssec --mail)
host_lines=('alias: [api]' "ttl: ${TTL}s"
	"record: ['@ HTTPS 1 . alpn=h2 ipv4hint=0.0.0.0 ipv6hint=::', 'chain CNAME link', 'link CNAME @', 'deep CNAME api']")
shop_lines="\n    alias: [api]\n    ttl: ${TTL}s\n    record: ['@ HTTPS 1 . alpn=h2 ipv4hint=0.0.0.0', 'chain CNAME @']"

# The site file with its second host; both are moved together in a test that has an uplink without IPv6.
signed_site_file() {
	site_file
	sed -i "s/^host:/&\n  - domain: shop.example.com\n    server: web\n    port: [tcp\/80]\n    policy: all$shop_lines/" \
		"$lab/gw/multihome.conf"
}

# The root, not signed, and com with a key that is there before it is served.
hoster_start() {
	local directory=$lab/hoster
	mkdir -p "$directory"
	root_zone >"$directory/root.zone"
	cat >"$directory/com.zone" <<-END
		com. $TTL SOA ns.hoster.com. hostmaster.hoster.com. 1 3600 900 604800 $TTL
		com. 3600 NS ns.hoster.com.
		ns.hoster.com. 3600 A $hoster4
		ns.hoster.com. 3600 AAAA $hoster6
		example.com. 3600 NS ns1.example.com.
		example.com. 3600 NS ns2.example.com.
		ns1.example.com. 3600 A ${address4[primary]}
		ns1.example.com. 3600 AAAA ${address6[primary]}
		ns2.example.com. 3600 A ${address4[backup]}
		ns2.example.com. 3600 AAAA ${address6[backup]}
	END
	cat >"$directory/knot.conf" <<-END
		$(knot_conf_head "$directory" "$hoster4@53, $hoster6@53")
		acl:
		  - id: customers
		    action: update
		policy:
		  - id: above
		    algorithm: ecdsap256sha256
		    single-type-signing: on
		template:
		  - id: default
		    storage: $directory
		    journal-content: all
		    zonefile-load: difference-no-serial
		    zonefile-sync: -1
		zone:
		  - domain: .
		    file: root.zone
		  - domain: com.
		    file: com.zone
		    acl: customers
		    dnssec-signing: on
		    dnssec-policy: above
	END
	keymgr -c "$directory/knot.conf" com. generate algorithm=ecdsap256sha256 ksk=yes zsk=yes >/dev/null || return 1
	resolver_trusts com "$directory/knot.conf"
	spawn hoster knotd -c "$directory/knot.conf" >"$directory/log" 2>&1
}

# resolver_trusts ZONE KNOT.CONF
resolver_trusts() {
	trusted_zone=$1
	trusted_key=$(keymgr -c "$2" "$1." dnskey | sed 's/^.* DNSKEY //')
	trusted_ds=$(keymgr -c "$2" "$1." ds | sed -n 's/^.* DS \([0-9]* [0-9]* 2 .*\)/\1/p')
	[ -n "$trusted_key" ] && [ -n "$trusted_ds" ]
}

hoster_answers() {
	ns hoster kdig +short +timeout=1 +retry=0 "@$hoster4" com SOA | grep -q ns.hoster.com
}

resolver_answers() {
	ns cli kdig +short +timeout=1 +retry=0 "@${resolver_address4[${1:-res}]}" com SOA |
		grep -q ns.hoster.com
}

# policy_below NAME PARENT ALGORITHM [NSEC3]: knot-conf's own with all times shortened, and the DS sent there.
policy_below() {
	cat <<-END
		  - id: $1
		    algorithm: $3
		    nsec3: ${4:-off}
		    cds-cdnskey-publish: rollover
		    dnskey-ttl: $TTL
		    zone-max-ttl: $TTL
		    propagation-delay: 4
		    rrsig-lifetime: 40
		    rrsig-refresh: 20
		    rrsig-pre-refresh: 1
		    zsk-lifetime: 0
		    ksk-submission: $2
		    ds-push: $2
	END
}

# signed_quickly [ALGORITHM]: what knot-conf wrote becomes what can be watched. The mail domain's zone is
# below com, the hosts' zones are below that, one of them with NSEC3.
signed_quickly() {
	local directory=$lab/gw/knot algorithm=${1:-ecdsap256sha256}
	sed -i -E -e "s/^([^ ;]+ +)(86400|3600)( +IN)/\1$TTL\3/" -e "s/^(.* SOA .*) 300$/\1 $TTL/" \
		"$directory"/zones/*.zone
	{
		cat <<-END
			remote:
			  - id: hoster
			    address: $hoster4
			  - id: itself
			    address: ${address4[primary]}
			submission:
			  - id: hoster
			    parent: hoster
			    check-interval: 1
			  - id: itself
			    parent: itself
			    check-interval: 1
			acl:
			  - id: itself
			    address: [${address4[primary]}, 127.0.0.1]
			    action: update
			policy:
		END
		policy_below multihome hoster "$algorithm"
		policy_below below itself "$algorithm"
		policy_below hashed itself "$algorithm" on
		sed -e '/^policy:/,/^$/d' -e '/^zone:/,$s/^  - domain: example.com.$/&\n    acl: itself/' \
			-e '/domain: .*\.example.com\.$/,/module/s/dnssec-policy: .*/dnssec-policy: below/' \
			-e '/domain: shop\.example.com\.$/,/module/s/dnssec-policy: .*/dnssec-policy: hashed/' \
			"$directory/generated.conf"
	} >"$directory/quick.conf"
	mv "$directory/quick.conf" "$directory/generated.conf"
}

# knotd sends the DS of one zone to another one of its own, for which it waits: by a second worker.
signing_workers() {
	sed -i 's/background-workers: 1/background-workers: 4/' "$lab/gw/knot/knot.conf"
}

knotc_gw() {
	knotc -c "$lab/gw/knot/knot.conf" -s "$lab/gw/knot/knot.sock" "$@"
}

# signed_gateway_up: daemon and knotd, until all zones are signed, and delegated so.
signed_gateway_up() {
	signed_site_file
	daemon_start
	wait_for 10 by_each uplink_answered && knotd_configure && signing_workers && signed_quickly && knotd_run &&
		wait_for 10 by_each uplink_serves && wait_for 40 all_delegated
}

# all_delegated: the KSK of each zone is the one that its parent has a DS of.
all_delegated() {
	local zone
	for zone in $zones; do
		[ -n "$(ds_above "$zone")" ] || return 1
	done
}

ds_above() {
	local parent=${address4[primary]}
	[ "$1" != example.com ] || parent=$hoster4
	ns cli kdig +short +timeout=1 +retry=0 "@$parent" "$1" DS
}

# keys_of ZONE FLAGS: their algorithms and keys.
keys_of() {
	ns cli kdig +short +tcp +timeout=1 +retry=0 "@${address4[primary]}" "$1" DNSKEY |
		awk -v flags="$2" '$1 == flags { print $3, $4 }' | sort
}

# keys_note FLAGS, keys_replaced FLAGS: each zone has keys, and none of those that were noted.
keys_note() {
	local zone
	for zone in $zones; do
		keys_of "$zone" "$1" >"$lab/$zone.$1"
	done
}

keys_replaced() {
	local zone
	for zone in $zones; do
		keys_of "$zone" "$1" >"$lab/keys"
		[ -s "$lab/keys" ] && [ -z "$(comm -12 "$lab/keys" "$lab/$zone.$1")" ] || return 1
	done
}

# state UPLINK...: the arguments for validator.
state() {
	local uplink
	for uplink; do
		echo "$uplink=${address4[$uplink]},${address6[$uplink]:--}"
	done
}

resolver_arguments() {
	local kind
	for kind in "${resolver_kinds[@]}"; do
		echo "$kind=${resolver_address4[$kind]}"
	done
}

# validated UPLINK...: by all resolvers with cold caches, while these are answered.
validated() {
	resolvers_restart || return 1
	# shellcheck disable=SC2046  # lists
	ns cli "$lab_source/validator" ask $(state "$@") $(resolver_arguments)
}

# anchors ZONE: the keys that sign its keys, as delv wants them.
anchors() {
	echo "trust-anchors {"
	ns cli kdig +short +tcp "@${address4[primary]}" "$1" DNSKEY |
		awk -v zone="$1" '$1 == 257 { key = ""; for (i = 4; i <= NF; i++) key = key $i
			printf "\"%s\" static-key %s %s %s \"%s\";\n", zone, $1, $2, $3, key }'
	echo "};"
}

# delv_by UPLINK: answers of its name server, whose one anchor is the key of the domain.
delv_by() {
	local name type
	anchors example.com >"$lab/anchors"
	for name in www api.www chain.www shop mail-gw-1 mail-gw-2; do
		for type in A AAAA; do
			ns cli delv -a "$lab/anchors" +root=example.com "@${address4[$1]}" "$name.example.com" $type
		done
	done >"$lab/delv" 2>&1
	cat "$lab/delv"
	[ "$(grep -c '^; fully validated' "$lab/delv")" = 12 ]
}

# ds_entered: the DS of each host into the zone file of the domain, where knotd cannot know of it when that
# file is written anew. Not of keys that are retired, which keymgr tells of as well.
ds_entered() {
	local directory=$lab/gw/knot zone
	for zone in $zones; do
		[ "$zone" != example.com ] || continue
		{
			keymgr -c "$directory/knot.conf" "$zone." list
			keymgr -c "$directory/knot.conf" "$zone." ds
		} | awk '/ [KC]SK / && !/ (retire|post)-active=/ { good[$2] = 1 }
			$2 == "DS" && $5 == 2 && $3 in good' >>"$directory/zones/example.com.zone"
	done
}

# keys_made ALGORITHM: other keys for all zones, without a rollover, and nothing that the old ones have signed.
keys_made() {
	local directory=$lab/gw/knot zone
	knotd_stop
	rm -rf "$directory/keys" "$directory/journal" "$directory/timers"
	knotd_configure && signing_workers && signed_quickly "$1" || return 1
	for zone in $zones; do
		keymgr -c "$directory/knot.conf" "$zone." generate "algorithm=$1" ksk=yes >/dev/null &&
			keymgr -c "$directory/knot.conf" "$zone." generate "algorithm=$1" >/dev/null || return 1
	done
	ds_entered
	knotd_run
	domain_ds_set "$(keymgr -c "$directory/knot.conf" example.com. ds | sed -n 's/^.* DS \(.* 2 [0-9a-f]*\)$/\1/p')" &&
		wait_for 30 by_each signs
}

# has_nsec3 ZONE: it proves by hashes that a name is not there.
has_nsec3() {
	ns cli kdig +dnssec +timeout=1 +retry=0 "@${address4[primary]}" "none.$1" A | grep -q NSEC3
}

# domain_ds_set RDATA...: other DS records for the domain, at the hoster.
domain_ds_set() {
	local rdata
	hoster_knotc zone-begin com && hoster_knotc zone-unset com example.com. DS || return 1
	for rdata; do
		# shellcheck disable=SC2086  # words
		hoster_knotc zone-set com example.com. $TTL DS $rdata || return 1
	done
	hoster_knotc zone-commit com
}

hoster_knotc() {
	knotc -s "$lab/hoster/knot.sock" "$@"
}

# other_knotd_start UPLINK COMMAND...: its name server is a knotd of its own from now on, which signs the zones
# anew, after that command has changed its folder, its last argument.
other_knotd_start() {
	local good=$lab/gw/knot other=$lab/gw/knot-other kept=backup
	[ "$1" = primary ] || kept=primary
	knotd_stop
	rm -rf "$other"
	cp -r "$good" "$other"
	rm -rf "$other/journal" "$other/timers"
	cp "$good/generated.conf" "$lab/generated.conf"
	sed -i "s#$good\\b#$other#" "$other"/*.conf
	sed -i "/# uplink $kept\$/d; /ds-push:/d; /ksk-submission:/d" "$other/generated.conf"
	sed -i "/# uplink $1\$/d" "$good/generated.conf"
	"${@:2}" "$other" || return 1
	chown -R knot:knot "$other"
	spawn gw env LD_PRELOAD="$module_preload" knotd -c "$other/knot.conf" >"$other/log" 2>&1
	other_knotd_pid=$!
	knotd_run
	wait_for 10 by_each uplink_serves && wait_for 10 by_each signs
}

# other_knotd_stop: it is the first one's again.
other_knotd_stop() {
	kill "$other_knotd_pid"
	wait "$other_knotd_pid" 2>/dev/null || :
	knotd_stop
	cp "$lab/generated.conf" "$lab/gw/knot/generated.conf"
	knotd_run
	wait_for 10 by_each uplink_serves && wait_for 10 by_each signs
}

# For other_knotd_start: keys that nobody has a DS of.
keys_removed() {
	rm -rf "$1/keys"
}

# signs UPLINK: its own address, with a signature.
signs() {
	ns cli kdig +dnssec +short +timeout=1 +retry=0 "@${address4[$1]}" www.example.com A >"$lab/signs"
	grep -qx "${address4[$1]}" "$lab/signs" && grep -q '^A ' "$lab/signs"
}
