# SPDX-License-Identifier: GPL-2.0-or-later
"""SMMUv3 registers, as far as traces use them (requirements RG)."""

from .bits import align, get, mask

READ_ONLY = {0x00: 0x8DFF6DB, 0x04: 0x8E739D20, 0x08: 0, 0x0C: 0x437734, 0x10: 0,
             0x14: 0x10004F6, 0x18: 0, 0x1C: 4, 0x190: 0x1040000}
CR0, CR0ACK, CR1, CR2, GBPA = 0x20, 0x24, 0x28, 0x2C, 0x44
IRQ_CTRL, IRQ_CTRLACK, GERROR, GERRORN = 0x50, 0x54, 0x60, 0x64
STRTAB_BASE, STRTAB_CFG = 0x80, 0x88
CMDQ_BASE, CMDQ_PROD, CMDQ_CONS = 0x90, 0x98, 0x9C
EVENTQ_BASE, EVENTQ_PROD, EVENTQ_CONS = 0xA0, 0x100A8, 0x100AC
PRIQ_BASE, PRIQ_PROD, PRIQ_CONS = 0xC0, 0x100C8, 0x100CC
GERROR_IRQ, EVENTQ_IRQ, PRIQ_IRQ = 0x68, 0xB0, 0xD0
SMMUEN, PRIQEN, EVENTQEN, CMDQEN = range(4)


def place_of(offset):
    """Where the enhanced command queue of a register begins, if it is one of them."""
    if not 0x30000 <= offset < 0x50000 or offset % 0x1000 > 12:
        return None
    return offset - offset % 0x1000


class Registers:
    def __init__(self, smmu):
        self.smmu = smmu
        self.words = {GBPA: 0x1000}

    def __getitem__(self, offset):
        return self.words.get(offset, 0)

    def __setitem__(self, offset, value):
        self.words[offset] = value

    def wide(self, offset):
        return self[offset] | self[offset + 4] << 32

    # What the rest asks for

    def enabled(self, bit):
        return get(self[CR0], bit)

    @property
    def smmuen(self):
        return self.enabled(SMMUEN)

    @property
    def gbpa(self):
        return self[GBPA]

    @property
    def atschk(self):
        return get(self[CR0], 4)

    @property
    def e2h(self):
        return get(self[CR2], 0)

    @property
    def recinvsid(self):
        return bool(get(self[CR2], 1))

    @property
    def rec_cfg_ats(self):
        return bool(get(self[CR2], 3))

    @property
    def vmid_mask(self):
        return mask(16) & ~mask(min(get(self[CR0], 6, 3), 4))

    @property
    def sid_bits(self):
        return min(get(self[STRTAB_CFG], 0, 6), 32)

    @property
    def two_level(self):
        return get(self[STRTAB_CFG], 16, 2) == 1

    @property
    def split(self):
        split = get(self[STRTAB_CFG], 6, 5)
        return split if split in (8, 10) else 6

    @property
    def strtab(self):
        size = get(self[STRTAB_CFG], 0, 6)
        low = max(6, size - self.split + 3) if self.two_level else size + 6
        return align(get(self.wide(STRTAB_BASE), 0, 56), low)

    # Accesses

    def read(self, offset, size):
        if size == 8:
            return self.read(offset, 4) | self.read(offset + 4, 4) << 32
        if self.smmu.counters.mine(offset):
            return self.smmu.counters.read(offset)
        return READ_ONLY.get(offset, self[offset])

    def write(self, offset, size, value):
        if size == 8:
            self.write(offset, 4, value & mask(32))
            self.write(offset + 4, 4, value >> 32)
            return
        if self.smmu.counters.mine(offset):
            self.smmu.counters.write(offset, value)
            return
        queue = self.smmu.queues.processor.enhanced.get(place_of(offset))
        if queue:
            queue.write(offset, value)
            return
        if offset in READ_ONLY or offset in (CR0ACK, IRQ_CTRLACK, GERROR):
            return
        if offset == GBPA:
            if get(value, 31):
                self[GBPA] = value & 0x1FFF1F
            return
        if self.guarded(offset):
            return
        if offset == CR0:
            value &= 0x1DF
            self[CR0ACK] = value
        elif offset == IRQ_CTRL:
            value &= 7
            self[IRQ_CTRLACK] = value
        elif offset in (CMDQ_PROD, CMDQ_CONS):
            value &= 0x7F0FFFFF if offset == CMDQ_CONS else 0xFFFFF
        elif offset in (EVENTQ_PROD, EVENTQ_CONS, PRIQ_PROD, PRIQ_CONS):
            value &= 0x800FFFFF
        was, self[offset] = self[offset], value
        if offset == CR0 and was & ~value & 1 << CMDQEN:
            self.smmu.queues.processor.main.life += 1
        if offset == CR0 and was & ~value & 1 << EVENTQEN:
            self.smmu.queues.youngest = None
        if offset == CR0 and was & ~value & 1 << SMMUEN:
            self.smmu.stalls.end(lambda stall: True)
        if (offset == EVENTQ_CONS or offset == CR0 and value & ~was & 1 << EVENTQEN
                or offset == GERRORN and (was ^ value) & 1 << 2):
            self.smmu.stalls.try_waiting()
        if offset in (CR0, CMDQ_PROD, GERRORN):
            self.smmu.queues.processor.look()

    def guarded(self, offset):
        if offset in (CR2, STRTAB_BASE, STRTAB_BASE + 4, STRTAB_CFG):
            return self.smmuen
        if offset in (CMDQ_BASE, CMDQ_BASE + 4, CMDQ_CONS):
            return self.enabled(CMDQEN)
        if offset in (EVENTQ_BASE, EVENTQ_BASE + 4, EVENTQ_PROD):
            return self.enabled(EVENTQEN)
        if offset in (PRIQ_BASE, PRIQ_BASE + 4, PRIQ_PROD):
            return self.enabled(PRIQEN)
        if PRIQ_IRQ <= offset < PRIQ_IRQ + 16:
            return get(self[IRQ_CTRL], 1)
        if EVENTQ_IRQ <= offset < EVENTQ_IRQ + 16:
            return get(self[IRQ_CTRL], 2)
        if GERROR_IRQ <= offset < GERROR_IRQ + 16:
            return get(self[IRQ_CTRL], 0)
        return False
