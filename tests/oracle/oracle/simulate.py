# SPDX-License-Identifier: GPL-2.0-or-later
"""A trace through a model: the event log."""

from . import trace as traces
from .smmu import Smmu
from .vtd import Vtd

MODELS = {"smmuv3": Smmu, "vtd": Vtd}


class Run:
    def __init__(self, trace, profile):
        self.log = []
        self.model = MODELS[trace.iommu](trace, profile, self.log.append)
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
