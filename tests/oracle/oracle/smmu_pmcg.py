# SPDX-License-Identifier: GPL-2.0-or-later
"""SMMUv3: the counter group (performance-counters.rst; requirements PM)."""

from .bits import get, mask
from .smmu_config import OAS

PAGE0, PAGE1 = 0x2000, 0x12000
NUMBER, WIDTH, WIRE = 8, 64, 4
SPAN, CAPTURES = 29, 31
TYPES, STREAMS = PAGE0 + 0x400, PAGE0 + 0xA00
ENABLE_SET, ENABLE_CLEAR = PAGE0 + 0xC00, PAGE0 + 0xC20
INTERRUPT_SET, INTERRUPT_CLEAR = PAGE0 + 0xC40, PAGE0 + 0xC60
COUNTERS, SHADOWS = PAGE1, PAGE1 + 0x600
OVERFLOW_CLEAR, OVERFLOW_SET, CAPTURE = PAGE1 + 0xC80, PAGE1 + 0xCC0, PAGE1 + 0xD88
CONFIG, CONTROL = PAGE0 + 0xE00, PAGE0 + 0xE04
IRQ_CTRL, IRQ_CTRLACK, IRQ_STATUS = PAGE0 + 0xE50, PAGE0 + 0xE54, PAGE0 + 0xE68
IRQ_CFG0, IRQ_CFG1, IRQ_CFG2 = PAGE0 + 0xE58, PAGE0 + 0xE60, PAGE0 + 0xE64
READ_ONLY = {CONFIG: 0x703F07, PAGE0 + 0xE20: 0xFF}
SETS = {ENABLE_SET: "enabled", INTERRUPT_SET: "interrupts", OVERFLOW_SET: "overflows"}
CLEARS = {ENABLE_CLEAR: "enabled", INTERRUPT_CLEAR: "interrupts", OVERFLOW_CLEAR: "overflows"}
WORDS = (TYPES, STREAMS + 4, CONFIG, CONTROL, IRQ_CTRL, IRQ_CTRLACK, IRQ_CFG1, IRQ_CFG2,
         IRQ_STATUS, PAGE0 + 0xCC0, PAGE0 + 0xE20, PAGE1 + 0xC00)
# Of registers that software writes and reads: what there is of them.
PLAIN = {CONTROL: 1, IRQ_CTRL: 1, IRQ_CFG0: mask(32) & ~3, IRQ_CFG0 + 4: mask(24),
         IRQ_CFG1: mask(32), IRQ_CFG2: mask(6)}
TYPE = 1 << CAPTURES | 1 << SPAN | mask(16)
CYCLES, TRANSACTION, TLB_MISS, CONFIG_MISS, WALK_ACCESS, CONFIG_ACCESS, ATS, PASSED = range(8)
# By kind of step: lookups, misses.
LOOKUPS = {"config": (0x92, 0xA0), "tlb": (0xA1, 0xA2), "ipa": (0xA3, 0xA4), "utlb": (0xAD, 0xAE)}
DESCRIPTORS = {1: 0xA6, 2: 0xA7}
EVENTS = (*range(8), *range(0x80, 0x8E), 0x92, *range(0xA0, 0xAF))


def table_events(stage, level):
    if level < 0:
        first = 0xA9 if stage == 1 else 0xAB
    else:
        first = (0x80 if stage == 1 else 0x88) + 2 * level
    return first, first + 1


class Counters:
    def __init__(self, smmu):
        self.smmu = smmu
        self.values, self.shadows, self.types, self.streams = (
            [0] * NUMBER for _ in range(4))
        self.enabled, self.interrupts, self.overflows, self.since = 0, 0, 0, 0
        self.words = dict.fromkeys(PLAIN, 0)

    # Registers

    @staticmethod
    def mine(offset):
        return PAGE0 <= offset < PAGE0 + 0x1000 or PAGE1 <= offset < PAGE1 + 0x1000

    @staticmethod
    def element(offset, first, size):
        """The number of an element of an array of registers."""
        number = (offset - first) // size
        return number if number in range(NUMBER) else None

    def read(self, offset):
        self.settle()
        low = 8 * (offset & 4)
        for first, array, size in ((COUNTERS, self.values, 8), (SHADOWS, self.shadows, 8),
                                   (TYPES, self.types, 4), (STREAMS, self.streams, 4)):
            number = self.element(offset, first, size)
            if number is not None:
                return get(array[number], low if size == 8 else 0, 32)
        if offset in SETS or offset in CLEARS:
            return getattr(self, SETS.get(offset) or CLEARS[offset])
        if offset == IRQ_CTRLACK:
            offset = IRQ_CTRL
        return READ_ONLY.get(offset, self.words.get(offset, 0))

    def write(self, offset, value):
        self.settle()
        number = self.element(offset, COUNTERS, 8)
        if number is not None:
            low = 8 * (offset & 4)
            self.values[number] &= ~(mask(32) << low)
            self.values[number] |= value << low
        elif self.element(offset, TYPES, 4) is not None:
            self.types[self.element(offset, TYPES, 4)] = value & TYPE
        elif self.element(offset, STREAMS, 4) is not None:
            self.streams[self.element(offset, STREAMS, 4)] = value
        elif offset in SETS:
            name = SETS[offset]
            setattr(self, name, getattr(self, name) | value & mask(NUMBER))
        elif offset in CLEARS:
            name = CLEARS[offset]
            setattr(self, name, getattr(self, name) & ~value)
        elif offset == CAPTURE:
            if value & 1:
                self.shadows = list(self.values)
        elif offset in PLAIN:
            if not (IRQ_CFG0 <= offset <= IRQ_CFG2 and self.words[IRQ_CTRL]):
                self.words[offset] = value & PLAIN[offset]

    # What is counted

    def takes(self, number, sid):
        """Whether the filter of a counter lets a StreamID through."""
        stream, low = self.streams[number], 0
        if get(self.types[number], SPAN):
            while low < 32 and get(stream, low):
                low += 1
            low = min(low + 1, 32)
        return stream >> low == sid >> low

    def clocks(self):
        return [number for number in range(NUMBER)
                if get(self.enabled, number) and self.types[number] & mask(16) == CYCLES]

    def alarm(self):
        """The cycle in which the next overflow of a counter of cycles is."""
        left = [(1 << WIDTH) - self.values[number] for number in self.clocks()]
        return self.since + min(left) if left and self.words[CONTROL] else None

    def settle(self):
        """Count the cycles up to now; whether a message of an overflow is sent."""
        now = self.smmu.play.now
        passed, self.since = now - self.since, now
        return self.add(dict.fromkeys(self.clocks(), passed))

    def add(self, increments):
        """Whether a message of an overflow is sent."""
        over = 0
        for number, increment in increments.items():
            if self.words[CONTROL] and get(self.enabled, number):
                self.values[number] += increment
                over |= (self.values[number] >> WIDTH) << number
                self.values[number] &= mask(WIDTH)
        self.overflows |= over
        if any(get(over, n) and get(self.types[n], CAPTURES) for n in range(NUMBER)):
            self.shadows = list(self.values)
        return bool(over & self.interrupts) and self.interrupt()

    def interrupt(self):
        """Whether that is a message."""
        if not self.words[IRQ_CTRL]:
            return False
        addr = self.words[IRQ_CFG0] | self.words[IRQ_CFG0 + 4] << 32
        self.smmu.log(f"irq {WIRE}")
        if addr:
            self.smmu.log(f"msi 0x{get(addr, 0, OAS):x} 0x{self.words[IRQ_CFG1]:x}")
        return bool(addr)

    def count(self, events, sid, plan):
        """A message is a step of what counts."""
        messages = [self.settle(), self.add({
            number: events.count(self.types[number] & mask(16)) for number in range(NUMBER)
            if self.types[number] & mask(16) != CYCLES and self.takes(number, sid)})]
        for _ in range(sum(messages)):
            plan.add("write", 4)

    def request(self, sid, plan, kind):
        """A request that has been resolved by this plan."""
        events, missed = self.of(plan.steps)
        events += [TRANSACTION] + ([kind] if kind else [])
        events += [TLB_MISS] * ("tlb" in missed) + [CONFIG_MISS] * ("config" in missed)
        self.count(events, sid, plan)

    def prefetch(self, sid, plan):
        """A prefetch command."""
        self.count(self.of(plan.steps)[0], sid, plan)

    @staticmethod
    def of(steps):
        """The events of single steps; and what was missed."""
        events, missed = [], set()
        for what, arg, entry, _, about in steps:
            miss = entry is None
            if what in LOOKUPS:
                events += LOOKUPS[what][:1 + miss]
                missed |= {what} if miss else set()
            elif what == "table":
                events += table_events(arg, about)[:1 + miss]
            elif what == "read":
                events += [WALK_ACCESS, DESCRIPTORS[about]] if about else [CONFIG_ACCESS]
            elif what == "write":
                events += [WALK_ACCESS, 0xA8]
            elif what == "walk" and arg:
                events.append(0xA5)
        return events, missed
