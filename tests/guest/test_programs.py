# SPDX-License-Identifier: GPL-2.0-or-later
"""The program half of the harness judged: TAP as it comes, trouble in a log, configurations."""

import unittest

from guestlib import kernelbuild, programs, table
from guestlib.machine import Report
from guestlib.programguest import ProgramGuest, Subtest


def guest():
    """A ProgramGuest that has not been given a machine."""
    made = ProgramGuest.__new__(ProgramGuest)
    made.subtests, made.problems, made._notes = [], [], []
    made.planned = made.exit_status = None
    made.report = Report()
    return made


class TapTest(unittest.TestCase):
    """What a program prints, as the judge understands it."""

    def read(self, *lines, status=0, log=()):
        made = guest()
        for line in lines:
            made._tap(line)
        made.exit_status = status
        made.report.dmesg = list(log)
        made._judge()
        return made

    def test_results_reasons_and_notes(self):
        made = self.read("1..3", "ok 1 - one thing", "# why.c:7: not so: x",
                         "not ok 2 - another", "ok 3 - third # SKIP no such hardware", status=1)
        self.assertEqual(made.problems, [])
        self.assertEqual(made.subtests, [
            Subtest("one thing", True),
            Subtest("another", False, "", ("why.c:7: not so: x",)),
            Subtest("third", True, "no such hardware")])

    def test_a_program_that_says_too_little(self):
        self.assertIn("no plan", "".join(self.read("ok 1 - x").problems))
        self.assertIn("1 results of 2", "".join(self.read("1..2", "ok 1 - x").problems))
        self.assertIn("status 139", "".join(self.read("1..1", "ok 1 - x", status=139).problems))

    def test_trouble_in_the_kernel(self):
        for line in ("WARNING: CPU: 0 PID: 1 at drivers/iommu/iommu.c:1",
                     "arm-smmu-v3 9050000.smmuv3: CMDQ error (cons 0x01000002): Illegal command",
                     "arm-smmu-v3 9050000.smmuv3: CMD_SYNC timeout at 0x1",
                     "DMAR: VT-d detected Invalidation Queue Error: Reason 4", "Call trace:"):
            self.assertIn(line, "".join(self.read("1..1", "ok 1 - x", log=[line]).problems))
        faults = ["arm-smmu-v3 9050000.smmuv3: event: F_TRANSLATION client: 0000:00:08.0",
                  "DMAR: [DMA Write NO_PASID] Request device [00:08.0] fault addr 0x1000"]
        self.assertEqual(self.read("1..1", "ok 1 - x", log=faults).problems, [])


class KernelTest(unittest.TestCase):
    """Configurations of our own kernels."""

    def test_a_later_fragment_wins(self):
        text = kernelbuild.configuration(kernelbuild.OWN_KERNELS["arm64-16k"])
        self.assertIn("# CONFIG_ARM64_4K_PAGES is not set\n", text)
        self.assertNotIn("CONFIG_ARM64_4K_PAGES=y", text)
        self.assertIn("CONFIG_ARM64_16K_PAGES=y\n", text)

    def test_options_the_kernel_drops_are_found(self):
        have = "CONFIG_A=y\n# CONFIG_B is not set\n"
        self.assertEqual(kernelbuild.refused_options("CONFIG_A=y\nCONFIG_B=y\n", have),
                         ["CONFIG_B=y"])

    def test_every_case_has_its_program_and_its_row(self):
        for case in programs.cases():
            self.assertTrue([path for path in (programs.PROGRAMS / f"{case.program}.c",
                                               programs.PROGRAMS / case.program)
                             if path.is_file()], case.program)
            self.assertIn(case.feature, programs.FEATURES)
            self.assertIn(case.kernel_name, kernelbuild.OWN_KERNELS)


class PageTest(unittest.TestCase):
    """The table of results."""

    def test_page(self):
        class Outcome:
            skip, problems = "", []
            subtests = [Subtest("moves *data*", True), Subtest("faults", False),
                        Subtest("stalls", True, "no stalls here")]
        text = table.page({"smmuv3/map": Outcome}, ["arm64 7.3"])
        self.assertIn("passed 1, FAILED 1, skipped 1", text)
        self.assertIn("moves \\*data\\*", text)
        self.assertIn("no stalls here", text)


if __name__ == "__main__":
    unittest.main()
