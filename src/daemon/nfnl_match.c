/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * A rule of nf_tables applied to a packet of which a part is known.
 *
 * The register machine of net/netfilter/nf_tables_core.c with a third truth value: what is loaded
 * from something that nobody knows here makes a comparison «maybe». An expression that is not
 * understood makes all registers unknown, so nothing is ever taken for certain that is not.
 */

#include "daemon/nfnl_match.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <netinet/in.h>
#include <string.h>

/*! NFT_REG32_00 to NFT_REG32_15. */
#define WORDS 16

/*! The longest header that is looked into: IPv6. */
#define HEADER_SIZE 40

struct machine {
	uint8_t bytes[WORDS * 4];
	bool known[WORDS];
	bool specific[WORDS]; /*!< From an address or port of the packet. */
};

/*! A header of the packet, with a mask of the bytes that are known. */
struct header {
	uint8_t bytes[HEADER_SIZE];
	uint8_t known[HEADER_SIZE];
};

static size_t word_count(size_t size)
{
	return (size + 3) / 4;
}

/*! Put a value into a register; NULL: one that is not known. */
static void load(struct machine *machine, int word, const void *value, size_t size, bool specific)
{
	for (size_t i = 0; word >= 0 && i < word_count(size) && word + i < WORDS; i++) {
		machine->known[word + i] = value != NULL;
		machine->specific[word + i] = value != NULL && specific;
	}
	if (value != NULL && word >= 0 && (size_t)word * 4 + size <= sizeof(machine->bytes)) {
		memset(machine->bytes + word * 4, 0, word_count(size) * 4);
		memcpy(machine->bytes + word * 4, value, size);
	}
}

static bool is_known(const struct machine *machine, int word, size_t size, bool *specific)
{
	bool known = word >= 0 && (size_t)word * 4 + size <= sizeof(machine->bytes);
	*specific = false;
	for (size_t i = 0; known && i < word_count(size); i++) {
		known = machine->known[word + i];
		*specific |= machine->specific[word + i];
	}
	return known;
}

static void put(struct header *header, size_t offset, const void *bytes, size_t size)
{
	memcpy(header->bytes + offset, bytes, size);
	memset(header->known + offset, 1, size);
}

/*! \param base  NFT_PAYLOAD_NETWORK_HEADER or NFT_PAYLOAD_TRANSPORT_HEADER. */
static struct header make_header(const struct walk_packet *packet, uint32_t base)
{
	struct header header = { 0 };
	bool ipv4 = packet->family == AF_INET;
	size_t size = ipv4 ? 4 : 16;
	if (base == NFT_PAYLOAD_TRANSPORT_HEADER && packet->port != 0) {
		const uint16_t port = htons(packet->port);
		put(&header, 2, &port, sizeof(port));
	} else if (base == NFT_PAYLOAD_NETWORK_HEADER) {
		put(&header, ipv4 ? 9 : 6, &packet->protocol, 1);
		if (packet->source.family != 0) {
			put(&header, ipv4 ? 12 : 8, packet->source.bytes, size);
		}
		if (packet->destination.family != 0) {
			put(&header, ipv4 ? 16 : 24, packet->destination.bytes, size);
		}
	}
	return header;
}

static void load_payload(struct machine *machine, const struct expression *expression,
                         const struct walk_packet *packet)
{
	const struct header header =
		make_header(packet, nfnl_number(expression->at[NFTA_PAYLOAD_BASE]));
	uint32_t offset = nfnl_number(expression->at[NFTA_PAYLOAD_OFFSET]);
	uint32_t size = nfnl_number(expression->at[NFTA_PAYLOAD_LEN]);
	bool known = offset < HEADER_SIZE && size <= HEADER_SIZE - offset;
	for (uint32_t i = 0; known && i < size; i++) {
		known = header.known[offset + i] != 0;
	}
	// The protocol alone says nothing about this packet.
	load(machine, expression_register(expression->at[NFTA_PAYLOAD_DREG]),
	     known ? header.bytes + offset : NULL, size, size > 1);
}

static void load_index(struct machine *machine, int word, const char *interface)
{
	const unsigned index = interface[0] != '\0' ? if_nametoindex(interface) : 0;
	load(machine, word, index != 0 ? &index : NULL, sizeof(index), false);
}

static void load_meta(struct machine *machine, const struct expression *expression,
                      const struct walk_packet *packet)
{
	int word = expression_register(expression->at[NFTA_META_DREG]);
	const uint8_t family = packet->family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6;
	const uint16_t ethertype = htons(packet->family == AF_INET ? 0x0800 : 0x86dd);
	switch (nfnl_number(expression->at[NFTA_META_KEY])) {
	case NFT_META_NFPROTO:
		load(machine, word, &family, 1, false);
		break;
	case NFT_META_L4PROTO:
		load(machine, word, &packet->protocol, 1, false);
		break;
	case NFT_META_PROTOCOL:
		load(machine, word, &ethertype, sizeof(ethertype), false);
		break;
	case NFT_META_IIFNAME:
		load(machine, word, packet->iif[0] != '\0' ? packet->iif : NULL, IFNAMSIZ, false);
		break;
	case NFT_META_OIFNAME:
		load(machine, word, packet->oif[0] != '\0' ? packet->oif : NULL, IFNAMSIZ, false);
		break;
	case NFT_META_IIF:
		load_index(machine, word, packet->iif);
		break;
	case NFT_META_OIF:
		load_index(machine, word, packet->oif);
		break;
	default:
		load(machine, word, NULL, IFNAMSIZ, false);
		break;
	}
}

static void load_ct(struct machine *machine, const struct expression *expression,
                    const struct walk_packet *packet)
{
	int word = expression_register(expression->at[NFTA_CT_DREG]);
	const uint8_t direction = packet->reply;
	bool known = packet->state != 0;
	switch (nfnl_number(expression->at[NFTA_CT_KEY])) {
	case NFT_CT_STATE:
		load(machine, word, known ? &packet->state : NULL, sizeof(packet->state), false);
		break;
	case NFT_CT_STATUS:
		load(machine, word, known ? &packet->status : NULL, sizeof(packet->status), false);
		break;
	case NFT_CT_DIRECTION:
		load(machine, word, known ? &direction : NULL, 1, false);
		break;
	default:
		load(machine, word, NULL, 16, false);
		break;
	}
}

static void run_bitwise(struct machine *machine, const struct expression *expression)
{
	int source = expression_register(expression->at[NFTA_BITWISE_SREG]);
	int target = expression_register(expression->at[NFTA_BITWISE_DREG]);
	uint32_t size = nfnl_number(expression->at[NFTA_BITWISE_LEN]);
	size_t mask_size = 0;
	size_t xor_size = 0;
	bool specific;
	const uint8_t *mask = expression_data(expression->at[NFTA_BITWISE_MASK], &mask_size);
	const uint8_t * xor = expression_data(expression->at[NFTA_BITWISE_XOR], &xor_size);
	uint8_t value[WORDS * 4];
	// Shifts, and operations on two registers, have neither.
	if (size > sizeof(value) || mask == NULL || xor == NULL || mask_size < size ||
	    xor_size < size || !is_known(machine, source, size, &specific)) {
		load(machine, target, NULL, size, false);
		return;
	}
	for (uint32_t i = 0; i < size; i++) {
		value[i] = (machine->bytes[source * 4 + i] & mask[i]) ^ xor[i];
	}
	load(machine, target, value, size, specific);
}

/*! As memcmp(3) of a register that is known. */
static int order_of(const struct machine *machine, int word, const void *data, size_t size)
{
	size_t offset = (size_t)word * 4;
	return offset < sizeof(machine->bytes) && size <= sizeof(machine->bytes) - offset
	               ? memcmp(machine->bytes + offset, data, size)
	               : -1;
}

/*! Take a comparison into account. */
static void compare(struct rule_result *result, bool known, bool good, bool specific)
{
	if (!known) {
		result->match = result->match == MATCH_YES ? MATCH_MAYBE : result->match;
	} else if (!good) {
		result->match = MATCH_NO;
	} else {
		result->specific |= specific;
	}
}

static void run_compare(struct machine *machine, const struct expression *expression,
                        struct rule_result *result)
{
	int word = expression_register(expression->at[NFTA_CMP_SREG]);
	uint32_t how = nfnl_number(expression->at[NFTA_CMP_OP]);
	size_t size = 0;
	const void *data = expression_data(expression->at[NFTA_CMP_DATA], &size);
	bool specific = false;
	bool known = data != NULL && is_known(machine, word, size, &specific);
	int order = known ? order_of(machine, word, data, size) : 0;
	bool good = how == NFT_CMP_EQ    ? order == 0
	            : how == NFT_CMP_NEQ ? order != 0
	            : how == NFT_CMP_LT  ? order < 0
	            : how == NFT_CMP_LTE ? order <= 0
	            : how == NFT_CMP_GT  ? order > 0
	                                 : order >= 0;
	compare(result, known, good, specific && how != NFT_CMP_NEQ);
}

static void run_range(struct machine *machine, const struct expression *expression,
                      struct rule_result *result)
{
	int word = expression_register(expression->at[NFTA_RANGE_SREG]);
	size_t size = 0;
	size_t last_size = 0;
	const void *first = expression_data(expression->at[NFTA_RANGE_FROM_DATA], &size);
	const void *last = expression_data(expression->at[NFTA_RANGE_TO_DATA], &last_size);
	bool specific = false;
	bool outside = nfnl_number(expression->at[NFTA_RANGE_OP]) == NFT_RANGE_NEQ;
	bool known = first != NULL && last != NULL && size == last_size &&
	             is_known(machine, word, size, &specific);
	bool within = known && order_of(machine, word, first, size) >= 0 &&
	              order_of(machine, word, last, size) <= 0;
	compare(result, known, within != outside, specific && !outside);
}

static int run_lookup(struct other_nft *nft, const struct other_chain *chain,
                      struct machine *machine, const struct expression *expression,
                      struct rule_result *result)
{
	const char *name = nfnl_string(expression->at[NFTA_LOOKUP_SET]);
	int word = expression_register(expression->at[NFTA_LOOKUP_SREG]);
	bool inverted = (nfnl_number(expression->at[NFTA_LOOKUP_FLAGS]) & NFT_LOOKUP_F_INV) != 0;
	const struct other_set *set = NULL;
	bool found = false;
	bool specific = false;
	for (size_t i = 0; i < nft->set_count && name != NULL && set == NULL; i++) {
		const struct other_set *other = &nft->sets[i];
		set = other->family == chain->family && strcmp(other->name, name) == 0 &&
		                      strcmp(other->table, chain->table) == 0
		              ? other
		              : NULL;
	}
	bool known = set != NULL && set->key_size <= WORDS * 4 && strlen(set->table) < 128 &&
	             strlen(name) < 128 && is_known(machine, word, set->key_size, &specific);
	const struct nlattr *target = expression->at[NFTA_LOOKUP_DREG];
	if (!known && target != NULL && nfnl_number(target) == NFT_REG_VERDICT) {
		result->verdict = NF_ACCEPT; // It may be one that lets the packet pass.
	}
	// What a map of values yields is not known; one of verdicts fills the result.
	load(machine, expression_register(target), NULL, 16, false);
	if (known) {
		nft->work += 10;
		int ret = set_find(nft, set, machine->bytes + word * 4, result, &found);
		known = ret == 0;
		if (ret == -ENOMEM || ret == -ETIMEDOUT) {
			return ret;
		}
	}
	compare(result, known, found != inverted, specific && !inverted);
	return 0;
}

static void run_immediate(struct machine *machine, const struct expression *expression,
                          struct rule_result *result)
{
	size_t size = 0;
	const void *value = expression_data(expression->at[NFTA_IMMEDIATE_DATA], &size);
	if (nfnl_number(expression->at[NFTA_IMMEDIATE_DREG]) == NFT_REG_VERDICT) {
		expression_verdict(expression->at[NFTA_IMMEDIATE_DATA], result);
	} else {
		load(machine, expression_register(expression->at[NFTA_IMMEDIATE_DREG]), value, size,
		     false);
	}
}

/*! Expressions that need a function, by name. Those with a condition that is not known here have none. */
static const struct {
	const char *name;
	enum { EFFECT_NONE, EFFECT_MAYBE, EFFECT_DROP } effect;
} simple[] = {
	{ "counter", EFFECT_NONE },      { "log", EFFECT_NONE },     { "notrack", EFFECT_NONE },
	{ "objref", EFFECT_NONE },       { "dup", EFFECT_NONE },     { "last", EFFECT_NONE },
	{ "flow_offload", EFFECT_NONE }, { "limit", EFFECT_MAYBE },  { "quota", EFFECT_MAYBE },
	{ "connlimit", EFFECT_MAYBE },   { "dynset", EFFECT_MAYBE }, { "reject", EFFECT_DROP },
};

/*! \return Whether it is one of those. */
static bool run_simple(const struct expression *expression, struct rule_result *result)
{
	for (size_t i = 0; i < sizeof(simple) / sizeof(simple[0]); i++) {
		if (strcmp(expression->name, simple[i].name) != 0) {
			continue;
		}
		if (simple[i].effect == EFFECT_MAYBE) {
			compare(result, false, false, false);
		} else if (simple[i].effect == EFFECT_DROP) {
			result->verdict = NF_DROP;
		}
		return true;
	}
	return false;
}

static int run(struct other_nft *nft, const struct other_chain *chain, struct machine *machine,
               const struct expression *expression, const struct walk_packet *packet,
               struct rule_result *result)
{
	const char *name = expression->name;
	if (strcmp(name, "lookup") == 0) {
		return run_lookup(nft, chain, machine, expression, result);
	} else if (strcmp(name, "payload") == 0) {
		load_payload(machine, expression, packet);
	} else if (strcmp(name, "meta") == 0) {
		load_meta(machine, expression, packet);
	} else if (strcmp(name, "ct") == 0) {
		load_ct(machine, expression, packet);
	} else if (strcmp(name, "bitwise") == 0) {
		run_bitwise(machine, expression);
	} else if (strcmp(name, "cmp") == 0) {
		run_compare(machine, expression, result);
	} else if (strcmp(name, "range") == 0) {
		run_range(machine, expression, result);
	} else if (strcmp(name, "immediate") == 0) {
		run_immediate(machine, expression, result);
	} else if (strcmp(name, "match") == 0) {
		bool known = false;
		bool specific = false;
		bool good = xt_match(expression, packet, &known, &specific);
		compare(result, known, good, specific);
	} else if (strcmp(name, "target") == 0) {
		result->verdict = xt_drops(expression) ? NF_DROP : result->verdict;
	} else if (!run_simple(expression, result)) {
		memset(machine->known, 0, sizeof(machine->known));
	}
	return 0;
}

int rule_match(struct other_nft *nft, const struct other_chain *chain,
               const struct other_nft_rule *rule, const struct walk_packet *packet,
               struct rule_result *result)
{
	struct machine machine = { 0 };
	struct expression expression;
	const struct nlattr *cursor = NULL;
	int ret = 0;
	nft->work++;
	*result = (struct rule_result){ .match = MATCH_YES, .verdict = NFT_CONTINUE };
	while (ret == 0 && result->match != MATCH_NO &&
	       expression_next(rule, &cursor, &expression)) {
		ret = run(nft, chain, &machine, &expression, packet, result);
	}
	return ret;
}
