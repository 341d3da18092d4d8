/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The network settings that decide whether forwarding and reply paths can work.
 */

#pragma once

struct observed;

/*!
 * \brief Read forwarding, rp_filter and src_valid_mark from /proc/sys/net into an observation.
 *
 * The links must be there and sorted. A kernel without IPv6 does not forward it. A link without
 * IPv4 settings (gone meanwhile, or its MTU is too small for IPv4) counts with those of «all».
 *
 * \return 0 or -errno; the observation is unchanged then.
 */
int sysctls_observe(struct observed *observed);

/*!
 * \brief Read one setting.
 * \param name   Below net, as a path: «ipv4/ip_forward».
 * \param value  Out.
 * \return 0 or -errno.
 */
int sysctl_number(const char *name, int *value);
