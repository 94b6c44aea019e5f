# SPDX-License-Identifier: GPL-2.0-or-later
"""VT-d: ordinary requests, from the root table to the response."""

from .bits import get, mask
from .memory import Abort
from .plan import Plan
from .vtd_tables import (ABORT_DMA, HAW, LEGACY, MGAW, SCALABLE, Bad, Context, Pasid,
                         ScalableContext, legacy_root, root_pointer)
from .vtd_walk import SR, SW, UR, UW, Fault, Walker, interrupts

OK, ABORT, RAZ, STALLED, UNSUPPORTED, ABORTED, INTERRUPT = range(7)
UNQUALIFIED = (0x08, 0x01, 0x0A, 0x09, 0x29, 0x30, 0x31, 0x32, 0x33, 0x34, 0x38, 0x39,
               0x3A, 0x40, 0x50, 0x58)


class Request:
    def __init__(self, vtd, item):
        self.vtd = vtd
        self.sid, self.addr, self.size = item.args
        self.pasid, words = item.pasid, item.words
        self.atomic = "atomic" in words
        self.write = "write" in words or self.atomic
        self.exec = "exec" in words and not self.write
        self.priv = "priv" in words and self.pasid is not None
        self.plan = Plan(vtd.play, vtd.play.count + 1)
        self.fpd = self.supervisor = False

    def interrupt(self):
        """Whether it is one; any other request to their range faults."""
        if self.pasid is not None or not interrupts(self.addr):
            return False
        if self.write and not self.atomic and self.size == 4 and not self.addr & 3:
            return True
        if self.vtd.regs.te:
            raise Bad(0x29)
        return False

    def off(self):
        """Without translation."""
        return self.addr

    # The kind of request, as fault records have it

    address_type = 0
    eptr_alone = 0x45               # of a request with PASID where EPTR=1 but PASIDE=0

    def kind(self):
        return (not self.write or self.atomic) << 126 | self.atomic << 92

    def resolve(self):
        status, pa, reason = OK, 0, 0
        try:
            if self.interrupt():
                status = INTERRUPT
            else:
                pa = self.translate()
        except (Bad, Fault) as fault:
            reason = fault.args[0]
            status, recorded = self.refuse(reason)
            if recorded and self.qualified(reason):
                value = self.fault(reason)
                self.plan.add("record", lambda job: self.vtd.regs.submit_fault(value))
        if status != INTERRUPT:
            self.vtd.perfmon.request(self.plan, self.address_type)
        self.vtd.log(f"request {self.plan.number} status {status} pa 0x{pa:x} "
                     f"fault 0x{reason:x}{self.suffix()}")
        self.vtd.play.submit("request", self.plan.request_ops())

    def refuse(self, _reason):
        """The response to a request that faults, and whether that is recorded."""
        return ABORT, True

    def suffix(self):
        return ""

    def qualified(self, reason):
        return reason in UNQUALIFIED or not self.fpd

    def fault(self, reason):
        value = 1 << 127 | self.kind() | self.address_type << 124
        value |= reason << 96 | self.sid << 64 | self.addr >> 12 << 12 & mask(MGAW)
        if self.pasid is not None:
            value |= self.pasid << 104 | 1 << 95 | self.exec << 94 | self.priv << 93
        return value

    def translate(self):
        regs = self.vtd.regs
        if not regs.te:
            return self.off()
        mode = regs.mode
        if mode == ABORT_DMA:
            raise Bad(0x33)
        if mode not in (LEGACY, SCALABLE) or mode == LEGACY and regs.irw:
            raise Bad(0x30)
        if mode == LEGACY:
            return self.legacy()
        if self.exec and self.pasid is not None:
            raise Bad(0x34)
        return self.scalable()

    def read(self, addr, size, reason):
        self.plan.add("read", size)
        try:
            return self.vtd.memory.read(addr, size)
        except Abort:
            raise Bad(reason) from None

    def config(self, cache, key, about):
        entry = cache.lookup(key, 0, 0)
        found = entry and entry.data
        self.plan.add("config", None, entry if found else None, about)
        return found

    # Legacy mode

    def legacy(self):
        if self.pasid is not None:
            raise Bad(0x31)
        entry = self.legacy_context()
        self.fpd = entry.fpd
        self.check_context(entry)
        answer = self.early_answer()
        if answer is not None:
            return answer
        if entry.passthrough:
            return self.pass_through(0x04)
        return self.walk(entry, entry.did | self.sid << 40)

    def legacy_context(self):
        contexts = self.vtd.contexts
        entry = self.config(contexts, self.sid, "context")
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
        self.check_context(context)
        answer = self.early_answer()
        if answer is not None:
            return answer
        pasid = self.choose_pasid(context)
        entry = self.pasid_entry(context, pasid)
        self.fpd |= entry.fpd
        if self.supervisor and not entry.sre:
            raise Bad(0x5D)
        if entry.passthrough:
            return self.pass_through(0x83)
        tag = (entry.did | pasid << 16 | (self.pasid is not None) << 36
               | entry.pgtt << 37 | self.sid << 40)
        return self.walk(entry, tag)

    def check_context(self, _context):
        """What the context entry says of requests of this kind."""

    def early_answer(self):
        """An answer that takes the context entry alone."""

    def pass_through(self, reason):
        if self.addr >> HAW:
            raise Bad(reason)
        if interrupts(self.addr):
            raise Bad(0x87)
        return self.addr

    def choose_pasid(self, context):
        if self.pasid is None:
            pasid = context.rid_pasid
            self.supervisor = bool(context.rid_priv)
        else:
            if not context.paside:
                raise Bad(0x45)
            pasid = self.pasid
            self.supervisor = self.priv
            self.check_pasid(context)
        return pasid

    def check_pasid(self, context):
        if self.pasid >> (context.pdts + 13):
            raise Bad(0x46)
        if self.pasid == context.rid_pasid:
            raise Bad(0x48)

    def context(self):
        contexts = self.vtd.contexts
        entry = self.config(contexts, self.sid, "context")
        if entry:
            return entry
        raw = self.read(self.vtd.regs.root + 16 * (self.sid >> 8), 16, 0x38)
        table = root_pointer(raw, get(self.sid, 7))
        raw = self.read(table + 32 * (self.sid & 0x7F), 32, 0x40)
        self.fpd = bool(get(raw, 1))
        context = ScalableContext(raw)
        if context.eptr and not context.paside:
            raise Bad(0x43 if self.pasid is None else self.eptr_alone)
        contexts.put(self.sid, 0, 0, context, self.plan.stamp)
        return context

    def pasid_entry(self, context, pasid):
        pasids, key = self.vtd.pasids, pasid << 16 | self.sid
        entry = self.config(pasids, key, "pasid")
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
        return rights << 2 if self.supervisor else rights

    def walk(self, entry, tag):
        return Walker(self.vtd, self.plan, entry).translate(self.addr, self.need(), tag)


assert SR == UR << 2 and SW == UW << 2
