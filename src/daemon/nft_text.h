/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The ruleset as text: pure functions of the site and the state of its uplinks.
 */

#pragma once

#include "base/text.h"
#include "daemon/kernel.h"
#include "daemon/plan.h"
#include "site/site.h"

/*!
 * \brief Render the ruleset of a site: all but the live elements, of which nft_live() tells.
 *
 * The text loads on an empty kernel and again on itself: it declares, flushes and refills, so that no
 * packet meets a moment without rules (deleting and adding a table swaps its hooks one by one).
 *
 * \param site     The site.
 * \param ruleset  Out: text to free.
 * \return 0 or -ENOMEM.
 */
int nft_text(const struct site *site, char **ruleset);

/*!
 * \brief Render the same without the elements of the forwards, which are many.
 *
 * The text tells whether two sites differ in anything else, and loads where one of them is installed: it
 * leaves the elements of the forwards as they are.
 * \return 0 or -ENOMEM.
 */
int nft_text_frame(const struct site *site, char **frame);

/*!
 * \brief Render the elements that follow the state of the uplinks.
 *
 * The text flushes and refills; it loads behind the ruleset's, in the same transaction, and alone while
 * that ruleset is installed.
 *
 * \param site      The site.
 * \param uplinks   A view for each uplink of the site.
 * \param observed  Gives all addresses of the uplinks' interfaces.
 * \param drained   Uplinks that take no new mail from inside.
 * \param live      Out: text to free.
 * \return 0 or -ENOMEM.
 */
int nft_live(const struct site *site, const struct uplink_view *uplinks,
             const struct observed *observed, uplink_set drained, char **live);

/*!
 * \brief Add commands that delete what our table holds beyond a ruleset (a site got smaller).
 * \param ruleset  What will be loaded just before, in the same transaction.
 * \param objects  What the kernel holds in our table.
 */
void nft_text_delete_surplus(const char *ruleset, const struct nft_objects *objects,
                             struct text *text);
