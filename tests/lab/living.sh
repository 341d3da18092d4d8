# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A second address plan, for uplinks whose addresses come from the provider and change. To be sourced
# behind lib.sh, before lab_up.
#
# The site file names neither addresses nor gateways, so they must not be private: what nobody has named
# is not published then. Each provider has a whole /24 and hands out parts of it.

address4=([primary]=198.51.100.10 [backup]=192.0.2.10)
length4=([primary]=27 [backup]=27)
prefix4=([primary]=198.51.100.0/24 [backup]=192.0.2.0/24)
router4=([primary]=198.51.100.1 [backup]=192.0.2.1)
# Where the provider renumbers to.
declare -A new_address4=([primary]=198.51.100.70 [backup]=192.0.2.70)
declare -A new_router4=([primary]=198.51.100.65 [backup]=192.0.2.65)
# DNS_BINDING=device, where knotd is new enough.
site_lines=("dns-binding: ${DNS_BINDING:-port}")

# living UPLINK...: their addresses and gateways are in no site file any more. Behind site_file.
living() {
	local uplink
	for uplink; do
		sed -i "/- id: $uplink\$/,/gateway:/ { /  address:/d; /  gateway:/d }" "$(site_file_path)"
	done
}

# living_up UPLINK...: daemon and knotd for a site that names nothing of those uplinks.
living_up() {
	site_file
	living "$@"
	daemon_start
	wait_for 10 by_each uplink_answered && knotd_start && wait_for 10 by_each uplink_serves
}

# public_of UPLINK: what the world may be told of it.
public_of() {
	ctl status --json | jq -r --arg id "$1" '.uplinks[] | select(.id == $id and .answered).public[]'
}

# publishes UPLINK ADDRESS, and publishes_not UPLINK ADDRESS
publishes() {
	public_of "$1" | grep -qxF "$2"
}

publishes_not() {
	daemon_answers >/dev/null && ! publishes "$@"
}

# uplink_reason UPLINK: what status says why it is not answered.
uplink_reason() {
	ctl status --json | jq -r --arg id "$1" '.uplinks[] | select(.id == $id) | .reason'
}

# rules_from ADDRESS: the tables that rules «from ADDRESS» lead to.
rules_from() {
	local family=-4
	[ "${1#*:}" = "$1" ] || family=-6
	ip -n "$lab_id-gw" $family -json rule show | jq -r --arg from "$1" '.[] | select(.src == $from).table'
}

# dhcp_serve UPLINK ADDRESS LENGTH ROUTER: the provider leases that one address from now on.
declare -A dhcp_server_pid=()
dhcp_serve() {
	local uplink=$1 name=${isp[$1]}
	dhcp_stop "$uplink"
	mkdir -p "$lab/$name"
	ip -n "$lab_id-$name" address replace "$4/$3" dev cust
	spawn "$name" dnsmasq --keep-in-foreground --conf-file=/dev/null --user=root --pid-file= --port=0 \
		--interface=cust --except-interface=lo --bind-interfaces --no-ping --dhcp-authoritative \
		"--dhcp-range=$2,$2,$(netmask "$3"),2m" "--dhcp-option=option:router,$4" \
		--dhcp-leasefile="$lab/$name/leases" --log-dhcp --log-facility=- >>"$lab/$name/dhcp.log" 2>&1
	dhcp_server_pid[$uplink]=$!
}

dhcp_stop() {
	[ -n "${dhcp_server_pid[$1]:-}" ] || return 0
	kill "${dhcp_server_pid[$1]}"
	wait "${dhcp_server_pid[$1]}" 2>/dev/null
	# It knows nothing of its leases: the renewal is refused (RFC 2131 section 4.3.2).
	rm -f "$lab/${isp[$1]}/leases"
	dhcp_server_pid[$1]=
}

netmask() {
	local mask=$((0xffffffff << (32 - $1) & 0xffffffff))
	echo $((mask >> 24)).$((mask >> 16 & 255)).$((mask >> 8 & 255)).$((mask & 255))
}

# dhcp_client UPLINK METRIC: the gateway's client in the background, with the script that its package
# brings. That one writes resolv.conf: it gets one of its own. It knows no metric, and the kernel refuses
# a second default route of the same metric, by whatever interface.
declare -A dhcp_client_pid=()
dhcp_client() {
	local script=$lab/gw/dhcp.$1
	: >"$lab/gw/resolv.conf"
	sed "s/\(route add default via .*\)/\1 metric $2/" /etc/udhcpc/default.script >"$script"
	chmod 755 "$script"
	# shellcheck disable=SC2016  # expanded by the inner shell
	spawn gw sh -c 'mount --bind "$0" /etc/resolv.conf && exec "$@"' "$lab/gw/resolv.conf" \
		busybox udhcpc -f -i "${interface[$1]}" -s "$script" -t 9 -T 1 -A 1 >>"$lab/gw/dhcp.log" 2>&1
	dhcp_client_pid[$1]=$!
}

dhcp_renew() {
	kill -USR1 "${dhcp_client_pid[$1]}"
}

# own_address UPLINK ADDRESS: the interface has it.
own_address() {
	ip -n "$lab_id-gw" -json address show dev "${interface[$1]}" |
		jq -e --arg address "$2" '.[].addr_info[] | select(.local == $address)' >/dev/null
}

# asked_by ADDRESS [TYPE]: what the name server at that address answers to the client.
asked_by() {
	ns cli kdig +short +timeout=1 +retry=0 "@$1" www.example.com "${2:-A}"
}

# page_by ADDRESS: from outside.
page_by() {
	local host=$1
	[ "${1#*:}" = "$1" ] || host="[$1]"
	ns cli curl -sS --max-time 1 "http://$host/"
}

# serves_at ADDRESS: it is answered by its own name server, and the page comes.
serves_at() {
	local type=A
	[ "${1#*:}" = "$1" ] || type=AAAA
	[ "$(asked_by "$1" $type)" = "$1" ] && page_by "$1"
}

# starts_of_programs: when daemon and name server began, in ticks since the machine did.
starts_of_programs() {
	awk '{ sub(/.*\) /, ""); print $20 }' "/proc/$daemon_pid/stat" "/proc/$knotd_pid/stat"
}
