# SPDX-License-Identifier: GPL-2.0-or-later
"""VT-d translation: lookups, walks, fills."""

from dataclasses import dataclass

from .bits import align, get, mask
from .memory import Abort
from .vtd_tables import HAW

UR, UW, SR, SW = 1, 2, 4, 8             # user and supervisor rights
READ, WRITE = UR | SR, UW | SW
A, D, EA = 1 << 5, 1 << 6, 1 << 10      # first stage
SA, SD = 1 << 8, 1 << 9                 # second stage
FINAL, TABLE = "final", "table"
LOOK, PEEK, TAKE = 1, 2, 3              # how a translation request walks


def interrupts(first, last=None):
    """Whether any of the addresses is in the range of interrupts."""
    return first >> 20 <= 0xFEE <= (first if last is None else last) >> 20


class Fault(Exception):
    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


@dataclass
class Mapping:
    pa: int
    lg2: int
    rights: int
    full: int = 0            # rights once all is dirty
    settled: bool = True     # no flag was left clear that this use should have set

    def output(self, addr):
        return self.pa | addr & mask(self.lg2)

    def cached(self):
        """Whether caches take it."""
        return self.settled and not interrupts(self.pa, self.pa + mask(self.lg2))


class Denied(Fault):
    """The second stage does not let the first stage's structure be accessed."""


class Walker:
    def __init__(self, vtd, plan, entry):
        self.vtd, self.plan, self.entry = vtd, plan, entry
        self.memory = vtd.memory
        self.last = None

    def start(self, stage, addr):
        caches = self.vtd.tables[stage.number]
        for height in range(min(stage.levels - 1, 4)):
            if not caches[height].entries:
                continue
            entry = caches[height].lookup(addr, stage.tag, stage.shift(height + 1))
            self.plan.add("table", stage.number, entry, height)
            if entry:
                return height, *entry.data
        return stage.levels - 1, stage.base, READ | WRITE

    def walk(self, stage, addr, need, purpose=FINAL, grant=0):
        height, table, rights = self.start(stage, addr)
        while True:
            top = height == stage.levels - 1
            where = table + 8 * stage.index(addr, height)
            desc = self.fetch(stage, where, top)
            if not self.present(stage, desc):
                raise Fault(self.absent(stage, need))
            if self.reserved(stage, desc, height):
                raise Fault(0x72 if stage.number == 1
                            else 0x7A if stage.scalable else 0x0C)
            if stage.guest and self.pointer(stage, desc, 12) >> stage.guest:
                raise Fault(0x74)
            rights &= self.rights(stage, desc)
            if not height or height < 3 and get(desc, 7):
                break
            if stage.marks:
                self.update(stage, where, desc, desc | self.accessed(stage))
            table = self.pointer(stage, desc, 12)
            self.vtd.tables[stage.number][height - 1].put(
                addr, stage.shift(height), stage.tag, (table, rights), self.plan.stamp)
            height -= 1
        lg2 = stage.shift(height)
        pa = self.pointer(stage, desc, lg2)
        rights = self.effective(stage, rights)
        missing = need & ~rights
        if missing and not grant:
            reason = self.denied(stage, missing, rights)
            raise (Denied if purpose == TABLE and reason != 0x79 else Fault)(reason)
        full, new, given = rights, desc, need & rights
        if stage.marks:
            dirty = SD if stage.number == 2 else D
            if not desc & dirty and grant == PEEK:
                given &= ~WRITE
            if given:
                new |= self.accessed(stage)
            if given & WRITE and grant in (0, TAKE):
                new |= dirty
            self.update(stage, where, desc, new)
            if not new & dirty:
                rights &= ~WRITE
        settled = given or not stage.marks or not self.accessed(stage) & ~desc
        return Mapping(pa, lg2, rights, full, bool(settled))

    # Descriptors

    def fetch(self, stage, where, top):
        if stage.number == 1 and self.entry.second:
            need = READ | (WRITE if self.entry.second.marks else 0)
            try:
                self.last = self.map_ipa(where, need, TABLE)
                where = self.last.output(where)
            except Denied:
                raise Fault(0x75 if top else 0x76) from None
        self.plan.add("read", 8)
        try:
            return self.memory.read(where)
        except Abort:
            pass
        if stage.number == 1:
            raise Fault(0x73 if top else 0x70)
        if not stage.scalable:
            raise Fault(0x03 if top else 0x07)
        raise Fault(0x7B if top else 0x78)

    def update(self, stage, where, old, new):
        if old == new:
            return
        if not stage.snooped:
            raise Fault(0x90 if stage.number == 1 else 0x7C)
        if stage.number == 1 and self.entry.second:
            try:
                where = self.again(where)
            except Denied:
                raise Fault(0x77) from None
        self.plan.add("write", 8)
        try:
            self.memory.swap(where, old, new)
        except Abort:
            raise Fault(0x91 if stage.number == 1 else 0x7D) from None

    def again(self, where):
        """Translate a descriptor's address for writing, unless that is done already."""
        if self.entry.second.marks:
            return self.last.output(where)
        return self.map_ipa(where, READ | WRITE, TABLE).output(where)

    @staticmethod
    def present(stage, desc):
        if stage.number == 1:
            return desc & 1
        return get(desc, 61, 2) if stage.irw else desc & 3

    @staticmethod
    def pointer(stage, desc, low):
        return align(desc & mask(52), low)

    @staticmethod
    def accessed(stage):
        if stage.number == 2:
            return SA
        return A | (EA if stage.ea else 0)

    @staticmethod
    def reserved(stage, desc, height):
        large = get(desc, 7) and height
        if large and height > 2:
            return True
        if large and get(desc, 12 + (stage.number == 1), 9 * height - (stage.number == 1)):
            return True
        if stage.number == 1:
            return not stage.guest and get(desc, HAW, 52 - HAW)
        if height and not large and get(desc, 11):
            return True
        return bool(not stage.irw and get(desc, 62)) or bool(get(desc, HAW, 52 - HAW))

    @staticmethod
    def rights(stage, desc):
        if stage.number == 2:
            bits = get(desc, 61, 2) if stage.irw else desc & 3
            return (READ if bits & 1 else 0) | (WRITE if bits & 2 else 0)
        user, write = get(desc, 2), get(desc, 1)
        return (SR | SW * write | (UR if user else 0) | (UW if user and write else 0))

    @staticmethod
    def effective(stage, rights):
        """Supervisors write anything unless WPE."""
        if stage.number == 1 and not stage.wpe:
            rights |= SW
        return rights

    @staticmethod
    def absent(stage, need):
        if stage.number == 1:
            return 0x71
        if stage.scalable:
            return 0x79
        return 0x05 if need & WRITE else 0x06

    @staticmethod
    def denied(stage, missing, rights):
        if stage.number == 2 and stage.scalable and not rights:
            return 0x79
        if stage.number == 1 and missing & (UR | UW) and not rights & UR:
            return 0x81
        if not stage.scalable:
            return 0x05 if missing & WRITE else 0x06
        return 0x85 if missing & WRITE else 0x86

    # Second stage of an address, and whole translations

    def map_ipa(self, ipa, need, purpose, grant=0):
        stage, cache = self.entry.second, self.vtd.ipa
        if cache.entries:
            entry = cache.lookup(ipa, stage.tag)
            good = entry and self.enough(entry.data, need, grant)
            self.plan.add("ipa", None, entry if good else None)
            if good:
                return entry.data
        if ipa >> stage.limit:
            raise Fault(0x84 if stage.scalable else 0x04)
        mapping = self.walk(stage, ipa, need, purpose, grant)
        if mapping.cached():
            cache.put(ipa, mapping.lg2, stage.tag, mapping, self.plan.stamp)
        return mapping

    @staticmethod
    def enough(mapping, need, grant):
        """Whether an entry answers; the second walk of a translation request takes what
        there is."""
        return not need & ~mapping.rights & (mapping.full if grant == TAKE else need)

    def translate(self, addr, need, tag):
        tlb = self.vtd.tlb
        entry = tlb.lookup(self.plan, addr, tag, lambda found: not need & ~found.rights)
        if entry:
            return self.output(entry.data, addr)
        self.plan.add("walk", True)
        try:
            mapping = self.miss(addr, need)
        finally:
            self.plan.add("walk", False)
        if mapping.cached():
            tlb.put(addr, mapping.lg2, tag, mapping, self.plan.stamp)
        return self.output(mapping, addr)

    def output(self, mapping, addr, whole=False):
        """The address that comes out, or the whole page: no interrupt."""
        first = mapping.pa if whole else mapping.output(addr)
        last = mapping.pa + mask(mapping.lg2) if whole else first
        if interrupts(first, last):
            second = self.entry.second
            raise Fault(0x87 if not second or second.scalable else 0x0E)
        return mapping.output(addr)

    def miss(self, addr, need, grant=0):
        first = self.entry.first
        if not first:
            return self.map_ipa(addr, need, FINAL, grant)
        top = addr >> (first.limit - 1)
        if top and top != mask(65 - first.limit):
            raise Fault(0x80)
        mapping = self.walk(first, addr, need, FINAL, grant)
        if not self.entry.second:
            return mapping
        if grant:
            need &= mapping.rights if grant == PEEK else mapping.full
            if not need:
                return Mapping(mapping.pa, mapping.lg2, 0, mapping.full, False)
        ipa = mapping.output(addr)
        both = READ * bool(need & READ) | WRITE * bool(need & WRITE)
        second = self.map_ipa(ipa, both, FINAL, grant)
        lg2 = min(mapping.lg2, second.lg2)
        return Mapping(align(second.output(ipa), lg2), lg2,
                       mapping.rights & second.rights, mapping.full & second.full,
                       mapping.settled and second.settled)

    # The answer to a translation request

    def grant(self, addr, need, tag, write):
        """Address and rights. What is needed is granted as far as there is; a write that
        takes a page made dirty is a second walk."""
        tlb = self.vtd.tlb
        entry = tlb.lookup(self.plan, addr, tag, lambda found: not need & ~found.rights)
        if entry:
            return self.granted(entry.data, addr, need)
        self.plan.add("walk", True)
        try:
            mapping = self.miss(addr, need, LOOK if write else PEEK)
            if write and need & WRITE & mapping.full & ~mapping.rights:
                mapping = self.miss(addr, need, TAKE)
        finally:
            self.plan.add("walk", False)
        if mapping.cached() and mapping.full:
            tlb.put(addr, mapping.lg2, tag, mapping, self.plan.stamp)
        return self.granted(mapping, addr, need)

    def granted(self, mapping, addr, need):
        if not need & mapping.rights:
            return 0, 0
        return self.output(mapping, addr, True), mapping.rights
