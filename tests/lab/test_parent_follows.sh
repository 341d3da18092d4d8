#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# An uplink without «address» gets another one: answers follow in one pass, and the parent zone by an
# update with TSIG, as soon as its server takes it.

. "$(dirname "$0")/lib.sh"
# Private addresses of an interface are not published.
address4[backup]=198.51.100.1
prefix4[backup]=198.51.100.0/30
router4[backup]=198.51.100.2

# The hoster takes updates of example.com that are signed.
secret=$(head -c 32 /dev/zero | base64)
hoster_takes_updates() {
	cat >>"$lab/hoster/knot.conf" <<-END
		key:
		  - id: site
		    algorithm: hmac-sha256
		    secret: $secret
		acl:
		  - id: site
		    key: site
		    action: update
	END
	sed -i -e '/file: example.com.zone/a\    acl: site' "$lab/hoster/knot.conf"
	# Sections in the order that knotd wants.
	awk '/^zone:/ { held = 1 } /^key:/ { held = 0 } held { zone = zone $0 "\n"; next } { print } END { printf "%s", zone }' \
		"$lab/hoster/knot.conf" >"$lab/hoster/new.conf"
	mv "$lab/hoster/new.conf" "$lab/hoster/knot.conf"
	kill_namespace hoster
	spawn hoster knotd -c "$lab/hoster/knot.conf" >>"$lab/hoster/log" 2>&1
	wait_for 10 hoster_answers
}
key_file() {
	printf 'key "site" {\n\talgorithm hmac-sha256;\n\tsecret "%s";\n};\n' "$1" >"$lab/gw/key"
}

lab_up
require "the hoster takes updates" hoster_takes_updates
gateway_to_hoster() {
	ns gw kdig +short +timeout=1 +retry=0 "@$hoster4" example.com SOA | grep -q ns.hoster.com
}
require "the gateway reaches the hoster" wait_for 5 gateway_to_hoster

held_by_parent() {
	ns hoster kdig +short +timeout=1 +retry=0 "@$hoster4" "$@"
}
spf_records() {
	held_by_parent example.com TXT | grep -c spf1
}
recorded() {
	ctl history --json | jq -se "any(.[0][]; $1)"
}
parent_is() {
	ctl status --json | jq -se ".[0].parent | $1"
}

site_lines=("dns-binding: port" "on-change: [\"nsupdate $lab/gw/key $hoster4\", \"exec /bin/cat >$lab/gw/told\"]")
site_file
# The backup follows its interface.
sed -i -e '/address: \[198.51.100.1,/d' "$(site_file_path)"
sed -i -e "/gateway: \[198.51.100.2/d" "$(site_file_path)"
ip_batch gw <<-END
	route add default via ${router4[backup]} dev wan1 metric 500
	route add default via ${router6[backup]} dev wan1 metric 5000
END
key_file "$(head -c 32 /dev/urandom | base64)"
daemon_start
require "both uplinks are published" wait_for 10 by_each uplink_answered
expect "wrong key: pending, and why" wait_for 10 parent_is '.state == "pending" and (.reason | test("refused or not answered"))'
expect "wrong key: status says so" eval 'ctl status | grep -q "^parent: pending since .*backup 198.51.100.1"'
expect "wrong key: recorded" recorded '.event == "parent-failed" and .uplink == "backup"'
expect "wrong key: nothing has changed there" same 198.51.100.1 held_by_parent mail-gw-2.example.com A
expect "wrong key: passes go on" by_each uplink_answered
key_file "$secret"
expect "right key: it is tried again, and taken" wait_for 15 parent_is '.state == "confirmed"'
expect "right key: recorded" recorded '.event == "parent-updated" and .uplink == "backup" and .after[0] == "198.51.100.1"'
expect "right key: the parent has SPF" same 1 spf_records
expect "the command was told too" eval 'jq -e ".uplinks[1].after[0] == \"198.51.100.1\"" "$lab/gw/told"'

# Down is not another address.
updates() {
	ctl history --json | jq '[.[] | select(.event == "parent-pending")] | length'
}
before=$(updates)
cut backup carrier
expect "cut: withdrawn" wait_for 3 uplink_withdrawn backup
pause 300
expect "cut: nothing is pending" parent_is '.state == "confirmed"'
mend backup
expect "mended: answered" wait_for 5 uplink_answered backup
expect "mended: nothing was pending" same "$before" updates

# The provider gives another address.
ip_batch isp2 <<-END
	address add 198.51.100.10/30 dev cust
END
ip_batch gw <<-END
	address add 198.51.100.9/30 dev wan1
	address del 198.51.100.1/30 dev wan1
	route replace default via 198.51.100.10 dev wan1 metric 500
END
ns isp2 nft insert rule inet isp ingress ip saddr 198.51.100.8/30 accept
for name in hoster cli res; do
	ip -n "$lab_id-$name" route add 198.51.100.8/30 via "${internet4[backup]}"
done
ip -n "$lab_id-isp1" route add 198.51.100.8/30 via "${internet4[backup]}"
expect "renumbered: published" wait_for 5 eval 'ctl status --json | jq -se ".[0].uplinks[1] | .public[0] == \"198.51.100.9\" and .answered"'
expect "renumbered: recorded, old and new" wait_for 3 recorded '.event == "uplink-renumbered" and
	.before[0] == "198.51.100.1" and .after[0] == "198.51.100.9"'
expect "renumbered: the parent follows" wait_for 10 same 198.51.100.9 held_by_parent www-ns2.example.com A
expect "renumbered: so does the mail gateway" same 198.51.100.9 held_by_parent mail-gw-2.example.com A
expect "renumbered: and SPF, the old one is gone" same 1 spf_records
expect "renumbered: the new SPF" eval 'held_by_parent example.com TXT | grep -q "ip4:198.51.100.9"'
expect "renumbered: the other uplink's records stay" same "${address4[primary]}" held_by_parent www-ns1.example.com A
expect "renumbered: a TTL of an hour" eval 'ns hoster kdig "@$hoster4" www-ns2.example.com A | grep -qE "\s3600\s+IN\s+A"'
expect "renumbered: confirmed" wait_for 5 parent_is '.state == "confirmed"'

# What was confirmed outlives the daemon.
before=$(updates)
daemon_stop KILL
daemon_start
expect "restart: confirmed" wait_for 5 parent_is '.state == "confirmed" and .uplinks[1].confirmed[0] == "198.51.100.9"'
expect "restart: nothing was pending" same "$before" updates

# By hand.
site_lines=("dns-binding: port")
site_file
sed -i -e '/address: \[198.51.100.1,/d' -e "/gateway: \[198.51.100.2/d" "$(site_file_path)"
expect "without on-change: reload" ctl reload
ip_batch gw <<-END
	address add 198.51.100.1/30 dev wan1
	address del 198.51.100.9/30 dev wan1
	route replace default via ${router4[backup]} dev wan1 metric 500
END
expect "without on-change: pending" wait_for 5 parent_is '.state == "pending"'
expect "without on-change: status says what to do" eval 'ctl status | grep -q "multihomectl confirm"'
expect "sent by hand" ctl zone parent --send "$lab/gw/key" --server "$hoster4" \
	--addresses "backup=198.51.100.1,backup=${address6[backup]}" \
	--was "backup=198.51.100.9,backup=${address6[backup]}"
expect "sent by hand: one SPF record" same 1 spf_records
expect "sent by hand: the parent has it" same 198.51.100.1 held_by_parent www-ns2.example.com A
mkdir "$lab/only"
ln -s "$(command -v knsupdate)" "$lab/only/"
with_knsupdate() {
	ns gw env PATH="$lab/only" "$build/src/multihomectl" -c "$(site_file_path)" zone parent \
		--send "$lab/gw/key" --addresses "backup=$1" "${@:2}"
}
expect "knsupdate does as well" with_knsupdate 198.51.100.13 --was "backup=198.51.100.1,backup=${address6[backup]}" --server "$hoster4"
expect "knsupdate: the parent has it" same 198.51.100.13 held_by_parent www-ns2.example.com A
expect "knsupdate: one SPF record" same 1 spf_records
expect "knsupdate needs a server" fails with_knsupdate 198.51.100.14
key_file "$(head -c 32 /dev/urandom | base64)"
expect "knsupdate: a wrong key fails" fails with_knsupdate 198.51.100.14 --server "$hoster4"
expect "confirm" ctl confirm
expect "confirm: confirmed" parent_is '.state == "confirmed"'
lab_end
