# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A gateway that has booted: systemd and what «make install» has installed, over the host's files, of which
# it has a copy that is gone with it. For what the unit's sandbox permits is seen in no other way.

booted_pid=
cgroups=
installed=

# What runs in namespaces of its own, and becomes systemd. It sees the kernel's settings, but changes
# those of its network alone; it has no devices, and the clock and modules are not its business.
booting() {
	set -e
	local root=$1 install=$2 name
	mount -t tmpfs -o mode=755 tmpfs "$root"
	mkdir "$root/upper" "$root/work" "$root/system"
	mount -t overlay -o "lowerdir=/,upperdir=$root/upper,workdir=$root/work" overlay "$root/system"
	root=$root/system
	# Nothing that the host starts, or remembers of its own.
	rm -rf "$root"/etc/systemd/system/* "$root"/etc/rc?.d "$root/etc/fstab" "$root/var/log/journal" \
		"$root/etc/multihome" "$root/var/lib/multihome" "$root"/var/lib/knot/*
	make -s -C "$install" install DESTDIR="$root" >"$lab/install.log" 2>&1
	mount -t proc proc "$root/proc"
	mount --bind "$root/proc/sys" "$root/proc/sys"
	mount --bind "$root/proc/sys/net" "$root/proc/sys/net"
	mount -o remount,bind,ro "$root/proc/sys"
	mount -t sysfs -o ro sysfs "$root/sys"
	mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
	mount -t tmpfs -o mode=755 tmpfs "$root/dev"
	for name in null zero full random urandom tty; do
		: >"$root/dev/$name"
		mount --bind "/dev/$name" "$root/dev/$name"
	done
	: >"$root/dev/console"
	mount --bind "$lab/gw/console.log" "$root/dev/console"
	ln -s /proc/self/fd "$root/dev/fd"
	ln -s pts/ptmx "$root/dev/ptmx"
	mkdir "$root/dev/pts" "$root/dev/shm"
	mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
	mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
	mount -t tmpfs -o mode=755 tmpfs "$root/run"
	mkdir "$root/run/host"
	cd "$root"
	pivot_root . run/host
	umount -l /run/host
	hostname gateway
	exec env -i container=lab PATH=/usr/sbin:/usr/bin:/sbin:/bin setpriv \
		--bounding-set -sys_module,-sys_time,-sys_rawio,-sys_boot,-mknod,-audit_control,-syslog \
		/lib/systemd/systemd --log-target=console
}

# booted COMMAND...: in the system that has booted.
booted() {
	nsenter -t "$booted_pid" -m -u -i -n -p -C -r -w env -i LC_ALL=C \
		PATH="$installed/sbin:$installed/bin:/usr/sbin:/usr/bin:/sbin:/bin" "$@"
}

booted_is_up() {
	booted systemctl is-system-running | grep -qE '^(running|degraded)$'
}

# What system_boot needs beyond the lab.
system_permitted() {
	cgroups=$(findmnt -n -t cgroup2 -o TARGET | head -n 1)
	[ -x /lib/systemd/systemd ] || skip "needs systemd"
	[ -n "$cgroups" ] && mkdir "$cgroups/$lab_id" 2>/dev/null || skip "needs a folder in cgroup2"
	rmdir "$cgroups/$lab_id"
	unshare --mount sh -c "mount -t tmpfs none /mnt && mkdir /mnt/u /mnt/w /mnt/r &&
		mount -t overlay -o lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w none /mnt/r" 2>/dev/null ||
		skip "needs overlayfs"
}

# system_boot: the gateway of the lab, with what the build directory installs. Follows lab_up.
system_boot() {
	installed=$(sed -n 's/^prefix = //p' "$build/Makefile")
	# shellcheck disable=SC2034,SC2016  # for tests; as make writes it
	settings=$(sed -n 's/^sysconfdir = //p' "$build/Makefile" | sed "s|\${prefix}|$installed|")
	trap 'lab_down; system_down' EXIT
	mkdir "$lab/root" "$cgroups/$lab_id"
	export -f booting
	export lab
	# In the namespace, /sys is another one.
	spawn gw bash -c "echo \$\$ >&3 && exec 3>&- unshare --mount --pid --fork --kill-child --cgroup \
		--uts --ipc bash -c 'booting $lab/root $build'" \
		3>"$cgroups/$lab_id/cgroup.procs" >"$lab/gw/console.log" 2>&1 </dev/null
	unshare_pid=$!
	wait_for 60 is_systemd && wait_for 30 booted_is_up
}

is_systemd() {
	booted_pid=$(pgrep -P "$unshare_pid" -x systemd)
}

# What its processes have made in cgroup2 is left, and can be removed when the last one is reaped.
system_down() {
	wait_for 10 cgroup_removed
}

cgroup_removed() {
	find "$cgroups/$lab_id" -depth -type d -exec rmdir {} \;
	[ ! -e "$cgroups/$lab_id" ]
}

# The gateway's site is the installed one.
ctl() {
	booted multihomectl "$@"
}
