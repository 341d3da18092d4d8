/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief IPv4 and IPv6 addresses and prefixes as plain values.
 *
 * One small type serves the site file, the kernel seam and the answer table, so that an address is
 * compared, ordered and printed in one way everywhere.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*! Room for the text of any address or prefix, with the terminating zero. */
#define ADDRESS_TEXT_MAX 64

/*! An address; family is AF_INET, AF_INET6, or 0 for «none». Unused bytes are zero. */
struct address {
	uint8_t family;
	uint8_t bytes[16];
};

/*! A prefix; bits behind the length are kept as given, see prefix_network(). */
struct prefix {
	struct address address;
	uint8_t length;
};

/*! \brief Number of bytes of an address: 4, 16, or 0 for «none». */
size_t address_size(const struct address *address);

/*! \brief Set an address from raw bytes (4 for AF_INET, 16 for AF_INET6). */
struct address address_from_bytes(uint8_t family, const void *bytes);

/*!
 * \brief Parse an address in its usual text form.
 * \return 0, or -EINVAL.
 */
int address_parse(const char *text, struct address *address);

/*!
 * \brief Print an address («none» if it is none).
 * \param buffer  At least ADDRESS_TEXT_MAX bytes.
 * \return buffer
 */
const char *address_format(const struct address *address, char *buffer);

/*! \brief Order by family, then numerically. */
int address_compare(const struct address *a, const struct address *b);

/*! \brief Whether two addresses are the same. */
bool address_equal(const struct address *a, const struct address *b);

/*!
 * \brief Why an address must not be published, or NULL if it may.
 *
 * Refused are the unspecified address, loopback, link-local, multicast and class E (RFC 6890).
 * Private and documentation addresses are the operator's business.
 */
const char *address_unpublishable(const struct address *address);

/*!
 * \brief What kind of private address it is, in words, or NULL if the whole internet may know it.
 *
 * RFC 1918, RFC 6598 (carrier-grade NAT) and RFC 4193 (unique local IPv6).
 */
const char *address_private(const struct address *address);

/*!
 * \brief Parse «address/length»; without a length it is that of a single host.
 * \return 0, or -EINVAL.
 */
int prefix_parse(const char *text, struct prefix *prefix);

/*! \brief Print «address/length» into a buffer of ADDRESS_TEXT_MAX bytes; returns it. */
const char *prefix_format(const struct prefix *prefix, char *buffer);

/*! \brief The same prefix with the host bits cleared. */
struct prefix prefix_network(const struct prefix *prefix);

/*! \brief Order by address, then length. */
int prefix_compare(const struct prefix *a, const struct prefix *b);

/*! \brief Whether an address lies within a prefix. */
bool prefix_contains(const struct prefix *prefix, const struct address *address);
