# SPDX-License-Identifier: GPL-2.0-or-later
"""Traces as text (docs/specs/trace.rst)."""

from dataclasses import dataclass, field

WORDS = ("write", "atomic", "exec", "priv", "nosnoop", "speculative", "ats",
         "nw", "translated", "read", "last")


@dataclass
class Item:
    kind: str
    cycle: int = 0
    args: tuple = ()
    pasid: int = None
    words: frozenset = frozenset()


@dataclass
class Trace:
    iommu: str = ""
    base: int = 0
    size: int = 0
    setup: list = field(default_factory=list)
    items: list = field(default_factory=list)


def number(word):
    return int(word, 0)


def parse_item(words, cycle):
    kind = words[0]
    if kind not in ("t", "p"):
        return Item(kind, cycle, tuple(map(number, words[1:])))
    item = Item(kind, cycle, tuple(map(number, words[1:4])))
    rest, flags = words[4:], []
    while rest:
        word = rest.pop(0)
        if word == "pasid":
            item.pasid = number(rest.pop(0))
        elif word in WORDS:
            flags.append(word)
        else:
            raise ValueError(f"unknown word '{word}' in a trace")
    item.words = frozenset(flags)
    return item


def parse(lines):
    trace, started = Trace(), False
    for line in lines:
        words = line.partition("#")[0].split()
        if not words or words[0] == "stagewalk-trace":
            continue
        if words[0] == "iommu":
            trace.iommu = words[1]
        elif words[0] == "memory":
            trace.base, trace.size = number(words[1]), number(words[2])
        elif words[0] == "start":
            started = True
        elif started:
            trace.items.append(parse_item(words[1:], number(words[0])))
        else:
            trace.setup.append(parse_item(words, 0))
    return trace
