#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# One system call of a pass fails, or is the daemon's last, for each call of a pass: nothing is answered
# that does not serve, and it converges, by itself or after its next start.
#
#   slow_faults.sh [--all] [--seed NUMBER]      default: as many as fit into 150 s, drawn with seed 1

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/living.sh"
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
require "it serves" wait_for 10 answered "$old"

# traced OPTION...: strace looks over the running daemon's shoulder until traced_end.
traced() {
	strace -o "$lab/trace" -p "$daemon_pid" "$@" 2>"$lab/strace.log" &
	strace_pid=$!
	wait_for 3 is_traced
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
	"${before[$1]}" && wait_for 5 answered "${target[${before[$1]}]}" || return 1
	pause 100
	traced || return 1
	"$1"
	wait_for 5 answered "${target[$1]}"
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
	for change in to_new to_old; do
		calls_of $change | awk -v change=$change '
			BEGIN {
				error["sendto"] = error["recvmsg"] = error["sendmsg"] = "error=ENOBUFS"
				error["openat"] = error["socket"] = "error=EMFILE"
				error["pwrite64"] = error["write"] = error["ftruncate"] = "error=ENOSPC"
				error["mmap"] = "error=ENOMEM"
				error["brk"] = "retval=0"
			}
			$1 in error { print change, $1, ++count[$1], error[$1] }'
	done
	for change in to_one to_both; do
		calls_of $change | awk -v change=$change '{ print change, "all", NR, "signal=KILL" }'
	done
	# The daemon's start, by which it adopts what is there: the loader's calls are but its first ones.
	daemon_stop KILL
	start_traced
	wait_for 5 daemon_answers
	stop_traced
	awk '{ print "start all", NR, "signal=KILL" }' "$lab/trace"
}
faults >"$lab/faults" 2>"$lab/faults.log"
daemon_start
all=$(wc -l <"$lab/faults")
for change in to_old to_new to_one to_both start; do
	expect "$change: its calls are known" grep -q "^$change " "$lab/faults"
done

is_dead() {
	! kill -0 "$daemon_pid" 2>/dev/null
}
# A change during which one call fails: the daemon lives and gets there.
fault_error() {
	"${before[$1]}" && wait_for 6 answered "${target[${before[$1]}]}" || return 1
	# The observer shall see that it serves.
	pause 100
	traced -e "trace=$2" -e "inject=$2:$4:when=$3" || return 1
	"$1"
	wait_for 8 answered "${target[$1]}"
	local status=$?
	traced_end
	pause 100
	[ $status = 0 ] && ! is_dead && return
	# The next fault finds a daemon again.
	! is_dead || daemon_start
	return 1
}
# A change in the midst of which it dies: the next start gets there.
fault_kill() {
	"${before[$1]}" && wait_for 6 answered "${target[${before[$1]}]}" || return 1
	traced -e "inject=$2:$4:when=$3" || return 1
	"$1"
	wait_for 1 is_dead
	traced_end
	if is_dead; then
		wait "$daemon_pid" 2>/dev/null
		daemon_start
	fi
	wait_for 8 answered "${target[$1]}"
}
fault_start() {
	daemon_stop KILL
	start_traced -e "inject=$2:$4:when=$3"
	wait_for 1 strace_ended || stop_traced
	wait $strace_pid 2>/dev/null
	daemon_start
	wait_for 5 daemon_answers && wait_for 8 answered "$old"
}

observed=("primary=${address4[primary]}" "old=$old" "new=$new")
# A traced daemon is some ten times as slow.
observer_start -b 500
began=$(now_ms)
until=$(($(now_ms) + seconds * 1000))
done_count=0
failed_count=0
to_both
to_old
require "it serves again" wait_for 8 answered "$old"
while read -r change call number what; do
	[ "$(now_ms)" -lt $until ] || break
	case $change/$what in
	start/*) kind=fault_start ;;
	*/signal=*) kind=fault_kill ;;
	*) kind=fault_error ;;
	esac
	# What was left from the kind before.
	if [ "$kind" != fault_error ] && ! own_address backup "$old"; then
		to_old
		wait_for 6 answered "$old"
	elif [ "$kind" != fault_kill ] && cmp -s "$lab/one.conf" "$(site_file_path)"; then
		to_both
		wait_for 6 answered "${target[to_both]}"
		pause 100
	fi
	done_count=$((done_count + 1))
	# For who looks for the cause of a violation.
	echo "$(($(now_ms) - began)) ms: $change, $call number $number, $what" >>"$lab/done.log"
	if ! $kind "$change" "$call" "$number" "$what"; then
		failed_count=$((failed_count + 1))
		[ $failed_count -gt 9 ] || echo "# $change, $call number $number, $what: does not get there"
	fi
done < <(awk -v seed="$seed" 'BEGIN { srand(seed) } { print rand(), $0 }' "$lab/faults" | sort -n |
	sed 's/^[^ ]* //')
echo "# $done_count of $all calls, seed $seed"
expect "after each fault it gets there" same 0 echo $failed_count
pause 500
expect "no address was answered that did not serve" observer_stop
sed 's/^/# /' "$lab/observer.log"
[ -z "${FAULTS_LOG:-}" ] || cp "$lab/done.log" "$FAULTS_LOG"
lab_end
