/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Signing of one RRset: the canonical form of RFC 4034 section 3.1.8.1, and libdnssec.
 */

#include "arrival/sign.h"

#include <libknot/descriptor.h>
#include <libknot/dname.h>
#include <libknot/rrtype/rrsig.h>
#include <libknot/wire.h>

/*! Type, class, original TTL and length of a record. */
#define RECORD_HEADER_SIZE 10

static size_t header_size(const knot_rdata_t *model)
{
	return (size_t)(knot_rrsig_signature(model) - model->data);
}

static bool add_bytes(dnssec_sign_ctx_t *context, const uint8_t *bytes, size_t size)
{
	const dnssec_binary_t binary = { .data = (uint8_t *)(uintptr_t)bytes, .size = size };
	return dnssec_sign_add(context, &binary) == 0;
}

/*! Feed all that a signature covers. */
static bool add_set(dnssec_sign_ctx_t *context, const struct signed_set *set,
                    const knot_rdata_t *model)
{
	if (dnssec_sign_init(context) != 0 ||
	    !add_bytes(context, model->data, header_size(model))) {
		return false;
	}
	knot_rdata_t *record = signed_set_rdata(set).rdata;
	for (uint16_t i = 0; i < set->count; i++) {
		uint8_t header[RECORD_HEADER_SIZE];
		knot_wire_write_u16(header, set->type);
		knot_wire_write_u16(header + 2, KNOT_CLASS_IN);
		knot_wire_write_u32(header + 4, knot_rrsig_original_ttl(model));
		knot_wire_write_u16(header + 8, record->len);
		if (!add_bytes(context, signed_set_owner(set), set->owner_size) ||
		    !add_bytes(context, header, sizeof(header)) ||
		    !add_bytes(context, record->data, record->len)) {
			return false;
		}
		record = knot_rdataset_next(record);
	}
	return true;
}

bool sign_set(dnssec_sign_ctx_t *context, const struct signed_set *set, const knot_rdata_t *model,
              uint8_t *rdata, size_t *size)
{
	dnssec_binary_t signature = { 0 };
	if (!add_set(context, set, model) ||
	    dnssec_sign_write(context, DNSSEC_SIGN_NORMAL, &signature) != 0) {
		return false;
	}
	size_t header = header_size(model);
	bool fits = header + signature.size <= *size;
	if (fits) {
		memcpy(rdata, model->data, header);
		memcpy(rdata + header, signature.data, signature.size);
		*size = header + signature.size;
	}
	dnssec_binary_free(&signature);
	return fits;
}

bool sign_verify(dnssec_sign_ctx_t *context, const struct signed_set *set,
                 const knot_rdata_t *signature)
{
	const dnssec_binary_t binary = {
		.data = (uint8_t *)(uintptr_t)knot_rrsig_signature(signature),
		.size = knot_rrsig_signature_len(signature),
	};
	return add_set(context, set, signature) && dnssec_sign_verify(context, false, &binary) == 0;
}
