#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# An uplink is cut in the middle of a mail session: the sender's next try succeeds, no message is lost,
# and only the cut between the final dot and its 250 makes two of one (RFC 1047).
#
# The cut is not timed but placed: each ISP drops what exceeds a quota of the sender's data, or what
# follows the 354 on its way back. Then the uplink that it happened on is cut for good.

. "$(dirname "$0")/lib.sh"
. "$lab_source/mail.sh"
mail_machines postfix opensmtpd
lab_up
require "the data plane is up" data_plane_up
require "mail records are published" mail_up
require "mail server answers by every address" wait_for 5 mail_by_all
require "postfix starts" postfix_start
require "OpenSMTPD starts" opensmtpd_start

# snare SENDER data|answer: at both ISPs. «data»: 300 kB of its mail pass, and no more. «answer»: once
# it was told 354, «send the message», it hears nothing any more.
snare() {
	local sender=$1 what=$2 uplink
	for uplink in primary backup; do
		ns "${isp[$uplink]}" nft -f - <<-END
			table inet snare {
				quota passed { over 300 kbytes }
				set told {
					type inet_service
					flags dynamic
					size 64
				}
				chain data {
					tcp dport 25 quota name passed drop
				}
				chain answer {
					tcp sport 25 tcp dport @told drop
					# The first three bytes of the payload, in ASCII.
					tcp sport 25 @ih,0,24 0x333534 add @told { tcp dport }
				}
				chain forward {
					type filter hook forward priority 10; policy accept;
					ip saddr ${mail_address4[$sender]} jump $what
					ip daddr ${mail_address4[$sender]} jump $what
					ip6 saddr ${mail_address6[$sender]} jump $what
					ip6 daddr ${mail_address6[$sender]} jump $what
				}
			}
		END
	done
}

# caught: prints the uplink on which it happened.
caught() {
	local uplink
	for uplink in primary backup; do
		if ns "${isp[$uplink]}" nft -j list table inet snare | jq -e '[.nftables[] |
			(.quota // empty | .used >= .bytes), (.set // empty | (.elem // []) != [])] | any' \
			>/dev/null; then
			echo $uplink
			return 0
		fi
	done
	return 1
}

# cut_where_caught KIND: the packets that were dropped were the first of the cut.
cut_where_caught() {
	uplink=$(caught) && cut "$uplink" "$1" && release
}

release() {
	local uplink
	for uplink in primary backup; do
		ns "${isp[$uplink]}" nft delete table inet snare
	done
}

back() {
	mend primary && mend backup && wait_for 10 mail_by_all
}

# Some 1.4 MB, so that 300 kB are amid it.
head -c 1000000 /dev/zero | base64 >"$lab/large"
large=(--attach "@$lab/large")

for sender in postfix opensmtpd; do
	for kind in blackhole carrier; do
		tag=$sender-amid-$kind
		snare $sender data
		expect "$sender, cut amid the message ($kind): sent" send $sender "$tag" "${large[@]}"
		expect "$sender, cut amid the message ($kind): it is under way" wait_for "$patience" caught
		expect "$sender, cut amid the message ($kind): not accepted" same "$tag" missing "$tag"
		expect "$sender, cut amid the message ($kind): cut" cut_where_caught $kind
		expect "$sender, cut amid the message ($kind): arrives" arrives "$tag"
		expect "$sender, cut amid the message ($kind): back" back
	done

	tag=$sender-amid-short
	snare $sender data
	expect "$sender, a gap amid the message: sent" send $sender "$tag" "${large[@]}"
	expect "$sender, a gap amid the message: it is under way" wait_for "$patience" caught
	pause 1000
	release
	expect "$sender, a gap amid the message: arrives" arrives "$tag"
done
expect "no message twice so far" same "" repeated

# What SMTP leaves open: the sender cannot know that the message was accepted, and must send it again.
for sender in postfix opensmtpd; do
	tag=$sender-after-dot
	snare $sender answer
	expect "$sender, cut after the dot: sent" send $sender "$tag"
	expect "$sender, cut after the dot: accepted" arrives "$tag"
	expect "$sender, cut after the dot: cut" cut_where_caught blackhole
	expect "$sender, cut after the dot: sent again" patiently copies 2 "$tag"
	expect "$sender, cut after the dot: back" back
done
# The same with a server that takes its time, so that the dot itself is acknowledged.
expect "postfix, cut after the acknowledged dot: sent" send postfix postfix-slow-server --header 'X-Delay: 6'
expect "postfix, cut after the acknowledged dot: accepted" arrives postfix-slow-server
cut primary carrier
expect "postfix, cut after the acknowledged dot: sent again" \
	patiently copies 2 postfix-slow-server
expect "postfix, cut after the acknowledged dot: back" back

expect "after all cuts: sent" send_some afterwards
expect "after all cuts: arrives" arrives afterwards
expect "no message lost" same "" missing
expect "twice, with one Message-ID: what was cut after the dot, and nothing else" \
	same "opensmtpd-after-dot 2 1 postfix-after-dot 2 1 postfix-slow-server 2 1" repeated
[ "$sender_timeouts" = short ] || mail_delays | sed 's/^/# /'
lab_end
