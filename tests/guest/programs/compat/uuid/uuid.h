/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel's VFIO selftests want of libuuid; see selftests-uuid.c. */
#ifndef GUEST_UUID_H
#define GUEST_UUID_H

typedef unsigned char uuid_t[16];

int uuid_parse(const char *text, unsigned char *out);

#endif
