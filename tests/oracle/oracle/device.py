# SPDX-License-Identifier: GPL-2.0-or-later
"""What devices are told, as the log has it (trace.rst, --log-devices)."""

SUCCESS, INVALID, FAILURE = 0, 1, 15


def invalidation(stream, first, last, pasid=None, everywhere=False, tag=0):
    line = f"invalidate {tag} 0x{stream:x} 0x{first:x} 0x{last:x}"
    if pasid is None:
        return line
    return f"{line} pasid {pasid}" + " global" * bool(everywhere)


def response(stream, group, code, pasid=None):
    line = f"response 0x{stream:x} {group} {code}"
    return line if pasid is None else f"{line} pasid {pasid}"
