# SPDX-License-Identifier: GPL-2.0-or-later
"""Random traces of an SMMUv3: mostly sane configurations, some hostile."""

import random

from . import smmu_pmcg as pmcg
from . import smmu_regs as reg
from . import trace as traces
from .bits import align, mask
from .gen_pages import Pool, Tables
from .simulate import Run

SIZES = (32, 36, 40, 42, 44, 48, 52)
TG = {12: 0, 16: 1, 14: 2}
TG1 = {14: 1, 12: 2, 16: 3}
SL0 = {12: {2: 0, 1: 1, 0: 2, 3: 3, -1: 0}, 14: {3: 0, 2: 1, 1: 2, 0: 3},
       16: {3: 0, 2: 1, 1: 2}}
BASE, SIZE = 0x40000000, 0x2000000


class Generator:
    """Requests and commands of one seed. They are played as they are made, so that software
    in the trace can know what it would have read from the registers."""

    def __init__(self, seed, profile, requests=200, timed=True):
        self.rng, self.timed = random.Random(seed), timed
        self.profile = profile
        self.requests = requests
        self.pool = Pool(BASE, SIZE)
        self.streams = []
        self.lines, self.cycle = [], 0
        self.hostile = self.rng.random() < 0.4
        self.ats = self.rng.random() < 0.5
        self.stall = self.rng.random() < 0.5
        self.cmds, self.off = 0, False

    def chance(self, probability):
        return self.rng.random() < probability

    def flag(self, probability, bit):
        return int(self.chance(probability)) << bit

    # Stage 2

    def geometry(self, stage):
        """granule, DS, input bits, start level"""
        rng = self.rng
        granule = rng.choice((12, 12, 14, 16))
        ds = granule != 16 and self.chance(0.2)
        most = 52 if ds or granule == 16 else 48
        stride = granule - 3
        if stage == 1:
            bits = rng.randint(17 if granule == 16 else 16, most)
            return granule, ds, bits, 4 - -(-(bits - granule) // stride)
        while True:
            level = rng.choice([n for n in SL0[granule] if ds or n != -1
                                and (n, granule) != (0, 14)])
            low = (3 - level) * stride + granule + 1
            low, high = max(low, 25, 64 - 48), min(low + stride + 3, most)
            if low <= high:
                return granule, ds, rng.randint(low, high), level

    def stage2(self):
        granule, ds, bits, level = self.geometry(2)
        most = 52 if ds or granule == 16 else 48
        ps = self.rng.choice([n for n, size in enumerate(SIZES) if size <= most])
        t = Tables(self.rng, self.pool, 2, granule, bits, level, SIZES[ps], ds)
        ste = (64 - bits) << 160 | SL0[granule][level] << 166 | TG[granule] << 174
        ste |= (level == -1) << 194 | ds << 195 | ps << 176 | 1 << 179
        ste |= align(t.root, 4) << 192
        ha = self.chance(0.5)
        ste |= ha << 184 | (ha and self.chance(0.6)) << 183
        ste |= (ha and self.chance(0.3)) << 187
        ste |= self.flag(0.2, 181) | self.flag(0.8, 186) | self.flag(0.5 * self.stall, 185)
        return t, ste

    def fill(self, t, count, target):
        levels = t.block_levels()
        for _ in range(count):
            level = self.rng.choice(levels + [3, 3, 3])
            addr = self.rng.getrandbits(t.bits)
            if t.leaves and self.chance(0.6):
                addr = t.leaves[-1][0] + (1 << t.shift(level))
                if addr >> t.bits:
                    continue
            t.map(addr, target(), level, contiguous=self.chance(0.15))

    def target(self, t):
        out = t.out + (self.chance(0.02) if t.out < 48 else 0)
        return self.rng.getrandbits(out)

    # Stage 1

    def half(self, second, out_code, delta, s2):
        """One half of a CD: bits of the CD and the tables."""
        granule, ds, bits, level = self.geometry(1)
        ds = self.ds if granule != 16 else False
        most = 52 if ds or granule == 16 else 48
        bits = min(bits, most)
        level = 4 - -(-(bits - granule) // (granule - 3))
        out = min(SIZES[out_code], most)
        t = Tables(self.rng, self.pool, 1, granule, bits, level, out, ds, delta)
        ttb = t.root + delta
        if second:
            cd = (64 - bits) << 16 | TG1[granule] << 22 | ttb >> 4 << 132
        else:
            cd = 64 - bits | TG[granule] << 6 | ttb >> 4 << 68
        if s2 and s2.leaves:
            self.fill(t, 8, lambda: s2.pick() & mask(out))
        else:
            self.fill(t, 8, lambda: self.target(t))
        return t, cd

    def cd(self, delta, s2, two):
        rng = self.rng
        self.ds = self.chance(0.2)
        code = rng.choice((1, 2, 3, 4, 5, 5, 6)) if not delta else 5
        low, cd = self.half(False, code, delta, s2)
        halves = [low, None]
        if two and self.chance(0.3):
            halves[1], more = self.half(True, code, delta, s2)
            cd |= more
        else:
            cd |= 1 << 30
        ha = self.chance(0.5)
        cd |= ha << 43 | (ha and self.chance(0.6)) << 42 | (ha and self.chance(0.3)) << 67
        cd |= self.flag(0.3, 47)
        cd |= self.flag(0.6 * self.stall, 44)
        cd |= 1 << 31 | code << 32 | self.ds << 186 | 1 << 41
        cd |= self.flag(0.1, 14) | self.flag(0.2, 35) | self.flag(0.15, 36)
        cd |= self.flag(0.3, 38) | self.flag(0.3, 39) | self.flag(0.2, 40)
        cd |= self.flag(0.8, 45) | self.flag(0.8, 46)
        cd |= rng.choice((1, 1, 2, 0x1234)) << 48
        cd |= self.flag(0.2, 65) | self.flag(0.2, 129)
        cd |= self.flag(0.05, 66) | self.flag(0.05, 130) | self.flag(0.3, 123)
        if self.chance(0.03) and self.hostile:
            cd ^= 1 << rng.randrange(256)
        return cd, halves

    def contexts(self, delta, s2, two):
        """CDs of a stream: STE bits, and the contexts by SubstreamID."""
        rng, pool = self.rng, self.pool
        cdmax = rng.choice((0, 0, 1, 3, 8))
        fmt = rng.choice((0, 1, 2)) if cdmax else 0
        ste = cdmax << 59 | fmt << 4 | rng.choice((0, 1, 2, 2, 2)) << 64
        ids = sorted({rng.randrange(1 << cdmax) for _ in range(2)} | {0})
        pages, contexts = [], {}
        if fmt:
            low = 6 if fmt == 1 else 10
            root = pool.alloc(max(8 << max(cdmax - low, 0), 64))
            pages.append(root)
            leaf = pool.alloc(64 << low)
            for ssid in ids:
                pool.put(root + 8 * (ssid >> low), leaf + delta | self.chance(0.97))

            def place(ssid):
                return leaf + 64 * (ssid & mask(low))
        else:
            root = pool.alloc(64 << cdmax)

            def place(ssid):
                return root + 64 * ssid
        ste |= root + delta
        for ssid in ids:
            cd, halves = self.cd(delta, s2, two)
            pool.put(place(ssid), cd, 8)
            pages.append(place(ssid))
            contexts[ssid] = halves
        return ste, contexts, pages

    # Streams

    def ste(self):
        rng = self.rng
        config = rng.choice((4, 5, 5, 5, 6, 6, 7, 7, 7, 7))
        ste = 1 | config << 1 | rng.choice((1, 1, 2)) << 128
        ste |= rng.choice((0, 0, 0, 2, 3)) << 112 | rng.choice((0, 0, 0, 2, 3)) << 114
        ste |= self.flag(0.3, 83)
        if self.ats:
            ste |= rng.choice((0, 1, 1, 1, 2) if config == 7 else (0, 1, 1, 1)) << 92
        stream = {"s1": {}, "s2": None}
        delta, s2 = 0, None
        if config & 2:
            s2, more = self.stage2()
            ste |= more
            stream["s2"] = s2
            self.fill(s2, 10, lambda: self.target(s2))
        if config & 1:
            two = True
            if config == 5:
                strw = rng.choice((0, 0, 0, 2))
                ste |= strw << 94
                two = not strw or self.e2h
            if s2:
                delta = rng.choice((0, 0x10000000, -0x20000000))
                if BASE + delta + SIZE >> s2.bits:
                    delta = -BASE
            more, stream["s1"], pages = self.contexts(delta, s2, two)
            ste |= more
            if s2:
                self.map_tables(stream, s2, pages, delta)
        if config & 2 and ste >> 185 & 1 and self.chance(0.98):
            ste &= ~(3 << 92)           # EATS and S2S exclude each other
        if self.hostile and self.chance(0.05):
            ste ^= 1 << rng.choice(list(range(4)) + list(range(160, 190)))
        return ste, stream

    def map_tables(self, stream, s2, pages, delta):
        """Stage 2 of the tables of stage 1."""
        for halves in stream["s1"].values():
            for t in halves:
                pages = pages + (t.used if t else [])
        for page in sorted({align(page, s2.granule) for page in pages}):
            if self.chance(0.995):
                s2.map(page + delta, page, 3, fair=self.chance(0.9))

    def stream_table(self):
        rng, pool = self.rng, self.pool
        count = rng.randint(1, 4)
        self.ids = rng.sample(range(64), count)
        two_level = self.chance(0.5)
        if two_level:
            split, bits = rng.choice((6, 8)), rng.choice((6, 9))
            self.ids = [sid + rng.choice((0, 64 if bits > 6 else 0)) for sid in self.ids]
            l1 = pool.alloc(max(64, 8 << max(bits - split, 0)))
            self.strtab, self.strtab_cfg = l1, bits | split << 6 | 1 << 16
            leaves = {}
            for sid in self.ids:
                if sid >> split not in leaves:
                    leaf = leaves[sid >> split] = pool.alloc(64 << split)
                    span = split + 1 if self.chance(0.97) else rng.randint(0, 12)
                    pool.put(l1 + 8 * (sid >> split), leaf | span)

            def place(sid):
                return leaves[sid >> split] + 64 * (sid & mask(split))
        else:
            table = pool.alloc(64 * 64)
            self.strtab, self.strtab_cfg = table, 6

            def place(sid):
                return table + 64 * sid
        self.place = place
        for sid in self.ids:
            ste, stream = self.ste()
            pool.put(place(sid), ste, 8)
            stream["id"] = sid
            self.streams.append(stream)

    # The trace

    def say(self, text):
        self.lines.append(f"{self.cycle} {text}")
        self.run.feed(traces.parse_item(text.split(), self.cycle))

    @staticmethod
    def somewhere(addr, nowhere):
        """An address, or one that is in no memory."""
        return addr + 0x10000000 if nowhere else addr

    def header(self):
        rng, pool = self.rng, self.pool
        self.e2h = self.chance(0.5)
        self.stream_table()
        self.cmdq_log2 = rng.choice((2, 4, 8))
        self.cmdq = pool.alloc(16 << self.cmdq_log2)
        event_log2 = rng.choice((0, 2, 5, 8))
        eventq = pool.alloc(32 << event_log2)
        priq_log2 = rng.choice((0, 2, 5))
        self.priq = pool.alloc(16 << priq_log2)
        cr2 = self.e2h | self.flag(0.7, 1) | self.flag(0.5, 3)
        irq = rng.choice((0, 4, 5, 6, 7))
        cr0 = 0xD if self.timed and self.chance(0.95) else 0x9
        if self.ats:
            cr0 |= self.flag(0.8, 4) | self.flag(0.9 * self.timed, 1)
        lines = ["stagewalk-trace 1", "iommu smmuv3 max",
                 f"memory 0x{BASE:x} 0x{SIZE:x}"]
        lines += pool.lines()
        nowhere = {queue: self.hostile and self.chance(0.1) for queue in ("event", "pri")}
        lines += [f"w 0x2c 4 {cr2}", f"w 0x90 8 0x{self.cmdq | self.cmdq_log2:x}",
                  f"w 0xa0 8 0x{self.somewhere(eventq, nowhere['event']) | event_log2:x}",
                  f"w 0xc0 8 0x{self.somewhere(self.priq, nowhere['pri']) | priq_log2:x}",
                  f"w 0xdc 4 0x{self.flag(0.5, 31):x}"]
        if self.chance(0.3):
            lines += [f"w 0xd0 8 0x{pool.alloc(64):x}", "w 0xd8 4 0x66"]
        if self.chance(0.3):
            lines += [f"w 0xb0 8 0x{pool.alloc(64):x}", "w 0xb8 4 0x55"]
        lines += [f"w 0x50 4 {irq}", f"w 0x80 8 0x{self.strtab:x}",
                  f"w 0x88 4 0x{self.strtab_cfg:x}",
                  f"w 0x20 4 {cr0}"]
        self.cr0 = cr0
        return lines + self.counter_setup() + self.enhanced_setup() + ["start"]

    def counter_setup(self):
        rng = self.rng
        lines = []
        for number in range(pmcg.NUMBER):
            event = rng.choice(pmcg.EVENTS)
            span = rng.choice((0, 1, 1, 1))
            stream = rng.choice((0xFFFFFFFF, 0x1F, 7, 0x27)) if span else rng.choice(self.ids)
            kind = event | span << pmcg.SPAN | self.flag(0.3, pmcg.CAPTURES)
            lines += [f"w 0x{pmcg.TYPES + 4 * number:x} 4 0x{kind:x}",
                      f"w 0x{pmcg.STREAMS + 4 * number:x} 4 0x{stream:x}",
                      f"w 0x{pmcg.COUNTERS + 8 * number:x} 8 0x{self.start_value():x}"]
        self.message = self.pool.alloc(64)
        lines += [f"w 0x{pmcg.IRQ_CFG0:x} 8 0x{self.chance(0.6) * self.message:x}",
                  f"w 0x{pmcg.IRQ_CFG1:x} 4 0x77", f"w 0x{pmcg.IRQ_CFG2:x} 4 0x3f",
                  f"w 0x{pmcg.INTERRUPT_SET:x} 8 0x{rng.choice((0, 0xFF, 0xFFFF, 0x5A)):x}",
                  f"w 0x{pmcg.IRQ_CTRL:x} 4 0x{self.flag(0.8, 0):x}",
                  f"w 0x{pmcg.ENABLE_SET:x} 8 0x{mask(pmcg.NUMBER):x}",
                  f"w 0x{pmcg.CONTROL:x} 4 1"]
        return lines

    def start_value(self):
        """Of a counter: that it overflows soon, mostly."""
        return self.rng.choice((self.rng.getrandbits(40), *4 * (
            (1 << pmcg.WIDTH) - self.rng.choice((1, self.rng.randint(1, 60),
                                                 self.rng.randint(1, 3000))),)))

    def counters(self):
        """Software looks at the counters, or tells them something."""
        rng = self.rng
        number = rng.randrange(pmcg.NUMBER)
        self.say(f"r 0x{rng.choice((pmcg.COUNTERS, pmcg.SHADOWS)) + 8 * number:x} 8")
        if self.chance(0.5):
            self.say(f"r 0x{rng.choice((*pmcg.SETS, *pmcg.CLEARS, pmcg.IRQ_CFG0)):x} 8")
            self.say(f"r 0x{rng.choice(pmcg.WORDS):x} 4")
        if self.chance(0.5):
            place = rng.choice((*pmcg.SETS, *pmcg.CLEARS, pmcg.OVERFLOW_CLEAR))
            self.say(f"w 0x{place:x} 8 0x{1 << rng.randrange(9):x}")
        if self.chance(0.3):
            self.say(f"w 0x{pmcg.COUNTERS + 8 * number:x} 8 0x{self.start_value():x}")
        if self.chance(0.2):
            self.say(f"w 0x{pmcg.CAPTURE:x} 4 {rng.randrange(4)}")
        if self.chance(0.2):
            kind = rng.choice(pmcg.EVENTS) | 1 << pmcg.SPAN | self.flag(0.5, pmcg.CAPTURES)
            self.say(f"w 0x{pmcg.TYPES + 4 * number:x} 4 0x{kind:x}")
        if self.chance(0.2):
            self.say(f"w 0x{pmcg.CONTROL:x} 4 {rng.choice((0, 1, 1, 3))}")
        if self.chance(0.2):
            self.say(f"w 0x{pmcg.IRQ_CTRL:x} 4 {rng.choice((0, 1, 1, 3))}")
            addr = rng.choice((0, self.message, self.message + 4, self.message << 12))
            self.say(f"w 0x{pmcg.IRQ_CFG0:x} 8 0x{addr:x}")
            self.say(f"w 0x{pmcg.IRQ_CFG1:x} 4 0x{rng.getrandbits(32):x}")

    def illegal(self):
        """A command that software should not have sent."""
        return self.rng.choice((
            0x00, 0x07, 0x14, 0xFF,             # no opcode, or one of what is not there
            0x46 | 3 << 12,                     # CS=3
            0x46 | 1 << 10, 0x03 | 1 << 10,     # SSec
            0x12 | 1 << 74, 0x2A | 3 << 74,     # a range of nothing
            0x41 | 3 << 76))                    # no such response

    def command(self):
        rng = self.rng
        if self.hostile and self.chance(0.12):
            return self.illegal()
        sid = rng.choice(self.ids)
        vmid, asid = rng.choice((1, 1, 2, 3)), rng.choice((1, 1, 2, 0x1234))
        addr = align(self.address(rng.choice(self.streams))[1], 12)
        opcode = rng.choice((1, 2, 2, 3, 4, 5, 6, 0x10, 0x11, 0x12, 0x12, 0x12, 0x13, 0x20, 0x21,
                             0x22, 0x23, 0x28, 0x2A, 0x2A, 0x30, 0x46, 0x46, 0x46, 0x46)
                            + ((0x40, 0x41) if self.ats else ())
                            + (8 * (0x44,) + (0x45,) if self.stall else ()))
        if opcode in (1, 2):
            raw = self.prefetch(opcode)
        elif opcode in (3, 5, 6):
            raw = sid << 32 | (rng.randrange(4) << 12 if opcode == 5 else 0)
        elif opcode == 4:
            raw = sid << 32 | rng.choice((0, 2, 31)) << 64
        elif opcode == 0x40:
            raw = sid << 32 | rng.choice((0, 3, 52)) << 64 | align(addr, 12) << 64
            raw |= self.flag(0.5, 11) | self.flag(0.3, 9) | rng.randrange(4) << 12
        elif opcode in (0x44, 0x45):
            raw = self.resume(opcode, sid)
        elif opcode == 0x41:
            raw = sid << 32 | rng.randrange(9) << 64 | rng.choice((0, 1, 2, 2)) << 76
            raw |= self.flag(0.5, 11) | rng.randrange(4) << 12
        elif opcode == 0x46:
            raw = rng.choice((0, 1, 2)) << 12
            if self.chance(0.3):
                raw |= 0x77 << 32 | (BASE + SIZE - 64) << 64
        else:
            raw = vmid << 32 | asid << 48 | self.flag(0.3, 64)
            if opcode in (0x12, 0x13, 0x22, 0x23, 0x2A):
                ranged = self.chance(0.3)
                raw |= (align(addr, 16) if ranged and self.chance(0.5) else addr) << 64
                if ranged:
                    raw |= rng.randint(1, 3) << 74 | rng.randint(1, 31) << 12
                    raw |= rng.choice((0, 1, 5, 12, 40, 63)) << 20
        return raw | opcode

    def prefetch(self, opcode):
        """CMD_PREFETCH_CONFIG or CMD_PREFETCH_ADDR, mostly of what there is."""
        stream = self.rng.choice(self.streams)
        ssid, addr = self.address(stream)
        raw = stream["id"] << 32
        if self.hostile and self.chance(0.1):
            raw, ssid = self.rng.getrandbits(12) << 32, self.rng.choice((None, 0, 1, 9))
        if ssid is not None and not (ssid == 0 and self.chance(0.7)):
            raw |= 1 << 11 | ssid << 12
        if opcode == 2:
            raw |= align(addr, 12) << 64 | self.rng.choice((0, 0, 1, 5)) << 64
        return raw

    def resume(self, opcode, sid):
        """CMD_RESUME, mostly of a request that is stalled; or CMD_STALL_TERM."""
        rng, stalls = self.rng, self.run.model.stalls.by_stag
        stag = rng.choice(sorted(stalls)) if stalls else rng.randrange(4)
        if stalls and self.chance(0.95):
            sid = stalls[stag].request.sid
        raw = sid << 32
        if opcode == 0x44:
            raw |= stag << 64 | self.flag(0.7, 12) | self.flag(0.7, 13)
        return raw

    def send_enhanced(self):
        """Commands by one of the enhanced queues."""
        place, table, size = self.rng.choice(self.enhanced)
        regs = self.run.model.regs
        made = regs[place + 8] & mask(20)
        room = (1 << size) - ((made - regs[place + 12]) & mask(size + 1))
        for _ in range(min(room, self.rng.choice((1, 1, 2, 3)))):
            where = table + 16 * (made & mask(size))
            raw = self.command()
            self.say(f"m 0x{where:x} 0x{raw & mask(64):x} 0x{raw >> 64:x}")
            made = (made + 1) & mask(size + 1)
        self.say(f"w 0x{place + 8:x} 4 0x{made | regs[place + 8] & 1 << 23 | 1 << 31:x}")

    def enhanced_setup(self):
        """One or two of the enhanced command queues."""
        lines, self.enhanced = [], []
        for place in self.rng.sample((0x30000, 0x31000, 0x3F000, 0x42000), 2):
            size = self.rng.choice((1, 3))
            table = self.pool.alloc(16 << size)
            self.enhanced.append((place, table, size))
            base = self.somewhere(table, self.hostile and self.chance(0.05))
            lines += [f"w 0x{place:x} 8 0x{base | size:x}", f"w 0x{place + 8:x} 4 0x80000000"]
        return lines

    def send(self):
        regs = self.run.model.regs
        if self.chance(0.2):
            self.send_enhanced()
            return
        used = (self.cmds - regs[reg.CMDQ_CONS]) & mask(self.cmdq_log2 + 1)
        room = (1 << self.cmdq_log2) - used
        for _ in range(min(room, self.rng.choice((1, 1, 2, 3)))):
            where = self.cmdq + 16 * (self.cmds & mask(self.cmdq_log2))
            raw = self.command()
            self.say(f"m 0x{where:x} 0x{raw & mask(64):x} 0x{raw >> 64:x}")
            self.cmds += 1
        self.say(f"w 0x98 4 0x{self.cmds & mask(self.cmdq_log2 + 1):x}")

    def recover(self):
        """Software looks at the errors, mends what caused them, mostly, and acknowledges them."""
        regs = self.run.model.regs
        errors = regs[reg.GERROR] ^ regs[reg.GERRORN]
        for place, table, size in self.enhanced:
            made, used = regs[place + 8], regs[place + 12]
            if (made ^ used) >> 23 & 1:
                self.mend(table + 16 * (used & mask(size)))
                self.say(f"r 0x{place + 12:x} 4")
                self.say(f"w 0x{place + 8:x} 4 0x{made ^ 1 << 23:x}")
        if errors & 1:
            self.say("r 0x9c 4")
            self.mend(self.cmdq + 16 * (regs[reg.CMDQ_CONS] & mask(self.cmdq_log2)))
        if errors:
            self.say("r 0x60 4")
            self.say(f"w 0x64 4 0x{regs[reg.GERROR]:x}")

    def mend(self, where):
        if self.chance(0.9):
            raw = self.rng.choice((0x46, 0x30))
            self.say(f"m 0x{where:x} 0x{raw:x} 0x0")

    def switch(self):
        """Software turns translation off, or a queue, and all on again."""
        if self.off:
            self.off = False
            if not self.run.model.regs.enabled(reg.CMDQEN) and self.chance(0.5):
                self.drop_commands()
            self.say(f"w 0x20 4 {self.cr0}")
        else:
            self.off = True
            self.say(f"w 0x20 4 {self.cr0 & ~(1 << self.rng.choice((0, 0, 1, 2, 3)))}")
            if self.chance(0.3):
                self.switch()

    def drop_commands(self):
        """Software empties its queue, which is off."""
        regs = self.run.model.regs
        self.cmds = regs[reg.CMDQ_CONS] & mask(self.cmdq_log2 + 1)
        if self.chance(0.5):
            self.cmds = 0
            self.say("w 0x9c 4 0")
        self.say(f"w 0x98 4 0x{self.cmds:x}")

    def consume(self):
        """Software has read its events."""
        self.say(f"w 0x100ac 4 0x{self.run.model.regs[reg.EVENTQ_PROD]:x}")
        if self.ats:
            self.say(f"w 0x100cc 4 0x{self.run.model.regs[reg.PRIQ_PROD]:x}")

    def address(self, stream):
        """SubstreamID and an input address of a stream."""
        rng = self.rng
        if stream["s1"]:
            ssid = rng.choice(list(stream["s1"]))
            halves = stream["s1"][ssid]
            second = halves[1] and self.chance(0.5)
            t = halves[1] if second else halves[0]
            addr = t.pick()
            if second:
                addr |= mask(64) & ~mask(t.bits)
            if self.chance(0.04):
                addr ^= rng.getrandbits(8) << 56
            elif self.chance(0.02):
                addr = rng.getrandbits(64)
            return ssid, align(addr, 6)
        if stream["s2"]:
            return None, align(stream["s2"].pick(), 6)
        return None, align(rng.getrandbits(rng.choice((30, 52, 53))), 6)

    def request(self):
        rng = self.rng
        if self.recent and self.chance(0.4):
            sid, ssid, addr = rng.choice(self.recent[-6:])
            if self.chance(0.3):
                addr ^= 1 << rng.choice((6, 12, 13, 16, 21))
        else:
            stream = rng.choice(self.streams)
            sid = stream["id"]
            ssid, addr = self.address(stream)
            if ssid == 0 and self.chance(0.8) or self.chance(0.01):
                ssid = None
            if self.chance(0.01):
                sid = rng.getrandbits(12)
            self.recent.append((sid, ssid, addr))
        if self.ats and self.chance(0.4):
            self.ats_request(sid, ssid, addr)
            return
        words = rng.choice(("", "", "write", "write", "exec", "atomic"))
        words += " speculative" if self.chance(0.06) else ""
        words += rng.choice(("", " priv")) + rng.choice(("", "", "", " nosnoop"))
        if ssid is not None:
            words += f" pasid {ssid}"
        self.say(f"t 0x{sid:x} 0x{addr:x} {rng.choice((1, 8, 64))} {words}")

    def ats_request(self, sid, ssid, addr):
        rng = self.rng
        words = rng.choice(("", "", " exec")) + rng.choice(("", "", " priv"))
        if ssid is not None:
            words += f" pasid {ssid}"
        kind = rng.choice(("ats", "ats", "translated", "page"))
        if kind == "ats":
            nw = rng.choice(("", " nw"))
            self.say(f"t 0x{sid:x} 0x{align(addr, 12):x} 8 ats{nw}{words}")
        elif kind == "translated":
            write = rng.choice(("", " write", " atomic"))
            stream = rng.choice(self.streams)
            if stream["s2"] and self.chance(0.6):
                sid, addr = stream["id"], align(stream["s2"].pick(), 6)
            elif self.chance(0.5):
                addr = rng.getrandbits(rng.choice((40, 52)))
            if self.chance(0.7):
                words = ""
            self.say(f"t 0x{sid:x} 0x{align(addr, 6):x} 64 translated{write}{words}")
        else:
            words += rng.choice(("", " read", " read", " read write"))
            words += rng.choice(("", "", " last"))
            self.say(f"p 0x{sid:x} 0x{align(addr, 12):x} {rng.randrange(512)}{words}")

    def edit(self):
        """Software changes a descriptor, an STE or a CD behind the caches."""
        rng = self.rng
        if self.chance(0.2):
            where = self.place(rng.choice(self.ids))
        else:
            stream = rng.choice(self.streams)
            tables = [t for halves in stream["s1"].values() for t in halves if t]
            tables += [stream["s2"]] if stream["s2"] else []
            tables = [t for t in tables if t.descriptors]
            if not tables:
                return
            where = rng.choice(rng.choice(tables).descriptors)
        word = self.pool.words.get(where, 0)
        if self.chance(0.7):
            word ^= 1 << rng.choice((0, 6, 7, 10, 11, 12, 28, 51, 53, 54))
        self.say(f"m 0x{where:x} 0x{word:x}")

    def trace(self):
        """Make the trace, in self.lines: the lines of its log."""
        self.lines = self.header()
        self.run = Run(traces.parse(self.lines), self.profile, self.timed)
        self.recent = []
        slow = self.rng.choice((0.1, 0.5, 0.9))
        for _ in range(self.requests):
            if self.chance(slow):
                self.cycle += self.rng.choice((1, 1, 2, 5, 20, 100))
            if self.chance(0.01):
                self.cycle += 5000
            self.request()
            if self.timed and self.chance(0.15):
                self.send()
            if self.timed and self.chance(0.05 if self.off else 0.005):
                self.switch()
            if self.timed and self.chance(0.05):
                self.recover()
            if self.timed and self.chance(0.05 if self.stall else 0.01):
                self.consume()
            if self.hostile and self.chance(0.05):
                self.edit()
            if self.chance(0.1):
                self.counters()
            if self.chance(0.02):
                self.say(f"r 0x{self.rng.choice((0x9C, 0x100A8, 0x60, 0x100C8)):x} 4")
        self.read_counters()
        return self.run.finish()

    def read_counters(self):
        for number in range(pmcg.NUMBER):
            self.say(f"r 0x{pmcg.COUNTERS + 8 * number:x} 8")
            self.say(f"r 0x{pmcg.SHADOWS + 8 * number:x} 8")
        self.say(f"r 0x{pmcg.OVERFLOW_SET:x} 8")
