/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Looking for chains of others that may stop our forwards.
 */

#include "daemon/foreign.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

void foreign_look(struct nfnl *nfnl, char **known)
{
	struct text text = TEXT_EMPTY;
	int ret = nfnl_foreign_drops(nfnl, &text);
	char *lines = text_take(&text);
	if (ret != 0 || lines == NULL) {
		free(lines);
		return;
	}
	if (lines[0] != '\0' && (*known == NULL || strcmp(lines, *known) != 0)) {
		log_warning("forward chain of others, drops by policy and may stop the forwards "
		            "(%.*s); remedy: add «ct status dnat accept» to it",
		            (int)strcspn(lines, "\n"), lines);
	}
	free(*known);
	*known = lines;
}
