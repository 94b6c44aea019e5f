# SPDX-License-Identifier: GPL-2.0-or-later
"""SMMUv3 queues: commands (requirements CM) and events (EV)."""

from . import smmu_regs as reg
from .bits import align, get, mask, sign_extend
from .cache import GLOBAL
from .device import invalidation, response
from .memory import Abort
from .plan import Plan
from .play import Op
from .smmu_commands import Processor
from .smmu_config import E2H, EL1, EL2, OAS
from .smmu_prefetch import Prefetch
from .smmu_stall import WAITING

EVENTQ_ABT_ERR, MSI_CMDQ_ABT, MSI_EVENTQ_ABT = 2, 4, 5
ILL, ABT = 1, 2
PAGES = (7, 0x0B, 0x10, 0x11, 0x12, 0x13, 0x20)     # merged by page
MERGED = (2, 3, 4)                   # whatever STE.MEV says
GRANULE = {1: 12, 2: 14, 3: 16}


class Illegal(Exception):
    pass


class Queues:
    def __init__(self, smmu):
        self.smmu, self.play = smmu, smmu.play
        self.processor = Processor(smmu)
        self.youngest = None

    @property
    def regs(self):
        return self.smmu.regs

    def error(self, bit):
        return get(self.regs[reg.GERROR] ^ self.regs[reg.GERRORN], bit)

    def raise_error(self, bit):
        if self.error(bit):
            return
        self.regs[reg.GERROR] ^= 1 << bit
        if get(self.regs[reg.IRQ_CTRL], 0):
            self.interrupt(reg.GERROR_IRQ, 3, None)

    def interrupt(self, config, line, abort):
        addr = align(get(self.regs.wide(config), 0, 52), 2)
        if addr:
            self.smmu.log(f"msi 0x{addr:x} 0x{self.regs[config + 8]:x}")
        self.smmu.log(f"irq {line}")
        return [Op("use", "MEM", cost=self.play.memory(4, write=True))] if addr else []

    def place(self, base, index, entry):
        lg2 = min(get(self.regs[base], 0, 5), 19)
        start = align(get(self.regs.wide(base), 0, OAS), max(5, lg2 + entry))
        return start + (get(index, 0, lg2) << entry), lg2

    # Commands

    def command(self, queue):
        return Command(self, queue)

    # Events

    def can_write(self):
        """Whether a stall could be recorded now."""
        regs = self.regs
        used = regs[reg.EVENTQ_PROD] - regs[reg.EVENTQ_CONS]
        _, lg2 = self.place(reg.EVENTQ_BASE, 0, 5)
        return (regs.enabled(reg.EVENTQEN) and not self.error(EVENTQ_ABT_ERR)
                and used & mask(lg2 + 1) < 1 << lg2)

    def submit_event(self, value, mev, stall=None, attempt=0):
        """A record: what its request's job has to do after that."""
        if stall:
            self.play.submit_record(32, lambda: self.write_stall(value, stall, attempt))
            return []
        return self.play.submit_record(32, lambda: self.write_event(value, mev))

    def write_stall(self, value, stall, attempt):
        if not self.smmu.stalls.awaits(stall, attempt):
            return []
        more = self.write(value) if self.can_write() else None
        if more is None:
            stall.state = WAITING
        return more

    def write_event(self, value, mev):
        regs = self.regs
        if not regs.enabled(reg.EVENTQEN) or self.error(EVENTQ_ABT_ERR):
            return []
        prod, cons = regs[reg.EVENTQ_PROD], regs[reg.EVENTQ_CONS]
        _, lg2 = self.place(reg.EVENTQ_BASE, prod, 5)
        if self.merges(value, mev, prod ^ cons, lg2):
            return []
        if (prod - cons) & mask(lg2 + 1) >= 1 << lg2:
            if not get(prod ^ cons, 31):
                regs[reg.EVENTQ_PROD] = prod ^ 1 << 31
            return []
        return self.write(value)

    def write(self, value):
        """Into the queue: what comes of it, or None if the write aborts."""
        regs = self.regs
        prod, cons = regs[reg.EVENTQ_PROD], regs[reg.EVENTQ_CONS]
        where, lg2 = self.place(reg.EVENTQ_BASE, prod, 5)
        try:
            self.smmu.memory.write(where, value, 32)
        except Abort:
            self.raise_error(EVENTQ_ABT_ERR)
            return None
        self.youngest = value
        regs[reg.EVENTQ_PROD] = prod & 1 << 31 | (prod + 1) & mask(lg2 + 1)
        if not (prod ^ cons) & mask(lg2 + 1) and get(regs[reg.IRQ_CTRL], 2):
            return self.interrupt(reg.EVENTQ_IRQ, 0, MSI_EVENTQ_ABT)
        return []

    def merges(self, value, mev, used, lg2):
        """Whether the youngest record that is still in the queue says the same."""
        if (not used & mask(lg2 + 1) or self.youngest is None
                or not (mev or value & 0xFF in MERGED)):
            return False
        apart = mask(12) << 128 if value & 0xFF in PAGES else 0
        return not (value ^ self.youngest) & ~apart


class Command:
    """One command, from its fetch to its consumption."""

    def __init__(self, queues, queue):
        self.queues, self.smmu, self.regs = queues, queues.smmu, queues.regs
        self.queue, self.life = queue, None
        self.failed, self.signal = 0, None

    def effect(self, job):
        if not self.queue.ready():
            return []
        self.life = self.queue.life
        where, _ = self.queue.place()
        self.plan = Plan(self.smmu.play, job.number if job else 0)
        try:
            self.act(self.smmu.memory.read(where, 16))
        except Abort:
            self.failed = ABT
        except Illegal:
            self.failed = ILL
        return self.plan.ops()

    def consumed(self, _job):
        if self.life != self.queue.life:
            return
        if self.failed:
            self.queue.fail(self.failed)
            return
        if self.signal:
            self.signal()
        self.queue.advance()

    def act(self, raw):
        opcode = raw & 0xFF
        if get(raw, 10):
            raise Illegal
        if opcode in (0x01, 0x02):
            Prefetch(self.smmu, raw, self.plan).perform(opcode == 0x02)
        elif opcode in (0x03, 0x04, 0x05, 0x06):
            self.configuration(opcode, raw)
        elif opcode == 0x40:
            self.invalidate_device(raw)
        elif opcode == 0x41:
            self.respond(raw)
        elif opcode == 0x44:
            self.smmu.stalls.resume(raw)
        elif opcode == 0x45:
            self.smmu.stalls.terminate(raw)
        elif opcode == 0x46:
            self.sync(raw)
        elif opcode in SCOPES:
            self.translations(opcode, raw)
        else:
            raise Illegal

    # Devices

    def invalidate_device(self, raw):
        size = get(raw, 64, 6)
        if size > 52:
            raise Illegal
        if not self.regs.smmuen:
            return
        first = align(raw >> 76 << 12, 12 + size) & mask(64)
        pasid = get(raw, 12, 20) if get(raw, 11) else None
        self.smmu.log(invalidation(get(raw, 32, 32), first, first + mask(12 + size), pasid,
                                   get(raw, 9), self.queue.number))

    def respond(self, raw):
        code = get(raw, 76, 2)
        if code == 3:
            raise Illegal
        if self.regs.smmuen:
            self.smmu.log(response(get(raw, 32, 32), get(raw, 64, 9), (15, 1, 0)[code],
                                   get(raw, 12, 20) if get(raw, 11) else None))

    def configuration(self, opcode, raw):
        sid, span, smmu = get(raw, 32, 32), get(raw, 64, 5), self.smmu
        if opcode == 0x03:
            span = 0
        elif opcode == 0x04:
            span = 32 if span == 31 else span + 1
        else:
            ssid = get(raw, 12, 20)
            count = smmu.cds.drop(lambda e: e.tag == sid and
                                  (opcode == 0x06 or e.addr == ssid))
            self.plan.add("invalidate", count)
            return
        count = smmu.stes.drop(lambda e: e.addr >> span == sid >> span)
        count += smmu.cds.drop(lambda e: e.tag >> span == sid >> span)
        self.plan.add("invalidate", count)

    def translations(self, opcode, raw):
        smmu = self.smmu
        match = SCOPES[opcode](self, raw)
        leaf_only = opcode in BY_ADDRESS and get(raw, 64)
        if opcode in BY_ADDRESS:
            spans = self.spans(opcode, raw)
            inner = match

            def match(e):
                return inner(e) and any(e.overlaps(*span) for span in spans)
        count = smmu.tlb.drop(match)
        smmu.ipa.drop(match)
        if not leaf_only:
            for cache in smmu.tables[1] + smmu.tables[2]:
                cache.drop(match)
        self.plan.add("invalidate", count)

    @staticmethod
    def spans(opcode, raw):
        """The addresses as given, and with the tag byte replaced; no range goes on beyond
        its half of the address space."""
        addr, size = raw >> 76 << 12, 4096
        if opcode == 0x2A:
            addr &= mask(56)
        tg = get(raw, 74, 2)
        if tg:
            num, scale = get(raw, 12, 5), get(raw, 20, 6)
            if not num and not scale and not get(raw, 72, 2):
                raise Illegal
            addr, size = align(addr, GRANULE[tg]), (num + 1) << scale << GRANULE[tg]
        starts = {addr} if opcode == 0x2A else {addr, sign_extend(addr, 56)}
        return [(start, min(start + size - 1, start | mask(55))) for start in starts]

    # Scopes of TLB invalidation

    def in_world(self, e, *worlds):
        return get(e.tag, 32, 4) in worlds

    def of_vmid(self, e, raw):
        keep = self.regs.vmid_mask
        return (self.in_world(e, EL1)
                and not (get(e.tag, 16, 16) ^ get(raw, 32, 16)) & keep)

    @staticmethod
    def of_asid(e, raw, or_global):
        if e.tag & GLOBAL:
            return or_global
        return get(e.tag, 0, 16) == get(raw, 48, 16)

    def nh_all(self, raw):
        return lambda e: self.of_vmid(e, raw) and get(e.tag, 36)

    def nh_asid(self, raw):
        return lambda e: (self.of_vmid(e, raw) and get(e.tag, 36)
                          and self.of_asid(e, raw, False))

    def nh_va(self, raw):
        return lambda e: (self.of_vmid(e, raw) and get(e.tag, 36)
                          and self.of_asid(e, raw, True))

    def el2_all(self, _raw):
        return lambda e: self.in_world(e, EL2, E2H)

    def el2_asid(self, raw):
        return lambda e: self.in_world(e, E2H) and self.of_asid(e, raw, False)

    def el2_va(self, raw):
        if not self.regs.e2h:
            return lambda e: self.in_world(e, EL2)
        return lambda e: self.in_world(e, E2H) and self.of_asid(e, raw, True)

    def el2_vaa(self, _raw):
        world = E2H if self.regs.e2h else EL2
        return lambda e: self.in_world(e, world)

    def s12_vmall(self, raw):
        return lambda e: self.of_vmid(e, raw)

    def s2_ipa(self, raw):
        return lambda e: self.of_vmid(e, raw) and not get(e.tag, 36)

    def nsnh_all(self, _raw):
        return lambda e: self.in_world(e, EL1)

    # Synchronisation

    def sync(self, raw):
        cs, addr = get(raw, 12, 2), get(raw, 66, 54) << 2
        if cs == 3:
            raise Illegal
        self.plan.add("drain")
        if cs == 1 and addr:
            self.plan.add("write", 4)
            self.signal = lambda: self.msi(addr & mask(OAS), get(raw, 32, 32))
        elif cs == 1:
            self.signal = lambda: self.smmu.log("irq 2")

    def msi(self, addr, data):
        self.smmu.log(f"msi 0x{addr:x} 0x{data:x}")
        self.smmu.log("irq 2")


SCOPES = {0x10: Command.nh_all, 0x11: Command.nh_asid, 0x12: Command.nh_va,
          0x13: Command.nh_all, 0x20: Command.el2_all, 0x21: Command.el2_asid,
          0x22: Command.el2_va, 0x23: Command.el2_vaa, 0x28: Command.s12_vmall,
          0x2A: Command.s2_ipa, 0x30: Command.nsnh_all}
BY_ADDRESS = (0x12, 0x13, 0x22, 0x23, 0x2A)
