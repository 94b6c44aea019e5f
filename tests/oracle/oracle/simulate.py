# SPDX-License-Identifier: GPL-2.0-or-later
"""A trace through a model: the event log."""

from . import trace as traces
from .play import Play
from .smmu import Smmu
from .vtd import Vtd

MODELS = {"smmuv3": Smmu, "vtd": Vtd}


class Still(Play):
    """No play: every job is done as soon as it is submitted."""

    cycle = 0

    @property
    def now(self):
        return self.cycle

    def run(self, cycle):
        self.cycle = cycle

    def submit(self, kind, ops):
        self.count += 1

    def submit_record(self, size, visible):
        self.count += 1
        return []


class Run:
    def __init__(self, trace, profile, timed=True):
        self.log = []
        self.model = MODELS[trace.iommu](trace, profile, self.log.append)
        if not timed:
            self.model.play = Still(profile, self.model.log)
        for item in trace.setup:
            self.model.input(item)
        self.log.clear()
        self.model.timed = True

    def feed(self, item):
        self.model.play.run(item.cycle)
        self.model.input(item)

    def finish(self):
        self.model.play.finish()
        self.log.append(f"memory {self.model.memory.checksum()}")
        return self.log


def simulate(lines, profile):
    trace = traces.parse(lines)
    run = Run(trace, profile)
    for item in trace.items:
        run.feed(item)
    return run.finish()
