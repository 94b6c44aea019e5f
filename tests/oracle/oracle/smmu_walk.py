# SPDX-License-Identifier: GPL-2.0-or-later
"""SMMUv3 translation: lookups, walks, fills (timing.rst, "Resolution")."""

from contextlib import suppress
from dataclasses import dataclass, replace

from .bits import align, get, mask, sign_extend
from .cache import GLOBAL
from .memory import Abort
from .smmu_config import EL1, EL2
from .vmsa import AF, READ, WRITE

F_WALK_EABT, F_TRANSLATION, F_ADDR_SIZE, F_ACCESS, F_PERMISSION = (
    0x0B, 0x10, 0x11, 0x12, 0x13)
CD, TT, IN = range(3)
LOOK, PEEK, TAKE = 1, 2, 3              # how a translation request walks


class Fault(Exception):
    def __init__(self, event, stage=1, klass=IN, ipa=0, fetch=0, ttrnw=0, missing=0):
        super().__init__(event)
        self.event, self.stage, self.klass = event, stage, klass
        self.ipa, self.fetch, self.ttrnw = ipa, fetch, ttrnw
        self.missing = missing


@dataclass
class Mapping:
    """What a leaf, or several combined, map a range to."""
    pa: int
    lg2: int
    rights: int
    is_global: bool = False
    device: bool = False
    full: int = 0            # rights once all is dirty
    settled: bool = True     # no flag was left clear that this use should have set

    def output(self, addr):
        return self.pa | addr & mask(self.lg2)


class Walker:
    """One translation by a plan."""

    def __init__(self, smmu, plan, ste, cd=None):
        self.smmu, self.plan, self.ste, self.cd = smmu, plan, ste, cd
        self.memory = smmu.memory

    # A walk of one stage

    def start(self, stage, addr):
        """Walk cache lookups: the level to go on at, the table, the limits."""
        caches = self.smmu.tables[stage.number]
        for level in range(3, stage.level, -1):
            cache = caches[3 - level]
            if not cache.entries:
                continue
            entry = cache.lookup(addr, stage.tag, stage.shift(level - 1))
            self.plan.add("table", stage.number, entry, level - 1)
            if entry:
                return level, *entry.data
        return stage.level, stage.base, 0

    def walk(self, stage, addr, need, klass=IN, ttrnw=1, grant=0):
        def fault(event, **more):
            ipa = 0 if stage.number == 1 else addr
            return Fault(event, stage.number, klass, ipa, ttrnw=ttrnw, **more)

        level, table, limits = self.start(stage, addr)
        while True:
            where = table + 8 * stage.index(addr, level)
            at = self.descriptor(stage, where, READ)
            self.plan.add("read", 8, about=stage.number)
            try:
                desc = self.memory.read(at)
            except Abort:
                raise fault(F_WALK_EABT, fetch=at) from None
            kind = stage.classify(desc, level)
            if kind == "invalid":
                raise fault(F_TRANSLATION)
            if kind == "leaf":
                break
            table = stage.output(desc, stage.granule)
            if table >> stage.out:
                raise fault(F_ADDR_SIZE)
            if stage.ha and stage.haft and not desc & AF:
                self.update(stage, where, desc, desc | AF, fault)
            limits = stage.limit(limits, desc)
            cache = self.smmu.tables[stage.number][2 - level]
            cache.put(addr, stage.shift(level), stage.tag, (table, limits),
                      self.plan.stamp)
            level += 1
        lg2 = stage.shift(level)
        pa = stage.output(desc, lg2)
        if pa >> stage.out:
            raise fault(F_ADDR_SIZE)
        if not desc & AF and not stage.ha and not stage.affd:
            raise fault(F_ACCESS)
        rights = stage.rights(desc, limits)
        if need & ~rights and not grant:
            raise fault(F_PERMISSION, missing=need & ~rights)
        full, new = rights, desc
        given = need & rights
        if grant == PEEK and stage.clean(desc):
            given &= ~WRITE
        if given:
            new = desc | AF if stage.ha else desc
        if given & WRITE and stage.clean(desc) and grant in (0, TAKE):
            new = stage.dirtied(new)
        if new != desc:
            self.update(stage, where, desc, new, fault)
        if stage.clean(new):
            rights &= ~WRITE
        lg2 += stage.contiguous(desc, level)
        return Mapping(align(pa, lg2), lg2, rights,
                       is_global=stage.two and not get(desc, 11),
                       device=stage.device(desc), full=full,
                       settled=bool(given) or not stage.ha or bool(desc & AF))

    def descriptor(self, stage, where, need):
        if stage.number == 1 and self.ste.s2:
            return self.translate_ipa(where, need, TT, int(need == READ))
        return where

    def update(self, stage, where, old, new, fault):
        at = self.descriptor(stage, where, WRITE)
        self.plan.add("write", 8)
        try:
            self.memory.swap(at, old, new)
        except Abort:
            raise fault(F_WALK_EABT, fetch=at) from None

    # Stage 2 of an intermediate address

    def map_ipa(self, ipa, need, klass, ttrnw=1, grant=0):
        stage = self.ste.stage2
        cache = self.smmu.ipa
        if cache.entries:
            entry = cache.lookup(ipa, stage.tag)
            good = entry and self.enough(entry.data, need, grant)
            self.plan.add("ipa", None, entry if good else None)
            if good:
                return entry.data
        if ipa >> stage.bits:
            raise Fault(F_TRANSLATION, 2, klass, ipa, ttrnw=ttrnw)
        mapping = self.walk(stage, ipa, need, klass, ttrnw, grant)
        if mapping.settled:
            cache.put(ipa, mapping.lg2, stage.tag, mapping, self.plan.stamp)
        return mapping

    @staticmethod
    def enough(mapping, need, grant):
        """Whether an entry answers; the second walk of a translation request takes what
        there is."""
        return not need & ~mapping.rights & (mapping.full if grant == TAKE else need)

    def translate_ipa(self, ipa, need, klass, ttrnw=1):
        mapping = self.map_ipa(ipa, need, klass, ttrnw)
        if klass != IN and self.ste.stage2.s2ptw and mapping.device:
            raise Fault(F_PERMISSION, 2, klass, ipa, ttrnw=ttrnw)
        return mapping.output(ipa)

    # The translation of a request

    def half(self, va):
        if not self.cd.two:
            return 0
        return get(va, 55)

    def canonical(self, va):
        """The address with its tag byte replaced."""
        return sign_extend(va, 56) if self.cd.tbi[self.half(va)] else va

    def in_range(self, va, bits):
        return va >> bits == (mask(64 - bits) if self.half(va) else 0)

    def hidden(self, va, need):
        """Whether E0PD hides the address from an unprivileged access."""
        user = not need & ~mask(3)
        return user and self.cd and self.cd.e0pd[self.half(va)]

    def key(self, addr):
        """Address and tag for the TLB."""
        if not self.cd:
            return addr, self.ste.stage2.tag
        va = self.canonical(addr)
        tag = self.ste.world << 32 | 1 << 36 | get(self.cd.raw, 47) << 38
        if self.ste.world == EL1:
            tag |= self.ste.vmid << 16
        if self.ste.s2:
            tag |= 1 << 37
        if self.ste.world != EL2:
            tag |= self.cd.asid
        return va, tag

    def translate(self, addr, need):
        va, tag = self.key(addr)
        entry = self.smmu.tlb.lookup(
            self.plan, va, tag,
            lambda found: not self.hidden(va, need) and not need & ~found.rights)
        if entry:
            return entry.data.output(va)
        self.plan.add("walk", True)
        try:
            mapping = self.miss(va, need)
        finally:
            self.plan.add("walk", False)
        self.fill(va, tag, mapping)
        return mapping.output(va)

    def fill(self, va, tag, mapping):
        if mapping.is_global:
            tag = tag & ~mask(16) | GLOBAL
        if self.cd and self.cd.e0pd[self.half(va)]:
            mapping = replace(mapping, rights=mapping.rights & ~mask(3),
                              full=mapping.full & ~mask(3))
        if mapping.settled and mapping.rights | mapping.full:
            self.smmu.tlb.put(va, mapping.lg2, tag, mapping, self.plan.stamp)

    def miss(self, va, need, grant=0, split=False):
        if not self.cd:
            mapping = self.map_ipa(va, need, IN, grant=grant)
            return replace(mapping, pa=align(va, mapping.lg2)) if split else mapping
        stage = self.cd.stages[self.half(va)]
        if not stage or self.hidden(va, need) or not self.in_range(va, stage.bits):
            raise Fault(F_TRANSLATION)
        first = self.walk(stage, va, need, grant=grant)
        if not self.ste.s2:
            return first
        if grant:
            need &= first.rights if grant == PEEK else first.full
            if not need:
                return Mapping(first.pa, first.lg2, 0, full=first.full, settled=False)
        ipa = first.output(va)
        second = self.map_ipa(ipa, need, IN, grant=grant)
        lg2 = min(first.lg2, second.lg2)
        return Mapping(align(ipa if split else second.output(ipa), lg2), lg2,
                       first.rights & second.rights, first.is_global,
                       full=first.full & second.full,
                       settled=first.settled and second.settled)

    # The answer to a translation request

    def grant(self, addr, need, write, split):
        """Address and rights. What is needed is granted as far as there is; a write that
        takes a page made dirty is a second walk."""
        va, tag = self.key(addr)
        if not split:
            entry = self.smmu.tlb.lookup(
                self.plan, va, tag,
                lambda found: self.hidden(va, need) or
                not (write and need & WRITE & found.full & ~found.rights))
            if entry:
                rights = 0 if self.hidden(va, need) else entry.data.rights
                return entry.data.output(va), rights
        self.plan.add("walk", True)
        try:
            mapping = self.miss(va, need, LOOK if write else PEEK, split)
            if write and need & WRITE & mapping.full & ~mapping.rights:
                with suppress(Fault):               # then the write is not granted
                    mapping = self.miss(va, need, TAKE, split)
        finally:
            self.plan.add("walk", False)
        if not split:
            self.fill(va, tag, mapping)
        return mapping.output(va), mapping.rights
