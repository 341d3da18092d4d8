/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief A parent zone's records as an array, and what the files that write its formats share.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "ctl/zone_parent.h"

/*! Records of the site's domain, copied, as most formats group them. */
struct zone_entry {
	char *owner;
	char *relative; /*!< Below the domain, «» for itself. */
	char *type;
	char *data;
	char *txt; /*!< NULL unless it is a TXT record. */
	uint32_t ttl;
	size_t place;
};

struct zone_entries {
	struct zone_entry *items;
	size_t count;
	size_t domain; /*!< Length of its name. */
};

/*! \brief Whether two records are of one set: the same name and type. */
bool zone_same_set(const struct zone_entry *a, const struct zone_entry *b);

/*! \brief Add what stands above the records, behind the sign of a comment. */
void zone_format_head(const char *domain, const char *sign, struct text *text);

/*! \brief Add what others are asked for, as comments. \return 0 or -errno. */
int zone_format_foot(const struct zone_parent *parent, const char *sign, struct text *text);

/*! \brief The format «nsupdate». \return 0 or -errno. */
int zone_format_nsupdate(const char *domain, const struct zone_parent *parent,
                         const struct zone_entries *entries, struct text *text);
