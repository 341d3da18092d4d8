#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Nothing fits into the run-dir any more: often it is the tmpfs that logs are written to as well.

. "$(dirname "$0")/lib.sh"
lab_up
trap 'umount -l "$lab/gw/run"; lab_down' EXIT
mkdir "$lab/gw/run"
mount -t tmpfs -o size=1m,mode=755 none "$lab/gw/run"
require "both uplinks are published" data_plane_up
fill() {
	head -c 2M /dev/zero >"$lab/gw/run/fill" 2>/dev/null
	[ "$(stat -f -c %a "$lab/gw/run")" = 0 ]
}
expect "the run-dir is full" fill

# A site that is too large to be published, without the host of the old one.
cp "$(site_file_path)" "$lab/good.conf"
{
	sed '/^host:/,$d' "$lab/good.conf"
	echo 'host:'
	for number in $(seq 4000); do
		printf -- '  - domain: h%u.example.com\n    server: web\n    port: [tcp/%u]\n' \
			"$number" "$((20000 + number))"
	done
} >"$(site_file_path)"
expect "a site that cannot be published is refused" fails ctl reload
expect "a site that cannot be published is refused: logged" \
	logged "could not be installed: the old plan stays"
expect "a site that cannot be published leaves the old forwards" by_each get_by
rm "$lab/gw/run/fill"
mount -o remount,size=32m "$lab/gw/run"
expect "with room again the site is loaded" ctl reload
new_forward() {
	ns gw nft list map inet multihome single4_1 | grep -q 'tcp . 20001 :'
}
expect "with room again its forwards are installed" new_forward
lab_end
