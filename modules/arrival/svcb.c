/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Parsing and writing of SVCB rdata, bounds first: pure.
 */

#include "arrival/svcb.h"

#include <string.h>
#include <sys/socket.h>

#include <libknot/packet/wire.h>

static const uint16_t hint_key[2] = { SVCB_KEY_IPV4HINT, SVCB_KEY_IPV6HINT };
static const uint8_t address_octets[2] = { 4, 16 };

/*! A parameter; the value is borrowed. */
struct parameter {
	uint16_t key;
	uint16_t size;
	const uint8_t *value;
};

#define PARAMETER_HEADER 4

/*! Of so many records, which most RRsets have at most, no memory is asked for. */
#define MEMBERS_FEW 4

/*! The place of a hint's key in pairs; -1 for all other keys. */
static int hint_index(uint16_t key)
{
	return key == SVCB_KEY_IPV4HINT ? 0 : key == SVCB_KEY_IPV6HINT ? 1 : -1;
}

/*! \return Octets of the parameter at the start of size octets, or 0. */
static size_t read_parameter(const uint8_t *at, size_t size, struct parameter *parameter)
{
	if (size < PARAMETER_HEADER) {
		return 0;
	}
	*parameter = (struct parameter){
		.key = knot_wire_read_u16(at),
		.size = knot_wire_read_u16(at + 2),
		.value = at + PARAMETER_HEADER,
	};
	size_t whole = (size_t)PARAMETER_HEADER + parameter->size;
	return whole <= size ? whole : 0;
}

/*! \return Octets of an uncompressed name at the start of size octets, or 0. */
static size_t name_size(const uint8_t *name, size_t size)
{
	size_t at = 0;
	while (at < size && name[at] != 0) {
		if (name[at] > KNOT_DNAME_MAXLABELLEN) {
			return 0;
		}
		at += 1 + (size_t)name[at];
	}
	return at < size && at < KNOT_DNAME_MAXLEN ? at + 1 : 0;
}

static bool has_key(const uint8_t *parameters, size_t size, uint16_t key)
{
	struct parameter parameter;
	size_t at = 0;
	for (size_t whole; (whole = read_parameter(parameters + at, size - at, &parameter)) > 0;) {
		if (parameter.key == key) {
			return true;
		}
		at += whole;
	}
	return false;
}

/*! RFC 9460 section 8: ascending keys, not its own, each of which is in the record. */
static bool is_mandatory_valid(const struct parameter *mandatory, const uint8_t *parameters,
                               size_t size)
{
	if (mandatory->size == 0 || mandatory->size % 2 != 0) {
		return false;
	}
	uint16_t last = SVCB_KEY_MANDATORY;
	for (size_t i = 0; i < mandatory->size; i += 2) {
		uint16_t key = knot_wire_read_u16(mandatory->value + i);
		if (key <= last || !has_key(parameters, size, key)) {
			return false;
		}
		last = key;
	}
	return true;
}

bool svcb_parse(const uint8_t *rdata, size_t size, struct svcb *svcb)
{
	*svcb = (struct svcb){ .rdata = rdata, .size = size };
	if (size < SVCB_TARGET || knot_wire_read_u16(rdata) == 0) {
		return false;
	}
	svcb->target_size = name_size(rdata + SVCB_TARGET, size - SVCB_TARGET);
	if (svcb->target_size == 0) {
		return false;
	}
	const uint8_t *parameters = rdata + SVCB_TARGET + svcb->target_size;
	size_t parameters_size = size - SVCB_TARGET - svcb->target_size;
	int last = -1;
	struct parameter parameter;
	for (size_t at = 0, whole = 0; at < parameters_size; at += whole) {
		whole = read_parameter(parameters + at, parameters_size - at, &parameter);
		if (whole == 0 || parameter.key <= last) {
			return false;
		}
		last = parameter.key;
		int hint = hint_index(parameter.key);
		if (hint >= 0) {
			if (parameter.size == 0 || parameter.size % address_octets[hint] != 0) {
				return false;
			}
			svcb->has_hint[hint] = true;
		} else if (parameter.key == SVCB_KEY_MANDATORY &&
		           !is_mandatory_valid(&parameter, parameters, parameters_size)) {
			return false;
		}
	}
	return svcb->has_hint[0] || svcb->has_hint[1];
}

/*! Where to write, or only to count. */
struct output {
	uint8_t *bytes; /*!< NULL: only count. */
	size_t size;
};

static void put(struct output *output, const void *bytes, size_t size)
{
	if (output->bytes != NULL) {
		memcpy(output->bytes + output->size, bytes, size);
	}
	output->size += size;
}

static void put_u16(struct output *output, uint16_t number)
{
	uint8_t bytes[2];
	knot_wire_write_u16(bytes, number);
	put(output, bytes, sizeof(bytes));
}

static bool is_dropped(uint16_t key, const struct svcb_addresses *addresses)
{
	int hint = hint_index(key);
	return hint >= 0 && addresses->hint[hint] == SVCB_HINT_DROP;
}

/*! Put the list without the keys of hints that are dropped, if any other remains. */
static void put_mandatory(struct output *output, const struct parameter *mandatory,
                          const struct svcb_addresses *addresses)
{
	uint16_t size = mandatory->size;
	for (size_t i = 0; i < mandatory->size; i += 2) {
		size -= is_dropped(knot_wire_read_u16(mandatory->value + i), addresses) ? 2 : 0;
	}
	if (size == 0) {
		return;
	}
	put_u16(output, SVCB_KEY_MANDATORY);
	put_u16(output, size);
	for (size_t i = 0; i < mandatory->size; i += 2) {
		uint16_t key = knot_wire_read_u16(mandatory->value + i);
		if (!is_dropped(key, addresses)) {
			put_u16(output, key);
		}
	}
}

static void put_hint(struct output *output, int hint, const struct tail *tail)
{
	put_u16(output, hint_key[hint]);
	put_u16(output, (uint16_t)(tail->count * address_octets[hint]));
	const knot_rdata_t *rdata = (const knot_rdata_t *)(const void *)tail->rdata;
	for (uint16_t i = 0; i < tail->count; i++) {
		put(output, rdata->data, address_octets[hint]);
		rdata = (const knot_rdata_t *)(const void *)((const uint8_t *)rdata +
		                                             knot_rdata_size(rdata->len));
	}
}

static void put_record(struct output *output, const struct svcb *svcb,
                       const struct svcb_addresses *addresses)
{
	put(output, svcb->rdata, SVCB_TARGET + svcb->target_size);
	struct parameter parameter;
	size_t at = SVCB_TARGET + svcb->target_size;
	for (size_t whole;
	     (whole = read_parameter(svcb->rdata + at, svcb->size - at, &parameter)) > 0;) {
		int hint = hint_index(parameter.key);
		if (parameter.key == SVCB_KEY_MANDATORY) {
			put_mandatory(output, &parameter, addresses);
		} else if (hint < 0 || addresses->hint[hint] == SVCB_HINT_KEEP) {
			put(output, svcb->rdata + at, whole);
		} else if (addresses->hint[hint] == SVCB_HINT_REPLACE) {
			put_hint(output, hint, addresses->tail[hint]);
		}
		at += whole;
	}
}

size_t svcb_write(const struct svcb *svcb, const struct svcb_addresses *addresses, uint8_t *rdata)
{
	struct output output = { .bytes = NULL };
	put_record(&output, svcb, addresses);
	if (output.size > UINT16_MAX) {
		return 0;
	}
	if (rdata != NULL) {
		output = (struct output){ .bytes = rdata };
		put_record(&output, svcb, addresses);
	}
	return output.size;
}

/*! What is known about one record of an RRset. */
struct member {
	struct svcb svcb;
	struct svcb_addresses addresses;
	size_t size;  /*!< Octets, as it will be. */
	bool is_ours; /*!< Written anew; else as it was. */
	bool is_ready;
};

static void member_init(struct member *member, const knot_rrset_t *rrset, const knot_rdata_t *rdata,
                        svcb_find find, void *context)
{
	*member = (struct member){ .size = rdata->len, .is_ready = true };
	if (!svcb_parse(rdata->data, rdata->len, &member->svcb)) {
		return;
	}
	knot_dname_storage_t lower;
	const knot_dname_t *target = rrset->owner;
	size_t size = member->svcb.target_size;
	if (size == 1) {
		size = knot_dname_size(target);
	} else {
		memcpy(lower, rdata->data + SVCB_TARGET, size);
		knot_dname_to_lower(lower);
		target = lower;
	}
	member->is_ready = find(context, target, size, &member->addresses);
	// What would not fit a record any more stays as it is.
	size = member->is_ready ? svcb_write(&member->svcb, &member->addresses, NULL) : 0;
	member->is_ours = size > 0;
	member->size = member->is_ours ? size : member->size;
}

/*! Put a record where it belongs, unless it is there. The record is behind the end of the set. */
static void insert_record(struct tail *tail, size_t *used, const knot_rdata_t *record)
{
	size_t size = knot_rdata_size(record->len);
	size_t at = 0;
	while (at < *used) {
		const knot_rdata_t *other = (const knot_rdata_t *)(const void *)(tail->rdata + at);
		int order = knot_rdata_cmp(other, record);
		if (order == 0) {
			return;
		}
		if (order > 0) {
			break;
		}
		at += knot_rdata_size(other->len);
	}
	// The set's room ends before the record.
	memmove(tail->rdata + at + size, tail->rdata + at, *used - at);
	memcpy(tail->rdata + at, record, size);
	*used += size;
	tail->count++;
}

static uint32_t member_ttl(const struct member *member, uint32_t ttl)
{
	if (!member->is_ready) {
		return ttl < SVCB_TTL_LEFT_OUT ? ttl : SVCB_TTL_LEFT_OUT;
	}
	for (size_t i = 0; i < 2; i++) {
		const struct tail *tail = member->addresses.tail[i];
		if (tail != NULL && tail->ttl < ttl) {
			ttl = tail->ttl;
		}
	}
	return ttl;
}

/*! Write a record, or copy it as it was. */
static void write_member(const struct member *member, const knot_rdata_t *rdata,
                         knot_rdata_t *record)
{
	if (!member->is_ours) {
		knot_rdata_init(record, rdata->len, rdata->data);
		return;
	}
	struct output output = { .bytes = record->data };
	put_record(&output, &member->svcb, &member->addresses);
	record->len = (uint16_t)output.size;
	if (record->len % 2 != 0) {
		record->data[record->len] = 0;
	}
}

/*! Room for all records as they will be; *largest: for the longest one. */
static size_t measure(const knot_rrset_t *rrset, svcb_find find, void *context,
                      struct member *members, size_t *largest)
{
	size_t room = 0;
	knot_rdata_t *rdata = rrset->rrs.rdata;
	for (uint16_t i = 0; i < rrset->rrs.count; i++) {
		member_init(&members[i], rrset, rdata, find, context);
		room += knot_rdata_size((uint16_t)members[i].size);
		*largest = members[i].size > *largest ? members[i].size : *largest;
		rdata = knot_rdataset_next(rdata);
	}
	return room;
}

/*! Write all records; *record is scratch memory for one. */
static void write_all(const knot_rrset_t *rrset, const struct member *members, struct tail *made,
                      knot_rdata_t *record)
{
	size_t used = 0;
	*made = (struct tail){ .ttl = rrset->ttl };
	knot_rdata_t *rdata = rrset->rrs.rdata;
	for (uint16_t i = 0; i < rrset->rrs.count; i++) {
		made->ttl = member_ttl(&members[i], made->ttl);
		if (members[i].is_ready) {
			write_member(&members[i], rdata, record);
			insert_record(made, &used, record);
		}
		rdata = knot_rdataset_next(rdata);
	}
	made->rdata_size = (uint16_t)used;
}

static bool is_same(const struct tail *made, const knot_rrset_t *rrset)
{
	return made->ttl == rrset->ttl && made->count == rrset->rrs.count &&
	       made->rdata_size == rrset->rrs.size &&
	       memcmp(made->rdata, rrset->rrs.rdata, made->rdata_size) == 0;
}

/*! Free what was allocated, where that is done one by one. */
static void release(knot_mm_t *mm, void *memory)
{
	if (mm->free != NULL) {
		mm->free(memory);
	}
}

/*! The RRset in memory of mm; NULL if there was none, or if it would be too large. */
static struct tail *make(const knot_rrset_t *rrset, svcb_find find, void *context, knot_mm_t *mm)
{
	struct member few[MEMBERS_FEW];
	struct member *members = few;
	if (rrset->rrs.count > MEMBERS_FEW) {
		members = mm->alloc(mm->ctx, rrset->rrs.count * sizeof(*members));
	}
	if (members == NULL) {
		return NULL;
	}
	size_t largest = 0;
	size_t room = measure(rrset, find, context, members, &largest);
	struct tail *made = NULL;
	if (room <= UINT16_MAX) {
		made = mm->alloc(mm->ctx,
		                 sizeof(*made) + room + knot_rdata_size((uint16_t)largest));
	}
	if (made != NULL) {
		write_all(rrset, members, made, (knot_rdata_t *)(void *)(made->rdata + room));
	}
	if (members != few) {
		release(mm, members);
	}
	return made;
}

enum svcb_result svcb_replace(const knot_rrset_t *rrset, svcb_find find, void *context,
                              knot_mm_t *mm, const struct tail **tail)
{
	struct tail *made = make(rrset, find, context, mm);
	if (made == NULL) {
		return SVCB_ERROR;
	}
	if (made->count > 0 && !is_same(made, rrset)) {
		*tail = made;
		return SVCB_REPLACED;
	}
	enum svcb_result result = made->count > 0 ? SVCB_UNCHANGED : SVCB_NOT_READY;
	release(mm, made);
	return result;
}
