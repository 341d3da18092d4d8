/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Another site file: it is taken as a whole or not at all.
 */

#include "daemon/reconcile_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/*! Whether the last pass was one for a site. */
static bool is_planned(const struct reconcile *reconcile, const struct site *site)
{
	return reconcile->plan != NULL && reconcile->plan->uplinks[0].uplink == site->uplinks;
}

int reconcile_set_site(struct reconcile *reconcile, struct site *site, bool *taken)
{
	// The last plan's views point into the old site: it goes after the pass that replaces both.
	struct site *old = reconcile->site;
	struct drains drains = reconcile->drains;
	struct damper_lines cables = reconcile->damper.lines;
	*taken = false;
	int ret = ruleset_set_site(&reconcile->ruleset, site);
	if (ret != 0) {
		site_free(site);
		return ret;
	}
	reconcile->site = site;
	drains_restore(&reconcile->drains, reconcile->publisher.table, site);
	ret = reconcile_pass(reconcile, is_planned(reconcile, old));
	*taken = is_planned(reconcile, site) && reconcile->ruleset.installed;
	if (*taken) {
		ruleset_forget_site(&reconcile->ruleset);
		site_free(old);
		return ret;
	}
	if (is_planned(reconcile, site)) {
		plan_free(reconcile->plan);
		reconcile->plan = NULL;
	}
	reconcile->site = old;
	reconcile->drains = drains;
	reconcile->damper.lines = cables;
	ruleset_reset_site(&reconcile->ruleset);
	ret = reconcile_run(reconcile);
	site_free(site);
	return ret;
}
