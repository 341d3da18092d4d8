#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The sieve script of doc/mail.md, in dovecot: of two copies of a message a mailbox gets one.

. "$(dirname "$0")/lib.sh"
. "$lab_source/mail.sh"
mail_machines dovecot
lab_up
mkdir -p "$lab/dovecot"
sed -n '/^```sieve/,/^```/p' "$lab_source/../../doc/mail.md" | grep -v '^```' >"$lab/duplicate.sieve"
require "the document has a sieve script" [ -s "$lab/duplicate.sieve" ]
require "dovecot takes mail with it" dovecot_start "$lab/duplicate.sieve" anne berta clara

# delivered ID USER...: a message with that Message-ID.
delivered() {
	local id=$1
	shift
	ns dovecot swaks --protocol LMTP --server 127.0.0.1 --port 24 --timeout 5 --from user@hoster.com \
		--to "$(printf '%s@example.com,' "$@" | sed 's/,$//')" --header "Message-Id: <$id@hoster.com>"
}

mailbox() {
	grep -rhoi '^message-id:.*' "$lab/dovecot/lib/mail/$1/mail/new" | grep -o '<[^@]*' | tr -d '<' | sort
}

expect "a message" delivered one anne berta
expect "a message: in a mailbox" same one mailbox anne
expect "a message: in the other mailbox" same one mailbox berta
expect "its second copy is taken" delivered one anne
expect "its second copy: discarded" same one mailbox anne
expect "another message" delivered two anne
expect "another message: kept" same "one two" mailbox anne
expect "the first message to another recipient" delivered one clara
expect "the first message to another recipient: kept" same one mailbox clara
expect "dovecot has nothing to complain of" fails grep -E 'Warning|Error' "$lab/dovecot/log"
lab_end
