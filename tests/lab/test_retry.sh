#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What failed is tried again soon, whatever happens meanwhile, and nobody is blamed for it.

. "$(dirname "$0")/lib.sh"
lab_up
require "both uplinks are published" data_plane_up

files_limit() {
	prlimit --pid "$daemon_pid" --nofile="$1:1024"
}
public_of() {
	ctl status --json | jq -r --arg id "$1" '.uplinks[] | select(.id == $id) | .public[]'
}

# Without descriptors the daemon cannot look at the kernel's settings.
files_limit 3
ip -n "$lab_id-gw" address del "${address4[backup]}/${length4[backup]}" dev wan1
expect "a look at the kernel that fails is logged" wait_for 2 \
	logged "failed to observe (Too many open files)"
ns gw nft add table inet foreign
pause 100
files_limit 1024
expect "an event of others does not call off the next try" wait_for 3 \
	same "${address6[backup]}" public_of backup
gateway_addresses backup
expect "the address is back" wait_for 3 by_each get_by

# Another program's route where ours belongs.
daemon_stop TERM
ip_batch gw <<-END
	route del default via ${router4[backup]} dev wan1 table 20102
	route add default via ${router4[backup]} dev wan1 table 20102 proto static
END
in_the_way="route default via ${router4[backup]} dev wan1 table 20102, failed to install (File exists)"
failed_twice() {
	[ "$(grep -cF "$in_the_way" "$lab/gw/multihomed.log")" -ge 2 ]
}
daemon_start
expect "a route that cannot be installed is tried again" wait_for 4 failed_twice
expect "a route that cannot be installed: logged as that" \
	logged "uplink 'backup', answered in part: its IPv4 forwards or reply path"
expect "a route that was never installed was removed by nobody" fails logged "removed by"
lab_end
