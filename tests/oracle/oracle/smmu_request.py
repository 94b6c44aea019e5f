# SPDX-License-Identifier: GPL-2.0-or-later
"""SMMUv3: ordinary requests, from the Stream table to the response."""

from .bits import get
from .memory import Abort
from .plan import Plan
from .smmu_config import OAS, Cd, Ste
from .smmu_stall import REPORTED
from .smmu_walk import F_ADDR_SIZE, F_PERMISSION, F_WALK_EABT, CD, IN, Fault, Walker
from .vmsa import PW, PX, READ, UR as USER_READ, UW, UX

OK, ABORT, RAZ, STALLED, UR, CA = range(6)
C_BAD_STREAMID, F_STE_FETCH, C_BAD_STE = 2, 3, 4
F_BAD_ATS_TREQ, F_STREAM_DISABLED, F_TRANSL_FORBIDDEN = 5, 6, 7
C_BAD_SUBSTREAMID, F_CD_FETCH, C_BAD_CD = 8, 9, 10


class Stop(Exception):
    """A request that ends early: its event, if any, and whether it is recorded."""

    def __init__(self, event=0, status=ABORT, record=True, **fields):
        super().__init__(event)
        self.event, self.status, self.record = event, status, record
        self.fields = fields


class Request:
    def __init__(self, smmu, item):
        self.smmu, self.item = smmu, item
        self.sid, self.addr, _ = item.args
        self.ssid, words = item.pasid, item.words
        self.atomic = "atomic" in words
        self.write = "write" in words or self.atomic
        self.ind = int("exec" in words and not self.write)
        self.pnu = int("priv" in words)
        self.ste = None
        self.event = 0
        self.speculative = "speculative" in words
        self.plan = Plan(smmu.play, smmu.play.count + 1)
        self.stall, self.cookie = None, self.plan.number

    counted = None                      # as what else than a transaction

    def resolve(self):
        status, pa = self.attempt()
        self.smmu.counters.request(self.sid, self.plan, self.counted)
        self.smmu.log(f"request {self.plan.number} status {status} pa 0x{pa:x} "
                      f"fault 0x{self.event:x}{self.suffix()}")
        self.smmu.play.submit("request", self.plan.request_ops())

    def attempt(self):
        """Status and address."""
        if self.speculative and self.write:
            return ABORT, 0
        try:
            return OK, self.translate()
        except Stop as stop:
            self.event = stop.event
            if self.speculative:
                return ABORT, 0
            if stop.status == STALLED:
                if self.smmu.stalls.take(self):
                    if self.stall.state == REPORTED:
                        self.record(stop, self.stall)
                    return STALLED, 0
                stop.status, stop.record = ABORT, True
            if self.event and stop.record:
                self.record(stop)
            return stop.status, 0

    def again(self):
        """A retry, by a job of its own."""
        smmu, stall = self.smmu, self.stall
        self.restart()
        status, pa = self.attempt()

        def told(_job):
            if status != STALLED:
                smmu.stalls.told(stall, status, pa)
        smmu.play.submit("request", self.plan.retry_ops(told)).retry = True

    def restart(self):
        """As it was when it arrived."""
        stall, cookie = self.stall, self.cookie
        self.__init__(self.smmu, self.item)
        self.stall, self.cookie = stall, cookie

    def suffix(self):
        return ""

    def translate(self):
        regs = self.smmu.regs
        if not regs.smmuen:
            if get(regs.gbpa, 20) or self.addr >> OAS:
                raise Stop()
            return self.addr
        ste = self.ste = self.find_ste()
        if ste.abort:
            raise Stop()
        self.override(ste)
        self.check_substream(ste)
        cd = None
        if not self.skips_stage1(ste):
            cd = self.find_cd(ste)
        try:
            if not cd and self.addr >> OAS:
                raise Fault(F_ADDR_SIZE)
            if not cd and not ste.s2:
                return self.addr
            return Walker(self.smmu, self.plan, ste, cd).translate(
                self.addr, self.need())
        except Fault as fault:
            raise self.stop(fault, ste, cd) from None

    def override(self, ste):
        if ste.instcfg >= 2 and not self.write:
            self.ind = ste.instcfg - 2
        if ste.privcfg >= 2:
            self.pnu = ste.privcfg - 2

    def skips_stage1(self, ste):
        return not ste.s1 or ste.s1dss == 1 and ste.s1cdmax and self.ssid is None

    def need(self):
        if self.ind:
            return PX if self.pnu else UX
        read = self.atomic or not self.write
        rights = USER_READ * read | UW * self.write
        return rights << 3 if self.pnu else rights

    # Configuration

    def find_ste(self):
        smmu, regs, plan = self.smmu, self.smmu.regs, self.plan
        entry = smmu.stes.lookup(self.sid, 0, 0)
        plan.add("config", None, entry)
        if entry:
            return entry.data
        if self.sid >> regs.sid_bits:
            raise Stop(C_BAD_STREAMID, record=regs.recinvsid)
        addr = regs.strtab + 64 * self.sid
        if regs.two_level:
            at = regs.strtab + 8 * (self.sid >> regs.split)
            plan.add("read", 8)
            l1std = self.read(at, 8, F_STE_FETCH)[0]
            span, low = get(l1std, 0, 5), get(self.sid, 0, regs.split)
            if not 1 <= span <= min(regs.split + 1, 11) or low >> (span - 1):
                raise Stop(C_BAD_STREAMID, record=regs.recinvsid)
            pointer = get(l1std, 0, 56) >> (5 + span) << (5 + span)
            addr = pointer + 64 * low
        plan.add("read", 64)
        ste = Ste(self.read(addr, 64, F_STE_FETCH), regs.e2h, regs.atschk)
        if not ste.legal():
            raise Stop(C_BAD_STE)
        smmu.stes.put(self.sid, 0, 0, ste, plan.stamp)
        return ste

    def read(self, addr, size, event):
        try:
            return [self.smmu.memory.read(addr + n) for n in range(0, size, 8)]
        except Abort:
            raise Stop(event, fetch=addr) from None

    def check_substream(self, ste):
        if not ste.s1:
            if self.ssid is not None:
                raise Stop(C_BAD_SUBSTREAMID)
        elif self.ssid is not None:
            if not ste.s1cdmax or self.ssid >> ste.s1cdmax:
                raise Stop(C_BAD_SUBSTREAMID)
            if ste.s1dss == 2 and self.ssid == 0:
                raise Stop(F_STREAM_DISABLED)
        elif ste.s1cdmax and ste.s1dss in (0, 3):
            raise Stop(F_STREAM_DISABLED)

    def find_cd(self, ste):
        smmu, plan = self.smmu, self.plan
        ssid = self.ssid or 0
        entry = smmu.cds.lookup(ssid, self.sid, 0)
        plan.add("config", None, entry)
        if entry:
            return entry.data
        addr = ste.context + 64 * ssid
        if ste.s1cdmax and ste.s1fmt in (1, 2):
            low = 6 if ste.s1fmt == 1 else 10
            at = self.config_address(ste, ste.context + 8 * (ssid >> low))
            plan.add("read", 8)
            l1cd = self.read(at, 8, F_CD_FETCH)[0]
            pointer = get(l1cd, 12, 44) << 12
            if not l1cd & 1 or pointer >> OAS:
                raise Stop(C_BAD_SUBSTREAMID)
            addr = pointer + 64 * get(ssid, 0, low)
        at = self.config_address(ste, addr)
        plan.add("read", 64)
        cd = Cd(self.read(at, 64, F_CD_FETCH), ste)
        if not cd.legal():
            raise Stop(C_BAD_CD)
        smmu.cds.put(ssid, 0, self.sid, cd, plan.stamp)
        return cd

    def config_address(self, ste, addr):
        if not ste.s2:
            return addr
        try:
            return Walker(self.smmu, self.plan, ste).translate_ipa(addr, READ, CD)
        except Fault as fault:
            raise self.stop(fault, ste, None) from None

    # Faults and their records

    def stop(self, fault, ste, cd):
        status, record, stalls = ABORT, True, 0
        if fault.event != F_WALK_EABT:
            if fault.stage == 2:
                record, stalls = ste.s2r, ste.s2s
            elif cd:
                record, stalls = cd.r, cd.s
                status = ABORT if cd.a else RAZ
        return Stop(fault.event, STALLED if stalls else status, record, fault=fault)

    def record(self, stop, stall=None):
        value = stop.event | self.sid << 32
        if self.ssid is not None:
            value |= 1 << 11 | self.ssid << 12
        value |= self.event_fields(stop)
        if stall:
            value |= 1 << 95 | stall.stag << 64
        queues = self.smmu.queues
        mev = self.ste and self.ste.mev
        attempt = stall.attempts if stall else 0
        self.plan.add("record",
                      lambda job: queues.submit_event(value, mev, stall, attempt))

    def event_fields(self, stop):
        value = stop.fields.get("fetch", 0) << 192
        fault = stop.fields.get("fault")
        return value | self.fault_fields(fault) if fault else value

    def reads(self):
        """RnW."""
        return not self.write

    def fault_fields(self, fault):
        rnw = self.reads()
        if self.atomic and fault.event == F_PERMISSION and fault.klass == IN:
            rnw = not fault.missing & (UW | PW)
        value = self.pnu << 97 | self.ind << 98 | rnw << 99
        value |= (fault.stage == 2) << 103 | fault.klass << 104 | self.addr << 128
        if fault.event == F_WALK_EABT:
            klass = fault.klass if fault.stage == 2 else 1
            value = value & ~(3 << 104) | klass << 104
            return value | fault.fetch >> 3 << 195
        if fault.event == F_PERMISSION and fault.klass == 1:
            value |= fault.ttrnw << 108
        return value | fault.ipa >> 12 << 204
