# SPDX-License-Identifier: GPL-2.0-or-later
"""VT-d registers, as far as traces use them, and fault recording."""

from . import vtd_perf as perf
from .bits import align, get, mask
from .play import Op

VER, CAP, ECAP, GCMD, GSTS, RTADDR = 0x00, 0x08, 0x10, 0x18, 0x1C, 0x20
FSTS, FECTL, IQH, IQT, IQA = 0x34, 0x38, 0x80, 0x88, 0x90
PQH, PQT, PQA, PRS, PECTL = 0xC0, 0xC8, 0xD0, 0xDC, 0xE0
ICS, IECTL, IQERCD, FRCD, RECORDS = 0x9C, 0xA0, 0xB0, 0x220, 8
TE, SRTP, QIE = 31, 30, 26
READ_ONLY = {VER: 0x80, CAP: 0x22780E66, CAP + 4: 0xD9ED078C,
             ECAP: 0xA6F00FDF, ECAP + 4: 0x0733EF9E}
IWC, PPF, PFO, IQE = 1, 2, 1, 16


class Registers:
    def __init__(self, vtd):
        self.vtd = vtd
        self.words = {FECTL: 1 << 31, IECTL: 1 << 31, PECTL: 1 << 31,
                      perf.CONTROL: 1 << 31}
        self.root_latched = 0
        self.fault_index = 0

    def __getitem__(self, offset):
        return self.words.get(offset, 0)

    def __setitem__(self, offset, value):
        self.words[offset] = value

    def wide(self, offset):
        return self[offset] | self[offset + 4] << 32

    @property
    def te(self):
        return get(self[GSTS], TE)

    @property
    def qie(self):
        return get(self[GSTS], QIE)

    @property
    def mode(self):
        return get(self.root_latched, 10, 2)

    @property
    def irw(self):
        return bool(get(self.root_latched, 7))

    @property
    def root(self):
        return align(self.root_latched, 12)

    # Accesses

    def read(self, offset, size):
        if size == 8:
            return self.read(offset, 4) | self.read(offset + 4, 4) << 32
        if self.vtd.perfmon.mine(offset):
            return self.vtd.perfmon.read(offset)
        return READ_ONLY.get(offset, self[offset])

    def write(self, offset, size, value):
        if offset == perf.COMMAND and size == 8:
            self.vtd.perfmon.command(value)
        elif size == 8:
            self.write(offset, 4, value & mask(32))
            self.write(offset + 4, 4, value >> 32)
        elif self.vtd.perfmon.mine(offset):
            self.vtd.perfmon.write(offset, value)
        elif offset in READ_ONLY or offset in (GSTS, IQH, IQH + 4):
            pass
        elif offset == GCMD:
            self.command(value)
        elif offset == FSTS:
            self.clear_status(value)
        elif offset == ICS:
            self[ICS] &= ~value
        elif offset == PRS:
            self[PRS] &= ~value
            if not self[PRS]:
                self[PECTL] &= ~(1 << 30)
        elif offset == perf.STATUS:
            self[offset] &= ~value
            if not self[offset]:
                self[perf.CONTROL] &= ~(1 << 30)
        elif offset in (FECTL, IECTL, PECTL, perf.CONTROL):
            self.unmask(offset, value)
        elif FRCD <= offset < FRCD + 16 * RECORDS:
            if offset & 15 == 12 and get(value, 31):
                self[offset] &= mask(31)
                self.pending()
        else:
            if offset in (IQT, PQH, PQT):
                value &= 0x7FFF0 if offset == IQT else 0x7FFE0
            self[offset] = value
            if offset == IQT:
                self.vtd.queue.look()

    def command(self, value):
        old = self[GSTS]
        self[GSTS] = old & ~(1 << TE | 1 << QIE) | value & (1 << TE | 1 << QIE)
        if get(value, SRTP):
            self.root_latched = self.wide(RTADDR)
            self[GSTS] |= 1 << SRTP
            self.vtd.drop_all()
        if get(old, TE) and not self.te:
            self.vtd.drop_all()
            self.fault_index = 0
        if get(old, QIE) and not self.qie:
            self[IQH] = 0
            self.vtd.queue.life += 1
        self.vtd.queue.look()

    # Faults

    def submit_fault(self, value):
        """What its request's job has to do after that."""
        return self.vtd.play.submit_record(16, lambda: self.record(value))

    def pending(self):
        waiting = any(get(self[FRCD + 16 * n + 12], 31) for n in range(RECORDS))
        self[FSTS] = self[FSTS] & ~PPF | PPF * waiting

    def record(self, value):
        if self[FSTS] & PFO:
            return []
        place = FRCD + 16 * self.fault_index
        if get(self[place + 12], 31):
            self[FSTS] |= PFO
            return []
        was = self[FSTS]
        for number in range(4):
            self[place + 4 * number] = get(value, 32 * number, 32)
        if not was & PPF:
            self[FSTS] = was & ~0xFF00 | self.fault_index << 8
        self.fault_index = (self.fault_index + 1) % RECORDS
        self.pending()
        return [] if was & 0x73 else self.event(FECTL)

    def clear_status(self, value):
        self[FSTS] &= ~(value & 0x71)
        if not self[FSTS] & 0x73:
            self[FECTL] &= ~(1 << 30)
        self.vtd.queue.look()

    # Events

    def page_event(self, bit):
        was = self[PRS]
        self[PRS] |= bit
        return [] if was & 3 or self[PRS] == was else self.event(PECTL)

    def event(self, control):
        self[control] |= 1 << 30
        return self.send(control)

    def send(self, control):
        if get(self[control], 31) or not get(self[control], 30):
            return []
        self[control] &= ~(1 << 30)
        addr = self.wide(control + 8)
        self.vtd.log(f"msi 0x{addr:x} 0x{self[control + 4]:x}")
        return [Op("use", "MEM", cost=self.vtd.play.memory(4, write=True))]

    def unmask(self, control, value):
        self[control] = self[control] & mask(31) | value & 1 << 31
        self.send(control)
