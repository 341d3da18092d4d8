/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The schema: what multihome.conf(5) describes, as rows.
 */

#include "site/schema.h"

#include "site/convert.h"

// clang-format off
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define FIELD(type, member) \
	.offset = offsetof(struct type, member), .size = sizeof(((struct type *)NULL)->member)
#define LIST(type, items, count) \
	.list = true, .offset = offsetof(struct type, items), \
	.count_offset = offsetof(struct type, count), \
	.size = sizeof(*((struct type *)NULL)->items)
#define LIST_OF(type, member) LIST(type, member.items, member.count)

static const struct word dns_bindings[] = {
	{ "address", DNS_BINDING_ADDRESS },
	{ "port", DNS_BINDING_PORT },
	{ "device", DNS_BINDING_DEVICE },
	{ NULL, 0 },
};

static const struct word outbound_modes[] = {
	{ "failover", OUTBOUND_FAILOVER },
	{ "leave", OUTBOUND_LEAVE },
	{ NULL, 0 },
};

static const struct word cross_probes[] = {
	{ "on", CROSS_PROBE_ON },
	{ "off", CROSS_PROBE_OFF },
	{ "require", CROSS_PROBE_REQUIRE },
	{ NULL, 0 },
};

static const struct word stale_modes[] = {
	{ "keep", STALE_KEEP },
	{ "withdraw", STALE_WITHDRAW },
	{ NULL, 0 },
};

static const struct word reply_paths[] = {
	{ "conntrack", REPLY_PATH_CONNTRACK },
	{ "source-address", REPLY_PATH_SOURCE_ADDRESS },
	{ NULL, 0 },
};

static const struct word policies[] = {
	{ "arrival", ANSWER_ARRIVAL },
	{ "all", ANSWER_ALL },
	{ "preferred", ANSWER_PREFERRED },
	{ NULL, 0 },
};

static const struct key site_keys[] = {
	{ "domain", convert_domain, FIELD(site, domain), .required = true,
	  .help = "the parent zone, such as example.com" },
	{ "hostmaster", convert_mailbox, FIELD(site, hostmaster) },
	{ "lan", convert_interface, LIST_OF(site, lan) },
	{ "lan-prefix", convert_prefix6, FIELD(site, lan_prefix) },
	{ "masquerade", convert_switch, FIELD(site, masquerade), .standard = "on" },
	{ "hairpin", convert_switch, FIELD(site, hairpin), .standard = "off" },
	{ "dns-binding", convert_word, FIELD(site, dns_binding), .words = dns_bindings,
	  .standard = "address" },
	{ "outbound", convert_word, FIELD(site, outbound), .words = outbound_modes,
	  .standard = "failover" },
	{ "stale", convert_word, FIELD(site, stale), .words = stale_modes, .standard = "keep" },
	{ "cross-probe", convert_word, FIELD(site, cross_probe), .words = cross_probes,
	  .standard = "on" },
	{ "cross-interval", convert_milliseconds, FIELD(site, cross_interval_ms), .least = 1000,
	  .most = 86400000, .standard = "60s" },
	{ "cross-alias", convert_prefix, LIST_OF(site, cross_alias) },
	{ "fwmark-mask", convert_number, FIELD(site, fwmark_mask), .least = 0, .most = UINT32_MAX,
	  .standard = "0x3f000000" },
	{ "route-table", convert_number, FIELD(site, route_table), .least = 1, .most = UINT32_MAX,
	  .standard = "20100" },
	{ "rule-priority", convert_number, FIELD(site, rule_priority), .least = 1, .most = 31000,
	  .standard = "1000" },
	{ "run-dir", convert_directory, FIELD(site, run_dir), .standard = "/run/multihome" },
	{ "state-dir", convert_directory, FIELD(site, state_dir), .standard = "/var/lib/multihome" },
	{ "notify", convert_notification, LIST_OF(site, notify) },
	{ "on-change", convert_parent_action, LIST_OF(site, on_change) },
};

static const struct key uplink_keys[] = {
	{ "id", convert_id, FIELD(uplink, id), .required = true, .help = "a short name of your choice" },
	{ "interface", convert_interface, FIELD(uplink, interface), .required = true,
	  .help = "the network interface towards this provider, such as wan0" },
	{ "address", convert_address, LIST_OF(uplink, address) },
	{ "public-address", convert_public_address, LIST_OF(uplink, public_given) },
	{ "prefix", convert_prefix6, FIELD(uplink, prefix) },
	{ "gateway", convert_address, LIST_OF(uplink, gateway) },
	{ "probe", convert_probe, LIST_OF(uplink, probe) },
	{ "interval", convert_milliseconds, FIELD(uplink, interval_ms), .least = 100,
	  .most = 3600000, .standard = "1s" },
	{ "timeout", convert_milliseconds, FIELD(uplink, timeout_ms), .least = 10, .most = 3600000 },
	{ "down-after", convert_number, FIELD(uplink, down_after), .least = 1, .most = 1000,
	  .standard = "3" },
	{ "up-after", convert_number, FIELD(uplink, up_after), .least = 1, .most = 1000,
	  .standard = "5" },
	{ "quorum", convert_number, FIELD(uplink, quorum), .least = 1, .most = SITE_PROBES_MAX,
	  .standard = "1" },
	{ "degraded-loss", convert_percent, FIELD(uplink, degraded_loss), .least = 1, .most = 100,
	  .standard = "20%" },
	{ "damping", convert_switch, FIELD(uplink, damping), .standard = "on" },
	{ .name = "on" },
};

static const struct key server_keys[] = {
	{ "id", convert_id, FIELD(server, id), .required = true, .help = "a short name of your choice" },
	{ "address", convert_address, LIST_OF(server, address), .required = true,
	  .help = "the address of the inside server, such as 10.0.0.10" },
	{ "reply-path", convert_word, FIELD(server, reply_path), .words = reply_paths,
	  .standard = "conntrack" },
	{ "uplink-address", convert_uplink_address,
	  LIST(server, uplink_address, uplink_address_count) },
};

static const struct key host_keys[] = {
	{ "domain", convert_domain, FIELD(host, domain), .required = true,
	  .help = "the full name of the host, such as www.example.com" },
	{ "server", convert_server, FIELD(host, server), .required = true,
	  .help = "the id of an entry of section 'server'" },
	{ "port", convert_service, LIST_OF(host, port), .required = true,
	  .help = "the ports to forward, such as [tcp/80, tcp/443]" },
	{ "uplink", convert_uplink, LIST(host, uplink, uplink_count), .filled = true },
	{ "ttl", convert_seconds, FIELD(host, ttl), .least = 1, .most = 86400, .standard = "10s" },
	{ "policy", convert_word, FIELD(host, policy), .words = policies, .standard = "arrival" },
	{ "alias", convert_alias, LIST_OF(host, alias) },
	{ "record", convert_record, LIST_OF(host, record) },
};

static const struct key mail_keys[] = {
	{ "domain", convert_domain, FIELD(mail, domain), .required = true,
	  .help = "the part of the mail addresses behind the @" },
	{ "server", convert_server, FIELD(mail, server), .required = true,
	  .help = "the id of an entry of section 'server'" },
	{ "port", convert_service, LIST_OF(mail, port), .filled = true, .standard = "tcp/25" },
	{ "preference", convert_uplink_preference, LIST(mail, preference, preference_count) },
	{ "spf", convert_spf_term, LIST_OF(mail, spf) },
	{ "record", convert_record, LIST_OF(mail, record) },
	{ "dmarc", convert_dmarc, FIELD(mail, dmarc) },
	{ "mta-sts", convert_mta_sts, FIELD(mail, mta_sts) },
	{ "tls-rpt", convert_report_address, LIST_OF(mail, tls_rpt) },
};

static const struct key forward_keys[] = {
	{ "id", convert_id, FIELD(forward, id), .required = true,
	  .help = "a short name of your choice" },
	{ "server", convert_server, FIELD(forward, server), .required = true,
	  .help = "the id of an entry of section 'server'" },
	{ "port", convert_service, LIST_OF(forward, port), .required = true,
	  .help = "the ports to forward, such as [udp/51820]" },
	{ "uplink", convert_uplink, LIST(forward, uplink, uplink_count), .filled = true },
};

#define KEYS(array) .keys = (array), .key_count = COUNT_OF(array)
#define ITEMS(type, member) \
	.list = true, .offset = offsetof(struct site, member##s), \
	.count_offset = offsetof(struct site, member##_count), .size = sizeof(struct type)

const struct section schema_sections[] = {
	{ "site", .required = true, KEYS(site_keys) },
	{ "uplink", .required = true, ITEMS(uplink, uplink), KEYS(uplink_keys) },
	{ "server", ITEMS(server, server), KEYS(server_keys) },
	{ "host", ITEMS(host, host), KEYS(host_keys) },
	{ "mail", ITEMS(mail, mail), KEYS(mail_keys) },
	{ "forward", ITEMS(forward, forward), KEYS(forward_keys) },
	{ "gateway", .unsupported = true },
};
const size_t schema_section_count = COUNT_OF(schema_sections);

_Static_assert(COUNT_OF(site_keys) <= SCHEMA_KEYS_MAX, "keys of a section");
_Static_assert(COUNT_OF(uplink_keys) <= SCHEMA_KEYS_MAX, "keys of a section");
_Static_assert(sizeof(enum dns_binding) == sizeof(uint32_t), "words are stored as 32 bits");
