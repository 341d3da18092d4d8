/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * By which uplink the mail of an inside server leaves.
 */

#include "daemon/mail_senders.h"
#include "plan_text.h"

#define SITE                                                                           \
	"site:\n    domain: example.com\n    lan: lan0\n"                              \
	"uplink:\n  - id: a\n    interface: wan0\n    gateway: [192.0.2.1, fe80::1]\n" \
	"  - id: b\n    interface: wan1\n    gateway: [198.51.100.1, fe80::1]\n"       \
	"  - id: c\n    interface: wan2\n    gateway: 203.0.113.1\n"
#define WEB "server:\n  - id: web\n    address: [10.0.0.10, \"fd00::10\"]\n"
#define MAIL "mail:\n  - domain: example.com\n    server: web\n"
#define HELD                                             \
	"server:\n  - id: web\n    address: 10.0.0.10\n" \
	"    reply-path: source-address\n"               \
	"    uplink-address: [a=10.0.1.1, b=10.0.1.2, c=10.0.1.3]\n"
#define A "link wan0 up carrier\naddress wan0 192.0.2.2/24\naddress wan0 2001:db8:1::2/64\n"
#define B "link wan1 up carrier\naddress wan1 198.51.100.2/24\naddress wan1 2001:db8:2::2/64\n"
#define C "link wan2 up carrier\naddress wan2 203.0.113.2/24\n"

static const struct {
	const char *site;
	const char *observed;
	const char *drained; // Digits.
	const char *senders; // «ADDRESS UPLINK ...»
} choices[] = {
	{ SITE WEB, A B C, "", "" },
	{ SITE WEB MAIL, A B C, "", "10.0.0.10 1 fd00::10 1" },
	{ SITE WEB MAIL, B C, "", "10.0.0.10 2 fd00::10 2" },
	// Of the third uplink only IPv4.
	{ SITE WEB MAIL, C, "", "10.0.0.10 3 fd00::10 0" },
	{ SITE WEB MAIL, "", "", "10.0.0.10 0 fd00::10 0" },
	{ SITE WEB MAIL, A B C, "1", "10.0.0.10 2 fd00::10 2" },
	{ SITE WEB MAIL, A B C, "12", "10.0.0.10 3 fd00::10 1" },
	{ SITE WEB MAIL, A B C, "123", "10.0.0.10 1 fd00::10 1" },
	{ SITE WEB MAIL, B C, "123", "10.0.0.10 2 fd00::10 2" },
	{ SITE WEB MAIL "    preference: [a=50, b=40]\n", A B C, "", "10.0.0.10 3 fd00::10 2" },
	{ SITE WEB MAIL "    preference: [c=1]\n", A B C, "", "10.0.0.10 3 fd00::10 1" },
	// The first domain of a server speaks for it.
	{ SITE WEB MAIL "  - domain: example.org\n    server: web\n    preference: [b=1]\n", A B C,
	  "", "10.0.0.10 1 fd00::10 1" },
	{ SITE HELD MAIL, A B C, "", "10.0.0.10 1 10.0.1.1 1 10.0.1.2 2 10.0.1.3 3" },
	{ SITE HELD MAIL, A C, "", "10.0.0.10 1 10.0.1.1 1 10.0.1.2 1 10.0.1.3 3" },
	{ SITE HELD MAIL, A B C, "3", "10.0.0.10 1 10.0.1.1 1 10.0.1.2 2 10.0.1.3 1" },
};

START_TEST(mail_leaves_by_an_uplink_in_use)
{
	struct planned planned = planned_from_text(choices[_i].site, choices[_i].observed);
	struct mail_senders senders = { 0 };
	ck_assert_int_eq(mail_senders_build(planned.site, planned.plan->uplinks,
	                                    set_from_digits(choices[_i].drained), &senders),
	                 0);
	struct text got = TEXT_EMPTY;
	text_add(&got, "%s", "");
	for (size_t i = 0; i < senders.count; i++) {
		char address[ADDRESS_TEXT_MAX];
		text_add(&got, "%s%s %u", i > 0 ? " " : "",
		         address_format(&senders.items[i].address, address),
		         senders.items[i].uplink);
	}
	ck_assert_str_eq(got.data, choices[_i].senders);
	text_free(&got);
	free(senders.items);
	planned_free(&planned);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mail_senders");
	TCase *tcase = tcase_create("mail_senders");
	tcase_add_loop_test(tcase, mail_leaves_by_an_uplink_in_use, 0, COUNT(choices));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
