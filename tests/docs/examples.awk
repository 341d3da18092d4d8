# SPDX-License-Identifier: GPL-2.0-or-later
#
# The examples of one document, a file each in the folder «to»: NUMBER.KIND, numbered by their lines.
#
# In Markdown the fence says what a block is: ```yaml multihome.conf, ```console. In a
# manual page, mdoc(7) or man(7), the first line of a literal block does.

function close_block() {
	if (file != "") {
		close(file)
	}
	file = ""
	inside = 0
}

function open_block(kind) {
	file = sprintf("%s/%04d.%s", to, FNR, kind)
	printf "" >file
}

FNR == 1 {
	markdown = FILENAME ~ /\.md$/
}

markdown && /^```/ {
	if (inside) {
		close_block()
	} else {
		inside = 1
		if (NF > 1 || $0 == "```console") {
			open_block(NF > 1 ? $2 : "console")
		}
	}
	next
}

!markdown && /^\.(Bd -literal|nf)/ {
	inside = 1
	next
}

!markdown && /^\.(Ed|fi)/ {
	close_block()
	next
}

!inside || (!markdown && /^\./) {
	next
}

!markdown {
	gsub(/\\-/, "-")
	gsub(/\\\(dq/, "\"")
	gsub(/\\&/, "")
	if (file == "") {
		open_block(/^[#$] / ? "console" : /^(site|uplink|server|host|mail|forward):/ ? "multihome.conf" : \
			/^(link|address|route) / ? "observed" : "other")
	}
}

file != "" {
	print >file
}
