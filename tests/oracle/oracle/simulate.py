# SPDX-License-Identifier: GPL-2.0-or-later
"""A trace through a model: the event log."""

from . import trace as traces
from .smmu import Smmu

MODELS = {"smmuv3": Smmu}


def simulate(lines, profile):
    trace = traces.parse(lines)
    log = []
    model = MODELS[trace.iommu](trace, profile, log.append)
    for item in trace.setup:
        model.input(item)
    log.clear()
    model.timed = True
    for item in trace.items:
        model.play.run(item.cycle)
        model.input(item)
    model.play.finish()
    log.append(f"memory {model.memory.checksum()}")
    return log
