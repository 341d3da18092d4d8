# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Mail in the lab: a server inside, real mail servers outside that send to it, and a receiver outside.
#
# postfix and OpenSMTPD exclude each other as Debian packages, and would take the place of the
# host's own mail server. So ./bootstrap check unpacks them in build/packages/, and each runs in a
# network namespace and a mount namespace of its own, with the unpacked files laid over /usr and
# /etc. Nothing of them is installed, started or listening on the host.

declare -A mail_address4=([postfix]=203.0.113.25 [opensmtpd]=203.0.113.26 [receiver]=203.0.113.27
	[dovecot]=203.0.113.28)
declare -A mail_address6=([postfix]=2001:db8:f::25 [opensmtpd]=2001:db8:f::26 [receiver]=2001:db8:f::27
	[dovecot]=2001:db8:f::28)
# What a sender waits for before it gives up an address, or a message up to the next try: «shipped»
# as it comes, with which a test is a measurement and takes an hour, or «short».
sender_timeouts=${SENDER_TIMEOUTS:-short}
patience=60
[ "$sender_timeouts" = short ] || patience=1800
# The mail server has port 25.
server_ports=80
packages=$(cd "$lab_source/../.." && pwd)/build/packages

# mail_machines ROLE...: those of the above that a test needs. Before lab_up; skips without programs.
mail_machines() {
	local role
	command -v swaks >/dev/null || skip "needs swaks"
	/usr/bin/python3 -c 'import aiosmtpd, spf' 2>/dev/null ||
		skip "needs python3-aiosmtpd and python3-spf"
	for role in "$@"; do
		[ "$role" = receiver ] || [ -d "$packages/$role" ] ||
			skip "needs $role, unpacked in build/packages/ by ./bootstrap check"
	done
	unshare -m mount -t overlay -o lowerdir=/usr/bin:/usr/sbin overlay /mnt 2>/dev/null ||
		skip "needs overlay mounts"
	mail_roles=("$@")
	namespaces+=("$@")
}

# mail_up: the machines' network, the mail server inside, and the records of the site in DNS, as
# multihomectl generates them. After lab_up.
mail_up() {
	local role
	for role in "${mail_roles[@]}"; do
		wire "$role" eth0 internet
		host_up "$role" "${mail_address4[$role]}/24" "${mail_address6[$role]}/64"
		routes_to_site "$role"
		mkdir -p "$lab/$role"
	done
	site_file && hoster_publish && mail_sink_start srv
}

# mail_sink_start ROLE [OPTION...]: what it accepts is in $lab/ROLE/accepted.
mail_sink_start() {
	local role=$1 directory=$lab/$1
	shift
	touch "$directory/accepted"
	spawn "$role" sh -c "$resolver_mounted" "$lab/res" "$lab_source/mail_sink" "$@" "$directory/accepted" >>"$directory/sink.log" 2>&1
	wait_for 10 mail_greets "$role" 127.0.0.1
}

# mail_greets ROLE ADDRESS: from that machine, a mail server answers there.
mail_greets() {
	ns "$1" swaks --server "$2" --timeout 2 --quit-after BANNER
}

# hoster_publish: once in a test, the site's records at the hoster become what «multihomectl zone parent» prints, and
# the PTR records of its comments those of the providers. The resolver forgets what it knew.
hoster_publish() {
	local directory=$lab/hoster soa='SOA ns.hoster.com. hostmaster.hoster.com. 2 3600 900 604800 300'
	local reverse
	ctl zone parent >"$directory/parent" || return 1
	{
		printf '%s\n' "example.com. 86400 $soa" 'example.com. 86400 NS ns.hoster.com.'
		cat "$directory/parent"
	} >"$directory/example.com.zone"
	for reverse in in-addr.arpa ip6.arpa; do
		{
			printf '%s\n' "$reverse. 86400 $soa" "$reverse. 86400 NS ns.hoster.com."
			sed -n "s/^;   \(.*\.$reverse\. .*IN PTR.*\)/\1/p" "$directory/parent"
		} >"$directory/$reverse.zone"
		echo "$reverse. 86400 NS ns.hoster.com." >>"$directory/root.zone"
		printf '  - domain: %s.\n    file: %s.zone\n' $reverse $reverse >>"$directory/knot.conf"
	done
	ns hoster knotc -c "$directory/knot.conf" -s "$directory/knot.sock" -b reload &&
		wait_for 5 hoster_publishes && resolver_restart
}

# hoster_delegate: the mail domain is served by the gateway itself; the hoster's com refers to it, by the
# records that «multihomectl zone mail» names for the zone above.
hoster_delegate() {
	local directory=$lab/hoster
	ctl zone mail example.com >"$directory/mail" || return 1
	sed -i '/^example.com. /d' "$directory/com.zone"
	sed -n '/^; For the zone above/,/^; PTR/s/^;   //p' "$directory/mail" >>"$directory/com.zone"
	sed -i '/domain: example.com\.$/,+1d' "$directory/knot.conf"
	sed -i 's/ 1 3600 / 2 3600 /' "$directory/com.zone"
	ns hoster knotc -c "$directory/knot.conf" -s "$directory/knot.sock" -b reload || return 1
	kill_namespace res
	resolver_start
	wait_for 10 resolver_knows_mail
}

resolver_knows_mail() {
	ns cli kdig +short +timeout=1 +retry=0 "@$resolver4" example.com MX | grep -q mail-gw-1
}

hoster_publishes() {
	ns hoster kdig +short +timeout=1 +retry=0 "@$hoster4" 1.2.168.192.in-addr.arpa PTR |
		grep -q mail-gw-1
}

# packaged ROLE COMMAND...: on that machine, with the package of the same name as if installed. What
# is in $lab/ROLE/etc and $lab/ROLE/usr lies on top.
packaged() {
	local role=$1
	shift
	# shellcheck disable=SC2016  # expanded by the inner shell
	ns "$role" sh -c '
		set -e
		mine=$0 package=$1
		shift
		mount -t overlay -o "lowerdir=$mine/usr:$package/usr:/usr" overlay /usr
		mount -t overlay -o "lowerdir=$mine/etc:$package/etc:/etc" overlay /etc
		mount --bind "$mine/spool" /var/spool
		mount --bind "$mine/lib" /var/lib
		mount --bind "$mine/run" /run
		exec "$@"' "$lab/$role" "$packages/$role" "$@"
}

# package_prepare ROLE USER...: folders, and the users that its package would have added.
package_prepare() {
	local directory=$lab/$1 id=63000 user
	shift
	mkdir -p "$directory/etc" "$directory/usr/sbin" "$directory/spool" "$directory/lib" "$directory/run"
	cp /etc/passwd /etc/group "$directory/etc/"
	for user in "$@"; do
		id=$((id + 1))
		# Where the package is installed as well, the host's own user.
		sed -i "/^$user:/d" "$directory/etc/passwd" "$directory/etc/group"
		echo "$user:x:$id:$id::/nonexistent:/usr/sbin/nologin" >>"$directory/etc/passwd"
		echo "$user:x:$id:" >>"$directory/etc/group"
	done
	cp "$lab/res/resolv.conf" "$lab/res/nsswitch.conf" "$directory/etc/"
}

postfix_start() {
	local directory=$lab/postfix
	package_prepare postfix postfix postdrop
	mkdir -p "$directory/etc/postfix" "$directory/spool/postfix" "$directory/lib/postfix"
	{
		cat <<-END
			compatibility_level = 3.6
			myhostname = postfix.hoster.com
			mydestination =
			inet_interfaces = 127.0.0.1
			mynetworks = 127.0.0.0/8
			smtpd_recipient_restrictions = permit_mynetworks, reject
			alias_maps =
			local_recipient_maps =
			maillog_file = /var/lib/postfix/log
			smtp_tls_security_level = none
		END
		if [ "$sender_timeouts" = short ]; then
			cat <<-END
				smtp_connect_timeout = 2s
				smtp_data_xfer_timeout = 5s
				smtp_data_done_timeout = 8s
				smtp_mail_timeout = 5s
				smtp_rcpt_timeout = 5s
				smtp_data_init_timeout = 5s
				smtp_helo_timeout = 5s
				minimal_backoff_time = 3s
				queue_run_delay = 3s
			END
		fi
	} >"$directory/etc/postfix/main.cf"
	# The distribution's, without chroot and without transports that are not in the package.
	sed -E -e 's/^(([^ ]+ +){4})y/\1n/' -e 's/^smtp( +inet)/127.0.0.1:smtp\1/' -e '/^maildrop/,$d' \
		"$packages/postfix/usr/share/postfix/master.cf.dist" >"$directory/etc/postfix/master.cf"
	chown 63001 "$directory/lib/postfix"
	packaged postfix postfix start-fg >"$directory/log" 2>&1 &
	wait_for 20 mail_greets postfix 127.0.0.1
}

opensmtpd_start() {
	local directory=$lab/opensmtpd
	package_prepare opensmtpd opensmtpd opensmtpq
	# smtpctl insists on it: the package's script would have done so.
	install -g 63002 -m 2755 "$packages/opensmtpd/usr/sbin/smtpctl" "$directory/usr/sbin/"
	mkdir -p "$directory/lib/opensmtpd/empty" "$directory/spool/smtpd"
	chmod 711 "$directory/spool/smtpd"
	cat >"$directory/etc/smtpd.conf" <<-END
		listen on 127.0.0.1 port 25 hostname opensmtpd.hoster.com
		action "out" relay helo opensmtpd.hoster.com
		match from any for any action "out"
	END
	# It has no setting for the time to connect, nor for data that is not acknowledged: the kernel's.
	if [ "$sender_timeouts" = short ]; then
		ns opensmtpd sysctl -qw net.ipv4.tcp_syn_retries=1 net.ipv4.tcp_retries2=4
	fi
	packaged opensmtpd smtpd -d >"$directory/log" 2>&1 &
	wait_for 20 mail_greets opensmtpd 127.0.0.1
}

# Its queue's next try comes after minutes, for which there is no setting either.
opensmtpd_retry() {
	packaged opensmtpd smtpctl schedule all
}

# dovecot_start SIEVE-FILE USER...: LMTP on port 24, with that script for everybody.
dovecot_start() {
	local directory=$lab/dovecot script=$1
	shift
	package_prepare dovecot dovecot dovenull vmail
	mkdir -p "$directory/etc/dovecot" "$directory/lib/dovecot" "$directory/lib/sieve"
	cp "$script" "$directory/lib/sieve/duplicate.sieve"
	# The list of what a user had is in the home, which must be there.
	(cd "$directory/lib" && mkdir -p "${@/#/mail/}" && chown -R 63003 mail)
	cat >"$directory/etc/dovecot/dovecot.conf" <<-END
		protocols = lmtp
		log_path = /dev/stderr
		ssl = no
		mail_location = maildir:~/mail
		userdb {
		    driver = static
		    args = uid=vmail gid=vmail home=/var/lib/mail/%n allow_all_users=yes
		}
		passdb {
		    driver = static
		    args = nopassword=y
		}
		service lmtp {
		    inet_listener lmtp {
		        address = 127.0.0.1
		        port = 24
		    }
		}
		protocol lmtp {
		    mail_plugins = \$mail_plugins sieve
		}
		plugin {
		    sieve_before = /var/lib/sieve
		}
	END
	packaged dovecot sievec /var/lib/sieve || return 1
	packaged dovecot dovecot -F >"$directory/log" 2>&1 &
	wait_for 20 lmtp_greets
}

lmtp_greets() {
	ns dovecot swaks --protocol LMTP --server 127.0.0.1 --port 24 --timeout 2 --quit-after BANNER
}

# send SENDER TAG [SWAKS OPTION...]: hand a message for the site to a mail server outside.
send() {
	local sender=$1 tag=$2
	shift 2
	printf '%s %s\n' "$tag" "$(now_ms)" >>"$lab/sent"
	ns "$sender" swaks --server 127.0.0.1 --from user@hoster.com --to user@example.com \
		--header "X-Tag: $tag" --timeout 20 "$@"
}

# send_some TAG: two messages by each sender.
send_some() {
	local sender number
	for number in 1 2; do
		for sender in postfix opensmtpd; do
			send $sender "$sender-$1-$number" || return 1
		done
	done
}

accepted_tags() {
	jq -r .tag "$lab/srv/accepted" | sort
}

# missing [PATTERN]: tags that were sent and not accepted yet.
missing() {
	grep -o '^[^ ]*' "$lab/sent" | grep -E "${1:-}" | sort | comm -23 - <(accepted_tags | uniq)
}

# copies NUMBER TAG: so often that message was accepted.
copies() {
	same "$1" jq -rs --arg tag "$2" 'map(select(.tag == $tag)) | length' "$lab/srv/accepted"
}

# patiently COMMAND...: it succeeds within a sender's patience.
patiently() {
	local deadline=$(($(now_ms) + patience * 1000))
	until "$@"; do
		if [ "$(now_ms)" -gt $deadline ]; then
			tail -n 10 "$lab/postfix/lib/postfix/log" "$lab/opensmtpd/log"
			return 1
		fi
		[ "$sender_timeouts" != short ] || opensmtpd_retry || :
		pause 1000
	done
}

# arrives PATTERN: what was sent with such a tag is accepted.
arrives() {
	patiently same "" missing "$1"
}

# repeated: tags that were accepted more than once, with the number of copies and of Message-IDs.
repeated() {
	jq -rs 'group_by(.tag)[] | select(length > 1) |
		"\(.[0].tag) \(length) \(map(.id) | unique | length)"' "$lab/srv/accepted"
}

# mail_delays: seconds from sending to each copy that was accepted, a line a tag.
mail_delays() {
	jq -r '"\(.tag) \(.time * 1000 | floor)"' "$lab/srv/accepted" |
		awk 'NR == FNR { sent[$1] = $2; next } { delays[$1] = delays[$1] sprintf(" %.1f", ($2 - sent[$1]) / 1000) }
			END { for (tag in delays) print tag delays[tag] }' "$lab/sent" - | sort
}

# by_mail COMMAND...: with each address of the mail server's MX records as its last argument.
by_mail() {
	local uplink
	for uplink in primary backup; do
		"$@" "${address4[$uplink]}" && "$@" "${address6[$uplink]}" || return 1
	done
}

# mail_by_all: from outside, the mail server answers by each address.
mail_by_all() {
	by_mail mail_greets cli
}
