# SPDX-License-Identifier: GPL-2.0-or-later
"""The program half of the harness judged: TAP as it comes, trouble in a log, configurations."""

import struct
import unittest
from pathlib import Path

from guestlib import devicetree, kernelbuild, monitor, programs, table
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


class DeviceTreeTest(unittest.TestCase):
    """A tree of a root, "pcie@1" and "memory", with one property."""

    def tree(self):
        def node(name, *inside):
            text = name.encode() + b"\0"
            return (struct.pack(">I", 1) + text + bytes(-len(text) % 4) + b"".join(inside) +
                    struct.pack(">I", 2))
        structure = node("", node("pcie@1", struct.pack(">III", 3, 4, 0), b"abcd"),
                         node("memory")) + struct.pack(">I", 9)
        strings, reserved = b"prop\0", bytes(16)
        head = struct.pack(">10I", 0xd00dfeed, 56 + len(structure) + 5, 56, 56 + len(structure), 40,
                           17, 16, 0, 5, len(structure))
        return head + reserved + structure + strings

    def test_a_node_is_added(self):
        before = self.tree()
        after = devicetree.add_node(before, "pcie@", "dma@8", {"flag": b"", "reg": b"12345678"})
        size, at_struct, at_strings = struct.unpack_from(">3I", after, 4)
        self.assertEqual(size, len(after))
        self.assertEqual(after[at_strings:], b"prop\0flag\0reg\0")
        structure = after[at_struct:at_strings]
        self.assertIn(b"dma@8\0\0\0" + struct.pack(">6I", 3, 0, 5, 3, 8, 10) + b"12345678" +
                      struct.pack(">2I", 2, 2), structure)
        self.assertLess(structure.index(b"dma@8"), structure.index(b"memory"))

    def test_what_is_no_tree(self):
        with self.assertRaises(ValueError):
            devicetree.add_node(bytes(40), "pcie@", "dma@8", {})
        with self.assertRaises(ValueError):
            devicetree.add_node(self.tree(), "usb@", "dma@8", {})


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
            for inner in case.inside:
                self.assertTrue((programs.PROGRAMS / f"{inner}.c").is_file(), inner)
            self.assertIn(case.feature, programs.FEATURES)
            self.assertIn(case.column, programs.COLUMNS)
            self.assertIn(case.kernel_name, kernelbuild.OWN_KERNELS)

    def test_every_cell_has_a_case_or_a_reason(self):
        names = [case.name for case in programs.cases()]
        self.assertEqual(len(names), len(set(names)))
        for feature in programs.FEATURES:
            for column in programs.COLUMNS:
                found = [case for case in programs.cases()
                         if (case.feature, case.column) == (feature, column)]
                self.assertEqual(len(found), 0 if programs.never(feature, column) else 1,
                                 (feature, column))


class MonitorTest(unittest.TestCase):
    """What a second level is made of."""

    def test_shared_objects_of_a_program(self):
        shell = Path("/bin/sh").read_bytes()
        self.assertIn("libc.so.6", monitor.needed(shell))
        self.assertTrue(all(".so" in name for name in monitor.needed(shell)))

    def test_packages_of_libraries(self):
        text = ("Package: a\nDepends: libb1 (>= 1), perl, zlib1g | libz, init-system\n\n"
                "Package: c\nPre-Depends: libd\nDepends: libe2t64\n\nPackage: f\n")
        self.assertEqual(monitor.depends(text), ["libb1", "zlib1g", "libe2t64"])
        self.assertEqual(monitor.depends("Package: g\n"), [])

    def test_firmware_starts_the_kernel_with_the_tree(self):
        words = struct.unpack("<6I", monitor.firmware())
        values = {word & 31: (word >> 5 & 0xffff) << 16 * (word >> 21 & 3) for word in words[:5]}
        self.assertEqual(values, {0: monitor.TREE, 1: 0, 2: 0, 3: 0, 4: monitor.KERNEL})
        self.assertEqual(words[5] >> 5 & 31, 4)
        # An image of the kernel wants 2 MB of its own, the tree before it as much at most.
        self.assertEqual(monitor.KERNEL % (2 << 20), 0)
        self.assertGreaterEqual(monitor.KERNEL - monitor.TREE, 2 << 20)


class PageTest(unittest.TestCase):
    """The table of results."""

    def test_page(self):
        class Outcome:
            skip, problems = "", []
            subtests = [Subtest("moves *data*", True), Subtest("faults", False),
                        Subtest("stalls", True, "no stalls here")]
        class Boot:
            skip, problems = None, []
        class Wrong:
            skip, problems = None, ["a fault"]
        text = table.page({"smmuv3/map": Outcome, "vtd/irq": Outcome}, ["arm64 7.3"],
                          {"smmuv3/dt/strict": Boot, "smmuv3/dt/lazy": Wrong})
        self.assertRegex(text, r"``dt`` +passed +FAILED +not run")
        self.assertIn("1, 1 FAILED, 1 skipped", text)
        self.assertIn("moves \\*data\\*", text)
        self.assertRegex(text, r"stalls +skipped \(a\)")
        self.assertIn("| (a) no stalls here.", text)
        self.assertRegex(text, r"Interrupts, posted format +none \([a-z]\)")
        self.assertRegex(text, r"\| \([a-z]\) Arm has no posted interrupts")
        self.assertNotIn("64 KB", text.partition("Stock")[0])

    def test_one_reason_for_a_whole_program(self):
        class Outcome:
            skip, problems = "", []
            subtests = [Subtest("one", True, "too old"), Subtest("two", True, "too old")]
        text = table.page({"vtd/pasid-6.12": Outcome}, [], {})
        self.assertRegex(text, r"PASID attach, replace, detach +.*skipped \([a-z]\)")
        self.assertRegex(text, r"\([a-z]\) too old\.")
        self.assertNotIn("\ntest  ", text)


if __name__ == "__main__":
    unittest.main()
