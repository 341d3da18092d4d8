/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Rules of other programs that write marks, offload connections or filter by the way back.
 */

#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/nfnl_match.h"

/*! NFT_REG32_00 to NFT_REG32_15. */
#define WORDS 16

#define ALL_BITS UINT32_MAX

/*! Of a register: bits that may differ from the mark it was loaded from. */
struct origin {
	enum { FROM_ELSEWHERE, FROM_MARK, FROM_CT_MARK } from;
	uint32_t changed;
};

/*! The hooks of a chain: its own, or those of all base chains of its table that may lead there. */
static unsigned reached_from(const struct other_nft *nft, const struct other_chain *chain)
{
	unsigned hooks = 0;
	if (chain->base) {
		return 1u << (chain->hook % NF_INET_NUMHOOKS);
	}
	for (size_t i = 0; i < nft->chain_count; i++) {
		const struct other_chain *base = &nft->chains[i];
		if (base->base && base->family == chain->family &&
		    strcmp(base->table, chain->table) == 0) {
			hooks |= 1u << (base->hook % NF_INET_NUMHOOKS);
		}
	}
	return hooks;
}

/*! Marks are in the byte order of the machine. */
static uint32_t data_number(const struct nlattr *attribute, uint32_t absent)
{
	size_t size = 0;
	uint32_t number = absent;
	const void *data = expression_data(attribute, &size);
	if (data != NULL && size == sizeof(number)) {
		memcpy(&number, data, sizeof(number));
	}
	return number;
}

/*! What an expression that writes a mark changes of it. */
static uint32_t changed_bits(const struct origin *origins, const struct nlattr *source, int mark)
{
	int word = expression_register(source);
	return word >= 0 && (int)origins[word].from == mark ? origins[word].changed : ALL_BITS;
}

/*! Follow a mark through the registers. */
static void follow(struct origin *origins, const struct expression *expression)
{
	bool meta = strcmp(expression->name, "meta") == 0;
	if (meta || strcmp(expression->name, "ct") == 0) {
		int word =
			expression_register(expression->at[meta ? NFTA_META_DREG : NFTA_CT_DREG]);
		uint32_t key = nfnl_number(expression->at[meta ? NFTA_META_KEY : NFTA_CT_KEY]);
		bool mark = key == (meta ? (uint32_t)NFT_META_MARK : (uint32_t)NFT_CT_MARK);
		if (word >= 0) {
			origins[word] = (struct origin){ 0 };
			origins[word].from = !mark  ? FROM_ELSEWHERE
			                     : meta ? FROM_MARK
			                            : FROM_CT_MARK;
		}
	} else if (strcmp(expression->name, "bitwise") == 0) {
		int from = expression_register(expression->at[NFTA_BITWISE_SREG]);
		int to = expression_register(expression->at[NFTA_BITWISE_DREG]);
		if (from >= 0 && to >= 0) {
			uint32_t mask = data_number(expression->at[NFTA_BITWISE_MASK], 0);
			uint32_t xor = data_number(expression->at[NFTA_BITWISE_XOR], ALL_BITS);
			origins[to] = origins[from];
			origins[to].changed |= ~mask | xor;
		}
	} else if (strcmp(expression->name, "immediate") == 0) {
		int word = expression_register(expression->at[NFTA_IMMEDIATE_DREG]);
		if (word >= 0) {
			origins[word] = (struct origin){ 0 };
		}
	}
}

/*! The mark that an expression writes. \return Whether it does. */
static bool writes_mark(const struct origin *origins, const struct expression *expression,
                        struct other_effect *effect)
{
	const struct nlattr *const *at = expression->at;
	bool connection = false;
	if (strcmp(expression->name, "meta") == 0 && at[NFTA_META_SREG] != NULL &&
	    nfnl_number(at[NFTA_META_KEY]) == NFT_META_MARK) {
		effect->bits = changed_bits(origins, at[NFTA_META_SREG], FROM_MARK);
	} else if (strcmp(expression->name, "ct") == 0 && at[NFTA_CT_SREG] != NULL &&
	           nfnl_number(at[NFTA_CT_KEY]) == NFT_CT_MARK) {
		effect->bits = changed_bits(origins, at[NFTA_CT_SREG], FROM_CT_MARK);
		connection = true;
	} else if (strcmp(expression->name, "target") == 0) {
		effect->bits = xt_mark_bits(expression, &connection);
		if (effect->bits == 0) {
			return false;
		}
	} else {
		return false;
	}
	effect->kind = connection ? OTHER_SETS_CT_MARK : OTHER_SETS_MARK;
	return true;
}

/*! «fib saddr . iif oif missing drop»; what comes between the two is of no matter. */
static bool looks_back(const struct expression *expression)
{
	uint32_t flags = nfnl_number(expression->at[NFTA_FIB_FLAGS]);
	uint32_t result = nfnl_number(expression->at[NFTA_FIB_RESULT]);
	return strcmp(expression->name, "fib") == 0 && (flags & NFTA_FIB_F_SADDR) != 0 &&
	       (flags & NFTA_FIB_F_IIF) != 0 &&
	       (result == NFT_FIB_RESULT_OIF || result == NFT_FIB_RESULT_OIFNAME);
}

static bool is_drop(const struct expression *expression)
{
	const struct nlattr *data[NFNL_ATTRIBUTE_MOST + 1];
	const struct nlattr *verdict[NFNL_ATTRIBUTE_MOST + 1];
	return strcmp(expression->name, "immediate") == 0 &&
	       nfnl_number(expression->at[NFTA_IMMEDIATE_DREG]) == NFT_REG_VERDICT &&
	       nest_open(expression->at[NFTA_IMMEDIATE_DATA], data) &&
	       nest_open(data[NFTA_DATA_VERDICT], verdict) &&
	       nfnl_number(verdict[NFTA_VERDICT_CODE]) == NF_DROP;
}

static int scan_rule(const struct other_nft *nft, const struct other_chain *chain,
                     const struct other_nft_rule *rule, other_effect_take take, void *context)
{
	struct origin origins[WORDS] = { 0 };
	struct expression expression;
	const struct nlattr *cursor = NULL;
	bool back = false;
	int ret = 0;
	while (ret == 0 && expression_next(rule, &cursor, &expression)) {
		struct other_effect effect = { .chain = chain, .handle = rule->handle };
		bool found = writes_mark(origins, &expression, &effect);
		back |= looks_back(&expression);
		if (strcmp(expression.name, "flow_offload") == 0) {
			effect.kind = OTHER_OFFLOADS;
			found = true;
		} else if (back && is_drop(&expression)) {
			effect.kind = OTHER_FILTERS_PATH;
			found = true;
		}
		follow(origins, &expression);
		if (found) {
			effect.hooks = reached_from(nft, chain);
			ret = take(&effect, context);
		}
	}
	return ret;
}

int other_nft_scan(const struct other_nft *nft, other_effect_take take, void *context)
{
	int ret = 0;
	for (size_t i = 0; i < nft->chain_count; i++) {
		const struct other_chain *chain = &nft->chains[i];
		for (size_t k = 0; k < chain->rule_count && ret == 0; k++) {
			ret = scan_rule(nft, chain, &nft->rules[chain->first_rule + k], take,
			                context);
		}
	}
	return ret;
}
