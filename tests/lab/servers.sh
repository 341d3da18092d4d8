# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The machines around the gateway: web server and echo inside, hoster outside.

# Where the inside server's pages are; a test of mail wants port 25 for something else.
server_ports="25 80 8443 $(seq -s ' ' 9000 9010)"

# Which of them speak TLS, with a certificate that nobody knows.
server_tls_ports=

# Seconds that the web server keeps an idle connection open.
keepalive=0

# server_certificate DIRECTORY
server_certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
		-subj /CN=www.example.com -addext subjectAltName=DNS:www.example.com \
		-keyout "$1/key" -out "$1/certificate" 2>"$1/openssl.log"
}

# The inside server: a page that says who answered whom, a large file, and an echo on UDP.
server_start() {
	local directory=$lab/srv port tls
	mkdir -p "$directory/files"
	truncate -s 1G "$directory/files/large"
	{
		cat <<-END
			daemon off;
			master_process off;
			pid $directory/pid;
			error_log $directory/error.log;
			events { worker_connections 4096; }
			http {
			access_log off;
			keepalive_timeout $keepalive;
			client_body_temp_path $directory/body;
			proxy_temp_path $directory/proxy;
			fastcgi_temp_path $directory/fastcgi;
			uwsgi_temp_path $directory/uwsgi;
			scgi_temp_path $directory/scgi;
			server {
		END
		for port in $server_ports; do
			tls=
			[[ " $server_tls_ports " != *" $port "* ]] || tls=ssl
			echo "listen $port $tls backlog=4096; listen [::]:$port $tls backlog=4096;"
		done
		if [ -n "$server_tls_ports" ]; then
			server_certificate "$directory" || return 1
			echo "ssl_certificate $directory/certificate; ssl_certificate_key $directory/key;"
		fi
		cat <<-END
			location / { return 200 "srv port=\$server_port client=\$remote_addr\\n"; }
			location /large { root $directory/files; }
			location /slow { alias $directory/files/large; limit_rate 4m; }
			location /trickle { alias $directory/files/large; limit_rate 200k; }
			}
			}
		END
	} >"$directory/nginx.conf"
	spawn srv nginx -p "$directory" -e "$directory/error.log" -c "$directory/nginx.conf" \
		>"$directory/log" 2>&1
	spawn srv "$build/tests/lab/echo" 443 51820 >"$lab/srv/echo.log" 2>&1
}

# knot_conf_head DIRECTORY ADDRESSES: how a name server of the lab runs; its zones are the caller's matter.
knot_conf_head() {
	cat <<-END
		server:
		    rundir: $1
		    listen: [$2]
		    background-workers: 1
		    udp-workers: 1
		    tcp-workers: 1
		log:
		  - target: stderr
		    any: info
		database:
		    storage: $1
	END
}

# root_zone: the root, at the hoster as com is.
root_zone() {
	cat <<-END
		. 86400 SOA ns.hoster.com. hostmaster.hoster.com. 1 3600 900 604800 300
		. 86400 NS ns.hoster.com.
		com. 86400 NS ns.hoster.com.
		ns.hoster.com. 86400 A $hoster4
		ns.hoster.com. 86400 AAAA $hoster6
	END
}

# Root, com and example.com at one hoster; www.example.com is delegated to the gateway.
hoster_start() {
	local directory=$lab/hoster
	mkdir -p "$directory"
	root_zone >"$directory/root.zone"
	cat >"$directory/com.zone" <<-END
		com. 86400 SOA ns.hoster.com. hostmaster.hoster.com. 1 3600 900 604800 300
		com. 86400 NS ns.hoster.com.
		example.com. 86400 NS ns.hoster.com.
		ns.hoster.com. 86400 A $hoster4
		ns.hoster.com. 86400 AAAA $hoster6
	END
	cat >"$directory/example.com.zone" <<-END
		example.com. 86400 SOA ns.hoster.com. hostmaster.example.com. 1 3600 900 604800 300
		example.com. 86400 NS ns.hoster.com.
		www.example.com. 86400 NS www-ns1.example.com.
		www.example.com. 86400 NS www-ns2.example.com.
		www-ns1.example.com. 86400 A ${address4[primary]}
		www-ns1.example.com. 86400 AAAA ${address6[primary]}
		www-ns2.example.com. 86400 A ${address4[backup]}
		www-ns2.example.com. 86400 AAAA ${address6[backup]}
		example.com. 86400 MX 10 mail-gw-1.example.com.
		example.com. 86400 MX 20 mail-gw-2.example.com.
		mail-gw-1.example.com. 86400 A ${address4[primary]}
		mail-gw-2.example.com. 86400 A ${address4[backup]}
	END
	cat >"$directory/knot.conf" <<-END
		$(knot_conf_head "$directory" "$hoster4@53, $hoster6@53")
		template:
		  - id: default
		    storage: $directory
		    journal-content: none
		    zonefile-sync: -1
		zone:
		  - domain: .
		    file: root.zone
		  - domain: com.
		    file: com.zone
		  - domain: example.com.
		    file: example.com.zone
	END
	spawn hoster knotd -c "$directory/knot.conf" >"$directory/log" 2>&1
}

server_answers() {
	ns srv curl -s -o "$lab/srv/probe" --max-time 1 "http://$server4/"
}

hoster_answers() {
	ns hoster kdig +short +timeout=1 +retry=0 "@$hoster4" example.com SOA | grep -q ns.hoster.com
}

servers_up() {
	server_start
	hoster_start
	resolver_start unbound
	wait_for 10 server_answers
	wait_for 10 hoster_answers
	wait_for 10 resolver_answers
}
