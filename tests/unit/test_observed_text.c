/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Reading an observation from a file.
 */

#include <errno.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "plan_text.h"

START_TEST(everything_that_can_be_said_is_read)
{
	struct observed observed =
		observed_from_text("# a comment, an empty line, tabs and a line without an end\n\n"
	                           "link lan0 up carrier rp-filter 2\n"
	                           "\tlink\twan0   # not up\n"
	                           "link ppp0 point-to-point up\r\n"
	                           "route ::/0 dev wan0 via fe80::1 metric 5\n"
	                           "route 10.0.0.0/24 metric 7 dev lan0\n"
	                           "address ppp0 198.51.100.7 unusable\n"
	                           "address lan0 10.0.0.1/24\n"
	                           "forwarding6 off\n"
	                           "src-valid-mark on");
	ck_assert_uint_eq(observed.link_count, 3);
	const struct link *lan = observed_link(&observed, "lan0");
	ck_assert(lan->index == 1 && lan->up && lan->carrier && !lan->point_to_point);
	const struct link *wan = observed_link(&observed, "wan0");
	ck_assert(wan->index == 2 && !wan->up && !wan->carrier && !wan->point_to_point);
	const struct link *ppp = observed_link(&observed, "ppp0");
	ck_assert(ppp->index == 3 && ppp->up && !ppp->carrier && ppp->point_to_point);
	ck_assert(observed.rp_filter[0] == 2 && observed.rp_filter[1] == 0);

	ck_assert_uint_eq(observed.address_count, 2);
	char text[ADDRESS_TEXT_MAX];
	ck_assert_int_eq(observed.addresses[0].link, 1);
	ck_assert_str_eq(prefix_format(&observed.addresses[0].prefix, text), "10.0.0.1/24");
	ck_assert(observed.addresses[0].usable && !observed.addresses[1].usable);
	ck_assert_str_eq(prefix_format(&observed.addresses[1].prefix, text), "198.51.100.7/32");

	ck_assert_uint_eq(observed.main_route_count, 2);
	const struct route *inside = &observed.main_routes[0];
	ck_assert(inside->family == AF_INET && inside->link == 1 && inside->metric == 7);
	ck_assert(inside->table == RT_TABLE_MAIN && inside->type == RTN_UNICAST);
	const struct route *outside = &observed.main_routes[1];
	ck_assert(outside->family == AF_INET6 && outside->link == 2 && outside->metric == 5);
	ck_assert_uint_eq(outside->destination.length, 0);
	ck_assert_uint_eq(outside->destination.address.family, 0);
	ck_assert_str_eq(address_format(&outside->gateway, text), "fe80::1");
	ck_assert(observed.forwarding4 && !observed.forwarding6 && observed.src_valid_mark);
	ck_assert(observed.route_count == 0 && observed.rule_count == 0);
	observed_deinit(&observed);
}
END_TEST

START_TEST(empty_file_is_a_kernel_that_forwards_and_has_nothing)
{
	struct observed observed = observed_from_text("");
	ck_assert(observed.forwarding4 && observed.forwarding6 && !observed.src_valid_mark);
	ck_assert(observed.link_count == 0 && observed.main_route_count == 0);
	observed_deinit(&observed);
}
END_TEST

static const char *const refused[] = {
	"links wan0\n",
	"link\n",
	"link wan0 upp\n",
	"link wan0 rp-filter\n",
	"link a-name-of-16-chr up\n",
	"address\n",
	"address lan0\n",
	"address wan9 10.0.0.1/24\n",
	"address lan0 10.0.0.1/33\n",
	"address lan0 10.0.0/24\n",
	"address lan0 10.0.0.1/24 usable\n",
	"route\n",
	"route 10.0.0.0/24\n",
	"route 10.0.0.0/24 dev\n",
	"route 10.0.0.0/24 dev wan9\n",
	"route 10.0.0.0/24 via 10.0.0.1\n",
	"route 10.0.0.0/24 dev lan0 via 10.0.0\n",
	"route 10.0.0.0/24 dev lan0 onlink yes\n",
	"route default dev lan0\n",
	"forwarding4\n",
	"forwarding5 on\n",
};

START_TEST(line_that_is_not_understood_is_named)
{
	struct text content = TEXT_EMPTY;
	text_add(&content, "link lan0 up\n\n%slink wan1 up\n", refused[_i]);
	char *path = file_from_text(content.data);
	char *log = file_from_text("");
	ck_assert_ptr_nonnull(freopen(log, "w", stderr));
	struct observed observed = { .link_count = 77 };
	ck_assert_int_eq(observed_read(path, &observed), -EINVAL);
	ck_assert_uint_eq(observed.link_count, 77);

	ck_assert_int_eq(fflush(stderr), 0);
	char said[256] = "";
	FILE *file = fopen(log, "re");
	ck_assert_ptr_nonnull(file);
	ck_assert_ptr_nonnull(fgets(said, sizeof(said), file));
	ck_assert_int_eq(fclose(file), 0);
	struct text expected = TEXT_EMPTY;
	text_add(&expected, "%s:3: not understood; see multihomed(8), --observed\n", path);
	ck_assert_str_eq(said, expected.data);
	(void)unlink(log);
	(void)unlink(path);
	free(log);
	free(path);
	text_free(&expected);
	text_free(&content);
}
END_TEST

START_TEST(file_that_is_not_there_is_named)
{
	struct observed observed;
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	ck_assert_int_eq(observed_read("/nonexistent/observed.txt", &observed), -ENOENT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("observed_text");
	TCase *tcase = tcase_create("observed_text");
	tcase_add_test(tcase, everything_that_can_be_said_is_read);
	tcase_add_test(tcase, empty_file_is_a_kernel_that_forwards_and_has_nothing);
	tcase_add_loop_test(tcase, line_that_is_not_understood_is_named, 0, COUNT(refused));
	tcase_add_test(tcase, file_that_is_not_there_is_named);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
