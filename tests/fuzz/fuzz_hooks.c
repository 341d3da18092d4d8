/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Queries through the module's real hooks: the response is a message, and has no address that is not ready.
 *
 * The input is the instance and the circumstances in a byte each, and the query; see struct fuzz_case.
 */

#include <netinet/in.h>

#include "fake_knotd.h"
#include "fake_table.h"
#include "fuzz.h"

#define SCENES_MAX 32

/*! All instances: by scene, whether the zone is signed, and an option of each. */
static struct fake_knotd *instances[SCENES_MAX][2][2];

/*! The first two bytes. */
struct fuzz_case {
	const struct scene *scene;
	bool is_signed;
	bool option;    /*!< Unsigned: sections: full. Signed: keys that cannot be read. */
	unsigned local; /*!< FAKE_... */
	bool six;       /*!< By IPv6. */
	bool lan;       /*!< From a client on the LAN. */
	bool tcp;
	bool tsig;     /*!< Signed by the key. */
	bool answered; /*!< By a module before. */
	uint16_t udp_max;
};

static struct sockaddr_storage socket_of(const char *text)
{
	struct address address;
	struct sockaddr_storage end = { 0 };
	FUZZ_CLAIM(address_parse(text, &address) == 0);
	end.ss_family = address.family;
	if (address.family == AF_INET) {
		struct sockaddr_in *in = (struct sockaddr_in *)&end;
		in->sin_port = htons(53);
		memcpy(&in->sin_addr, address.bytes, sizeof(in->sin_addr));
	} else {
		struct sockaddr_in6 *in = (struct sockaddr_in6 *)&end;
		in->sin6_port = htons(53);
		memcpy(&in->sin6_addr, address.bytes, sizeof(in->sin6_addr));
	}
	return end;
}

static void start(void)
{
	static const char *const paths[] = { "/0", "/1", "/2", "/3", "/4", "/5", "/6", "/7",
		                             "/8", "/9", "/:", "/;", "/<", "/=", "/>", "/?" };
	struct fake_zone *zones[2] = { fake_zone_new(false), fake_zone_new(true) };
	fake_table_init(zones[1]);
	FUZZ_CLAIM(fake_scene_count <= sizeof(paths) / sizeof(paths[0]));
	for (size_t i = 0; i < fake_scene_count * 4; i++) {
		size_t scene = i / 4;
		bool is_signed = i % 2 == 1;
		bool option = i / 2 % 2 == 1;
		const struct fake_settings settings = {
			.table = fake_scenes[scene].standalone ? NULL : paths[scene],
			.full = option && !is_signed,
			.pkcs11 = option && is_signed,
		};
		instances[scene][is_signed][option] = fake_knotd_new(zones[is_signed], &settings);
	}
}

static struct fuzz_case read_case(struct fuzz_input *input)
{
	static const uint16_t udp_max[] = { 1232, 512, 620, 4096 };
	unsigned instance = (unsigned)fuzz_number(input, 1);
	unsigned how = (unsigned)fuzz_number(input, 1);
	return (struct fuzz_case){
		.scene = &fake_scenes[instance % fake_scene_count],
		.is_signed = instance / fake_scene_count % 2 == 1,
		.option = instance / fake_scene_count / 2 % 2 == 1,
		.local = (how & 3) % FAKE_LOCALS,
		.six = (how & 4) != 0,
		.lan = (how & 8) != 0,
		.tcp = (how & 0x10) != 0,
		.tsig = (how & 0x20) != 0,
		.answered = (how & 0xc0) == 0xc0 && (how & 7) == 7,
		.udp_max = udp_max[how >> 6],
	};
}

/*! Whether any address is the zone's own business in this case. */
static bool is_free(const struct fuzz_case *now, const struct address *address, bool dnssec)
{
	if (now->scene->standalone) {
		return dnssec || (address->family == AF_INET6) != now->six;
	}
	return now->answered || now->scene->unread ||
	       (now->local == FAKE_LAN && !(now->lan && now->scene->lan));
}

static void check_address(const struct fuzz_case *now, uint8_t family, const uint8_t *bytes,
                          bool dnssec)
{
	struct address address = address_from_bytes(family, bytes);
	if (is_free(now, &address, dnssec)) {
		return;
	}
	if (now->scene->standalone) {
		struct address local;
		(void)address_parse(fake_locals[now->local][now->six], &local);
		FUZZ_CLAIM(address_equal(&address, &local));
	} else {
		FUZZ_CLAIM(fake_table_allows(now->scene, &address, now->lan));
	}
}

/*! Hints of a host's own HTTPS record. */
static void check_hints(const struct fuzz_case *now, const knot_rdata_t *rdata, bool dnssec)
{
	size_t size = 0;
	size_t at = 2 + knot_dname_size(rdata->data + 2);
	FUZZ_CLAIM(at <= rdata->len);
	for (; at + 4 <= rdata->len; at += 4 + size) {
		uint16_t key = knot_wire_read_u16(rdata->data + at);
		size = knot_wire_read_u16(rdata->data + at + 2);
		size_t step = key == 4 ? 4 : 16;
		FUZZ_CLAIM(at + 4 + size <= rdata->len);
		for (size_t i = 0; (key == 4 || key == 6) && i < size; i += step) {
			check_address(now, key == 4 ? AF_INET : AF_INET6, rdata->data + at + 4 + i,
			              dnssec);
		}
	}
	FUZZ_CLAIM(at == rdata->len);
}

static void check_rrset(const struct fuzz_case *now, const knot_pkt_t *pkt,
                        const knot_rrset_t *rrset, bool dnssec)
{
	bool aa = knot_wire_get_aa(pkt->wire);
	if (!fake_table_has(rrset->owner) || (now->scene->standalone && !aa)) {
		return;
	}
	for (uint16_t i = 0; i < rrset->rrs.count; i++) {
		const knot_rdata_t *rdata = knot_rdataset_at(&rrset->rrs, i);
		if (rrset->type == KNOT_RRTYPE_A || rrset->type == KNOT_RRTYPE_AAAA) {
			check_address(now, rrset->type == KNOT_RRTYPE_A ? AF_INET : AF_INET6,
			              rdata->data, dnssec);
		} else if (rrset->type == KNOT_RRTYPE_HTTPS) {
			check_hints(now, rdata, dnssec);
		}
	}
}

/*! Sign a query. \return Its size; the MAC is copied. */
static size_t sign_query(uint8_t *wire, size_t size, size_t room, uint8_t *mac, size_t *mac_size)
{
	knot_tsig_key_t key = { .name = (knot_dname_t *)(uintptr_t)FAKE_KEY_NAME,
		                .algorithm = DNSSEC_TSIG_HMAC_SHA256,
		                .secret = { .size = sizeof(fake_key_secret),
		                            .data = (uint8_t *)(uintptr_t)fake_key_secret } };
	size_t signed_size = size;
	*mac_size = 32;
	int ret = knot_tsig_sign(wire, &signed_size, room, NULL, 0, mac, mac_size, &key, 0, 0);
	return ret == KNOT_EOK ? signed_size : 0;
}

static void check_tsig(const knot_pkt_t *pkt, const uint8_t *mac, size_t mac_size)
{
	knot_tsig_key_t key = { .name = (knot_dname_t *)(uintptr_t)FAKE_KEY_NAME,
		                .algorithm = DNSSEC_TSIG_HMAC_SHA256,
		                .secret = { .size = sizeof(fake_key_secret),
		                            .data = (uint8_t *)(uintptr_t)fake_key_secret } };
	if (pkt->tsig_rr != NULL && knot_tsig_rdata_mac_length(pkt->tsig_rr) > 0) {
		FUZZ_CLAIM(knot_tsig_client_check(pkt->tsig_rr, pkt->wire, pkt->size, mac, mac_size,
		                                  &key, 0) == KNOT_EOK);
	}
}

static void check_response(const struct fuzz_case *now, const struct fake_query *query,
                           uint8_t *wire, size_t size, const uint8_t *mac, size_t mac_size)
{
	knot_pkt_t *asked = knot_pkt_new(query->wire, (uint16_t)query->size, NULL);
	knot_pkt_t *pkt = knot_pkt_new(wire, (uint16_t)size, NULL);
	(void)knot_pkt_parse(asked, 0);
	FUZZ_CLAIM(knot_pkt_parse(pkt, 0) == KNOT_EOK && pkt->parsed == pkt->size);
	FUZZ_CLAIM(knot_wire_get_id(wire) == knot_wire_get_id(query->wire));
	FUZZ_CLAIM(query->tcp || size <= (query->udp_max > 512 ? query->udp_max : 512));
	if (asked->parsed == asked->size && knot_wire_get_rcode(wire) != KNOT_RCODE_FORMERR) {
		FUZZ_CLAIM(knot_pkt_has_edns(asked) == knot_pkt_has_edns(pkt));
	}
	for (uint16_t i = 0; i < pkt->rrset_count; i++) {
		check_rrset(now, pkt, &pkt->rr[i], now->is_signed && knot_pkt_has_dnssec(asked));
	}
	if (mac_size > 0) {
		check_tsig(pkt, mac, mac_size);
	}
	knot_pkt_free(pkt);
	knot_pkt_free(asked);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t response[KNOT_WIRE_MAX_PKTSIZE];
	static bool started;
	if (!started) {
		start();
		started = true;
	}
	struct fuzz_input input = { data, size };
	struct fuzz_case now = read_case(&input);
	size_t scene = (size_t)(now.scene - fake_scenes);
	struct fake_query query = {
		.size = input.left, .tcp = now.tcp, .answered = now.answered, .udp_max = now.udp_max
	};
	query.local = socket_of(fake_locals[now.local][now.six]);
	query.client = socket_of(fake_clients[now.lan][now.six]);
	uint8_t mac[64];
	size_t mac_size = 0;
	if (now.tsig && query.size >= KNOT_WIRE_HEADER_SIZE) {
		query.wire = calloc(1, query.size + 256);
		memcpy(query.wire, input.data, query.size);
		query.size = sign_query(query.wire, query.size, query.size + 256, mac, &mac_size);
	} else {
		query.wire = fuzz_bytes(&input, &query.size);
	}
	if (query.size > 0 && query.size <= UINT16_MAX) {
		uint8_t *copy = malloc(query.size);
		memcpy(copy, query.wire, query.size);
		size_t response_size = fake_knotd_process(
			instances[scene][now.is_signed][now.option], &query, response);
		// knotd writes the response's MAC where the query's is.
		memcpy(query.wire, copy, query.size);
		free(copy);
		if (response_size > 0) {
			check_response(&now, &query, response, response_size, mac, mac_size);
		}
	}
	free(query.wire);
	return 0;
}
