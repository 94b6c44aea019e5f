# SPDX-License-Identifier: GPL-2.0-or-later
"""Adds a node to a flattened device tree: what a board's firmware would say of a device."""

import struct

MAGIC = 0xd00dfeed
BEGIN_NODE, END_NODE, PROP, NOP, END = 1, 2, 3, 4, 9


def _padded(data):
    return data + bytes(-len(data) % 4)


def _string(block, at):
    return block[at:block.index(b"\0", at)].decode("ascii")


def _end_of(structure, wanted):
    """Offset of the END_NODE token of the first node below the root whose name begins so."""
    at, path = 0, []
    while True:
        token, = struct.unpack_from(">I", structure, at)
        if token == BEGIN_NODE:
            name = _string(structure, at + 4)
            path.append(name)
            at += 4 + len(_padded(name.encode() + b"\0"))
        elif token == END_NODE:
            if len(path) == 2 and path[1].startswith(wanted):
                return at
            path.pop()
            at += 4
        elif token == PROP:
            length, _ = struct.unpack_from(">II", structure, at + 4)
            at += 12 + length + -length % 4
        elif token == NOP:
            at += 4
        else:
            raise ValueError(f"the device tree has no node {wanted}")


def add_node(tree, parent, name, properties):
    """`tree` with a node `name` below the first node `parent`...; properties: {name: bytes}."""
    header = list(struct.unpack_from(">10I", tree))
    if header[0] != MAGIC:
        raise ValueError("not a flattened device tree")
    _, _, at_struct, at_strings, at_reserved, *_, strings_size, struct_size = header
    structure = tree[at_struct:at_struct + struct_size]
    strings = tree[at_strings:at_strings + strings_size]
    reserved = tree[at_reserved:min(at for at in (at_struct, at_strings) if at > at_reserved)]
    node = struct.pack(">I", BEGIN_NODE) + _padded(name.encode() + b"\0")
    for key, value in properties.items():
        node += struct.pack(">III", PROP, len(value), len(strings)) + _padded(value)
        strings += key.encode() + b"\0"
    node += struct.pack(">I", END_NODE)
    place = _end_of(structure, parent)
    structure = structure[:place] + node + structure[place:]
    header[4] = 40
    header[2] = header[4] + len(reserved)
    header[3] = header[2] + len(structure)
    header[8], header[9] = len(strings), len(structure)
    header[1] = header[3] + len(strings)
    return struct.pack(">10I", *header) + reserved + structure + strings
