# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory: one block; everything else aborts."""

import hashlib


class Abort(Exception):
    """An access outside memory."""


class Memory:
    def __init__(self, base, size, log=None):
        self.base, self.size = base, size
        self.data = bytearray(size)
        self.log = log

    def place(self, addr, size):
        if not self.base <= addr <= self.base + self.size - size:
            raise Abort(addr)
        return addr - self.base

    def read(self, addr, size=8):
        at = self.place(addr, size)
        return int.from_bytes(self.data[at:at + size], "little")

    def poke(self, addr, value, size=8):
        at = self.place(addr, size)
        self.data[at:at + size] = value.to_bytes(size, "little")

    def write(self, addr, value, size):
        """A write of the IOMMU; the log has it even if it aborts."""
        raw = value.to_bytes(size, "little")
        self.log(f"write 0x{addr:x} {raw.hex()}")
        at = self.place(addr, size)
        self.data[at:at + size] = raw

    def swap(self, addr, old, new):
        """Compare and swap by the IOMMU: what was there."""
        was = self.read(addr)
        self.log(f"swap 0x{addr:x} 0x{old:016x} 0x{new:016x}")
        if was == old:
            self.poke(addr, new)
        return was

    def checksum(self):
        return hashlib.sha256(self.data).hexdigest()
