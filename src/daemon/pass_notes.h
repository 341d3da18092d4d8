/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What a pass has to say beside what became of the uplinks.
 */

#pragma once

#include "daemon/plan.h"
#include "daemon/recorder.h"

/*! \brief The first pass: what the daemon found installed and published. */
void pass_note_started(struct recorder *recorder, const struct table *published,
                       const struct observed *observed);

/*!
 * \brief The forwards of a site are in the kernel: said once for each change of them.
 * \param last  The plan that was installed before; NULL: none.
 */
void pass_note_forwards(struct recorder *recorder, const struct site *site, const struct plan *last,
                        const struct plan *plan);

/*! \brief Others have changed our ruleset. \param process  May be empty: not known. */
void pass_note_ruleset(struct recorder *recorder, const char *process, unsigned pid);

/*! \brief An uplink is drained, or not any more. */
void pass_note_drain(struct recorder *recorder, const struct uplink *uplink, bool drained);
