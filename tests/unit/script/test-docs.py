#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""README and the manual name only what there is: paths, programs, options, functions, properties.

The generated pages (docs/conformance, docs/guests.rst) are their generators' business.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import tap

TOP = Path(__file__).resolve().parents[3]
PAGES = [TOP / "README.md", TOP / "tests/guest/README.rst"] + sorted(
    page for page in (TOP / "docs").rglob("*.rst")
    if page.parent.name != "conformance" and page.name != "guests.rst")
ROOTS = {path.name for path in TOP.iterdir()} - {"build", ".git"}

# Files that pages name which are QEMU's or another program's, or made by a command beside them.
FOREIGN = {"smmuv3.c", "smmu-common.c", "intel_iommu.c", "hw/arm/smmuv3.c", "results.json",
           "plot.svg", "stagewalk.mak", "libqtest.h", "smmuv3-test.c", "page.html", "out.html",
           "disk.img", "hw/i386/intel_iommu.c", "hw/stagewalk", "tests/qtest/stagewalk"}
BUILT = {"bin", "baseline", "bench", "docs", "guest", "libfuzzer", "logs", "native", "oracle",
         "qtest", "release", "sanitize", "sanitize-qemu", "share"}
SOURCES = (".c", ".h", ".py", ".sh", ".ini", ".rst", ".json", ".patch", ".mak")
COMMANDS = {"demo", "test", "build", "bench", "clean"}


def files():
    """Every file of the tree, relative to its top."""
    listed = []
    if shutil.which("git"):
        listed = subprocess.run(["git", "-C", TOP, "ls-files", "-co", "--exclude-standard"],
                                capture_output=True, text=True, check=False).stdout.split()
    if not listed:
        listed = [str(path.relative_to(TOP)) for path in TOP.rglob("*")
                  if path.is_file() and path.relative_to(TOP).parts[0] in ROOTS]
    return [name for name in listed if (TOP / name).is_file()]


FILES = files()
NAMES = {Path(name).name for name in FILES}
CODE = {name: (TOP / name).read_text(encoding="utf-8", errors="replace") for name in FILES
        if not name.startswith("docs/") and name != "README.md" and name != "tests/unit/script/test-docs.py"
        and (TOP / name).stat().st_size < 1 << 20}
ALL_CODE = "\n".join(CODE.values())


def text(page):
    return page.read_text(encoding="utf-8")


def literals(page):
    """What a page sets as code within its lines."""
    mark = "`" if page.suffix == ".md" else "``"
    return re.findall(rf"(?<!`){mark}([^`\n]+){mark}(?!`)", text(page))


def command_lines(page):
    """Indented lines and literals, with continued lines joined."""
    joined = re.sub(r"\\\n\s*", " ", text(page))
    return re.findall(r"^(?: {4}|\t)(.*\S)", joined, re.MULTILINE) + literals(page)


def alternatives(path):
    """a/{b,c}/d: a/b/d and a/c/d."""
    braces = re.search(r"\{([^{}]*,[^{}]*)\}", path)
    if not braces:
        return [path]
    return [each for word in braces[1].split(",")
            for each in alternatives(path[:braces.start()] + word + path[braces.end():])]


def pattern(path):
    """A glob: words in capitals and <words> stand for any name."""
    return re.sub(r"<[^<>]*>|\b[A-Z]{2,}[A-Z_]*\b(?!\.)", "*", path)


def is_target(path):
    """A program that the meson.build of its directory names."""
    build_file = (TOP / path).parent / "meson.build"
    return build_file.is_file() and all(word in build_file.read_text(encoding="utf-8")
                                        for word in Path(path).name.split("-"))


def is_there(path):
    """In the tree, as a header that is included, or as a target of meson."""
    path = path.rstrip("/")
    return (TOP / path).exists() or (TOP / "include" / path).exists() or \
        any(TOP.glob(pattern(path))) or is_target(path)


def is_built(path):
    """A path below build/: a place that a build makes, a program there."""
    parts = Path(path).parts
    if len(parts) < 2 or parts[1] not in BUILT:
        return len(parts) == 1
    if parts[1] in ("release", "sanitize", "native", "libfuzzer") and len(parts) > 3:
        return is_target(Path(*parts[2:]))
    return True


def options_of_iommu_sim():
    return set(re.findall(r'^\s*\{ "([a-z-]+)", (?:\'.\'|0),', CODE["tools/sim/main.c"],
                          re.MULTILINE)) | {"help"}


def properties_of(page):
    """Names in the tables whose heading begins with "property"."""
    found = set()
    for table in re.findall(r"^(=[= ]+)\nproperty .*\n\1\n(.*?)\n\1$", text(TOP / page),
                            re.MULTILINE | re.DOTALL):
        for row in table[1].splitlines():
            if row.startswith("``"):
                found |= set(re.findall(r"``([\w-]+)``", row[:len(table[0].split()[0])]))
    return found


class Docs(unittest.TestCase):
    def check(self, found):
        """found: (page, what is missing)."""
        self.assertEqual([f"{page.relative_to(TOP)}: {what}" for page, what in found], [])

    def test_paths(self):
        looked_at, missing = 0, []
        for page in PAGES:
            words = {word.strip("()'\",;:").split("=")[-1].removeprefix("./")
                     for line in command_lines(page) for word in line.split()}
            for word in sorted(words):
                if not re.fullmatch(r"[\w.{},*<>/+-]+", word) or word.split("/")[0] not in ROOTS:
                    continue
                looked_at += 1
                if not all(map(is_there, alternatives(word))) and word not in FOREIGN:
                    missing.append((page, word))
        self.assertGreater(looked_at, 60)
        self.check(missing)

    def test_file_names(self):
        looked_at, missing = 0, []
        for page in PAGES:
            for line in command_lines(page):
                for word in re.findall(r"(?<![\w/*.-])[\w-]+(?:\.[\w-]+)+(?![\w/*])", line):
                    if word.endswith(SOURCES):
                        looked_at += 1
                        if word not in NAMES | FOREIGN and not re.search(r"[A-Z]{3}", word):
                            missing.append((page, word))
        self.assertGreater(looked_at, 40)
        self.check(missing)

    def test_built_programs(self):
        missing = []
        for page in PAGES:
            for line in command_lines(page):
                for word in re.findall(r"(?<![\w/])build/[\w./{},*-]*", line):
                    missing += [(page, each) for each in alternatives(word.rstrip(".,"))
                                if not is_built(each)]
        self.check(missing)

    def test_links(self):
        missing = [(TOP / "README.md", link)
                   for link in re.findall(r"\]\(([^)#]+)", text(TOP / "README.md"))
                   if "://" not in link and not (TOP / link).exists()]
        self.check(missing)

    def test_stagewalk_commands(self):
        looked_at, wrong = 0, []
        tiers = {path.parent.name for path in TOP.glob("tests/*/run")}
        known = {command: subprocess.run([TOP / "stagewalk", command, "--help"], text=True,
                                         capture_output=True, timeout=60, check=True).stdout
                 for command in COMMANDS}
        for page in PAGES:
            for line in command_lines(page):
                found = re.match(r"(?:\S*/)?stagewalk (\w+)((?: \S+)*)", line)
                if not found or not line.startswith(("./", "stagewalk")):
                    continue
                command, words = found[1], re.split(r" {2,}|#|;|&&", found[2])[0].split()
                looked_at += 1
                if command not in COMMANDS:
                    wrong.append((page, line))
                    continue
                for word in words:
                    if word.startswith("-"):
                        good = word in known[command] or word == "--help"
                    else:
                        good = command != "test" or word in tiers | {"TIER"}
                    if not good:
                        wrong.append((page, line))
        self.assertGreater(looked_at, 10)
        self.check(wrong)

    def test_options_of_iommu_sim(self):
        known = options_of_iommu_sim()
        self.assertGreater(len(known), 20)
        looked_at, wrong = 0, []
        for page in PAGES:
            for line in command_lines(page):
                if re.match(r"(\S*/)?iommu-sim\b", line):
                    for option in re.findall(r"--([a-z][a-z-]*)", line):
                        looked_at += 1
                        if option not in known:
                            wrong.append((page, f"iommu-sim --{option}"))
        self.assertGreater(looked_at, 10)
        self.check(wrong)

    def test_options_of_scripts(self):
        """Of an executable file of the tree: its text, or that of what it runs, has the option."""
        looked_at, wrong = 0, []
        for page in PAGES:
            for line in command_lines(page):
                program = line.split()[0].removeprefix("./")
                if program == "stagewalk" or program not in CODE:
                    continue
                near = "".join(code for name, code in CODE.items()
                               if name.startswith(str(Path(program).parent) + "/"))
                for option in re.findall(r" (--[a-z][a-z-]*)", line.split("#")[0]):
                    looked_at += 1
                    if option not in near:
                        wrong.append((page, line))
        self.assertGreater(looked_at, 5)
        self.check(wrong)

    def test_environment(self):
        wrong = [(page, name) for page in PAGES
                 for name in sorted(set(re.findall(r"\bSTAGEWALK_[A-Z_]+", text(page))))
                 if not re.search(rf"\b{name}\b", ALL_CODE)]
        self.check(wrong)

    def test_functions(self):
        looked_at, wrong = 0, []
        for page in PAGES:
            for name in literals(page):
                found = re.fullmatch(r"(\w+)\(.*\)", name)
                if found and "_" in name and page.name != "guest-cookbook.rst":  # Linux's
                    looked_at += 1
                    if not re.search(rf"\b{found[1]}\(", ALL_CODE):
                        wrong.append((page, name))
        self.assertGreater(looked_at, 5)
        self.check(wrong)

    def test_properties(self):
        """iommu-manual-test compares the tables with the devices; here, the examples with them."""
        known = {"intel-iommu": properties_of("docs/system/intel-iommu.rst") | {"id"},
                 "arm-smmuv3": properties_of("docs/system/arm-smmuv3.rst"),
                 "iommu-dma": properties_of("docs/specs/iommu-dma.rst") |
                              {"id", "bus", "addr", "multifunction"}}
        looked_at, wrong = 0, []
        for page in PAGES:
            for line in command_lines(page):
                used = [(device, each.split("=")[0]) for device, given
                        in re.findall(r"-device (intel-iommu|iommu-dma)((?:,[^\s,]+)*)", line)
                        for each in given.split(",")[1:]]
                used += re.findall(r"-global (arm-smmuv3|intel-iommu|iommu-dma)\.([\w-]+)", line)
                for device, name in used:
                    looked_at += 1
                    if name not in known[device] and not re.fullmatch(r"[A-Z]+|help", name):
                        wrong.append((page, f"{device}: {name}"))
        self.assertGreater(looked_at, 40)
        self.check(wrong)

    def test_manual_builds(self):
        sphinx = shutil.which("sphinx-build")
        if not sphinx:
            self.skipTest("no sphinx-build (package python3-sphinx)")
        with tempfile.TemporaryDirectory() as output:
            done = subprocess.run([sphinx, "-q", "-W", "-b", "html", TOP / "docs", output],
                                  capture_output=True, text=True, timeout=300, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    sys.exit(tap.run(Docs))
