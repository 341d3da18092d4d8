# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The resolvers of the outside world: unbound, BIND, PowerDNS Recursor and Knot Resolver, each with a
# cold cache, the root of the lab, and the settings that it has by default.
#
# A lab has one of them, unbound, on a machine named res. A test may run another one there
# (resolver_restart KIND), or all four side by side on machines of their own (resolvers_up).

resolver_kinds=(unbound bind pdns kresd)
declare -A resolver_name=([unbound]=unbound [bind]=BIND [pdns]='PowerDNS Recursor' [kresd]='Knot Resolver')

# By machine: its addresses, and what runs there now.
declare -A resolver_address4=([res]=$resolver4)
declare -A resolver_address6=([res]=$resolver6)
declare -A resolver_running=()
declare -A resolver_pid=()

resolver_configure_unbound() {
	cat <<-END
		server:
		    chroot: ""
		    username: ""
		    directory: "$directory"
		    pidfile: "$directory/pid"
		    use-syslog: no
		    logfile: ""
		    num-threads: 1
		    interface: $address4
		    interface: $address6
		    access-control: 0.0.0.0/0 allow
		    access-control: ::/0 allow
		    module-config: "iterator"
		    root-hints: "$directory/root.hints"
		remote-control:
		    control-enable: no
	END
}

resolver_configure_bind() {
	cat <<-END
		options {
		    directory "$directory";
		    pid-file none;
		    lock-file none;
		    session-keyfile none;
		    listen-on { $address4; };
		    listen-on-v6 { $address6; };
		    allow-recursion { any; };
		    dnssec-validation no;
		};
		controls { };
		zone "." { type hint; file "root.hints"; };
	END
}

# By default it asks no private address and none of those for documentation: all that the lab has.
resolver_configure_pdns() {
	cat <<-END
		daemon=no
		disable-syslog=yes
		write-pid=no
		socket-dir=$directory
		local-address=$address4,$address6
		allow-from=0.0.0.0/0,::/0
		hint-file=$directory/root.hints
		dont-query=
		dnssec=off
		security-poll-suffix=
		threads=1
	END
}

# Hints have to come before «iterate», else the built-in root is used.
resolver_configure_kresd() {
	cat <<-END
		net.listen('$address4', 53, { kind = 'dns' })
		net.listen('$address6', 53, { kind = 'dns' })
		modules = { 'hints > iterate' }
		hints.root({ ['ns.hoster.com.'] = { '$hoster4', '$hoster6' } })
		trust_anchors.remove('.')
		cache.size = 10 * MB
	END
}

# Each in the foreground, so that its log is where the others are.
resolver_command() {
	case $1 in
	unbound) echo unbound -d -c "$directory/conf" ;;
	bind) echo named -g -n 1 -c "$directory/conf" ;;
	pdns) echo pdns_recursor --config-dir="$directory" ;;
	kresd) echo kresd -n -c "$directory/conf" "$directory" ;;
	esac
}

# resolver_start [KIND [MACHINE]]: a fresh one, default unbound on res, instead of what runs there.
resolver_start() {
	local kind=${1:-unbound} machine=${2:-res}
	local directory=$lab/$machine address4=${resolver_address4[$machine]}
	local address6=${resolver_address6[$machine]}
	[ -z "${resolver_running[$machine]:-}" ] || resolver_stop "$machine"
	mkdir -p "$directory"
	cat >"$directory/root.hints" <<-END
		. 3600000 NS ns.hoster.com.
		ns.hoster.com. 3600000 A $hoster4
		ns.hoster.com. 3600000 AAAA $hoster6
	END
	"resolver_configure_$kind" >"$directory/conf" || return 1
	# PowerDNS Recursor is told of the folder alone.
	ln -sf conf "$directory/recursor.conf"
	echo "nameserver $address4" >"$directory/resolv.conf"
	echo "hosts: dns" >"$directory/nsswitch.conf"
	# shellcheck disable=SC2046  # words
	spawn "$machine" $(resolver_command "$kind") >"$directory/log" 2>&1
	resolver_pid[$machine]=$!
	resolver_running[$machine]=$kind
}

# resolver_stop [MACHINE]: and with it all that it knew.
resolver_stop() {
	local machine=${1:-res}
	kill -9 "${resolver_pid[$machine]}"
	wait "${resolver_pid[$machine]}" 2>/dev/null || :
	resolver_running[$machine]=
	rm -rf "${lab:?}/$machine"
}

# resolver_restart [KIND [MACHINE]]: with a cold cache; default what runs there. A restart also empties
# the resolver's memory of what name server answered when.
resolver_restart() {
	local machine=${2:-res}
	resolver_start "${1:-${resolver_running[$machine]}}" "$machine" &&
		wait_for 5 resolver_answers "$machine"
}

# Answered from the parent zone alone, so that nothing is asked of the gateway yet.
resolver_answers() {
	ns cli kdig +short +timeout=1 +retry=0 "@${resolver_address4[${1:-res}]}" example.com SOA |
		grep -q ns.hoster.com
}

# resolvers_up: a machine for each of the four, named as its kind. Nothing runs there yet.
resolvers_up() {
	local kind number=21
	for kind in "${resolver_kinds[@]}"; do
		resolver_address4[$kind]=203.0.113.$number
		resolver_address6[$kind]=2001:db8:f::$number
		internet_machine_up "$kind" "${resolver_address4[$kind]}/24" "${resolver_address6[$kind]}/64" ||
			return 1
		number=$((number + 1))
	done
}

# resolvers_restart: all four, with cold caches.
resolvers_restart() {
	local kind
	for kind in "${resolver_kinds[@]}"; do
		resolver_start "$kind" "$kind" || return 1
	done
	for kind in "${resolver_kinds[@]}"; do
		wait_for 5 resolver_answers "$kind" || return 1
	done
}

# What runs a command with a machine's resolver in its resolv.conf. The mounts end with the command: ip
# netns exec has a mount namespace of its own.
# shellcheck disable=SC2016  # expanded by the inner shell
resolver_mounted='mount --bind "$0/resolv.conf" /etc/resolv.conf &&
	mount --bind "$0/nsswitch.conf" /etc/nsswitch.conf && exec "$@"'

# asking MACHINE COMMAND...: run it on the client, with that machine's resolver.
asking() {
	local machine=$1
	shift
	ns cli sh -c "$resolver_mounted" "$lab/$machine" "$@"
}

# spawn_asking MACHINE COMMAND...: the same in the background; $! is the command itself.
spawn_asking() {
	local machine=$1
	shift
	spawn cli sh -c "$resolver_mounted" "$lab/$machine" "$@"
}

# with_resolver COMMAND...: with the resolver of the lab.
with_resolver() {
	asking res "$@"
}
