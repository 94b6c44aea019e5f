# SPDX-License-Identifier: GPL-2.0-or-later
"""VT-d invalidation queue (requirements, section 8)."""

from contextlib import suppress

from . import vtd_regs as reg
from .bits import align, get, mask
from .device import invalidation, response
from .memory import Abort
from .plan import Plan, command_ops
from .vtd_perf import READS
from .vtd_tables import ABORT_DMA, FIRST, HAW, LEGACY, MGAW, NESTED, SCALABLE

CONTEXT, IOTLB, DEVICE, INTERRUPT, WAIT, PIOTLB, PASID, PDEVICE, RESPONSE = range(1, 10)


# Of each type, the fields: (lowest bit, width)
FIELDS = {
    CONTEXT: ((4, 2), (16, 32), (48, 2)),
    IOTLB: ((4, 4), (16, 16), (64, 7), (76, 52)),
    DEVICE: ((12, 9), (32, 16), (52, 12), (64, 1), (76, 52)),
    INTERRUPT: ((4, 1), (27, 5), (32, 16)),
    WAIT: ((4, 4), (32, 32), (66, 62)),
    PIOTLB: ((4, 2), (16, 16), (32, 20), (64, 7), (76, 52)),
    PASID: ((4, 2), (16, 16), (32, 20)),
    PDEVICE: ((4, 5), (12, 4), (16, 16), (32, 20), (52, 13), (75, 53)),
    RESPONSE: ((4, 1), (12, 4), (16, 16), (32, 20), (66, 10)),
}
TAIL, FETCH, UNKNOWN, RESERVED, NARROW, ODD, MODE = range(1, 8)     # IQERCD


def reserved(raw, kind):
    """The bits of a descriptor that ought to be zero."""
    for low, width in ((0, 4), (9, 3), *FIELDS[kind]):
        raw &= ~(mask(width) << low)
    return raw


class Invalid(Exception):
    """The reason, as IQERCD has it."""


class Queue:
    def __init__(self, vtd):
        self.vtd = vtd
        self.busy = False
        self.life = 0                   # how often it was switched off

    def ready(self):
        """Whether there is a descriptor to run."""
        regs = self.vtd.regs
        return (regs.qie and not regs[reg.FSTS] & reg.IQE
                and regs[reg.IQH] != regs[reg.IQT])

    @property
    def bytes(self):
        return 1 << (get(self.vtd.regs[reg.IQA], 0, 3) + 12)

    def look(self):
        if self.busy or not self.ready():
            return
        self.busy = True
        descriptor = Descriptor(self.vtd)
        if self.vtd.timed:
            play = self.vtd.play
            play.submit("command", command_ops(
                play, descriptor.size, descriptor.effect, descriptor.consumed,
                self.finished))
        else:
            descriptor.effect(None)
            descriptor.consumed(None)
            self.finished()

    def finished(self):
        self.busy = False
        self.look()

    def page_of_domain(self, did, first, last, hint):
        """Invalidate what is cached of a range of a domain: how much of the TLB."""
        vtd = self.vtd

        def domain(e):
            return get(e.tag, 0, 16) == did

        def near(e):
            return domain(e) and e.overlaps(first, last)
        for cache in vtd.tables[1]:
            cache.drop(domain)
        vtd.ipa.drop(near)
        if not hint:
            for cache in vtd.tables[2]:
                cache.drop(near)
        return vtd.tlb.drop(
            lambda e: domain(e) and (get(e.tag, 37, 3) in (FIRST, NESTED)
                                     or e.overlaps(first, last)))


class Descriptor:
    def __init__(self, vtd):
        self.vtd, self.regs = vtd, vtd.regs
        self.size, self.fetched = self.width(), False
        self.signals, self.failed, self.life = [], 0, None

    def effect(self, job):
        if not self.vtd.queue.ready():
            return []
        self.life = self.vtd.queue.life
        self.plan = Plan(self.vtd.play, job.number if job else 0)
        where = align(self.regs.wide(reg.IQA), 12) + self.regs[reg.IQH]
        self.size = self.width()
        try:
            self.check()
            self.act(self.vtd.memory.read(where, self.size))
        except Abort:
            self.failed = FETCH
        except Invalid as error:
            self.failed = error.args[0]
        more = self.vtd.perfmon.count([(READS, None)]) if self.fetched else []
        return self.plan.ops() + more

    def width(self):
        return 32 if get(self.regs[reg.IQA], 11) else 16

    def check(self):
        """What is wrong with the queue before a descriptor is fetched."""
        mode, tail = self.regs.mode, self.regs[reg.IQT]
        if mode not in (LEGACY, SCALABLE, ABORT_DMA):
            raise Invalid(MODE)
        if mode != LEGACY and self.size == 16:
            raise Invalid(NARROW)
        if tail >= self.vtd.queue.bytes:
            raise Invalid(TAIL)
        if tail % self.size:
            raise Invalid(ODD)
        self.fetched = True

    def consumed(self, _job):
        regs = self.regs
        if self.life != self.vtd.queue.life:
            return
        if self.failed:
            regs[reg.IQERCD] = self.failed
            was = regs[reg.FSTS]
            regs[reg.FSTS] |= reg.IQE
            if not was & 0x73:
                regs.event(reg.FECTL)
            return
        for signal in self.signals:
            signal()
        regs[reg.IQH] = (regs[reg.IQH] + self.size) % self.vtd.queue.bytes

    def act(self, raw):
        kind = get(raw, 9, 3) << 4 | get(raw, 0, 4)
        self.raw = raw
        self.did = get(raw, 16, 16)
        if kind not in FIELDS or kind > WAIT and self.regs.mode == LEGACY:
            raise Invalid(UNKNOWN)
        if reserved(raw, kind):
            raise Invalid(RESERVED)
        if kind == WAIT:
            self.wait()
        elif kind in (DEVICE, PDEVICE, RESPONSE):
            self.vtd.log(self.message(kind))
        else:
            handler = {CONTEXT: self.contexts, IOTLB: self.iotlb, PIOTLB: self.piotlb,
                       PASID: self.pasids, INTERRUPT: self.interrupts}[kind]
            self.plan.add("invalidate", handler(get(raw, 4, 2)))

    def message(self, kind):
        """What a device is told."""
        raw = self.raw
        if kind == RESPONSE:
            return response(get(raw, 16, 16), get(raw, 67, 9), get(raw, 12, 4),
                            get(raw, 32, 20) if get(raw, 4) else None)
        addr, bits = get(raw, 76, 52) << 12, 12
        if get(raw, 64 if kind == DEVICE else 75):
            while bits < 63 and get(addr, bits):
                bits += 1
            bits += 1
        first = align(addr, bits) & mask(64)
        if kind == DEVICE:
            return invalidation(get(raw, 32, 16), first, first + mask(bits))
        return invalidation(get(raw, 16, 16), first, first + mask(bits), get(raw, 32, 20),
                            get(raw, 64))

    # Configuration

    def contexts(self, granularity):
        legacy = self.regs.mode == LEGACY
        sid, low = get(self.raw, 32, 16), (0, 4, 6, 7)[get(self.raw, 48, 2)]
        if granularity == 1 or granularity == 2 and not legacy:
            self.vtd.contexts.drop(lambda e: True)
        elif granularity == 2:
            self.vtd.contexts.spoil(lambda e: e.data.did == self.did)
        elif granularity == 3:
            self.vtd.contexts.drop(
                lambda e: not (e.addr ^ sid) & ~low
                and (not legacy or (e.data or e.spoilt).did == self.did))
        else:
            raise Invalid(UNKNOWN)
        return 0

    def pasids(self, granularity):
        pasid = get(self.raw, 32, 20)
        if granularity == 2:
            raise Invalid(UNKNOWN)
        if granularity == 3:
            self.vtd.pasids.drop(lambda e: True)
        else:
            self.vtd.pasids.spoil(lambda e: e.data.did == self.did
                                  and (not granularity or e.addr >> 16 == pasid))
        return 0

    @staticmethod
    def interrupts(_granularity):
        return 0

    # Translations

    def range(self, width):
        bits = 12 + get(self.raw, 64, 6)
        addr = align(get(self.raw, 64, width), bits)
        return addr, addr + mask(bits)

    def of_domain(self, e):
        return get(e.tag, 0, 16) == self.did

    def iotlb(self, granularity):
        vtd, domain = self.vtd, self.of_domain
        first, last = self.range(MGAW)
        hint = get(self.raw, 70)
        structures = [vtd.ipa, *vtd.tables[1], *vtd.tables[2]]
        if granularity == 1:
            for cache in structures:
                cache.drop(lambda e: True)
            return vtd.tlb.drop(lambda e: True)
        if granularity == 2:
            for cache in structures:
                cache.drop(domain)
            return vtd.tlb.drop(domain)
        if granularity != 3:
            raise Invalid(UNKNOWN)
        if get(self.raw, 64, 6) > 45:
            raise Invalid(RESERVED)
        return vtd.queue.page_of_domain(self.did, first, last, hint)

    def piotlb(self, granularity):
        vtd, pasid = self.vtd, get(self.raw, 32, 20)
        first, last = self.range(64)

        def mine(e):
            return self.of_domain(e) and get(e.tag, 16, 20) == pasid

        def near(e):
            return mine(e) and e.overlaps(first, last)
        if granularity == 2:
            vtd.ipa.drop(self.of_domain)
            for cache in vtd.tables[1]:
                cache.drop(mine)
            return vtd.tlb.drop(mine)
        if granularity != 3:
            raise Invalid(UNKNOWN)
        if not get(self.raw, 70):
            for cache in vtd.tables[1]:
                cache.drop(near)
        return vtd.tlb.drop(lambda e: near(e) and get(e.tag, 37, 3) in (FIRST, NESTED))

    # Waiting

    def wait(self):
        raw, regs = self.raw, self.regs
        self.plan.add("drain")
        if get(raw, 5):
            self.plan.add("write", 4)
            where = align(get(raw, 64, HAW), 2)
            self.signals.append(lambda: self.status(where, get(raw, 32, 32)))
        if get(raw, 4):
            self.plan.add("write", 4)
            self.signals.append(lambda: self.completed(regs))

    def status(self, where, data):
        """Write a status; to where there is no memory, it is lost."""
        with suppress(Abort):
            self.vtd.memory.write(where, data, 4)

    @staticmethod
    def completed(regs):
        if not regs[reg.ICS]:
            regs[reg.ICS] = reg.IWC
            regs.event(reg.IECTL)
