# SPDX-License-Identifier: GPL-2.0-or-later
"""SMMUv3: the counter group (performance-counters.rst; requirements PM)."""

from .bits import get, mask

PAGE0, PAGE1 = 0x2000, 0x12000
TYPES, COUNTERS, STREAMS = PAGE0 + 0x400, PAGE1, PAGE0 + 0xA00
ENABLE_SET, ENABLE_CLEAR, CONTROL = PAGE0 + 0xC00, PAGE0 + 0xC20, PAGE0 + 0xE04
NUMBER = 8
SPAN = 29
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
        self.values, self.types, self.streams = ([0] * NUMBER for _ in range(3))
        self.enabled, self.control, self.since = 0, 0, 0

    # Registers

    @staticmethod
    def mine(offset):
        return PAGE0 <= offset < PAGE0 + 0x1000 or PAGE1 <= offset < PAGE1 + 0x1000

    def settle(self):
        """Count the cycles up to now."""
        now = self.smmu.play.now
        if self.control:
            for number in range(NUMBER):
                if get(self.enabled, number) and self.types[number] & mask(16) == CYCLES:
                    self.values[number] += now - self.since
        self.since = now

    def read(self, offset):
        self.settle()
        number = (offset - COUNTERS) // 8
        return get(self.values[number], 8 * (offset & 4), 32) if number < NUMBER else 0

    def write(self, offset, value):
        self.settle()
        if COUNTERS <= offset < COUNTERS + 8 * NUMBER:
            number, low = (offset - COUNTERS) // 8, 8 * (offset & 4)
            self.values[number] &= ~(mask(32) << low)
            self.values[number] |= value << low
        elif TYPES <= offset < TYPES + 4 * NUMBER:
            self.types[(offset - TYPES) // 4] = value
        elif STREAMS <= offset < STREAMS + 4 * NUMBER:
            self.streams[(offset - STREAMS) // 4] = value
        elif offset == ENABLE_SET:
            self.enabled |= value & mask(NUMBER)
        elif offset == ENABLE_CLEAR:
            self.enabled &= ~value
        elif offset == CONTROL:
            self.control = value & 1

    # What is counted

    def takes(self, number, sid):
        """Whether the filter of a counter lets a StreamID through."""
        stream, low = self.streams[number], 0
        if get(self.types[number], SPAN):
            while low < 32 and get(stream, low):
                low += 1
            low = min(low + 1, 32)
        return stream >> low == sid >> low

    def count(self, events, sid):
        if not self.control:
            return
        for number in range(NUMBER):
            event = self.types[number] & mask(16)
            if get(self.enabled, number) and event != CYCLES and self.takes(number, sid):
                self.values[number] += events.count(event)

    def request(self, sid, steps, kind):
        """A request that has been resolved by these steps."""
        events, missed = self.of(steps)
        events += [TRANSACTION] + ([kind] if kind else [])
        events += [TLB_MISS] * ("tlb" in missed) + [CONFIG_MISS] * ("config" in missed)
        self.count(events, sid)

    def prefetch(self, sid, steps):
        """A prefetch command."""
        self.count(self.of(steps)[0], sid)

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
