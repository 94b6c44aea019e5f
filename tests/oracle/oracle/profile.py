# SPDX-License-Identifier: GPL-2.0-or-later
"""Parameters: a profile file over the default one, then single settings."""

import configparser
import os

PROFILES = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                        *[os.pardir] * 3, "profiles")
DEFAULT = os.path.join(PROFILES, "full.ini")
TABLES = [f"table.stage{stage}.height{height}"
          for stage in (1, 2) for height in range(4)]
CACHES = ["utlb", "tlb", "ipa", "config", "subconfig", "interrupt"] + TABLES


def find(name):
    """The file of a profile: of those in profiles/ the name will do."""
    known = os.path.join(PROFILES, f"{name}.ini")
    return known if os.path.exists(known) and not os.path.exists(name) else name


def load(path=None, settings=()):
    values = {f"{cache}.seed": 0 for cache in CACHES}
    for name, value in [*file_settings(DEFAULT),
                        *(file_settings(find(path)) if path else ())]:
        assign(values, name, value)
    for setting in settings:
        name, value = setting.split("=", 1)
        assign(values, name, value)
    return values


def file_settings(path):
    ini = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    ini.optionxform = str
    with open(path, encoding="utf-8") as file:
        ini.read_file(file)
    return [(f"{section}.{key}", value) for section in ini.sections() if section != "profile"
            for key, value in ini[section].items() if not key.endswith(".from")]


def assign(values, name, value):
    """The parameter of that name; one of a whole stage's walk caches is each height's."""
    group, _, key = name.rpartition(".")
    for target in [f"{cache}.{key}" for cache in TABLES if cache.startswith(group + ".")] or [name]:
        values[target] = value if key == "replacement" else int(value)
