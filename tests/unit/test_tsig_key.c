/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * TSIG keys in the files of named, knotd, keymgr and knsupdate.
 */

#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "ctl/tsig_key.h"

static const struct {
	const char *text;
	const char *name; // NULL: refused.
	const char *algorithm;
	const char *secret;
} keys[] = {
	{ "key \"site\" {\n\talgorithm hmac-sha512;\n\tsecret \"c2VjcmV0\";\n};\n", "site",
	  "hmac-sha512", "c2VjcmV0" },
	{ "key site { secret c2VjcmV0; };", "site", NULL, "c2VjcmV0" },
	{ "# a comment\nkey:\n  - id: site.example.\n    algorithm: hmac-sha256\n"
	  "    secret: c2VjcmV0\n",
	  "site.example.", "hmac-sha256", "c2VjcmV0" },
	// keymgr -t
	{ "# hmac-sha256:site:c2VjcmV0\nkey:\n  - id: site\n    algorithm: hmac-sha256\n"
	  "    secret: c2VjcmV0\n",
	  "site", "hmac-sha256", "c2VjcmV0" },
	{ "hmac-sha384:site:c2VjcmV0\n", "site", "hmac-sha384", "c2VjcmV0" },
	{ "site:c2VjcmV0", "site", NULL, "c2VjcmV0" },
	// The first of several.
	{ "key a { secret one; };\nkey b { secret two; };\n", "a", NULL, "one" },
	{ "", NULL, NULL, NULL },
	{ "nonsense", NULL, NULL, NULL },
	{ "a:b:c:d", NULL, NULL, NULL },
	{ "key site { algorithm hmac-sha256; };", NULL, NULL, NULL },
	{ "Private-key-format: v1.3\nAlgorithm: 163\nKey: c2VjcmV0\n", NULL, NULL, NULL },
};

static void assert_same(const char *is, const char *wanted)
{
	if (wanted == NULL) {
		ck_assert_ptr_null(is);
	} else {
		ck_assert_str_eq(is, wanted);
	}
}

START_TEST(key_is_found_in_each_kind_of_file)
{
	struct tsig_key key = { 0 };
	int ret = tsig_key_parse(keys[_i].text, &key);
	ck_assert_int_eq(ret, keys[_i].name != NULL ? 0 : -EINVAL);
	assert_same(key.name, keys[_i].name);
	assert_same(key.algorithm, keys[_i].algorithm);
	assert_same(key.secret, keys[_i].secret);
	tsig_key_deinit(&key);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tsig_key");
	TCase *tcase = tcase_create("tsig_key");
	tcase_add_loop_test(tcase, key_is_found_in_each_kind_of_file, 0,
	                    (int)(sizeof(keys) / sizeof(keys[0])));
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
