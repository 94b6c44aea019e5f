# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the guest's root: a cpio archive in the kernel's "newc" format.

It stays uncompressed: the emulated processor would spend longer on unpacking
it than the host does on handing it over.
"""

import stat
from pathlib import Path


class Cpio:
    """A newc archive, built in memory; owners and times are zero."""

    def __init__(self):
        self.parts = []
        self.inode = 0

    def _entry(self, name, mode, data=b"", links=1, device=(0, 0)):
        self.inode += 1
        path = name.encode() + b"\0"
        fields = (self.inode, mode, 0, 0, links, 0, len(data), 0, 0, *device, len(path), 0)
        header = b"070701" + b"".join(b"%08x" % field for field in fields)
        for part in (header + path, data):
            self.parts.append(part + bytes(-len(part) % 4))

    def directory(self, name):
        self._entry(name, stat.S_IFDIR | 0o755, links=2)

    def file(self, name, data, mode=0o644):
        self._entry(name, stat.S_IFREG | mode, data)

    def character_device(self, name, major, minor):
        self._entry(name, stat.S_IFCHR | 0o600, device=(major, minor))

    def symlink(self, name, target):
        self._entry(name, stat.S_IFLNK | 0o777, target.encode())

    def finish(self):
        self._entry("TRAILER!!!", 0)
        return b"".join(self.parts)


def build(busybox, kernel, init, next_kernel=None):
    """The archive for one kernel directory (see Artefacts.kernel) and init script.

    With the program `next_kernel` the guest can start its own kernel and archive once more.
    """
    again = build(busybox, kernel, init) if next_kernel else None
    archive = Cpio()
    for name in ("bin", "dev", "modules", "proc", "sys", "tmp"):
        archive.directory(name)
    archive.character_device("dev/console", 5, 1)
    archive.file("bin/busybox", Path(busybox).read_bytes(), 0o755)
    archive.symlink("bin/sh", "busybox")
    archive.file("init", Path(init).read_bytes(), 0o755)
    for path in sorted((Path(kernel) / "modules").iterdir()):
        archive.file(f"modules/{path.name}", path.read_bytes())
    if next_kernel:
        archive.directory("next")
        archive.file("bin/next-kernel", Path(next_kernel).read_bytes(), 0o755)
        archive.file("next/kernel", (Path(kernel) / "vmlinuz").read_bytes())
        archive.file("next/initrd", again)
    return archive.finish()
