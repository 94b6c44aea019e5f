# SPDX-License-Identifier: GPL-2.0-or-later
"""What a guest is made of: stock Debian kernels, busybox and UEFI firmware, cached.

Every artefact is one directory below the cache, made aside and renamed into
place, so an interrupted download never looks like a finished one.
"""

import lzma
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from . import monitor
from .privateapt import FetchError, PrivateApt

KERNEL_SERIES = r"6\.12"

# The drivers a guest loads; what they depend on follows from the modules themselves.
MODULES = ("virtio_pci", "virtio_blk", "nvme", "e1000e", "igb")

# Raised when the layout of a cached artefact changes.
LAYOUT = 1


@dataclass(frozen=True)
class Kernel:
    """One stock kernel: `flavour` is the tail of Debian's package name."""
    flavour: str
    arch: str


KERNELS = {
    "arm64": Kernel("arm64", "arm64"),
    "arm64-16k": Kernel("arm64-16k", "arm64"),
    "amd64": Kernel("amd64", "amd64"),
}


def cache_root():
    """The user's cache directory for all of Stagewalk."""
    if os.environ.get("STAGEWALK_CACHE"):
        return Path(os.environ["STAGEWALK_CACHE"])
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "stagewalk"


def _version_key(name):
    return [int(number) for number in re.findall(r"\d+", name)]


def modinfo(image, field):
    """The values of `field` in a kernel module's .modinfo strings."""
    marker = b"\0" + field.encode() + b"="
    values, at = [], image.find(marker)
    while at >= 0:
        start = at + len(marker)
        end = image.index(b"\0", start)
        values.append(image[start:end].decode("ascii", "replace"))
        at = image.find(marker, end)
    return values


def _plain(name):
    return name.replace("-", "_")


class ModuleTree:
    """The modules of an unpacked kernel package, by name."""

    def __init__(self, directory):
        self.files = {}
        for path in directory.rglob("*.ko*"):
            self.files[_plain(path.name.split(".ko")[0])] = path
        builtin = directory / "modules.builtin"
        text = builtin.read_text(encoding="ascii") if builtin.is_file() else ""
        self.builtin = {_plain(Path(line).stem) for line in text.split()}

    def image(self, name):
        path = self.files[name]
        data = path.read_bytes()
        return lzma.decompress(data) if path.suffix == ".xz" else data

    def closure(self, wanted):
        """(name, image) of `wanted` and all they need, each after what it needs."""
        done, order = set(), []

        def visit(name):
            if name in done or name in self.builtin:
                return
            done.add(name)
            if name not in self.files:
                raise FetchError(f"the kernel package has no module '{name}'")
            image = self.image(name)
            for depends in modinfo(image, "depends"):
                for needed in filter(None, depends.split(",")):
                    visit(_plain(needed))
            order.append((name, image))

        for name in wanted:
            visit(_plain(name))
        return order


class Artefacts:
    """Obtains each artefact on first use and says where it is."""

    def __init__(self, root=None, say=print):
        self.root = Path(root or cache_root() / "guest")
        self.say = say
        self.apt = PrivateApt(self.root / "apt", say)

    def _obtain(self, name, candidates, install):
        """The directory `name`: cached, or made by `install(package, unpacked, target)`."""
        target = self.root / f"{name}.v{LAYOUT}"
        if target.is_dir():
            return target
        self.root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.root, prefix=".new-") as scratch:
            scratch = Path(scratch)
            package, deb = self.apt.download(candidates(), scratch / "deb")
            self.say(f"{name}: {package}")
            unpacked = scratch / "unpacked"
            subprocess.run(["dpkg-deb", "-x", deb, unpacked], check=True)
            made = scratch / "made"
            made.mkdir()
            install(package, unpacked, made)
            (made / "package").write_text(package + "\n", encoding="utf-8")
            made.rename(target)
        return target

    def _all_versions(self, package):
        return [f"{package}={version}" for version in self.apt.versions(package)]

    def kernel(self, name):
        """Directory with `vmlinuz`, `modules/` and `modules/order` of a kernel."""
        kernel = KERNELS[name]
        package = rf"linux-image-{KERNEL_SERIES}\.[0-9.]+\+deb1[23](\.[0-9]+)?-{kernel.flavour}"

        def candidates():
            found = sorted(self.apt.names(package), key=_version_key, reverse=True)
            return [f"{one}:{kernel.arch}" for one in found]

        def install(_package, unpacked, made):
            image, = (unpacked / "boot").glob("vmlinuz-*")
            shutil.copy(image, made / "vmlinuz")
            tree, = [path for top in ("lib/modules", "usr/lib/modules")
                     for path in (unpacked / top).glob("*")]
            (made / "modules").mkdir()
            order = []
            for module, data in ModuleTree(tree).closure(MODULES):
                (made / "modules" / f"{module}.ko").write_bytes(data)
                order.append(module)
            (made / "modules" / "order").write_text("\n".join(order) + "\n", encoding="ascii")

        return self._obtain(f"kernel-{name}", candidates, install)

    def busybox(self, arch):
        """A statically linked busybox for `arch`."""
        def install(_package, unpacked, made):
            found = [path for path in (unpacked / "usr/bin/busybox", unpacked / "bin/busybox")
                     if path.is_file()]
            shutil.copy(found[0], made / "busybox")

        return self._obtain(f"busybox-{arch}",
                            lambda: self._all_versions(f"busybox-static:{arch}"),
                            install) / "busybox"

    def uefi_arm64(self):
        """(code, variables): UEFI flash images for the virt machine."""
        def install(_package, unpacked, made):
            images = unpacked / "usr/share/AAVMF"
            plain = images / "AAVMF_CODE.no-secboot.fd"
            code = plain if plain.is_file() else images / "AAVMF_CODE.fd"
            shutil.copy(code, made / "code.fd")
            shutil.copy(images / "AAVMF_VARS.fd", made / "vars.fd")

        where = self._obtain("uefi-arm64", lambda: self._all_versions("qemu-efi-aarch64"), install)
        return where / "code.fd", where / "vars.fd"

    def find_monitor(self):
        """What monitor() has made, or None."""
        target = self.root / f"monitor-arm64.v{LAYOUT}"
        return target if target.is_dir() else None

    def monitor(self):
        """Directory with `qemu` and `lib/`: what a first level on arm64 runs a second with."""
        def candidates():
            found = [one for one in self._all_versions(f"{monitor.PACKAGE}:arm64")
                     if re.match(monitor.NEW_ENOUGH, one.split("=")[1])]
            if not found:
                raise FetchError("Debian's package lists have no QEMU 11 for arm64")
            return found

        return self._obtain("monitor-arm64", candidates,
                            lambda *what: monitor.install(self.apt, *what))

    def fetch_all(self):
        """Obtain everything any case needs, but for monitor()."""
        for name in KERNELS:
            self.kernel(name)
        for arch in sorted({kernel.arch for kernel in KERNELS.values()}):
            self.busybox(arch)
        self.uefi_arm64()
