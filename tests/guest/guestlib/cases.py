# SPDX-License-Identifier: GPL-2.0-or-later
"""The matrix: which kernel boots how, on which IOMMU, in which mode.

Case names read IOMMU/variant/mode.  `proves` names, in the form scripts/conformance
reads, the requirements a case exercises end to end through the operating system's own
driver: the working half of a rule, as what must fault is for the unit tests and qtests.
"""

from dataclasses import dataclass

# Words that make a boot short under emulation.  They change no IOMMU behaviour.
FAST_BOOT = ("quiet mitigations=off nokaslr cryptomgr.notests audit=0 panic=-1 "
             "random.trust_cpu=on")

# Kernel arguments and the type of the default domains that must follow from them.
MODES = {
    "strict": ("iommu.passthrough=0 iommu.strict=1", "DMA"),
    "lazy": ("iommu.passthrough=0 iommu.strict=0", "DMA-FQ"),
    "passthrough": ("iommu.passthrough=1", "identity"),
}

SMMU_BASE = 0x09050000
VTD_BASE = 0xfed90000


@dataclass(frozen=True)
class RegisterCheck:
    """A register of the IOMMU that shows the mode is the one that was asked for."""
    what: str
    address: int
    mask: int
    value: int


@dataclass(frozen=True)
class Case:
    name: str
    emulator: str               # suffix of qemu-system-
    kernel: str                 # key of artefacts.KERNELS
    mode: str                   # key of MODES
    iommu_type: str             # QOM type of the IOMMU
    machine: tuple              # QEMU arguments
    kernel_args: str
    domain: str                 # /sys/kernel/iommu_groups/*/type
    registers: tuple = ()
    firmware: str = ""          # "uefi": boot through UEFI, which hands ACPI tables over
    dmesg: tuple = ()           # regular expressions the kernel's log must contain
    proves: str = ""
    full_only: bool = False

    @property
    def translates(self):
        return self.mode != "passthrough"


SMMU_ENABLED = RegisterCheck("CR0.SMMUEN", SMMU_BASE + 0x20, 1, 1)


def _arm(variant, mode, kernel="arm64", acpi=False, machine="virt", extra=(), registers=(),
         full_only=False):
    arguments, domain = MODES[mode]
    return Case(
        name=f"smmuv3/{variant}/{mode}", emulator="aarch64", kernel=kernel, mode=mode,
        iommu_type="arm-smmuv3",
        machine=("-M", f"{machine},gic-version=3,iommu=smmuv3", "-cpu", "neoverse-n1", *extra),
        kernel_args=f"console=ttyAMA0 rodata=off {arguments}" + (" acpi=force" if acpi else ""),
        domain=domain, registers=(SMMU_ENABLED, *registers),
        firmware="uefi" if acpi else "",
        dmesg=(r"arm-smmu-v3 .*: ias .*-bit, oas .*-bit",),
        proves="/smmuv3/guest/RG9+Q4+CM6+TR1+SE2-linux-driver", full_only=full_only)


def _arm_one_stage(stage, mode, full_only):
    """An SMMU with one stage only; machines from virt-9.2 on insist on both."""
    implemented = RegisterCheck("IDR0.{S1P,S2P}", SMMU_BASE, 0b11, 0b10 if stage == 1 else 0b01)
    return _arm(f"stage{stage}", mode, machine="virt-9.1", registers=(implemented,),
                extra=("-global", f"arm-smmuv3.stage={stage}"), full_only=full_only)


def _vtd(variant, mode, options="", kernel_options="sm_off", table_mode=0, caching=False,
         full_only=False):
    arguments, domain = MODES[mode]
    dmesg = [r"DMAR-IR: Enabled IRQ remapping"]
    if caching and mode == "lazy":
        # Linux turns batching off on an IOMMU that caches not-present entries.
        domain = "DMA"
        dmesg.append(r"IOMMU batching disallowed due to virtualization")
    return Case(
        name=f"vtd/{variant}/{mode}", emulator="x86_64", kernel="amd64", mode=mode,
        iommu_type="intel-iommu",
        machine=("-M", "q35", "-cpu", "max", "-device", f"intel-iommu,intremap=on{options}"),
        kernel_args=("console=ttyS0 tsc=reliable no_timer_check "
                     f"intel_iommu=on,{kernel_options} {arguments}"),
        domain=domain,
        registers=(
            RegisterCheck("GSTS.TES", VTD_BASE + 0x1c, 1 << 31, 1 << 31),
            RegisterCheck("GSTS.IRES", VTD_BASE + 0x1c, 1 << 25, 1 << 25),
            RegisterCheck("RTADDR.TTM", VTD_BASE + 0x20, 3 << 10, table_mode << 10),
            RegisterCheck("CAP.CM", VTD_BASE + 0x08, 1 << 7, int(caching) << 7)),
        dmesg=tuple(dmesg), proves="/vtd/guest/G1+G3+I3-linux-driver", full_only=full_only)


def matrix():
    """Every case, in the order they are reported."""
    cases = []
    for mode in MODES:
        cases += [
            _arm("dt", mode),
            _arm("acpi", mode, acpi=True, full_only=mode == "lazy"),
            _arm("16k", mode, kernel="arm64-16k", full_only=mode == "lazy"),
            _arm_one_stage(1, mode, full_only=mode != "strict"),
            _arm_one_stage(2, mode, full_only=mode == "passthrough"),
        ]
    for mode in MODES:
        cases += [
            _vtd("legacy", mode),
            _vtd("legacy-caching", mode, ",caching-mode=on", caching=True,
                 full_only=mode == "passthrough"),
            _vtd("scalable", mode, ",x-scalable-mode=on", "sm_on", table_mode=1),
            _vtd("scalable-caching", mode, ",x-scalable-mode=on,caching-mode=on", "sm_on",
                 table_mode=1, caching=True, full_only=mode != "strict"),
            _vtd("first-stage", mode, ",x-scalable-mode=on,x-flts=on,aw-bits=48", "sm_on",
                 table_mode=1),
        ]
    return sorted(cases, key=lambda case: case.name.split("/")[0])
