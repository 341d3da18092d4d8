/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What the probes of an uplink say about it: a state machine without clocks, sockets or logs.
 *
 * Probes are run in rounds. A round is good if a quorum of its probes succeeded; some bad rounds in a
 * row make the uplink down, some good ones up again. One machine judges one family's probes, or all
 * probes of the uplink if they are of one family alone.
 *
 * Damping: an uplink that is lost again within DAMPING_ROUNDS after it came back must go that many
 * rounds without another outage before it comes back once more. So it is withdrawn as fast as ever,
 * and each stretch of DAMPING_ROUNDS sees at most three changes, however it flaps; with the default
 * thresholds a regular flapping of 20 times in 120 rounds makes two.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "daemon/probe_window.h"

/*! Two minutes at the default interval. */
#define DAMPING_ROUNDS 120

/*! Results of a probe that a loss must be seen in before it makes an uplink degraded. */
#define DEGRADED_SAMPLES 10

enum health_state { HEALTH_UNKNOWN, HEALTH_UP, HEALTH_DEGRADED, HEALTH_DOWN };

/*! By what it is judged. */
struct health_rules {
	unsigned quorum; /*!< If there are fewer probes, all of them. */
	unsigned down_after;
	unsigned up_after;
	unsigned degraded_loss; /*!< Percent. */
	uint32_t interval_ms;
	bool undamped; /*!< One that flaps is not held back. */
};

/*! One probe and what became of it. */
struct health_probe {
	char *text;        /*!< As in the site file; owned. */
	bool known;        /*!< It has had a result. */
	bool good;         /*!< The last one. */
	unsigned failures; /*!< In a row. */
	uint64_t since_ms; /*!< When good last changed. */
	uint32_t rtt_us;   /*!< Of the last success. */
	char fault[64];    /*!< Why the last one failed. */
	struct probe_window window;
};

struct health {
	struct health_rules rules;
	struct health_probe *probes; /*!< Owned; at most 32. */
	size_t probe_count;

	enum health_state state;
	uint64_t since_ms;
	bool adopted;     /*!< Unknown, but answered until the probes say down. */
	bool first;       /*!< Nothing was ever held against it: the first good round will do. */
	bool paused;      /*!< Its link, address or gateway is missing: nothing can be probed. */
	unsigned good;    /*!< Good rounds in a row. */
	unsigned bad;     /*!< Bad rounds in a row. */
	unsigned calm;    /*!< Rounds since the last outage. */
	unsigned up;      /*!< Rounds since it came back. */
	bool came_back;   /*!< It was lost before it became up. */
	bool held;        /*!< Flapped: calm must reach DAMPING_ROUNDS. */
	char reason[192]; /*!< Why it is down or unknown; does not change while it is. */

	uint32_t heard;     /*!< Probes of the round under way that have a result. */
	uint32_t succeeded; /*!< Of those. */
	bool decided;       /*!< That round has its verdict. */
	enum health_state before;
	uint64_t paused_ms;
};

/*! How a machine starts. */
enum health_start {
	HEALTH_NEW,     /*!< Not answered before the first good round. */
	HEALTH_ADOPTED, /*!< Was answered when we came: stays so until it is down. */
	HEALTH_GATED    /*!< Was known and not answered when we came: must earn it. */
};

/*!
 * \brief Begin with probes of which nothing is known.
 * \param texts  Copied.
 * \return 0 or -ENOMEM.
 */
int health_init(struct health *health, const struct health_rules *rules, const char *const *texts,
                size_t count, enum health_start start, uint64_t now_ms);

/*! \brief Free what it holds; the struct is empty after. */
void health_deinit(struct health *health);

/*!
 * \brief Take over what another machine knows about the probes that both have.
 *
 * If there is any such probe the state is taken over as well. The other one is left without them.
 */
void health_inherit(struct health *health, struct health *from);

/*!
 * \brief Note the result of a probe.
 * \param index   Which one.
 * \param fault   NULL: it succeeded, else why not.
 * \param rtt_us  Of a success.
 * \return Whether the state changed.
 */
bool health_result(struct health *health, size_t index, const char *fault, uint32_t rtt_us,
                   uint64_t now_ms);

/*!
 * \brief The uplink has lost, or has again, what probes need. Saying so again does no harm.
 *
 * A gap that is too short for a verdict changes nothing, unless the uplink is flapping; after a longer
 * one it is unknown until it has been up long enough.
 */
void health_pause(struct health *health, uint64_t now_ms);
void health_resume(struct health *health, uint64_t now_ms);

/*! \brief Whether the uplink may be answered, as far as these probes are concerned. */
bool health_answerable(const struct health *health);

/*!
 * \brief Loss in percent over a minute, or over ten rounds if those take longer.
 *
 * It is the loss of the best probe, with a quorum of N of the Nth best: a target that is dead is no
 * loss of the uplink. What was lost before the uplink came back does not count.
 */
unsigned health_loss(const struct health *health, uint64_t now_ms);

/*! \brief Say why it is not up, with times: «probe icmp 192.0.2.1 fails since 4s (no reply, 4 in a row)». */
void health_explain(const struct health *health, uint64_t now_ms, struct text *text);

/*! \brief «unknown», «up», «degraded» or «down». */
const char *health_state_name(enum health_state state);
