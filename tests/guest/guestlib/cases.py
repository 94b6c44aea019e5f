# SPDX-License-Identifier: GPL-2.0-or-later
"""The matrix: which kernel boots how, on which IOMMU, in which mode.

Case names read IOMMU/variant/mode.  `proves` names, in the form scripts/conformance
reads, the requirements a case exercises end to end through the operating system's own
driver: the working half of a rule, as what must fault is for the unit tests and qtests.
"""

from dataclasses import dataclass, replace

# Words that make a boot short under emulation.  They change no IOMMU behaviour.
FAST_BOOT = ("quiet mitigations=off nokaslr cryptomgr.notests audit=0 panic=-1 "
             "random.trust_cpu=on")

# Kernel arguments and the type of the default domains that must follow from them.
MODES = {
    "strict": ("iommu.passthrough=0 iommu.strict=1", "DMA"),
    "lazy": ("iommu.passthrough=0 iommu.strict=0", "DMA-FQ"),
    "passthrough": ("iommu.passthrough=1", "identity"),
}

# Of q35. The registers of virt's SMMUv3 move where they need more room than the machine keeps.
VTD_BASE = 0xfed90000


@dataclass(frozen=True)
class RegisterCheck:
    """A register of the IOMMU that shows the mode is the one that was asked for."""
    what: str
    offset: int                 # from where the machine has put the IOMMU
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
    base: int = 0               # where the registers always lie; 0: where the machine says
    units: int = 1              # IOMMUs of that type; counters are their sum
    firmware: str = ""          # "uefi": boot through UEFI, which hands ACPI tables over
    dmesg: tuple = ()           # regular expressions the kernel's log must contain
    drivers: bool = False       # the guest takes a driver from its device, changes domains, ...
    next_kernel: str = ""       # "kexec", "crash": how the guest starts its kernel once more
    proves: str = ""
    full_only: bool = False

    @property
    def timed(self):
        """Whether the IOMMU is on a clock."""
        return any("timing=on" in word for word in self.machine)

    @property
    def translates(self):
        return self.mode != "passthrough"


# Device TLBs, page requests and PASIDs: Linux turns them on where the IOMMU has them.
EVERYTHING = ("-global", "virtio-blk-pci.ats=on", "-device", "iommu-dma,bus=pcie.0,addr=1e")

SMMU_ENABLED = RegisterCheck("CR0.SMMUEN", 0x20, 1, 1)


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
    implemented = RegisterCheck("IDR0.{S1P,S2P}", 0x00, 0b11, 0b10 if stage == 1 else 0b01)
    return _arm(f"stage{stage}", mode, machine="virt-9.1", registers=(implemented,),
                extra=("-global", f"arm-smmuv3.stage={stage}"), full_only=full_only)


def _arm_model(model, mode, acpi=False, kernel="arm64", variant="", full_only=True):
    """A named set of capabilities, with devices that use what it has."""
    return _arm(variant or model, mode, kernel=kernel, acpi=acpi, full_only=full_only,
                extra=("-global", f"arm-smmuv3.model={model}", *EVERYTHING))


def _vtd(variant, mode, options="", kernel_options="sm_off", table_mode=0, caching=False,
         extra=(), first_stage=False, full_only=False):
    arguments, domain = MODES[mode]
    dmesg = [r"DMAR-IR: Enabled IRQ remapping"]
    if caching and mode == "lazy" and not first_stage:
        # Linux turns batching off on an IOMMU that caches not-present entries, unless its own
        # choice is the first stage, where that cannot be.
        domain = "DMA"
        dmesg.append(r"IOMMU batching disallowed due to virtualization")
    return Case(
        name=f"vtd/{variant}/{mode}", emulator="x86_64", kernel="amd64", mode=mode,
        iommu_type="intel-iommu",
        machine=("-M", "q35", "-cpu", "max", "-device", f"intel-iommu,intremap=on{options}", *extra),
        kernel_args=("console=ttyS0 tsc=reliable no_timer_check "
                     f"intel_iommu=on,{kernel_options} {arguments}"),
        domain=domain,
        registers=(
            RegisterCheck("GSTS.TES", 0x1c, 1 << 31, 1 << 31),
            RegisterCheck("GSTS.IRES", 0x1c, 1 << 25, 1 << 25),
            RegisterCheck("RTADDR.TTM", 0x20, 3 << 10, table_mode << 10),
            RegisterCheck("CAP.CM", 0x08, 1 << 7, int(caching) << 7)),
        base=VTD_BASE,
        dmesg=tuple(dmesg), proves="/vtd/guest/G1+G3+I3-linux-driver", full_only=full_only)


def _again(how, case, variant):
    """The same, and then once more in a kernel that takes the place of the first."""
    iommu, _, mode = case.name.split("/")
    # Loading a kernel is long work for an emulated processor: no lockup detector.
    words = " nowatchdog" + (" crashkernel=320M" if how == "crash" else "")
    return replace(case, name=f"{iommu}/{how}-{variant}/{mode}", next_kernel=how, full_only=True,
                   kernel_args=case.kernel_args + words)


def _vtd_units(mode, full_only):
    """The NVMe disk's root port behind a unit of its own, all else behind a second one."""
    one = _vtd("two-units", mode, full_only=full_only)
    others = tuple(replace(check, what=f"second unit: {check.what}", offset=check.offset + 0x1000)
                   for check in one.registers)
    return replace(one, units=2, registers=one.registers + others,
                   machine=("-M", "q35", "-cpu", "max", "-device", "intel-iommu,intremap=on,scope=rp",
                            "-device", "intel-iommu,intremap=on"),
                   dmesg=one.dmesg + (r"DMAR: DRHD base: 0x0+fed90000 flags: 0x0",
                                      r"DMAR: DRHD base: 0x0+fed91000 flags: 0x1",
                                      r"DMAR: dmar1: reg_base_addr fed91000"))


def _vtd_platform(mode):
    """Two units, and every structure that our DMAR table can have."""
    units = _vtd_units(mode, full_only=True)
    first = ("intel-iommu,intremap=on,device-iotlb=on,scope=rp+dma+ioapic+hpet,proximity-domain=1,"
             "satc-required=dma,ats-ports=rp,rmrr=0x20000000-0x200fffff@dma,platform-opt-in=on")
    return replace(units, name=f"vtd/platform/{mode}",
                   machine=("-M", "q35", "-cpu", "max", "-global", "hpet.msi=on",
                            "-object", "memory-backend-ram,id=m0,size=384M",
                            "-object", "memory-backend-ram,id=m1,size=384M",
                            "-numa", "node,memdev=m0", "-numa", "node,memdev=m1",
                            "-device", first,
                            "-device", "intel-iommu,intremap=on,device-iotlb=on,proximity-domain=0",
                            "-device", "iommu-dma,id=dma,addr=1e"),
                   dmesg=units.dmesg + (r"DMAR: RMRR base: 0x0+20000000 end: 0x0+200fffff",
                                        r"DMAR: ATSR flags: 0x0",
                                        r"DMAR: RHSA base: 0x0+fed90000 proximity domain: 0x1",
                                        r"DMAR: RHSA base: 0x0+fed91000 proximity domain: 0x0",
                                        r"DMAR: SATC flags: 0x1",
                                        r"DMAR-IR: IOAPIC id 0 under DRHD base +0xfed90000",
                                        r"DMAR-IR: HPET id 0 under DRHD base 0xfed90000"))


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
            _vtd_units(mode, full_only=mode != "strict"),
            _vtd_platform(mode),
        ]
    cases += [
        # Commands and records take their time; devices that cannot wait do not.
        _arm("timed", "strict", extra=("-global", "arm-smmuv3.timing=on",
                                       "-global", "arm-smmuv3.profile=mmu600")),
        _vtd("timed", "strict", ",x-scalable-mode=on,timing=on,profile=vtd-64", "sm_on",
             table_mode=1),
    ]
    for mode in MODES:
        cases += [
            *(_arm_model(model, mode, full_only=(model, mode) != ("max", "strict"))
              for model in ("mmu600", "mmu700", "max")),
            _arm_model("max", mode, acpi=True, variant="max-acpi"),
            _arm_model("max", mode, kernel="arm64-16k", variant="max-16k"),
            _vtd("max-legacy", mode, ",model=max", extra=EVERYTHING, full_only=True),
            _vtd("max", mode, ",model=max,device-iotlb=on", "sm_on", table_mode=1,
                 extra=EVERYTHING, full_only=mode != "strict"),
            _vtd("max-caching", mode, ",model=max,caching-mode=on,device-iotlb=on", "sm_on",
                 table_mode=1, caching=True, first_stage=True, extra=EVERYTHING, full_only=True),
            _vtd("spr", mode, ",model=spr", "sm_on", table_mode=1, extra=EVERYTHING,
                 full_only=True),
        ]
    by_name = {case.name: case for case in cases}
    cases += [replace(by_name[f"{name}/strict"], name=f"{name.split('/')[0]}/drivers/strict",
                      drivers=True, full_only=True) for name in ("smmuv3/max", "vtd/max")]
    for how in ("kexec", "crash"):
        cases += [_again(how, by_name[f"{name}/{mode}"], name.split("/")[1]) for mode in MODES
                  for name in ("smmuv3/dt", "smmuv3/max", "vtd/legacy", "vtd/scalable", "vtd/max")]
    return sorted(cases, key=lambda case: case.name.split("/")[0])
