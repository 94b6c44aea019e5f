# SPDX-License-Identifier: GPL-2.0-or-later
"""Random traces of a VT-d unit, in legacy and scalable mode."""

import random

from . import trace as traces
from . import vtd_perf as perf
from . import vtd_regs as reg
from .bits import align, get, mask
from .gen_pages import Pool
from .simulate import Run

BASE, SIZE = 0x40000000, 0x2000000
LEGACY, SCALABLE = 0, 1
DIDS = (1, 1, 2, 0x1234)
TE, QIE = 1 << 31, 1 << 26


class Tables:
    """Tables of one stage; pointers in them are offset by delta."""

    def __init__(self, rng, pool, stage, levels, delta=0, irw=False):
        self.rng, self.pool, self.stage = rng, pool, stage
        self.levels, self.delta, self.irw = levels, delta, irw
        self.used, self.leaves, self.descriptors = [], [], []
        self.root = self.table()

    def table(self):
        addr = self.pool.alloc(4096)
        self.used.append(addr)
        return addr

    def rights(self, read, write):
        if self.stage == 2 and self.irw:
            return read << 61 | write << 62
        if self.stage == 2:
            return read | write << 1
        return 1

    def attributes(self, fair):
        rng = self.rng
        if self.stage == 2:
            read, write = (1, 1) if fair else (rng.random() < 0.9, rng.random() < 0.8)
            desc = self.rights(int(read), int(write))
            return desc | (rng.random() < 0.6) << 8 | (rng.random() < 0.4) << 9
        desc = 1 | (rng.random() < 0.8) << 1 | (rng.random() < 0.8) << 2
        return desc | (rng.random() < 0.6) << 5 | (rng.random() < 0.4) << 6

    def map(self, addr, target, height, fair=False):
        table = self.root
        for h in range(self.levels - 1, height, -1):
            where = table + 8 * get(addr, 12 + 9 * h, 9)
            desc = self.pool.words.get(where, 0)
            if desc and get(desc, 7):
                return
            if not desc:
                desc = self.table() + self.delta | self.rights(1, 1)
                if self.stage == 1:
                    desc |= (self.rng.random() < 0.93) << 1
                    desc |= (self.rng.random() < 0.95) << 2
                    desc |= (self.rng.random() < 0.6) << 5
                self.pool.put(where, desc)
                self.descriptors.append(where)
            table = (desc & mask(52) & ~mask(12)) - self.delta
        where = table + 8 * get(addr, 12 + 9 * height, 9)
        if self.pool.words.get(where):
            return
        lg2 = 12 + 9 * height
        desc = self.attributes(fair) | align(target, lg2) | (height > 0) << 7
        self.pool.put(where, desc)
        self.descriptors.append(where)
        self.leaves.append((align(addr, lg2), lg2))

    def fill(self, count, bits, target):
        for _ in range(count):
            height = self.rng.choice((0, 0, 0, 0, 1, 2))
            addr = self.rng.getrandbits(bits)
            if self.leaves and self.rng.random() < 0.6:
                addr = self.leaves[-1][0] + (1 << 12 + 9 * height) & mask(bits)
            self.map(addr, target(), height)

    def pick(self):
        if not self.leaves or self.rng.random() < 0.03:
            return self.rng.getrandbits(9 * self.levels + 12)
        addr, lg2 = self.rng.choice(self.leaves)
        return addr + align(self.rng.getrandbits(min(lg2, 16)), 6)


class Generator:
    """Requests and descriptors of one seed, played as they are made."""

    def __init__(self, seed, profile, requests=200, timed=True):
        self.rng, self.timed = random.Random(seed), timed
        self.profile, self.requests = profile, requests
        self.pool = Pool(BASE, SIZE)
        self.mode = self.rng.choice((LEGACY, SCALABLE, SCALABLE, SCALABLE))
        self.irw = self.mode == SCALABLE and self.chance(0.2)
        self.hostile = self.chance(0.4)
        self.ats = self.chance(0.5)
        self.devices = []        # (source-id, {PASID or None: tables})
        self.entries = []        # addresses of structures
        self.lines, self.cycle, self.waits = [], 0, 0
        self.on = TE | QIE

    def chance(self, probability):
        return self.rng.random() < probability

    def flag(self, probability, bit):
        return int(self.chance(probability)) << bit

    # Structures

    def put(self, addr, value, words):
        if self.hostile and self.chance(0.03):
            value ^= 1 << self.rng.randrange(64 * words)
        self.pool.put(addr, value, words)
        self.entries.append(addr)

    def second(self):
        aw = self.rng.choice((1, 2, 2, 3))
        t = Tables(self.rng, self.pool, 2, aw + 2, irw=self.irw)
        t.fill(10, 30 + 9 * aw, lambda: self.output(52))
        return aw, t

    def output(self, bits):
        if self.chance(0.03):
            return 0xFEE << 20 | self.rng.getrandbits(20)
        return self.rng.getrandbits(bits)

    def legacy_entry(self):
        tt = 0 if self.chance(0.85) else 2
        if self.ats and not tt:
            tt = int(self.chance(0.9))
        aw, t = self.second()
        entry = 1 | tt << 2 | t.root | aw << 64 | self.rng.choice(DIDS) << 72
        entry |= self.flag(0.1, 1)
        return entry, {None: None if tt == 2 else t}

    def pasid_entry(self):
        rng = self.rng
        pgtt = rng.choice((1, 1, 2, 2, 3, 3, 3, 4))
        entry = 1 | pgtt << 6 | rng.choice(DIDS) << 64 | self.flag(0.1, 1)
        entry |= self.flag(0.85, 87) | self.flag(0.7, 128)
        t, delta, s2 = None, 0, None
        if pgtt in (2, 3):
            aw, t = self.second()
            s2 = t
            entry |= aw << 2 | t.root | self.flag(0.5, 9)
        if pgtt in (1, 3):
            if s2:
                delta = rng.choice((0, 0x10000000, -0x20000000))
            fspm = int(self.chance(0.3))
            t = Tables(rng, self.pool, 1, 4 + fspm, delta)
            bits = 47 + 9 * fspm
            t.fill(10, bits, s2.pick if s2 else lambda: self.output(52))
            t.sign = bits + 1
            entry |= fspm << 130 | t.root + delta << 128
            entry |= self.flag(0.4, 132) | self.flag(0.3, 135)
            if s2:
                for page in t.used:
                    if self.chance(0.99):
                        s2.map(page + delta, page, 0, fair=self.chance(0.9))
        return entry, t

    def scalable_entry(self):
        rng, pool = self.rng, self.pool
        pdts = rng.choice((0, 1))
        rid = rng.choice((0, 0, 5))
        directory = pool.alloc(8 << (pdts + 7), 4096)
        ids = sorted({rid} | {rng.randrange(64 << (pdts + 7)) for _ in range(2)})
        tables, found = {}, {}
        for pasid in ids:
            if pasid >> 6 not in tables:
                tables[pasid >> 6] = pool.alloc(4096)
                self.put(directory + 8 * (pasid >> 6),
                         tables[pasid >> 6] | 1 | self.flag(0.05, 1), 1)
            entry, t = self.pasid_entry()
            self.put(tables[pasid >> 6] + 64 * (pasid & 63), entry, 8)
            found[None if pasid == rid else pasid] = t
        context = 1 | directory | pdts << 9 | rid << 64 | self.flag(0.1, 1)
        context |= self.flag(0.95, 3) | self.flag(0.3, 84)
        dte = int(self.chance(0.95 if self.ats else 0.3))
        context |= dte << 2 | (dte and self.ats and self.chance(0.9)) << 4
        context |= (self.ats and get(context, 3) and self.chance(0.3)) << 6
        return context, found

    def root_table(self):
        rng, pool = self.rng, self.pool
        self.root = pool.alloc(4096)
        tables = {}
        for _ in range(rng.randint(1, 4)):
            sid = rng.choice((0x08, 0x10, 0x100, 0x1F9, 0xFF)) | rng.randrange(4)
            if sid in [known for known, _ in self.devices]:
                continue
            key = sid >> 7 if self.mode else sid >> 8
            if key not in tables:
                tables[key] = pool.alloc(4096)
                where = self.root + 16 * (sid >> 8) + 8 * (self.mode and get(sid, 7))
                self.put(where, tables[key] | 1, 1)
            if self.mode:
                entry, found = self.scalable_entry()
                self.put(tables[key] + 32 * (sid & 127), entry, 4)
            else:
                entry, found = self.legacy_entry()
                self.put(tables[key] + 16 * (sid & 255), entry, 2)
            self.devices.append((sid, found))

    # The trace

    def say(self, text):
        self.lines.append(f"{self.cycle} {text}")
        self.run.feed(traces.parse_item(text.split(), self.cycle))

    @staticmethod
    def somewhere(addr, nowhere):
        """An address, or one that is in no memory."""
        return addr + 0x10000000 if nowhere else addr

    def header(self):
        self.root_table()
        pool = self.pool
        self.room = self.rng.choice((4096, 4096, 8192))
        self.queue = pool.alloc(self.room)
        self.status, self.pages = pool.alloc(4096), pool.alloc(4096)
        self.tail = 0
        self.wide = self.mode == SCALABLE or self.chance(0.2)
        self.iqa = self.queue | self.wide << 11 | self.room >> 13
        self.spoilt = False
        masked = self.chance(0.5)
        lines = ["stagewalk-trace 1", "iommu vtd max", f"memory 0x{BASE:x} 0x{SIZE:x}"]
        lines += pool.lines()
        lines += [f"w 0x20 8 0x{self.root | self.mode << 10 | self.irw << 7:x}",
                  "w 0x18 4 0x40000000",
                  f"w 0x90 8 0x{self.iqa:x}", "w 0x88 8 0",
                  "w 0x18 4 0x4000000",
                  f"w 0x40 4 0x{self.status + 0x800:x}", "w 0x3c 4 0x41",
                  f"w 0xa8 4 0x{self.status + 0x900:x}", "w 0xa4 4 0x42",
                  f"w 0xd0 8 0x{self.somewhere(self.pages, self.hostile and self.chance(0.05)):x}",
                  "w 0xc8 8 0", "w 0xc0 8 0",
                  "w 0xe4 4 0x43", f"w 0xe8 4 0x{self.status + 0xA00:x}",
                  f"w 0xe0 4 0x{masked << 31:x}",
                  f"w 0x38 4 0x{masked << 31:x}", f"w 0xa0 4 0x{masked << 31:x}",
                  "w 0x18 4 0x84000000"]
        return lines + self.counter_setup() + ["start"]

    def counter_setup(self):
        """Every counter counts something, some only part of it."""
        rng = self.rng
        lines = [f"w 0x{perf.CONTROL + 4:x} 4 0x44",
                 f"w 0x{perf.CONTROL + 8:x} 4 0x{self.status + 0xB00:x}",
                 f"w 0x{perf.CONTROL:x} 4 0x{self.flag(0.3, 31):x}"]
        for number in range(perf.NUMBER):
            group = rng.randrange(len(perf.EVENTS) - 1)
            event = rng.choice([n for n in range(28) if get(perf.EVENTS[group], n)])
            events = 1 << event | self.flag(0.1, rng.randrange(8))
            over = group and self.chance(0.3)
            flags = over and self.flag(0.7, 1) | self.flag(0.1, 2)
            place = perf.CONFIG + perf.STRIDE * number
            lines.append(f"w 0x{place:x} 8 0x{events << 32 | group << 8 | flags:x}")
            if over:
                value = (1 << perf.WIDTH) - rng.randint(1, 200)
                lines.append(f"w 0x{perf.VALUES + perf.VALUE_STRIDE * number:x} 8 0x{value:x}")
            which = perf.FILTERED.get((group, event))
            if which is not None and self.chance(0.5) or self.chance(0.03):
                which = rng.randrange(5) if which is None else which
                lines.append(f"w 0x{place + perf.FILTERS[which]:x} 4 "
                             f"0x{1 << 31 | rng.randrange(32):x}")
            lines.append(f"w 0x{perf.COMMAND:x} 8 0x{number << 16 | perf.ENABLE:x}")
        return lines

    def counters(self):
        """Software looks at a counter, or tells all of them something."""
        rng = self.rng
        number = rng.randrange(perf.NUMBER)
        self.say(f"r 0x{perf.VALUES + perf.VALUE_STRIDE * number:x} 8")
        if self.chance(0.3):
            code = rng.choice((perf.ENABLE, perf.ENABLE, perf.ENABLE, perf.DISABLE, perf.CLEAR,
                               perf.STOP, perf.GO, perf.GO, perf.GO))
            self.say(f"w 0x{perf.COMMAND:x} 8 0x{rng.randrange(9) << 16 | code:x}")
            self.say(f"r 0x{perf.RESPONSE:x} 8")
            self.say(f"r 0x{perf.FREEZE:x} 8")
        if self.chance(0.2):
            self.say(f"r 0x{perf.STATUS:x} 4")
            self.say(f"r 0x{perf.OVERFLOW:x} 8")
            self.say(f"w 0x{perf.OVERFLOW:x} 8 0x{1 << number:x}")
            self.say(f"w 0x{perf.STATUS:x} 4 0x1")

    def read_counters(self):
        for number in range(perf.NUMBER):
            self.say(f"r 0x{perf.CONFIG + perf.STRIDE * number:x} 8")
            self.say(f"r 0x{perf.VALUES + perf.VALUE_STRIDE * number:x} 8")

    def descriptor(self):
        rng = self.rng
        sid, found = rng.choice(self.devices)
        did = rng.choice(DIDS)
        pasid = rng.choice(list(found)) or 0
        addr, am = self.address(rng.choice(list(found.values()))), rng.choice((0, 0, 1, 9, 18))
        kind = rng.choice((1, 2, 2, 2, 5, 5, 5) + ((6, 6, 6, 7) if self.mode else ())
                          + ((3, 8, 9) if self.ats and self.mode else ())
                          + ((3,) if self.ats else ()))
        raw = kind | did << 16
        if kind == 1:
            raw |= rng.choice((1, 2, 3, 3)) << 4 | sid << 32 | rng.choice((0, 0, 3)) << 48
        elif kind in (2, 6):
            raw |= rng.choice((1, 2, 3, 3, 3) if kind == 2 else (2, 3, 3)) << 4
            raw |= (align(addr, 12) | am | self.flag(0.3, 6)) << 64
            raw |= pasid << 32 if kind == 6 else 0
        elif kind == 3:
            raw = 3 | sid << 32 | (align(addr, 12) | self.flag(0.5, 0)) << 64
        elif kind == 8:
            raw = 8 | sid << 16 | pasid << 32
            raw |= (align(addr, 12) | self.flag(0.3, 0) | self.flag(0.5, 11)) << 64
        elif kind == 9:
            raw = 9 | self.flag(0.7, 4) | rng.choice((0, 1, 15)) << 12 | sid << 16
            raw |= pasid << 32 | rng.randrange(512) << 67
        elif kind == 7:
            raw |= rng.choice((0, 1, 3)) << 4 | pasid << 32
        else:
            self.waits += 1
            raw = 5 | self.flag(0.3, 4) | self.flag(0.8, 5) | self.flag(0.3, 6)
            where = self.somewhere(self.status, self.hostile and self.chance(0.05))
            raw |= self.waits << 32 | where + 4 * (self.waits % 32) << 64
        return raw

    def invalid(self):
        """A descriptor that software should not have sent."""
        rng = self.rng
        raw = rng.choice((0, 0xA, 0xF, 5 | 1 << 9, 1, 2, 7 | 2 << 4, 6, 6 | 1 << 4,
                          2 | 3 << 4 | 50 << 64, 6 | 3 << 4 | 63 << 64, 3, 4, 8, 9))
        if self.chance(0.5):
            raw = rng.choice((1 | 1 << 4, 2 | 1 << 4, 3, 4, 5, 6 | 2 << 4, 7 | 3 << 4, 8, 9))
            raw |= 1 << rng.randrange(256 if self.wide else 128)
        return raw

    def send(self):
        if not self.on & QIE:
            return
        size = 32 if self.wide else 16
        used = (self.tail - self.run.model.regs[reg.IQH]) % self.room
        for _ in range(min(self.rng.choice((1, 1, 2, 3)), (self.room - used) // size - 1)):
            wrong = self.hostile and self.chance(0.15)
            raw = self.invalid() if wrong else self.descriptor()
            words = " ".join(f"0x{raw >> 64 * n & mask(64):x}" for n in range(size // 8))
            self.say(f"m 0x{self.queue + self.tail:x} {words}")
            self.tail = (self.tail + size) % self.room
        if self.hostile and self.chance(0.06):
            self.say(f"w 0x88 8 0x{self.rng.choice((self.tail | 16, self.tail + self.room)):x}")
        else:
            self.say(f"w 0x88 8 0x{self.tail:x}")

    def recover(self):
        """Software looks why the queue has stopped, mends that, mostly, and lets it go on."""
        regs = self.run.model.regs
        if not regs[reg.FSTS] & reg.IQE:
            return
        self.say(f"r 0x{reg.IQERCD:x} 8")
        self.say(f"r 0x{reg.IQH:x} 8")
        if self.spoilt:
            self.spoilt = False
            self.restart(self.iqa)
        elif regs[reg.IQT] != self.tail:
            self.say(f"w 0x88 8 0x{self.tail:x}")
        elif self.chance(0.9):
            self.say(f"m 0x{self.queue + regs[reg.IQH]:x} 0x5" + " 0x0" * (3 if self.wide else 1))
        self.say(f"w 0x{reg.FSTS:x} 4 0x{reg.IQE:x}")

    def switch(self):
        """Software turns translation or the queue off, or all on again."""
        if self.on == TE | QIE:
            self.on = self.rng.choice((TE, QIE))
        else:
            if not self.on & QIE:
                self.tail = 0
                self.say("w 0x88 8 0x0")
            self.on = TE | QIE
        self.say(f"w 0x18 4 0x{self.on:x}")
        if self.on != TE | QIE and self.chance(0.3):
            self.switch()

    def restart(self, iqa):
        """The queue goes off, and on with that address and width."""
        self.tail = 0
        self.say(f"w 0x18 4 0x{self.on & ~QIE:x}")
        self.say(f"w 0x{reg.IQA:x} 8 0x{iqa:x}")
        self.say("w 0x88 8 0x0")
        self.say(f"w 0x18 4 0x{self.on:x}")

    def spoil(self):
        """Another width, or a place where there is no memory."""
        self.spoilt = True
        self.restart(self.rng.choice((self.iqa ^ 1 << 11, self.somewhere(self.iqa, True))))

    def remap(self):
        """Software tells of other root tables: mostly of none that can be used."""
        mode = self.rng.choice((2, 3, self.mode, self.mode, self.mode))
        self.say(f"w 0x{reg.RTADDR:x} 8 0x{self.root | mode << 10 | self.irw << 7:x}")
        self.say(f"w 0x18 4 0x{self.on | 1 << 30:x}")

    def clear_faults(self):
        """Software reads its fault records and clears them."""
        status = self.run.model.regs[reg.FSTS]
        for number in range(reg.RECORDS):
            place = reg.FRCD + 16 * number
            if self.run.model.regs[place + 12] >> 31:
                self.say(f"r 0x{place:x} 8")
                self.say(f"r 0x{place + 8:x} 8")
                self.say(f"w 0x{place + 12:x} 4 0x80000000")
        self.say(f"r 0x{reg.FSTS:x} 4")
        self.say(f"w 0x{reg.FSTS:x} 4 0x{status & 1:x}")

    def address(self, t):
        if not t:
            addr = self.rng.getrandbits(self.rng.choice((32, 48, 53)))
        else:
            addr = t.pick()
            if t.stage == 1 and self.chance(0.03):
                addr |= mask(64) & ~mask(t.sign - 1)
        if self.chance(0.01):
            addr ^= 1 << self.rng.randrange(64)
        if self.chance(0.01):
            addr = 0xFEE << 20 | self.rng.getrandbits(20)
        return align(addr, 6)

    def request(self):
        rng = self.rng
        if self.recent and self.chance(0.4):
            sid, pasid, addr = rng.choice(self.recent[-6:])
            if self.chance(0.3):
                addr ^= 1 << rng.choice((6, 12, 13, 21))
        else:
            sid, found = rng.choice(self.devices)
            pasid = rng.choice(list(found))
            addr = self.address(found[pasid])
            if self.chance(0.01):
                pasid = rng.randrange(1 << 20)
            if self.chance(0.01):
                sid = rng.getrandbits(16)
            self.recent.append((sid, pasid, addr))
        if self.ats and self.chance(0.4):
            self.ats_request(sid, pasid, addr)
            return
        words = rng.choice(("", "", "write", "write", "atomic"))
        if pasid is not None:
            words += f" pasid {pasid}" + rng.choice(("", "", " priv"))
        self.say(f"t 0x{sid:x} 0x{addr:x} {rng.choice((4, 8, 64))} {words}")

    def ats_request(self, sid, pasid, addr):
        rng = self.rng
        words = "" if pasid is None else f" pasid {pasid}" + rng.choice(("", "", " priv"))
        if pasid is not None and self.chance(0.03):
            words += " exec"
        kind = rng.choice(("ats", "ats", "translated", "page"))
        if kind == "page" and not self.timed:
            kind = "ats"
        if kind != "page" and self.chance(0.02):
            addr = 0xFEE00000 | get(addr, 0, 20)
        if kind == "ats":
            nw = rng.choice(("", " nw"))
            self.say(f"t 0x{sid:x} 0x{align(addr, 12):x} 8 ats{nw}{words}")
        elif kind == "translated":
            write = rng.choice(("", " write", " atomic"))
            if self.chance(0.7) or write and "exec" in words:
                words = ""
            if self.chance(0.7):
                addr = align(self.output(rng.choice((32, 52))), 6)
            self.say(f"t 0x{sid:x} 0x{addr:x} 8 translated{write}{words}")
        else:
            words += rng.choice(("", " read", " read", " read write"))
            words += rng.choice(("", "", " last"))
            self.say(f"p 0x{sid:x} 0x{align(addr, 12):x} {rng.randrange(512)}{words}")

    def page_requests(self):
        """Software looks at its page requests."""
        regs = self.run.model.regs
        self.say(f"r 0x{reg.PRS:x} 4")
        self.say(f"r 0x{reg.PQT:x} 8")
        self.say(f"w 0x{reg.PQH:x} 8 0x{regs[reg.PQT]:x}")
        self.say(f"w 0x{reg.PRS:x} 4 0x{regs[reg.PRS]:x}")

    def edit(self):
        tables = [t for _, found in self.devices for t in found.values() if t]
        places = self.entries + [where for t in tables for where in t.descriptors]
        where = self.rng.choice(places)
        word = self.pool.words.get(where, 0)
        if self.chance(0.7):
            word ^= 1 << self.rng.choice((0, 1, 2, 5, 6, 8, 9, 12, 28))
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
            if self.timed and self.chance(0.03):
                self.clear_faults()
            if self.timed and self.chance(0.05):
                self.recover()
            if self.timed and self.chance(0.005 if self.on == TE | QIE else 0.05):
                self.switch()
            if self.hostile and self.timed and self.chance(0.02):
                self.rng.choice((self.remap, self.spoil))()
            if self.ats and self.timed and self.chance(0.02):
                self.page_requests()
            if self.chance(0.02):
                self.say("w 0x9c 4 1")
            if self.hostile and self.chance(0.05):
                self.edit()
            if self.chance(0.02):
                self.counters()
        self.read_counters()
        return self.run.finish()
