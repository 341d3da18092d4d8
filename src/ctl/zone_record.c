/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Records that a site file passes through: read by libzscanner, fitted to what the zone has already.
 */

#include <errno.h>
#include <libknot/libknot.h>
#include <libzscanner/scanner.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/zone.h"
#include "ctl/zone_hints.h"
#include "ctl/zone_private.h"

/*! Of a line that has no TTL of its own. */
#define RECORD_TTL 3600

/*! Records about the zone itself, which follow from the site, or from its signing. */
static const uint16_t generated[] = {
	KNOT_RRTYPE_SOA,    KNOT_RRTYPE_RRSIG,      KNOT_RRTYPE_NSEC, KNOT_RRTYPE_NSEC3,
	KNOT_RRTYPE_DNSKEY, KNOT_RRTYPE_NSEC3PARAM, KNOT_RRTYPE_CDS,  KNOT_RRTYPE_CDNSKEY,
};

static bool is_address(uint16_t type)
{
	return type == KNOT_RRTYPE_A || type == KNOT_RRTYPE_AAAA;
}

static const char *type_error(const struct zone *zone, const zs_scanner_t *scanner)
{
	for (size_t i = 0; i < sizeof(generated) / sizeof(generated[0]); i++) {
		if (scanner->r_type == generated[i]) {
			return "its type is made by the zone itself: leave it out";
		}
	}
	bool apex = knot_dname_is_equal(scanner->r_owner, zone->apex);
	if (scanner->r_class != KNOT_CLASS_IN) {
		return "its class is not IN";
	}
	if (knot_dname_in_bailiwick(scanner->r_owner, zone->apex) < 0) {
		return "its name is not in the zone: write it relative to the host, or @";
	}
	if (scanner->r_type == KNOT_RRTYPE_DNAME && apex) {
		return "a DNAME would hide all names below the host";
	}
	return NULL;
}

/*! What stands in the way of a record beside another one. */
static const char *pair_error(const zs_scanner_t *scanner, const knot_rrset_t *other)
{
	const knot_rdata_t *rdata = other->rrs.rdata;
	bool same_name = knot_dname_is_equal(scanner->r_owner, other->owner);
	bool cut = other->type == KNOT_RRTYPE_NS &&
	           knot_dname_in_bailiwick(scanner->r_owner, other->owner) >= 0;
	if (cut && scanner->r_type != KNOT_RRTYPE_DS) {
		return "its name lies in another zone, which is delegated there";
	}
	if (!same_name) {
		return NULL;
	}
	if (scanner->r_type == KNOT_RRTYPE_CNAME || other->type == KNOT_RRTYPE_CNAME) {
		return "a CNAME cannot stand beside other records of its name";
	}
	if (scanner->r_type != other->type) {
		return NULL;
	}
	if (is_address(other->type)) {
		return "the addresses of its name follow the uplinks: leave it out";
	}
	if (scanner->r_ttl != other->ttl) {
		return "another record of its name and type has another TTL";
	}
	if (scanner->r_data_length == rdata->len &&
	    memcmp(scanner->r_data, rdata->data, rdata->len) == 0) {
		return "it is there twice";
	}
	return NULL;
}

static const char *record_error(const struct zone *zone, const zs_scanner_t *scanner)
{
	const char *error = type_error(zone, scanner);
	for (size_t i = 0; i < zone->count && error == NULL; i++) {
		const knot_rrset_t *other = zone->items[i].record;
		// The name servers of the zone itself are no cut in it.
		bool own = other != NULL && other->type == KNOT_RRTYPE_NS &&
		           knot_dname_is_equal(other->owner, zone->apex);
		if (own && scanner->r_type == KNOT_RRTYPE_NS &&
		    knot_dname_is_equal(scanner->r_owner, zone->apex)) {
			return "the name servers of the zone follow the uplinks: leave it out";
		}
		if (own && scanner->r_type == KNOT_RRTYPE_CNAME &&
		    knot_dname_is_equal(scanner->r_owner, zone->apex)) {
			return "a CNAME cannot stand beside other records of its name";
		}
		error = other != NULL && !own ? pair_error(scanner, other) : NULL;
	}
	return error;
}

/*! Put the right hints into a record. */
static int fit_hints(zs_scanner_t *scanner, const struct site *site, const char **why)
{
	struct zone_hints *hints = malloc(sizeof(*hints));
	knot_rdata_t *rdata = malloc(knot_rdata_size(UINT16_MAX));
	int ret = -ENOMEM;
	if (hints != NULL && rdata != NULL) {
		knot_rrset_t record;
		knot_rdata_init(rdata, (uint16_t)scanner->r_data_length, scanner->r_data);
		knot_rrset_init(&record, scanner->r_owner, scanner->r_type, scanner->r_class,
		                scanner->r_ttl);
		record.rrs = (knot_rdataset_t){
			.count = 1,
			.size = (uint32_t)knot_rdata_size(rdata->len),
			.rdata = rdata,
		};
		ret = zone_hints_fit(site, &record, hints, why);
	}
	if (ret == 0) {
		scanner->r_ttl = hints->ttl;
		scanner->r_data_length = hints->size;
		memcpy(scanner->r_data, hints->rdata, hints->size);
	}
	free(rdata);
	free(hints);
	return ret;
}

static int add_line(struct zone *zone, const struct site *site, const char *line, uint32_t ttl,
                    const char **why)
{
	char origin[KNOT_DNAME_TXT_MAXLEN + 1];
	struct text text = TEXT_EMPTY;
	zs_scanner_t *scanner = malloc(sizeof(*scanner));
	bool ready = false;
	int ret = -ENOMEM;
	text_add(&text, "%s\n", line);
	if (scanner == NULL || text.failed ||
	    knot_dname_to_str(origin, zone->apex, sizeof(origin)) == NULL) {
		goto cleanup;
	}
	ready = zs_init(scanner, origin, KNOT_CLASS_IN, ttl) == 0;
	if (!ready || zs_set_input_string(scanner, text.data, text.length) != 0) {
		goto cleanup;
	}
	ret = -EINVAL;
	if (zs_parse_record(scanner) != 0 || scanner->state != ZS_STATE_DATA) {
		*why = scanner->error.code != 0 ? zs_strerror(scanner->error.code)
		                                : "it is no record";
		goto cleanup;
	}
	(void)knot_dname_to_lower(scanner->r_owner);
	ret = fit_hints(scanner, site, why);
	if (ret != 0) {
		goto cleanup;
	}
	ret = -EINVAL;
	*why = record_error(zone, scanner);
	if (*why == NULL) {
		zone_add_rdata(zone, scanner->r_owner, scanner->r_type, scanner->r_ttl,
		               scanner->r_data, scanner->r_data_length);
		ret = 0;
	}
	// One item is one record: a bracket or $INCLUDE cannot bring another one.
	if (ret == 0 && zs_parse_record(scanner) == 0 && scanner->state == ZS_STATE_DATA) {
		*why = "it is more than one record";
		ret = -EINVAL;
	}
cleanup:
	if (ready) {
		zs_deinit(scanner);
	}
	free(scanner);
	text_free(&text);
	return ret;
}

int zone_add_lines(struct zone *zone, const struct site *site, const struct name_list *lines,
                   const char *whose, const char *domain, struct text *error)
{
	int ret = 0;
	for (size_t i = 0; i < lines->count && ret == 0; i++) {
		const char *why = NULL;
		ret = add_line(zone, site, lines->items[i], RECORD_TTL, &why);
		if (ret == -EINVAL) {
			text_add(error, "%s '%s', record '%s' is refused (%s)", whose, domain,
			         lines->items[i], why);
		}
	}
	return ret;
}
