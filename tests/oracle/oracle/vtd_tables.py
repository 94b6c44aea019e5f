# SPDX-License-Identifier: GPL-2.0-or-later
"""VT-d structures: root, context and PASID entries (requirements, section 4)."""

from dataclasses import dataclass

from .bits import align, get, mask

HAW, MGAW = 52, 57
LEGACY, SCALABLE, ABORT_DMA = 0, 1, 3
FIRST, SECOND, NESTED, PASSTHROUGH = 1, 2, 3, 4
LEVELS = {1: 3, 2: 4, 3: 5}             # by AW


class Bad(Exception):
    """A structure that faults: the reason."""


@dataclass
class Stage:
    """A stage of translation as configured."""
    number: int
    levels: int
    base: int
    limit: int               # bits of its input
    tag: int
    scalable: bool = True
    marks: bool = False      # accessed and dirty bits are kept
    ea: bool = False
    wpe: bool = False
    irw: bool = False        # rights in bits 62:61 instead of 1:0
    guest: int = 0           # nested first stage: bits of its own addresses
    snooped: bool = True

    def shift(self, height):
        return 12 + 9 * height

    def index(self, addr, height):
        return get(addr, self.shift(height), 9)


class Context:
    """A legacy context entry."""

    def __init__(self, raw):
        self.fpd = bool(get(raw, 1))
        if not raw & 1:
            raise Bad(0x02)
        self.tt, self.aw = get(raw, 2, 2), get(raw, 64, 3)
        self.did = get(raw, 72, 16)
        if get(raw, 4, 8) or get(raw, 71) or raw >> 88:
            raise Bad(0x0B)
        if self.tt != 2 and get(raw, HAW, 64 - HAW):  # SSPTPTR is ignored in pass-through (9.3)
            raise Bad(0x0B)
        if self.aw not in LEVELS or self.tt == 3:
            raise Bad(0x03)
        self.pgtt = 0
        self.passthrough = self.tt == 2
        self.sre = True
        width = 30 + 9 * self.aw
        self.first = None
        self.second = None if self.passthrough else Stage(
            2, LEVELS[self.aw], align(get(raw, 0, 64), 12), min(MGAW, width),
            self.did | 2 << 37, scalable=False)


class ScalableContext:
    def __init__(self, raw):
        self.fpd = bool(get(raw, 1))
        if not raw & 1:
            raise Bad(0x41)
        self.dte, self.paside = get(raw, 2), get(raw, 3)
        self.pre, self.eptr = get(raw, 4), get(raw, 6)
        self.pdts = get(raw, 9, 3)
        self.directory = align(get(raw, 0, 64), 12)
        self.rid_pasid, self.rid_priv = get(raw, 64, 20), get(raw, 84)
        if get(raw, 5) or get(raw, 7, 2) or raw >> 85 or get(raw, HAW, 64 - HAW):
            raise Bad(0x42)
        if self.pre and not self.dte or self.rid_pasid >> (self.pdts + 13):
            raise Bad(0x43)


class Pasid:
    """A PASID table entry."""

    def __init__(self, raw, pasid, irw):
        self.fpd = bool(get(raw, 1))
        if not raw & 1:
            raise Bad(0x59)
        self.pgtt, self.aw = get(raw, 6, 3), get(raw, 2, 3)
        self.did, self.sre = get(raw, 64, 16), bool(get(raw, 128))
        self.pasid = pasid
        first = self.pgtt in (FIRST, NESTED)
        second = self.pgtt in (SECOND, NESTED)
        if self.reserved(raw):
            raise Bad(0x5A)
        fspm = get(raw, 130, 2)
        if (self.pgtt not in (FIRST, SECOND, NESTED, PASSTHROUGH)
                or second and self.aw not in LEVELS or first and fspm > 1):
            raise Bad(0x5B)
        self.passthrough = self.pgtt == PASSTHROUGH
        self.first = self.second = None
        limit = min(MGAW, 30 + 9 * self.aw)
        if second:
            self.second = Stage(2, LEVELS[self.aw], align(get(raw, 0, 64), 12), limit,
                                self.did | 2 << 37, marks=bool(get(raw, 9)), irw=irw,
                                snooped=bool(get(raw, 87)))
        if first:
            base = align(get(raw, 128, 64), 12)
            self.first = Stage(1, 4 + fspm, base, 48 + 9 * fspm,
                               self.did | pasid << 16 | 1 << 37, marks=True,
                               snooped=bool(get(raw, 87)),
                               ea=bool(get(raw, 135)), wpe=bool(get(raw, 132)),
                               guest=limit if second else 0)
            if second and base >> limit:
                raise Bad(0x5B)

    @staticmethod
    def reserved(raw):
        return (get(raw, 5) or get(raw, 10, 2) or get(raw, HAW, 64 - HAW)
                or get(raw, 80, 7) or get(raw, 91, 5) or get(raw, 129)
                or get(raw, 136, 4) or get(raw, 128 + HAW, 64 - HAW) or raw >> 192)


def root_pointer(raw, upper):
    """Pointer of a scalable root entry's half."""
    half = get(raw, 64 if upper else 0, 64)
    if not half & 1:
        raise Bad(0x39)
    for each in (get(raw, 0, 64), get(raw, 64, 64)):
        if each & 1 and (get(each, 1, 11) or get(each, HAW, 64 - HAW)):
            raise Bad(0x3A)
    return align(half, 12)


def legacy_root(raw):
    if not raw & 1:
        raise Bad(0x01)
    if get(raw, 1, 11) or raw >> HAW:
        raise Bad(0x0A)
    return align(raw, 12) & mask(64)
