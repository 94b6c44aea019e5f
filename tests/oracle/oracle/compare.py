# SPDX-License-Identifier: GPL-2.0-or-later
"""Random traces through both simulators: the tool under test and the oracle."""

import json
import os
import random
import subprocess
import traceback
from collections import Counter

from . import gen_smmu, gen_vtd, profile

GENERATORS = {"smmuv3": gen_smmu.Generator, "vtd": gen_vtd.Generator}
PROFILES = ("tiny", "gem5", "mmu600", "ideal", "random", "vtd-64", "mmu700", "random")


class Simulator:
    def __init__(self, program, profiles, scratch):
        self.program, self.profiles, self.scratch = program, profiles, scratch
        os.makedirs(scratch, exist_ok=True)

    def start(self, trace, path, settings, words):
        """Run it. None if that went well, else what to say."""
        command = [self.program, trace, "-q", *words]
        command += ["-p", path] if path else []
        command += [word for setting in settings for word in ("-s", setting)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False,
                                  timeout=300)
        except subprocess.TimeoutExpired:
            return "it does not end"
        return f"exit status {done.returncode}: {done.stderr.strip()}" if done.returncode else None

    def run(self, trace, path, settings):
        """The event log, as lines."""
        log = trace + ".sim"
        wrong = self.start(trace, path, settings,
                           ["--log-devices", "-l", log, "-j", trace + ".json"])
        if wrong:
            return [wrong]
        with open(log, encoding="utf-8") as file:
            return file.read().splitlines()

    def unwatched(self, trace, path, settings, lines):
        """What is other if nobody asks for a log, as then jobs that are alone are played at once:
        None, or what to say. `lines` is the log."""
        wrong = self.start(trace, path, settings, ["-j", trace + ".plain"])
        if wrong:
            return wrong
        watched, plain = (load(trace + ending) for ending in (".json", ".plain"))
        for report in (watched, plain):
            del report["counters"]["invalidations"]  # of devices too, where one hears of them
        for part in ("cycles", "latencies", "resources", "counters"):
            if watched[part] != plain[part]:
                return f"without a log, {part}: {plain[part]}, with one {watched[part]}"
        latencies, grants = sums(lines)
        if latencies != {latency: count for latency, count in plain["latencies"]}:
            return f"latencies: {plain['latencies']}, by the log {sorted(latencies.items())}"
        for name, resource in plain["resources"].items():
            if resource["grants"] != grants[name]:
                return f"grants of {name}: {resource['grants']}, by the log {grants[name]}"
        return None


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def sums(lines):
    """Of a log: how often each latency, and how many grants of each resource."""
    arrivals, latencies, grants = {}, Counter(), Counter()
    for line in lines:
        words = line.split(" ")
        if words[1] == "request":
            arrivals[words[2]] = int(words[0])
        elif words[1] == "done":
            latencies[int(words[0]) - arrivals.pop(words[2])] += 1
        elif words[1] == "op" and words[3] in ("use", "hold"):
            grants[words[4]] += 1
    return latencies, grants


def random_settings(rng):
    """Small caches of every shape, and resources of every speed."""
    settings = []
    for cache in ["utlb", "tlb", "ipa", "config", "subconfig"] + profile.TABLES:
        ways = rng.choice((1, 2, 4, 8))
        entries = ways * rng.choice((0, 1, 1, 2, 3, 4, 7))
        if not entries:
            ways = 1
        settings += [f"{cache}.entries={entries}", f"{cache}.ways={ways}",
                     f"{cache}.replacement={rng.choice(('lru', 'plru', 'rr', 'random'))}",
                     f"{cache}.seed={rng.choice((0, rng.getrandbits(31)))}"]
    for name, values in {
            "txn.slots": (1, 2, 8, 64), "port.interval": (0, 1, 3),
            "port.latency": (0, 1, 5), "response.latency": (0, 2),
            "config.width": (1, 2), "config.latency": (0, 1, 4),
            "utlb.width": (1, 2), "utlb.latency": (0, 1),
            "tlb.width": (1, 3),
            "tlb.latency": (0, 1, 3), "walker.slots": (1, 2, 5), "table.width": (1, 2),
            "table.latency": (0, 2), "ipa.width": (1, 2), "ipa.latency": (0, 1, 2),
            "mem.interval": (0, 1, 4), "mem.latency": (0, 10, 77),
            "mem.write-latency": (0, 30), "mem.beat": (8, 16, 64),
            "record.slots": (1, 2, 8, 1024), "command.latency": (0, 3), "invalidate.base": (0, 2),
            "invalidate.rate": (1, 3)}.items():
        settings.append(f"timing.{name}={rng.choice(values)}")
    return settings


def parameters(profiles, seed):
    """Name, file and settings of the profile that a seed runs with."""
    name = PROFILES[seed % len(PROFILES)]
    if name == "random":
        return name, None, random_settings(random.Random(seed))
    return name, os.path.join(profiles, name + ".ini"), []


def functional(lines):
    """Of a log, what does not depend on time."""
    kept = []
    for line in lines:
        words = line.split(" ")
        if words[0] in ("memory", "raised"):
            kept.append(line)
        elif words[1] in ("request", "swap"):
            kept.append(" ".join(words[:2] + words[2 + (words[1] == "request"):]))
    return kept


def attempt(simulator):
    """The log that the oracle gives, or what it raised instead."""
    try:
        return simulator()
    except Exception as error:
        return [raised(error)]


def raised(error):
    """One line about an exception of the oracle."""
    places = [f"{os.path.basename(frame.filename)}:{frame.lineno}"
              for frame in traceback.extract_tb(error.__traceback__)]
    said = str(error).partition("\n")[0]
    return f"raised {type(error).__name__} {said} ({' '.join(places[-3:])})"


def write(path, lines):
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)


def compare(sim, iommu, seed, requests, timed=True):
    """None if both agree, else what to say about the first difference.

    Then trace, logs and options are left in the scratch directory."""
    name, path, settings = parameters(sim.profiles, seed)
    values = profile.load(path, settings)
    generator = GENERATORS[iommu](seed, values, requests, timed)
    mine = attempt(generator.trace)
    trace = os.path.join(sim.scratch, f"{iommu}-{seed}.trace")
    write(trace, generator.lines)
    theirs = sim.run(trace, path, settings)
    if not timed:
        mine, theirs = functional(mine), functional(theirs)
    if mine == theirs:
        wrong = sim.unwatched(trace, path, settings, mine) if timed else None
        if wrong:
            return f"{trace} (seed {seed}, profile {name}): {wrong}"
        for ending in ("", ".sim", ".json", ".plain"):
            if os.path.exists(trace + ending):
                os.remove(trace + ending)
        return None
    number = next((n for n, pair in enumerate(zip(theirs, mine)) if pair[0] != pair[1]),
                  min(len(theirs), len(mine)))
    said = [log[number] if number < len(log) else "(end)" for log in (theirs, mine)]
    write(trace + ".oracle", mine)
    write(trace + ".options", [f"--set {setting}" for setting in settings]
          or [f"--profile {path}"])
    return (f"{trace} (seed {seed}, profile {name}), line {number + 1}:\n"
            f"#   iommu-sim: {said[0]}\n#   oracle:    {said[1]}")
