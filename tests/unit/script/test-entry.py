#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What ./stagewalk says when it cannot do what it is asked.

Each case runs the entry script in a copy of the checkout's set-up files, with
programs of its own in front of the machine's, so that a case may lack root, a
network, or Debian. A refusal is one line on standard error that names what is
wrong, a status that is not 0, and nothing left behind half done.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import tap

TOP = Path(__file__).resolve().parents[3]


class Entry(unittest.TestCase):
    def setUp(self):
        self.dir = Path(tempfile.mkdtemp(prefix="stagewalk-entry."))
        self.addCleanup(shutil.rmtree, self.dir)
        self.top = self.dir / "checkout"
        self.programs = self.dir / "programs"
        self.programs.mkdir()
        self.cache = self.dir / "cache"
        for name in ("scripts", "qemu"):
            shutil.copytree(TOP / name, self.top / name)
        shutil.copy(TOP / "stagewalk", self.top)
        (self.top / "tests/unit").mkdir(parents=True)
        shutil.copy(TOP / "tests/unit/run", self.top / "tests/unit")

    def program(self, name, text):
        path = self.programs / name
        path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        path.chmod(0o755)

    def run_entry(self, *arguments, top=None, user=None, **variables):
        environment = {key: value for key, value in os.environ.items()
                       if key not in ("QEMU_SRC", "STAGEWALK_DISTFILES", "STAGEWALK_JOBS")}
        environment["PATH"] = f"{self.programs}:{environment['PATH']}"
        environment["XDG_CACHE_HOME"] = str(self.cache)
        environment.update(variables)
        return subprocess.run([(top or self.top) / "stagewalk", *arguments], env=environment,
                              capture_output=True, text=True, timeout=120, check=False,
                              stdin=subprocess.DEVNULL, user=user)

    def assert_refused(self, done, *words):
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def assert_nothing_kept(self):
        kept = [path for path in self.cache.rglob("*")
                if path.is_file() and "apt" not in path.relative_to(self.cache).parts]
        self.assertEqual(kept, [])
        self.assertFalse((self.top / "build/bin").exists())

    def no_packages(self):
        self.program("dpkg-query", "exit 1")

    def no_network(self):
        self.program("sleep", "exit 0")
        for name in ("apt-get", "apt-cache"):
            self.program(name, "echo 'E: Could not resolve host'; exit 100")

    def all_packages(self):
        self.program("dpkg-query", "echo 'install ok installed'")
        self.program("meson", "echo 1.7.0")

    def test_help_names_every_command(self):
        done = self.run_entry("--help")
        self.assertEqual(done.returncode, 0)
        for word in ("demo", "test", "build", "--baseline", "bench", "clean", "QEMU_SRC"):
            self.assertIn(word, done.stdout)

    def test_help_of_each_command(self):
        words = {"demo": ("--one-mode", "--mb", "--qemu-dir"), "test": ("--full", "unit", "TIER"),
                 "build": ("--baseline", "build/bin"), "bench": ("--output",),
                 "clean": ("--cache", "build/")}
        overview = self.run_entry("--help").stdout.split("environment:")[0]
        self.assertEqual(set(words), set(re.findall(r"^  (\w+)", overview, re.MULTILINE)))
        for command, names in words.items():
            for arguments in (("--help",), ("-h",), ("--nonsense", "--help")):
                done = self.run_entry(command, *arguments)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                for word in (f"./stagewalk {command}", *names):
                    self.assertIn(word, done.stdout)
        self.assertFalse((self.top / "build").exists())     # at once: nothing is made
        self.assertFalse(self.cache.exists())

    def test_help_of_scripts_is_the_same(self):
        """The entry checks arguments before it builds, so it must know what the scripts know."""
        for command, script in (("demo", "tools/demo/run"), ("bench", "bench/run")):
            theirs = subprocess.run([TOP / script, "--help"], capture_output=True, text=True,
                                    timeout=60, check=True).stdout
            ours = self.run_entry(command, "--help").stdout
            options = [set(re.findall(r"--[a-z][a-z-]*", text)) - {"--help"}
                       for text in (theirs, ours)]
            self.assertEqual(*options)

    def test_arguments_are_checked_before_anything_is_made(self):
        for words, complaint in ((("demo", "--mode"), "'--mode'"), (("demo", "--mb", "5"), "5"),
                                 (("demo", "--mb=5"), "16|32|64|128"), (("demo", "--mb"), "value"),
                                 (("demo", "--mbs=16"), "'--mbs=16'"),
                                 (("bench", "--quick"), "'--quick'"),
                                 (("bench", "--output="), "value"), (("bench", "here"), "'here'"),
                                 (("test", "--full=yes"), "'--full=yes'"),
                                 (("build", "--baseline", "now"), "'now'")):
            self.assert_refused(self.run_entry(*words), complaint, f"./stagewalk {words[0]} --help")
        self.assertFalse((self.top / "build").exists())

    def test_unknown_command(self):
        self.assert_refused(self.run_entry("bild"), "'bild'", "--help")

    def test_no_command(self):
        self.assertNotEqual(self.run_entry().returncode, 0)

    def test_unknown_tier(self):
        self.assert_refused(self.run_entry("test", "unti"), "'unti'", "unit")

    def test_unknown_option(self):
        self.assert_refused(self.run_entry("test", "--fast"), "'--fast'", "--help")

    def test_build_argument(self):
        self.assert_refused(self.run_entry("build", "--debug"), "'--debug'")

    def test_clean_takes_one_argument(self):
        kept = self.cache / "stagewalk/kernel"
        kept.parent.mkdir(parents=True)
        kept.touch()
        self.assert_refused(self.run_entry("clean", "--cache", "--dry-run"), "'--dry-run'")
        self.assert_refused(self.run_entry("clean", "cache"), "'cache'")
        self.assertTrue(kept.exists())

    def test_jobs_is_a_number(self):
        self.assert_refused(self.run_entry("build", STAGEWALK_JOBS="many"), "STAGEWALK_JOBS=many")

    def test_qemu_src_is_a_directory(self):
        self.assert_refused(self.run_entry("build", QEMU_SRC="/no/such"), "QEMU_SRC=/no/such",
                            "no such directory")

    def test_qemu_src_is_a_tree_of_qemu(self):
        self.assert_refused(self.run_entry("build", QEMU_SRC=str(self.dir)), str(self.dir),
                            "not a QEMU source tree")

    def test_qemu_src_of_another_version(self):
        tree = self.dir / "qemu"
        (tree / "hw").mkdir(parents=True)
        (tree / "hw/meson.build").touch()
        (tree / "VERSION").write_text("8.2.0\n", encoding="utf-8")
        self.assert_refused(self.run_entry("build", QEMU_SRC=str(tree)), "QEMU 8.2.0",
                            "supported are: 10.0")
        self.assert_nothing_kept()

    def test_path_with_a_space(self):
        spaced = self.dir / "my checkout"
        shutil.copytree(self.top, spaced)
        self.assert_refused(self.run_entry("build", top=spaced), "my checkout", "space")

    def test_build_directory_that_cannot_be_written(self):
        (self.top / "build").write_text("a file in the way", encoding="utf-8")
        self.assert_refused(self.run_entry("build"), str(self.top / "build"))

    def test_build_directory_of_somebody_else(self):
        logs = self.top / "build/logs"
        logs.mkdir(parents=True)
        self.cache.mkdir()
        self.cache.chmod(0o777)
        self.dir.chmod(0o755)
        logs.chmod(0o555)
        self.addCleanup(logs.chmod, 0o755)
        nobody = 65534 if os.geteuid() == 0 else None       # root may write anywhere
        self.assert_refused(self.run_entry("build", user=nobody), str(self.top / "build"))

    def test_missing_root(self):
        self.no_packages()
        self.program("id", "echo 1000")
        self.program("sudo", "exit 1")
        done = self.run_entry("build")
        if "not Debian 12 or 13" in done.stderr:
            self.skipTest("this is not Debian 12 or 13")
        self.assert_refused(done, "needs root", "sudo", "apt-get install")
        self.assert_nothing_kept()

    def test_not_debian(self):
        for name in ("bash", "sh", "env", "dirname", "mkdir", "date", "find", "sort", "awk",
                     "xargs", "rm", "flock", "nproc", "cat"):
            os.symlink(shutil.which(name), self.programs / name)
        done = self.run_entry("build", PATH=str(self.programs))
        self.assert_refused(done, "not a Debian system")

    def test_no_network_for_packages(self):
        self.no_packages()
        self.no_network()
        self.program("id", "echo 0")
        done = self.run_entry("build")
        if "not Debian 12 or 13" in done.stderr:
            self.skipTest("this is not Debian 12 or 13")
        self.assert_refused(done, "Installing", "network", "Log: ")
        self.assert_nothing_kept()

    def test_no_network_and_no_cached_source(self):
        self.all_packages()
        self.no_network()
        done = self.run_entry("build")
        self.assert_refused(done, "source of QEMU", "QEMU_SRC", "mirror", "Log: ")
        self.assert_nothing_kept()


if __name__ == "__main__":
    sys.exit(tap.run(Entry))
