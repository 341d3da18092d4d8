/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief libdnssec, which is a library of its own up to Knot DNS 3.5 and part of libknot after that.
 *
 * Its results are only compared with 0: the error codes differ. dnssec_crypto_init() and its opposite
 * are knotd's to call.
 */

#pragma once

#if __has_include(<libknot/dnssec/sign.h>)
#include <libknot/dnssec/key.h>
#include <libknot/dnssec/keystore.h>
#include <libknot/dnssec/keytag.h>
#include <libknot/dnssec/sign.h>
#else
#include <libdnssec/key.h>
#include <libdnssec/keystore.h>
#include <libdnssec/keytag.h>
#include <libdnssec/sign.h>
#endif
