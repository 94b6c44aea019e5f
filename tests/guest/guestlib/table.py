# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/guests.rst: what Linux's own drivers did on each IOMMU, written by the run that saw it."""

from .cases import MODES, matrix
from .programs import COLUMNS, FEATURES, never

HEAD = """.. SPDX-License-Identifier: GPL-2.0-or-later
.. Written by tests/guest/run: run "./stagewalk test guest --full" and commit.

Guest drivers
=============

Linux's own SMMUv3 and VT-d drivers run on the models, and small programs drive them through
iommufd, VFIO, and shared virtual addressing, with ``iommu-dma`` as the device.
:doc:`guest-cookbook` has the command line, the kernel options and the program of each row.

Kernels: {kernels}.

A number is the tests that passed; a skip gives the kernel's reason below the table of its program.
The kernel is the newest, with 4 KB pages, where a column does not name another size, or an older
kernel.

"""

IOMMUS = {"smmuv3": "SMMUv3 (arm64)", "vtd": "VT-d (x86_64)"}


def _grid(rows):
    """A simple reStructuredText table; the first row is its head."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    rule = " ".join("=" * width for width in widths)
    lines = [" ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
             for row in rows]
    return "\n".join([rule, lines[0], rule, *lines[1:], rule]) + "\n"


class _Reasons:
    """Reasons by letter, in the order they were first given."""

    def __init__(self):
        self.letters = {}

    def mark(self, reason):
        return f"({self.letters.setdefault(reason, chr(ord('a') + len(self.letters)))})"

    def lines(self):
        return "".join(f"| ({letter}) {_escape(reason)}.\n"
                       for reason, letter in self.letters.items())


def _verdict(outcome, reason, reasons):
    if reason:
        return f"none {reasons.mark(reason)}"
    if outcome is None or outcome.skip:
        return "not run"
    passed = sum(test.passed and not test.skip for test in outcome.subtests)
    failed = sum(not test.passed for test in outcome.subtests) + len(outcome.problems)
    skips = [test.skip for test in outcome.subtests if test.skip]
    if skips and not passed and not failed and len(set(skips)) == 1:
        return f"skipped {reasons.mark(skips[0])}"
    words = [str(passed)] if passed else []
    words += [f"{count} {name}" for name, count in (("FAILED", failed), ("skipped", len(skips)))
              if count]
    return ", ".join(words) or "nothing ran"


def _name(feature, column):
    """Name of the case that fills a cell."""
    iommu, _, variant = column.partition("-")
    return f"{iommu}/{feature}" + (f"-{variant}" if variant else "")


def _subtest_cell(outcome, name, reasons):
    for test in outcome.subtests:
        if test.name == name:
            return (f"skipped {reasons.mark(test.skip)}" if test.skip else
                    "passed" if test.passed else "FAILED")
    return "none"


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
device TLBs, page requests and PASIDs. ``timed`` has ``timing=on``. ``kexec`` starts the same kernel
again with all devices at work; ``crash`` does so by a panic, which leaves the IOMMU on and DMA under way.
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
    """The page's text. `outcomes`: ProgramOutcome by case name; `kernels`: releases; `booted`: Result
    by case name."""
    parts = [HEAD.format(kernels=", ".join(kernels))]
    reasons = _Reasons()
    # A kernel that was not built has no column.
    columns = [column for column in COLUMNS
               if any(_name(feature, column) in outcomes for feature in FEATURES)]
    rows = [("feature", *(COLUMNS[column] for column in columns))]
    for feature, title in FEATURES.items():
        rows.append((title, *(_verdict(outcomes.get(_name(feature, column)), never(feature, column),
                                       reasons) for column in columns)))
    parts += [_grid(rows), "\n", reasons.lines(), boots(booted)]
    for feature, title in FEATURES.items():
        here = {column: outcomes.get(_name(feature, column)) for column in columns}
        here = {column: outcome for column, outcome in here.items()
                if outcome and any(test.passed and not test.skip for test in outcome.subtests)}
        names = list(dict.fromkeys(test.name for outcome in here.values()
                                   for test in outcome.subtests))
        if not names:
            continue
        reasons = _Reasons()
        parts.append(f"\n{title}\n{'-' * len(title)}\n\n")
        parts.append(_grid([("test", *(COLUMNS[column] for column in here))] +
                           [(_escape(name), *(_subtest_cell(outcome, name, reasons)
                                              for outcome in here.values()))
                            for name in names]))
        if reasons.letters:
            parts.append("\n" + reasons.lines())
    return "".join(parts)
