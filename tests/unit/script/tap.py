# SPDX-License-Identifier: GPL-2.0-or-later
"""Python's unittest as a program that prints TAP."""

import unittest


class Tap(unittest.TestResult):
    """Each case as a line of TAP, with what went wrong as comments before it."""

    count = 0

    def line(self, passed, test, rest=""):
        self.count += 1
        name = test.id().rsplit(".", 1)[1].removeprefix("test_").replace("_", " ")
        print(f"{'ok' if passed else 'not ok'} {self.count} {name}{rest}", flush=True)

    def wrong(self, test, error):
        for row in self._exc_info_to_string(error, test).splitlines():
            print(f"# {row}")
        self.line(False, test)

    def addSuccess(self, test):
        self.line(True, test)

    def addSkip(self, test, reason):
        self.line(True, test, f" # SKIP {reason}")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.wrong(test, err)

    def addError(self, test, err):
        super().addError(test, err)
        self.wrong(test, err)


def run(*cases):
    """Run the cases of these classes; the program's exit status."""
    suite = unittest.TestSuite(unittest.defaultTestLoader.loadTestsFromTestCase(case)
                               for case in cases)
    print(f"1..{suite.countTestCases()}")
    return not suite.run(Tap()).wasSuccessful()
