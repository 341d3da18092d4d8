# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Who judges zones from outside: zonemaster and dnsviz. To be sourced behind lib.sh and public_plan.sh.

# What they run under, such as faketime.
judging=()

# commented FILE TITLE: the records of the comment with that title.
commented() {
	awk -v title="; $2" '/^; [^ ]/ { inside = index($0, title) == 1 }
		inside && / IN / && sub(/^;   /, "")' "$1"
}

# The profile is the whole of its own: in one with parts alone, all other tests have no levels. A name
# server of the lab that is to answer does so at once.
zonemaster_configure() {
	mkdir "$lab/cli"
	{
		echo ". 3600000 NS a.root-servers.net."
		addressed a.root-servers.net. "$registry4" "$registry6"
	} >"$lab/cli/hints"
	zonemaster-cli --dump-profile | jq '.resolver.defaults |= (.timeout = 2 | .retry = 1 | .retrans = 1)' \
		>"$lab/cli/profile.json"
}

# zonemaster DOMAIN [OPTION...]: what it finds is a line each, «LEVEL TAG details». Its exit status says
# nothing about that.
zonemaster() {
	rm -f "$lab/cli/found"
	ns cli "${judging[@]}" zonemaster-cli --hints "$lab/cli/hints" --profile "$lab/cli/profile.json" --level NOTICE \
		--no-progress --json "$@" >"$lab/cli/found.json" 2>"$lab/cli/errors" &&
		jq -r '.[] | "\(.level) \(.tag) \(.args | tojson)"' "$lab/cli/found.json" >"$lab/cli/found" ||
		cat "$lab/cli/errors"
	cat "$lab/cli/found"
}

tags_found() {
	awk '{ print $1, $2 }' "$lab/cli/found" | sort -u
}

# clean DOMAIN TAG...: these are noticed, and nothing more is found.
clean() {
	zonemaster "$1"
	# shellcheck disable=SC2046  # a list
	same "$(echo $(printf 'NOTICE %s\n' "${@:2}" | sort))" tags_found
}

# finds LEVEL TAG DOMAIN [OPTION...]
finds() {
	zonemaster "${@:3}"
	grep -q "^$1 $2 " "$lab/cli/found"
}

# dnsviz_warnings DOMAIN...: of a second judge, who is silent about what is good.
dnsviz_warnings() {
	local servers=$registry4,a.root-servers.net=[$registry6]
	ns cli "${judging[@]}" dnsviz probe -A -a . -x ".+:a.root-servers.net=$servers" -d 0 -o "$lab/cli/probe.json" "$@" &&
		dnsviz grok -l warning -r "$lab/cli/probe.json" >"$lab/cli/grok.json" ||
		echo "dnsviz failed"
	jq -r '.. | .code? // empty' "$lab/cli/grok.json" | sort -u
}

# with_fault FILE SED-EXPRESSION COMMAND...: run it while a zone of the hoster or the registry is changed.
with_fault() {
	local status
	cp "$1" "$lab/good.zone"
	sed -i "$2" "$1"
	! cmp -s "$1" "$lab/good.zone" && hoster_reload || return 1
	"${@:3}"
	status=$?
	cp "$lab/good.zone" "$1"
	hoster_reload
	return $status
}
