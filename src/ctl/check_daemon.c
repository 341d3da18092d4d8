/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * What checks need of this machine and its daemon.
 */

#include "ctl/check_daemon.h"

#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>

#include "base/array.h"
#include "ctl/client.h"
#include "ctl/fields.h"
#include "ctl/zone_names.h"

/*! The daemon answers within milliseconds, or is not there. */
#define ANSWER_TIMEOUT_MS 2000

int check_list_own(struct address_list *own)
{
	struct ifaddrs *first = NULL;
	if (getifaddrs(&first) != 0) {
		return -errno;
	}
	int ret = 0;
	for (const struct ifaddrs *at = first; at != NULL && ret == 0; at = at->ifa_next) {
		const void *bytes = NULL;
		if (at->ifa_addr != NULL && at->ifa_addr->sa_family == AF_INET) {
			bytes = &((const struct sockaddr_in *)(const void *)at->ifa_addr)->sin_addr;
		} else if (at->ifa_addr != NULL && at->ifa_addr->sa_family == AF_INET6) {
			bytes = &((const struct sockaddr_in6 *)(const void *)at->ifa_addr)
			                 ->sin6_addr;
		}
		struct address *items = NULL;
		if (bytes != NULL) {
			items = array_grow(own->items, own->count, sizeof(*items));
			ret = items == NULL ? -ENOMEM : 0;
		}
		if (items != NULL) {
			own->items = items;
			items[own->count++] =
				address_from_bytes((uint8_t)at->ifa_addr->sa_family, bytes);
		}
	}
	freeifaddrs(first);
	return ret;
}

json_t *check_ask(const struct command_line *line, const struct site *site, const char *command,
                  const char *key, struct text *error)
{
	struct text path = TEXT_EMPTY;
	json_t *request = json_pack("{s:s}", "command", command);
	json_t *answer = NULL;
	json_t *content = NULL;
	text_add(&path, "%s%s", line->socket != NULL ? line->socket : site->run_dir,
	         line->socket != NULL ? "" : "/control.sock");
	if (request != NULL && !path.failed &&
	    client_ask(path.data, request, ANSWER_TIMEOUT_MS, &answer, error) == 0) {
		const char *refusal = json_string_value(json_object_get(answer, "error"));
		content = json_object_get(answer, key);
		json_incref(content);
		if (content == NULL) {
			text_add_safe(error, refusal != NULL ? refusal : "no such answer");
		}
	}
	json_decref(answer);
	json_decref(request);
	text_free(&path);
	return content;
}

/*! Give an uplink without address in the file those that the outside sees of it now. */
static int follow_uplink(struct uplink *uplink, const json_t *status)
{
	const json_t *uplinks = json_object_get(status, "uplinks");
	for (size_t i = 0; i < json_array_size(uplinks); i++) {
		const json_t *object = json_array_get(uplinks, i);
		const json_t *public = json_object_get(object, "public");
		const char *id = json_string_value(json_object_get(object, "id"));
		if (id == NULL || strcmp(id, uplink->id) != 0) {
			continue;
		}
		for (size_t k = 0; k < json_array_size(public); k++) {
			const char *text = json_string_value(json_array_get(public, k));
			struct address address;
			// A private one that nobody has named is not published, multihome.conf(5).
			if (text == NULL || address_parse(text, &address) != 0 ||
			    address_private(&address) != NULL ||
			    zone_address(uplink, address.family) != NULL) {
				continue;
			}
			struct address_list *list = &uplink->public_address;
			struct address *items =
				array_grow(list->items, list->count, sizeof(*items));
			if (items == NULL) {
				return -ENOMEM;
			}
			list->items = items;
			items[list->count++] = address;
		}
	}
	return 0;
}

int check_follow(struct site *site, const json_t *status)
{
	int ret = 0;
	for (size_t i = 0; i < site->uplink_count && ret == 0; i++) {
		struct uplink *uplink = &site->uplinks[i];
		if (uplink_follows(uplink)) {
			ret = follow_uplink(uplink, status);
		}
	}
	return ret;
}
