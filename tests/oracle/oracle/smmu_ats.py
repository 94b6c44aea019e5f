# SPDX-License-Identifier: GPL-2.0-or-later
"""SMMUv3: translation requests and translated transactions (requirements AT)."""

from .smmu_config import OAS
from .smmu_pmcg import ATS, PASSED
from .smmu_request import (CA, UR, C_BAD_STREAMID, F_BAD_ATS_TREQ, F_TRANSL_FORBIDDEN,
                           Request, Stop)
from .smmu_walk import F_ADDR_SIZE, F_WALK_EABT, Fault, Walker
from .vmsa import PR, PW, PX, UR as USER_READ, UW, UX


class TranslationRequest(Request):
    """AT=01: answered with rights, an address, or a refusal."""

    counted = ATS

    def __init__(self, smmu, item):
        super().__init__(smmu, item)
        words = item.words
        self.nw = "nw" in words
        self.asked = {"p": "priv" in words, "x": "exec" in words}
        with_pasid = self.ssid is not None
        self.write = self.atomic = False
        self.pnu = int(self.asked["p"] and with_pasid)
        self.exe = int(self.asked["x"] and with_pasid)
        self.ind = 0
        self.granted = None

    def translate(self):
        regs = self.smmu.regs
        if not regs.smmuen:
            raise Stop(F_BAD_ATS_TREQ, UR, treq=True)
        try:
            return self.answer()
        except Stop as stop:
            if stop.event == F_BAD_ATS_TREQ or stop.status == UR:
                raise
            fault = stop.fields.get("fault")
            if fault and fault.event != F_WALK_EABT:
                self.event = stop.event
                self.granted = (0, 0, 0)
                return self.addr
            record = regs.rec_cfg_ats
            if stop.event == C_BAD_STREAMID:
                record = record and regs.recinvsid
            stop.status, stop.record = CA, record
            raise

    def answer(self):
        ste = self.ste = self.find_ste()
        if ste.abort:
            raise Stop(0, UR)
        if ste.bypass or not ste.ats:
            raise Stop(F_BAD_ATS_TREQ, UR, treq=True)
        self.override(ste)
        self.check_substream(ste)
        cd = None
        if not self.skips_stage1(ste):
            cd = self.find_cd(ste)
        try:
            if not cd and self.addr >> OAS:
                raise Fault(F_ADDR_SIZE)
            if not cd and not ste.s2:
                self.granted = (1, 1, 0)
                return self.addr
            walker = Walker(self.smmu, self.plan, ste, cd)
            pa, rights = walker.grant(self.addr, self.wants(ste), not self.nw,
                                      ste.ats == 2)
        except Fault as fault:
            raise self.stop(fault, ste, cd) from None
        self.granted = self.judge(ste, rights)
        return pa if any(self.granted) else self.addr

    def override(self, ste):
        """INSTCFG says what is wanted, and is in no record."""
        super().override(ste)
        self.ind = 0

    def wants(self, ste):
        """The rights that count; execution without reading is worth nothing."""
        read, write, execute = (PR, PW, PX) if self.pnu else (USER_READ, UW, UX)
        return write | (execute if ste.instcfg == 3 else read)

    def judge(self, ste, rights):
        read, write, execute = (PR, PW, PX) if self.pnu else (USER_READ, UW, UX)
        r, w, x = (bool(rights & each) for each in (read, write, execute))
        if ste.instcfg == 3:
            return x, w, self.exe and x
        if ste.instcfg == 2:
            return r, w, self.exe and r
        return r, w, self.exe and r and x

    def suffix(self):
        if self.granted is None:
            return ""
        return " ats " + "".join(str(int(each)) for each in self.granted)

    def reads(self):
        return self.nw

    def event_fields(self, stop):
        if not stop.fields.get("treq"):
            return super().event_fields(stop)
        return (self.asked["p"] << 92 | self.asked["x"] << 93 | (not self.nw) << 94
                | 1 << 95 | self.addr >> 12 << 140)


class Translated(Request):
    """AT=10: the address is that of an earlier answer."""

    counted = PASSED

    def __init__(self, smmu, item):
        super().__init__(smmu, item)
        if self.ssid is None:
            self.pnu = self.ind = 0

    def translate(self):
        regs = self.smmu.regs
        if not regs.smmuen:
            raise Stop(F_TRANSL_FORBIDDEN, forbidden=True)
        if not regs.atschk:
            if self.addr >> OAS:
                raise Stop()
            return self.addr
        try:
            ste = self.ste = self.find_ste()
            if ste.abort:
                raise Stop()
            self.override(ste)
            if ste.bypass or not ste.ats:
                raise Stop(F_TRANSL_FORBIDDEN, forbidden=True)
            self.check_substream(ste)
            if self.ssid is not None:
                self.find_cd(ste)
        except Stop as stop:
            fault = stop.fields.get("fault")
            if not stop.fields.get("forbidden") and (
                    not fault or fault.event == F_WALK_EABT):
                stop.record = regs.rec_cfg_ats
            raise
        if ste.ats != 2:
            if self.addr >> OAS:
                raise Stop()
            return self.addr
        try:
            if self.addr >> OAS:
                raise Fault(F_ADDR_SIZE)
            return Walker(self.smmu, self.plan, ste).translate(self.addr, self.need())
        except Fault as fault:
            raise self.stop(fault, ste, None) from None

    def event_fields(self, stop):
        if not stop.fields.get("forbidden"):
            return super().event_fields(stop)
        return self.pnu << 97 | self.ind << 98 | (not self.write) << 99 | self.addr << 128
