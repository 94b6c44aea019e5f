# SPDX-License-Identifier: GPL-2.0-or-later
"""Parameters: a profile file over the defaults, then single settings."""

import configparser

TIMING = {
    "txn.slots": 64, "port.interval": 1, "port.latency": 1,
    "response.latency": 1, "config.width": 2, "config.latency": 1,
    "utlb.width": 1, "utlb.latency": 1,
    "tlb.width": 1, "tlb.latency": 1, "walker.slots": 16, "table.width": 1,
    "table.latency": 1, "ipa.width": 1, "ipa.latency": 1, "mem.interval": 1,
    "mem.latency": 100, "mem.write-latency": 50, "mem.beat": 64,
    "command.latency": 1, "invalidate.base": 1, "invalidate.rate": 4,
    "record.slots": 1024,
}
SIZES = {"utlb": (0, 1), "tlb": (65536, 8), "ipa": (16384, 8), "config": (1024, 4),
         "subconfig": (4096, 4), "interrupt": (4096, 4)}
TABLES = [f"table.stage{stage}.height{height}"
          for stage in (1, 2) for height in range(4)]


def load(path=None, settings=()):
    values = {f"timing.{name}": value for name, value in TIMING.items()}
    for cache in list(SIZES) + TABLES:
        entries, ways = SIZES.get(cache, (4096, 4))
        values.update({f"{cache}.entries": entries, f"{cache}.ways": ways,
                       f"{cache}.seed": 0, f"{cache}.replacement": "lru"})
    if path:
        ini = configparser.ConfigParser(delimiters=("=",), interpolation=None)
        ini.optionxform = str
        with open(path, encoding="utf-8") as file:
            ini.read_file(file)
        for section in ini.sections():
            for key, value in ini[section].items():
                if not key.endswith(".from"):
                    assign(values, f"{section}.{key}", value)
    for setting in settings:
        name, value = setting.split("=", 1)
        assign(values, name, value)
    return values


def assign(values, name, value):
    group, _, key = name.rpartition(".")
    for target in [name] + [f"{cache}.{key}" for cache in TABLES
                            if cache.startswith(group + ".")]:
        if target in values:
            values[target] = value
