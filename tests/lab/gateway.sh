# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The gateway's own programs, multihomed and knotd, and the questions that tests ask about them.

# What a test may change in the site file before site_file writes it.
site_lines=()          # further lines of the section site
reply_path=conntrack   # conntrack | source-address
answer_policy=arrival
host_ports='tcp/80, tcp/443:8443, udp/443, tcp/9000-9010'

site_file() {
	local line
	mkdir -p "$lab/gw"
	{
		cat <<-END
			site:
			    domain: example.com
			    lan: [lan0]
			    run-dir: $lab/gw/run
		END
		for line in "${site_lines[@]}"; do
			echo "    $line"
		done
		cat <<-END

			uplink:
			  - id: primary
			    interface: wan0
			    address: [${address4[primary]}, "${address6[primary]}"]
			    gateway: [${router4[primary]}, "${router6[primary]}"]
			  - id: backup
			    interface: wan1
			    address: [${address4[backup]}, "${address6[backup]}"]
			    gateway: [${router4[backup]}, "${router6[backup]}"]

			server:
			  - id: web
			    address: [$server4, "$server6"]
			    reply-path: $reply_path
		END
		if [ "$reply_path" = source-address ]; then
			echo '    uplink-address: [primary=10.0.1.1, backup=10.0.1.5, "primary=fd00:10::a1", "backup=fd00:10::a5"]'
		fi
		cat <<-END

			host:
			  - domain: www.example.com
			    server: web
			    port: [$host_ports]
			    policy: $answer_policy

			mail:
			  - domain: example.com
			    server: web
			    port: [tcp/25]

			forward:
			  - id: vpn
			    server: web
			    port: [udp/51820]
		END
	} >"$lab/gw/multihome.conf"
	chmod 644 "$lab/gw/multihome.conf"
}

site_file_path() {
	echo "$lab/gw/multihome.conf"
}

# The daemon in the foreground: --remove, --check, a second instance.
daemon_run() {
	ns gw "$build/src/multihomed" -c "$lab/gw/multihome.conf" "$@"
}

run_dir_make() {
	mkdir -p "$lab/gw/run"
	chgrp knot "$lab/gw/run"
	chmod 755 "$lab/gw/run"
}

# daemon_start [unprivileged]: in the background; its pid is in $daemon_pid.
daemon_start() {
	run_dir_make
	if [ "${1:-}" = unprivileged ]; then
		local caps=+net_admin,+net_raw
		chown -R nobody "$lab/gw/run"
		spawn gw setpriv --reuid nobody --regid nogroup --groups knot --inh-caps -all,$caps \
			--ambient-caps -all,$caps --bounding-set -all,$caps --no-new-privs \
			"$build/src/multihomed" -c "$lab/gw/multihome.conf" >>"$lab/gw/multihomed.log" 2>&1
	else
		spawn gw "$build/src/multihomed" -c "$lab/gw/multihome.conf" \
			>>"$lab/gw/multihomed.log" 2>&1
	fi
	daemon_pid=$!
}

# daemon_stop [SIGNAL]
daemon_stop() {
	kill "-${1:-TERM}" "$daemon_pid" || return 1
	wait "$daemon_pid" 2>/dev/null || :
}

daemon_answers() {
	ctl status
}

logged() {
	grep -q -- "$1" "$lab/gw/multihomed.log"
}

ctl() {
	ns gw "$build/src/multihomectl" -c "$lab/gw/multihome.conf" "$@"
}

# knotd as its own user on what multihomectl generates, nothing else.
knotd_start() {
	local directory=$lab/gw/knot
	mkdir -p "$directory/zones"
	cp "$build/modules/arrival/.libs/arrival.so" "$directory/arrival.so" 2>/dev/null ||
		cp "$build/.libs/arrival.so" "$directory/arrival.so" || return 1
	ctl knot-conf --module-file "$directory/arrival.so" --zone-dir "$directory/zones" \
		--zones "$directory/zones" >"$directory/generated.conf" || return 1
	cat >"$directory/knot.conf" <<-END
		server:
		    rundir: $directory
		    user: knot:knot
		    udp-workers: 1
		    tcp-workers: 1
		    background-workers: 1
		log:
		  - target: stderr
		    any: info
		database:
		    storage: $directory
		include: $directory/generated.conf
	END
	chown -R knot:knot "$directory"
	spawn gw env LD_PRELOAD="$module_preload" knotd -c "$directory/knot.conf" \
		>>"$directory/log" 2>&1
	knotd_pid=$!
}

knotd_stop() {
	kill "$knotd_pid"
	wait "$knotd_pid" 2>/dev/null || :
}

# A module with AddressSanitizer needs its runtime in knotd.
module_preload=${LAB_PRELOAD:-}

# gateway_up: site file, daemon and knotd, until both uplinks are answered by name and served.
gateway_up() {
	site_file
	daemon_start "$@"
	wait_for 10 daemon_answers || return 1
	knotd_start || return 1
	wait_for 10 gateway_serves
}

# uplink_serves UPLINK: its name server answers its address, and the page comes by that address.
uplink_serves() {
	[ "$(answer_by "$1")" = "${address4[$1]}" ] && [ "$(answer_by "$1" AAAA)" = "${address6[$1]}" ] &&
		get_by "$1" && get_by6 "$1"
}

gateway_serves() {
	uplink_serves primary && uplink_serves backup
}

# answer_by UPLINK [TYPE [KDIG OPTION...]]: the addresses that the uplink's name server answers.
answer_by() {
	local uplink=$1 type=${2:-A}
	shift $(($# < 2 ? $# : 2))
	ns cli kdig +short +timeout=1 +retry=0 "$@" "@${address4[$uplink]}" www.example.com "$type"
}

answer_by6() {
	local uplink=$1 type=${2:-AAAA}
	shift $(($# < 2 ? $# : 2))
	ns cli kdig +short +timeout=1 +retry=0 "$@" "@${address6[$uplink]}" www.example.com "$type"
}

rcode_by() {
	ns cli kdig +timeout=1 +retry=0 "@${address4[$1]}" www.example.com A |
		sed -n 's/.*status: \([A-Z]*\);.*/\1/p'
}

# get_by UPLINK [PORT]: the page by the uplink's address, from outside.
get_by() {
	ns cli curl -sS --max-time 1 "http://${address4[$1]}:${2:-80}/"
}

get_by6() {
	ns cli curl -sS --max-time 1 "http://[${address6[$1]}]:${2:-80}/"
}

# udp_by ADDRESS PORT: one datagram there and back.
udp_by() {
	ns cli "$build/tests/lab/echo" -c "$1" "$2"
}
