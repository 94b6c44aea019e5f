# SPDX-License-Identifier: GPL-2.0-or-later
"""VMSAv8-64 descriptors of both stages (requirements WK, HT, PE)."""

from dataclasses import dataclass

from .bits import align, get, mask

# Rights of unprivileged and privileged accesses.
UR, UW, UX, PR, PW, PX = (1 << bit for bit in range(6))
READ, WRITE, EXEC = UR | PR, UW | PW, UX | PX
ALL = READ | WRITE | EXEC

AF, DBM, AP2, S2W = 1 << 10, 1 << 51, 1 << 7, 1 << 7
GRANULES = {0: 12, 1: 16, 2: 14}        # TG0 and S2TG
GRANULES1 = {1: 14, 2: 12, 3: 16}       # TG1


@dataclass
class Stage:
    """A stage of translation as configured."""
    number: int
    granule: int
    bits: int                # of its input
    level: int               # where it starts
    base: int                # of the table there
    out: int                 # bits of its output
    ds: bool = False
    ha: bool = False
    hd: bool = False
    haft: bool = False
    affd: bool = False
    tag: int = 0
    two: bool = False        # two privilege levels (stage 1)
    had: bool = False
    wxn: bool = False
    pan: bool = False
    epan: bool = False
    s2ptw: bool = False

    @property
    def stride(self):
        return self.granule - 3

    def shift(self, level):
        return self.granule + (3 - level) * self.stride

    def index(self, addr, level):
        top = self.bits if level == self.level else self.shift(level - 1)
        return get(addr, self.shift(level), top - self.shift(level))

    def output(self, desc, low):
        """Output address bits of a descriptor from bit low on."""
        if self.ds and self.granule != 16:
            return align(desc & mask(50), low) | get(desc, 8, 2) << 50
        addr = align(desc & mask(48), low)
        if self.granule == 16:
            addr |= get(desc, 12, 4) << 48
        return addr

    def block_level(self, level):
        lowest = {12: 0 if self.ds else 1, 14: 1 if self.ds else 2, 16: 1}
        return lowest[self.granule] <= level <= 2

    def classify(self, desc, level):
        if not desc & 1:
            return "invalid"
        if desc & 2:
            return "leaf" if level == 3 else "table"
        return "leaf" if self.block_level(level) else "invalid"

    def contiguous(self, desc, level):
        """log2 of how many descriptors the entry stands for."""
        if not get(desc, 52) or self.ha:
            return 0
        return {(12, 3): 4, (12, 2): 4, (12, 1): 4, (14, 3): 7, (14, 2): 5,
                (16, 3): 5, (16, 2): 5, (16, 1): 5}.get((self.granule, level), 0)

    # Rights

    def limit(self, limits, desc):
        """What a table descriptor takes away: APTable, XNTable, PXNTable."""
        if self.number == 2 or self.had:
            return limits
        return limits | get(desc, 59, 5) & 0xF

    def clean(self, desc):
        """Writable once hardware has made it dirty."""
        if not (self.ha and self.hd and desc & DBM):
            return False
        return bool(desc & AP2) if self.number == 1 else not desc & S2W

    def dirtied(self, desc):
        return desc & ~AP2 if self.number == 1 else desc | S2W

    def rights(self, desc, limits):
        if self.clean(desc):
            desc = self.dirtied(desc)
        return self.rights1(desc, limits) if self.number == 1 else self.rights2(desc)

    def rights1(self, desc, limits):
        pxn_table, xn_table, user_off, write_off = (get(limits, n) for n in range(4))
        write = not desc & AP2 and not write_off
        xn = get(desc, 54) or xn_table
        if not self.two:
            rights = READ | (WRITE if write else 0)
            if not xn and not (self.wxn and write):
                rights |= EXEC
            return rights
        user = get(desc, 6) and not user_off
        rights = PR | (PW if write else 0)
        if user:
            rights |= UR | (UW if write else 0)
        if not xn and not (self.wxn and rights & UW):
            rights |= UX
        if not (get(desc, 53) or pxn_table or rights & UW
                or self.wxn and rights & PW):
            rights |= PX
        if self.pan and (rights & UR or self.epan and rights & UX):
            rights &= ~(PR | PW)
        return rights

    def rights2(self, desc):
        rights = (READ if get(desc, 6) else 0) | (WRITE if get(desc, 7) else 0)
        return rights | {0: EXEC, 1: UX, 2: 0, 3: PX}[get(desc, 53, 2)]

    def device(self, desc):
        return self.number == 2 and get(desc, 4, 2) == 0


def start_level(bits, granule):
    stride = granule - 3
    return 4 - -(-(bits - granule) // stride)
