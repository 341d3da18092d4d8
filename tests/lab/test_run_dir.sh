#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The run-dir is full, often because it is on the tmpfs that logs are written to as well, or emptied.

. "$(dirname "$0")/lib.sh"
lab_up
trap 'umount -l "$lab/gw/run"; lab_down' EXIT
mkdir "$lab/gw/run"
mount -t tmpfs -o size=32m,mode=755 none "$lab/gw/run"
require "both uplinks are published" data_plane_up
fill() {
	head -c 40M /dev/zero >"$lab/gw/run/fill" 2>/dev/null
	[ "$(stat -f -c %a "$lab/gw/run")" = 0 ]
}
expect "the run-dir is full" fill

for _ in 1 2 3; do
	cut backup carrier
	expect "a dead uplink is withdrawn all the same" wait_for 2 uplink_withdrawn backup
	mend backup
	gateway_addresses backup
	expect "its return is published all the same" wait_for 2 by_each uplink_answered
done
rm "$lab/gw/run/fill"

# From a large site to a small one: more has to be withdrawn than there is room for.
sed '/^host:/,$d' "$(site_file_path)" >"$lab/large.conf"
{
	echo 'host:'
	for number in $(seq 4000); do
		printf -- '  - domain: h%u.example.com\n    server: web\n    port: [tcp/%u]\n' \
			"$number" "$((20000 + number))"
	done
} >>"$lab/large.conf"
cp "$(site_file_path)" "$lab/small.conf"
cp "$lab/large.conf" "$(site_file_path)"
forwarded() {
	ns gw nft list map inet multihome single4_1 | grep -q "tcp . $1 :"
}
expect "a large site" ctl reload
expect "a large site is forwarded" forwarded 20001
expect "the run-dir is full again" fill
cp "$lab/small.conf" "$(site_file_path)"
expect "what cannot be withdrawn: the new site is refused" fails ctl reload
expect "what cannot be withdrawn: logged" logged "could not be installed: the old plan stays"
expect "what cannot be withdrawn is forwarded as before" forwarded 20001
rm "$lab/gw/run/fill"
expect "with room again the new site is loaded" ctl reload
expect "with room again its forwards are installed" by_each get_by
expect "with room again the old ones are gone" fails forwarded 20001

# Whoever cleans up under a running daemon.
rm -r "$lab/gw/run/table"
cut backup carrier
expect "a table that was deleted: the next change makes it anew" wait_for 2 \
	test -s "$lab/gw/run/table/data.mdb"
expect "a table that was deleted: readable by knotd" \
	same "640 knot" stat -c '%a %G' "$lab/gw/run/table/data.mdb"
rm -r "$lab/gw/run/table"
expect "a table that was deleted: the next heartbeat makes it anew" wait_for 12 \
	test -s "$lab/gw/run/table/data.mdb"
lab_end
