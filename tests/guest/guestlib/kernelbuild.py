# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernels of our own: Debian's newest Linux source in a tiny configuration, cached.

Debian's kernels leave out what the programs drive (iommufd, VFIO's character devices, nested
translation), so these are built, each once: an image is kept under the version of its source and
the hash of its configuration.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .artefacts import cache_root
from .privateapt import FetchError, PrivateApt

CONFIG = Path(__file__).resolve().parents[1] / "kernel-config"

HOW = "tests/guest/kernels build"

# The VFIO selftests of the kernel's tree that make sense with one igb.
SELFTESTS = ("vfio_dma_mapping_test", "vfio_iommufd_setup_test", "vfio_pci_device_test",
             "vfio_pci_driver_test")
UUID = CONFIG.parent / "programs" / "selftests-uuid.c"


class BuildError(Exception):
    """A build that failed; the text names the log."""


@dataclass(frozen=True)
class OwnKernel:
    """One kernel: the fragments of its configuration, and how its image is made and called."""
    arch: str                   # as the kernel's makefile and qemu-system- have it
    fragments: tuple
    target: str
    image: str
    cross: str = ""
    series: str = r"7\.[0-9]+"  # of Debian's linux-source-SERIES; the newest wins
    default: bool = True        # built unless asked otherwise


def _arm(*more, series=OwnKernel.series, default=True):
    return OwnKernel("arm64", ("common", "arm64", *more), "Image", "arch/arm64/boot/Image",
                     "aarch64-linux-gnu-", series, default)


def _x86(series=OwnKernel.series, default=True):
    return OwnKernel("x86_64", ("common", "x86_64"), "bzImage", "arch/x86/boot/bzImage",
                     "", series, default)


OWN_KERNELS = {
    "arm64": _arm(),
    "x86_64": _x86(),
    "arm64-16k": _arm("arm64-16k", default=False),
    "arm64-64k": _arm("arm64-64k", default=False),
    "arm64-kvm": _arm("arm64-kvm", default=False),
    "arm64-6.12": _arm(series=r"6\.12", default=False),
    "x86_64-6.12": _x86(series=r"6\.12", default=False),
}


def configuration(kernel):
    """The text given to the kernel as KCONFIG_ALLCONFIG: of two lines on an option the later."""
    options = {}
    for name in kernel.fragments:
        for line in (CONFIG / f"{name}.config").read_text(encoding="ascii").splitlines():
            found = re.match(r"(?:# )?(CONFIG_\w+)(?:=| is not set$)", line)
            if found:
                options[found[1]] = line
    return "\n".join(options.values()) + "\n"


def refused_options(wanted, have):
    """Options of `wanted` that the kernel's own configuration `have` does not keep."""
    lines = set(have.splitlines())
    return [line for line in wanted.splitlines()
            if line.startswith("CONFIG_") and line not in lines]


class KernelCache:
    """Finds and builds kernels and the headers their programs are compiled with."""

    def __init__(self, root=None, say=print, jobs=None):
        self.root = Path(root or cache_root() / "guest-kernels")
        self.say = say
        self.jobs = jobs or os.cpu_count() or 1
        # Shares the lists of the stock kernels.
        self.apt = PrivateApt(self.root.parent / "guest" / "apt", say)

    def _directory(self, name):
        kernel = OWN_KERNELS[name]
        digest = hashlib.sha256(configuration(kernel).encode()).hexdigest()[:12]
        return f"{name}-{digest}"

    def find(self, name):
        """The newest image of this kernel and configuration, or None."""
        found = sorted(self.root.glob(f"{self._directory(name)}-*/image"),
                       key=lambda path: [int(n) for n in re.findall(r"\d+", path.parent.name)])
        return found[-1] if found else None

    def version(self, name):
        """The release a cached kernel calls itself by."""
        image = self.find(name)
        return (image.parent / "release").read_text(encoding="ascii").strip() if image else None

    def headers(self):
        """Include directory of the newest kernel's headers: linux/ and ARCH-linux-gnu/asm/."""
        target = self.root / "headers"
        if not target.is_dir():
            with self._scratch() as scratch:
                _, deb = self.apt.download(
                    [f"linux-libc-dev:amd64={version}"
                     for version in self.apt.versions("linux-libc-dev:amd64")], scratch / "deb")
                subprocess.run(["dpkg-deb", "-x", deb, scratch / "unpacked"], check=True)
                (scratch / "unpacked/usr/include").rename(target)
        return target

    def _scratch(self, name=None):
        self.root.mkdir(parents=True, exist_ok=True)
        return _NamedScratch(self.root / name) if name else _Scratch(self.root)

    def _source_package(self, series):
        """(version, archive) of the newest source of `series` that the mirror has."""
        names = self.apt.names(rf"linux-source-{series}")
        names.sort(key=lambda name: [int(n) for n in re.findall(r"\d+", name)], reverse=True)
        for name in names:
            for version in self.apt.versions(name):
                # A colon or tilde may not be in a path that make handles.
                plain = re.sub(r"[^0-9.]+", "-", version.split("-")[0].split(":")[-1])
                kept = self.root / "dist" / f"{name}-{plain}.deb"
                if kept.is_file():
                    return plain, kept
                try:
                    with self._scratch() as scratch:
                        _, deb = self.apt.download([f"{name}={version}"], scratch)
                        kept.parent.mkdir(exist_ok=True)
                        deb.rename(kept)
                    return plain, kept
                except FetchError as error:
                    self.say(str(error))
        raise FetchError(f"no linux-source-{series} can be downloaded; check the network and run "
                         f"'{HOW}' again")

    def build(self, name):
        """Build a kernel unless it is cached; the path of its image."""
        image = self.find(name)
        if image:
            return image
        kernel = OWN_KERNELS[name]
        version, package = self._source_package(kernel.series)
        target = self.root / f"{self._directory(name)}-{version}"
        log = self.root / f"{name}.log"
        with self._scratch(f".build-{name}") as scratch:
            image = self.find(name)
            if image:
                return image
            self.say(f"{name}: unpacking Linux {version}")
            subprocess.run(["dpkg-deb", "-x", package, scratch / "deb"], check=True)
            archive, = (scratch / "deb/usr/src").glob("linux-source-*.tar.xz")
            subprocess.run(["tar", "-C", scratch, "-xf", archive], check=True)
            archive.unlink()
            tree, = scratch.glob("linux-source-*")
            self._compile(kernel, name, tree, scratch, log)
            made = scratch / "made"
            made.mkdir()
            shutil.copy(scratch / "build" / kernel.image, made / "image")
            shutil.copy(scratch / "build/.config", made / "config")
            release = scratch / "build/include/config/kernel.release"
            shutil.copy(release, made / "release")
            self.build_selftests(kernel, tree, made, log)
            made.rename(target)
        log.unlink()
        return target / "image"

    def build_selftests(self, kernel, tree, made, log):
        """Link the tree's VFIO selftests statically; none if this version has none."""
        source = tree / "tools/testing/selftests/vfio"
        (made / "selftests").mkdir()
        if not (source / "lib/drivers/igb").is_dir():
            return
        headers = self.headers()
        library = [path for path in sorted((source / "lib").rglob("*.c"))
                   if kernel.arch == "x86_64" or path.parent.name not in ("dsa", "ioat")]
        triplet = {"arm64": "aarch64-linux-gnu", "x86_64": "x86_64-linux-gnu"}[kernel.arch]
        for name in SELFTESTS:
            command = [f"{kernel.cross}gcc", "-static", "-O1", "-w", "-D_GNU_SOURCE",
                       "-D__counted_by(x)=", f"-I{source}", f"-I{source / 'lib/include'}",
                       f"-I{source.parent}", f"-I{UUID.parent / 'compat'}",
                       f"-I{tree / 'tools/include'}", "-isystem", str(headers),
                       "-isystem", str(headers / triplet), "-pthread",
                       "-o", str(made / "selftests" / name), str(source / f"{name}.c"),
                       *map(str, library), str(UUID)]
            with open(log, "ab") as output:
                if subprocess.run(command, stdout=output, stderr=subprocess.STDOUT,
                                  check=False).returncode:
                    raise BuildError(f"{name} does not compile; its output is in {log}")

    def _compile(self, kernel, name, tree, scratch, log):
        wanted = scratch / "wanted.config"
        wanted.write_text(configuration(kernel), encoding="ascii")
        ccache = "ccache " if shutil.which("ccache") else ""
        make = ["make", "-s", "-C", str(tree), f"O={scratch / 'build'}", f"ARCH={kernel.arch}",
                f"CROSS_COMPILE={kernel.cross}", f"CC={ccache}{kernel.cross}gcc"]
        environment = dict(os.environ, KCONFIG_ALLCONFIG=str(wanted), KBUILD_BUILD_TIMESTAMP="1",
                           KBUILD_BUILD_USER="stagewalk", KBUILD_BUILD_HOST="stagewalk",
                           CCACHE_DIR=os.environ.get("CCACHE_DIR") or str(cache_root() / "ccache"),
                           # Without the scratch directory's name in the way objects are found again.
                           CCACHE_BASEDIR=str(scratch), CCACHE_NOHASHDIR="1")
        (scratch / "build").mkdir()
        with open(log, "wb") as output:
            def run(*words):
                done = subprocess.run([*make, *words], env=environment, stdout=output,
                                      stderr=subprocess.STDOUT, check=False)
                if done.returncode:
                    raise BuildError(f"{name}: make {words[-1]} failed; its output is in {log}")
            run("allnoconfig")
            have = (scratch / "build/.config").read_text(encoding="ascii")
            refused = refused_options(configuration(kernel), have)
            if refused and "6.12" not in name:
                raise BuildError(f"{name}: the kernel does not take {', '.join(refused)}")
            self.say(f"{name}: compiling, {self.jobs} files at a time; "
                     "6 minutes on an idle machine of two cores")
            run(f"-j{self.jobs}", kernel.target)


class _NamedScratch:
    """A directory whose name is in compilers' options: the same name finds compiled objects again.

    One user at a time; the next waits.
    """

    def __init__(self, path):
        self.path = path
        self.lock = None

    def __enter__(self):
        self.lock = open(f"{self.path}.lock", "w", encoding="ascii")
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir()
        return self.path

    def __exit__(self, *exception):
        shutil.rmtree(self.path, ignore_errors=True)
        self.lock.close()


class _Scratch:
    """A directory that goes with its user; in the cache, so that results can be renamed."""

    def __init__(self, root):
        self.directory = tempfile.TemporaryDirectory(dir=root, prefix=".new-")

    def __enter__(self):
        return Path(self.directory.__enter__())

    def __exit__(self, *exception):
        return self.directory.__exit__(*exception)
