# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The lab's network: the site of doc/design.md section 1 with its two ISPs, in network namespaces.
#
#            cli   res   hoster          203.0.113.0/24, 2001:db8:f::/64
#              \    |    /
#   isp1 ------ internet ------ isp2     each ISP drops and counts foreign sources (BCP 38)
#     | wan0                 wan1 |
#     +----------- gw -----------+
#                   | lan0               10.0.0.0/24, fd00:10::/64
#              srv --- lan
#
# All links are made inside the namespaces, so no name of the host is ever in the way.

declare -A interface=([primary]=wan0 [backup]=wan1)
declare -A isp=([primary]=isp1 [backup]=isp2)
declare -A address4=([primary]=192.168.2.1 [backup]=172.16.1.1)
declare -A address6=([primary]=2001:db8:1::2 [backup]=2001:db8:2::2)
declare -A length4=([primary]=29 [backup]=30)
declare -A prefix4=([primary]=192.168.2.0/29 [backup]=172.16.1.0/30)
declare -A prefix6=([primary]=2001:db8:1::/48 [backup]=2001:db8:2::/48)
declare -A router4=([primary]=192.168.2.6 [backup]=172.16.1.2)
declare -A router6=([primary]=2001:db8:1::1 [backup]=2001:db8:2::1)
declare -A internet4=([primary]=203.0.113.1 [backup]=203.0.113.2)
declare -A internet6=([primary]=2001:db8:f::1 [backup]=2001:db8:f::2)
client4=203.0.113.10
client6=2001:db8:f::10
resolver4=203.0.113.20
resolver6=2001:db8:f::20
hoster4=203.0.113.53
hoster6=2001:db8:f::53
server4=10.0.0.10
server6=fd00:10::10

namespaces=(sw cli res hoster isp1 isp2 gw srv lan)

# Run iproute2 commands from stdin in a namespace.
ip_batch() {
	ip -n "$lab_id-$1" -batch -
}

# wire NAMESPACE INTERFACE BRIDGE: a cable to a switch.
wire() {
	ip -n "$lab_id-$1" link add "$2" type veth peer name "$1" netns "$lab_id-sw"
	ip -n "$lab_id-sw" link set "$1" master "$3" up
	ip -n "$lab_id-$1" link set "$2" up
}

# host_up NAMESPACE IPV4/LENGTH IPV6/LENGTH: a machine with one interface, eth0.
host_up() {
	ip_batch "$1" <<-END
		address add $2 dev eth0
		address add $3 dev eth0 nodad
	END
}

# A machine on the internet reaches each uplink's networks through that uplink's ISP.
routes_to_site() {
	local uplink
	for uplink in primary backup; do
		ip_batch "$1" <<-END
			route add ${prefix4[$uplink]} via ${internet4[$uplink]}
			route add ${prefix6[$uplink]} via ${internet6[$uplink]}
		END
	done
}

# isp_up UPLINK: the ISP's router and its ingress filter. Links stay up by themselves after a cut
# of the carrier, since addresses are kept.
isp_up() {
	local uplink=$1 name=${isp[$1]}
	wire "$name" net internet
	ip -n "$lab_id-$name" link add cust type veth peer name "${interface[$uplink]}" netns "$lab_id-gw"
	ip_batch "$name" <<-END
		link set cust up
		address add ${internet4[$uplink]}/24 dev net
		address add ${internet6[$uplink]}/64 dev net nodad
		address add ${router4[$uplink]}/${length4[$uplink]} dev cust
		address add ${router6[$uplink]}/64 dev cust nodad
	END
	isp_routes "$uplink"
	# Sources :: (duplicate address detection) and link-local are no leaks: they go no further.
	ns "$name" nft -f - <<-END
		table inet isp {
			counter leak { }
			counter replies { }
			set cut { type ifname; }
			set rejected { type ifname; }
			set leaked4 {
				type ipv4_addr . ipv4_addr . inet_proto . inet_service . inet_service
				flags dynamic
				size 64
			}
			set leaked6 {
				type ipv6_addr . ipv6_addr . inet_proto . inet_service . inet_service
				flags dynamic
				size 64
			}
			chain leak {
				counter name leak
				add @leaked4 { ip saddr . ip daddr . ip protocol . th sport . th dport }
				add @leaked6 { ip6 saddr . ip6 daddr . ip6 nexthdr . th sport . th dport }
				drop
			}
			chain ingress {
				type filter hook prerouting priority raw; policy accept;
				iifname != cust accept
				ip saddr != { ${prefix4[$uplink]}, 0.0.0.0 } jump leak
				ip6 saddr != { ${prefix6[$uplink]}, fe80::/10, :: } jump leak
				ip daddr $client4 counter name replies
				ip6 daddr $client6 counter name replies
			}
			chain forward {
				type filter hook forward priority filter; policy accept;
				iifname @cut drop
				iifname @rejected reject with icmpx no-route
			}
		}
	END
}

isp_routes() {
	local uplink=$1 other=backup
	[ "$uplink" = primary ] || other=primary
	ip_batch "${isp[$uplink]}" <<-END
		route replace ${prefix4[$other]} via ${internet4[$other]}
		route replace ${prefix6[$other]} via ${internet6[$other]}
		route replace ${prefix6[$uplink]} via ${address6[$uplink]}
	END
}

# What the administrator (or networkd) configures on an uplink of the gateway; also after a link
# came back, since the kernel forgets IPv6 addresses and routes with a gateway.
gateway_addresses() {
	local uplink=$1 device=${interface[$1]}
	ip_batch gw <<-END
		link set $device up
		address replace ${address4[$uplink]}/${length4[$uplink]} dev $device
		address replace ${address6[$uplink]}/64 dev $device nodad
	END
	if [ "$uplink" = primary ]; then
		ip_batch gw <<-END
			route replace default via ${router4[primary]} dev $device
			route replace default via ${router6[primary]} dev $device
		END
	fi
}

namespace_up() {
	ip netns add "$lab_id-$1"
	ns "$1" sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0 \
		net.ipv6.conf.default.accept_ra=0 net.ipv4.conf.all.rp_filter=0 \
		net.ipv4.conf.default.rp_filter=0 net.ipv6.conf.default.keep_addr_on_down=0
	ip -n "$lab_id-$1" link set lo up
}

# internet_machine_up NAME IPV4/LENGTH IPV6/LENGTH: one more machine on the internet, after lab_up.
internet_machine_up() {
	namespaces+=("$1")
	namespace_up "$1"
	wire "$1" eth0 internet
	host_up "$@"
	routes_to_site "$1"
}

topology_up() {
	local name
	for name in "${namespaces[@]}"; do
		namespace_up "$name"
	done
	ns sw sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	for name in isp1 isp2; do
		ns "$name" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
			net.ipv6.conf.default.keep_addr_on_down=1 net.ipv6.conf.all.keep_addr_on_down=1
	done
	ns gw sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1

	ip_batch sw <<-END
		link add internet type bridge forward_delay 0
		link add inside type bridge forward_delay 0
		link set internet up
		link set inside up
	END
	for name in cli res hoster; do
		wire "$name" eth0 internet
	done
	for name in srv lan; do
		wire "$name" eth0 inside
	done
	wire gw lan0 inside
	isp_up primary
	isp_up backup

	host_up cli $client4/24 $client6/64
	host_up res $resolver4/24 $resolver6/64
	host_up hoster $hoster4/24 $hoster6/64
	for name in cli res hoster; do
		routes_to_site "$name"
	done
	host_up srv $server4/24 $server6/64
	host_up lan 10.0.0.50/24 fd00:10::50/64
	ip_batch srv <<-END
		address add 10.0.1.1/32 dev eth0
		address add 10.0.1.5/32 dev eth0
		address add fd00:10::a1/64 dev eth0 nodad
		address add fd00:10::a5/64 dev eth0 nodad
	END
	for name in srv lan; do
		ip_batch "$name" <<-END
			route add default via 10.0.0.1
			route add default via fd00:10::1
		END
	done
	ip_batch gw <<-END
		address add 10.0.0.1/24 dev lan0
		address add fd00:10::1/64 dev lan0 nodad
		route add 10.0.1.0/29 via $server4
	END
	gateway_addresses primary
	gateway_addresses backup
}

# cut UPLINK: the ISP swallows everything, silently, while link and router look healthy.
# cut UPLINK unreachable: it says so, by ICMP; link and router look healthy.
# cut UPLINK carrier: the cable is out, and the ISP's router says so to the outside.
cut() {
	case ${2:-blackhole} in
	blackhole) ns "${isp[$1]}" nft add element inet isp cut '{ net, cust }' ;;
	unreachable) ns "${isp[$1]}" nft add element inet isp rejected '{ net, cust }' ;;
	carrier) ip -n "$lab_id-${isp[$1]}" link set cust down ;;
	esac
}

mend() {
	ns "${isp[$1]}" nft flush set inet isp cut
	ns "${isp[$1]}" nft flush set inet isp rejected
	ip -n "$lab_id-${isp[$1]}" link set cust up
	isp_routes "$1"
}

isp_counter() {
	ns "${isp[$1]}" nft -j list counter inet isp "$2" | jq '.nftables[1].counter.packets'
}

# Packets that left by the wrong uplink since lab_up, both families and both ISPs.
leaks() {
	echo $(($(isp_counter primary leak) + $(isp_counter backup leak)))
}

# no_leaks: else says what left where.
no_leaks() {
	local uplink
	[ "$(leaks)" != 0 ] || return 0
	for uplink in primary backup; do
		echo "foreign packets at the ISP $uplink (source, destination, protocol, ports):"
		ns "${isp[$uplink]}" nft -j list table inet isp |
			jq -c '.nftables[].set | select(.name == "leaked4" or .name == "leaked6") |
				.elem // [] | .[] | (.elem.val // .).concat'
	done
	return 1
}

# replies_took COMMAND...: run it and print the interfaces by which packets for the client left.
replies_took() {
	local uplink before_primary before_backup
	before_primary=$(isp_counter primary replies)
	before_backup=$(isp_counter backup replies)
	"$@" >/dev/null || return 1
	for uplink in primary backup; do
		local before=before_$uplink
		if [ "$(isp_counter "$uplink" replies)" -gt "${!before}" ]; then
			echo "${interface[$uplink]}"
		fi
	done
}
