#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# multihomectl check dns: all is good when the parent zone holds what «zone parent» says, and each thing
# that is broken on the way is found, by its own name.

. "$(dirname "$0")/lib.sh"

# The hoster with what multihomectl prints; the PTR records of both providers are in one zone.
# parent_publish [SED...]: with that changed by sed(1).
parent_publish() {
	local directory=$lab/hoster
	kill_namespace hoster
	ctl zone parent --format json >"$lab/parent.json" || return 1
	{
		sed -n '/SOA\|NS ns.hoster/p' "$lab/hoster/head.zone"
		jq -r '.records[] | "\(.name) \(.ttl) \(.type) \(.data)"' "$lab/parent.json"
	} | sed -E "$@" >"$directory/example.com.zone"
	{
		echo "arpa. 86400 SOA ns.hoster.com. hostmaster.hoster.com. 1 3600 900 604800 300"
		echo "arpa. 86400 NS ns.hoster.com."
		jq -r '.pointers[] | "\(.name) \(.ttl) \(.type) \(.data)"' "$lab/parent.json"
	} | sed -E "$@" >"$directory/arpa.zone"
	spawn hoster knotd -c "$directory/knot.conf" >>"$directory/log" 2>&1
	resolver_start || return 1
	wait_for 5 listens hoster && wait_for 5 listens res || return 1
	wait_for 5 hoster_answers && wait_for 5 resolver_answers
}

# A question that comes too early would cost kdig its whole time-out.
listens() {
	ns "$1" ss -Hlun | grep -q ':53 '
}

# What the lab starts is extended once: zones of PTR records.
parent_prepare() {
	cp "$lab/hoster/example.com.zone" "$lab/hoster/head.zone"
	echo "arpa. 86400 NS ns.hoster.com." >>"$lab/hoster/root.zone"
	printf '  - domain: arpa.\n    file: arpa.zone\n' >>"$lab/hoster/knot.conf"
}

# A mail server that takes no mail, but greets by the name in a file.
greeter_start() {
	cat >"$lab/srv/greeter.py" <<-'END'
		import socketserver, sys

		class Greeter(socketserver.StreamRequestHandler):
		    def handle(self):
		        name = open(sys.argv[1]).read().strip()
		        self.wfile.write(f"220-{name} ESMTP\r\n220 welcome\r\n".encode())
		        for line in self.rfile:
		            if line.upper().startswith(b"EHLO"):
		                self.wfile.write(f"250-{name}\r\n250 SIZE 1000\r\n".encode())
		            else:
		                self.wfile.write(b"221 bye\r\n")
		                return

		class Server(socketserver.ThreadingTCPServer):
		    address_family = socketserver.socket.AF_INET6
		    allow_reuse_address = True

		Server(("::", 2525), Greeter).serve_forever()
	END
	echo mail-gw-1.example.com >"$lab/srv/name"
	spawn srv python3 "$lab/srv/greeter.py" "$lab/srv/name" >"$lab/srv/greeter.log" 2>&1
	sed -i 's|tcp/25\]|tcp/25:2525]|' "$(site_file_path)"
	ctl reload && wait_for 5 greeted
}

greeted() {
	ns cli swaks --quit-after EHLO --server "${address4[primary]}" --ehlo client.test |
		grep -q mail-gw-1
}

# check ROLE [OPTION...]: outside nobody can ask the daemon, though its socket is in the same folder.
check() {
	local role=$1
	shift
	[ "$role" = gw ] || set -- --socket "$lab/none" "$@"
	ns "$role" "$build/src/multihomectl" -c "$lab/gw/multihome.conf" check dns \
		--resolver "$resolver4" --timeout 2 "$@"
}

# found LINE...: lines «subject: level: part of the message» are all that is not good, seen outside.
found() {
	local code=0 wanted=0
	check cli --json >"$lab/found.json" || code=$?
	[[ $* != *": wrong: "* ]] || wanted=1
	jq -r '.[] | select(.level != "good") | "\(.subject): \(.level): \(.message)"' \
		"$lab/found.json" >"$lab/found"
	cat "$lab/found"
	[ $code = $wanted ] && [ "$(wc -l <"$lab/found")" = $# ] || return 1
	local line
	for line in "$@"; do
		grep -qF -- "$line" "$lab/found" || {
			echo "missing: $line"
			return 1
		}
	done
	# Each with what to do.
	jq -e 'map(select(.level == "wrong" or .level == "warning") | .remedy) | all' "$lab/found.json"
}

lab_up
require "the gateway serves by both uplinks" gateway_up
parent_prepare
require "the mail server greets" greeter_start
require "the parent zone is published" parent_publish ''

expect "outside: all is good" check cli
expect "outside: says so" eval 'check cli | tail -n 1 | grep -qx "all good"'
expect "by IPv6" ns cli "$build/src/multihomectl" -c "$lab/gw/multihome.conf" \
	--socket "$lab/none" check dns --resolver "$resolver6@53"
expect "on the gateway: good, but for what cannot be seen there" check gw
expect "on the gateway: says what that is" eval \
	'check gw --json | jq -e "map(select(.level == \"note\") | .subject) | index(\"this machine\")"'
expect "JSON: an array of objects" eval 'check cli --json | jq -e "length > 10 and
	all(.[]; (keys == [\"level\", \"message\", \"remedy\", \"section\", \"subject\"])
		and .section == \"dns\" and .level == \"good\")"'

# What the hoster or a provider has entered wrongly.
wrong_parent() {
	parent_publish "$1" && shift && found "$@"
}
at_hoster="(ns.hoster.com $hoster4, ns.hoster.com $hoster6)"
expect "wrong address of a name server, missing MX, SPF without an uplink, missing PTR" wrong_parent '
	/^www-ns2.* A /s/172.16.1.1/172.16.1.9/
	/ MX 20/d
	s/ ip4:172.16.1.1//
	/^1.2.168.192/d' \
	"www.example.com: wrong: name servers: www-ns2.example.com has 172.16.1.9 instead of 172.16.1.1 $at_hoster" \
	"mail example.com: wrong: MX: lacks 20 mail-gw-2.example.com" \
	"mail example.com: wrong: SPF: lacks 172.16.1.1 of uplink backup" \
	"mail-gw-1.example.com: wrong: PTR: there is none (primary 192.168.2.1)"
expect "missing NS record, two SPF records, wrong PTR, wrong address of a mail gateway" wrong_parent '
	/NS www-ns2/d
	s/^(example.com.*) MX 20 .*/&\n\1 TXT "v=spf1 mx -all"/
	s/PTR mail-gw-2/PTR customer-2/
	/^mail-gw-1.* A /s/192.168.2.1/192.168.2.2/' \
	"www.example.com: wrong: delegation: lacks www-ns2.example.com $at_hoster" \
	"mail example.com: wrong: SPF: more than one, so none counts" \
	"mail-gw-2.example.com: wrong: PTR: customer-2.example.com (backup 172.16.1.1, backup 2001:db8:2::2)" \
	"mail-gw-1.example.com: wrong: address: has 192.168.2.2 instead of 192.168.2.1"
expect "no delegation at all, one MX record more" wrong_parent '
	/NS www-ns/d
	s/^(example.com.*) MX 20 .*/&\n\1 MX 30 mx.hoster.com./' \
	"www.example.com: wrong: delegation: there is none $at_hoster" \
	"www.example.com: wrong: resolver: finds no address" \
	"mail example.com: warning: MX: has also 30 mx.hoster.com"
require "the parent zone is right again" parent_publish ''
expect "all is good again" check cli

# The mail server.
greets() {
	echo "$1" >"$lab/srv/name"
	shift
	found "$@"
}
expect "HELO by a name without address" greets srv.lan \
	"mail-gw-1.example.com: warning: HELO: srv.lan, which has no address" \
	"mail-gw-2.example.com: warning: HELO: srv.lan, which has no address"
expect "HELO by another name of the site" greets www.example.com \
	"mail-gw-1.example.com: warning: HELO: www.example.com, but no PTR record" \
	"mail-gw-2.example.com: warning: HELO: www.example.com, but no PTR record"
echo mail-gw-2.example.com >"$lab/srv/name"
expect "HELO by either gateway's name" found

# Uplinks.
ns isp2 nft -f - <<-END
	table inet block {
		chain forward { type filter hook forward priority 0; tcp dport 53 reject with tcp reset; }
	}
END
expect "TCP 53 blocked" found \
	"uplinks: wrong: TCP 53: refused, nobody listens there (backup 172.16.1.1, backup 2001:db8:2::2)"
ns isp2 nft delete table inet block

cut backup
expect "an uplink is cut" found \
	"uplinks: wrong: UDP 53: no reply (backup 172.16.1.1, backup 2001:db8:2::2)" \
	"uplinks: wrong: TCP 53: no reply (backup 172.16.1.1, backup 2001:db8:2::2)" \
	"mail-gw-2.example.com: warning: HELO: port 25: no reply (backup 172.16.1.1, backup 2001:db8:2::2)"
mend backup

expect "drain" ctl drain backup
expect "drained: outside it can only be guessed" found \
	"www.example.com: warning: answers: www.example.com A: 192.168.2.1, without uplink backup: it is drained or not ready (backup 172.16.1.1, backup 2001:db8:2::2)" \
	"www.example.com: warning: answers: www.example.com AAAA: 2001:db8:1::2, without uplink backup"
drain_noted() {
	check gw >"$lab/found" && cat "$lab/found" && grep -q "note .* backup, which is drained" "$lab/found"
}
expect "drained: the gateway knows" drain_noted
expect "undrain" ctl undrain backup

# The provider's router has a name server of its own, with an older zone.
mkdir "$lab/isp2"
ctl zone host www.example.com --serial 7 >"$lab/isp2/www.zone"
cat >"$lab/isp2/knot.conf" <<-END
	server:
	    rundir: $lab/isp2
	    listen: ${internet4[backup]}@53
	database:
	    storage: $lab/isp2
	zone:
	  - domain: www.example.com
	    storage: $lab/isp2
	    file: www.zone
END
spawn isp2 knotd -c "$lab/isp2/knot.conf" >"$lab/isp2/log" 2>&1
ns isp2 nft -f - <<-END
	table ip other {
		chain nat {
			type nat hook prerouting priority dstnat;
			iifname net ip daddr ${address4[backup]} udp dport 53 redirect
		}
	}
END
wait_for 5 same 192.168.2.1 answer_by backup
serial=$(ns cli kdig +short "@${address4[primary]}" www.example.com SOA | awk '{ print $3 }')
expect "another serial number on one uplink" found \
	"www.example.com: wrong: zone: serial numbers differ: $serial by primary 192.168.2.1, $serial by primary 2001:db8:1::2, 7 by backup 172.16.1.1, $serial by backup 2001:db8:2::2" \
	"www.example.com: warning: answers: www.example.com A: 192.168.2.1, without uplink backup" \
	"www.example.com: warning: answers: www.example.com AAAA: 2001:db8:1::2, without uplink backup"
ns isp2 nft delete table ip other

# Everything is dead: what depends on nothing is asked at once, and then there is nothing left to ask.
cut primary
cut backup
ns res nft -f - <<-END
	table inet block {
		chain input { type filter hook input priority 0; drop; }
	}
END
all_dead() {
	local before took
	before=$(now_ms)
	check cli && return 1
	took=$(($(now_ms) - before))
	echo "took $took ms"
	[ $took -ge 2000 ] && [ $took -lt 4000 ]
}
expect "everything is dead: one time-out" all_dead
ns res nft delete table inet block

# The parent's servers are dead as well, but the resolver knows them: one time-out more.
check cli >"$lab/found"
ns hoster nft -f - <<-END
	table inet block {
		chain input { type filter hook input priority 0; udp dport 53 drop; }
	}
END
parents_dead() {
	local before took
	before=$(now_ms)
	check cli | tee "$lab/found" | grep -q "wrong .* servers .* none can be asked"
	took=$(($(now_ms) - before))
	cat "$lab/found"
	echo "took $took ms"
	[ $took -ge 2000 ] && [ $took -lt 9000 ]
}
expect "parent servers and uplinks are dead: it ends soon" parents_dead
ns hoster nft delete table inet block
mend primary
mend backup

# Addresses that are followed, and knotd on ports of its own. By IPv6, since the lab's IPv4 addresses are
# private, and followed ones of that kind are not published.
answered6() {
	[ "$(answer_by6 "$1")" = "${address6[$1]}" ]
}
sed -i "s/address: \\[$server4, /address: [/" "$(site_file_path)"
ctl reload
require "the parent zone has IPv6 alone" parent_publish '/ A 1/d'
knotd_stop
sed -i -E -e 's/^site:/&\n    dns-binding: port/' -e '/^    address: \[(192|172)/d' "$(site_file_path)"
require "the gateway follows its addresses" eval \
	'ctl reload && knotd_start && wait_for 10 by_each answered6'
expect "followed, on the gateway: the daemon is asked" check gw
expect "followed, outside: it says that nobody can be asked" eval \
	'check cli | grep -q "warning .* not known, so not checked: .*is multihomed running?"'
daemon_stop TERM
expect "followed, no daemon: the same" eval \
	'check gw | grep -q "warning .* not known, so not checked: .*control.sock.*is multihomed running?"'

lab_end
