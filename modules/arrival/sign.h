/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief One signature, made after the model of another one over the same owner and type.
 *
 * All that knotd has decided about a signature (key, times, labels, TTL: RFC 4034 section 3.1) is in
 * the octets of its RRSIG record before the signature itself; they are taken as they are.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <libknot/rdata.h>

#include "arrival/signed_answers.h"
#include "arrival/dnssec.h"

/*!
 * \brief Sign the records of a set.
 * \param context  Of the key that the model names.
 * \param model    RRSIG record.
 * \param rdata    Out: the new RRSIG's data.
 * \param size     In: room in rdata. Out: its length.
 * \return Whether it was signed.
 */
bool sign_set(dnssec_sign_ctx_t *context, const struct signed_set *set, const knot_rdata_t *model,
              uint8_t *rdata, size_t *size);

/*! \brief Whether a signature over a set was made by the key of the context. */
bool sign_verify(dnssec_sign_ctx_t *context, const struct signed_set *set,
                 const knot_rdata_t *signature);
