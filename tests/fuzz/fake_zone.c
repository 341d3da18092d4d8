/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The zone's text, and its RRsets.
 */

#include "fake_zone.h"

#include <libzscanner/scanner.h>

#include "fuzz.h"

// The placeholders are the first uplink's addresses; «many» and «other» outgrow a small response.
static const char text[] =
	"@ SOA ns1 hostmaster 1 10800 3600 604800 10\n"
	"@ NS ns1\n@ NS www-ns2\n@ NS ns.example.net.\n"
	"@ A 192.0.2.1\n@ AAAA 2001:db8:1::1\n"
	"@ MX 10 mail\n@ MX 20 www\n@ TXT \"text\"\n"
	"@ HTTPS 1 . alpn=h2 ipv4hint=192.0.2.1 ipv6hint=2001:db8:1::1\n"
	"ns1 A 192.0.2.1\nns1 AAAA 2001:db8:1::1\nwww-ns2 A 198.51.100.1\n"
	"www A 192.0.2.1\nwww AAAA 2001:db8:1::1\n"
	"www HTTPS 1 . mandatory=ipv4hint alpn=h2,h3 ipv4hint=192.0.2.1 ipv6hint=2001:db8:1::1\n"
	"www HTTPS 2 mail ipv4hint=192.0.2.1\n"
	"mail A 192.0.2.1\nmail AAAA 2001:db8:1::1\nmail MX 5 @\nmail TXT \"v=spf1 a -all\"\n"
	"alias CNAME www\nchain CNAME alias\naway CNAME www.example.net.\n"
	"loop CNAME pool\npool CNAME loop\n"
	"_srv._tcp SRV 1 1 443 www\n_srv._tcp SRV 2 1 443 mail\n"
	"_8443._https HTTPS 1 www port=8443 ipv4hint=192.0.2.1\n_8443._https HTTPS 0 other\n"
	"_dns SVCB 1 mail alpn=dot ipv6hint=2001:db8:1::1\n"
	"sub NS ns.sub\nsub NS www\nns.sub A 192.0.2.1\n"
	"other A 192.0.2.1\nother A 203.0.113.2\nother A 203.0.113.3\n"
	"many MX 1 @\nmany MX 2 www\nmany MX 3 mail\nmany MX 4 other\nmany MX 5 alias\n"
	"many MX 6 a-long-name-of-nobody-to-fill-the-room.and-another-label.of-it.example.org.\n"
	"many MX 7 b-long-name-of-nobody-to-fill-the-room.and-another-label.in-it.example.org.\n"
	"many MX 8 c-long-name-of-nobody-to-fill-the-room.but-another-label.by-it.example.org.\n"
	"many MX 9 d-long-name-of-nobody-to-fill-the-room.yet-another-label.to-it.example.org.\n";

static const char key_text[] = "@ DNSKEY 257 3 13 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIj"
			       "JCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==\n";

static void add_record(zs_scanner_t *scanner)
{
	struct fake_zone *zone = scanner->process.data;
	size_t at = 0;
	while (at < zone->count &&
	       (zone->rrsets[at].type != scanner->r_type ||
	        !knot_dname_is_equal(zone->rrsets[at].owner, scanner->r_owner))) {
		at++;
	}
	knot_rrset_t *rrset = &zone->rrsets[at];
	if (at == zone->count) {
		FUZZ_CLAIM(zone->count++ < FAKE_RRSETS_MAX);
		knot_rrset_init(rrset, knot_dname_copy(scanner->r_owner, NULL), scanner->r_type,
		                KNOT_CLASS_IN, scanner->r_ttl);
	}
	FUZZ_CLAIM(knot_rrset_add_rdata(rrset, scanner->r_data, (uint16_t)scanner->r_data_length,
	                                NULL) == KNOT_EOK);
}

static void add_text(struct fake_zone *zone, const char *records, size_t size)
{
	zs_scanner_t scanner;
	FUZZ_CLAIM(zs_init(&scanner, FAKE_ZONE, KNOT_CLASS_IN, 10) == 0);
	FUZZ_CLAIM(zs_set_input_string(&scanner, records, size) == 0);
	FUZZ_CLAIM(zs_set_processing(&scanner, add_record, NULL, zone) == 0);
	FUZZ_CLAIM(zs_parse_all(&scanner) == 0 && scanner.error.counter == 0);
	zs_deinit(&scanner);
}

uint16_t fake_zone_rrsig(const struct fake_zone *zone, uint16_t covered, uint8_t *rdata)
{
	memset(rdata, 0x5a, FAKE_RRSIG_MAX);
	const uint8_t head[18] = { (uint8_t)(covered >> 8),
		                   (uint8_t)covered,
		                   13,
		                   2,
		                   0,
		                   0,
		                   0,
		                   10,
		                   0x7f,
		                   0xff,
		                   0xff,
		                   0xff,
		                   0,
		                   0,
		                   0,
		                   1,
		                   0x12,
		                   0x34 };
	memcpy(rdata, head, sizeof(head));
	int size = knot_dname_to_wire(rdata + sizeof(head), zone->name, KNOT_DNAME_MAXLEN);
	return (uint16_t)(sizeof(head) + (size_t)size + 64);
}

struct fake_zone *fake_zone_new(bool is_signed)
{
	struct fake_zone *zone = calloc(1, sizeof(*zone));
	FUZZ_CLAIM(zone != NULL);
	zone->is_signed = is_signed;
	FUZZ_CLAIM(knot_dname_from_str(zone->name, FAKE_ZONE, sizeof(zone->name)) != NULL);
	add_text(zone, text, sizeof(text) - 1);
	if (!is_signed) {
		return zone;
	}
	add_text(zone, key_text, sizeof(key_text) - 1);
	for (size_t i = 0; i < zone->count; i++) {
		uint8_t rdata[FAKE_RRSIG_MAX];
		uint16_t size = fake_zone_rrsig(zone, zone->rrsets[i].type, rdata);
		knot_rrset_init(&zone->signatures[i], zone->rrsets[i].owner, KNOT_RRTYPE_RRSIG,
		                KNOT_CLASS_IN, zone->rrsets[i].ttl);
		FUZZ_CLAIM(knot_rrset_add_rdata(&zone->signatures[i], rdata, size, NULL) ==
		           KNOT_EOK);
	}
	return zone;
}

const knot_rrset_t *fake_zone_find(const struct fake_zone *zone, const knot_dname_t *owner,
                                   uint16_t type)
{
	for (size_t i = 0; i < zone->count; i++) {
		if (zone->rrsets[i].type == type &&
		    knot_dname_is_equal(zone->rrsets[i].owner, owner)) {
			return &zone->rrsets[i];
		}
	}
	return NULL;
}

const knot_rrset_t *fake_zone_first(const struct fake_zone *zone, const knot_dname_t *owner)
{
	for (size_t i = 0; i < zone->count; i++) {
		if (knot_dname_is_equal(zone->rrsets[i].owner, owner)) {
			return &zone->rrsets[i];
		}
	}
	return NULL;
}

knot_rrset_t fake_zone_signatures(const struct fake_zone *zone, const knot_rrset_t *rrset)
{
	knot_rrset_t none;
	knot_rrset_init_empty(&none);
	return zone->is_signed ? zone->signatures[rrset - zone->rrsets] : none;
}
