# SPDX-License-Identifier: GPL-2.0-or-later
"""SMMUv3 structures: STE and CD (requirements SE, CD), for the set "max"."""

from .bits import align, get
from .vmsa import GRANULES, GRANULES1, Stage, start_level

OAS, SSIDSIZE = 52, 20
SIZES = (32, 36, 40, 42, 44, 48, 52, 52)
EL1, EL2, E2H = range(3)


def size_of(code):
    return min(SIZES[code], OAS)


class Ste:
    def __init__(self, words, e2h, atschk):
        self.raw = raw = sum(word << 64 * n for n, word in enumerate(words))
        self.v, self.config = get(raw, 0), get(raw, 1, 3)
        self.s1fmt, self.s1cdmax = get(raw, 4, 2), get(raw, 59, 5)
        low = (0, 6, 10, 0)[self.s1fmt]
        size = 3 + max(self.s1cdmax - low, 0) if low else 6 + self.s1cdmax
        self.context = align(get(raw, 0, 56), max(size, 6))
        self.s1dss, self.s1stalld = get(raw, 64, 2), get(raw, 91)
        self.mev = get(raw, 83)
        self.eats, self.strw = get(raw, 92, 2), get(raw, 94, 2)
        self.privcfg, self.instcfg = get(raw, 112, 2), get(raw, 114, 2)
        self.vmid = get(raw, 128, 16)
        self.s2s, self.s2r = get(raw, 185), get(raw, 186)
        self.bypass = self.config == 4
        self.abort = self.config < 4
        self.s1 = self.config in (5, 7)
        self.s2 = self.config in (6, 7)
        self.world = EL1
        if self.config == 5 and self.strw == 2:
            self.world = E2H if e2h else EL2
        if self.world != EL1 or not (self.s1 or self.s2):
            self.vmid = 0
        self.ats = 0                    # EATS as it counts
        if self.s1 or self.s2:
            self.ats = self.eats if self.eats == 1 or self.eats == 2 and atschk else 0
        self.stage2 = None

    def legal(self):
        if not self.v:
            return False
        if self.abort:
            return True
        return self.legal_eats() and self.legal_stage1() and self.legal_stage2()

    def legal_eats(self):
        if self.bypass:
            return True
        if self.eats == 1:
            return not (self.s2 and self.s2s)
        if self.eats == 2:
            return self.config == 7 and not self.s2s
        return True

    def legal_stage1(self):
        if self.config == 5 and self.strw & 1:
            return False
        if not self.s1:
            return True
        return self.s1cdmax <= SSIDSIZE and not self.context >> OAS

    def legal_stage2(self):
        if not self.s2:
            return True
        raw = self.raw
        if not get(raw, 179) or get(raw, 180) or get(raw, 187) and not get(raw, 184):
            return False
        granule = GRANULES.get(get(raw, 174, 2))
        ds = bool(get(raw, 195)) and granule != 16
        if not granule:
            return False
        tsz, out = get(raw, 160, 6), size_of(get(raw, 176, 3))
        if granule != 16 and not ds:
            out = min(out, 48)
        base = align(get(raw, 192, 56), 4)
        if base >> out:
            return False
        if not (12 if granule == 16 or ds else 16) <= tsz <= (47 if granule == 16 else 48):
            return False
        level = self.start(granule, ds)
        bits, stride = 64 - tsz, granule - 3
        low = (3 - level) * stride + granule + 1 if level is not None else 99
        if not low <= bits <= low + stride + 3:
            return False
        entries = bits - (granule + (3 - level) * stride)
        base = align(base, max(entries + 3, 6 if out == 52 else 4))
        self.stage2 = Stage(
            2, granule, bits, level, base, out, ds, ha=bool(get(raw, 184)),
            hd=bool(get(raw, 183)), haft=bool(get(raw, 187)),
            affd=bool(get(raw, 181)), s2ptw=self.config == 7 and bool(get(raw, 182)),
            tag=self.vmid << 16 | 1 << 37)
        return True

    def start(self, granule, ds):
        sl0, sl2 = get(self.raw, 166, 2), get(self.raw, 194)
        if granule == 12:
            if ds and sl2:
                return -1 if sl0 == 0 else None
            return (2, 1, 0, 3)[sl0]
        if granule == 14:
            return (3, 2, 1, 0 if ds else None)[sl0]
        return (3, 2, 1, None)[sl0]


class Cd:
    def __init__(self, words, ste):
        self.raw = raw = sum(word << 64 * n for n, word in enumerate(words))
        self.ste = ste
        self.v, self.asid = get(raw, 31), get(raw, 48, 16)
        self.s, self.r, self.a = get(raw, 44), get(raw, 45), get(raw, 46)
        self.two = ste.world != EL2
        self.epd = [get(raw, 14), get(raw, 30)] if self.two else [0, 1]
        self.tbi = [get(raw, 38), get(raw, 39)]
        self.e0pd = [get(raw, 66), get(raw, 130)] if self.two else [0, 0]
        self.stages = [None, None]

    def legal(self):
        raw = self.raw
        if not self.v or self.s and self.ste.s1stalld:
            return False
        if get(raw, 15) and not (self.epd[0] and self.epd[1]):
            return False
        if not get(raw, 41) or get(raw, 67) and not get(raw, 43):
            return False
        return self.legal_half(0) and self.legal_half(1)

    def legal_half(self, half):
        if self.epd[half]:
            return True
        raw = self.raw
        tsz = get(raw, 16 if half else 0, 6)
        code = get(raw, 22 if half else 6, 2)
        granule = (GRANULES1 if half else GRANULES).get(code)
        if not granule:
            return False
        ds = bool(get(raw, 186)) and granule != 16
        if not (12 if granule == 16 or ds else 16) <= tsz <= (47 if granule == 16 else 48):
            return False
        out = size_of(get(raw, 32, 3))
        if granule != 16 and not ds:
            out = min(out, 48)
        base = get(raw, 132 if half else 68, 52) << 4
        if base >> out:
            return False
        level = start_level(64 - tsz, granule)
        entries = 64 - tsz - (granule + (3 - level) * (granule - 3))
        base = align(base, max(entries + 3, 6 if out == 52 else 4))
        tag = self.ste.world << 32 | 1 << 36 | get(raw, 47) << 38
        if self.ste.world == EL1:
            tag |= self.ste.vmid << 16
        if self.two:
            tag |= self.asid
        if self.ste.s2:
            tag |= 1 << 37
        self.stages[half] = Stage(
            1, granule, 64 - tsz, level, base, out, ds, ha=bool(get(raw, 43)),
            hd=bool(get(raw, 42)), haft=bool(get(raw, 67)), affd=bool(get(raw, 35)),
            tag=tag, two=self.two, had=bool(get(raw, 129 if half else 65)),
            wxn=bool(get(raw, 36)), pan=self.two and bool(get(raw, 40)),
            epan=bool(get(raw, 123)))
        return True
