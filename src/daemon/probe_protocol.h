/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What the kinds of probes have in common: a way out by one uplink alone, and a reply to know again.
 *
 * These files talk to sockets; none of them blocks, none of them logs.
 */

#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "daemon/probe_attempt.h"

/*! Random bytes that a reply must repeat. */
struct probe_token {
	uint8_t bytes[16];
};

struct probe_protocol {
	/*! Open a socket and ask. \return Its descriptor, or -errno. */
	int (*ask)(const struct probe_request *request, const struct probe_token *token);
	/*! Look at the socket. \return 1 good, 0 go on waiting, or -errno. */
	int (*look)(int fd, const struct probe *probe, const struct probe_token *token);
	int events; /*!< UV_READABLE or UV_WRITABLE. */
};

extern const struct probe_protocol probe_icmp;
extern const struct probe_protocol probe_tcp;
extern const struct probe_protocol probe_dns;

/*!
 * \brief A socket that sends by the uplink's interface alone, from its address and with its mark.
 * \return Its descriptor, or -errno.
 */
int probe_socket_open(const struct probe_request *request, int type, int protocol);

/*! \brief The probe's target as a socket address. \return Its size. */
socklen_t probe_socket_target(const struct probe_request *request, uint16_t port,
                              struct sockaddr_storage *target);

/*!
 * \brief Run an exec probe as a process group of its own.
 * \return 0 or -errno.
 */
int probe_exec_spawn(uv_loop_t *loop, uv_process_t *process, const struct probe_request *request,
                     uv_exit_cb on_exit);

/*! \brief Whether the process has ended, and how. \return 1 good, 0 it runs, -1 otherwise. */
int probe_exec_look(const uv_process_t *process, int *status, int *number);

/*! \brief End the process and its children at once. */
void probe_exec_kill(const uv_process_t *process);
