#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What iommu-sim says when it cannot do what it is asked: test-iommu-sim.py IOMMU-SIM

One line on standard error, a status that is not 0, and nothing printed before.
"""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import tap

SIMULATOR = Path(sys.argv.pop(1)).resolve()
GENERATE = ("--generate", "--count", "10")
SWEEP = ("--sweep", "tlb.entries=16,32")


class CommandLine(unittest.TestCase):
    def run_it(self, *words):
        return subprocess.run([SIMULATOR, *words], capture_output=True, text=True, check=False)

    def assert_refused(self, words, *said):
        done = self.run_it(*words)
        self.assertEqual(done.returncode, 1, done)
        self.assertEqual(done.stdout, "")
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertTrue(done.stderr.startswith("iommu-sim: "), done.stderr)
        for part in said:
            self.assertIn(part, done.stderr)

    def test_options_of_a_sweep_without_one(self):
        for words in (("--csv", "x.csv"), ("--plot", "x.svg"), ("--jobs",)):
            self.assert_refused((*GENERATE, *words), words[0], "--sweep")

    def test_options_of_one_run_with_a_sweep(self):
        for option in ("--log", "--json", "--html", "--perfetto", "--write-trace"):
            self.assert_refused((*GENERATE, *SWEEP, option, "x"), option, "--sweep")

    def test_options_of_an_option_that_is_not_given(self):
        for word, other in (("--log-inputs", "--log"), ("--log-devices", "--log"),
                            ("--binary", "--write-trace")):
            self.assert_refused((*GENERATE, word), word, other)
        self.assert_refused((*GENERATE, "--setup", "x"), "--setup", "--convert")

    def test_a_file_that_cannot_be_written(self):
        with tempfile.TemporaryDirectory() as there:
            path = f"{there}/none/out"
            for option in ("--log", "--json", "--html", "--perfetto", "--write-trace"):
                self.assert_refused((*GENERATE, option, path), path, "No such file")
            for option in ("--csv", "--plot"):
                self.assert_refused((*GENERATE, *SWEEP, option, path), path, "No such file")

    def test_a_sweep_of_nothing_there_is(self):
        self.assert_refused((*GENERATE, "--sweep", "nothing.at-all=1,2"), "nothing.at-all")

    def test_a_sweep_has_a_head_and_a_row_for_each_value(self):
        done = self.run_it(*GENERATE, *SWEEP)
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = done.stdout.splitlines()
        self.assertTrue(lines[0].startswith("tlb.entries,requests,"))
        self.assertEqual([line.split(",")[0] for line in lines[1:]], ["16", "32"])


if __name__ == "__main__":
    sys.exit(tap.run(CommandLine))
