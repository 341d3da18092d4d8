/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * A packet's way through a base chain of another program.
 *
 * «sure» is lost with the first rule that may have let the packet pass before: then a drop that follows
 * depends on things that are not known here.
 */

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "daemon/nfnl_match.h"

/*! NFT_JUMP_STACK_SIZE of the kernel. */
#define DEPTH_MAX 16

struct walk {
	struct other_nft *nft;
	const struct walk_packet *packet;
	bool doubt;           /*!< A rule may have let it pass. */
	bool guessed;         /*!< It may not be here at all, and nothing has asked for it. */
	struct walk_end drop; /*!< Where it may have been dropped, first. */
};

static const struct other_chain *find_target(struct other_nft *nft, const struct other_chain *from,
                                             const char *name)
{
	for (size_t i = 0; i < nft->chain_count; i++) {
		const struct other_chain *chain = &nft->chains[i];
		nft->work += i % 20 == 19 ? 1 : 0;
		if (chain->family == from->family && strcmp(chain->name, name) == 0 &&
		    strcmp(chain->table, from->table) == 0) {
			return chain;
		}
	}
	return NULL;
}

static void note_drop(struct walk *walk, const struct other_chain *chain, uint64_t handle,
                      bool sure)
{
	if (walk->drop.chain == NULL || (sure && !walk->drop.sure)) {
		walk->drop = (struct walk_end){ chain, handle, sure };
	}
}

static int walk_chain(struct walk *walk, const struct other_chain *chain, unsigned depth,
                      int *verdict);

/*! \param verdict  Out: NF_ACCEPT, NF_DROP, or NFT_CONTINUE. */
static int walk_jump(struct walk *walk, const struct other_chain *chain,
                     const struct rule_result *result, unsigned depth, int *verdict)
{
	const struct other_chain *target = find_target(walk->nft, chain, result->target);
	int inner = NFT_CONTINUE;
	int ret = 0;
	if (target != NULL && depth < DEPTH_MAX) {
		bool certain = result->match == MATCH_YES;
		bool doubt = walk->doubt;
		bool guessed = walk->guessed;
		walk->doubt |= !certain;
		walk->guessed |= !certain && !result->specific;
		ret = walk_chain(walk, target, depth + 1, &inner);
		walk->guessed = guessed;
		if (!certain) {
			walk->doubt = doubt || inner == NF_ACCEPT;
			inner = NFT_CONTINUE;
		}
	}
	*verdict = inner;
	return ret;
}

/*! What a rule does to the walk. \param verdict  Out: NFT_CONTINUE, or the end of the chain. */
static int take_result(struct walk *walk, const struct other_chain *chain,
                       const struct other_nft_rule *rule, const struct rule_result *result,
                       unsigned depth, int *verdict)
{
	bool certain = result->match == MATCH_YES;
	*verdict = NFT_CONTINUE;
	switch (result->verdict) {
	case NF_DROP:
		// The end of a list drops much that this packet is none of.
		if ((certain && !walk->guessed) || result->specific) {
			note_drop(walk, chain, rule->handle, certain && !walk->doubt);
		}
		*verdict = certain ? NF_DROP : NFT_CONTINUE;
		return 0;
	case NFT_CONTINUE:
	case NFT_BREAK:
		return 0;
	case NFT_JUMP:
		return walk_jump(walk, chain, result, depth, verdict);
	case NFT_GOTO: {
		int ret = walk_jump(walk, chain, result, depth, verdict);
		*verdict = certain && *verdict == NFT_CONTINUE ? NFT_RETURN : *verdict;
		return ret;
	}
	default: // Accepted, returned, or handed to a program.
		walk->doubt |= !certain;
		*verdict = certain ? result->verdict : NFT_CONTINUE;
		return 0;
	}
}

static int walk_chain(struct walk *walk, const struct other_chain *chain, unsigned depth,
                      int *verdict)
{
	int ret = 0;
	int end = NFT_CONTINUE;
	for (size_t i = 0; i < chain->rule_count && ret == 0 && end == NFT_CONTINUE; i++) {
		const struct other_nft_rule *rule = &walk->nft->rules[chain->first_rule + i];
		struct rule_result result;
		// Chains that jump to others twice each double the way with every one of them.
		if (walk->nft->work > OTHER_WORK_MOST) {
			return -E2BIG;
		}
		ret = rule_match(walk->nft, chain, rule, walk->packet, &result);
		if (ret == 0 && result.match != MATCH_NO) {
			ret = take_result(walk, chain, rule, &result, depth, &end);
		}
	}
	if (end == NFT_CONTINUE && !chain->whole) {
		walk->doubt = true;
		end = NF_ACCEPT; // What the rest of it does is not known.
	}
	*verdict = end == NFT_RETURN ? NFT_CONTINUE : end;
	return ret;
}

int other_chain_walk(struct other_nft *nft, const struct other_chain *chain,
                     const struct walk_packet *packet, struct walk_end *end)
{
	struct walk walk = { .nft = nft, .packet = packet };
	int verdict = NFT_CONTINUE;
	int ret = nft->work++ > OTHER_WORK_MOST ? -E2BIG : walk_chain(&walk, chain, 1, &verdict);
	if (ret == 0 && verdict == NFT_CONTINUE && chain->drops) {
		note_drop(&walk, chain, 0, !walk.doubt);
	}
	if (ret == 0) {
		*end = walk.drop;
	}
	return ret;
}
