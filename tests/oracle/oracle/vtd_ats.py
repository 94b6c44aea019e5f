# SPDX-License-Identifier: GPL-2.0-or-later
"""VT-d: translation requests and translated requests (requirements, sections 5, 6, 9)."""

from .vtd_request import ABORTED, OK, UNSUPPORTED, Request
from .vtd_tables import HAW, LEGACY, Bad
from .vtd_walk import SR, SW, UR, UW, Walker, interrupts

# What a translation request that meets a fault is answered.
REFUSED = (0x01, 0x02, 0x0D, 0x31, 0x33, 0x34, 0x39, 0x41, 0x44, 0x45, 0x46, 0x48, 0x89)
NOTHING = (0x04, 0x05, 0x06, 0x51, 0x59, 0x5D, 0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x79,
           0x80, 0x81, 0x83, 0x84, 0x90, 0x91)
REPORTED = 0x91
# The faults of a translated request that make the completer abort.
ABORTING = (0x50, 0x58, 0x5B)


class Special(Request):
    """A request of AT other than 00."""

    def resolve(self):
        if not self.vtd.regs.te:
            self.vtd.perfmon.request(self.plan, self.address_type)
            self.vtd.log(f"request {self.plan.number} status {UNSUPPORTED} pa 0x0 fault 0x0")
            self.vtd.play.submit("request", self.plan.request_ops())
        else:
            super().resolve()

    def interrupt(self):
        return False

    def check_context(self, context):
        if self.vtd.regs.mode == LEGACY:
            if context.tt != 1:
                raise Bad(0x0D)
        elif not context.dte:
            raise Bad(0x44)


class TranslationRequest(Special):
    """AT=01: answered with rights and an address, or a refusal."""

    address_type = 1

    def __init__(self, vtd, item):
        super().__init__(vtd, item)
        self.write = self.atomic = False
        self.exec = "exec" in item.words
        self.nw = "nw" in item.words
        self.granted = None

    def refuse(self, reason):
        if reason in NOTHING:
            self.granted = (0, 0)
            return OK, reason == REPORTED
        return UNSUPPORTED if reason in REFUSED else ABORTED, True

    def suffix(self):
        return "" if self.granted is None else " ats %d%d0" % self.granted

    def early_answer(self):
        if self.pasid is not None or not interrupts(self.addr):
            return None
        self.granted = (0, int(not self.nw))
        return self.addr

    def pass_through(self, reason):
        if interrupts(self.addr):
            self.granted = (0, 0)
            return 0
        addr = super().pass_through(reason)
        self.granted = (1, int(not self.nw))
        return addr

    def walk(self, entry, tag):
        read, write = (SR, SW) if self.supervisor else (UR, UW)
        pa, rights = Walker(self.vtd, self.plan, entry).grant(
            self.addr, read if self.nw else read | write, tag, not self.nw)
        self.granted = (int(bool(rights & read)),
                        int(bool(rights & write) and not self.nw))
        return pa if any(self.granted) else 0


class Translated(Special):
    """AT=10: the address is that of an earlier answer."""

    address_type = 2
    eptr_alone = 0x43

    def refuse(self, reason):
        return ABORTED if reason in ABORTING else UNSUPPORTED, True

    def early_answer(self):
        legacy = self.vtd.regs.mode == LEGACY
        if self.addr >> HAW:
            raise Bad(0x04 if legacy else 0x83)
        if interrupts(self.addr):
            raise Bad(0x0E if legacy else 0x87)
        return self.addr

    def check_context(self, context):
        super().check_context(context)
        if self.pasid is not None:
            if not context.eptr:
                raise Bad(0x49)
            self.check_pasid(context)
