# SPDX-License-Identifier: GPL-2.0-or-later
"""SMMUv3: stalled requests (timing.rst, "Stalled requests"; requirements FM, CM30, CM31)."""

from . import smmu_regs as reg
from .bits import get

REPORTED, WAITING, RETRIED = range(3)
OK, ABORT, RAZ, STALLED = range(4)


class Stall:
    def __init__(self, request, stag):
        self.request, self.stag = request, stag
        self.state, self.attempts = WAITING, 0
        self.cookie = request.cookie


class Stalls:
    def __init__(self, smmu):
        self.smmu = smmu
        self.by_stag = {}

    @property
    def most(self):
        return get(reg.READ_ONLY[0x14], 16, 16)

    def take(self, request):
        """A STAG for a request that stalls, or None."""
        stall = request.stall
        if not stall:
            stag = next((n for n in range(self.most + 256) if n not in self.by_stag), None)
            if stag is None:
                return None
            stall = request.stall = self.by_stag[stag] = Stall(request, stag)
        reported = sum(each.state == REPORTED for each in self.by_stag.values())
        report = reported < self.most and self.smmu.queues.can_write()
        stall.state = REPORTED if report else WAITING
        stall.attempts += 1
        return stall

    def awaits(self, stall, attempt):
        """Whether a record is still that of a stall, and of its last attempt."""
        return (self.by_stag.get(stall.stag) is stall and stall.state == REPORTED
                and stall.attempts == attempt)

    def told(self, stall, status, pa):
        if self.by_stag.get(stall.stag) is stall:
            del self.by_stag[stall.stag]
            self.smmu.log(f"resumed {stall.cookie} status {status} pa 0x{pa:x}")

    def retry(self, stall):
        stall.state = RETRIED
        stall.request.again()

    def try_waiting(self):
        for stag in sorted(self.by_stag):
            if not self.smmu.queues.can_write():
                break
            stall = self.by_stag.get(stag)
            if stall and stall.state == WAITING:
                self.retry(stall)

    # Commands

    def resume(self, raw):
        sid, stall = get(raw, 32, 32), self.by_stag.get(get(raw, 64, 16))
        if stall and stall.request.sid == sid and stall.state == REPORTED:
            if get(raw, 12):
                self.retry(stall)
            else:
                self.told(stall, ABORT if get(raw, 13) else RAZ, 0)
        self.try_waiting()

    def terminate(self, raw):
        sid = get(raw, 32, 32)
        self.end(lambda stall: stall.request.sid == sid and stall.state != RETRIED)
        self.try_waiting()

    def end(self, doomed):
        for stag in sorted(self.by_stag):
            if doomed(self.by_stag[stag]):
                self.told(self.by_stag[stag], ABORT, 0)
