/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Publishing of answers.
 */

#include "daemon/publisher.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/paths.h"
#include "daemon/answers.h"

static gid_t knot_group(void)
{
	errno = 0;
	struct group *group = getgrnam(KNOT_GROUP);
	if (group == NULL) {
		log_warning("group '" KNOT_GROUP
		            "', not found (%s): only our own group can read the table",
		            errno != 0 ? strerror(errno) : "there is none");
		return (gid_t)-1;
	}
	return group->gr_gid;
}

int publisher_open(struct publisher *publisher, const char *run_dir)
{
	char *path = NULL;
	if (asprintf(&path, "%s/table", run_dir) < 0) {
		return -ENOMEM;
	}
	int ret = table_writer_open(path, knot_group(), &publisher->writer);
	if (ret == -EPERM) {
		log_error("table '%s', failed to give it to group '" KNOT_GROUP
		          "' (make our user a member of that group)",
		          path);
	} else if (ret != 0) {
		log_error("table '%s', failed to open (%s)", path, strerror(-ret));
	}
	free(path);
	if (ret == 0) {
		ret = table_writer_read(publisher->writer, &publisher->table);
		if (ret != 0) {
			log_error("table of '%s', failed to read (%s)", run_dir, strerror(-ret));
		}
	}
	return ret;
}

void publisher_close(struct publisher *publisher)
{
	table_free(publisher->table);
	table_writer_close(publisher->writer);
	*publisher = (struct publisher){ 0 };
}

int publisher_publish(struct publisher *publisher, struct table *table)
{
	if (table == NULL) {
		log_error("table, failed to publish (%s)", strerror(ENOMEM));
		return -ENOMEM;
	}
	if (answers_equal(table, publisher->table)) {
		table_free(table);
		return 0;
	}
	int ret = table_writer_publish(publisher->writer, table);
	if (ret != 0) {
		log_error("table, failed to publish (%s)", strerror(-ret));
		table_free(table);
		return ret;
	}
	table_free(publisher->table);
	publisher->table = table;
	return 0;
}

int publisher_step(struct publisher *publisher, struct recorder *recorder, enum journal_step step,
                   struct table *table)
{
	uint64_t before = publisher->table->meta.generation;
	int ret = publisher_publish(publisher, table);
	if (publisher->table->meta.generation != before) {
		recorder_step(recorder, step);
	}
	return ret;
}

int publisher_heartbeat(struct publisher *publisher)
{
	int ret = table_writer_heartbeat(publisher->writer);
	if (ret == -ESTALE || ret == -EBADMSG) {
		log_warning("table, removed or damaged by others: publishing it anew");
		ret = table_writer_publish(publisher->writer, publisher->table);
	}
	if (ret == 0) {
		publisher->table->meta.heartbeat_ms = table_now_ms();
		ret = table_writer_check_readers(publisher->writer);
	}
	if (ret != 0) {
		log_error("table, failed to renew the heartbeat (%s)", strerror(-ret));
	}
	return ret;
}
