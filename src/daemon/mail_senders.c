/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Which uplink takes the mail that an inside server sends.
 */

#include "daemon/mail_senders.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/array.h"

/*! What senders are chosen from. */
struct choice {
	const struct site *site;
	const struct uplink_view *uplinks;
	uplink_set drained;
	struct mail_senders senders;
};

static bool is_in_use(const struct choice *choice, unsigned uplink, uint8_t family,
                      bool also_drained)
{
	unsigned index = family == AF_INET ? FAMILY_4 : FAMILY_6;
	return choice->uplinks[uplink - 1].family[index].usable &&
	       (also_drained || (choice->drained & UPLINK_BIT(uplink)) == 0);
}

/*! The uplink in use whose MX comes first, or 0. */
static unsigned first_in_use(const struct choice *choice, const struct mail *mail, uint8_t family,
                             bool also_drained)
{
	unsigned first = 0;
	for (unsigned uplink = 1; uplink <= choice->site->uplink_count; uplink++) {
		if (is_in_use(choice, uplink, family, also_drained) &&
		    (first == 0 || mail_preference(mail, uplink) < mail_preference(mail, first))) {
			first = uplink;
		}
	}
	return first;
}

static int add_sender(struct choice *choice, const struct mail *mail, const struct address *address,
                      unsigned own_uplink)
{
	struct mail_senders *senders = &choice->senders;
	for (size_t i = 0; i < senders->count; i++) {
		if (address_equal(&senders->items[i].address, address)) {
			return 0;
		}
	}
	unsigned uplink = own_uplink;
	if (uplink == 0 || !is_in_use(choice, uplink, address->family, false)) {
		uplink = first_in_use(choice, mail, address->family, false);
	}
	if (uplink == 0) {
		uplink = first_in_use(choice, mail, address->family, true);
	}
	struct mail_sender *items = array_grow(senders->items, senders->count, sizeof(*items));
	if (items == NULL) {
		return -ENOMEM;
	}
	senders->items = items;
	items[senders->count++] = (struct mail_sender){ *address, mail->server, uplink };
	return 0;
}

int mail_senders_build(const struct site *site, const struct uplink_view *uplinks,
                       uplink_set drained, struct mail_senders *senders)
{
	struct choice choice = { .site = site, .uplinks = uplinks, .drained = drained };
	int ret = 0;
	for (size_t i = 0; i < site->mail_count; i++) {
		const struct mail *mail = &site->mails[i];
		const struct server *server = mail->server;
		for (size_t k = 0; ret == 0 && k < server->address.count; k++) {
			ret = add_sender(&choice, mail, &server->address.items[k], 0);
		}
		bool held = server->reply_path == REPLY_PATH_SOURCE_ADDRESS;
		for (size_t k = 0; held && ret == 0 && k < server->uplink_address_count; k++) {
			const struct uplink_address *own = &server->uplink_address[k];
			ret = add_sender(&choice, mail, &own->address, own->uplink);
		}
	}
	if (ret != 0) {
		free(choice.senders.items);
		return ret;
	}
	*senders = choice.senders;
	return 0;
}
