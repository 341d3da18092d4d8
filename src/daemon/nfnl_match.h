/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What a rule of nf_tables does to a packet; shared by nfnl_walk.c and nfnl_scan.c.
 */

#pragma once

#include "daemon/nfnl_private.h"
#include "daemon/others.h"

enum match { MATCH_NO, MATCH_MAYBE, MATCH_YES };

/*! What a rule comes to. */
struct rule_result {
	enum match match;
	/*! An address or port of the packet was asked for, and is that. */
	bool specific;
	/*! NF_ACCEPT, NF_DROP, NFT_JUMP, NFT_GOTO, NFT_RETURN; NFT_CONTINUE: nothing. */
	int verdict;
	char target[128]; /*!< Of a jump: the chain. */
};

/*! An expression of a rule. */
struct expression {
	const char *name;
	const struct nlattr *at[NFNL_ATTRIBUTE_MOST + 1]; /*!< Its attributes. */
};

/*!
 * \brief Go through the expressions of a rule.
 * \param cursor  NULL at first.
 * \return Whether there is one.
 */
bool expression_next(const struct other_nft_rule *rule, const struct nlattr **cursor,
                     struct expression *expression);

/*! \brief Index the attributes of a nest, which may be NULL. */
bool nest_open(const struct nlattr *nest, const struct nlattr *at[static NFNL_ATTRIBUTE_MOST + 1]);

/*! \brief The data of an attribute with NFTA_DATA_VALUE, or NULL. */
const void *expression_data(const struct nlattr *attribute, size_t *size);

/*! \brief The first register of an attribute, in words of 4 bytes; -1: the verdict, or none. */
int expression_register(const struct nlattr *attribute);

/*! \brief Take over the verdict of a data attribute, if it has one. */
void expression_verdict(const struct nlattr *data, struct rule_result *result);

/*!
 * \brief Look for a key in a set: the kernel itself is asked, which knows intervals and concatenations.
 * \param result  Gets the verdict of a verdict map.
 * \return 0 or -errno.
 */
int set_find(const struct other_nft *nft, const struct other_set *set, const void *key,
             struct rule_result *result, bool *found);

/*!
 * \brief A match of iptables, which nf_tables keeps as its struct: ports and states of connections.
 * \param known     Out: whether it can be told.
 * \param specific  Out: whether it asks for a port.
 */
bool xt_match(const struct expression *expression, const struct walk_packet *packet, bool *known,
              bool *specific);

/*! \brief Whether it is a target of iptables that drops. */
bool xt_drops(const struct expression *expression);

/*!
 * \brief The bits that a target of iptables may change in a mark.
 * \param connection  Out: it is the connection's.
 */
uint32_t xt_mark_bits(const struct expression *expression, bool *connection);

/*!
 * \brief Apply a rule to a packet.
 * \return 0 or -errno.
 */
int rule_match(struct other_nft *nft, const struct other_chain *chain,
               const struct other_nft_rule *rule, const struct walk_packet *packet,
               struct rule_result *result);
