# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/guests.rst: what Linux's own drivers did on each IOMMU, written by the run that saw it."""

from .cases import MODES, matrix
from .programs import FEATURES

HEAD = """.. SPDX-License-Identifier: GPL-2.0-or-later
.. Written by tests/guest/run: run "./stagewalk test guest --full" and commit.

Guest drivers
=============

Linux's own SMMUv3 and VT-d drivers run on the models, and small programs drive them through
iommufd, VFIO, and shared virtual addressing, with ``iommu-dma`` as the device.
:doc:`guest-cookbook` has the command line, the kernel options and the program of each row.

Kernels: {kernels}.

"passed 12" means that 12 tests passed. A skip gives the kernel's reason.

"""

IOMMUS = {"smmuv3": "SMMUv3 (arm64)", "vtd": "VT-d (x86_64)"}


def _grid(rows):
    """A simple reStructuredText table; the first row is its head."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    rule = " ".join("=" * width for width in widths)
    lines = [" ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
             for row in rows]
    return "\n".join([rule, lines[0], rule, *lines[1:], rule]) + "\n"


def _verdict(outcome):
    if outcome is None:
        return "not run"
    if outcome.skip:
        return "skipped"
    passed = sum(test.passed and not test.skip for test in outcome.subtests)
    failed = sum(not test.passed for test in outcome.subtests) + len(outcome.problems)
    skipped = sum(bool(test.skip) for test in outcome.subtests)
    words = [f"{name} {count}" for name, count in
             (("passed", passed), ("FAILED", failed), ("skipped", skipped)) if count]
    return ", ".join(words) or "nothing ran"


def _subtest_cell(outcome, name):
    for test in outcome.subtests if outcome else ():
        if test.name == name:
            return "skipped" if test.skip else "passed" if test.passed else "FAILED"
    return ""


def _escape(text):
    return text.replace("*", "\\*").replace("`", "\\`")


BOOTS = """
Stock kernels
-------------

Debian's own kernels boot in each mode of Linux's IOMMU drivers and move data through NVMe, virtio,
and two network controllers: "passed" means that every byte is right, that the model's counters prove
each transaction translated (or bypassed), and that nothing faulted and no warning was logged, when
the case last ran.

"""

VARIANTS = """
``max``, ``mmu600``, ``mmu700`` and ``spr`` are named sets of capabilities, with devices that use
device TLBs, page requests and PASIDs. ``kexec`` starts the same kernel again with all devices at work;
``crash`` does so by a panic, which leaves the IOMMU on and DMA under way.
"""


def _boot_cell(result):
    if result is None:
        return "not run"
    return "FAILED" if result.problems else "skipped" if result.skip else "passed"


def boots(results):
    """Tables of the stock kernels' boots. `results`: Result by case name."""
    parts = [BOOTS]
    for iommu, title in IOMMUS.items():
        names = [case.name for case in matrix() if case.name.startswith(f"{iommu}/")]
        variants = dict.fromkeys(name.split("/")[1] for name in names)
        rows = [(title, *MODES)]
        for variant in variants:
            rows.append((f"``{variant}``", *(
                _boot_cell(results.get(f"{iommu}/{variant}/{mode}"))
                if f"{iommu}/{variant}/{mode}" in names else "" for mode in MODES)))
        parts += [_grid(rows), "\n"]
    return "".join(parts).rstrip("\n") + "\n" + VARIANTS


def page(outcomes, kernels, booted):
    """The page's text. `outcomes`: ProgramOutcome by case name; `kernels`: releases; `booted`:
    Result by case name."""
    parts = [HEAD.format(kernels=", ".join(kernels))]
    rows = [("feature", *IOMMUS.values())]
    for feature, title in FEATURES.items():
        rows.append((title, *(_verdict(outcomes.get(f"{iommu}/{feature}")) for iommu in IOMMUS)))
    parts += [_grid(rows), boots(booted)]
    for feature, title in FEATURES.items():
        here = {iommu: outcomes.get(f"{iommu}/{feature}") for iommu in IOMMUS}
        names = list(dict.fromkeys(test.name for outcome in here.values() if outcome
                                   for test in outcome.subtests))
        if not names:
            continue
        parts.append(f"\n{title}\n{'-' * len(title)}\n\n")
        parts.append(_grid([("test", *IOMMUS.values())] +
                           [(_escape(name), *(_subtest_cell(here[iommu], name) for iommu in IOMMUS))
                            for name in names]))
        reasons = [f"* {IOMMUS[iommu]}, {_escape(test.name)}: {_escape(test.skip)}."
                   for iommu, outcome in here.items() if outcome
                   for test in outcome.subtests if test.skip]
        if reasons:
            parts.append("\nSkipped:\n\n" + "\n".join(reasons) + "\n")
    return "".join(parts)
