# SPDX-License-Identifier: GPL-2.0-or-later
"""VT-d: caches, registers, the queue, and what comes in."""

from .bits import mask
from .cache import Cache, Tlb
from .memory import Memory
from .play import Play
from .vtd_ats import Translated, TranslationRequest
from .vtd_perf import Perfmon
from .vtd_pri import PageRequest
from .vtd_queue import Queue
from .vtd_regs import Registers
from .vtd_request import Request


class Vtd:
    def __init__(self, trace, profile, log):
        self.log = lambda line: log(f"{self.play.now} {line}")
        self.play = Play(profile, self.log)
        self.timed = False
        self.memory = Memory(trace.base, trace.size, self.log)
        by_domain = (mask(16), mask(36))
        self.tlb = Tlb(profile, *by_domain)
        self.ipa = Cache("ipa", profile, *by_domain)
        self.contexts = Cache("config", profile)
        self.pasids = Cache("subconfig", profile)
        self.tables = {stage: [Cache(f"table.stage{stage}.height{height}", profile,
                                     *by_domain) for height in range(4)]
                       for stage in (1, 2)}
        self.queue = Queue(self)
        self.perfmon = Perfmon(self)
        self.regs = Registers(self)

    def caches(self):
        return [self.tlb, self.ipa, self.contexts, self.pasids,
                *self.tables[1], *self.tables[2]]

    def drop_all(self):
        for cache in self.caches():
            cache.drop(lambda entry: True)

    def input(self, item):
        if item.kind == "m":
            for number, word in enumerate(item.args[1:]):
                self.memory.poke(item.args[0] + 8 * number, word)
        elif item.kind == "w":
            self.regs.write(*item.args)
        elif item.kind == "r":
            offset, size = item.args
            self.log(f"read 0x{offset:x} 0x{self.regs.read(offset, size):x}")
        elif item.kind == "p":
            PageRequest(self, item).submit()
        elif "ats" in item.words:
            TranslationRequest(self, item).resolve()
        elif "translated" in item.words:
            Translated(self, item).resolve()
        else:
            Request(self, item).resolve()
