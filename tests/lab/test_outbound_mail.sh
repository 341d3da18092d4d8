#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the mail server inside sends leaves by an uplink in use, from the address that SPF and PTR name.

. "$(dirname "$0")/lib.sh"
. "$lab_source/mail.sh"
mail_machines receiver
# Mail is steered by itself, not along with everything else that the site opens.
site_lines=('outbound: leave')
lab_up
require "both uplinks are published" data_plane_up
require "mail records are published" mail_up
require "a receiver outside checks SPF and PTR" mail_sink_start receiver --name mx.hoster.com --check

documented_records() {
	sed -n '/^```text/,/^```/p' "$lab_source/../../doc/mail.md" | grep -v '^```'
}
expect "doc/mail.md shows records" [ "$(documented_records | wc -l)" -ge 7 ]
expect "doc/mail.md shows what multihomectl prints" \
	same "" grep -Fxv -f "$lab/hoster/parent" <(documented_records)

# mail_out [SWAKS OPTION...]: a message from inside; what the receiver saw of it.
mail_out() {
	mail_from srv "$@"
}

# mail_from MACHINE [SWAKS OPTION...]. swaks looks for the machine's own name, in DNS too if it is not in /etc/hosts.
mail_from() {
	local machine=$1 tag
	shift
	tag=$(now_ms)
	# shellcheck disable=SC2016  # expanded by the inner shell
	ns "$machine" unshare --uts sh -c 'hostname localhost && exec swaks "$@"' swaks --server "${mail_address4[receiver]}" --helo mail-gw-1.example.com \
		--from user@example.com --to user@hoster.com --timeout 30 --header "X-Tag: $tag" "$@" \
		>"$lab/swaks.log" || { cat "$lab/swaks.log"; return 1; }
	jq -r --arg tag $tag 'select(.tag == $tag) | "\(.peer) spf=\(.spf) greeting=\(.greeting)"' \
		"$lab/receiver/accepted"
}

# mail_out6: the same by IPv6. The kernel would take another address of the server.
mail_out6() {
	mail_out --server "${mail_address6[receiver]}" --local-interface $server6 "$@"
}

primary_in_use() {
	expect "$1: by primary" same "${address4[primary]} spf=pass greeting=true" mail_out
	expect "$1: by primary, IPv6" same "${address6[primary]} spf=pass greeting=true" mail_out6
}

# The greeting is the name of one gateway: by the other uplink it is a name of the site all the same.
backup_in_use() {
	expect "$1: by backup" same "${address4[backup]} spf=pass greeting=false" mail_out
	expect "$1: by backup, IPv6" same "${address6[backup]} spf=pass greeting=false" mail_out6
	expect "$1: by backup, greeting by its name" same \
		"${address4[backup]} spf=pass greeting=true" mail_out --helo mail-gw-2.example.com
}

expect "SPF fails for others" same "$client4 spf=fail greeting=false" mail_from cli
primary_in_use "both uplinks up"

# default_by UPLINK: the main table's default routes, which others follow.
default_by() {
	ip -n "$lab_id-gw" -4 route replace default via "${router4[$1]}" &&
		ip -n "$lab_id-gw" -6 route replace default via "${router6[$1]}"
}
default_by backup
primary_in_use "the main table prefers backup"
default_by primary

cut primary carrier
expect "primary cut: withdrawn" wait_for 5 uplink_withdrawn primary
backup_in_use "primary cut"
mend primary
gateway_addresses primary
expect "primary back: published" wait_for 10 uplink_answered primary
primary_in_use "primary back"

require "primary drains" ctl drain primary
backup_in_use "primary drained"
require "primary is undrained" ctl undrain primary
primary_in_use "primary undrained"

# An address that the kernel prefers as source, as its other connections show.
source_of_others() {
	ns srv kdig +short +timeout=1 +retry=0 "@$hoster4" example.com SOA >/dev/null &&
		ns gw conntrack -L -p udp --orig-src $server4 2>/dev/null |
		sed -n 's/.* src=.* src=.* dst=\([^ ]*\) .*/\1/p' | sort -u
}
ip_batch gw <<-END
	address flush dev wan0
	address add 192.168.2.3/29 dev wan0
	address add 192.168.2.1/29 dev wan0
	address add ${address6[primary]}/64 dev wan0 nodad
	address add 2001:db8:1::3/64 dev wan0 nodad
END
default_by primary
expect "a second address: published" wait_for 10 uplink_answered primary
expect "a second address: others have it" same 192.168.2.3 source_of_others
primary_in_use "a second address"

site_lines=('masquerade: off')
site_file
require "masquerade off: reload" ctl reload
primary_in_use "masquerade off"

site_lines=()
reply_path=source-address
site_file
require "addresses for each uplink: reload" ctl reload
primary_in_use "addresses for each uplink"
expect "from the address for primary" same \
	"${address4[primary]} spf=pass greeting=true" mail_out --local-interface 10.0.1.1
expect "from the address for backup" same "${address4[backup]} spf=pass greeting=true" \
	mail_out --helo mail-gw-2.example.com --local-interface 10.0.1.5
expect "from the address for backup, IPv6" same "${address6[backup]} spf=pass greeting=true" \
	mail_out6 --helo mail-gw-2.example.com --local-interface fd00:10::a5
cut backup carrier
expect "backup cut: withdrawn" wait_for 5 uplink_withdrawn backup
expect "backup cut: from its address by primary" same \
	"${address4[primary]} spf=pass greeting=true" mail_out --local-interface 10.0.1.5
mend backup
gateway_addresses backup
expect "backup back: published" wait_for 10 uplink_answered backup
expect "backup back: from its address by backup" same "${address4[backup]} spf=pass greeting=true" \
	mail_out --helo mail-gw-2.example.com --local-interface 10.0.1.5
lab_end
