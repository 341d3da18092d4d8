/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The site as its file describes it: plain structs, filled by conf.c, validated by check.c.
 *
 * Everything else (ruleset, routes, zones, answers) is derived from this one description. Uplink
 * numbers are positions in the file, counted from 1, so that marks, tables and zones agree.
 */

#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/paths.h"
#include "base/text.h"

#define SITE_DEFAULT_PATH SYSCONFDIR "/multihome/multihome.conf"

/*! Most uplinks of a site: a set of them is 64 bits, and number 0 means «none». */
#define SITE_UPLINKS_MAX 63

/*! A set of uplinks: bit N is uplink number N. */
typedef uint64_t uplink_set;
#define UPLINK_BIT(number) (UINT64_C(1) << (number))

/*! How the module learns the arrival uplink, design 4.1. */
enum dns_binding { DNS_BINDING_ADDRESS, DNS_BINDING_PORT, DNS_BINDING_DEVICE };

/*! What the site's own outgoing traffic does. */
enum outbound_mode { OUTBOUND_FAILOVER, OUTBOUND_LEAVE };

/*! Whether sockets on one uplink prove that another one lets clients in. */
enum cross_probe {
	CROSS_PROBE_OFF,
	CROSS_PROBE_ON,     /*!< It is told. */
	CROSS_PROBE_REQUIRE /*!< Names whose services are not reachable are answered otherwise. */
};

/*! What becomes of the answers when the daemon is dead. */
enum stale_mode { STALE_KEEP, STALE_WITHDRAW };

/*! How replies of an inside server find their uplink. */
enum reply_path { REPLY_PATH_CONNTRACK, REPLY_PATH_SOURCE_ADDRESS };

/*! Which ready uplinks' addresses a host is answered with, design 4.2. */
enum answer_policy {
	ANSWER_ARRIVAL = 1,
	ANSWER_ALL = 2,
	ANSWER_PREFERRED = 3,
	ANSWER_UPLINK = 4 /*!< Of a name that is bound to one uplink, a mail gateway's. */
};

struct name_list {
	char **items;
	size_t count;
};

struct prefix_list {
	struct prefix *items;
	size_t count;
};

struct address_list {
	struct address *items;
	size_t count;
};

/*! Most probes of an uplink. */
#define SITE_PROBES_MAX 16

enum probe_kind { PROBE_ICMP, PROBE_TCP, PROBE_DNS, PROBE_EXEC };

/*! A test of an uplink. */
struct probe {
	enum probe_kind kind;
	char *text;             /*!< As written, «icmp 192.0.2.1»; of exec the command. */
	struct address address; /*!< Whom it asks; none: exec. */
	uint16_t port;          /*!< TCP. */
};

struct probe_list {
	struct probe *items;
	size_t count;
};

/*! An item of public-address: an address, or how to learn it. */
struct public_address {
	bool discover;
	/*! What the outside sees; to discover: of the server that tells it, none: another uplink. */
	struct address address;
	char *name;    /*!< What that server is asked for; else NULL. */
	bool resolver; /*!< That server has no authority over the name, but answers it itself. */
};

struct public_address_list {
	struct public_address *items;
	size_t count;
};

struct uplink {
	char *id;
	unsigned number; /*!< Position in the file, from 1. */
	char *interface;
	struct address_list address;             /*!< Empty: the interface's own, followed live. */
	struct public_address_list public_given; /*!< As written. */
	struct address_list public_address;      /*!< Its addresses; empty: the same as address. */
	struct prefix
		prefix; /*!< What the provider routes to the gateway for the LAN; may be none. */
	struct address_list
		gateway; /*!< Empty: learnt from the main table. At most one a family. */
	/*! Not of the file: what multihomectl is told by --addresses; goes before address. */
	struct address_list learnt;
	bool unknown; /*!< Not of the file either: it has never had an address that anybody knows. */
	struct probe_list probe; /*!< Empty: link, address and gateway alone decide. */
	uint32_t interval_ms;    /*!< Between two rounds of probes. */
	uint32_t timeout_ms;     /*!< How long a probe may take; below interval_ms. */
	uint32_t down_after;     /*!< So many bad rounds in a row mean down. */
	uint32_t up_after;       /*!< So many good rounds in a row mean up. */
	uint32_t quorum;         /*!< So many probes must succeed in a good round. */
	uint32_t degraded_loss;  /*!< Percent of loss over a minute that mean degraded. */
	bool damping;            /*!< One that flaps is held back. */
};

/*! An address that an inside server holds for one uplink (source-address mode). */
struct uplink_address {
	unsigned uplink;
	struct address address;
};

struct server {
	char *id;
	struct address_list address; /*!< At most one a family. */
	enum reply_path reply_path;
	struct uplink_address *uplink_address;
	size_t uplink_address_count;
};

/*! One entry of «port»: public ports first..last go to inside ports from inside on. */
struct service {
	uint8_t protocol; /*!< IPPROTO_TCP or IPPROTO_UDP. */
	uint16_t first;
	uint16_t last; /*!< Equal to first for a single port. */
	uint16_t
		inside; /*!< Inside port of first; a range keeps its ports, so there it equals first. */
};

struct service_list {
	struct service *items;
	size_t count;
};

struct host {
	char *domain;                /*!< Absolute without the last dot, lower case. */
	const struct server *server; /*!< Borrowed from the site. */
	struct service_list port;
	unsigned *uplink; /*!< Numbers in the order of preference; never empty after check. */
	size_t uplink_count;
	uint32_t ttl; /*!< Seconds. */
	enum answer_policy policy;
	struct name_list alias;  /*!< As written, relative to domain. */
	struct name_list record; /*!< Lines of a zone file, relative to domain. */
};

/*! The preference of an uplink's MX record, instead of 10 times its number. */
struct uplink_preference {
	unsigned uplink;
	uint16_t preference;
};

struct mail {
	char *domain;
	const struct server *server;
	struct service_list port;
	struct uplink_preference *preference;
	size_t preference_count;
	struct name_list spf;     /*!< Terms beside the uplinks' addresses; «all» comes last. */
	char *dmarc;              /*!< The text of the record, or NULL. */
	char *mta_sts;            /*!< The id of the policy, or NULL. */
	struct name_list tls_rpt; /*!< URIs. */
	struct name_list record;  /*!< Lines of a zone file, relative to domain. */
};

struct forward {
	char *id;
	const struct server *server;
	struct service_list port;
	unsigned *uplink;
	size_t uplink_count;
};

struct site {
	char *domain;
	char *hostmaster;
	struct name_list lan;
	bool masquerade;
	bool hairpin;
	enum dns_binding dns_binding;
	enum outbound_mode outbound;
	enum stale_mode stale;
	enum cross_probe cross_probe;
	uint32_t cross_interval_ms; /*!< Between two cross-probes of a service. */
	struct prefix lan_prefix;   /*!< Onto which the uplinks' prefixes are mapped; or none. */
	struct prefix_list cross_alias; /*!< At most one a family, see site_cross_prefix(). */
	uint32_t fwmark_mask;
	uint32_t route_table;
	uint32_t rule_priority;
	char *run_dir;
	char *state_dir;
	struct name_list notify;    /*!< Commands, for a shell. */
	struct name_list on_change; /*!< «nsupdate FILE [SERVER]» or «exec COMMAND», as written. */

	struct uplink *uplinks;
	size_t uplink_count;
	struct server *servers;
	size_t server_count;
	struct host *hosts;
	size_t host_count;
	struct mail *mails;
	size_t mail_count;
	struct forward *forwards;
	size_t forward_count;
};

/*!
 * \brief One published service of one owner, for whoever installs or shows it.
 *
 * Hosts, mail domains and named forwards differ in DNS; in the data plane all three are «these
 * ports of these uplinks go to that server».
 */
struct site_forward {
	enum { FORWARD_HOST, FORWARD_MAIL, FORWARD_NAMED } kind;
	const char *name; /*!< Domain or id; borrowed. */
	const struct server *server;
	const struct service_list *port;
	uplink_set uplinks;
};

/*!
 * \brief Read and validate a site file.
 *
 * \param path    File to read.
 * \param site    Out: the site, freed by site_free(); written only on success.
 * \param report  Out: one line for each error and warning found, «file:line:column: message» and
 *                «file:line:column: warning: message». May hold warnings on success.
 * \return 0, -EINVAL (see report), -ENOMEM, or the -errno of opening the file (also in report).
 */
int site_load(const char *path, struct site **site, struct text *report);

/*! \brief Free a site; NULL is legal. */
void site_free(struct site *site);

/*! \brief The uplink with that number (1..uplink_count). */
const struct uplink *site_uplink(const struct site *site, unsigned number);

/*! \brief The uplink with that id, or NULL. */
const struct uplink *site_uplink_by_id(const struct site *site, const char *id);

/*!
 * \brief How an uplink's public address of a family is to be learnt, while its own one is private.
 * \return An item of public_given; NULL: the site file names it, or wants nothing learnt.
 */
const struct public_address *uplink_discover(const struct uplink *uplink, uint8_t family);

/*! \brief Whether some address of an uplink is not in the site file, as it follows the network. */
bool uplink_follows(const struct uplink *uplink);

/*!
 * \brief All forwards of hosts, mail domains and named forwards, in the order of the file.
 * \param forwards  Out: array to free; its strings belong to the site.
 * \return 0 or -ENOMEM.
 */
int site_forwards(const struct site *site, struct site_forward **forwards, size_t *count);

/*!
 * \brief Where a server is reached by one uplink and family.
 *
 * In source-address mode that is the server's address for the uplink, else its own. A server that
 * holds addresses of the providers' prefixes, which are IPv6, and none for IPv4 does that as usual.
 * \return The address, or NULL if the server has none of that family.
 */
const struct address *server_target(const struct server *server, unsigned uplink, uint8_t family);

/*! \brief Whether replies of a server over IPv4 go by the mark of their connection. */
bool server_marked4(const struct server *server);

/*! \brief The server's own address of a family, or NULL. */
const struct address *server_address(const struct server *server, uint8_t family);

/*!
 * \brief The absolute name of a host's alias: as written if it lies inside the domain, else below it.
 * \return 0, or -EINVAL if it does not fit into size bytes.
 */
int host_alias_owner(const struct host *host, size_t alias, char *owner, size_t size);

/*!
 * \brief The name of an uplink's mail gateway, mail-gw-N in the site's domain.
 * \return 0, or -EINVAL if it does not fit into size bytes.
 */
int mail_gateway_owner(const struct site *site, unsigned uplink, char *owner, size_t size);

/*! \brief The preference of an uplink's MX record: as written, or 10 times its number. */
uint16_t mail_preference(const struct mail *mail, unsigned uplink);

/*! \brief Whether an SPF term is a mechanism, with any qualifier: «~all» is «all». */
bool spf_term_is(const char *term, const char *mechanism);

/*! \brief The mark of an uplink: its number shifted to the lowest bit of the mask. */
uint32_t site_mark(const struct site *site, unsigned uplink);

/*! \brief The route table of an uplink; uplink 0 is the table behind the guard rule. */
uint32_t site_table(const struct site *site, unsigned uplink);

/*! \brief The route table of what the gateway itself opens, behind those of all uplinks. */
uint32_t site_outbound_table(const struct site *site);

/*! \brief knotd's port for an uplink with the bindings «port», and «device» inside: 5300 + N. */
uint16_t site_dns_port(unsigned uplink);

/*! \brief Whether uplinks probe each other: it takes two. */
bool site_crosses(const struct site *site);

/*! \brief The network of the aliases by which the gateway calls its own uplinks «from outside». */
struct prefix site_cross_prefix(const struct site *site, uint8_t family);

/*! \brief An uplink's alias: its number in that network. */
struct address site_cross_alias(const struct site *site, uint8_t family, unsigned uplink);

/*! \brief What a DNS probe asks for: the last word of its text. */
const char *probe_name(const struct probe *probe);

/*! \brief The command of an exec probe with its arguments, separated by blanks. */
const char *probe_command(const struct probe *probe);

/*! \brief The words of the file for a policy, «arrival», «all», «preferred»; «uplink» is none of them. */
const char *answer_policy_name(enum answer_policy policy);
