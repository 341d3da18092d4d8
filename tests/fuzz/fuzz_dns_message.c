/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Replies to the daemon's own questions: none is read behind its end, and only one address is believed.
 *
 * The input is the index of a question in a byte and the reply.
 */

#include <errno.h>

#include "daemon/dns_message.h"
#include "fuzz.h"

static const struct {
	const char *name;
	uint8_t type;
} questions[] = {
	{ "myip.example.net", DNS_TYPE_A },
	{ "o-o.myaddr.example.net", DNS_TYPE_TXT },
	{ "www.example.org", DNS_TYPE_AAAA },
	{ "", DNS_TYPE_A },
	{ "a.", DNS_TYPE_A },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };
	size_t which = (size_t)fuzz_number(&input, 1);
	const uint8_t id[2] = { 0x12, 0x34 };
	uint8_t query[DNS_QUERY_MAX];
	size_t index = which % (sizeof(questions) / sizeof(questions[0]));
	size_t query_size =
		dns_query_write(questions[index].name, questions[index].type, id, query);
	size_t reply_size = input.left;
	uint8_t *reply = fuzz_bytes(&input, &reply_size);
	struct address address = { 0 };
	if (dns_is_reply(reply, reply_size, query, query_size)) {
		FUZZ_CLAIM(dns_rcode(reply) < 16);
		(void)dns_has_authority(reply);
	}
	int ret = dns_read_address(reply, reply_size, query, query_size, &address);
	FUZZ_CLAIM(ret == 0 || ret == -ENOENT || ret == -EEXIST || ret == -EPROTO);
	FUZZ_CLAIM((ret == 0) == (address.family != 0));
	FUZZ_CLAIM(ret != 0 || dns_is_reply(reply, reply_size, query, query_size));
	free(reply);
	return 0;
}
