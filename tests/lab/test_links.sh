#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Interfaces and addresses come and go.

. "$(dirname "$0")/lib.sh"
lab_up
require "both uplinks are published" data_plane_up
serves() {
	get_by "$1" && get_by6 "$1" && uplink_answered "$1"
}

for uplink in primary backup; do
	device=${interface[$uplink]} other=backup
	[ $uplink = primary ] || other=primary

	ip -n "$lab_id-gw" link set "$device" down
	expect "$device down: withdrawn" wait_for 2 uplink_withdrawn $uplink
	expect "$device down: the log says why" logged "interface $device is down"
	expect "$device down: the other serves" wait_for 2 serves $other
	gateway_addresses $uplink
	expect "$device up: serves again" wait_for 5 serves $uplink

	cut $uplink carrier
	expect "$device without carrier: withdrawn" wait_for 2 uplink_withdrawn $uplink
	expect "$device without carrier: the log says why" logged "interface $device has no carrier"
	expect "$device without carrier: the other serves" serves $other
	mend $uplink
	expect "$device with carrier: serves again" wait_for 5 serves $uplink

	ip -n "$lab_id-gw" address del "${address4[$uplink]}/${length4[$uplink]}" dev "$device"
	expect "$device without its address: the log says why" \
		wait_for 2 logged "address ${address4[$uplink]} is not on interface $device"
	expect "$device without its address: the other serves" serves $other
	gateway_addresses $uplink
	expect "$device with its address: serves again" wait_for 5 serves $uplink

	ip -n "$lab_id-gw" address del "${address6[$uplink]}/64" dev "$device"
	expect "$device without its IPv6 address: IPv4 serves" get_by $uplink
	gateway_addresses $uplink
	expect "$device with its IPv6 address: serves again" wait_for 5 serves $uplink
done

# A new interface of the same name, as after a modem's restart.
ip -n "$lab_id-gw" link del wan1
expect "wan1 deleted: withdrawn" wait_for 2 uplink_withdrawn backup
expect "wan1 deleted: the log says why" logged "interface wan1 does not exist"
expect "wan1 deleted: the other serves" serves primary
ip -n "$lab_id-isp2" link add cust type veth peer name wan1 netns "$lab_id-gw"
ip_batch isp2 <<-END
	link set cust up
	address add ${router4[backup]}/30 dev cust
	address add ${router6[backup]}/64 dev cust nodad
END
isp_routes backup
gateway_addresses backup
expect "wan1 created again: serves again" wait_for 5 serves backup

ip -n "$lab_id-gw" link set wan1 down
ip -n "$lab_id-gw" link set wan1 name wan9
expect "wan1 renamed: withdrawn" wait_for 2 uplink_withdrawn backup
ip -n "$lab_id-gw" link set wan9 name wan1
gateway_addresses backup
expect "wan1 renamed back: serves again" wait_for 5 serves backup

for _ in $(seq 50); do
	ip_batch gw <<-END
		address del ${address4[backup]}/30 dev wan1
		address add ${address4[backup]}/30 dev wan1
	END
done
expect "50 address flaps: serves" wait_for 5 serves backup

# Without «address» in the site file, the interface's own addresses are followed.
sed -i -e '/address: \[172.16.1.1/d' "$(site_file_path)"
expect "address not given: reload" ctl reload
expect "address not given: serves" wait_for 5 serves backup
lab_end
