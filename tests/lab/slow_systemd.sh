#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A gateway that has booted, set up as README says: the unit starts, its sandbox permits what the daemon and its
# hooks and probes do, and systemd brings back what ends or hangs.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/systemd.sh"
system_permitted
lab_up
require "a system boots on the gateway" system_boot
expect "the daemon's user is made" booted systemd-sysusers
require "it is there" booted getent passwd multihome

hooks=/var/lib/multihome/hooks
site_lines=("notify: exec $installed/bin/mh-hook" "on-change: exec /bin/true")
primary_lines=("probe: [icmp ${router4[primary]}, dns $hoster4 example.com, exec $installed/bin/mh-probe]")
site_file
sed -i -e '/^    run-dir: /d' -e '/^    state-dir: /d' "$(site_file_path)"
# into FILE [MODE]: standard input, in the system.
into() {
	booted install -D -m "${2:-644}" /dev/stdin "$1"
}
into "$installed/bin/mh-hook" 755 <<-END
	#!/bin/sh
	cat >>$hooks
END
into "$installed/bin/mh-probe" 755 <<-END
	#!/bin/sh
	exec kdig +short @$hoster4 example.com SOA
END
into "$settings/multihome/multihome.conf" <"$(site_file_path)"
expect "--check finds the site good" booted multihomed --check
unit_starts() {
	booted systemctl enable --now multihomed || {
		booted systemctl status --no-pager multihomed
		return 1
	}
}
require "the unit starts" unit_starts
require "both uplinks are published" wait_for 10 by_each uplink_answered

into /etc/knot/multihome.conf <<<""
expect "knot-conf writes zones and configuration" \
	ctl knot-conf --zones /var/lib/knot -o /etc/knot/multihome.conf
booted sh -c 'echo "include: /etc/knot/multihome.conf" >>/etc/knot/knot.conf'
expect "knotd finds its configuration good" booted knotc conf-check
expect "knotd starts" booted systemctl start knot
require "both uplinks serve" wait_for 10 by_each uplink_serves

journal() {
	booted journalctl -q -u multihomed -o json "$@"
}
expect "the journal has the fields of a change" eval \
	'journal | jq -se "any(.[]; .MULTIHOME_EVENT == \"uplink-answered\" and .MULTIHOME_UPLINK == \"backup\")"'
probes_good() {
	ctl status --json | jq -e '.uplinks[0].probes | length == 3 and all(.state == "good")'
}
expect "the sandbox permits probes of each kind" wait_for 20 probes_good
cut backup carrier
expect "a cable that is out is withdrawn" wait_for 5 uplink_withdrawn backup
mend backup
expect "and published again" wait_for 10 by_each uplink_serves
expect "the sandbox permits hooks" wait_for 5 booted grep -q '"event":"uplink-withdrawn"' $hooks
check_reads() {
	ctl check gateway --json | jq -e 'any(.[]; .subject == "daemon" and .level == "good")'
}
expect "check gateway reaches the daemon" check_reads

main_pid() {
	booted systemctl show -p MainPID --value multihomed
}
before=$(main_pid)
sed -i 's|tcp/9000-9010|tcp/9000-9009|' "$(site_file_path)"
into "$settings/multihome/multihome.conf" <"$(site_file_path)"
expect "a reload is told of" booted systemctl reload multihomed
no_more() {
	! get_by backup 9010 && get_by backup 9009
}
expect "it changes the forwards" wait_for 5 no_more
expect "by the same process" same "$before" main_pid

ctl drain backup >/dev/null
observer_start
booted kill -9 "$before"
is_another() {
	[ "$(main_pid)" != "$1" ] && ctl status
}
expect "killed: systemd starts another" wait_for 10 is_another "$before"
is_drained() {
	ctl status --json | jq -e '.uplinks[1].state == "drained"'
}
expect "it keeps what is drained" wait_for 5 is_drained
ctl undrain backup >/dev/null
expect "undrained: both serve" wait_for 10 by_each uplink_serves
before=$(main_pid)
booted kill -STOP "$before"
expect "it hangs: what is installed serves" by_each get_by
expect "it hangs: systemd starts another" wait_for 60 is_another "$before"
expect "and it publishes both" wait_for 10 by_each uplink_answered
expect "knotd restarts" booted systemctl restart knot
expect "it serves again" wait_for 10 by_each uplink_serves
expect "no address was answered that did not serve" observer_stop
sed 's/^/# /' "$lab/observer.log"

failed_units() {
	booted systemctl --failed --plain --no-legend | grep -E 'multihome|knot'
}
expect "no unit has failed" same "" failed_units
killed_by_sandbox() {
	journal | jq -r .MESSAGE | grep -iE 'status=31/SYS|operation not permitted|read-only file system'
}
expect "the sandbox was in nobody's way" same "" killed_by_sandbox
expect "stopped" booted systemctl stop multihomed
expect "stopped: what is installed serves" by_each uplink_serves
lab_end
