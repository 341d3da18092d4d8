/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Recording of what happens.
 */

#include "daemon/recorder.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/journald.h"

struct recorder {
	recorder_sink sink;
	void *context;
	struct recorder_counters counters;

	bool passing;
	uint64_t event_us; /*!< 0: none waits for a pass. */
	uint64_t pass_us;  /*!< Begin of the pass. */
	uint32_t step_us[JOURNAL_STEPS];
	uint32_t connections;
	char foreign[FOREIGN_KINDS][JOURNAL_REASON_MAX]; /*!< Who; empty: nobody. */
};

struct recorder *recorder_new(void)
{
	struct recorder *recorder = calloc(1, sizeof(*recorder));
	if (recorder != NULL) {
		memset(recorder->step_us, 0xff, sizeof(recorder->step_us));
		recorder->connections = JOURNAL_UNKNOWN;
	}
	return recorder;
}

void recorder_free(struct recorder *recorder)
{
	free(recorder);
}

void recorder_set_sink(struct recorder *recorder, recorder_sink sink, void *context)
{
	recorder->sink = sink;
	recorder->context = context;
}

void recorder_event_over(struct recorder *recorder)
{
	if (recorder != NULL) {
		recorder->event_us = 0;
	}
}

uint64_t recorder_now_us(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void recorder_event(struct recorder *recorder, uint64_t us)
{
	if (recorder != NULL && (recorder->event_us == 0 || us < recorder->event_us)) {
		recorder->event_us = us;
	}
}

void recorder_foreign(struct recorder *recorder, enum recorder_foreign kind, const char *who)
{
	if (recorder != NULL) {
		(void)snprintf(recorder->foreign[kind], sizeof(recorder->foreign[kind]), "%s", who);
	}
}

void recorder_pass_begin(struct recorder *recorder, uint64_t us)
{
	if (recorder != NULL) {
		recorder->passing = true;
		recorder->pass_us = us;
		recorder_event(recorder, us);
	}
}

void recorder_step(struct recorder *recorder, enum journal_step step)
{
	// A step that is taken again, since the first time was not enough, counts when it is done.
	if (recorder != NULL) {
		uint64_t now = recorder_now_us();
		uint64_t took = now - (recorder->event_us != 0 ? recorder->event_us : now);
		if (step != JOURNAL_WITHDRAWN || recorder->step_us[step] == JOURNAL_UNKNOWN) {
			recorder->step_us[step] =
				took < JOURNAL_UNKNOWN ? (uint32_t)took : JOURNAL_UNKNOWN - 1;
		}
	}
}

void recorder_connections(struct recorder *recorder, size_t count)
{
	if (recorder != NULL) {
		uint32_t before = recorder->connections;
		recorder->connections = (before == JOURNAL_UNKNOWN ? 0 : before) + (uint32_t)count;
	}
}

void recorder_pass_end(struct recorder *recorder, const bool whole[FOREIGN_KINDS])
{
	static const struct {
		const char *what;
		enum journal_event repaired;
		enum journal_event lost;
	} kinds[FOREIGN_KINDS] = {
		[FOREIGN_RULESET] = { "ruleset", JOURNAL_RULESET_REPAIRED, JOURNAL_RULESET_LOST },
		[FOREIGN_ROUTES] = { "routes and rules", JOURNAL_ROUTES_REPAIRED,
		                     JOURNAL_ROUTES_LOST },
	};
	if (recorder == NULL) {
		return;
	}
	for (size_t i = 0; i < FOREIGN_KINDS; i++) {
		if (recorder->foreign[i][0] == '\0') {
			continue;
		}
		recorder->counters.repairs[i] += whole[i];
		recorder_note(recorder, whole[i] ? kinds[i].repaired : kinds[i].lost,
		              whole[i] ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, kinds[i].what, "%s",
		              recorder->foreign[i]);
		recorder->foreign[i][0] = '\0';
	}
	uint64_t took = recorder_now_us() - recorder->pass_us;
	recorder->counters.passes++;
	recorder->counters.pass_us += took;
	recorder->counters.last_pass_us = took;
	recorder->passing = false;
	recorder->event_us = 0;
	memset(recorder->step_us, 0xff, sizeof(recorder->step_us));
	recorder->connections = JOURNAL_UNKNOWN;
}

/*! With its fields, where somebody keeps them. */
static void log_entry(enum log_level level, const char *message, const struct journal_entry *entry)
{
	if (!journald_present() || journald_send(JOURNALD_SOCKET, level, message, entry) != 0) {
		log_line(level, "%s", message);
	}
}

static void write_entry(struct recorder *recorder, struct journal_entry *entry,
                        enum log_level level, const char *message)
{
	if (recorder != NULL && recorder->passing) {
		memcpy(entry->step_us, recorder->step_us, sizeof(entry->step_us));
		entry->connections = recorder->connections;
	}
	log_entry(level, message, entry);
	if (recorder != NULL && recorder->sink != NULL) {
		recorder->sink(entry, recorder->context);
	}
}

void recorder_write(struct recorder *recorder, struct journal_entry *entry, enum log_level level,
                    const char *format, ...)
{
	char message[1024];
	va_list args;
	va_start(args, format);
	(void)vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	write_entry(recorder, entry, level, message);
}

void recorder_note(struct recorder *recorder, enum journal_event event, enum log_level level,
                   const char *what, const char *format, ...)
{
	struct journal_entry entry = journal_entry_new(event);
	va_list args;
	va_start(args, format);
	(void)vsnprintf(entry.reason, sizeof(entry.reason), format, args);
	va_end(args);
	char message[sizeof(entry.reason) + 64];
	const char *verb = strrchr(journal_event_name(event), '-') + 1;
	(void)snprintf(message, sizeof(message), "%s, %s: %s", what, verb, entry.reason);
	write_entry(recorder, &entry, level, message);
}

struct recorder_counters recorder_counters(const struct recorder *recorder)
{
	return recorder->counters;
}
