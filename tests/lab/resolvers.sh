# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The resolvers of the outside world: unbound, BIND, PowerDNS Recursor and Knot Resolver, each with a
# cold cache, the root of the lab, and the settings that it has by default.
#
# A lab has one of them, unbound, on a machine named res. A test may run another one there
# (resolver_restart KIND), or all four side by side on machines of their own (resolvers_up).

# Where a test puts a key here they validate (resolver_trusts).
trusted_zone=
trusted_key=   # as in a DNSKEY record
trusted_ds=    # as in a DS record

resolver_kinds=(unbound bind pdns kresd)
declare -A resolver_name=([unbound]=unbound [bind]=BIND [pdns]='PowerDNS Recursor' [kresd]='Knot Resolver')

# What they run under, such as faketime.
resolver_under=()

# By machine: its addresses, and what runs there now.
declare -A resolver_address4=([res]=$resolver4)
declare -A resolver_address6=([res]=$resolver6)
declare -A resolver_running=()

resolver_configure_unbound() {
	local module='' anchor=''
	if [ -n "$trusted_zone" ]; then
		module='validator '
		anchor="trust-anchor: \"$trusted_zone. DNSKEY $trusted_key\""
		anchor+=' aggressive-nsec: yes harden-algo-downgrade: yes val-log-level: 2'
	fi
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
		    module-config: "${module}iterator"
		    $anchor
		    unblock-lan-zones: yes
		    root-hints: "$directory/root.hints"
		remote-control:
		    control-enable: no
	END
}

resolver_configure_bind() {
	local validation=no anchor=''
	if [ -n "$trusted_zone" ]; then
		validation=yes
		# The last of its words is the key, in quotes.
		anchor="trust-anchors { $trusted_zone. static-key ${trusted_key% *} \"${trusted_key##* }\"; };"
	fi
	cat <<-END
		options {
		    directory "$directory";
		    pid-file none;
		    lock-file none;
		    session-keyfile none;
		    listen-on { $address4; };
		    listen-on-v6 { $address6; };
		    allow-recursion { any; };
		    dnssec-validation $validation;
		};
		$anchor
		controls { };
		zone "." { type hint; file "root.hints"; };
	END
}

# By default it asks no private address and none of those for documentation: all that the lab has.
resolver_configure_pdns() {
	local validation=off anchor=''
	if [ -n "$trusted_zone" ]; then
		validation=validate
		anchor="lua-config-file=$directory/anchors.lua"
		echo "clearTA('.') addTA('$trusted_zone', '$trusted_ds')" >"$directory/anchors.lua"
	fi
	cat <<-END
		daemon=no
		disable-syslog=yes
		write-pid=no
		socket-dir=$directory
		local-address=$address4,$address6
		allow-from=0.0.0.0/0,::/0
		hint-file=$directory/root.hints
		dont-query=
		dnssec=$validation
		$anchor
		dnssec-log-bogus=yes
		security-poll-suffix=
		threads=1
	END
}

# Hints have to come before «iterate», else the built-in root is used.
resolver_configure_kresd() {
	local anchor=
	[ -z "$trusted_zone" ] ||
		anchor="trust_anchors.add('$trusted_zone. DNSKEY $trusted_key') modules.load('bogus_log')"
	cat <<-END
		net.listen('$address4', 53, { kind = 'dns' })
		net.listen('$address6', 53, { kind = 'dns' })
		modules = { 'hints > iterate' }
		hints.root({ ['ns.hoster.com.'] = { '$hoster4', '$hoster6' } })
		trust_anchors.remove('.')
		$anchor
		cache.size = 10 * MB
	END
}

# resolver_program NAME: a copy of it. Debian's AppArmor profiles for unbound and BIND go by the program's
# path, and let it read no files but the system's own.
resolver_program() {
	cp "$(command -v "$1")" "$directory/$1" && echo "$directory/$1"
}

# Each in the foreground, so that its log is where the others are.
resolver_command() {
	case $1 in
	unbound) echo "$(resolver_program unbound)" -d -c "$directory/conf" ;;
	bind) echo "$(resolver_program named)" -g -n 1 -c "$directory/conf" ;;
	pdns) echo pdns_recursor --config-dir="$directory" ;;
	kresd) echo kresd -n -c "$directory/conf" "$directory" ;;
	esac
}

# resolver_start [KIND [MACHINE]]: a fresh one, default unbound on res, instead of what runs there.
resolver_start() {
	local kind=${1:-unbound} machine=${2:-res}
	local directory=$lab/$machine address4=${resolver_address4[$machine]}
	local address6=${resolver_address6[$machine]}
	resolver_stop "$machine" || return 1
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
	spawn "$machine" "${resolver_under[@]}" $(resolver_command "$kind") >"$directory/log" 2>&1
	# No job of the shell, which else tells when it is killed.
	disown $!
	resolver_running[$machine]=$kind
}

namespace_is_idle() {
	[ -z "$(ip netns pids "$lab_id-$1")" ]
}

# resolver_stop [MACHINE]: and with it all that it knew; whoever started it, perhaps a subshell.
resolver_stop() {
	local machine=${1:-res}
	kill_namespace "$machine"
	# Some of them share their port with one that is still there (SO_REUSEPORT).
	wait_for 2 namespace_is_idle "$machine" || return 1
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

# What a resolver says in its log of an answer that does not validate; it may get a better one elsewhere.
declare -A resolver_bogus=([unbound]='validation failure' [bind]='no valid signature found|broken trust chain|no valid DS'
	[pdns]='validates as bogus' [kresd]='validation failure')

# resolvers_bogus: a line of each that has logged such a thing since it was started.
resolvers_bogus() {
	local kind
	for kind in "${resolver_kinds[@]}"; do
		grep -E -i -m 1 "${resolver_bogus[$kind]}" "$lab/$kind/log" | sed "s/^/$kind: /"
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

# visit MACHINE once|retry|steadily SECONDS [SINCE]: see visitor.
visit() {
	local machine=$1
	shift
	asking "$machine" bash "$lab_source/visitor" "$@"
}

# visit_since MODE SECONDS SINCE MACHINE: the same for resolvers_do.
visit_since() {
	visit "$4" "$1" "$2" "$3"
}

# resolvers_do COMMAND...: with each kind as its last argument, all at the same time. Their output is
# then in $lab/KIND.out; 1 if any of them failed.
resolvers_do() {
	local kind pid pids=() status=0
	for kind in "${resolver_kinds[@]}"; do
		"$@" "$kind" >"$lab/$kind.out" 2>&1 &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || status=1
	done
	return $status
}

# Each ISP notes which resolvers ask its customer.
askers_watch() {
	local uplink
	for uplink in primary backup; do
		ns "${isp[$uplink]}" nft -f - <<-END
			table inet askers {
				set askers4 { type ipv4_addr; flags dynamic; size 64; }
				set askers6 { type ipv6_addr; flags dynamic; size 64; }
				chain prerouting {
					type filter hook prerouting priority raw; policy accept;
					ip daddr ${address4[$uplink]} udp dport 53 add @askers4 { ip saddr }
					ip6 daddr ${address6[$uplink]} udp dport 53 add @askers6 { ip6 saddr }
				}
			}
		END
	done
}

askers_forget() {
	ns "${isp[$1]}" nft 'flush set inet askers askers4; flush set inet askers askers6'
}

# asked UPLINK MACHINE: its resolver did, or tried to.
asked() {
	ns "${isp[$1]}" nft get element inet askers askers4 "{ ${resolver_address4[$2]} }" 2>/dev/null ||
		ns "${isp[$1]}" nft get element inet askers askers6 "{ ${resolver_address6[$2]} }" 2>/dev/null
}

# resolvers_learn UPLINK: all four have this uplink's address in their cold caches, and no name server has
# ever failed them.
resolvers_learn() {
	local other=backup
	[ "$1" = primary ] || other=primary
	ctl drain "$other" >/dev/null &&
		resolvers_restart &&
		resolvers_do visit_since once 10 "" &&
		ctl undrain "$other" >/dev/null
}
