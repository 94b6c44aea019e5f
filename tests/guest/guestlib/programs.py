# SPDX-License-Identifier: GPL-2.0-or-later
"""The programs that drive the kernel's IOMMU interfaces: which run where, and their builds."""

import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

PROGRAMS = Path(__file__).resolve().parents[1] / "programs"
TOP = PROGRAMS.parents[2]

# The table builders and the DMA driver that unit tests and qtests use serve here too.
SHARED = ("guestmem", "dma-driver", "arm-pages", "smmu-tables", "smmu-commands", "smmu-driver",
          "vtd-pages")

COMPILERS = {"arm64": ("aarch64-linux-gnu-gcc", "aarch64-linux-gnu"),
             "x86_64": ("gcc", "x86_64-linux-gnu")}

FAST_BOOT = ("loglevel=1 suspend.pm_test_delay=0 mitigations=off nokaslr cryptomgr.notests audit=0 panic=-1 "
             "random.trust_cpu=on")


class CompileError(Exception):
    """A program that does not compile; the text is the compiler's."""


@dataclass(frozen=True)
class Bench:
    """A machine that programs run on."""
    iommu: str                  # first part of the case names
    emulator: str
    arch: str
    iommu_type: str
    machine: tuple
    kernel_args: str
    units: int = 1


ARM = Bench("smmuv3", "aarch64", "arm64", "arm-smmuv3",
            ("-M", "virt,gic-version=3,iommu=smmuv3", "-cpu", "neoverse-n1",
             "-global", "arm-smmuv3.model=max"),
            "console=ttyAMA0 rodata=off iommu.strict=1")

# Every function may stall: PCI Express functions do not, which is why Linux must be told.
ARM_STALL = Bench("smmuv3", "aarch64", "arm64", "arm-smmuv3",
                  ARM.machine + ("-global", "arm-smmuv3.stall=force"), ARM.kernel_args)

# With EL2, for guests that are started in there.
ARM_HYP = Bench("smmuv3", "aarch64", "arm64", "arm-smmuv3",
                ("-M", "virt,virtualization=on,gic-version=3,iommu=smmuv3", *ARM.machine[2:]),
                ARM.kernel_args)

VTD = Bench("vtd", "x86_64", "x86_64", "intel-iommu",
            ("-M", "q35", "-cpu", "max", "-device", "intel-iommu,intremap=on,model=max"),
            "console=ttyS0 tsc=reliable no_timer_check intel_iommu=on,sm_on iommu.strict=1")

# On a clock, with what Arm's MMU-600 and an older VT-d unit have for caches.
ARM_TIMED = Bench("smmuv3", "aarch64", "arm64", "arm-smmuv3",
                  ARM.machine + ("-global", "arm-smmuv3.timing=on",
                                 "-global", "arm-smmuv3.profile=mmu600"), ARM.kernel_args)

VTD_TIMED = Bench("vtd", "x86_64", "x86_64", "intel-iommu",
                  VTD.machine[:-1] + (VTD.machine[-1] + ",timing=on,profile=vtd-64",),
                  VTD.kernel_args)

VTD_POSTED = Bench("vtd", "x86_64", "x86_64", "intel-iommu", VTD.machine,
                   VTD.kernel_args + " intremap=posted_msi")

# Two functions of their own on the root bus: complex integrated endpoints, which may use PASID.
DEVICES = ("-device", "iommu-dma,bus=pcie.0,addr=8", "-device", "iommu-dma,bus=pcie.0,addr=9")

# A word that stands for the path of an empty disk image.
DISK = "DISK-IMAGE"

# For what happens around a driver: a port to plug into, and a disk whose driver does DMA.
SYSTEM_DEVICES = DEVICES + (
    "-device", "pcie-root-port,id=rp,chassis=1,addr=10",
    "-drive", f"if=none,id=disk,format=raw,cache=unsafe,file={DISK}",
    "-device", "nvme,drive=disk,serial=stagewalk,addr=11")

# q35 plugs through ACPI unless told to leave it to the port.
NATIVE_HOTPLUG = {
    "smmuv3": (), "vtd": ("-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off")}


@dataclass(frozen=True)
class ProgramCase:
    """One boot of one bench that runs one program."""
    feature: str                # row of the table in docs/guests.rst
    bench: Bench
    program: str
    devices: tuple = DEVICES
    variant: str = ""           # of the kernel: what follows the architecture in its name
    seconds: int = 240
    megabytes: int = 512
    full_only: bool = False
    kernel: str = ""            # another one than the variant says
    inside: tuple = ()          # programs for a guest that the program starts, with a monitor
    stalls: int = -1            # slot of a function that may stall, as the device tree says

    @property
    def column(self):
        """Column of the table in docs/guests.rst."""
        return self.bench.iommu + (f"-{self.variant}" if self.variant else "")

    @property
    def name(self):
        """IOMMU/feature, and the kernel's variant if it has one."""
        return f"{self.bench.iommu}/{self.feature}" + (f"-{self.variant}" if self.variant else "")

    @property
    def kernel_name(self):
        """Name in kernelbuild.OWN_KERNELS."""
        return self.kernel or self.bench.arch + (f"-{self.variant}" if self.variant else "")


COLUMNS = {
    "smmuv3": "SMMUv3",
    "smmuv3-16k": "SMMUv3, 16 KB",
    "smmuv3-64k": "SMMUv3, 64 KB",
    "smmuv3-6.12": "SMMUv3, 6.12",
    "vtd": "VT-d",
    "vtd-6.12": "VT-d, 6.12",
}

# Every subtest of a row's program is a line of the table below it.
FEATURES = {
    "map": "Mappings and faults",
    "dirty": "Dirty tracking",
    "nested": "Nested translation, tables in user memory",
    "shared": "One second stage below several vIOMMUs",
    "pasid": "PASID attach, replace, detach",
    "sva": "Shared virtual addressing",
    "sva-dt": "... by a function that the device tree lets stall",
    "iopf": "I/O page faults to user space",
    "irq": "Interrupts",
    "irq-posted": "Interrupts, posted format",
    "pmu": "Performance counters through perf",
    "pmu-timed": "... with timing=on",
    "system": "Reset, hot plug, suspend, domain types",
    "two-level": "A guest's guest owns the functions (two levels)",
    "selftests": "VFIO selftests of the kernel's tree, on an igb",
}


# Cells that can never be filled: (features, columns they concern) and the reason.
ARM_COLUMNS = tuple(column for column in COLUMNS if column.startswith("smmuv3"))
VTD_COLUMNS = tuple(column for column in COLUMNS if column.startswith("vtd"))
NEVER = (
    (("irq-posted",), ARM_COLUMNS,
     "Arm has no posted interrupts: an MSI is a write that the SMMU translates to the ITS"),
    (("sva-dt",), VTD_COLUMNS,
     "stalls are Arm's; on VT-d any function may send page requests"),
    (("sva-dt",), ("smmuv3-6.12",), "as the row above: no driver to bind a process with"),
    (("two-level",), ARM_COLUMNS[1:], "as the first column: both levels have one kernel, with KVM"),
    (("two-level",), VTD_COLUMNS,
     "not tried: it takes VT-d and VMX or SVM of an emulated processor in one machine"),
    (("pmu-timed",), ARM_COLUMNS[1:] + VTD_COLUMNS[1:],
     "as the row above: the clock is the model's, the kernel does not know of it"),
    (("selftests",), ("smmuv3-6.12", "vtd-6.12"),
     "the kernel's tree has VFIO selftests from Linux 6.18 on"),
    (("selftests",), ("smmuv3-64k",),
     "the selftests give back parts of 64 KB pages (libvfio.c) and end before any DMA"),
)


def never(feature, column):
    """Why there is no case for this cell of the table, or None."""
    return next((reason for features, columns, reason in NEVER
                 if feature in features and column in columns), None)


def _variant(case, variant):
    """The same case with another kernel: for full runs."""
    more = {"variant": variant, "full_only": True}
    if variant == "6.12" and case.column == "smmuv3" and case.feature == "dirty":
        # IDR0.HTTU 3 came with a later architecture: this kernel takes it for 0. It clears dirty flags
        # without an invalidation, and makes none when a domain is left, by which dirty.c helps itself.
        more["devices"] = case.devices + ("-global", "arm-smmuv3.httu=afdbm",
                                          "-global", "arm-smmuv3.caches=off")
    if variant in ("16k", "64k"):
        more["megabytes"] = max(case.megabytes, 1024)
    if variant == "64k" and case.feature in ("map", "dirty"):
        # Its huge page of 512 MB cannot be had later than at the start.
        more["megabytes"] = 3072
        more["bench"] = replace(case.bench, kernel_args=f"{case.bench.kernel_args} hugepages=1")
    return replace(case, **more)


def cases():
    """Every program case, in the order they are reported."""
    made = []
    for bench, stall, timed, nested in ((ARM, ARM_STALL, ARM_TIMED, "nested-arm"),
                                        (VTD, VTD, VTD_TIMED, "nested-vtd")):
        def add(name, program=None, where=bench, **more):
            made.append(ProgramCase(name, where, program or name, **more))
        add("map")
        add("dirty")
        add("nested", nested)
        add("shared")
        add("pasid")
        add("sva", where=stall)
        add("iopf", where=stall)
        add("irq")
        add("pmu")
        add("pmu-timed", "pmu", where=timed)
        add("system", devices=SYSTEM_DEVICES + NATIVE_HOTPLUG[bench.iommu])
        add("selftests", devices=("-device", "igb,romfile=,bus=pcie.0,addr=8"), megabytes=2560)
    made.append(ProgramCase("sva-dt", ARM, "sva", stalls=8, full_only=True))
    made.append(ProgramCase("two-level", ARM_HYP, "two-level", kernel="arm64-kvm",
                            inside=("map", "level2", "pasid"), megabytes=1536, seconds=600,
                            full_only=True))
    made.append(ProgramCase("irq-posted", VTD_POSTED, "irq"))
    for column in COLUMNS:
        iommu, _, variant = column.partition("-")
        made += [_variant(case, variant) for case in made
                 if variant and case.column == iommu and not never(case.feature, column)]
    return made


def compiler_missing(arch):
    """The compiler this machine lacks, or None."""
    compiler = COMPILERS[arch][0]
    return None if shutil.which(compiler) else compiler


def build_next_kernel(arch, directory):
    """Compile next-kernel.c for the stock kernels' guests; its path."""
    binary = Path(directory) / arch / "next-kernel"
    binary.parent.mkdir(parents=True, exist_ok=True)
    command = [COMPILERS[arch][0], "-static", "-O1", "-Wall", "-Wextra", "-Werror", "-o",
               str(binary), str(PROGRAMS.parent / "next-kernel.c")]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    if done.returncode:
        raise CompileError(f"next-kernel.c for {arch}: {done.stdout.strip()}")
    return binary


def build_program(program, arch, headers, directory, selftests=None):
    """Compile PROGRAM.c with the helpers; the files of the guest's /programs.

    A program without a .c is a script; "selftests" is one for what the kernel's build left in the
    directory of that name.
    """
    script = PROGRAMS / program
    if script.is_file():
        return [script, *(sorted(Path(selftests).iterdir()) if program == "selftests" else ())]
    compiler, triplet = COMPILERS[arch]
    binary = Path(directory) / arch / program
    binary.parent.mkdir(parents=True, exist_ok=True)
    library = sorted((PROGRAMS / "lib").glob("*.c"))
    shared = [TOP / "tests/lib" / f"{name}.c" for name in SHARED]
    command = [compiler, "-static", "-O1", "-g", "-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror",
               "-Wno-missing-field-initializers",
               # gcc 12 does not know this attribute of the kernel's headers.
               "-D__counted_by(x)=",
               f"-I{PROGRAMS}", f"-I{PROGRAMS / 'lib'}", f"-I{TOP / 'tests/lib'}",
               f"-I{TOP / 'include'}", "-isystem", str(headers), "-isystem",
               str(Path(headers) / triplet), "-o", str(binary), str(PROGRAMS / f"{program}.c"),
               *map(str, library), *map(str, shared)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    if done.returncode:
        raise CompileError(f"{program}.c for {arch}: {done.stdout.strip()}")
    return [binary]
