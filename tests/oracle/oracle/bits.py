# SPDX-License-Identifier: GPL-2.0-or-later
"""Bit fields of integers."""

M64 = (1 << 64) - 1


def mask(width):
    return (1 << width) - 1


def get(value, low, width=1):
    return (value >> low) & mask(width)


def align(value, lg2):
    return value >> lg2 << lg2


def sign_extend(value, bits):
    """Bits 63:bits-1 of the result are all bit bits-1 of value."""
    value &= mask(bits)
    return value | (M64 & ~mask(bits)) if value >> (bits - 1) else value
