/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Loading of the ruleset, in one transaction, and what is known of it afterwards.
 */

#include "daemon/ruleset.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon/nft_text.h"

int ruleset_open(struct ruleset *ruleset)
{
	int ret = nfnl_open(&ruleset->nfnl);
	if (ret != 0) {
		log_error("netfilter events, failed to open (%s)", strerror(-ret));
		return ret;
	}
	ret = nft_apply_open(&ruleset->nft);
	if (ret != 0) {
		log_error("libnftables, failed to open (%s)", strerror(-ret));
	}
	return ret;
}

static void source_free(struct ruleset_source *source)
{
	nft_forwards_free(source->forwards);
	free(source->frame);
	*source = (struct ruleset_source){ 0 };
}

void ruleset_close(struct ruleset *ruleset)
{
	nft_apply_close(ruleset->nft);
	nfnl_close(ruleset->nfnl);
	source_free(&ruleset->source);
	source_free(&ruleset->former);
}

static bool are_alike(const struct ruleset_source *a, const struct ruleset_source *b)
{
	return a->frame != NULL && b->frame != NULL && strcmp(a->frame, b->frame) == 0;
}

static bool are_same(const struct ruleset_source *a, const struct ruleset_source *b)
{
	struct text change = TEXT_EMPTY;
	bool same = are_alike(a, b);
	if (same) {
		nft_forwards_change(a->forwards, b->forwards, &change);
		same = change.length == 0 && !change.failed;
	}
	text_free(&change);
	return same;
}

int ruleset_set_site(struct ruleset *ruleset, const struct site *site)
{
	struct ruleset_source source = { .site = site };
	int ret = nft_text_frame(site, &source.frame);
	if (ret == 0) {
		ret = nft_forwards_build(site, &source.forwards);
	}
	if (ret != 0) {
		source_free(&source);
		return ret;
	}
	source_free(&ruleset->former);
	ruleset->former = ruleset->source;
	ruleset->former_loaded = ruleset->loaded;
	ruleset->kept = ruleset->installed;
	ruleset->loaded = ruleset->loaded && are_same(&ruleset->former, &source);
	ruleset->source = source;
	return 0;
}

void ruleset_forget_site(struct ruleset *ruleset)
{
	source_free(&ruleset->former);
}

void ruleset_reset_site(struct ruleset *ruleset)
{
	source_free(&ruleset->source);
	ruleset->source = ruleset->former;
	ruleset->former = (struct ruleset_source){ 0 };
	ruleset->loaded = ruleset->former_loaded && ruleset->kept;
	ruleset->installed = ruleset->installed || ruleset->kept;
}

bool ruleset_kept(const struct ruleset *ruleset)
{
	return ruleset->kept;
}

enum refill ruleset_needed(const struct ruleset *ruleset, const struct plan *last,
                           const struct plan *plan)
{
	if (!ruleset->installed || last == NULL) {
		return REFILL_ALL;
	}
	if (!ruleset->loaded) {
		return ruleset->former_loaded && ruleset->former.frame != NULL ? REFILL_SITE
		                                                               : REFILL_ALL;
	}
	return strcmp(last->live, plan->live) != 0 ? REFILL_LIVE : REFILL_NOTHING;
}

/*! What our table holds beyond the plan goes in the same transaction as the new content. */
static int load_all(const struct ruleset *ruleset, const struct plan *plan)
{
	struct nft_objects objects = { 0 };
	int ret = nfnl_objects(ruleset->nfnl, &objects);
	if (ret != 0) {
		log_error("ruleset, failed to list (%s)", strerror(-ret));
		return ret;
	}
	char *whole = NULL;
	ret = nft_text(ruleset->source.site, &whole);
	if (ret != 0) {
		log_error("ruleset, failed to write (%s)", strerror(-ret));
		nft_objects_deinit(&objects);
		return ret;
	}
	struct text text = TEXT_EMPTY;
	text_add(&text, "%s%s", whole, plan->live);
	nft_text_delete_surplus(whole, &objects, &text);
	char *commands = text_take(&text);
	char *error = NULL;
	ret = commands == NULL ? -ENOMEM : nft_apply_run(ruleset->nft, commands, &error);
	free(commands);

	if (ret != 0 && ret != -EPERM && objects.table) {
		// Something of ours was made incompatible (a chain's priority, a map's type).
		log_warning("ruleset, failed to refill (%s): replacing the table",
		            error != NULL ? error : strerror(-ret));
		free(error);
		error = NULL;
		text = TEXT_EMPTY;
		text_add(&text, "delete table inet " OUR_NFT_TABLE "\n%s%s", whole, plan->live);
		commands = text_take(&text);
		ret = commands == NULL ? -ENOMEM : nft_apply_run(ruleset->nft, commands, &error);
		free(commands);
	}
	if (ret != 0) {
		log_error("ruleset, failed to install (%s)",
		          error != NULL ? error : strerror(-ret));
	}
	free(error);
	free(whole);
	nft_objects_deinit(&objects);
	return ret;
}

/*!
 * From one site to another: rules and small maps anew where they differ, of the forwards those elements
 * that do. What is not told stays in the kernel as it is, so it takes no time however much it is.
 */
static int write_site(const struct ruleset *ruleset, const struct plan *plan, struct text *text)
{
	const struct ruleset_source *source = &ruleset->source;
	struct nft_objects objects = { 0 };
	bool alike = are_alike(&ruleset->former, source);
	int ret = alike ? 0 : nfnl_objects(ruleset->nfnl, &objects);
	if (ret != 0) {
		return ret;
	}
	text_add(text, "%s", alike ? "" : source->frame);
	nft_forwards_change(ruleset->former.forwards, source->forwards, text);
	text_add(text, "%s", plan->live);
	if (!alike) {
		nft_text_delete_surplus(source->frame, &objects, text);
	}
	nft_objects_deinit(&objects);
	return 0;
}

/*! Change what is installed: what follows from another site file, or from the uplinks' state alone. */
static int load_changes(const struct ruleset *ruleset, const struct plan *plan, bool site)
{
	struct text text = TEXT_EMPTY;
	int ret = 0;
	if (site) {
		ret = write_site(ruleset, plan, &text);
	} else {
		text_add(&text, "%s", plan->live);
	}
	char *commands = text_take(&text);
	char *error = NULL;
	if (ret == 0) {
		ret = commands == NULL ? -ENOMEM : nft_apply_run(ruleset->nft, commands, &error);
	}
	free(commands);
	if (ret != 0) {
		log_warning("ruleset, failed to change (%s): refilling it",
		            error != NULL ? error : strerror(-ret));
	}
	free(error);
	return ret;
}

/*! A parser of ten thousand forwards needs ten times the memory of what is left of them. */
static void give_back_memory(void)
{
#ifdef __GLIBC__
	(void)malloc_trim(0);
#endif
}

int ruleset_load(struct ruleset *ruleset, const struct plan *plan, enum refill refill)
{
	if (refill == REFILL_NOTHING) {
		return 0;
	}
	uint32_t before = 0;
	uint32_t after = 0;
	int asked = nfnl_generation(ruleset->nfnl, &before);
	// A change of elements is about the rest as well only if nobody has come between.
	bool known = asked == 0 && ruleset->generation != 0 && before == ruleset->generation;
	int ret =
		refill == REFILL_ALL ? -ENOENT : load_changes(ruleset, plan, refill == REFILL_SITE);
	ruleset->loaded = ret == 0;
	if (ret != 0) {
		ret = load_all(ruleset, plan);
		ruleset->loaded = ret == 0;
		known = true;
	}
	if (refill != REFILL_LIVE) {
		give_back_memory();
	}
	if (asked == 0) {
		asked = nfnl_generation(ruleset->nfnl, &after);
	}
	ruleset->commits++;
	ruleset->kept = ret != 0 && ruleset->installed && asked == 0 && after == before;
	ruleset->installed = ret == 0;
	ruleset->generation = ret == 0 && known && asked == 0 && after == before + 1 ? after : 0;
	return ret;
}

bool ruleset_lost_own_events(const struct ruleset *ruleset)
{
	uint32_t now = 0;
	return ruleset->installed && ruleset->generation != 0 &&
	       nfnl_generation(ruleset->nfnl, &now) == 0 && now == ruleset->generation;
}

int ruleset_remove(struct ruleset *ruleset)
{
	struct nft_objects objects = { 0 };
	char *error = NULL;
	int ret = nfnl_objects(ruleset->nfnl, &objects);
	if (ret == 0 && objects.table) {
		ret = nft_apply_run(ruleset->nft, "delete table inet " OUR_NFT_TABLE "\n", &error);
	}
	if (ret != 0) {
		log_error("ruleset, failed to remove (%s)", error != NULL ? error : strerror(-ret));
	}
	free(error);
	nft_objects_deinit(&objects);
	return ret;
}
