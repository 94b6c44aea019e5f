# SPDX-License-Identifier: GPL-2.0-or-later
"""Plans, and the jobs made of them (timing.rst, "From plan to job")."""

from .play import Op


class Plan:
    """The steps of one resolution, by the job of that number."""

    def __init__(self, play, number):
        self.play, self.number = play, number
        self.steps = []

    @property
    def stamp(self):
        return (self.number, len(self.steps)) if self.number else None

    def add(self, kind, arg=None, entry=None, about=None):
        """A step; of a lookup that hit, the entry; about what, for the counters."""
        wait = None
        if (entry and entry.stamp and entry.stamp[0] != self.number
                and not self.play.reached(entry.stamp)):
            wait = entry.stamp
        self.steps.append((kind, arg, entry, wait, about))

    def step_ops(self, index, walking):
        kind, arg, _, wait, _ = self.steps[index]
        if kind in ("config", "utlb", "tlb", "ipa"):
            ops = [Op("use", kind.upper())]
        elif kind == "table":
            before = self.steps[index - 1] if index else (None,) * 5
            single = before[:2] == (kind, arg) and not before[2]
            ops = [] if single else [Op("use", "TABLE")]
        elif kind == "read":
            ops = [Op("use", "MEM", cost=self.play.memory(arg))]
        elif kind == "write":
            ops = [Op("use", "MEM", cost=self.play.memory(arg, write=True))]
        elif kind == "walk":
            ops = [Op("hold" if arg else "release", "WALKER")]
        elif kind == "invalidate":
            ops = [Op("use", "INVALIDATE", cost=self.play.invalidation(arg))]
        elif kind == "drain":
            ops = [Op("drain", ("request", "record"))]
        else:
            ops = [Op("action", arg)]
        if wait:
            ops.append(Op("wait", wait))
            if walking:
                ops.insert(-1, Op("release", "WALKER"))
                ops.append(Op("hold", "WALKER"))
        for op in ops:
            op.mark = index
        if ops:
            ops[-1].mark = index + 1
        return ops

    def ops(self):
        ops, walking = [], False
        for index, step in enumerate(self.steps):
            ops += self.step_ops(index, walking)
            if step[0] == "walk":
                walking = step[1]
        return ops

    def request_ops(self):
        ops = self.ops()
        last = ops[-1].mark if ops else 0
        return ([Op("hold", "TXN"), Op("use", "PORT")] + ops
                + [Op("delay", self.play.p["response.latency"], last),
                   Op("release", "TXN", last), Op("done", None, last)])

    def retry_ops(self, told):
        ops = self.ops()
        last = ops[-1].mark if ops else 0
        return ([Op("hold", "TXN")] + ops
                + [Op("delay", self.play.p["response.latency"], last),
                   Op("release", "TXN", last), Op("action", told, last),
                   Op("done", None, last)])


def command_ops(play, size, effect, consumed, finished):
    return [Op("hold", "COMMAND"), Op("use", "MEM", cost=play.memory(size)),
            Op("action", effect), Op("delay", play.p["command.latency"]),
            Op("action", consumed), Op("release", "COMMAND"), Op("done", finished)]
