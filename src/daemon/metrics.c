/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Metrics: a row each. multihomectl(8) documents their names.
 */

#include "daemon/metrics.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/discover.h"

/*! What a sample is about: the index counts uplinks of the plan, or kinds of repairs. */
struct subject {
	const struct metrics_source *source;
	size_t index;
};

/*! \return Whether there is a value. */
typedef bool (*metric_value)(const struct subject *subject, double *value);

/*! Over what the samples of a metric go. */
enum scope { SCOPE_SITE, SCOPE_UPLINKS, SCOPE_REPAIRS, SCOPE_BUILD };

static const struct uplink_view *view_of(const struct subject *subject)
{
	return &subject->source->standing->plan->uplinks[subject->index];
}

static unsigned number_of(const struct subject *subject)
{
	return view_of(subject)->uplink->number;
}

static double seconds_since(uint64_t ms)
{
	uint64_t now = table_now_ms();
	return now > ms ? (double)(now - ms) / 1000 : 0;
}

static bool one(const struct subject *subject, double *value)
{
	*value = 1;
	return true;
}

static bool uplink_up(const struct subject *subject, double *value)
{
	*value = uplink_view_usable(view_of(subject));
	return true;
}

static bool uplink_answered(const struct subject *subject, double *value)
{
	const struct table_uplink *row =
		table_find_uplink(subject->source->standing->published, number_of(subject));
	*value = row != NULL && row->usable;
	return true;
}

static bool uplink_drained(const struct subject *subject, double *value)
{
	*value = (subject->source->standing->drains->uplinks & UPLINK_BIT(number_of(subject))) != 0;
	return true;
}

static bool uplink_state_age(const struct subject *subject, double *value)
{
	*value = seconds_since(subject->source->standing->history[number_of(subject)].since_ms);
	return true;
}

static bool uplink_transitions(const struct subject *subject, double *value)
{
	*value = (double)subject->source->standing->history[number_of(subject)].transitions;
	return true;
}

static bool uplink_connections(const struct subject *subject, double *value)
{
	*value = (double)subject->source->connections[number_of(subject)];
	return *value >= 0;
}

/*! The line of an uplink whose public address is learnt, of IPv4 if both are, or NULL. */
static const struct discover_line *discover_line_of(const struct subject *subject)
{
	const struct discover_list *list = subject->source->standing->discovered;
	const char *id = view_of(subject)->uplink->id;
	const struct discover_line *line = discover_find(list, id, FAMILY_4);
	return line != NULL ? line : discover_find(list, id, FAMILY_6);
}

static bool discover_known(const struct subject *subject, double *value)
{
	const struct discover_line *line = discover_line_of(subject);
	*value = line != NULL && line->known.family != 0 && !line->shared;
	return line != NULL && line->asking;
}

static bool discover_age(const struct subject *subject, double *value)
{
	const struct discover_line *line = discover_line_of(subject);
	*value = line != NULL ? seconds_since(line->heard_ms) : 0;
	return line != NULL && line->asking && line->heard_ms != 0;
}

static bool discover_failures(const struct subject *subject, double *value)
{
	const struct discover_line *line = discover_line_of(subject);
	*value = line != NULL ? (double)line->failed : 0;
	return line != NULL;
}

/*! Names (hosts, mail domains, forwards) whose forwards and reply path an uplink has in the kernel. */
static bool uplink_forwards(const struct subject *subject, double *value)
{
	const struct standing *standing = subject->source->standing;
	uplink_set bit = UPLINK_BIT(number_of(subject));
	struct site_forward *forwards = NULL;
	size_t count = 0;
	if (site_forwards(standing->site, &forwards, &count) != 0) {
		return false;
	}
	bool broken =
		(standing->broken.family[FAMILY_4] & standing->broken.family[FAMILY_6] & bit) != 0;
	*value = 0;
	for (size_t i = 0; standing->ruleset && !broken && i < count; i++) {
		*value += (forwards[i].uplinks & bit) != 0;
	}
	free(forwards);
	return true;
}

static bool repairs(const struct subject *subject, double *value)
{
	*value = (double)subject->source->counters.repairs[subject->index];
	return true;
}

static bool uptime(const struct subject *subject, double *value)
{
	*value = seconds_since(subject->source->started_ms);
	return true;
}

static bool passes(const struct subject *subject, double *value)
{
	*value = (double)subject->source->counters.passes;
	return true;
}

static bool pass_seconds(const struct subject *subject, double *value)
{
	*value = (double)subject->source->counters.pass_us / 1e6;
	return true;
}

static bool pass_last(const struct subject *subject, double *value)
{
	*value = (double)subject->source->counters.last_pass_us / 1e6;
	return true;
}

static bool generation(const struct subject *subject, double *value)
{
	*value = (double)subject->source->standing->published->meta.generation;
	return true;
}

static bool heartbeat_age(const struct subject *subject, double *value)
{
	*value = seconds_since(subject->source->standing->published->meta.heartbeat_ms);
	return true;
}

static bool parent_pending_uplinks(const struct subject *subject, double *value)
{
	*value = subject->source->parent_pending;
	return true;
}

static bool journal_lost(const struct subject *subject, double *value)
{
	*value = (double)subject->source->journal_lost;
	return true;
}

static bool hook_failed(const struct subject *subject, double *value)
{
	*value = (double)subject->source->hook_failures;
	return true;
}

/*! Names end in their unit; a counter's sample has «_total» behind it. */
static const struct metric {
	const char *name; /*!< Behind «multihome_». */
	enum scope scope;
	bool counter;
	const char *unit; /*!< NULL: none. */
	metric_value value;
	const char *help;
} metrics[] = {
	{ "build_info", SCOPE_BUILD, false, NULL, one, "Version of multihomed." },
	{ "uptime_seconds", SCOPE_SITE, false, "seconds", uptime,
	  "Time since multihomed was started." },
	{ "uplink_up", SCOPE_UPLINKS, false, NULL, uplink_up,
	  "Whether nothing keeps the uplink from working." },
	{ "uplink_answered", SCOPE_UPLINKS, false, NULL, uplink_answered,
	  "Whether DNS may answer the uplink's addresses." },
	{ "uplink_drained", SCOPE_UPLINKS, false, NULL, uplink_drained,
	  "Whether the operator drains the uplink." },
	{ "uplink_state_age_seconds", SCOPE_UPLINKS, false, "seconds", uplink_state_age,
	  "Time since the uplink was last published or withdrawn." },
	{ "uplink_transitions", SCOPE_UPLINKS, true, NULL, uplink_transitions,
	  "How often the uplink was published or withdrawn." },
	{ "uplink_forwards_installed", SCOPE_UPLINKS, false, NULL, uplink_forwards,
	  "Names whose forwards and reply path the uplink has in the kernel." },
	{ "uplink_connections", SCOPE_UPLINKS, false, NULL, uplink_connections,
	  "Entries of the connection table that belong to the uplink." },
	{ "discover_known", SCOPE_UPLINKS, false, NULL, discover_known,
	  "Whether the public address was learnt, and clients get in by it." },
	{ "discover_age_seconds", SCOPE_UPLINKS, false, "seconds", discover_age,
	  "Time since somebody outside last told the public address." },
	{ "discover_failures", SCOPE_UPLINKS, true, NULL, discover_failures,
	  "Questions for the public address that gave none." },
	{ "passes", SCOPE_SITE, true, NULL, passes, "Passes of the daemon." },
	{ "pass_seconds", SCOPE_SITE, true, "seconds", pass_seconds, "Time spent in passes." },
	{ "pass_last_seconds", SCOPE_SITE, false, "seconds", pass_last,
	  "Time spent in the last pass." },
	{ "table_generation", SCOPE_SITE, false, NULL, generation,
	  "Generation of the answer table." },
	{ "heartbeat_age_seconds", SCOPE_SITE, false, "seconds", heartbeat_age,
	  "Time since the last sign of life in the answer table." },
	{ "repairs", SCOPE_REPAIRS, true, NULL, repairs,
	  "What others took away and was put back." },
	{ "parent_pending_uplinks", SCOPE_SITE, false, NULL, parent_pending_uplinks,
	  "Uplinks whose addresses the parent zone does not hold yet." },
	{ "journal_lost_entries", SCOPE_SITE, true, NULL, journal_lost,
	  "Entries that the journal could not take." },
	{ "hook_failures", SCOPE_SITE, true, NULL, hook_failed,
	  "Runs of notify commands that failed or were left out." },
};

static size_t subject_count(enum scope scope, const struct metrics_source *source)
{
	switch (scope) {
	case SCOPE_UPLINKS:
		return source->standing->plan->uplink_count;
	case SCOPE_REPAIRS:
		return FOREIGN_KINDS;
	default:
		return 1;
	}
}

/*! Ids of uplinks have no character that would need an escape. */
static void write_labels(enum scope scope, const struct subject *subject, struct text *text)
{
	static const char *const kinds[FOREIGN_KINDS] = {
		[FOREIGN_RULESET] = "ruleset",
		[FOREIGN_ROUTES] = "routes",
	};
	switch (scope) {
	case SCOPE_UPLINKS:
		text_add(text, "{uplink=\"%s\"}", view_of(subject)->uplink->id);
		break;
	case SCOPE_REPAIRS:
		text_add(text, "{what=\"%s\"}", kinds[subject->index]);
		break;
	case SCOPE_BUILD:
		text_add(text, "{version=\"%s\"}", VERSION);
		break;
	case SCOPE_SITE:
		break;
	}
}

static void write_metric(const struct metric *metric, const struct metrics_source *source,
                         struct text *text)
{
	text_add(text, "# TYPE multihome_%s %s\n", metric->name,
	         metric->counter ? "counter" : "gauge");
	if (metric->unit != NULL) {
		text_add(text, "# UNIT multihome_%s %s\n", metric->name, metric->unit);
	}
	text_add(text, "# HELP multihome_%s %s\n", metric->name, metric->help);
	for (size_t i = 0; i < subject_count(metric->scope, source); i++) {
		struct subject subject = { source, i };
		double value = 0;
		if (!metric->value(&subject, &value)) {
			continue;
		}
		text_add(text, "multihome_%s%s", metric->name, metric->counter ? "_total" : "");
		write_labels(metric->scope, &subject, text);
		text_add(text, value == (double)(int64_t)value ? " %.0f\n" : " %.6f\n", value);
	}
}

int metrics_write(const struct metrics_source *source, struct text *text)
{
	for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++) {
		write_metric(&metrics[i], source, text);
	}
	text_add(text, "# EOF\n");
	return text->failed ? -ENOMEM : 0;
}
