# SPDX-License-Identifier: GPL-2.0-or-later
"""Judges a boot: data, domains, registers, kernel log, and the model's counters."""

import re

from .machine import MIB

# Drivers whose devices move the data.
DRIVERS = ("nvme", "virtio-pci", "igb", "e1000e")

REQUIRED_COUNTERS = (
    "transactions", "translated", "bypassed", "aborted", "stalled", "tlb_lookups", "tlb_hits",
    "tlb_misses", "ipa_hits", "walks", "walk_reads", "config_lookups", "config_misses", "commands",
    "invalidations", "faults", "events")

# Transfers by phase of the guest's script, and whether their buffers come from a disk driver
# that unmaps each request (network drivers recycle mapped pages).
DISK_PHASES = ("data", "nvme-write", "nvme-read", "virtio-write", "virtio-read")
NET_PHASES = ("net-igb-to-e1000e", "net-e1000e-to-igb")

# Phases of a disk whose driver comes and goes, the kind of its domain in their names.
AGAIN = "nvme-"
CHANGE = "change"               # the phases between these: anything goes but faults
AGAIN_PHASES = ("nvme-in-use-lazy", "nvme-1-identity", "nvme-2-DMA", "nvme-3-DMA-FQ",
                "nvme-4-identity", "nvme-5-DMA", "nvme-removed-and-found")

# No request of a default Linux queue is longer than this, so a phase of N bytes makes at least
# N / LONGEST_REQUEST of them.
LONGEST_REQUEST = 2 * MIB

TROUBLE = [re.compile(pattern) for pattern in (
    r"arm-smmu-v3 .*(event|error|timeout|failed|unhandled|unexpected)",
    r"arm-smmu-v3 .*\t0x[0-9a-f]{16}",
    r"DMAR: .*(fault|Invalidation.*Error|Allocation.*failed|QI .*(head|error)|timed? ?out)",
    r"DMAR-IR: .*(fault|failed)",
    r"INTR-REMAP: Request device .* fault",
    r"WARNING:", r"\bBUG:", r"Oops", r"[Cc]all [Tt]race:", r"Kernel panic",
    r"I/O error", r"nvme.*(timeout|reset controller|controller is down|Abort)",
    r"(igb|e1000e).*(Hang|hung|reset adapter|Reset adapter|PCIe link lost)",
    r"NETDEV WATCHDOG", r"blocked for more than", r"rcu: INFO: rcu.* detected",
    r"irq \d+: nobody cared")]


def check_data(report, payload, disks):
    problems = []
    expected = {"nvme": payload.sha256, "virtio-blk": payload.sha256,
                "igb-to-e1000e": payload.net_sha256, "e1000e-to-igb": payload.net_sha256}
    # Transfers of the disk whose driver comes and goes.
    expected.update({transfer: payload.sha256 for transfer in report.sums
                     if transfer.startswith(AGAIN)})
    for transfer, want in expected.items():
        have = report.sums.get(transfer)
        if have is None:
            problems.append(f"{transfer}: the guest reported no checksum")
        elif have != want:
            problems.append(f"{transfer}: the guest read back sha256 {have}, not {want}")
    for name, path in disks.items():
        if not payload.on_disk(path):
            problems.append(f"{name}: the disk image does not hold the data the guest wrote")
    return problems


def check_domains(case, report):
    problems = []
    by_driver = {driver: address for address, driver in report.drivers.items()}
    for driver in DRIVERS:
        address = by_driver.get(driver)
        if address is None:
            problems.append(f"no device is bound to {driver}")
        elif address not in report.groups:
            problems.append(f"{driver} at {address} is in no IOMMU group")
        elif report.groups[address] != case.domain:
            problems.append(f"{driver} at {address} has a domain of type "
                            f"{report.groups[address]}, not {case.domain}")
    return problems


def check_registers(case, report):
    problems = []
    for check in case.registers:
        have = report.registers.get(check.offset)
        if have is None or have & check.mask != check.value:
            shown = "unread" if have is None else f"{have & check.mask:#x}"
            problems.append(f"{check.what} is {shown}, not {check.value:#x}")
    return problems


def check_log(case, report):
    problems = [f"kernel log: {line}" for line in report.dmesg
                if any(pattern.search(line) for pattern in TROUBLE)]
    for pattern in case.dmesg:
        if not any(re.search(pattern, line) for line in report.dmesg):
            problems.append(f"kernel log has no line matching '{pattern}'")
    return problems


def _check_phase(case, name, count, size):
    problems = []
    least = size // LONGEST_REQUEST
    translates = case.translates and "identity" not in name
    wanted, unwanted = ("translated", "bypassed") if translates else ("bypassed", "translated")
    if count[wanted] < least:
        problems.append(f"{name}: {count[wanted]} transactions {wanted} for {size // MIB} MiB, "
                        f"fewer than {least}")
    # Where one device bypasses, the others go on as they were.
    others = count[wanted] if translates != case.translates else 0
    for zero in (unwanted, "aborted", "stalled"):
        if count[zero] > (others if zero == unwanted else 0):
            problems.append(f"{name}: {count[zero]} transactions {zero}")
    outcomes = sum(count[key] for key in ("translated", "bypassed", "aborted", "stalled"))
    if outcomes != count["transactions"]:
        problems.append(f"{name}: {count['transactions']} transactions, {outcomes} outcomes")
    if case.timed and count["untimed.transactions"] != count["transactions"]:
        problems.append(f"{name}: {count['untimed.transactions']} of {count['transactions']} "
                        "transactions untimed, but no device here can wait")
    if count["tlb_hits"] + count["tlb_misses"] != count["tlb_lookups"]:
        problems.append(f"{name}: {count['tlb_lookups']} TLB lookups are not "
                        f"{count['tlb_hits']} hits and {count['tlb_misses']} misses")
    if case.domain == "DMA" and name in DISK_PHASES and count["invalidations"] < least:
        problems.append(f"{name}: {count['invalidations']} invalidations in a strict domain, "
                        f"fewer than {least}")
    return problems


def check_counters(case, report, payload):
    """Problems, judged phase by phase; only for a binary that has counters."""
    if not report.marks or report.marks[-1][0] != "end":
        return ["the guest did not reach its last mark"]
    final = report.marks[-1][2]
    required = REQUIRED_COUNTERS + (("untimed.transactions",) if case.timed else ())
    missing = [name for name in required if name not in final]
    if missing:
        return [f"the model's counters lack {', '.join(missing)}"]
    recorded = {name: final[name] - report.before.get(name, 0) for name in ("faults", "events")}
    problems = [f"{count} {name} recorded" for name, count in recorded.items() if count]
    total = dict.fromkeys(REQUIRED_COUNTERS, 0)
    sizes = dict.fromkeys(DISK_PHASES, payload.disk_mib * MIB)
    sizes.update(dict.fromkeys(NET_PHASES, payload.net_mib * MIB))
    if case.drivers:
        sizes.update(dict.fromkeys(AGAIN_PHASES, payload.disk_mib * MIB))
        problems += [f"no phase {name}" for name in AGAIN_PHASES
                     if name not in (mark[0] for mark in report.marks)]
    for name, _, count in report.phases():
        if name != CHANGE:
            problems += _check_phase(case, name, count, sizes[name])
        for key in total:
            total[key] += count[key]
    least = payload.disk_mib * MIB // LONGEST_REQUEST
    for number, unit in enumerate(report.units):
        # Each has a disk behind it.
        moved = unit["translated" if case.translates else "bypassed"]
        if case.units > 1 and moved < least:
            problems.append(f"unit {number}: {moved} transactions, fewer than {least}")
    if case.translates:
        for name in ("tlb_lookups", "walks", "walk_reads", "config_lookups", "commands",
                     "invalidations"):
            if not total[name]:
                problems.append(f"{name} stayed 0 while DMA was translated")
        # A walk of the second stage alone may end in the cache of that stage.
        if total["walk_reads"] + total["ipa_hits"] < total["walks"]:
            problems.append(f"{total['walks']} walks made only {total['walk_reads']} reads")
    return problems


def judge(case, machine, report):
    """(problems, unchecked): what is wrong, and what this binary could not be asked."""
    problems = []
    if report.failure:
        problems.append(f"the guest gave up: {report.failure}")
    problems += check_data(report, machine.payload, machine.disks)
    problems += check_domains(case, report)
    problems += check_registers(case, report)
    problems += check_log(case, report)
    unchecked = None
    if report.has_counters:
        problems += check_counters(case, report, machine.payload)
    else:
        unchecked = "binary has no stagewalk-counters"
    return problems, unchecked
