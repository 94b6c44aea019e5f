# SPDX-License-Identifier: GPL-2.0-or-later
"""Random page tables of VMSAv8-64."""

from .bits import align, get, mask

CONTIGUOUS = {(12, 3): 4, (12, 2): 4, (14, 3): 7, (14, 2): 5, (16, 3): 5, (16, 2): 5}


class Pool:
    """Memory that is being filled."""

    def __init__(self, base, size):
        self.base, self.size, self.next = base, size, base
        self.words = {}

    def alloc(self, size, alignment=None):
        alignment = max(alignment or size, 64)
        self.next = -(-self.next // alignment) * alignment
        addr, self.next = self.next, self.next + size
        assert self.next <= self.base + self.size
        return addr

    def put(self, addr, value, words=1):
        for number in range(words):
            self.words[addr + 8 * number] = value >> 64 * number & mask(64)

    def lines(self):
        addrs, run = sorted(a for a, w in self.words.items() if w), []
        for addr in addrs:
            if run and (addr != run[-1] + 8 or len(run) == 8):
                yield self.line(run)
                run = []
            run.append(addr)
        if run:
            yield self.line(run)

    def line(self, run):
        return f"m 0x{run[0]:x} " + " ".join(f"0x{self.words[a]:x}" for a in run)


class Tables:
    """One stage's tables, in pool; pointers in them are offset by delta."""

    def __init__(self, rng, pool, stage, granule, bits, level, out, ds, delta=0):
        self.rng, self.pool, self.stage = rng, pool, stage
        self.granule, self.bits, self.level = granule, bits, level
        self.out, self.ds, self.delta = out, ds, delta
        self.used = []           # the tables' pages
        self.leaves = []         # (input, log2 of size)
        self.descriptors = []    # addresses of descriptors in use
        entries = bits - self.shift(level)
        self.root = self.table(8 << entries)

    def shift(self, level):
        return self.granule + (3 - level) * (self.granule - 3)

    def table(self, size):
        addr = self.pool.alloc(max(size, 64))
        self.used += range(align(addr, 12), addr + size, 4096)
        return addr

    def encode(self, addr):
        if self.granule == 16:
            return addr & mask(48) | get(addr, 48, 4) << 12
        if self.ds:
            return addr & mask(50) | get(addr, 50, 2) << 8
        return addr & mask(48)

    def block_levels(self):
        lowest = {12: 0 if self.ds else 1, 14: 1 if self.ds else 2, 16: 1}
        return [n for n in range(max(self.level, lowest[self.granule]), 4)]

    def slot(self, addr, level):
        """Where the descriptor of addr at that level is, if its tables can be made."""
        table = self.root
        for n in range(self.level, level + 1):
            top = self.bits if n == self.level else self.shift(n - 1)
            where = table + 8 * get(addr, self.shift(n), top - self.shift(n))
            if n == level:
                return where
            desc = self.pool.words.get(where, 0)
            if desc & 3 == 3:
                if self.ds and self.granule != 16:
                    pointer = desc & mask(50) & ~0xFFF | get(desc, 8, 2) << 50
                else:
                    pointer = desc & mask(48) & ~mask(self.granule)
                    if self.granule == 16:
                        pointer |= get(desc, 12, 4) << 48
                table = pointer - self.delta
            elif desc:
                return None
            else:
                table = self.table(1 << self.granule)
                desc = self.encode(table + self.delta) | 3
                if self.rng.random() < 0.7:
                    desc |= 1 << 10
                if self.stage == 1 and self.rng.random() < 0.1:
                    desc |= 1 << self.rng.choice((59, 60, 61, 62))
                self.pool.put(where, desc)
                self.descriptors.append(where)
        return None

    def attributes(self, fair):
        rng, desc = self.rng, 1 << 10 if fair or self.rng.random() < 0.75 else 0
        if rng.random() < 0.5:
            desc |= 1 << 51
        if self.stage == 1:
            desc |= rng.choice((0, 1)) << 6 if not fair else 1 << 6
            desc |= (rng.random() < 0.3) << 7 | (rng.random() < 0.6) << 11
            desc |= (rng.random() < 0.3) << 53 | (rng.random() < 0.3) << 54
        else:
            desc |= 0xF << 2
            desc |= 1 << 6 if fair else rng.choice((0, 1, 1, 1, 1)) << 6
            desc |= rng.choice((0, 1, 1)) << 7
            desc |= rng.choice((0, 0, 0, 1, 2, 3)) << 53
        return desc

    def map(self, addr, target, level, fair=False, contiguous=False):
        """A leaf at that level, or a whole contiguous group of them."""
        count = 1
        if contiguous and (self.granule, level) in CONTIGUOUS:
            lg2 = CONTIGUOUS[self.granule, level]
            if self.shift(level) + lg2 < self.bits:
                count = 1 << lg2
        size = self.shift(level)
        step = count.bit_length() - 1
        addr, target = align(addr, size + step), align(target, size + step)
        desc = self.attributes(fair) | (3 if level == 3 else 1)
        desc |= 1 << 52 if count > 1 else 0
        for number in range(count):
            where = self.slot(addr + (number << size), level)
            if where is None or self.pool.words.get(where):
                return
            self.pool.put(where, desc | self.encode(target + (number << size)))
        self.descriptors.append(where)
        self.leaves.append((addr, size + step))

    def pick(self):
        """An address that is mapped, usually."""
        if not self.leaves or self.rng.random() < 0.03:
            return self.rng.getrandbits(self.bits)
        addr, lg2 = self.rng.choice(self.leaves)
        span = min(lg2, 16)
        return addr + align(self.rng.getrandbits(span), 6)
