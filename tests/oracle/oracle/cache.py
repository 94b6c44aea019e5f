# SPDX-License-Identifier: GPL-2.0-or-later
"""Set-associative caches (timing.rst, "Caches")."""

from collections import Counter

from .bits import M64, align

GLOBAL = 1 << 63


class Entry:
    __slots__ = ("addr", "lg2", "tag", "data", "stamp", "used", "place", "spoilt")

    def __init__(self, addr, lg2, tag, data, stamp):
        self.addr, self.lg2, self.tag = addr, lg2, tag
        self.data, self.stamp = data, stamp
        self.used = 0
        self.place = None
        self.spoilt = None              # what it was before spoil()

    def covers(self, addr):
        return addr >> self.lg2 == self.addr >> self.lg2

    def overlaps(self, first, last):
        return self.addr <= last and first <= self.addr + (1 << self.lg2) - 1


class Cache:
    def __init__(self, name, profile, group=0, subgroup=0):
        self.entries = int(profile[name + ".entries"])
        self.ways = int(profile[name + ".ways"])
        self.policy = profile[name + ".replacement"]
        self.number = int(profile[name + ".seed"]) or 0x2545F491
        self.sets = self.entries // self.ways if self.entries else 0
        self.group, self.subgroup = group, subgroup
        self.slots = {}
        self.sizes, self.global_sizes = Counter(), Counter()
        self.hands, self.trees = Counter(), {}
        self.clock = 0

    def index(self, addr, lg2, tag):
        number = addr >> lg2
        t = tag & self.group
        mix = (((t ^ t >> 32) * 0x9E3779B97F4A7C15) & M64) >> 32
        if self.sets & (self.sets - 1):
            return (number + mix) % self.sets
        return (number ^ number >> (self.sets.bit_length() - 1) ^ mix) % self.sets

    def ways_of(self, number):
        ways = self.slots.get(number)
        if ways is None:
            ways = self.slots[number] = [None] * self.ways
        return ways

    def find(self, addr, lg2, tag):
        addr = align(addr, lg2)
        for entry in self.slots.get(self.index(addr, lg2, tag), ()):
            if entry and entry.addr == addr and entry.lg2 == lg2 and entry.tag == tag:
                return entry
        return None

    def touch(self, entry):
        self.clock += 1
        entry.used = self.clock
        number, way = entry.place
        tree = self.trees.setdefault(number, [0] * (2 * self.ways))
        node = self.ways + way
        while node > 1:
            tree[node >> 1] = 1 - (node & 1)
            node >>= 1

    def lookup(self, addr, tag, lg2=None):
        """The entry that a lookup finds, which thereby is used."""
        if not self.entries:
            return None
        entry = None
        if lg2 is not None:
            entry = self.find(addr, lg2, tag)
        else:
            for size in sorted(self.sizes):
                entry = entry or self.find(addr, size, tag)
            tag = tag & ~(self.subgroup & ~self.group) | GLOBAL
            for size in sorted(self.global_sizes):
                entry = entry or self.find(addr, size, tag)
        if entry:
            self.touch(entry)
        return entry

    def victim(self, number):
        ways = self.slots[number]
        if self.policy == "lru":
            return min(range(self.ways), key=lambda way: ways[way].used)
        if self.policy == "plru":
            tree = self.trees.setdefault(number, [0] * (2 * self.ways))
            node = 1
            while node < self.ways:
                node = 2 * node + tree[node]
            return node - self.ways
        if self.policy == "rr":
            way = self.hands[number] % self.ways
            self.hands[number] += 1
            return way
        x = self.number
        x ^= x << 13 & 0xFFFFFFFF
        x ^= x >> 17
        x ^= x << 5 & 0xFFFFFFFF
        self.number = x
        return x % self.ways

    def put(self, addr, lg2, tag, data, stamp):
        if not self.entries:
            return
        addr = align(addr, lg2)
        entry = self.find(addr, lg2, tag)
        if entry:
            entry.data, entry.stamp = data, stamp
        else:
            number = self.index(addr, lg2, tag)
            ways = self.ways_of(number)
            way = ways.index(None) if None in ways else self.victim(number)
            if ways[way]:
                self.remove(ways[way])
            entry = ways[way] = Entry(addr, lg2, tag, data, stamp)
            entry.place = (number, way)
            self.sizes[lg2] += 1
            if tag & GLOBAL:
                self.global_sizes[lg2] += 1
        self.touch(entry)

    def remove(self, entry):
        number, way = entry.place
        self.slots[number][way] = None
        self.sizes[entry.lg2] -= 1
        self.sizes += Counter()
        if entry.tag & GLOBAL:
            self.global_sizes[entry.lg2] -= 1
            self.global_sizes += Counter()

    def spoil(self, doomed):
        """Make entries useless that keep their places all the same."""
        for ways in self.slots.values():
            for entry in ways:
                if entry and entry.data and doomed(entry):
                    entry.data, entry.spoilt = None, entry.data

    def drop(self, doomed):
        """Remove the entries for which doomed(entry); the number of them."""
        found = [entry for ways in self.slots.values() for entry in ways
                 if entry and doomed(entry)]
        for entry in found:
            self.remove(entry)
        return len(found)


class Tlb:
    """The main TLB with a first-level TLB before it."""

    def __init__(self, profile, *masks):
        self.first = Cache("utlb", profile, *masks)
        self.main = Cache("tlb", profile, *masks)

    def lookup(self, plan, addr, tag, good):
        """The entry that the lookups of a plan find, if it is good enough."""
        if self.first.entries:
            entry = self.first.lookup(addr, tag)
            entry = entry if entry and good(entry.data) else None
            plan.add("utlb", None, entry)
            if entry:
                return entry
        entry = self.main.lookup(addr, tag)
        entry = entry if entry and good(entry.data) else None
        plan.add("tlb", None, entry)
        if entry:
            self.first.put(entry.addr, entry.lg2, entry.tag, entry.data, plan.stamp)
        return entry

    def put(self, *entry):
        self.main.put(*entry)
        self.first.put(*entry)

    def drop(self, doomed):
        self.first.drop(doomed)
        return self.main.drop(doomed)
