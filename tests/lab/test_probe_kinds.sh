#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Each kind of probe, good and bad, for a daemon with two capabilities and DNS by ports.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/probes.sh"
site_lines=('dns-binding: port')
lab_up
cat >"$lab/good" <<END
#!/bin/sh
echo "\$1 \$MULTIHOME_UPLINK \$MULTIHOME_INTERFACE \$MULTIHOME_ADDRESS \$MULTIHOME_MARK" >"$lab/told.new"
mv "$lab/told.new" "$lab/told"
ls /proc/self/fd | wc -l >"$lab/descriptors"
END
cat >"$lab/hangs" <<END
#!/bin/sh
/bin/sleep 3600 &
wait
END
chmod 755 "$lab/good" "$lab/hangs"
chmod 777 "$lab"

backup_lines=("probe: [icmp $client4, \"icmp $client6\", tcp $hoster4:53, \"tcp [$hoster6]:53\", tcp $client4:9,
        \"tcp [$client6]:9\", dns $hoster4 example.com, \"dns $hoster6 example.com\", dns $hoster4 no.such.example.com,
        exec $lab/good x]" 'interval: 200ms')
require "both uplinks are published" data_plane_up unprivileged
states() {
	uplink_field backup ".probes[] | select(.state != \"$1\") | .probe + \" \" + .state + \" \" + (.fault // \"\")"
}
expect "an echo, a connection, a refused one, a reply, an NXDOMAIN, an exit status 0: all good" \
	wait_for 3 same "" states good
told() {
	same "x backup wan1 ${address4[backup]} 0x2000000" cat "$lab/told"
}
expect "a command is told what it needs" told
expect "it has standard input, output and error alone" wait_for 2 same 4 cat "$lab/descriptors"
measured() {
	same true uplink_field backup '[.probes[] |
		.rtt_ms > 0 and .rtt_min_1m_ms <= .rtt_avg_1m_ms and .rtt_avg_1m_ms <= .rtt_max_1m_ms and
		.rtt_max_15m_ms < 180] | all'
}
expect "round trips are measured" wait_for 2 measured
by_own_uplink() {
	[ "$(isp_counter primary replies)" = 0 ] && [ "$(isp_counter backup replies)" -gt 0 ]
}
expect "probes leave by their own uplink, the default route is the other's" by_own_uplink

# A reply that is another program's, and one whose data are not ours.
icmp_filter() {
	ns isp2 nft -f - <<-END
		table inet wrong {
			chain in {
				type filter hook prerouting priority mangle
				icmp type echo-reply $1
				icmpv6 type echo-reply ${1/icmp/icmpv6}
			}
		}
	END
}
for change in 'icmp id set 4711' 'icmp sequence set 4711' '@th,128,32 set 4711'; do
	icmp_filter "$change"
	expect "$change: ignored" wait_for 3 probe_state backup "icmp $client4" failing
	expect "$change: ignored, IPv6" wait_for 3 probe_state backup "icmp $client6" failing
	expect "the uplink is up by its other probes" uplink_state backup up
	ns isp2 nft delete table inet wrong
	expect "$change: no more" wait_for 3 probe_state backup "icmp $client4" good
done

# One family is dead.
answers_of() {
	ctl explain www.example.com --uplink "$1" --json | jq -r '.uplinks[0].answer[]'
}
ns isp2 nft insert rule inet isp forward meta nfproto ipv6 drop
expect "IPv6 alone is dead: withdrawn" wait_for 3 same "${address4[backup]}" answers_of backup
expect "IPv6 alone is dead: IPv4 is up" uplink_state backup up
expect "IPv6 alone is dead: a warning says so" \
	eval "ctl status --json | jq -e '.warnings[] | select(test(\"backup.*probe icmp $client6 fails\"))'"
ns isp2 nft delete rule inet isp forward handle \
	"$(ns isp2 nft -a list chain inet isp forward | sed -n 's/.*nfproto ipv6 drop # handle //p')"
expect "IPv6 is back" wait_for 4 same "${address4[backup]} ${address6[backup]}" answers_of backup

ns isp2 nft insert rule inet isp forward udp dport 53 drop
ns isp2 nft insert rule inet isp forward tcp dport 53 drop
for probe in "tcp $hoster4:53" "tcp [$hoster6]:53" "dns $hoster4 example.com" "dns $hoster6 example.com"; do
	expect "$probe: swallowed" wait_for 3 probe_state backup "$probe" failing
done

ns isp2 nft flush chain inet isp forward

# What cannot be good, and what does not end.
descriptors() {
	find "/proc/$daemon_pid/fd" -mindepth 1 | wc -l
}
backup_lines=("probe: [icmp 203.0.113.99, \"icmp 2001:db8:f::99\", tcp 203.0.113.99:80, dns $client4 example.com, dns 203.0.113.99 x.y,
        exec /bin/false, exec $lab/hangs, exec /no/such/file, icmp $client4, \"icmp $client6\"]" 'interval: 200ms')
site_file
expect "reload" ctl reload
failing() {
	states failing | sed 's/ good.*//'
}
expect "all others fail" wait_for 3 same "icmp $client4 icmp $client6" failing
faults() {
	uplink_field backup '.probes[] | select(.state == "failing") | .fault'
}
expect "each says why" same "no reply no reply Connection refused no reply exit status 1 did not end in time No such file or directory no reply" faults
pause 1000
sleepers() {
	local count=0 pid
	for pid in $(ip netns pids "$lab_id-gw"); do
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" = sleep ] && count=$((count + 1))
	done
	[ $count -le 1 ]
}
expect "commands that hang are ended with their children" sleepers
zombies() {
	ps -o stat= --ppid "$daemon_pid" | grep -c Z
}
expect "none is left as a zombie" wait_for 2 same 0 zombies
expect "no descriptor is left open" wait_for 2 eval '[ "$(descriptors)" -le 40 ]'
daemon_stop TERM
gone() {
	! ps -eo args | grep -F "$lab/hangs" | grep -v grep
}
expect "none outlives the daemon" wait_for 2 gone
lab_end
