# SPDX-License-Identifier: GPL-2.0-or-later
"""One guest that runs programs: reads their TAP, answers their questions, judges its kernel's log."""

import json
import re
import struct
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from . import devicetree, initramfs, monitor
from .machine import ONE_PROCESSOR, GuestError, Machine
from .programs import DISK, FAST_BOOT, PROGRAMS
from .qmp import QmpError

# What no test may provoke, whatever faults it asks for.
TROUBLE = [re.compile(pattern) for pattern in (
    r"WARNING:", r"\bBUG:", r"Oops", r"[Cc]all [Tt]race:", r"Kernel panic",
    r"CMDQ error", r"CMD_SYNC timeout", r"GERROR", r"SMMU.*(overflow|write aborted)",
    r"Invalidation.*Error", r"QI .*(head|error)", r"blocked for more than",
    r"irq \d+: nobody cared", r"rcu: INFO")]


# What the kernel's selftests say besides their results.
SELFTEST_CHATTER = re.compile(r"# ( +RUN | +OK |PASSED: |Totals: |Starting )")


@dataclass
class Subtest:
    """One line of TAP."""
    name: str
    passed: bool
    skip: str = ""
    notes: tuple = ()


class ProgramGuest(Machine):
    """A Machine without disks; run() once, then read `subtests` and `problems`.

    `inner`: the directory of a monitor and the files for the guest that the program starts with it.
    """

    def __init__(self, case, qemu_dir, image, busybox, files, directory, timeout, extra=(),
                 inner=None):
        self.files, self.busybox, self.image, self.inner = files, busybox, image, inner
        self.subtests = []
        self.problems = []
        self.planned = None
        self.exit_status = None
        self._notes = []
        # What Machine asks of its case and payload: nothing is moved, no register is looked at.
        super().__init__(case.bench, qemu_dir, None, directory, _NoPayload(), timeout, extra)
        self.case = case.bench
        self.program_case = case
        self.command = self._words(Path(qemu_dir), list(extra))

    def _command_line(self, qemu_dir, artefacts, extra):
        return []

    def _words(self, qemu_dir, extra):
        case, bench, here = self.program_case, self.program_case.bench, self.directory
        initrd = here / "initramfs.cpio"
        archive = self._archive(self.files)
        if self.inner:
            # The second level has the first's kernel.
            where, files = self.inner
            monitor.add(archive, where, self.image, self._archive(files).finish())
        initrd.write_bytes(archive.finish())
        disk = here / "disk.img"
        if any(DISK in word for word in case.devices):
            with open(disk, "wb") as image:
                image.truncate(32 << 20)
        return [str(qemu_dir / f"qemu-system-{bench.emulator}"), *bench.machine, "-accel", "tcg",
                "-smp", ONE_PROCESSOR, "-m", str(case.megabytes), "-nodefaults", "-display", "none", "-no-reboot",
                "-qmp", f"unix:{here}/qmp,server=on,wait=off",
                "-chardev", f"socket,id=serial,path={here}/serial,server=on,wait=off",
                "-serial", "chardev:serial", "-kernel", str(self.image), "-initrd", str(initrd),
                "-append", f"{bench.kernel_args} {FAST_BOOT} sw.run={case.program}"
                           + (f" sw.inside={','.join(case.inside)}" if case.inside else ""),
                *(word.replace(DISK, str(disk)) for word in case.devices),
                *self._tree(qemu_dir), *extra]

    def _tree(self, qemu_dir):
        """Arguments for a device tree of our own, where the case has something to add to it."""
        case, bench, tree = self.program_case, self.program_case.bench, self.directory / "dtb"
        if case.stalls < 0:
            return []
        subprocess.run([str(qemu_dir / f"qemu-system-{bench.emulator}"), *bench.machine,
                        "-machine", f"dumpdtb={tree}", "-m", str(case.megabytes),
                        "-display", "none"], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        function = case.stalls << 11
        tree.write_bytes(devicetree.add_node(tree.read_bytes(), "pcie@", f"dma@{case.stalls:x}", {
            "reg": struct.pack(">5I", function, 0, 0, 0, 0), "dma-can-stall": b""}))
        return ["-dtb", str(tree)]

    def _archive(self, files):
        archive = initramfs.Cpio()
        for name in ("bin", "dev", "proc", "programs", "sys", "tmp"):
            archive.directory(name)
        archive.character_device("dev/console", 5, 1)
        archive.file("bin/busybox", Path(self.busybox).read_bytes(), 0o755)
        archive.symlink("bin/sh", "busybox")
        archive.file("init", (PROGRAMS / "init").read_bytes(), 0o755)
        for path in files:
            archive.file(f"programs/{Path(path).name}", Path(path).read_bytes(), 0o755)
        return archive

    def _follow(self, deadline):
        in_log = False
        for line in self._lines(deadline):
            if line == "@dmesg begin":
                in_log = True
            elif line == "@dmesg end":
                in_log = False
            elif in_log:
                self.report.dmesg.append(line)
            elif line == "@counters":
                self._answer(deadline)
            elif line.startswith("@qmp "):
                self._relay(line[5:])
            elif line.startswith("@exit "):
                self.exit_status = int(line.split()[2])
            elif line == "@done":
                self._judge()
                return
            elif "Kernel panic" in line:
                raise GuestError(line)
            else:
                self._tap(line)

    def _relay(self, text):
        try:
            request = json.loads(text)
            self.qmp.command(request["execute"], **request.get("arguments", {}))
            answer = "ok"
        except (QmpError, ValueError, KeyError) as error:
            answer = f"QEMU refused: {error}"
        self.serial.sendall(answer.replace("\n", " ").encode("utf-8") + b"\n")

    def _answer(self, _deadline):
        values = self.counters() or {}
        text = "".join(f" {name}={value}" for name, value in values.items())
        self.serial.sendall(text.encode("ascii") + b"\n")

    def _tap(self, line):
        found = re.match(r"(not )?ok \d+ (?:- )?([^#]*?)(?: # SKIP (.*))?$", line)
        if found:
            self.subtests.append(Subtest(found[2].strip(), not found[1], found[3] or "",
                                         tuple(self._notes)))
            self._notes = []
        elif re.match(r"1\.\.\d+$", line):
            # The kernel's selftests are several programs, each with a plan.
            self.planned = (self.planned or 0) + int(line[3:])
        elif line.startswith("# ") and not SELFTEST_CHATTER.match(line):
            self._notes.append(line[2:])

    def _judge(self):
        if self.planned is None:
            self.problems.append("the program printed no plan")
        elif self.planned != len(self.subtests):
            self.problems.append(f"{len(self.subtests)} results of {self.planned} tests")
        self.problems += [f"kernel log: {line}" for line in self.report.dmesg
                          if any(pattern.search(line) for pattern in TROUBLE)]
        if self.exit_status and all(test.passed for test in self.subtests):
            self.problems.append(f"the program ended with status {self.exit_status}")


class _NoPayload:
    """What Machine asks of a payload, when nothing is moved from disk to disk."""

    def make_disks(self, _directory):
        return {}


def write_program(case, qemu_dir, image, busybox, files, directory, extra=(), inner=None):
    """Put kernel, archive and command line of a case into `directory` instead of running it."""
    directory.mkdir(parents=True, exist_ok=True)
    guest = ProgramGuest(case, qemu_dir, image, busybox, files, directory, 0, extra, inner)
    kernel = directory / "kernel"
    kernel.unlink(missing_ok=True)
    kernel.symlink_to(image)
    guest.command = [str(kernel) if word == str(image) else word for word in guest.command]
    command = directory / "command"
    command.write_text(f"#!/bin/sh\n{guest.keep(directory)}\n", encoding="utf-8")
    command.chmod(0o755)


def run_program(case, qemu_dir, image, busybox, files, directory, timeout, extra=(), inner=None):
    """Boot and run; the ProgramGuest, with a problem instead of an exception."""
    guest = ProgramGuest(case, qemu_dir, image, busybox, files, directory, timeout, extra, inner)
    started = time.monotonic()
    try:
        guest.run()
    except (GuestError, OSError) as error:
        guest.problems.append(str(error))
        if guest.planned is not None and len(guest.subtests) < guest.planned:
            guest.problems.append(f"{len(guest.subtests)} results of {guest.planned} tests")
    guest.report.seconds = time.monotonic() - started
    return guest
