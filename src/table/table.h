/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The answer table: the contract between multihomed, who writes it, and mod-arrival, who reads it.
 *
 * Rows of three kinds, each a key and a value in one LMDB database:
 *
 *   key «m»           meta row: format version, site, generation, boot id, heartbeat, LAN prefixes
 *   key «u» N         uplink row, N the uplink's number in one byte
 *   key «h» owner     host row, owner in wire form and lower case (RFC 4034 section 6.2)
 *
 * An uplink that comes or goes changes one uplink row, whatever the number of hosts. A value starts
 * with the format version and a CRC-32 over key and value, since LMDB itself checks nothing; numbers
 * are in network byte order. Whoever finds a row damaged or of another format takes the whole table
 * for «no new state» and keeps what it had.
 *
 * This file is pure: rows to bytes and back. table_lmdb.h keeps them.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"

/*! Format of the rows; raised by every change of them. */
#define TABLE_FORMAT 2

#define TABLE_UPLINKS_MAX 63
#define TABLE_ID_MAX 64
#define TABLE_ADDRESSES_MAX 16
#define TABLE_BINDINGS_MAX 32
#define TABLE_LAN_MAX 64
#define TABLE_OWNER_MAX 255
#define TABLE_DEVICE_MAX 16
/*! Addresses of its own that a host may have, at most one an uplink and family. */
#define TABLE_OWN_MAX 16

/*! What tells a query's arrival uplink, design 4.1. */
enum table_binding_kind {
	TABLE_BINDING_ADDRESS = 1,
	TABLE_BINDING_PORT = 2,
	TABLE_BINDING_DEVICE = 3
};

struct table_binding {
	enum table_binding_kind kind;
	struct address address;        /*!< Local address of the query's socket. */
	uint16_t port;                 /*!< Local port of the query's socket. */
	char device[TABLE_DEVICE_MAX]; /*!< Interface the socket is bound to. */
};

/*! One uplink, as the outside sees it. */
struct table_uplink {
	uint8_t number; /*!< 1..TABLE_UPLINKS_MAX */
	char id[TABLE_ID_MAX];
	bool usable;  /*!< Its addresses may be answered now. */
	bool drained; /*!< The operator wants no new clients on it. */
	struct address
		address[TABLE_ADDRESSES_MAX]; /*!< Public addresses, only of families that work. */
	uint8_t address_count;
	struct table_binding binding[TABLE_BINDINGS_MAX];
	uint8_t binding_count;
};

/*! An address of the host itself, out of the prefix that an uplink's provider gave. */
struct table_own {
	uint8_t uplink;
	struct address address;
};

/*! One owner name. Bit N of a set is uplink number N. */
struct table_host {
	uint8_t owner[TABLE_OWNER_MAX]; /*!< Wire form, lower case. */
	uint8_t owner_length;
	uint32_t ttl;   /*!< Seconds. */
	uint8_t policy; /*!< enum answer_policy of site.h: 1 arrival, 2 all, 3 preferred, 4 uplink. */
	uint64_t ready4; /*!< Uplinks that have all its IPv4 forwards and reply paths. */
	uint64_t ready6; /*!< The same for IPv6. */
	uint8_t order[TABLE_UPLINKS_MAX]; /*!< Its uplinks' numbers in the order of preference. */
	uint8_t order_count;
	struct table_own own[TABLE_OWN_MAX]; /*!< Answered instead of those uplinks' addresses. */
	uint8_t own_count;
	struct address
		lan[2]; /*!< Inside addresses for clients on the LAN, at most one a family. */
	uint8_t lan_count;
};

struct table_meta {
	char site[TABLE_OWNER_MAX + 1]; /*!< Domain of the site. */
	uint64_t generation;     /*!< Raised by every change of a row, not by the heartbeat. */
	uint8_t boot_id[16];     /*!< /proc/sys/kernel/random/boot_id of the writer. */
	uint64_t heartbeat_ms;   /*!< CLOCK_BOOTTIME of the writer's last sign of life. */
	uint32_t stale_after_ms; /*!< Answers end that long after the heartbeat; 0: never. */
	struct prefix lan[TABLE_LAN_MAX]; /*!< Clients in here get a host's inside address. */
	uint8_t lan_count;
};

/*! A whole table. Uplinks are sorted by number, hosts by owner bytes (table_sort()). */
struct table {
	struct table_meta meta;
	struct table_uplink *uplinks;
	size_t uplink_count;
	struct table_host *hosts;
	size_t host_count;
};

/*! Largest encoded row and key. */
#define TABLE_KEY_MAX (1 + TABLE_OWNER_MAX)
#define TABLE_ROW_MAX 2048

/*! An encoded row. */
struct table_row {
	uint8_t key[TABLE_KEY_MAX];
	size_t key_size;
	uint8_t value[TABLE_ROW_MAX];
	size_t value_size;
};

/*! \brief A new, empty table, or NULL. Freed by table_free(). */
struct table *table_new(void);

/*! \brief Free a table and its rows; NULL is legal. */
void table_free(struct table *table);

/*! \brief Add an empty uplink row; NULL if memory ran out. The pointer lasts until the next addition. */
struct table_uplink *table_add_uplink(struct table *table);

/*! \brief Add an empty host row; NULL if memory ran out. The pointer lasts until the next addition. */
struct table_host *table_add_host(struct table *table);

/*! \brief Bring the rows into their order. */
void table_sort(struct table *table);

/*! \brief Find a host row in a sorted table, or NULL. */
struct table_host *table_find_host(const struct table *table, const uint8_t *owner, size_t length);

/*! \brief Find an uplink row by number, or NULL. */
struct table_uplink *table_find_uplink(const struct table *table, unsigned number);

/*!
 * \brief The address that stands for a host on an uplink instead of the uplink's, or NULL.
 *
 * It is answered under the same conditions: the uplink is usable and has an address of the family.
 */
const struct address *table_host_own(const struct table_host *host, unsigned uplink,
                                     uint8_t family);

/*!
 * \brief Encode a row.
 * \return 0, or -EINVAL if a count or length in it is out of range.
 */
int table_encode_meta(const struct table_meta *meta, struct table_row *row);
int table_encode_uplink(const struct table_uplink *uplink, struct table_row *row);
int table_encode_host(const struct table_host *host, struct table_row *row);

/*!
 * \brief Decode any row and add it to a table (the meta row replaces its meta).
 * \return 0, -EPROTONOSUPPORT for another format, -EBADMSG for a damaged row, -ENOMEM.
 */
int table_decode(const void *key, size_t key_size, const void *value, size_t value_size,
                 struct table *table);

/*!
 * \brief Whether a decoded table is one that may be served: meta row present, uplinks known and unique,
 * one own address of a host for an uplink and family.
 * \return 0 or -EBADMSG.
 */
int table_validate(const struct table *table);

/*!
 * \brief Turn «www.example.com» (with or without the last dot) into wire form, lower case.
 *
 * Backslash escapes are not understood: host names (RFC 1123) need none.
 *
 * \param owner  At least TABLE_OWNER_MAX bytes.
 * \return Length in bytes, or -EINVAL: empty, a label over 63 or a name over 255 octets.
 */
int table_owner_from_text(const char *text, uint8_t *owner);

/*! \brief The current boot's id, from the kernel. \return 0 or -errno. */
int table_boot_id(uint8_t boot_id[16]);

/*! \brief CLOCK_BOOTTIME in milliseconds, the clock of the heartbeat. */
uint64_t table_now_ms(void);
