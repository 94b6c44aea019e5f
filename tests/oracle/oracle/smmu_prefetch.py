# SPDX-License-Identifier: GPL-2.0-or-later
"""SMMUv3: CMD_PREFETCH_CONFIG and CMD_PREFETCH_ADDR (requirements CM10, CM11)."""

from contextlib import suppress

from .bits import get
from .smmu_config import OAS
from .smmu_request import Request, Stop
from .smmu_walk import Fault, Walker
from .trace import Item


class Prefetch(Request):
    """What a command looks up for a stream, as a translation request that needs no write
    would; what it finds wrong is told to nobody."""

    def __init__(self, smmu, raw, plan):
        pasid = get(raw, 12, 20) if get(raw, 11) else None
        super().__init__(smmu, Item("t", 0, (get(raw, 32, 32), raw >> 76 << 12, 1), pasid))
        self.plan = plan

    def perform(self, translate):
        if not self.smmu.regs.smmuen:
            return
        with suppress(Stop, Fault):
            self.look_up(translate)
        self.smmu.counters.prefetch(self.sid, self.plan)

    def look_up(self, translate):
        ste = self.find_ste()
        if ste.abort:
            return
        self.override(ste)
        self.check_substream(ste)
        cd = None if self.skips_stage1(ste) else self.find_cd(ste)
        if translate and (cd or ste.s2 and not self.addr >> OAS):
            Walker(self.smmu, self.plan, ste, cd).grant(self.addr, self.need(), False, False)
