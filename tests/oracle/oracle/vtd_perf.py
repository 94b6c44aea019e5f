# SPDX-License-Identifier: GPL-2.0-or-later
"""VT-d: performance monitoring (performance-counters.rst; requirements, section 13)."""

from .bits import get, mask

NUMBER, WIDTH = 8, 48
STATUS, CONTROL = 0x324, 0x328
COMMAND, RESPONSE = 0x400, 0x410
CONFIG, FREEZE, OVERFLOW, VALUES = 0x2000, 0x3000, 0x3040, 0x4000
END = 0x8000
STRIDE, VALUE_STRIDE = 0x100, 0x400
FILTERS = range(8, 0x1C, 4)
TYPE, LEVEL = 3, 4                      # the filters that there are
EVENTS = (0x3, 0xC9, 0xFF, 0x3, 0x7)    # by group
CLOCKS, REQUESTS = (0, 0), (0, 1)
READS, UPDATES, POSTED, OVERFLOWS = (1, 0), (1, 3), (1, 6), (1, 7)
# By kind of step: lookup, hit.
LOOKUPS = {"context": ((2, 0), (2, 1)), "pasid": ((2, 2), (2, 3)), "tlb": ((3, 0), (3, 1))}
TABLES = {2: ((2, 4), (2, 5)), 1: ((2, 6), (2, 7))}
FILTERED = {REQUESTS: TYPE, (2, 5): LEVEL, (2, 7): LEVEL, (3, 1): LEVEL}
ENABLE, DISABLE, RESET, CLEAR, STOP, GO = range(0xF0, 0xF6)
OK, UNSUPPORTED, REFUSED = 0, 1, 16


class Counter:
    def __init__(self):
        self.config, self.filters = 0, [0] * len(FILTERS)
        self.value, self.enabled = 0, False

    @property
    def group(self):
        return get(self.config, 8, 4)

    @property
    def events(self):
        return [(self.group, bit) for bit in range(28) if get(self.config, 32 + bit)]

    def legal(self):
        """Whether it may be enabled."""
        if self.group >= len(EVENTS) or not self.events:
            return False
        if get(self.config, 32, 28) & ~EVENTS[self.group]:
            return False
        filters = [n for n, value in enumerate(self.filters) if get(value, 31)]
        return not filters or (len(self.events) == 1
                               and filters == [FILTERED.get(self.events[0])])

    def takes(self, event, value):
        """Whether it counts an event with that value of what its filter looks at."""
        if not self.enabled or event not in self.events:
            return False
        which = FILTERED.get(event)
        limits = 0 if which is None else self.filters[which]
        return not get(limits, 31) or bool(get(limits, value))


class Perfmon:
    def __init__(self, vtd):
        self.vtd = vtd
        self.counters = [Counter() for _ in range(NUMBER)]
        self.frozen, self.overflow, self.response, self.since = 0, 0, 0, 0

    # Registers

    @staticmethod
    def mine(offset):
        return CONFIG <= offset < END or COMMAND <= offset <= RESPONSE + 4

    def settle(self):
        """Count the cycles up to now."""
        now = self.vtd.play.now
        if now > self.since:
            self.cycles(now - self.since)
        self.since = now

    def counter(self, offset, stride):
        number = offset // stride
        return self.counters[number] if number < NUMBER else None

    def read(self, offset):
        self.settle()
        low = 8 * (offset & 4)
        if offset & ~4 == RESPONSE:
            return get(self.response << 1, low, 32)
        if offset < FREEZE:
            counter = self.counter(offset - CONFIG, STRIDE)
            place = offset % STRIDE
            if counter and place < 8:
                return get(counter.config | counter.enabled, low, 32)
            return counter.filters[place // 4 - 2] if counter and place in FILTERS else 0
        if offset >= VALUES:
            counter = self.counter(offset - VALUES, VALUE_STRIDE)
            return get(counter.value, low, 32) if counter and offset % VALUE_STRIDE < 8 else 0
        return {FREEZE: self.frozen, OVERFLOW: self.overflow}.get(offset, 0)

    def write(self, offset, value):
        self.settle()
        low = 8 * (offset & 4)
        if offset == OVERFLOW:
            self.overflow &= ~value
        elif offset >= VALUES:
            counter = self.counter(offset - VALUES, VALUE_STRIDE)
            if counter and offset % VALUE_STRIDE < 8:
                new = counter.value & ~(mask(32) << low) | value << low
                counter.value = new & mask(WIDTH)
        elif CONFIG <= offset < FREEZE:
            counter = self.counter(offset - CONFIG, STRIDE)
            place = offset % STRIDE
            if not counter or counter.enabled:
                return
            if place < 8:
                new = counter.config & ~(mask(32) << low) | value << low
                counter.config = new & 0x0FFFFFFF00000F06
            elif place in FILTERS and place // 4 - 2 in (TYPE, LEVEL):
                counter.filters[place // 4 - 2] = value & 0x8000001F

    # Commands

    def command(self, value):
        self.settle()
        self.response = self.obey(get(value, 0, 8), get(value, 16, 48))

    def obey(self, code, number):
        if code not in range(ENABLE, GO + 1):
            return UNSUPPORTED
        if code in (ENABLE, DISABLE):
            if number >= NUMBER:
                return REFUSED
            counter = self.counters[number]
            if code == ENABLE and not counter.legal():
                return REFUSED
            counter.enabled = code == ENABLE
            if code == DISABLE:
                self.frozen &= ~(1 << number)
        elif code == RESET:
            for counter in self.counters:
                counter.__init__()
            self.frozen = 0
        elif code == CLEAR:
            for counter in self.counters:
                counter.value = 0
        else:
            self.frozen = mask(NUMBER) if code == STOP else 0
        return OK

    def interrupt(self):
        """What the message takes, if one is sent."""
        regs = self.vtd.regs
        if regs[STATUS]:
            return []
        regs[STATUS] = 1
        return regs.event(CONTROL)

    # What is counted

    def count(self, events):
        """Events, each with the value of what its filter looks at; what messages take. What
        freezes the counters does so behind them."""
        self.settle()
        more, frozen = [], self.frozen
        for number, counter in enumerate(self.counters):
            if get(frozen, number):
                continue
            counter.value += sum(counter.takes(*event) for event in events)
            if counter.value >> WIDTH:
                counter.value &= mask(WIDTH)
                self.overflow |= 1 << number
                more += self.interrupt() if get(counter.config, 1) else []
                if get(counter.config, 2):
                    self.frozen = mask(NUMBER)
        return more

    def cycles(self, number):
        for each, counter in enumerate(self.counters):
            if not get(self.frozen, each) and counter.takes(CLOCKS, None):
                counter.value = counter.value + number & mask(WIDTH)

    def request(self, plan, kind):
        """A request that has been resolved by this plan."""
        for _ in self.count([(REQUESTS, kind)] + self.of(plan.steps)):
            plan.add("write", 4)

    @staticmethod
    def of(steps):
        """The events of the steps of a plan."""
        events = []
        for what, arg, entry, _, about in steps:
            if what == "read":
                events.append((READS, None))
            elif what == "write":
                events.append((UPDATES, None))
            elif what == "table":
                events.append((TABLES[arg][0], None))
                if entry:
                    events.append((TABLES[arg][1], about + 1))
            elif what in ("config", "tlb"):
                lookup, hit = LOOKUPS[about if what == "config" else what]
                events.append((lookup, None))
                if entry:
                    events.append((hit, (entry.lg2 - 12) // 9 if what == "tlb" else None))
        return events
