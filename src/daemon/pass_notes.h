/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What a pass has to say beside what became of the uplinks.
 */

#pragma once

#include "daemon/reconcile.h"

/*! \brief The first pass: what the daemon found installed and published. */
void pass_note_started(struct recorder *recorder, const struct table *published,
                       const struct observed *observed);

/*!
 * \brief A pass has ended: what was installed, what became of the uplinks, what was repaired.
 * \param standing   As it is now, but for the plan, which is that of the pass before.
 * \param histories  Of the uplinks, by number.
 */
void pass_note_end(struct recorder *recorder, const struct standing *standing,
                   const struct plan *plan, struct uplink_history *histories);

/*! \brief Others have changed our ruleset. \param process  May be empty: not known. */
void pass_note_ruleset(struct recorder *recorder, const char *process, unsigned pid);

/*! \brief An uplink is drained, or not any more. */
void pass_note_drain(struct recorder *recorder, const struct uplink *uplink, bool drained);
