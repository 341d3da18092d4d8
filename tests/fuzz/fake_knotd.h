/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief As much of knotd as mod-arrival sees: its functions for modules, and the way of a query through the hooks.
 *
 * The steps and their order are those of Knot DNS 3.2, src/knot/nameserver/process_query.c and internet.c;
 * denial of existence by DNSSEC is left out.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "fake_zone.h"

/*! One TSIG key, which may ask. */
#define FAKE_KEY_NAME "\x03key"
extern const uint8_t fake_key_secret[32];

struct fake_knotd;

/*! What an instance is configured with. */
struct fake_settings {
	const char *table; /*!< NULL: none. */
	bool full;         /*!< sections: full */
	bool pkcs11;       /*!< Keys that cannot be read. */
};

/*! \brief Load the module for a zone. */
struct fake_knotd *fake_knotd_new(const struct fake_zone *zone,
                                  const struct fake_settings *settings);

/*! \brief Unload it. */
void fake_knotd_free(struct fake_knotd *knotd);

/*! A query, and how it came. */
struct fake_query {
	uint8_t *wire;
	size_t size;
	bool tcp;
	bool answered; /*!< By another module, before. */
	struct sockaddr_storage local;
	struct sockaddr_storage client;
	uint16_t udp_max; /*!< knotd's udp-max-payload. */
};

/*!
 * \brief Process a query.
 * \param response  Of KNOT_WIRE_MAX_PKTSIZE octets.
 * \return Size of the response; 0: none.
 */
size_t fake_knotd_process(struct fake_knotd *knotd, const struct fake_query *query,
                          uint8_t *response);
