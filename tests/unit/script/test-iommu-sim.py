#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What iommu-sim writes, and what it says when it cannot: test-iommu-sim.py IOMMU-SIM

Refusals: one line on standard error, a status that is not 0, and nothing printed before.
"""

import collections
import contextlib
import html.parser
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree
from pathlib import Path

import tap

SIMULATOR = Path(sys.argv.pop(1)).resolve()
GENERATE = ("--generate", "--count", "10")
SWEEP = ("--sweep", "tlb.entries=16,32")
OF_ONE_RUN = ("--log", "--json", "--html", "--perfetto", "--write-trace")
# Everything happens: walks, merges, commands, records, full queues.
BUSY = ("--generate", "--count", "600", "--pages", "150", "--mode", "nested", "--commands", "40",
        "--streams", "3", "--set", "timing.txn.slots=12", "--set", "timing.walker.slots=3")
TRACE = """stagewalk-trace 1
iommu smmuv3
memory 0x40000000 0x10000
start
10 t 0x8 0x40001000 64
"""


class Case(unittest.TestCase):
    """A directory to work in."""

    def setUp(self):
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        self.there = Path(stack.enter_context(tempfile.TemporaryDirectory()))

    def run_it(self, *words):
        return subprocess.run([SIMULATOR, *map(str, words)], capture_output=True, text=True,
                              check=False, cwd=self.there)

    def succeed(self, *words):
        done = self.run_it(*words)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def file(self, name, text):
        path = self.there / name
        path.write_text(text)
        return path

    def read(self, name):
        return (self.there / name).read_text()


class Refusals(Case):
    def assert_refused(self, words, *said):
        done = self.run_it(*words)
        self.assertEqual(done.returncode, 1, done)
        self.assertEqual(done.stdout, "")
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertTrue(done.stderr.startswith("iommu-sim: "), done.stderr)
        for part in said:
            self.assertIn(part, done.stderr)

    def test_options_of_a_sweep_without_one(self):
        for words in (("--csv", "x.csv"), ("--plot", "x.svg"), ("--jobs",), ("--no-head",)):
            self.assert_refused((*GENERATE, *words), words[0], "--sweep")

    def test_options_of_one_run_with_a_sweep(self):
        for option in OF_ONE_RUN:
            self.assert_refused((*GENERATE, *SWEEP, option, "x"), option, "--sweep")

    def test_options_of_one_run_with_a_conversion(self):
        script = self.file("script", "0 8 read addr=0x10000000\n")
        for option in ("--log", "--json", "--html", "--perfetto", "--profile", "--set"):
            self.assert_refused(("--convert", "script", script, "-w", "y", option, "x"), option,
                                "--convert")
            self.assertFalse((self.there / "y").exists())
        self.assert_refused(("--convert", "script", script, "-w", "y", *SWEEP), "--convert")

    def test_options_of_one_run_with_a_list_of_parameters(self):
        for option in OF_ONE_RUN:
            self.assert_refused(("--parameters", option, "x"), option, "--parameters")
        self.assert_refused(("--parameters", *SWEEP), "--sweep", "--parameters")

    def test_options_of_an_option_that_is_not_given(self):
        for word, other in (("--log-inputs", "--log"), ("--log-devices", "--log"),
                            ("--binary", "--write-trace")):
            self.assert_refused((*GENERATE, word), word, other)
        self.assert_refused((*GENERATE, "--setup", "x"), "--setup", "--convert")

    def test_options_of_the_generator_with_a_trace(self):
        trace = self.file("trace", TRACE)
        for option, value in (("--iommu", "vtd"), ("--mode", "nested"), ("--order", "zipf"),
                              ("--count", 5), ("--pages", 5), ("--streams", 1), ("--gap", 1),
                              ("--size", 64), ("--writes", 0), ("--commands", 0), ("--seed", 1)):
            self.assert_refused((trace, option, value), option, "--generate")
        self.assert_refused((trace, "--huge"), "--huge", "--generate")
        self.assert_refused((trace, "--sweep", "pages=1,2,3"), "pages", "trace")

    def test_options_of_the_generator_with_a_setup(self):
        trace = self.file("trace", TRACE)
        script = self.file("script", "0 8 read addr=0x10000000\n")
        self.assert_refused(("--convert", "script", script, "--setup", trace, "-w", "out",
                             "--pages", 5), "--pages", "--setup")

    def test_a_conversion_of_nothing(self):
        for kind in ("script", "log"):
            self.assert_refused(("-g", "--convert", kind, "-w", "o"), "--generate", "--convert")
            self.assert_refused(("--convert", kind, "-w", "o"), "--convert", "file")
        self.assert_refused(("--convert", "script", "x"), "--convert", "--write-trace")

    def test_a_trace_or_a_generator(self):
        trace = self.file("trace", TRACE)
        self.assert_refused((), "--generate")
        self.assert_refused((trace, "--generate"), "--generate")
        self.assert_refused((trace, trace), "--generate")

    def test_negative_numbers(self):
        self.assert_refused(("--generate", "--pages", -5), "--pages -5")
        self.assert_refused(("--generate", "--seed=-1"), "--seed -1")

    def test_a_file_that_cannot_be_written(self):
        path = f"{self.there}/none/out"
        for option in OF_ONE_RUN:
            self.assert_refused((*GENERATE, option, path), path, "No such file")
        for option in ("--csv", "--plot"):
            self.assert_refused((*GENERATE, *SWEEP, option, path), path, "No such file")

    def test_two_outputs_on_one_standard_output(self):
        self.assert_refused((*GENERATE, "--json", "-", "--html", "-"), "--json", "--html")
        self.assert_refused((*GENERATE, *SWEEP, "--plot", "-"), "--plot", "--csv")

    def test_a_sweep_of_nothing_there_is(self):
        self.assert_refused((*GENERATE, "--sweep", "nothing.at-all=1,2"), "nothing.at-all")
        self.assert_refused((*GENERATE, "--sweep", "nothing.at-all=1,2", "--jobs"),
                            "nothing.at-all")

    def test_a_sweep_of_too_many_values(self):
        for values in ("0..5000:+1", "1..18446744073709551615:+1", ",".join(["1"] * 1001)):
            self.assert_refused((*GENERATE, "--sweep", f"seed={values}"), "1000")

    def test_a_sweep_of_no_numbers(self):
        for values in ("", "1,", ",1", "1,,2"):
            self.assert_refused((*GENERATE, "--sweep", f"seed={values}"), "A,B,C")
        for values in ("5..1:+1", "0..8:x2", "1..8:x1", "1..8", "1..x:+1"):
            self.assert_refused((*GENERATE, "--sweep", f"seed={values}"), "1 <= FROM <= TO")
        for values in ("-1", "99999999999999999999", "1,two"):
            self.assert_refused((*GENERATE, "--sweep", f"seed={values}"), "number")

    def test_a_sweep_of_what_is_not_allowed(self):
        """Nothing runs before the last value has been looked at."""
        for name, value, said in (("tlb.replacement", "lru,best", "best"), ("mode", "s1,s3", "s3"),
                                  ("profile", "full,mmu9", "mmu9"), ("pages", "16,0", "pages 0"),
                                  ("tlb.entries", "64,65", "65")):
            self.assert_refused((*GENERATE, "--sweep", f"{name}={value}"), said)

    def test_a_parameter_without_its_section(self):
        self.assert_refused((*GENERATE, "--set", "mem.latency=5"), "timing.mem.latency")
        self.assert_refused((*GENERATE, "--sweep", "mem.latency=5"), "timing.mem.latency")
        self.assert_refused((*GENERATE, "--set", "timing.tlb.entries=1"), "its name is tlb.entries")

    def test_a_failed_conversion_leaves_nothing(self):
        self.file("script", "0 8 erase\n")
        self.assert_refused(("--convert", "script", "script", "-w", "out"), "erase")
        self.assertFalse((self.there / "out").exists())

    def test_a_failed_run_leaves_nothing(self):
        """Half a trace, page or table would look like a whole one."""
        self.file("trace", TRACE + "11 t 0x8 0x40001000 9999\n")
        self.file("old", "before")
        for option in OF_ONE_RUN:
            for name in ("new", "old"):
                self.assert_refused(("trace", "-q", option, name), "4096")
                self.assertFalse((self.there / "new").exists(), option)
        self.assertEqual(os.listdir(self.there), ["trace"])
        for option in ("--csv", "--plot"):
            self.assert_refused(("trace", *SWEEP, option, "new"), "4096")
            self.assertEqual(os.listdir(self.there), ["trace"])

    def test_a_failed_run_leaves_what_it_has_not_touched(self):
        self.file("trace", TRACE + "11 t 0x8 0x40001000 9999\n")
        for option in ("--json", "--html"):
            self.file("old", "before")
            self.assert_refused(("trace", "-q", option, "old"), "4096")
            self.assertEqual(self.read("old"), "before")

    def test_an_output_that_is_an_input(self):
        trace = self.file("t.tr", TRACE)
        (self.there / "link").symlink_to("t.tr")
        os.link(trace, self.there / "hard")
        for option in OF_ONE_RUN:
            for name in ("t.tr", "./t.tr", trace, "link", "hard"):
                self.assert_refused(("t.tr", option, name), option, "same file", "t.tr")
        for option in ("--csv", "--plot"):
            self.assert_refused(("t.tr", *SWEEP, option, "t.tr"), option, "same file")
        self.assertEqual(self.read("t.tr"), TRACE)
        profile = self.file("p.ini", "[tlb]\nentries=16\n")
        self.assert_refused((*GENERATE, "-p", profile, "--json", "p.ini"), "--profile", "same file")
        self.assert_refused((*GENERATE, "--sweep", "profile=tiny,p.ini", "--csv", "p.ini"),
                            "--sweep", "same file")
        self.assertEqual(self.read("p.ini"), "[tlb]\nentries=16\n")
        script = self.file("f", "0 8 read addr=0x10000000\n")
        self.assert_refused(("--convert", "script", script, "-w", "f"), "same file")
        self.assert_refused(("--convert", "script", script, "--setup", "t.tr", "-w", "t.tr"),
                            "--setup", "same file")
        self.assertEqual(self.read("t.tr"), TRACE)

    def test_an_output_that_is_another(self):
        (self.there / "d").mkdir()
        (self.there / "e").symlink_to("d")
        for one, two in (("a", "a"), ("a", "./a"), ("d/a", "e/a"), ("d/a", "d/../d/a")):
            self.assert_refused((*GENERATE, "--log", one, "--json", two), "--log", "--json",
                                "same file")
            self.assertFalse((self.there / one).exists())
        self.assert_refused((*GENERATE, *SWEEP, "--csv", "a", "--plot", "a"), "--csv", "--plot")
        self.succeed(*GENERATE, "-q", "--log", "/dev/null", "--json", "/dev/null")

    def test_what_is_swept_is_not_given_as_well(self):
        for words, name, values in ((("--profile", "tiny"), "profile", "full,mmu600"),
                                    (("--pages", 7), "pages", "1,2"),
                                    (("--mode", "s1"), "mode", "s1,s2"),
                                    (("--set", "tlb.entries=16"), "tlb.entries", "16,32")):
            self.assert_refused((*GENERATE, *words, "--sweep", f"{name}={values}"), words[0],
                                "does nothing", f"--sweep {name}=")
        self.assert_refused((*GENERATE, *SWEEP, "--sweep", "gap=1,2"), "--sweep", "once")

    def test_nothing_is_generated_or_quiet_where_nothing_runs(self):
        self.assert_refused(("--generate", "--parameters"), "--generate", "--parameters")
        self.assert_refused(("-q", "--parameters"), "--quiet", "--parameters")
        self.assert_refused((*GENERATE, "-q", *SWEEP), "--quiet", "--sweep")
        script = self.file("script", "0 8 read addr=0x10000000\n")
        self.assert_refused(("-q", "--convert", "script", script, "-w", "y"), "--quiet",
                            "--convert")

    def test_standard_output_that_is_full(self):
        for words in (("--parameters",), GENERATE, (*GENERATE, *SWEEP),
                      (*GENERATE, *SWEEP, "--jobs"), (*GENERATE, "--json", "-")):
            with open(self.there / "out", "w", encoding="utf-8") as out:
                done = subprocess.run([SIMULATOR, *words], stdout=out, stderr=subprocess.PIPE,
                                      text=True, check=False, cwd=self.there,
                                      restore_signals=False, # SIGXFSZ stays ignored
                                      preexec_fn=lambda: resource.setrlimit(
                                          resource.RLIMIT_FSIZE, (0, 0)))
            self.assertEqual(done.returncode, 1, words)
            self.assertIn("standard output: File too large", done.stderr)

    @unittest.skipIf(b"__asan_init" in SIMULATOR.read_bytes(), "needs address space of its own")
    def test_more_memory_than_there_is(self):
        self.file("trace", TRACE.replace("0x10000\n", "0x400000000\n"))
        done = subprocess.run([SIMULATOR, "trace"], capture_output=True, text=True, check=False,
                              cwd=self.there, preexec_fn=lambda: resource.setrlimit(
                                  resource.RLIMIT_AS, (1 << 30, 1 << 30)))
        self.assertEqual((done.returncode, done.stdout, done.stderr.count("\n")), (1, "", 1))
        self.assertIn("0x400000000 bytes", done.stderr)

    def test_a_stream_that_the_generator_does_not_set_up(self):
        self.file("script", "0 0x20 read addr=0x10000000\n")
        self.assert_refused(("--convert", "script", "script", "-w", "out"), "0x20", "--streams")
        self.succeed("--convert", "script", "script", "-w", "out", "--streams", 25)

    def test_a_profile_without_a_section(self):
        for text, said in (("", "section"), ("# nothing\n", "section"),
                           ("[profile]\nsumary=x\n", "summary")):
            self.file("p.ini", text)
            self.assert_refused((*GENERATE, "-p", "./p.ini"), "p.ini", said)
        self.file("p.ini", "[profile]\nsummary=as full\n")
        self.succeed(*GENERATE, "-p", "./p.ini")

    def test_a_sweep_of_standard_input(self):
        self.assert_refused(("-", *SWEEP), "standard input")

    def test_jobs_do_not_write_over_each_other(self):
        for option in ("--csv", "--plot"):
            self.assert_refused((*GENERATE, *SWEEP, "--jobs", option, "x"), option, "--jobs")


class Outputs(Case):
    def test_standard_output_takes_one_thing(self):
        self.assertEqual(json.loads(self.succeed(*GENERATE, "--json", "-"))["requests"], 10)
        self.assertIn("10 ok", self.succeed(*GENERATE, "--json", "x"))
        self.assertTrue(self.succeed(*GENERATE, "--html", "-").startswith("<!doctype html>"))
        self.assertIn("traceEvents", json.loads(self.succeed(*GENERATE, "--perfetto", "-")))
        self.assertTrue(self.succeed(*GENERATE, "-w", "-").startswith("stagewalk-trace 1\n"))
        self.assertEqual(os.listdir(self.there), ["x"])

    def test_what_was_run_is_told(self):
        self.succeed(*BUSY, "--json", "x", "--html", "page")
        run = json.loads(self.read("x"))
        self.assertEqual(run["command"].split()[0:3], ["iommu-sim", "--generate", "--count"])
        self.assertEqual((run["generator"]["mode"], run["generator"]["pages"],
                          run["generator"]["seed"]), ("nested", 150, 1))
        self.assertIn(run["command"], self.read("page"))
        self.file("a <trace>", TRACE)
        self.succeed("a <trace>", "--json", "x", "--html", "page")
        self.assertEqual(json.loads(self.read("x"))["trace"], "a <trace>")
        self.assertIn("a &lt;trace&gt;", self.read("page"))
        self.assertNotIn("<trace>", self.read("page"))

    def test_the_summary_tells_a_saturated_port(self):
        self.assertIn("queueing at the way in", self.succeed("-g", "-n", 2000))
        self.assertNotIn("queueing at the way in", self.succeed("-g", "-n", 2000, "--gap", 200))

    def test_parameters_have_ranges(self):
        self.assertRegex(self.succeed("--parameters"),
                         r"timing\.mem\.latency +100 +cycles +0 to 1000000\n")

    def test_a_resource_is_never_busier_than_its_servers(self):
        self.succeed(*BUSY, "--json", "x")
        run = json.loads(self.read("x"))
        self.assertEqual(run["resources"]["TXN"]["servers"], 12)
        self.assertEqual(run["resources"]["WALKER"]["servers"], 3)
        for name, r in run["resources"].items():
            with self.subTest(name):
                self.assertLessEqual(r["busy"], r["servers"] * run["cycles"])
                self.assertAlmostEqual(r["busy_share"], r["busy"] / r["servers"] / run["cycles"])
        self.assertGreater(run["resources"]["WALKER"]["busy_share"], 0.5)

    def test_a_trace_gives_the_same_as_its_generator(self):
        for kind in ((), ("--binary",)):
            self.succeed(*BUSY, "-l", "one", "-w", "trace", *kind)
            self.succeed("trace", *BUSY[-4:], "-l", "two")
            self.assertEqual(self.read("one"), self.read("two"))

    def test_a_script_becomes_a_trace(self):
        self.file("script",
                  "0 8 read addr=0x10000000 length=64 count=20 strided stride=4096 gap=3\n")
        self.succeed("--convert", "script", "script", "--pages", 32, "-w", "trace")
        self.succeed("trace", "--json", "x")
        run = json.loads(self.read("x"))
        self.assertEqual((run["requests"], run["ok"], run["counters"]["walks"]), (20, 20, 20))

    def test_a_log_becomes_a_trace(self):
        self.succeed(*BUSY, "-l", "one", "--log-inputs", "-w", "setup")
        self.succeed("--convert", "log", "one", "--setup", "setup", "--binary", "-w", "trace")
        self.succeed("trace", *BUSY[-4:], "--log-inputs", "-l", "two")
        self.assertEqual(self.read("one"), self.read("two"))

    def test_the_last_cycles_there_are(self):
        """Pages and tracks end, however far apart things happen."""
        self.file("trace", TRACE + f"{1 << 62} t 0x8 0x40001000 64\n")
        self.succeed("trace", "--html", "page", "--perfetto", "tracks", "--json", "x")
        self.assertGreater(json.loads(self.read("x"))["cycles"], 1 << 62)
        self.assertIn("</html>", self.read("page"))
        self.assertLess(len(self.read("page")), 100000)
        json.loads(self.read("tracks"))

    def test_the_summary_tells_all_options_of_the_generator(self):
        text = self.succeed("-g", "-n", 7, "--writes", 30, "--commands", 3, "--gap", 9)
        for words in ("7 requests", "30 % writes", "an invalidation every 3", "gap 9"):
            self.assertIn(words, text.splitlines()[0])
        self.assertNotIn("invalidation", self.succeed(*GENERATE).splitlines()[0])

    def test_no_requests_at_all(self):
        self.succeed("-g", "-n", 0, "--html", "page", "--perfetto", "tracks", "--json", "x")
        self.assertEqual(json.loads(self.read("x"))["requests"], 0)
        json.loads(self.read("tracks"))
        self.assertIn("</html>", self.read("page"))


class Page(html.parser.HTMLParser):
    """Headings, tables by name, titles of bars, points of curves by chart."""

    def __init__(self, text):
        super().__init__()
        self.headings, self.paragraphs, self.titles = [], [], []
        self.tables = collections.defaultdict(list)
        self.curves = []
        self.open, self.table = None, None
        self.outside = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.outside += [v for k, v in attrs.items() if k in ("src", "href")]
        self.open = tag
        if tag == "script":
            self.outside.append(tag)
        elif tag == "table":
            self.table = attrs["id"]
        elif tag == "tr":
            self.tables[self.table].append([])
        elif tag in ("td", "th"):
            self.tables[self.table][-1].append("")
        elif tag in ("h1", "h2"):
            self.headings.append("")
        elif tag == "p":
            self.paragraphs.append("")
        elif tag == "polyline":
            points = [tuple(map(float, p.split(","))) for p in attrs["points"].split()]
            self.curves.append((self.headings[-1], points))

    def handle_data(self, data):
        if self.open in ("td", "th"):
            self.tables[self.table][-1][-1] += data
        elif self.open in ("h1", "h2"):
            self.headings[-1] += data
        elif self.open == "p":
            self.paragraphs[-1] += data
        elif self.open == "title":
            self.titles.append(data)

    def handle_endtag(self, tag):
        self.open = None


class Pages(Case):
    def setUp(self):
        super().setUp()
        self.succeed(*BUSY, "--html", "page", "--json", "x", "--log", "log")
        self.page = Page(self.read("page"))
        self.json = json.loads(self.read("x"))

    def test_headings(self):
        self.assertEqual(self.page.headings,
                         ["iommu-sim: full", "Latency", "Hit rates", "Mean latency", "Arrivals",
                          "Occupancy", "Resources", "Caches", "The 16 slowest requests", "Profile"])

    def test_nothing_is_loaded_from_elsewhere(self):
        self.assertEqual(self.page.outside, [])

    def test_histogram_has_every_request(self):
        bars = [re.fullmatch(r"(\d+) requests, (\d+) to (\d+) cycles", t) for t in self.page.titles]
        bars = [tuple(map(int, b.groups())) for b in bars if b]
        self.assertEqual(sum(b[0] for b in bars), sum(n for _, n in self.json["latencies"]))
        for n, first, last in bars:
            self.assertEqual(n, sum(m for v, m in self.json["latencies"] if first <= v <= last))

    def test_tables_say_what_the_json_says(self):
        rows = {row[0]: row[1:] for row in self.page.tables["resources"][1:]}
        used = {name: r for name, r in self.json["resources"].items() if r["grants"]}
        self.assertEqual(set(rows), set(used))
        for name, r in used.items():
            self.assertEqual(rows[name],
                             [str(r["servers"]), str(r["grants"]), str(r["busy"]),
                              f"{100 * r['busy_share']:.2f} %", str(r["waited"]),
                              str(r["max_queue"])])
        c = self.json["counters"]
        rows = {row[0]: (int(row[1]), int(row[2])) for row in self.page.tables["caches"][1:]}
        self.assertEqual(rows, {
            "configuration": (c["config_lookups"], c["config_lookups"] - c["config_misses"]),
            "main TLB": (c["tlb_lookups"], c["tlb_hits"]),
            "walk caches": (c["walkcache_lookups"], c["walkcache_hits"]),
            "stage 2 cache": (c["ipa_lookups"], c["ipa_hits"]),
        })
        self.assertEqual({row[0]: row[1] for row in self.page.tables["profile"][1:]},
                         self.json["parameters"])

    def test_curves_stay_within_their_axes(self):
        heights = {"Hit rates": 180, "Mean latency": 180, "Arrivals": 180, "Occupancy": 70}
        self.assertEqual({heading for heading, _ in self.page.curves}, set(heights))
        for heading, points in self.page.curves:
            for x, y in points:
                self.assertTrue(59 <= x <= 60 + 900 - 84, (heading, x))
                self.assertTrue(22 <= y <= 22 + heights[heading], (heading, y))

    def test_occupancy_curves_have_the_area_of_the_busy_share(self):
        """Windows are equally wide but the last: so a curve's mean is the share, nearly."""
        names = [name for name, r in self.json["resources"].items() if r["grants"]]
        curves = [points for heading, points in self.page.curves if heading == "Occupancy"]
        self.assertEqual(len(curves), len(names))
        for name, points in zip(names, curves):
            mean = sum(22 + 70 - y for _, y in points) / len(points) / 70
            self.assertAlmostEqual(mean, self.json["resources"][name]["busy_share"], delta=0.01)

    def test_the_slowest_are_told_from_their_grant(self):
        arrived, granted, over = {}, {}, {}
        for line in self.read("log").splitlines():
            words = line.split()
            if words[1] == "op" and words[3:5] == ["hold", "TXN"]:
                arrived[words[2]], granted[words[2]] = int(words[5]), int(words[0])
            elif words[1] == "done":
                over[words[2]] = int(words[0])
        told = [re.match(r"job (\d+), .*: (\d+) cycles. Arrived in cycle (\d+), waited (\d+) for a "
                         r"transaction slot, then took (\d+)\.", p) for p in self.page.paragraphs]
        told = [t.groups() for t in told if t]
        self.assertEqual(len(told), 16)
        for job, *numbers in told:
            self.assertEqual(tuple(map(int, numbers)),
                             (over[job] - arrived[job], arrived[job], granted[job] - arrived[job],
                              over[job] - granted[job]))
        longest = sorted((over[j] - arrived[j] for j in over), reverse=True)
        self.assertEqual([int(t[1]) for t in told], longest[:16])


def cycle(microseconds):
    """One is shown as a nanosecond."""
    return round(microseconds * 1000)


class Perfetto(Case):
    def setUp(self):
        super().setUp()
        self.succeed(*BUSY, "--perfetto", "tracks", "--json", "x", "--log", "log")
        self.events = json.loads(self.read("tracks"))["traceEvents"]
        self.json = json.loads(self.read("x"))
        self.names = {(e["pid"], e["tid"]): e["args"]["name"] for e in self.events
                      if e["ph"] == "M" and e["name"] == "thread_name"}
        self.tracks = collections.defaultdict(list)
        for e in self.events:
            if e["ph"] == "X":
                begin = cycle(e["ts"])
                self.tracks[self.names[e["pid"], e["tid"]]].append(
                    (begin, begin + cycle(e["dur"]), e["args"]["job"]))

    def operations(self):
        """Of the log: end, job, kind, resource, begin."""
        for line in self.read("log").splitlines():
            words = line.split()
            if words[1] == "op":
                yield int(words[0]), int(words[2]), words[3], words[4], int(words[5])

    def test_events_of_a_track_do_not_overlap(self):
        self.assertGreater(len(self.tracks), 12 + 3 + 4)
        for name, track in self.tracks.items():
            track.sort()
            for one, two in zip(track, track[1:]):
                self.assertLessEqual(one[1], two[0], name)

    def test_a_resource_has_no_more_tracks_than_servers(self):
        count = collections.Counter(name.split()[0] for name in self.tracks)
        for name, tracks in count.items():
            self.assertLessEqual(tracks, self.json["resources"][name]["servers"])
        self.assertEqual((count["TXN"], count["WALKER"]), (12, 3))

    def test_tracks_have_the_busy_time_of_the_summary(self):
        busy = collections.Counter()
        for name, track in self.tracks.items():
            busy[name.split()[0]] += sum(end - begin for begin, end, _ in track)
        self.assertEqual(dict(busy), {name: r["busy"] for name, r in self.json["resources"].items()
                                      if r["busy"]})

    def test_slots_are_held_from_grant_to_release(self):
        for resource in ("TXN", "WALKER", "COMMAND"):
            since, held = {}, []
            for end, job, kind, res, _ in self.operations():
                if res == resource and kind == "hold":
                    since[job] = end
                elif res == resource and kind == "release" and job in since:
                    held.append((since.pop(job), end, job))
            shown = [e for name, track in self.tracks.items() if name.split()[0] == resource
                     for e in track]
            self.assertGreater(len(held), 10)
            self.assertEqual(sorted(shown), sorted(h for h in held if h[0] < h[1]))

    def jobs(self):
        """Nested asynchronous events: of each job, its stages (depth, name, begin, end)."""
        stages, stacks = collections.defaultdict(list), collections.defaultdict(list)
        for e in self.events:
            if e["ph"] not in "be":
                continue
            key, stack = (e["pid"], e["cat"], e["id"]), stacks[e["pid"], e["cat"], e["id"]]
            if e["ph"] == "b":
                stack.append((e["name"], cycle(e["ts"])))
                continue
            name, begin = stack.pop()
            self.assertEqual(name, e["name"])
            self.assertLessEqual(begin, cycle(e["ts"]))
            stages[key].append((len(stack), name, begin, cycle(e["ts"])))
        self.assertEqual([s for s in stacks.values() if s], [])
        return stages

    def test_jobs_are_balanced_and_their_stages_follow_each_other(self):
        kinds = collections.Counter()
        for stages in self.jobs().values():
            whole = [s for s in stages if s[0] == 0]
            inner = [s for s in stages if s[0] == 1]
            self.assertEqual((len(whole), len(whole) + len(inner)), (1, len(stages)))
            kinds[whole[0][1]] += 1
            at = whole[0][2]
            for _, _, begin, end in inner:
                self.assertLessEqual(at, begin)
                at = end
            self.assertLessEqual(at, whole[0][3])
        self.assertEqual(kinds["request"], 600)
        self.assertEqual(kinds["command"], 2 * 600 / 40)

    def test_queueing_is_a_stage_of_its_own(self):
        queued = collections.Counter()
        for stages in self.jobs().values():
            for _, name, begin, end in stages:
                if name.startswith("queue "):
                    queued[name.split()[1]] += end - begin
        self.assertEqual(dict(queued), {name: r["waited"]
                                        for name, r in self.json["resources"].items()
                                        if r["waited"]})
        self.assertGreater(queued["TXN"], 0)
        self.assertGreater(queued["WALKER"], 0)


class Sweeps(Case):
    RUN = ("--generate", "--count", "200", "--pages", "64", "--sweep", "tlb.entries=16..64:x2")

    def test_a_head_and_a_row_for_each_value(self):
        lines = self.succeed(*GENERATE, *SWEEP).splitlines()
        self.assertTrue(lines[0].startswith("tlb.entries,requests,"))
        self.assertEqual([line.split(",")[0] for line in lines[1:]], ["16", "32"])
        self.assertEqual(self.succeed(*GENERATE, *SWEEP, "--no-head").splitlines(), lines[1:])

    def test_a_row_says_what_a_run_says(self):
        head, *rows = [line.split(",") for line in self.succeed(*self.RUN).splitlines()]
        for row in rows:
            row = dict(zip(head, row))
            run = json.loads(self.succeed(*self.RUN[:-2], "--json", "-", "--set",
                                          f"tlb.entries={row['tlb.entries']}"))
            for name in ("requests", "cycles", "latency_median", "latency_p99", "latency_max"):
                self.assertEqual(int(row[name]), run[name])
            self.assertAlmostEqual(float(row["latency_mean"]), run["latency_mean"], places=3)
            self.assertAlmostEqual(float(row["tlb_hit_rate"]), run["tlb_hit_rate"], places=5)

    def test_the_values_of_a_range(self):
        for text, values in (("1..9:x3", ["1", "3", "9"]), ("1..10:+4", ["1", "5", "9"]),
                             ("7,3", ["7", "3"]), ("0..0:+1", ["0"]),
                             ("9223372036854775808..18446744073709551615:x2",
                              ["9223372036854775808"])):
            rows = self.succeed(*GENERATE, "--sweep", f"seed={text}", "--no-head").splitlines()
            self.assertEqual([row.split(",")[0] for row in rows], values)

    def test_words_can_be_swept(self):
        for name, words in (("tlb.replacement", ["lru", "rr", "plru", "random"]),
                            ("mode", ["bypass", "s1", "s2", "nested"]),
                            ("iommu", ["smmuv3", "vtd"]),
                            ("profile", ["full", "mmu600"]), ("order", ["stride", "zipf"])):
            run = ("--generate", "-n", 300, "--pages", 60, "--set", "tlb.entries=16", "--set",
                   "tlb.ways=4")
            rows = self.succeed(*run, "--sweep", f"{name}={','.join(words)}",
                                "--no-head").splitlines()
            self.assertEqual([row.split(",")[0] for row in rows], words)
            for word, row in zip(words, rows):
                option = ("--set", f"{name}={word}") if "." in name else (f"--{name}", word)
                one = json.loads(self.succeed(*run, *option, "--json", "-"))
                self.assertEqual(int(row.split(",")[2]), one["cycles"], (name, word))

    def test_a_sweep_of_a_trace(self):
        self.file("trace", TRACE)
        rows = self.succeed("trace", "--sweep", "timing.port.latency=1,5", "--no-head").splitlines()
        means = [float(row.split(",")[3]) for row in rows]
        self.assertEqual(means[1] - means[0], 4)

    def test_a_plot_has_a_point_for_each_value(self):
        table = self.succeed(*self.RUN).splitlines()
        self.succeed(*self.RUN, "--csv", "table", "--plot", "plot.svg")
        self.assertEqual(self.read("table").splitlines(), table)
        titles = [e.text for e in xml.etree.ElementTree.parse(self.there / "plot.svg").iter()
                  if e.tag.endswith("}title")]
        for row in table[1:]:
            value, _, _, mean, *_ = row.split(",")
            self.assertEqual(sum(t.startswith(f"{value}: ") for t in titles), 4)
            self.assertIn(f"{value}: {float(mean):g}", titles)

    def test_jobs_together_give_the_same_table(self):
        table = self.succeed(*self.RUN)
        jobs = self.succeed(*self.RUN, "--jobs")
        self.assertEqual(jobs.count("\n"), 3)
        for command in (["sh"], ["parallel", "-k", "-j2"]):
            if shutil.which(command[0]):
                done = subprocess.run(command, input=jobs, capture_output=True, text=True,
                                      check=True, cwd=self.there)
                self.assertEqual(done.stdout, table, command)

    def test_jobs_of_a_file_that_looks_like_an_option(self):
        self.file("--jobs", TRACE)
        words = ("--sweep", "timing.port.latency=1,5")
        table = self.succeed(*words, "--", "--jobs")
        jobs = self.succeed(*words, "--jobs", "--", "--jobs")
        done = subprocess.run(["sh"], input=jobs, capture_output=True, text=True, check=True,
                              cwd=self.there)
        self.assertEqual(done.stdout, table)

    def test_a_plot_of_any_words(self):
        self.file("a<&.ini", "[tlb]\nentries=16\nways=4\n")
        self.succeed(*GENERATE, "--sweep", "profile=tiny,a<&.ini", "--plot", "plot.svg", "--csv",
                     "table")
        texts = [e.text for e in xml.etree.ElementTree.parse(self.there / "plot.svg").iter()]
        self.assertIn("a<&.ini", texts)

    def test_each_line_of_jobs_stands_alone(self):
        """As in an array job, where each runs somewhere, some time."""
        lines = self.succeed(*self.RUN, "--profile", "mmu600", "--set", "timing.clock.mhz=7",
                             "--jobs").splitlines()
        rows = [subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=True,
                               cwd=self.there).stdout for line in reversed(lines)]
        self.assertEqual("".join(reversed(rows)),
                         self.succeed(*self.RUN, "--profile", "mmu600", "--set",
                                      "timing.clock.mhz=7"))


if __name__ == "__main__":
    sys.exit(tap.run(Refusals, Outputs, Pages, Perfetto, Sweeps))
