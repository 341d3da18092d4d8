/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Converters of names: ids, domains, interfaces, paths, and references to other sections.
 */

#include "site/convert.h"

#include <ctype.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/address.h"
#include "site/nearest.h"

/*! An id has its place in the answer table, 64 bytes with the terminating zero. */
#define ID_MAX 63

#define LABEL_MAX 63

/*! A wire name of 255 bytes has two more than its text: the first length and the root. */
#define NAME_MAX_TEXT 253

static int store(const char *text, void *value)
{
	char *copy = strdup(text);
	if (copy == NULL) {
		return -ENOMEM;
	}
	memcpy(value, &copy, sizeof(copy));
	return 0;
}

static bool is_word_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_';
}

CONVERTER(id)
{
	size_t good = 0;
	while (is_word_letter(text[good]) || text[good] == '.') {
		good++;
	}
	if (text[good] != '\0') {
		text_add(why, "is not an id: use letters, digits, hyphen, underscore and dot only");
		return -EINVAL;
	}
	if (good > ID_MAX) {
		text_add(why, "is too long for an id: use at most %d letters", ID_MAX);
		return -EINVAL;
	}
	return store(text, value);
}

const char *convert_domain_error(const char *text)
{
	struct address address;
	if (address_parse(text, &address) == 0) {
		return "is an address: write a domain name, such as www.example.com";
	}
	size_t label = 0;
	size_t i = 0;
	for (; text[i] != '\0'; i++) {
		if (text[i] == '.') {
			if (label == 0) {
				return "has an empty part between its dots";
			}
			label = 0;
		} else if (text[i] == '*') {
			return "is a wildcard, whose answers could not be signed: write each name";
		} else if (!is_word_letter(text[i])) {
			return "is not a domain name: use letters, digits, hyphen and underscore, "
			       "and the xn-- form of international names";
		} else if (++label > LABEL_MAX) {
			return "has a part of more than 63 letters between its dots";
		}
	}
	if (i - (i > 0 && text[i - 1] == '.' ? 1 : 0) > NAME_MAX_TEXT) {
		return "is longer than the 255 bytes that a domain name may have";
	}
	return NULL;
}

static int store_name(const char *text, bool keep_dot, void *value, struct text *why)
{
	const char *error = convert_domain_error(text);
	if (error != NULL) {
		text_add(why, "%s", error);
		return -EINVAL;
	}
	char *name = NULL;
	int ret = store(text, &name);
	if (ret != 0) {
		return ret;
	}
	size_t length = strlen(name);
	for (size_t i = 0; i < length; i++) {
		name[i] = (char)tolower((unsigned char)name[i]);
	}
	if (!keep_dot && name[length - 1] == '.') {
		name[length - 1] = '\0';
	}
	memcpy(value, &name, sizeof(name));
	return 0;
}

CONVERTER(domain)
{
	return store_name(text, false, value, why);
}

CONVERTER(alias)
{
	return store_name(text, true, value, why);
}

// RFC 1035 section 8: the part before the @ becomes the first label, its own dots escaped.
CONVERTER(mailbox)
{
	const char *at = strchr(text, '@');
	if (at == NULL) {
		return store_name(text, false, value, why);
	}
	size_t local = (size_t)(at - text);
	char *domain = NULL;
	const char *error = convert_domain_error(at + 1);
	if (local == 0 || local > LABEL_MAX || at[1] == '\0' || error != NULL) {
		text_add(why, "is not a mailbox: write hostmaster.example.com or "
		              "hostmaster@example.com");
		return -EINVAL;
	}
	struct text mailbox = TEXT_EMPTY;
	for (size_t i = 0; i < local; i++) {
		if (!is_word_letter(text[i]) && text[i] != '.' && text[i] != '+') {
			text_free(&mailbox);
			text_add(why, "is not a mailbox: use letters, digits, hyphen, underscore, "
			              "plus and dot before the @");
			return -EINVAL;
		}
		text_add(&mailbox, text[i] == '.' ? "\\%c" : "%c", text[i]);
	}
	int ret = store_name(at + 1, false, &domain, why);
	if (ret != 0) {
		text_free(&mailbox);
		return ret;
	}
	text_add(&mailbox, ".%s", domain);
	free(domain);
	char *result = text_take(&mailbox);
	if (result == NULL) {
		return -ENOMEM;
	}
	memcpy(value, &result, sizeof(result));
	return 0;
}

// dev_valid_name() of the kernel, and no character that has a meaning in a string of nft(8).
CONVERTER(interface)
{
	size_t length = strlen(text);
	if (length >= IFNAMSIZ) {
		text_add(why, "is too long for an interface: the kernel takes at most %d letters",
		         IFNAMSIZ - 1);
		return -EINVAL;
	}
	bool dots = strcmp(text, ".") == 0 || strcmp(text, "..") == 0;
	if (dots || strpbrk(text, "/: \t\n\v\f\r\"*\\") != NULL) {
		text_add(why, "is not the name of an interface: write it as «ip link» shows it");
		return -EINVAL;
	}
	return store(text, value);
}

CONVERTER(directory)
{
	size_t most = sizeof(((struct sockaddr_un *)NULL)->sun_path) - sizeof("/control.sock");
	if (text[0] != '/') {
		text_add(why, "is not an absolute path: let it begin with /");
		return -EINVAL;
	}
	if (strlen(text) > most) {
		text_add(why, "is too long for a unix socket in it: use at most %zu bytes", most);
		return -EINVAL;
	}
	return store(text, value);
}

static void explain_reference(const char *section, struct nearest *nearest, struct text *why)
{
	text_add(why, "is not the id of an entry of section '%s'", section);
	if (nearest->best != NULL) {
		text_add(why, ": is '%s' meant?", nearest->best);
	} else {
		text_add(why, ": add one, or name one that is there");
	}
}

CONVERTER(server)
{
	const struct site *site = conversion->site;
	struct nearest nearest = { .word = text };
	for (size_t i = 0; i < site->server_count; i++) {
		const struct server *server = &site->servers[i];
		if (server->id != NULL && strcmp(server->id, text) == 0) {
			memcpy(value, &server, sizeof(server));
			return 0;
		}
		if (server->id != NULL) {
			nearest_offer(&nearest, server->id);
		}
	}
	explain_reference("server", &nearest, why);
	return -EINVAL;
}

CONVERTER(uplink)
{
	const struct site *site = conversion->site;
	struct nearest nearest = { .word = text };
	for (size_t i = 0; i < site->uplink_count; i++) {
		const struct uplink *uplink = &site->uplinks[i];
		if (uplink->id != NULL && strcmp(uplink->id, text) == 0) {
			memcpy(value, &uplink->number, sizeof(uplink->number));
			return 0;
		}
		if (uplink->id != NULL) {
			nearest_offer(&nearest, uplink->id);
		}
	}
	explain_reference("uplink", &nearest, why);
	return -EINVAL;
}
