# SPDX-License-Identifier: GPL-2.0-or-later
"""One guest: starts QEMU, follows the serial port, reads counters at every mark."""

import hashlib
import json
import os
import random
import shlex
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from . import initramfs
from .artefacts import KERNELS
from .cases import FAST_BOOT
from .qmp import Qmp, QmpError

# One that could have had a neighbour: only then does TCG make its atomic operations atomic, which an
# IOMMU that sets bits in the guest's memory needs (dirty flags, posted interrupts).
ONE_PROCESSOR = "1,maxcpus=2"

COUNTERS = "stagewalk-counters"
TRACE = "stagewalk-trace"
MIB = 1 << 20


# Every QEMU that is running and its directory, so that an interrupted run leaves nothing behind.
RUNNING = {}


def kill_all():
    """End every QEMU this process started and remove its files."""
    for process, directory in list(RUNNING.items()):
        process.kill()
        process.wait()
        shutil.rmtree(directory, ignore_errors=True)


class GuestError(Exception):
    """The guest could not be run to its end."""


class Payload:
    """The data a case moves: other bytes for every case, the same on every run."""

    def __init__(self, seed, disk_mib, net_mib):
        self.disk_mib, self.net_mib = disk_mib, net_mib
        self.data = random.Random(seed).randbytes(disk_mib * MIB)
        self.sha256 = hashlib.sha256(self.data).hexdigest()
        self.net_sha256 = hashlib.sha256(self.data[:net_mib * MIB]).hexdigest()

    def make_disks(self, directory):
        """Two raw images: room for the data and as much again."""
        paths = {}
        for name, content in (("nvme", b""), ("virtio", self.data)):
            paths[name] = Path(directory) / f"{name}.img"
            with open(paths[name], "wb") as image:
                image.write(content)
                image.truncate(2 * self.disk_mib * MIB)
        return paths

    def on_disk(self, path):
        """True if the second half of the image holds exactly the data."""
        with open(path, "rb") as image:
            image.seek(self.disk_mib * MIB)
            return image.read() == self.data


class Report:
    """All that one boot told: lines, marks with counters, registers, the kernel's log."""

    def __init__(self):
        self.groups = {}            # PCI address: domain type
        self.drivers = {}           # PCI address: driver
        self.sums = {}              # transfer: sha256
        self.marks = []             # (name, host time, counters or None)
        self.registers = {}         # offset: value
        self.dmesg = []
        self.failure = None         # what the guest itself gave up on
        self.has_counters = None
        self.units = []             # each unit's counters at the last mark
        self.before = {}            # counters that are no concern of this kernel's
        self.trace = None
        self.seconds = 0.0

    def phases(self):
        """(name, seconds, counter differences or None) for each mark but the last."""
        for (name, start, before), (_, end, after) in zip(self.marks, self.marks[1:]):
            delta = None
            if before is not None and after is not None:
                delta = {key: after[key] - before[key] for key in after if key in before}
            yield name, end - start, delta


class Machine:
    """A guest in a directory of its own; use run() once.

    `trace_at` names the mark after which the next TLB miss is to be annotated; `progress` is
    called with the name of every mark. `next_kernel` is the program for cases that start a kernel
    from within: `report` is then about the last kernel, `earlier` has the reports of those before.
    """

    def __init__(self, case, qemu_dir, artefacts, directory, payload, timeout=180, extra=(),
                 trace_at=None, progress=None, next_kernel=None):
        self.case, self.payload, self.timeout = case, payload, timeout
        self.directory = Path(directory)
        self.trace_at = trace_at
        self.progress = progress or (lambda _mark: None)
        self.disks = payload.make_disks(self.directory)
        self.serial_log = self.directory / "serial.log"
        self.report = Report()
        self.earlier = []
        self.crashing = False
        self.next_kernel = next_kernel
        self.iommu = None
        self.process = self.qmp = self.serial = None
        self.command = self._command_line(Path(qemu_dir), artefacts, extra)

    def _command_line(self, qemu_dir, artefacts, extra):
        case, here = self.case, self.directory
        kernel = artefacts.kernel(case.kernel)
        busybox = artefacts.busybox(KERNELS[case.kernel].arch)
        initrd = here / "initramfs.cpio"
        initrd.write_bytes(initramfs.build(busybox, kernel, Path(__file__).parents[1] / "init",
                                           self.next_kernel))
        words = [str(qemu_dir / f"qemu-system-{case.emulator}"), *case.machine,
                 "-accel", "tcg", "-smp", ONE_PROCESSOR, "-m", "1280" if case.next_kernel else "768", "-nodefaults", "-display", "none",
                 "-no-reboot", "-qmp", f"unix:{here}/qmp,server=on,wait=off",
                 "-chardev", f"socket,id=serial,path={here}/serial,server=on,wait=off",
                 "-serial", "chardev:serial",
                 "-kernel", str(kernel / "vmlinuz"), "-initrd", str(initrd),
                 "-append", f"{case.kernel_args} {FAST_BOOT} sw.mb={self.payload.disk_mib} "
                            f"sw.netmb={self.payload.net_mib}"
                            + (" sw.drivers=1" if case.drivers else "")
                            + (f" sw.next={case.next_kernel}" if case.next_kernel else "")]
        if case.firmware == "uefi":
            code, variables = artefacts.uefi_arm64()
            words += ["-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={code}",
                      "-drive", f"if=pflash,unit=1,format=raw,snapshot=on,file={variables}"]
        # The NVMe disk sits below a root port: its stream id or source id has a bus number.
        for name, path in self.disks.items():
            words += ["-drive", f"if=none,id={name},format=raw,cache=unsafe,file={path}"]
        words += ["-device", "pcie-root-port,id=rp,chassis=1",
                  "-device", "nvme,drive=nvme,serial=stagewalk,bus=rp",
                  "-device", "virtio-blk-pci,drive=virtio,disable-legacy=on,iommu_platform=on",
                  # A hub and no socket between the controllers: a stream may block QEMU for good.
                  "-netdev", "hubport,id=near,hubid=0", "-netdev", "hubport,id=far,hubid=0",
                  "-device", "igb,netdev=near,romfile=", "-device", "e1000e,netdev=far,romfile="]
        return words + list(extra)

    def keep(self, directory):
        """Copy what the command line names to `directory`; the command line, ready to paste.

        It runs by hand: the serial port, and with Ctrl-a c the monitor, are the terminal.
        """
        words = iter(self.command)
        command = []
        for word in words:
            if word in ("-qmp", "-chardev"):
                next(words)
            elif word == "-serial":
                next(words)
                command += [word, "mon:stdio"]
            else:
                command.append(word.replace(str(self.directory), str(directory)))
        for path in self.directory.iterdir() if directory != self.directory else ():
            if path.is_file() and str(path) in " ".join(self.command):
                shutil.copy(path, directory)
        return shlex.join(command)

    def run(self):
        """Boot, serve the guest's marks until it is done; the Report, or GuestError."""
        started = time.monotonic()
        deadline = started + self.timeout
        with open(self.directory / "qemu.log", "wb") as log:
            # A session of its own: the processor's share is then each guest's, not that of all.
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, start_new_session=True)
            RUNNING[self.process] = self.directory
            try:
                self._connect(deadline)
                self._follow(deadline)
            except QmpError as error:
                raise GuestError(f"{error}{self._exit_status()}") from error
            finally:
                self._stop()
        self.report.seconds = time.monotonic() - started
        return self.report

    def _exit_status(self):
        try:
            code = self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return ""
        if code < 0:
            return f"; QEMU died of {signal.Signals(-code).name}"
        return f"; QEMU exited with status {code}"

    def _connect(self, deadline):
        paths = [self.directory / "qmp", self.directory / "serial"]
        while not all(path.exists() for path in paths):
            if self.process.poll() is not None:
                raise GuestError(f"QEMU did not start{self._exit_status()}")
            if time.monotonic() > deadline:
                raise GuestError("QEMU did not open its sockets in time")
            time.sleep(0.02)
        self.qmp = Qmp(paths[0], timeout=30)
        self.serial = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.serial.connect(str(paths[1]))
        found = self.qmp.find_devices(self.case.iommu_type)
        if len(found) != self.case.units:
            raise GuestError(f"{len(found)} devices of type {self.case.iommu_type}, "
                             f"not {self.case.units}")
        self.iommu, self.iommus = found[0], found
        self.report.has_counters = self.qmp.has_property(self.iommu, COUNTERS)

    def counters(self):
        """The counters of all units now, or None in a binary that has none."""
        if not self.report.has_counters:
            return None
        self.report.units = [self._counters_of(iommu) for iommu in self.iommus]
        return {name: sum(unit[name] for unit in self.report.units)
                for name in self.report.units[0]}

    def _counters_of(self, iommu):
        text = self.qmp.get(iommu, COUNTERS)
        try:
            values = json.loads(text)
        except ValueError as error:
            raise GuestError(f"{COUNTERS} is not JSON: {error}: {text[:80]!r}") from error
        # With timing on there is a part of those that did not wait.
        values.update({f"untimed.{name}": value for name, value in values.pop("untimed", {}).items()})
        return values

    def _receive(self, deadline):
        """What the guest printed next, at least one byte."""
        self.serial.settimeout(max(0.001, deadline - time.monotonic()))
        try:
            data = self.serial.recv(65536)
        except socket.timeout:
            raise GuestError(f"the guest was not done after {self.timeout} s") from None
        except OSError:
            data = b""
        if not data:
            raise GuestError(f"the guest ended before it was done{self._exit_status()}")
        return data

    def _lines(self, deadline):
        # Kept here and not by the chardev's logfile, which repeats bytes it had to send twice.
        buffer = b""
        with open(self.serial_log, "wb", buffering=0) as log:
            while True:
                data = self._receive(deadline)
                log.write(data)
                *lines, buffer = (buffer + data).split(b"\n")
                for line in lines:
                    yield line.decode("utf-8", "replace").rstrip("\r")

    def _follow(self, deadline):
        in_dmesg = False
        for line in self._lines(deadline):
            if line == "@dmesg begin":
                in_dmesg = True
            elif line == "@dmesg end":
                in_dmesg = False
            elif in_dmesg:
                self.report.dmesg.append(line)
            elif line == "@done":
                return
            elif line.startswith("@"):
                self._told(line[1:].split())
            elif "Kernel panic" in line and not self.crashing:
                raise GuestError(line)

    def _told(self, words):
        report, (kind, *rest) = self.report, words
        if kind == "mark":
            self._mark(rest[0])
        elif kind == "group":
            report.groups[rest[0]] = rest[1]
        elif kind == "driver":
            report.drivers[rest[0]] = rest[1]
        elif kind == "sha256":
            report.sums[rest[0]] = rest[1] if len(rest) > 1 else ""
        elif kind == "next":
            self._next(rest[0])
        elif kind == "fail":
            report.failure = " ".join(rest)

    def _next(self, how):
        """The kernel gives way to another, by request or by a crash."""
        old = self.report
        self.earlier.append(old)
        self.report = Report()
        self.report.has_counters = old.has_counters
        self.crashing = how == "crash"
        if not self.crashing:
            # A fault on the way would be the next kernel's.
            self.report.before = old.marks[-1][2] or {}
        self.serial.sendall(b"\n")

    def _mark(self, name):
        report = self.report
        if not report.marks:
            if self.crashing:
                # What was under way finds no tables any more, until its device is reset.
                report.before = self.counters() or {}
                self.crashing = False
            base = self.case.base or self.qmp.register_base(self.case.iommu_type)
            for check in self.case.registers:
                report.registers[check.offset] = self.qmp.physical_word(base + check.offset)
        if name == self.trace_at:
            self.qmp.set(self.iommu, TRACE, "next")
        elif report.marks and report.marks[-1][0] == self.trace_at:
            report.trace = self.qmp.get(self.iommu, TRACE)
        report.marks.append((name, time.monotonic(), self.counters()))
        self.progress(name)
        self.serial.sendall(b"\n")

    def _stop(self):
        if self.qmp and self.process.poll() is None:
            try:
                self.qmp.command("quit")
                self.process.wait(timeout=10)
            except (QmpError, subprocess.TimeoutExpired):
                pass
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        RUNNING.pop(self.process, None)
        for end in (self.qmp, self.serial):
            if end:
                end.close()

    def log_tail(self, lines=40):
        """The last lines of the serial port and of QEMU's own messages."""
        parts = []
        for title, name in (("guest", "serial.log"), ("QEMU", "qemu.log")):
            path = self.directory / name
            text = path.read_text("utf-8", "replace") if path.exists() else ""
            shown = [line for line in text.splitlines() if line.strip()][-lines:]
            parts += [f"--- {title}, last {len(shown)} lines ({path})", *shown]
        return os.linesep.join(parts)
