# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The gateway's own programs, multihomed and knotd, and the questions that tests ask about them.

# What a test may change in the site file before site_file writes it.
site_lines=()          # further lines of the section site
primary_lines=()       # of that uplink, such as its probes
backup_lines=()
reply_path=conntrack   # conntrack | source-address
server_lines=()        # further lines of the server, instead of its addresses for the uplinks
answer_policy=arrival
damping=off            # on is the default of the daemon; but tests take an uplink away again and again
host_ports='tcp/80, tcp/443:8443, udp/443, tcp/9000-9010'
host_lines=()          # further lines of the host
knot_conf_options=()   # further options of multihomectl knot-conf

site_file() {
	local line
	mkdir -p "$lab/gw"
	{
		cat <<-END
			site:
			    domain: example.com
			    lan: [lan0]
			    run-dir: $lab/gw/run
			    state-dir: $lab/gw/state
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
		END
		echo "    damping: $damping"
		for line in "${primary_lines[@]}"; do
			echo "    $line"
		done
		cat <<-END
			  - id: backup
			    interface: wan1
			    address: [${address4[backup]}, "${address6[backup]}"]
			    gateway: [${router4[backup]}, "${router6[backup]}"]
		END
		echo "    damping: $damping"
		for line in "${backup_lines[@]}"; do
			echo "    $line"
		done
		cat <<-END

			server:
			  - id: web
			    address: [$server4, "$server6"]
			    reply-path: $reply_path
		END
		for line in "${server_lines[@]}"; do
			echo "    $line"
		done
		if [ "$reply_path" = source-address ] && [ ${#server_lines[@]} = 0 ]; then
			echo '    uplink-address: [primary=10.0.1.1, backup=10.0.1.5, "primary=fd00:10::a1", "backup=fd00:10::a5"]'
		fi
		cat <<-END

			host:
			  - domain: www.example.com
			    server: web
			    port: [$host_ports]
			    policy: $answer_policy
		END
		for line in "${host_lines[@]}"; do
			echo "    $line"
		done
		cat <<-END

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
		mkdir -p "$lab/gw/state"
		chown -R nobody "$lab/gw/run" "$lab/gw/state"
		# The build directory may be one that only root can enter.
		cp "$build/src/multihomed" "$lab/gw/"
		spawn gw setpriv --reuid nobody --regid nogroup --groups knot --inh-caps -all,$caps \
			--ambient-caps -all,$caps --bounding-set -all,$caps --no-new-privs \
			"$lab/gw/multihomed" -c "$lab/gw/multihome.conf" >>"$lab/gw/multihomed.log" 2>&1
	else
		spawn gw "$build/src/multihomed" -c "$lab/gw/multihome.conf" \
			>>"$lab/gw/multihomed.log" 2>&1
	fi
	daemon_pid=$!
	daemon_observed
}

# daemon_stop [SIGNAL]
daemon_stop() {
	kill "-${1:-TERM}" "$daemon_pid" || return 1
	wait "$daemon_pid" 2>/dev/null || :
}

# daemon_descriptors_left NUMBER: the daemon may open as many more files, until daemon_descriptors_all.
daemon_descriptors_left() {
	local free=0 descriptor
	for ((descriptor = 0; free < $1; descriptor++)); do
		[ -e "/proc/$daemon_pid/fd/$descriptor" ] || free=$((free + 1))
	done
	prlimit --pid "$daemon_pid" "--nofile=$descriptor:"
}
daemon_descriptors_all() {
	prlimit --pid "$daemon_pid" "--nofile=$(ulimit -Sn):"
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
	knotd_configure && knotd_run
}

knotd_configure() {
	local directory=$lab/gw/knot
	mkdir -p "$directory/zones"
	cp "$build/.libs/arrival.so" "$directory/" || return 1
	ctl knot-conf "${knot_conf_options[@]}" --module-file "$directory/arrival.so" --zone-dir "$directory/zones" \
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
}

knotd_run() {
	local directory=$lab/gw/knot
	chown -R knot:knot "$directory"
	spawn gw env LD_PRELOAD="$module_preload" knotd -c "$directory/knot.conf" \
		>>"$directory/log" 2>&1
	knotd_pid=$!
}

knotd_stop() {
	kill "$knotd_pid"
	wait "$knotd_pid" 2>/dev/null || :
}

# uplink_not_ready_start UPLINK: its name server is a knotd of its own from now on, whose table is from a moment
# when nothing was ready: it says SERVFAIL, while the other uplink's name server answers.
uplink_not_ready_start() {
	local directory=$lab/gw/not-ready kept=backup
	[ "$1" = primary ] || kept=primary
	ns gw sysctl -qw net.ipv4.ip_forward=0
	wait_for 2 same SERVFAIL rcode_by "$1" || return 1
	mkdir -p "$directory"
	cp -r "$lab/gw/run/table" "$directory/"
	ns gw sysctl -qw net.ipv4.ip_forward=1
	wait_for 5 by_each uplink_serves || return 1
	knotd_stop
	cp -r "$lab/gw/knot/zones" "$lab/gw/knot/arrival.so" "$directory/"
	sed "s|$lab/gw/knot|$directory|" "$lab/gw/knot/knot.conf" >"$directory/knot.conf"
	sed -e "s|$lab/gw/knot|$directory|" -e "s|$lab/gw/run|$directory|" -e "/uplink $kept\$/d" \
		"$lab/gw/knot/generated.conf" >"$directory/generated.conf"
	sed -i "/uplink $1\$/d" "$lab/gw/knot/generated.conf"
	chown -R knot:knot "$directory"
	spawn gw env LD_PRELOAD="$module_preload" knotd -c "$directory/knot.conf" >"$directory/log" 2>&1
	knotd_not_ready_pid=$!
	knotd_run
	wait_for 5 same SERVFAIL rcode_by "$1" && wait_for 5 same "${address4[$kept]}" answer_by "$kept"
}

uplink_not_ready_stop() {
	knotd_stop
	kill "$knotd_not_ready_pid"
	wait "$knotd_not_ready_pid" 2>/dev/null
	knotd_start && wait_for 5 by_each uplink_serves
}

# A module with AddressSanitizer needs its runtime in knotd.
module_preload=${LAB_PRELOAD:-}

# uplink_answered UPLINK: the daemon publishes it.
uplink_answered() {
	ctl status --json | jq -e --arg id "$1" '.uplinks[] | select(.id == $id) | .answered' >/dev/null
}

uplink_withdrawn() {
	ctl status --json | jq -e --arg id "$1" '.uplinks[] | select(.id == $id) | .answered | not' >/dev/null
}

# by_each COMMAND...: with each uplink's name as its last argument.
by_each() {
	"$@" primary && "$@" backup
}

# data_plane_up [unprivileged]: the daemon alone, until it publishes both uplinks.
data_plane_up() {
	site_file
	daemon_start "$@"
	wait_for 10 by_each uplink_answered
}

# gateway_up [unprivileged]: daemon and knotd, until both uplinks are answered and serve.
gateway_up() {
	data_plane_up "$@" || return 1
	knotd_start || return 1
	wait_for 10 by_each uplink_serves
}

# observer_start [OPTION...]: ask and connect by all addresses from outside, 50 times a second. It is
# told by uplink_is what an uplink is physically. What it watches is UPLINK=ADDRESS in observed.
observed=()
observer_start() {
	[ ${#observed[@]} -gt 0 ] || observed=("primary=${address4[primary]}" "backup=${address4[backup]}"
		"primary=${address6[primary]}" "backup=${address6[backup]}")
	mkfifo "$lab/schedule"
	# Both ends, so that writing never blocks.
	exec {schedule}<>"$lab/schedule"
	spawn cli "$build/tests/lab/observer" -s "$lab/schedule" "$@" www.example.com \
		"${observed[@]}" >"$lab/observer.log" 2>&1
	observer_pid=$!
	daemon_observed
}

# daemon_observed: that the daemon has to wait for a processor is not its own fault.
daemon_observed() {
	[ -z "${schedule:-}" ] || echo "daemon $daemon_pid" >&"$schedule"
}

# uplink_is UPLINK up|down
uplink_is() {
	echo "$1 $2" >&"$schedule"
}

# The observer's verdict is its exit status.
observer_stop() {
	kill "$observer_pid"
	wait "$observer_pid"
	local status=$?
	cat "$lab/observer.log"
	exec {schedule}>&-
	schedule=
	rm "$lab/schedule"
	return $status
}

# uplink_serves UPLINK: its name server answers its address, and the page comes by that address.
uplink_serves() {
	[ "$(answer_by "$1")" = "${address4[$1]}" ] && [ "$(answer_by "$1" AAAA)" = "${address6[$1]}" ] &&
		get_by "$1" && get_by6 "$1"
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

# udp_by UPLINK PORT [SOURCE-PORT]: one datagram there and back.
udp_by() {
	ns cli "$build/tests/lab/echo" -c "${address4[$1]}" "$2" ${3:+"$3"}
}

udp_by6() {
	ns cli "$build/tests/lab/echo" -c "${address6[$1]}" "$2"
}

# download_start UPLINK: some three seconds of data in the background.
download_bytes=12582912
download_start() {
	spawn cli curl -sS --max-time 30 -r "0-$((download_bytes - 1))" -o /dev/null -w '%{size_download}\n' \
		"http://${address4[$1]}/slow" >"$lab/download.log" 2>&1
	download_pid=$!
	wait_for 2 download_flows
}

download_flows() {
	ns gw conntrack -L -p tcp --state ESTABLISHED 2>/dev/null | grep -q "src=$client4"
}

download_finishes() {
	wait "$download_pid"
	same "$download_bytes" cat "$lab/download.log"
}
