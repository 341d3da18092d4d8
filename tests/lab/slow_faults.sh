#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# One system call of a pass fails, or is the daemon's last, for each call of a pass: nothing is answered
# that does not serve, and it converges, by itself or after its next start.
#
#   slow_faults.sh [--all] [--seed NUMBER]      default: as many as fit into 150 s, drawn with seed 1
#
# A machine may be slow and strace makes the daemon slower still, so a fault after which it seems to
# hang is tried once more: what is the daemon's doing happens again.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/living.sh"
# Many faults have no effect, and that is waited for.
slack=1
seconds=${FAULTS_SECONDS:-150}
seed=${FAULTS_SEED:-1}
while [ $# -gt 0 ]; do
	case $1 in
	--all) seconds=86400 ;;
	--seed) seed=$2 && shift ;;
	*)
		echo "usage: slow_faults.sh [--all] [--seed NUMBER]" >&2
		exit 2
		;;
	esac
	shift
done
old=${address4[backup]} new=${new_address4[backup]}
# Each name server answers the address that changes, while it is ready.
answer_policy=preferred

command -v strace >/dev/null || skip "needs strace"
lab_up
# Both routers are there all the time; only the gateway's address changes.
ip -n "$lab_id-isp2" address add "${new_router4[backup]}/27" dev cust

site_file
sed -i 's/^    policy: .*/&\n    uplink: [backup, primary]/' "$(site_file_path)"
living backup
cp "$(site_file_path)" "$lab/both.conf"
sed 's/uplink: \[backup, primary\]/uplink: [primary]/' "$lab/both.conf" >"$lab/one.conf"
# to_address ADDRESS ROUTER: the provider renumbers, at once.
to_address() {
	ip_batch gw <<-END
		address flush dev wan1 scope global
		address add $1/27 dev wan1
		route replace default via $2 dev wan1 metric 9
	END
}
to_old() { to_address "$old" "${router4[backup]}"; }
to_new() { to_address "$new" "${new_router4[backup]}"; }
to_site() {
	cp "$lab/$1.conf" "$(site_file_path)"
	kill -HUP "$daemon_pid"
}
to_one() { to_site one; }
to_both() { to_site both; }

# What a change leads to: all name servers answer it, and it serves.
answered() {
	[ "$(asked_by "${address4[primary]}")" = "$1" ] && page_by "$1"
}
declare -A target=([to_old]=$old [to_new]=$new [to_one]=${address4[primary]} [to_both]=$old)
# The change back, from which the next one starts.
declare -A before=([to_old]=to_new [to_new]=to_old [to_one]=to_both [to_both]=to_one)

to_old
daemon_start
require "both uplinks are published" wait_for 10 by_each uplink_answered
knotd_start
require "it serves" wait_for 20 answered "$old"

# traced OPTION...: strace looks over the running daemon's shoulder until traced_end.
traced() {
	strace -o "$lab/trace" -p "$daemon_pid" "$@" 2>"$lab/strace.log" &
	strace_pid=$!
	wait_for 10 is_traced
}
is_traced() {
	! grep -q '^TracerPid:[[:space:]]0$' "/proc/$daemon_pid/status"
}
traced_end() {
	kill $strace_pid 2>/dev/null
	wait $strace_pid 2>/dev/null
}

# calls_of CHANGE: the names of the system calls that it makes the daemon do.
calls_of() {
	"${before[$1]}" && wait_for 10 answered "${target[${before[$1]}]}" || return 1
	pause 100
	traced || return 1
	"$1"
	wait_for 10 answered "${target[$1]}"
	pause 100
	traced_end
	sed -n 's/^\([a-z_0-9]*\)(.*/\1/p' "$lab/trace"
}

# start_traced OPTION...: the daemon with strace around it.
start_traced() {
	spawn gw strace -o "$lab/trace" "$@" "$build/src/multihomed" -c "$(site_file_path)" \
		>>"$lab/gw/multihomed.log" 2>&1
	strace_pid=$!
}
stop_traced() {
	pkill -KILL -P $strace_pid
	wait $strace_pid 2>/dev/null
}
strace_ended() {
	! kill -0 $strace_pid 2>/dev/null
}

# Each line is a fault: a change, a system call or «all», its number, what happens to it. The kernel's brk
# has no error codes: it fails by returning another address than the wanted one, see brk(2).
faults() {
	local change
	for change in to_new to_old to_one to_both; do
		calls_of $change >"$lab/calls.$change"
		awk -v change=$change '{ print change, "all", NR, "signal=KILL" }' "$lab/calls.$change"
	done
	for change in to_new to_old; do
		awk -v change=$change '
			BEGIN {
				error["sendto"] = error["recvmsg"] = error["sendmsg"] = "error=ENOBUFS"
				error["openat"] = error["socket"] = "error=EMFILE"
				error["pwrite64"] = error["write"] = error["ftruncate"] = "error=ENOSPC"
				error["mmap"] = "error=ENOMEM"
				error["brk"] = "retval=0"
			}
			$1 in error { print change, $1, ++count[$1], error[$1] }' "$lab/calls.$change"
	done
	# The daemon's start, by which it adopts what is there: the loader's calls are but its first ones.
	daemon_stop KILL
	start_traced
	wait_for 10 daemon_answers
	stop_traced
	awk '{ print "start all", NR, "signal=KILL" }' "$lab/trace"
}
faults >"$lab/faults" 2>"$lab/faults.log"
all=$(wc -l <"$lab/faults")
for change in to_old to_new to_one to_both start; do
	expect "$change: its calls are known" grep -q "^$change " "$lab/faults"
done

is_dead() {
	! kill -0 "$daemon_pid" 2>/dev/null
}
# A daemon that has just been started would be ended by SIGHUP: nothing else happens before it answers.
daemon_again() {
	wait "$daemon_pid" 2>/dev/null
	daemon_start
	wait_for 10 daemon_answers
}
# before_change CHANGE: the state from which it starts. That it serves is seen here: an observer without
# the processor would miss it and take the outage before for a part of the next one.
before_change() {
	local change=${before[$1]}
	"$change" && wait_for 10 answered "${target[$change]}" || return 1
	case ${target[$change]} in
	"$old") uplink_is old up ;;
	"$new") uplink_is new up ;;
	esac
}
# A change during which one call fails: the daemon lives and gets there.
fault_error() {
	before_change "$1" && traced -e "trace=$2" -e "inject=$2:$4:when=$3" || return 1
	"$1"
	wait_for 8 answered "${target[$1]}"
	local status=$?
	traced_end
	[ $status = 0 ] && ! is_dead
}
# A change in the midst of which it dies: the next start gets there. A renumbering that no daemon sees
# leaves the old answers.
fault_kill() {
	local uplink
	before_change "$1" && traced -e "inject=$2:$4:when=$3" || return 1
	for uplink in old new; do
		uplink_is $uplink down
	done
	"$1"
	wait_for 1 is_dead
	traced_end
	! is_dead || daemon_again
	local status=$?
	for uplink in old new; do
		uplink_is $uplink up
	done
	[ $status = 0 ] && wait_for 8 answered "${target[$1]}"
}
started_or_ended() {
	strace_ended || daemon_answers
}
fault_start() {
	daemon_stop KILL
	start_traced -e "inject=$2:$4:when=$3"
	wait_for 10 started_or_ended
	strace_ended || stop_traced
	wait $strace_pid 2>/dev/null
	daemon_again && wait_for 8 answered "$old"
}

# fault CHANGE CALL NUMBER WHAT: from wherever the last one has led to.
fault() {
	local kind=fault_error
	! is_dead || daemon_again || return 1
	case $1/$4 in
	start/*) kind=fault_start ;;
	*/signal=*) kind=fault_kill ;;
	esac
	case $1 in
	to_one | to_both) own_address backup "$old" || to_old ;;
	*) cmp -s "$lab/both.conf" "$(site_file_path)" || { to_both && wait_for 10 answered_at_all; } ;;
	esac
	[ "$1" != start ] || own_address backup "$old" || to_old
	$kind "$@"
}
# Whichever address of the backup it has just now.
answered_at_all() {
	answered "$old" || answered "$new"
}

observed=("primary=${address4[primary]}" "old=$old" "new=$new")
# A traced daemon is some ten times as slow. What is left to the pass that the clock asks for would take 10 s.
observer_start -b 2000
began=$(now_ms)
done_count=0
failed_count=0
daemon_again
to_both
to_old
require "it serves again" wait_for 10 answered "$old"

# A client that cannot be accepted: it waits, and the daemon does not ask for it without rest.
for error in ENOMEM EMFILE ENOBUFS; do
	traced -e trace=accept4 -e "inject=accept4:error=$error:when=1..5"
	expect "accept fails ($error): the client is answered later" ctl status
	traced_end
	expect "accept fails ($error): it was tried six times" same 6 grep -c '^accept4' "$lab/trace"
done

while read -r change call number what; do
	[ "$SECONDS" -lt "$seconds" ] || break
	done_count=$((done_count + 1))
	# For who looks for the cause of a violation.
	echo "$(($(now_ms) - began)) ms: $change, call $number $call, $what" >>"$lab/done.log"
	if ! fault "$change" "$call" "$number" "$what"; then
		echo "# $change, call $number $call, $what: seems to hang, once more"
		fault "$change" "$call" "$number" "$what" || failed_count=$((failed_count + 1))
	fi
	[ $failed_count -lt 5 ] || break
done < <(awk -v seed="$seed" 'BEGIN { srand(seed) } { print rand(), $0 }' "$lab/faults" | sort -n |
	sed 's/^[^ ]* //')
echo "# $done_count of $all calls, seed $seed"
expect "after each fault it gets there" same 0 echo $failed_count
pause 500
expect "no address was answered that did not serve" observer_stop
sed 's/^/# /' "$lab/observer.log"
[ -z "${FAULTS_LOG:-}" ] || cp "$lab/done.log" "$FAULTS_LOG"
lab_end
