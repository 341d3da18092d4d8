#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Mail to the site while an uplink is cut: postfix and OpenSMTPD deliver each message, once.
#
# SENDER_TIMEOUTS=shipped measures instead, by the mail servers' own timers, and prints the delays.

. "$(dirname "$0")/lib.sh"
. "$lab_source/mail.sh"
mail_machines postfix opensmtpd
lab_up
require "the data plane is up" data_plane_up
require "mail records are published" mail_up
require "mail server answers by every address" wait_for 5 mail_by_all
require "postfix starts" postfix_start
require "OpenSMTPD starts" opensmtpd_start


# swaks speaks to each address by itself, as a sender that has chosen it.
scripted() {
	local tag=swaks-$1-$2
	echo "$tag $(now_ms)" >>"$lab/sent"
	ns cli swaks --server "$2" --from user@hoster.com --to user@example.com --timeout 20 \
		--header "X-Tag: $tag" "${swaks_options[@]}"
}
swaks_options=()
expect "swaks: a message by every address" by_mail scripted plain
swaks_options=(--helo '[203.0.113.10]' --protocol SMTP)
expect "swaks: HELO instead of EHLO" by_mail scripted helo
head -c 3000000 /dev/zero | base64 >"$lab/large"
swaks_options=(--attach "@$lab/large")
expect "swaks: 4 MB by every address" by_mail scripted large
not_relayed() {
	fails ns cli swaks --server "$1" --port 26 --timeout 1 --quit-after BANNER
}
expect "swaks: no other port of the mail server is forwarded" by_mail not_relayed

expect "both uplinks: sent" send_some both-up
expect "both uplinks: arrives" arrives both-up
for kind in blackhole carrier; do
	for uplink in primary backup; do
		# A session over the other uplink, which waits for its 250 all the time.
		other=backup
		[ $uplink = primary ] || other=primary
		tag=swaks-other-$uplink-$kind
		echo "$tag $(now_ms)" >>"$lab/sent"
		spawn cli swaks --server "${address4[$other]}" --from user@hoster.com --to user@example.com \
			--timeout 60 --header "X-Tag: $tag" --header "X-Delay: 4" >"$lab/swaks.log" 2>&1
		session=$!
		wait_for 5 same "" missing "$tag"

		cut $uplink $kind
		expect "$uplink cut ($kind): sent" send_some "$uplink-$kind-cut"
		expect "$uplink cut ($kind): arrives" arrives "$uplink-$kind-cut"
		expect "$uplink cut ($kind): a session over the other one goes on" wait $session
		mend $uplink
		expect "$uplink back ($kind): answers by every address" wait_for 10 mail_by_all
		expect "$uplink back ($kind): sent" send_some "$uplink-$kind-back"
		expect "$uplink back ($kind): arrives" arrives "$uplink-$kind-back"
	done
done

cut primary
cut backup carrier
expect "both cut: sent" send_some both-cut
pause 5000
expect "both cut: nothing arrives" [ "$(missing both-cut | wc -l)" = 4 ]
mend primary
mend backup
expect "both back: what was kept arrives" arrives both-cut

expect "no message lost" same "" missing
expect "no message twice" same "" repeated
[ "$sender_timeouts" = short ] || mail_delays | sed 's/^/# /'
lab_end
