# SPDX-License-Identifier: GPL-2.0-or-later
"""python3 -m oracle TRACE [--profile FILE] [--set NAME=VALUE]...: the event log."""

import argparse
import sys

from . import profile
from .simulate import simulate


def main():
    parser = argparse.ArgumentParser(prog="oracle", description=__doc__)
    parser.add_argument("trace")
    parser.add_argument("--profile")
    parser.add_argument("--set", action="append", default=[])
    options = parser.parse_args()
    with open(options.trace, encoding="utf-8") as file:
        lines = simulate(file, profile.load(options.profile, options.set))
    sys.stdout.write("".join(f"{line}\n" for line in lines))


main()
