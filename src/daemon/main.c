/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * multihomed: options, then one of four jobs: run, check, show, remove.
 */

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/dry_run.h"
#include "daemon/loop.h"
#include "daemon/reconcile.h"
#include "site/site.h"

enum { EXIT_GOOD = 0, EXIT_WRONG = 1, EXIT_USAGE = 2 };

struct options {
	const char *path;
	const char *observed;
	enum { JOB_RUN, JOB_CHECK, JOB_DRY_RUN, JOB_REMOVE } job;
};

static void print_help(void)
{
	printf("Usage: multihomed [-c FILE] [--verbose]\n"
	       "       multihomed [-c FILE] --check | --dry-run [--observed FILE] | --remove\n"
	       "\n"
	       "Forwards the site's services on every uplink, routes their replies back by the "
	       "same\n"
	       "uplink, and tells mod-arrival which addresses may be answered.\n"
	       "\n"
	       "  -c, --config FILE    site file (default %s)\n"
	       "      --check          validate the site file and the plan, then exit\n"
	       "      --dry-run        print the ruleset, routes, rules and answers, change "
	       "nothing\n"
	       "      --observed FILE  with --dry-run: links and routes from a file, not the "
	       "kernel\n"
	       "      --remove         take away everything that multihomed has installed\n"
	       "  -v, --verbose        log decisions as well\n"
	       "  -h, --help           this text\n"
	       "  -V, --version        the version\n"
	       "\n"
	       "Exit codes: 0 good, 1 something is wrong, 2 usage or site file.\n"
	       "See multihomed(8) and multihome.conf(5).\n",
	       SITE_DEFAULT_PATH);
}

/*! \return -1 to go on, or an exit code. */
static int parse_options(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check", no_argument, NULL, 'k' },
		{ "dry-run", no_argument, NULL, 'n' },
		{ "observed", required_argument, NULL, 'o' },
		{ "remove", no_argument, NULL, 'r' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	int option;
	while ((option = getopt_long(argc, argv, "c:vhV", known, NULL)) != -1) {
		switch (option) {
		case 'c':
			options->path = optarg;
			break;
		case 'k':
			options->job = JOB_CHECK;
			break;
		case 'n':
			options->job = JOB_DRY_RUN;
			break;
		case 'o':
			options->observed = optarg;
			break;
		case 'r':
			options->job = JOB_REMOVE;
			break;
		case 'v':
			log_set_verbose(true);
			break;
		case 'h':
			print_help();
			return EXIT_GOOD;
		case 'V':
			printf("multihomed %s\n", VERSION);
			return EXIT_GOOD;
		default:
			fprintf(stderr, "Try 'multihomed --help'.\n");
			return EXIT_USAGE;
		}
	}
	if (optind != argc || (options->observed != NULL && options->job != JOB_DRY_RUN)) {
		fprintf(stderr, "%s\nTry 'multihomed --help'.\n",
		        optind != argc ? "multihomed takes no arguments beside options."
		                       : "--observed goes with --dry-run.");
		return EXIT_USAGE;
	}
	return -1;
}

static struct site *load_site(const char *path)
{
	struct site *site = NULL;
	struct text report = TEXT_EMPTY;
	int ret = site_load(path, &site, &report);
	if (report.data != NULL) {
		(void)fputs(report.data, stderr);
	}
	text_free(&report);
	return ret == 0 ? site : NULL;
}

static bool may_administer(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 } };
	return syscall(SYS_capget, &header, data) == 0 &&
	       (data[0].effective & (1u << CAP_NET_ADMIN)) != 0;
}

/*!
 * Make the run-dir ours. The lock lasts as long as the process.
 * \return The descriptor of the lock, or -errno (logged).
 */
static int lock_run_dir(const char *run_dir)
{
	if (mkdir(run_dir, 0755) != 0 && errno != EEXIST) {
		int ret = -errno;
		log_error("run-dir '%s', failed to create (%s)", run_dir, strerror(-ret));
		return ret;
	}
	char *path = NULL;
	if (asprintf(&path, "%s/multihomed.lock", run_dir) < 0) {
		return -ENOMEM;
	}
	int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (lock < 0) {
		lock = -errno;
		log_error("lock '%s', failed to open (%s)", path, strerror(-lock));
	} else if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
		log_error("lock '%s', held by another multihomed: stop that one first", path);
		close(lock);
		lock = -EBUSY;
	}
	free(path);
	return lock;
}

static int run(const char *path, struct site *site)
{
	int ret = loop_run(path, site);
	return ret == 0 ? EXIT_GOOD : EXIT_WRONG;
}

static int remove_all(struct site *site)
{
	struct reconcile *reconcile = NULL;
	int ret = reconcile_open(site, NULL, &reconcile);
	if (ret != 0) {
		site_free(site);
		return EXIT_WRONG;
	}
	ret = reconcile_remove(reconcile);
	reconcile_close(reconcile);
	if (ret == 0) {
		log_info("removed: nothing is answered, forwarded or routed by multihome any more");
	}
	return ret == 0 ? EXIT_GOOD : EXIT_WRONG;
}

int main(int argc, char **argv)
{
	struct options options = { .path = SITE_DEFAULT_PATH };
	int code = parse_options(argc, argv, &options);
	if (code >= 0) {
		return code;
	}
	struct site *site = load_site(options.path);
	if (site == NULL) {
		return EXIT_USAGE;
	}
	if (options.job == JOB_CHECK || options.job == JOB_DRY_RUN) {
		int ret = options.job == JOB_CHECK ? dry_run_check(options.path, site)
		                                   : dry_run_print(site, options.observed);
		site_free(site);
		return ret == 0 ? EXIT_GOOD : ret == -EINVAL ? EXIT_USAGE : EXIT_WRONG;
	}

	if (!may_administer()) {
		log_error("multihomed needs CAP_NET_ADMIN and CAP_NET_RAW: start it by its systemd "
		          "unit or as root");
		site_free(site);
		return EXIT_WRONG;
	}
	// What we start ourselves, commands of probes and events, gets none of our capabilities.
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	// Until the loop takes it over: whoever asks for a reload this early gets a file just read.
	(void)signal(SIGHUP, SIG_IGN);
	int lock = lock_run_dir(site->run_dir);
	if (lock < 0) {
		site_free(site);
		return EXIT_WRONG;
	}
	code = options.job == JOB_REMOVE ? remove_all(site) : run(options.path, site);
	close(lock);
	return code;
}
