/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The standing of one site after a pass, for the tests of what is reported of it.
 */

#pragma once

#include "daemon/answers.h"
#include "daemon/report.h"
#include "plan_text.h"

#define SITE                                                                                    \
	"site:\n    domain: example.com\n    lan: [lan0]\nuplink:\n"                            \
	"  - id: primary\n    interface: wan0\n    address: [192.168.2.1, \"2001:db8:1::2\"]\n" \
	"    gateway: [192.168.2.6, \"2001:db8:1::1\"]\n"                                       \
	"  - id: backup\n    interface: wan1\n    address: 172.16.1.1\n"                        \
	"    public-address: 198.51.100.1\n    gateway: 172.16.1.2\n"                           \
	"server:\n  - id: web\n    address: [10.0.0.10, \"fd00:10::10\"]\n"                     \
	"  - id: six\n    address: \"fd00:10::66\"\n"                                           \
	"host:\n  - domain: www.example.com\n    server: web\n    port: [tcp/80, tcp/443]\n"    \
	"    alias: api\n"                                                                      \
	"  - domain: six.example.com\n    server: six\n    port: tcp/22\n    ttl: 1m\n"         \
	"    policy: all\n"                                                                     \
	"  - domain: one.example.com\n    server: web\n    port: tcp/81\n    uplink: primary\n" \
	"mail:\n  - domain: example.com\n    server: web\n"                                     \
	"forward:\n  - id: vpn\n    server: web\n    port: udp/51820\n    uplink: backup\n"
#define WELL                                                                 \
	"link lan0 up carrier\nlink wan0 up carrier\nlink wan1 up carrier\n" \
	"address wan0 192.168.2.1/29\naddress wan0 2001:db8:1::2/64\naddress wan1 172.16.1.1/30\n"
#define UNPLUGGED                                                    \
	"link lan0 up carrier\nlink wan0 up\nlink wan1 up carrier\n" \
	"address wan0 192.168.2.1/29\naddress wan0 2001:db8:1::2/64\naddress wan1 172.16.1.1/30\n"

/*! A standing and what it borrows. */
struct scene {
	struct planned planned;
	struct table *published;
	struct uplink_history history[SITE_UPLINKS_MAX + 1];
	struct drains drains;
	struct standing standing;
};

/*! Digits name the uplinks that lack something in the kernel, and those that are drained. */
static inline struct scene *scene_new(const char *observed, const char *broken4,
                                      const char *broken6, const char *drained, bool ruleset)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	ck_assert_ptr_nonnull(scene);
	scene->planned.site = site_from_text(SITE);
	scene->planned.observed = observed_from_text(observed);
	ck_assert_int_eq(plan_build(scene->planned.site, &scene->planned.observed,
	                            set_from_digits(drained), NULL, &scene->planned.plan),
	                 0);
	struct uplink_sets broken = { { set_from_digits(broken4), set_from_digits(broken6) } };
	scene->published = answers_installed(scene->planned.plan->table, &broken);
	scene->published->meta.generation = 12;
	for (size_t i = 0; i < scene->planned.plan->uplink_count; i++) {
		const struct uplink_view *view = &scene->planned.plan->uplinks[i];
		struct uplink_history *history = &scene->history[view->uplink->number];
		(void)snprintf(history->reason, sizeof(history->reason), "%s",
		               uplink_view_reason(view));
		history->since_ms = table_now_ms();
	}
	scene->drains.uplinks = set_from_digits(drained);
	scene->standing = (struct standing){
		.site = scene->planned.site,
		.observed = &scene->planned.observed,
		.plan = scene->planned.plan,
		.published = scene->published,
		.broken = broken,
		.ruleset = ruleset,
		.foreign_drops = "",
		.drains = &scene->drains,
		.history = scene->history,
	};
	return scene;
}

static inline void scene_free(struct scene *scene)
{
	table_free(scene->published);
	planned_free(&scene->planned);
	free(scene);
}

/*! Compares with JSON in which quotes are written as single ones. */
static inline void assert_json(json_t *is, const char *expected)
{
	char *text = strdup(expected);
	for (char *quote = text; (quote = strchr(quote, '\'')) != NULL;) {
		*quote = '"';
	}
	json_error_t error;
	json_t *want = json_loads(text, JSON_DECODE_ANY, &error);
	ck_assert_msg(want != NULL, "%s: %s", error.text, text);
	if (!json_equal(is, want)) {
		char *dump = json_dumps(is, JSON_ENCODE_ANY);
		ck_abort_msg("%s\ninstead of\n%s", dump, text);
	}
	json_decref(want);
	free(text);
}

#define NOTHING_BROKEN "", "", "", true
