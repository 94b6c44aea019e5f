# SPDX-License-Identifier: GPL-2.0-or-later
"""Download Debian packages of any architecture without touching the system's own apt.

The sources file, lists and archives live in a directory of ours.  Nothing is
installed, so no root is needed; the mirror and its keyring are the machine's.
"""

import os
import re
import subprocess
import time
from pathlib import Path

SUITES = ("bookworm", "bookworm-backports", "trixie", "trixie-backports")
ARCHITECTURES = ("amd64", "arm64")
RETRIES = 3


class FetchError(Exception):
    """A download that cannot succeed; the text says what the user can do."""


def _deb822_stanzas(text):
    for block in re.split(r"\n\s*\n", text):
        stanza, field = {}, None
        for line in block.splitlines():
            if line.startswith("#"):
                continue
            if line[:1].isspace() and field:
                stanza[field] += "\n" + line
            elif ":" in line:
                field, value = line.split(":", 1)
                field = field.lower()
                stanza[field] = value.strip()
        if stanza:
            yield stanza


def _is_debian_archive(uri, suites):
    """True for the main archive: not the security one, nor a third party's."""
    known = {suite.split("-")[0] for suite in suites} & {"bookworm", "trixie", "stable",
                                                         "oldstable", "testing", "sid"}
    return bool(known) and "security" not in uri and uri.rstrip("/").endswith("debian")


def machine_source(etc=Path("/etc/apt")):
    """(URI, Signed-By or None) of the Debian mirror this machine uses."""
    for path in sorted((etc / "sources.list.d").glob("*.sources")):
        for stanza in _deb822_stanzas(path.read_text(encoding="utf-8", errors="replace")):
            uris = stanza.get("uris", "").split()
            if uris and _is_debian_archive(uris[0], stanza.get("suites", "").split()):
                return uris[0], stanza.get("signed-by")
    one_line = [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*.list"))]
    for path in one_line:
        if not path.is_file():
            continue
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            found = re.match(r"deb\s+(?:\[([^]]*)\]\s+)?(\S+)\s+(\S+)", line)
            if found and _is_debian_archive(found[2], [found[3]]):
                signed = re.search(r"signed-by=(\S+)", found[1] or "")
                return found[2], signed[1] if signed else None
    raise FetchError("no Debian mirror in /etc/apt: the guest kernels are Debian packages, "
                     "so run this on Debian 12 or 13, or copy a filled cache here")


class PrivateApt:
    """apt with its own sources, lists and archive directory under `root`."""

    def __init__(self, root, say):
        self.root = Path(root)
        self.say = say
        self.updated = False

    def _options(self):
        options = {
            "Dir::Etc::sourcelist": "/dev/null",
            "Dir::Etc::sourceparts": self.root / "sources.d",
            "Dir::State::lists": self.root / "lists",
            "Dir::Cache": self.root / "cache",
            "APT::Sandbox::User": "root",
            "Acquire::Retries": RETRIES,
            "Acquire::Languages": "none",
        }
        words = [f"-o{name}={value}" for name, value in options.items()]
        return words + [f"-oAPT::Architectures::={arch}" for arch in ARCHITECTURES]

    def _run(self, tool, *words, cwd=None):
        # A download is worth repeating: mirrors behind a proxy fail now and then.
        env = dict(os.environ, LC_ALL="C")
        return subprocess.run([tool, *self._options(), *words], cwd=cwd, env=env, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)

    def update(self):
        """Read the package lists, once for the life of this object."""
        if self.updated:
            return
        for part in ("sources.d", "lists/partial", "cache/archives/partial"):
            (self.root / part).mkdir(parents=True, exist_ok=True)
        uri, signed_by = machine_source()
        lines = ["Types: deb", f"URIs: {uri}", f"Suites: {' '.join(SUITES)}",
                 "Components: main", f"Architectures: {' '.join(ARCHITECTURES)}"]
        if signed_by:
            lines.append(f"Signed-By: {signed_by}")
        sources = self.root / "sources.d" / "stagewalk.sources"
        sources.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.say("reading Debian's package lists")
        for attempt in range(1, RETRIES + 1):
            result = self._run("apt-get", "-q", "update")
            if result.returncode == 0 and "Failed to fetch" not in result.stdout:
                break
            time.sleep(attempt)
        # A suite that has left the mirror fails for ever; what was read may still do.
        self.updated = True

    def names(self, pattern):
        """Package names that match the regular expression `pattern` in full."""
        self.update()
        prefix = re.match(r"[a-z0-9-]*", pattern)[0]
        listed = self._run("apt-cache", "pkgnames", prefix).stdout.split()
        return [name for name in listed if re.fullmatch(pattern, name)]

    def versions(self, package):
        """Versions of NAME:ARCH, the newest first."""
        self.update()
        text = self._run("apt-cache", "madison", package).stdout
        rows = [line.split("|") for line in text.splitlines() if line.count("|") >= 2]
        return list(dict.fromkeys(row[1].strip() for row in rows))

    def show(self, packages):
        """The fields of each NAME:ARCH=VERSION, one after another."""
        return self._run("apt-cache", "show", *packages).stdout

    def download(self, candidates, directory):
        """Fetch the first of `candidates` (NAME:ARCH=VERSION) that the mirror still has."""
        directory = Path(directory)
        directory.mkdir(parents=True, exist_ok=True)
        failures = []
        for candidate in candidates:
            for attempt in range(1, RETRIES + 1):
                before = set(directory.glob("*.deb"))
                result = self._run("apt-get", "-q", "download", candidate, cwd=directory)
                new = set(directory.glob("*.deb")) - before
                if result.returncode == 0 and new:
                    return candidate, new.pop()
                if "404" in result.stdout:
                    break               # gone from the pool: the next candidate may be there
                time.sleep(attempt)
            failures.append(f"{candidate}: {(result.stdout.strip().splitlines() or ['?'])[-1]}")
        tried = "; ".join(failures) or "no candidate in the package lists"
        raise FetchError(f"cannot download a guest package ({tried}); check the network and "
                         "run again, what was fetched is kept")

    def download_newest(self, names, arch, directory):
        """Fetch the newest version of each package that the mirror still has.

        {name: (NAME:ARCH=VERSION, path)}, without names that no list has. One run of apt for all
        that are there, as starting it takes longer than a download.
        """
        self.update()
        directory = Path(directory)
        directory.mkdir(parents=True, exist_ok=True)
        listed = {name: [] for name in names}
        text = self._run("apt-cache", "madison", *(f"{name}:{arch}" for name in names)).stdout
        for row in (line.split("|") for line in text.splitlines() if line.count("|") >= 2):
            name = row[0].strip().removesuffix(f":{arch}")
            if name in listed:
                listed[name].append(f"{name}:{arch}={row[1].strip()}")
        listed = {name: versions for name, versions in listed.items() if versions}
        newest = [versions[0] for versions in listed.values()]
        self._run("apt-get", "-q", "download", *newest, cwd=directory)
        result = {}
        for name, versions in listed.items():
            found = list(directory.glob(f"{name}_*.deb"))
            result[name] = (versions[0], found[0]) if found else self.download(
                list(dict.fromkeys(versions)), directory)
        return result
