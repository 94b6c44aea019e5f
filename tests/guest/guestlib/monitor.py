# SPDX-License-Identifier: GPL-2.0-or-later
"""The virtual machine monitor of a first level: Debian's arm64 QEMU and the libraries it is linked
with, for an initramfs that has nothing else of Debian's.

It has to hand its guest's first stage to the kernel's iommufd, as QEMU does from release 11.0 on.
"""

import re
import shutil
import struct
import subprocess
from pathlib import Path

from .privateapt import FetchError

PACKAGE = "qemu-system-arm"
NEW_ENOUGH = r"1:(1[1-9]|[2-9][0-9])\."
HOW = "tests/guest/fetch --monitor"

LOADER = "ld-linux-aarch64.so.1"

# Where the second level finds what it is started with. virt's memory begins with the device tree.
TREE = 0x40000000
KERNEL = 0x40400000
ARCHIVE = 0x48000000

_PT_LOAD, _PT_DYNAMIC = 1, 2
_DT_NEEDED, _DT_STRTAB = 1, 5


def needed(image):
    """Names of the shared objects that a 64-bit ELF `image` is linked with."""
    at, = struct.unpack_from("<Q", image, 32)
    size, count = struct.unpack_from("<HH", image, 54)
    segments = [struct.unpack_from("<IIQQQQ", image, at + i * size) for i in range(count)]
    dynamic = [segment for segment in segments if segment[0] == _PT_DYNAMIC]
    if not dynamic:
        return []
    words = struct.iter_unpack("<QQ", image[dynamic[0][2]:dynamic[0][2] + dynamic[0][5]])
    entries = [(tag, value) for tag, value in words if tag in (_DT_NEEDED, _DT_STRTAB)]
    strings, = [value for tag, value in entries if tag == _DT_STRTAB]
    strings, = [offset + strings - address for kind, _, offset, address, _, length in segments
                if kind == _PT_LOAD and address <= strings < address + length]
    return [image[strings + value:image.index(b"\0", strings + value)].decode("ascii")
            for tag, value in entries if tag == _DT_NEEDED]


def depends(fields):
    """Names of the library packages in the Depends field of `apt-cache show`."""
    words = ",".join(re.findall(r"^Depends: (.*)$", fields, re.MULTILINE)).split(",")
    return [name for name in (re.match(r"[a-z0-9.+-]*", word.strip())[0] for word in words)
            if name.startswith(("lib", "zlib"))]


class _Libraries:
    """Shared objects out of packages, fetched as the need for them shows."""

    def __init__(self, apt, scratch):
        self.apt, self.scratch = apt, scratch
        self.files = {}             # name: path
        self.fetched = {}           # package: NAME:ARCH=VERSION

    def fetch(self, names):
        """Download and unpack packages; names of those they in turn depend on."""
        names = [name for name in dict.fromkeys(names) if name not in self.fetched]
        if not names:
            return []
        chosen = self.apt.download_newest(names, "arm64", self.scratch)
        for name, (package, deb) in chosen.items():
            self.fetched[name] = package
            unpacked = self.scratch / name
            subprocess.run(["dpkg-deb", "-x", deb, unpacked], check=True)
            for path in unpacked.rglob("*.so*"):
                # Links are resolved while all of a package is there.
                if path.is_file():
                    self.files.setdefault(path.name, path.resolve())
        return depends(self.apt.show([package for package, _ in chosen.values()]))

    def closure(self, binary, packages):
        """{name: path} of everything `binary` is linked with."""
        found, todo = {}, [binary]
        while todo:
            for name in needed(todo.pop().read_bytes()):
                while name not in self.files and packages:
                    packages = self.fetch(packages)
                if name not in self.files:
                    raise FetchError(f"no package that {PACKAGE} depends on has {name}")
                if name not in found:
                    found[name] = self.files[name]
                    todo.append(found[name])
        return found


def install(apt, package, unpacked, made):
    """Put QEMU of the unpacked `package` (NAME:ARCH=VERSION) and its libraries into `made`."""
    binary = unpacked / "usr/bin/qemu-system-aarch64"
    shutil.copy(binary, made / "qemu")
    (made / "lib").mkdir()
    libraries = _Libraries(apt, made.parent / "libraries")
    for name, path in libraries.closure(binary, depends(apt.show([package]))).items():
        shutil.copy(path, made / "lib" / name)
    (made / "libraries").write_text("\n".join(sorted(libraries.fetched.values())) + "\n",
                                    encoding="utf-8")


def firmware():
    """Six instructions in the place of a firmware: start the kernel, tell it of the device tree.

    QEMU describes such an SMMU to a guest that has a firmware only. UEFI would do, but takes longer
    than all the rest.
    """
    return struct.pack("<6I", 0xd2a00000 | (TREE >> 16) << 5,           # movz x0, #TREE, lsl #16
                       0xd2800001, 0xd2800002, 0xd2800003,              # movz x1..x3, #0
                       0xd2a00004 | (KERNEL >> 16) << 5, 0xd61f0080)    # movz x4, ...; br x4


def add(archive, monitor, kernel, initrd):
    """Put all that the second level takes into an archive of the first, below level2/."""
    archive.directory("level2")
    archive.directory("level2/lib")
    archive.file("level2/qemu", (Path(monitor) / "qemu").read_bytes(), 0o755)
    for path in sorted((Path(monitor) / "lib").iterdir()):
        archive.file(f"level2/lib/{path.name}", path.read_bytes(), 0o755)
    archive.file("level2/firmware", firmware())
    archive.file("level2/kernel", Path(kernel).read_bytes())
    archive.file("level2/initrd", initrd)
    # How the script starts it; the addresses are the firmware's.
    archive.file("level2/run", f"""#!/bin/busybox sh
size=$(stat -c %s /level2/initrd)
append=$1
shift
exec /level2/lib/{LOADER} --library-path /level2/lib /level2/qemu \\
    -bios /level2/firmware -kernel /level2/kernel \\
    -device loader,file=/level2/kernel,addr={KERNEL:#x},force-raw=on \\
    -device loader,file=/level2/initrd,addr={ARCHIVE:#x},force-raw=on \\
    -append "$append initrd={ARCHIVE:#x},$size" "$@"
""".encode("ascii"), 0o755)
