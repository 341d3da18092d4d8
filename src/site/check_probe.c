/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Validation of probes: whether each one can tell anything about its uplink.
 */

#include <string.h>

#include "site/check.h"

static bool list_has(const struct address_list *list, const struct address *address)
{
	for (size_t i = 0; i < list->count; i++) {
		if (address_equal(&list->items[i], address)) {
			return true;
		}
	}
	return false;
}

static bool list_has_family(const struct address_list *list, uint8_t family)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i].family == family) {
			return true;
		}
	}
	return false;
}

/*! Link-local addresses are good: routers have them, and the probe is bound to the interface. */
static const char *target_fault(const struct address *address)
{
	struct prefix link_local = { 0 };
	bool reachable = prefix_parse("fe80::/10", &link_local) == 0 &&
	                 prefix_contains(&link_local, address);
	return reachable ? NULL : address_unpublishable(address);
}

static void check_target(const struct check *check, const struct uplink *uplink,
                         const struct probe *probe)
{
	const struct address *target = &probe->address;
	struct mark mark = marks_find(check->marks, probe);
	const char *fault = target_fault(target);
	if (fault != NULL) {
		report_error(check->report, mark,
		             "probe '%s' asks %s: write an address behind the uplink", probe->text,
		             fault);
	} else if (list_has(&uplink->address, target) ||
	           list_has(&uplink->public_address, target)) {
		report_error(
			check->report, mark,
			"probe '%s' asks the uplink's own address: write one behind the uplink",
			probe->text);
	} else if (uplink->address.count > 0 &&
	           !list_has_family(&uplink->address, target->family)) {
		report_error(
			check->report, mark,
			"probe '%s' has no %s address to be sent from: add one to 'address', or "
			"leave the probe out",
			probe->text, target->family == AF_INET ? "IPv4" : "IPv6");
	}
}

static void check_times(const struct check *check, const struct uplink *uplink)
{
	uint32_t longest = uplink->interval_ms / 10 * 9;
	if (uplink->interval_ms != 0 && uplink->timeout_ms > longest) {
		report_error(
			check->report, marks_find(check->marks, &uplink->timeout_ms),
			"timeout is too long for an interval of %ums: write at most %ums, so that "
			"a round of probes ends before the next one begins",
			uplink->interval_ms, longest);
	}
	if (uplink->quorum > uplink->probe.count) {
		report_error(
			check->report, marks_find(check->marks, &uplink->quorum),
			"quorum %u can never be met by %zu probe%s: add probes, or write a lower "
			"quorum",
			uplink->quorum, uplink->probe.count, uplink->probe.count == 1 ? "" : "s");
	}
}

void check_probes(const struct check *check, const struct uplink *uplink)
{
	const struct probe_list *list = &uplink->probe;
	if (list->count > SITE_PROBES_MAX) {
		report_error(check->report, marks_find(check->marks, &list->items[SITE_PROBES_MAX]),
		             "probe number %d is one too many: an uplink has at most %d",
		             SITE_PROBES_MAX + 1, SITE_PROBES_MAX);
		return;
	}
	for (size_t i = 0; i < list->count; i++) {
		const struct probe *probe = &list->items[i];
		if (probe->kind != PROBE_EXEC) {
			check_target(check, uplink, probe);
		}
		for (size_t k = 0; k < i; k++) {
			if (strcmp(list->items[k].text, probe->text) == 0) {
				report_error(check->report, marks_find(check->marks, probe),
				             "probe '%s' is there twice: keep one", probe->text);
				break;
			}
		}
	}
	if (list->count > 0) {
		check_times(check, uplink);
	}
}
