# SPDX-License-Identifier: GPL-2.0-or-later
"""The event log of a trace.

  cd tests/oracle && /usr/bin/python3 -m oracle TRACE [--profile NAME|FILE] [--set NAME=VALUE]...
"""

import argparse
import sys

from . import profile


def main():
    parser = argparse.ArgumentParser(prog="oracle", description=__doc__,
                                     formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("trace")
    parser.add_argument("--profile", help="one of profiles/, or a file")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    options = parser.parse_args()
    try:
        from .simulate import simulate
        with open(options.trace, encoding="utf-8") as file:
            lines = simulate(file, profile.load(options.profile, options.set))
    except ImportError as error:
        sys.exit(f"oracle: {error}: install the packages of tests/oracle/packages, "
                 "which are for /usr/bin/python3")
    except OSError as error:
        sys.exit(f"oracle: {error.filename}: {error.strerror}")
    except ValueError as error:
        sys.exit(f"oracle: {options.trace}: {error}")
    sys.stdout.write("".join(f"{line}\n" for line in lines))


main()
