# SPDX-License-Identifier: GPL-2.0-or-later
"""VT-d: page requests (requirements, section 10)."""

from . import vtd_regs as reg
from .bits import align, get, mask
from .device import INVALID, SUCCESS, response
from .memory import Abort
from .plan import Plan
from .vtd_perf import OVERFLOWS, POSTED
from .vtd_request import Request
from .vtd_tables import FIRST, LEGACY, MGAW, NESTED, Bad
from .vtd_walk import Fault

PRO, PPR = 2, 1


class PageRequest(Request):
    """A record; everything about it is decided when it becomes visible."""

    eptr_alone = 0x43

    def __init__(self, vtd, item):
        self.vtd = vtd
        self.sid, self.addr, self.group = item.args
        self.pasid, self.words = item.pasid, item.words
        self.write = self.atomic = False
        self.exec = False               # that it asks for execution is no fault
        self.priv = "priv" in self.words and self.pasid is not None
        self.last = "last" in self.words
        self.marker = (self.last and self.pasid is not None
                       and not self.words & {"read", "write"})
        self.fpd = self.supervisor = False
        self.plan = Plan(vtd.play, 0)

    def kind(self):
        return 1 << 92

    def submit(self):
        self.vtd.play.submit_record(32, self.visible)

    def visible(self):
        """What it takes to tell software."""
        self.events = []
        told = self.decide()
        perfmon = self.vtd.perfmon
        return told + perfmon.count(perfmon.of(self.plan.steps) + self.events)

    def decide(self):
        regs = self.vtd.regs
        if not regs.te:
            self.answer(INVALID)
            return []
        try:
            entry = self.translate()
        except (Bad, Fault) as fault:
            reason = fault.args[0]
            more = regs.record(self.fault(reason)) if self.qualified(reason) else []
            self.answer(INVALID)
            return more
        if regs[reg.PRS] & PRO:
            self.answer(SUCCESS)
            return []
        size = 1 << (get(regs[reg.PQA], 0, 3) + 12)
        tail = regs[reg.PQT]
        if not self.marker:
            self.invalidate(entry)
        if (tail + 32) % size == regs[reg.PQH]:
            more = [] if self.marker else regs.page_event(PRO)
            self.answer(SUCCESS)
            return more
        try:
            self.vtd.memory.write(align(regs.wide(reg.PQA), 12) + tail, self.record(), 32)
        except Abort:
            return []
        self.events.append((POSTED, None))
        regs[reg.PQT] = (tail + 32) % size
        return regs.page_event(PPR)

    def answer(self, code):
        if self.last and not self.marker:
            if code == SUCCESS:
                self.events.append((OVERFLOWS, None))
            self.vtd.log(response(self.sid, self.group, code, self.pasid))

    def record(self):
        value = 1 | self.sid << 16 | self.addr >> 12 << 76 | self.group << 67
        value |= ("read" in self.words) << 64 | ("write" in self.words) << 65
        value |= self.last << 66
        if self.pasid is not None:
            value |= 1 << 8 | self.pasid << 32 | ("exec" in self.words) << 52 | self.priv << 53
        return value

    # What the tables say of it

    def legacy(self):
        raise Bad(0x32)

    def check_context(self, context):
        if self.pasid is not None and not context.paside:
            raise Bad(0x45)
        if not context.pre:
            raise Bad(0x47)

    def scalable(self):
        context = self.context()
        self.fpd = context.fpd
        self.check_context(context)
        self.context()                  # once more, for its PASID
        pasid = self.choose_pasid(context)
        entry = self.pasid_entry(context, pasid)
        self.fpd |= entry.fpd
        entry.number = pasid
        return entry

    def invalidate(self, entry):
        """The implicit invalidation of what may be cached of the page."""
        vtd, did = self.vtd, entry.did
        addr = align(self.addr, 12)

        def domain(e):
            return get(e.tag, 0, 16) == did

        def near(e):
            return domain(e) and e.overlaps(addr, addr + 4095)

        def mine(e):
            return near(e) and get(e.tag, 16, 20) == entry.number
        if entry.pgtt == FIRST:
            for cache in vtd.tables[1]:
                cache.drop(mine)
            vtd.tlb.drop(lambda e: mine(e) and get(e.tag, 37, 3) in (FIRST, NESTED))
        elif entry.pgtt == NESTED:
            for cache in (vtd.tlb, vtd.ipa, *vtd.tables[1], *vtd.tables[2]):
                cache.drop(domain)
        else:
            addr &= mask(MGAW)          # as in a descriptor of type 2
            vtd.queue.page_of_domain(did, addr, addr + 4095, False)


assert LEGACY == 0
