# SPDX-License-Identifier: GPL-2.0-or-later
"""VT-d: requests, from the root table to the response."""

from .bits import get, mask
from .cache import Cache
from .memory import Abort, Memory
from .plan import Plan
from .play import Play
from .vtd_queue import Queue
from .vtd_regs import Registers
from .vtd_tables import (ABORT_DMA, HAW, LEGACY, MGAW, SCALABLE, Bad, Context, Pasid,
                         ScalableContext, legacy_root, root_pointer)
from .vtd_walk import SR, SW, UR, UW, Fault, Walker

OK, ABORT = 0, 1
UNQUALIFIED = (0x08, 0x01, 0x0A, 0x09, 0x30, 0x31, 0x32, 0x33, 0x34, 0x38, 0x39, 0x3A,
               0x40, 0x50, 0x58)


class Vtd:
    def __init__(self, trace, profile, log):
        self.log = lambda line: log(f"{self.play.now} {line}")
        self.play = Play(profile, self.log)
        self.timed = False
        self.memory = Memory(trace.base, trace.size, self.log)
        by_domain = (mask(16), mask(36))
        self.tlb = Cache("tlb", profile, *by_domain)
        self.ipa = Cache("ipa", profile, *by_domain)
        self.contexts = Cache("config", profile)
        self.pasids = Cache("subconfig", profile)
        self.tables = {stage: [Cache(f"table.stage{stage}.height{height}", profile,
                                     *by_domain) for height in range(4)]
                       for stage in (1, 2)}
        self.queue = Queue(self)
        self.regs = Registers(self)

    def caches(self):
        return [self.tlb, self.ipa, self.contexts, self.pasids,
                *self.tables[1], *self.tables[2]]

    def drop_all(self):
        for cache in self.caches():
            cache.drop(lambda entry: True)

    def input(self, item):
        if item.kind == "m":
            for number, word in enumerate(item.args[1:]):
                self.memory.poke(item.args[0] + 8 * number, word)
        elif item.kind == "w":
            self.regs.write(*item.args)
        elif item.kind == "r":
            offset, size = item.args
            self.log(f"read 0x{offset:x} 0x{self.regs.read(offset, size):x}")
        else:
            Request(self, item).resolve()


class Request:
    def __init__(self, vtd, item):
        self.vtd = vtd
        self.sid, self.addr, _ = item.args
        self.pasid, words = item.pasid, item.words
        self.atomic = "atomic" in words
        self.write = "write" in words or self.atomic
        self.exec = "exec" in words and not self.write
        self.priv = "priv" in words and self.pasid is not None
        self.plan = Plan(vtd.play, vtd.play.count + 1)
        self.fpd = False

    def resolve(self):
        status, pa, reason = OK, 0, 0
        try:
            pa = self.translate()
        except (Bad, Fault) as fault:
            status, reason = ABORT, fault.args[0]
            if reason in UNQUALIFIED or not self.fpd:
                self.record(reason)
        self.vtd.log(f"request {self.plan.number} status {status} pa 0x{pa:x} "
                     f"fault 0x{reason:x}")
        self.vtd.play.submit("request", self.plan.request_ops())

    def record(self, reason):
        value = 1 << 127 | (not self.write or self.atomic) << 126 | self.atomic << 92
        value |= reason << 96 | self.sid << 64 | self.addr >> 12 << 12 & mask(MGAW)
        if self.pasid is not None:
            value |= self.pasid << 104 | 1 << 95 | self.exec << 94 | self.priv << 93
        self.plan.add("record", lambda job: self.vtd.regs.submit_fault(value))

    def translate(self):
        regs = self.vtd.regs
        if not regs.te:
            return self.addr
        mode = regs.mode
        if mode == ABORT_DMA:
            raise Bad(0x33)
        if mode not in (LEGACY, SCALABLE) or mode == LEGACY and regs.irw:
            raise Bad(0x30)
        if self.exec and self.pasid is not None:
            raise Bad(0x34)
        if mode == LEGACY:
            return self.legacy()
        return self.scalable()

    def read(self, addr, size, reason):
        self.plan.add("read", size)
        try:
            return self.vtd.memory.read(addr, size)
        except Abort:
            raise Bad(reason) from None

    def config(self, cache, key):
        entry = cache.lookup(key, 0, 0)
        found = entry and entry.data
        self.plan.add("config", None, entry if found else None)
        return found

    # Legacy mode

    def legacy(self):
        if self.pasid is not None:
            raise Bad(0x31)
        entry = self.legacy_context()
        self.fpd = entry.fpd
        if entry.passthrough:
            if self.addr >> HAW:
                raise Bad(0x04)
            return self.addr
        return self.walk(entry, entry.did | self.sid << 40)

    def legacy_context(self):
        contexts = self.vtd.contexts
        entry = self.config(contexts, self.sid)
        if entry:
            return entry
        table = legacy_root(self.read(self.vtd.regs.root + 16 * (self.sid >> 8), 16, 0x08))
        raw = self.read(table + 16 * (self.sid & 0xFF), 16, 0x09)
        self.fpd = bool(get(raw, 1))
        context = Context(raw)
        contexts.put(self.sid, 0, 0, context, self.plan.stamp)
        return context

    # Scalable mode

    def scalable(self):
        context = self.context()
        self.fpd = context.fpd
        if self.pasid is None:
            pasid = context.rid_pasid
            self.supervisor = bool(context.rid_priv)
        else:
            if not context.paside:
                raise Bad(0x45)
            pasid = self.pasid
            self.supervisor = self.priv
            if pasid >> (context.pdts + 13):
                raise Bad(0x46)
            if pasid == context.rid_pasid:
                raise Bad(0x48)
        entry = self.pasid_entry(context, pasid)
        self.fpd |= entry.fpd
        if self.supervisor and not entry.sre:
            raise Bad(0x5D)
        if entry.passthrough:
            if self.addr >> HAW:
                raise Bad(0x83)
            return self.addr
        tag = (entry.did | pasid << 16 | (self.pasid is not None) << 36
               | entry.pgtt << 37 | self.sid << 40)
        return self.walk(entry, tag)

    def context(self):
        contexts = self.vtd.contexts
        entry = self.config(contexts, self.sid)
        if entry:
            return entry
        raw = self.read(self.vtd.regs.root + 16 * (self.sid >> 8), 16, 0x38)
        table = root_pointer(raw, get(self.sid, 7))
        raw = self.read(table + 32 * (self.sid & 0x7F), 32, 0x40)
        self.fpd = bool(get(raw, 1))
        context = ScalableContext(raw)
        contexts.put(self.sid, 0, 0, context, self.plan.stamp)
        return context

    def pasid_entry(self, context, pasid):
        pasids, key = self.vtd.pasids, pasid << 16 | self.sid
        entry = self.config(pasids, key)
        if entry:
            return entry
        raw = self.read(context.directory + 8 * (pasid >> 6), 8, 0x50)
        fpd = bool(get(raw, 1))
        self.fpd |= fpd
        if not raw & 1:
            raise Bad(0x51)
        if get(raw, 2, 10) or raw >> HAW:
            raise Bad(0x52)
        table = raw >> 12 << 12
        raw = self.read(table + 64 * (pasid & 63), 64, 0x58)
        self.fpd |= bool(get(raw, 1))
        entry = Pasid(raw, pasid, self.vtd.regs.irw)
        entry.fpd |= fpd
        pasids.put(key, 0, 0, entry, self.plan.stamp)
        return entry

    # Translation

    def need(self):
        rights = (0 if self.write and not self.atomic else UR) | UW * self.write
        return rights << 2 if getattr(self, "supervisor", False) else rights

    def walk(self, entry, tag):
        return Walker(self.vtd, self.plan, entry).translate(self.addr, self.need(), tag)


assert SR == UR << 2 and SW == UW << 2
