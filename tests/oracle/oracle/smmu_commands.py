# SPDX-License-Identifier: GPL-2.0-or-later
"""SMMUv3: the Command queue and the enhanced ones (requirements CM, EC)."""

from . import smmu_regs as reg
from .bits import get, mask
from .plan import command_ops

PAGES, QUEUES = 2, 16                   # IDR6 of the set "max"
PAGE, SPACING = 0x10000, 0x1000
FIRST = 0x30000                         # control page 0
BASE, PROD, CONS = 0, 8, 12
ENTRY = 4                               # log2 of the bytes of one
CMDQ_ERR, CMDQP_ERR = 0, 9


class CommandQueue:
    """What both kinds do."""

    def __init__(self, smmu, number=0):
        self.smmu, self.number = smmu, number
        self.life = 0                   # how often it was switched off

    @property
    def regs(self):
        return self.smmu.regs

    def place(self):
        return self.smmu.queues.place(self.base, self.regs[self.cons], ENTRY)

    def ready(self):
        """Whether there is a command to run."""
        regs = self.regs
        _, lg2 = self.place()
        waiting = (regs[self.prod] - regs[self.cons]) & mask(lg2 + 1)
        return self.runs() and 0 < waiting <= 1 << lg2

    def advance(self):
        cons = self.regs[self.cons]
        _, lg2 = self.place()
        self.regs[self.cons] = cons & ~mask(20) | (cons + 1) & mask(lg2 + 1)


class MainQueue(CommandQueue):
    base, prod, cons = reg.CMDQ_BASE, reg.CMDQ_PROD, reg.CMDQ_CONS

    def runs(self):
        return self.regs.enabled(reg.CMDQEN) and not self.smmu.queues.error(CMDQ_ERR)

    def fail(self, reason):
        cons = self.regs[self.cons]
        self.regs[self.cons] = cons & mask(20) | reason << 24
        self.smmu.queues.raise_error(CMDQ_ERR)


class EnhancedQueue(CommandQueue):
    def __init__(self, smmu, where, number):
        super().__init__(smmu, number)
        self.base, self.prod, self.cons = where + BASE, where + PROD, where + CONS

    def runs(self):
        prod, cons = self.regs[self.prod], self.regs[self.cons]
        return get(cons, 31) and not get(prod ^ cons, 23)

    def fail(self, reason):
        cons = self.regs[self.cons]
        self.regs[self.cons] = (cons ^ 1 << 23) & ~(7 << 24) | reason << 24
        self.smmu.queues.raise_error(CMDQP_ERR)

    def write(self, offset, value):
        regs = self.regs
        if offset == self.prod:
            was, regs[self.prod] = regs[self.prod], value & 0x808FFFFF
            regs[self.cons] = regs[self.cons] & mask(31) | value & 1 << 31
            self.life += get(was & ~value, 31)
            self.smmu.queues.processor.look()
        elif not get(regs[self.prod], 31):
            regs[offset] = value & 0x078FFFFF if offset == self.cons else value


def enhanced(smmu):
    """The enhanced queues by their place in the register file."""
    places = [FIRST + page * PAGE + number * SPACING
              for page in range(PAGES) for number in range(QUEUES)]
    return {where: EnhancedQueue(smmu, where, number)
            for number, where in enumerate(places, 1)}



class Processor:
    """It runs one command at a time, of the queues in turn."""

    def __init__(self, smmu):
        self.smmu, self.busy = smmu, False
        self.main = MainQueue(smmu)
        self.enhanced = enhanced(smmu)
        self.turns = [self.main, *self.enhanced.values()]

    def look(self):
        ready = (queue for queue in self.turns if queue.ready())
        queue = None if self.busy else next(ready, None)
        if not queue:
            return
        self.busy = True
        after = self.turns.index(queue) + 1
        self.turns = self.turns[after:] + self.turns[:after]
        command = self.smmu.queues.command(queue)
        if self.smmu.timed:
            play = self.smmu.play
            play.submit("command", command_ops(
                play, 16, command.effect, command.consumed, self.finished))
        else:
            command.effect(None)
            command.consumed(None)
            self.finished()

    def finished(self):
        self.busy = False
        self.look()
