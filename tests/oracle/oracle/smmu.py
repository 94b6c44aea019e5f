# SPDX-License-Identifier: GPL-2.0-or-later
"""SMMUv3: caches, registers, queues, and what comes in."""

from .bits import mask
from .cache import Cache, Tlb
from .memory import Memory
from .play import Play
from .smmu_ats import Translated, TranslationRequest
from .smmu_pmcg import Counters
from .smmu_pri import page_request
from .smmu_queue import Queues
from .smmu_regs import Registers
from .smmu_request import Request
from .smmu_stall import Stalls


class Smmu:
    def __init__(self, trace, profile, log):
        self.log = lambda line: log(f"{self.play.now} {line}")
        self.play = Play(profile, self.log)
        self.timed = False
        self.memory = Memory(trace.base, trace.size, self.log)
        by_vmid = (0xFFFFF << 16, mask(36))
        self.tlb = Tlb(profile, *by_vmid)
        self.ipa = Cache("ipa", profile, *by_vmid)
        self.stes = Cache("config", profile)
        self.cds = Cache("subconfig", profile, mask(32), mask(32))
        self.tables = {stage: [Cache(f"table.stage{stage}.height{height}", profile,
                                     *by_vmid) for height in range(4)]
                       for stage in (1, 2)}
        self.regs = Registers(self)
        self.queues = Queues(self)
        self.stalls = Stalls(self)
        self.counters = Counters(self)
        self.play.alarm, self.play.ring = self.counters.alarm, self.counters.settle

    # Inputs

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
            page_request(self, item)
        elif "ats" in item.words:
            TranslationRequest(self, item).resolve()
        elif "translated" in item.words:
            Translated(self, item).resolve()
        else:
            Request(self, item).resolve()
