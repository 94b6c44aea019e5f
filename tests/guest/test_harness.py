# SPDX-License-Identifier: GPL-2.0-or-later
"""The harness judged: every kind of wrong boot must be found wrong, and a right one right."""

import hashlib
import tempfile
import unittest
from pathlib import Path

from guestlib import initramfs, privateapt, verify
from guestlib.artefacts import modinfo
from guestlib.cases import matrix
from guestlib.machine import Payload, Report
from guestlib.qmp import Qmp, QmpError

CASES = {case.name: case for case in matrix()}
STRICT = CASES["smmuv3/dt/strict"]
PASSTHROUGH = CASES["smmuv3/dt/passthrough"]
LAZY_CACHING = CASES["vtd/legacy-caching/lazy"]
TIMED = CASES["smmuv3/timed/strict"]
PHASES = (*verify.DISK_PHASES, *verify.NET_PHASES, "end")


def counters(step, case):
    """What a right model has counted after `step` phases of 1000 requests each."""
    requests = 1000 * step
    moved = requests if case.translates else 0
    untimed = {"untimed.transactions": requests} if case.timed else {}
    return {**untimed, "transactions": requests, "translated": moved, "bypassed": requests - moved,
            "aborted": 0, "stalled": 0, "tlb_lookups": moved, "tlb_hits": moved // 2,
            "tlb_misses": moved - moved // 2, "ipa_hits": 0, "walks": moved // 2,
            "walk_reads": moved,
            "config_lookups": requests, "config_misses": 5, "commands": moved,
            "invalidations": moved // 2, "faults": 0, "events": 0}


QTREE = """bus: main-system-bus
  dev: arm-smmuv3, id ""
    gpio-out "sysbus-irq" 5
    mmio 000000000b000000/0000000000080000
  dev: pl011, id ""
    mmio 0000000009000000/0000000000001000
"""


class MonitorTest(unittest.TestCase):
    """What QEMU's monitor says, as the harness reads it."""

    def test_register_base(self):
        monitor = Qmp.__new__(Qmp)
        monitor.command = lambda *_, **__: QTREE
        self.assertEqual(monitor.register_base("arm-smmuv3"), 0x0b000000)
        self.assertEqual(monitor.register_base("pl011"), 0x09000000)
        with self.assertRaises(QmpError):
            monitor.register_base("intel-iommu")


class JudgeTest(unittest.TestCase):
    """A synthetic right boot, then one thing wrong at a time."""

    def setUp(self):
        self.payload = Payload("test", 4, 1)
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.disks = self.payload.make_disks(Path(scratch.name))
        for path in self.disks.values():
            with open(path, "r+b") as image:
                image.seek(4 << 20)
                image.write(self.payload.data)

    def report(self, case=STRICT):
        made = Report()
        made.has_counters = True
        for number, driver in enumerate(verify.DRIVERS):
            made.drivers[f"0000:00:0{number}.0"] = driver
            made.groups[f"0000:00:0{number}.0"] = case.domain
        disk, net = self.payload.sha256, self.payload.net_sha256
        made.sums = {"nvme": disk, "virtio-blk": disk, "igb-to-e1000e": net, "e1000e-to-igb": net}
        made.marks = [(name, float(at), counters(at, case)) for at, name in enumerate(PHASES)]
        made.registers = {check.offset: 0 for check in case.registers}
        for check in case.registers:
            made.registers[check.offset] |= check.value
        made.dmesg = ["arm-smmu-v3 9050000.smmuv3: ias 44-bit, oas 44-bit (features 0x1)",
                      "DMAR-IR: Enabled IRQ remapping in x2apic mode",
                      "DMAR: IOMMU batching disallowed due to virtualization"]
        return made

    def judge(self, report, case=STRICT):
        problems, unchecked = verify.judge(case, self, report)
        self.assertIsNone(unchecked)
        return "\n".join(problems)

    def wrong(self, text, change, case=STRICT):
        report = self.report(case)
        change(report)
        self.assertIn(text, self.judge(report, case))

    def count(self, text, phase, case=STRICT, **changes):
        """`changes` are added to the counters from the end of `phase` on."""
        def change(report):
            for name, _, values in report.marks[PHASES.index(phase) + 1:]:
                for key, more in changes.items():
                    values[key] += more
        self.wrong(text, change, case)

    def test_right_boots_have_no_problem(self):
        for case in (STRICT, PASSTHROUGH, LAZY_CACHING, TIMED):
            self.assertEqual(self.judge(self.report(case), case), "")

    def test_data(self):
        self.wrong("not " + self.payload.sha256, lambda r: r.sums.update(nvme="0" * 64))
        self.wrong("no checksum", lambda r: r.sums.pop("e1000e-to-igb"))

    def test_disk_image(self):
        with open(self.disks["nvme"], "r+b") as image:
            image.seek((4 << 20) + 12345)
            image.write(b"wrong")
        self.assertIn("nvme: the disk image", self.judge(self.report()))

    def test_domains(self):
        self.wrong("of type identity", lambda r: r.groups.update({"0000:00:00.0": "identity"}))
        self.wrong("no IOMMU group", lambda r: r.groups.pop("0000:00:01.0"))
        self.wrong("bound to igb", lambda r: r.drivers.pop("0000:00:02.0"))

    def test_registers(self):
        self.wrong("CR0.SMMUEN", lambda r: r.registers.update({STRICT.registers[0].offset: 0}))
        self.wrong("CR0.SMMUEN is unread", lambda r: r.registers.clear())

    def test_kernel_log(self):
        for line in ("arm-smmu-v3 9050000.smmuv3: event 0x10 received:",
                     "arm-smmu-v3 9050000.smmuv3: \t0x0000020000000010",
                     "arm-smmu-v3 9050000.smmuv3: CMDQ error (cons 0x0100000f): Illegal command",
                     "DMAR: [DMA Read NO_PASID] Request device [00:02.0] fault addr 0xfffe0000",
                     "DMAR: DRHD: handling fault status reg 2",
                     "WARNING: CPU: 0 PID: 1 at drivers/iommu/iova.c:1", "BUG: kernel NULL",
                     "Call trace:", "nvme nvme0: I/O tag 1 (1001) QID 1 timeout, aborting",
                     "e1000e 0000:00:04.0 eth0: Detected Hardware Unit Hang:",
                     "blk_update_request: I/O error, dev vda, sector 0"):
            self.wrong(line, lambda r, line=line: r.dmesg.append(line))
        self.wrong("no line matching", lambda r: r.dmesg.clear())

    def test_guest_gave_up(self):
        self.wrong("gave up: no NVMe disk", lambda r: setattr(r, "failure", "no NVMe disk"))

    def test_counters(self):
        self.count("bypassed", "nvme-read", bypassed=1, transactions=1)
        self.count("aborted", "nvme-read", aborted=1, transactions=1)
        self.count("stalled", "net-igb-to-e1000e", stalled=1, transactions=1)
        self.count("fewer than 2", "nvme-write", translated=-1000, transactions=-1000)
        self.count("outcomes", "nvme-write", transactions=1)
        self.count("TLB lookups", "nvme-write", tlb_hits=1)
        self.count("in a strict domain", "virtio-write", invalidations=-500)
        self.count("1 faults", "data", faults=1)
        self.count("2 events", "data", events=2)
        self.count("translated", "data", PASSTHROUGH, translated=1, bypassed=-1)
        self.count("fewer than 2", "data", PASSTHROUGH, bypassed=-1000, transactions=-1000)

    def test_counters_that_never_move(self):
        def freeze(report):
            for _, _, values in report.marks:
                values["walks"] = values["walk_reads"] = 0
        self.wrong("walks stayed 0", freeze)

    def test_missing_counter_and_missing_end(self):
        self.wrong("lack walks", lambda r: [mark[2].pop("walks") for mark in r.marks])
        self.wrong("last mark", lambda r: r.marks.pop())

    def test_untimed(self):
        self.count("1003 of 1000 transactions untimed", "nvme-read", TIMED,
                   **{"untimed.transactions": 3})
        self.wrong("lack untimed.transactions",
                   lambda r: r.marks[-1][2].pop("untimed.transactions"), TIMED)

    def test_binary_without_counters_is_reported(self):
        report = self.report()
        report.has_counters = False
        self.assertEqual(verify.judge(STRICT, self, report)[1], "binary has no stagewalk-counters")


class PartsTest(unittest.TestCase):
    """The small formats the harness writes and reads."""

    def test_cpio_entry(self):
        archive = initramfs.Cpio()
        archive.file("init", b"hello", 0o755)
        data = archive.finish()
        self.assertEqual(data[:6], b"070701")
        self.assertEqual(int(data[54:62], 16), 5)                   # c_filesize
        self.assertEqual(data[110:115], b"init\0")
        self.assertEqual(data[116:121], b"hello")
        self.assertEqual(len(data) % 4, 0)

    def test_modinfo(self):
        image = b"\x7fELF\0depends=nvme-core,t10-pi\0name=nvme\0"
        self.assertEqual(modinfo(image, "depends"), ["nvme-core,t10-pi"])
        self.assertEqual(modinfo(image, "name"), ["nvme"])

    def test_payload_is_the_cases_own_and_repeatable(self):
        one, same, other = Payload("a", 1, 1), Payload("a", 1, 1), Payload("b", 1, 1)
        self.assertEqual(one.data, same.data)
        self.assertNotEqual(one.data, other.data)
        self.assertEqual(one.sha256, hashlib.sha256(one.data).hexdigest())

    def test_machine_source(self):
        stanza = "Types: deb\nURIs: {}\nSuites: {}\nSigned-By: /k.gpg\n"
        with tempfile.TemporaryDirectory() as etc:
            parts = Path(etc) / "sources.list.d"
            parts.mkdir()
            self.assertRaises(privateapt.FetchError, privateapt.machine_source, Path(etc))
            (parts / "a.sources").write_text(stanza.format("http://m/debian-security", "trixie")
                                             + "\n" + stanza.format("http://o/node", "nodistro"))
            self.assertRaises(privateapt.FetchError, privateapt.machine_source, Path(etc))
            (Path(etc) / "sources.list").write_text("deb [signed-by=/l.gpg] http://l/debian/ trixie"
                                                    " main\n")
            self.assertEqual(privateapt.machine_source(Path(etc)), ("http://l/debian/", "/l.gpg"))
            (parts / "b.sources").write_text(stanza.format("http://m/debian", "bookworm"))
            self.assertEqual(privateapt.machine_source(Path(etc)), ("http://m/debian", "/k.gpg"))

    def test_every_default_mode_is_in_the_default_selection(self):
        chosen = [case for case in CASES.values() if not case.full_only]
        for variant in ("smmuv3/dt", "smmuv3/acpi", "smmuv3/16k", "vtd/legacy", "vtd/scalable",
                        "vtd/legacy-caching", "vtd/first-stage"):
            self.assertTrue([case for case in chosen if case.name.startswith(variant + "/")])
        for iommu in ("smmuv3/", "vtd/"):
            modes = {case.mode for case in chosen if case.name.startswith(iommu)}
            self.assertEqual(modes, {"strict", "lazy", "passthrough"})


if __name__ == "__main__":
    unittest.main()
