# SPDX-License-Identifier: GPL-2.0-or-later
"""A small client for QEMU's machine protocol (QMP)."""

import json
import re
import socket

# Where a machine keeps the devices that are not part of its own description.
DEVICE_CONTAINERS = ("/machine/unattached", "/machine/peripheral", "/machine/peripheral-anon",
                     "/machine")


class QmpError(Exception):
    """QEMU refused a command, or is gone."""


class Qmp:
    """A connection to one QEMU's QMP socket."""

    def __init__(self, path, timeout):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.connect(str(path))
        self.stream = self.socket.makefile("rw", encoding="utf-8")
        self._receive()
        self.command("qmp_capabilities")

    def _receive(self):
        try:
            line = self.stream.readline()
        except OSError as error:
            raise QmpError(f"no answer on the QMP socket: {error}") from error
        if not line:
            raise QmpError("QEMU closed its QMP socket")
        return json.loads(line)

    def command(self, name, **arguments):
        """Run a command; its return value, or QmpError with QEMU's words."""
        try:
            self.stream.write(json.dumps({"execute": name, "arguments": arguments}) + "\n")
            self.stream.flush()
        except OSError as error:
            raise QmpError(f"QEMU is gone: {error}") from error
        while True:
            answer = self._receive()
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise QmpError(f"{name}: {answer['error']['desc']}")

    def find_devices(self, qom_type):
        """QOM paths of every device of exactly this type."""
        return [f"{container}/{child['name']}" for container in DEVICE_CONTAINERS
                for child in self.command("qom-list", path=container)
                if child["type"] == f"child<{qom_type}>"]

    def has_property(self, path, name):
        return any(one["name"] == name for one in self.command("qom-list", path=path))

    def get(self, path, name):
        return self.command("qom-get", path=path, property=name)

    def set(self, path, name, value):
        self.command("qom-set", path=path, property=name, value=value)

    def physical_word(self, address):
        """The 32-bit word at a guest physical address, registers included."""
        text = self.command("human-monitor-command", **{"command-line": f"xp /1wx {address:#x}"})
        return int(text.split(":")[1], 16)

    def register_base(self, qom_type):
        """Where the machine has put the registers of its only device of this type."""
        text = self.command("human-monitor-command", **{"command-line": "info qtree"})
        found = re.search(rf"dev: {re.escape(qom_type)},.*?^ +mmio ([0-9a-f]+)/", text,
                          re.DOTALL | re.MULTILINE)
        if not found:
            raise QmpError(f"'info qtree' shows no registers of a {qom_type}")
        return int(found[1], 16)

    def close(self):
        self.stream.close()
        self.socket.close()
