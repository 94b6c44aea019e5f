# SPDX-License-Identifier: GPL-2.0-or-later
"""SMMUv3: the page request queue (requirements AT19 to AT26, RG34)."""

from . import smmu_regs as reg
from .bits import get, mask
from .device import FAILURE, SUCCESS, response
from .memory import Abort

PRIQ_ABT_ERR = 3
ENTRY = 4                               # log2 of the bytes of one


def page_request(smmu, item):
    sid, addr, group = item.args
    words, pasid = item.words, item.pasid
    value = sid | addr >> 12 << 76 | group << 64
    value |= ("last" in words) << 62 | ("write" in words) << 61 | ("read" in words) << 60
    if pasid is not None:
        value |= 1 << 63 | pasid << 32
        value |= ("exec" in words) << 59 | ("priv" in words) << 58
    smmu.play.submit_record(16, lambda: visible(smmu, value))


def visible(smmu, value):
    regs, queues = smmu.regs, smmu.queues
    marker = get(value, 60, 4) == 0b1100

    def answer(code, pasid=None):
        if not marker:
            smmu.log(response(get(value, 0, 32), get(value, 64, 9), code, pasid))
    if not (regs.smmuen and regs.enabled(reg.PRIQEN)) or queues.error(PRIQ_ABT_ERR):
        answer(FAILURE)
        return []
    prod, cons = regs[reg.PRIQ_PROD], regs[reg.PRIQ_CONS]
    where, lg2 = queues.place(reg.PRIQ_BASE, prod, ENTRY)
    last = get(value, 62)
    on_last = get(regs[reg.PRIQ_IRQ + 12], 31)
    enabled = get(regs[reg.IRQ_CTRL], 1)
    overflowed = get(prod ^ cons, 31)
    if overflowed or (prod - cons) & mask(lg2 + 1) >= 1 << lg2:
        if not overflowed:
            regs[reg.PRIQ_PROD] = prod ^ 1 << 31
        if last:
            answer(SUCCESS, get(value, 32, 20) if get(value, 63) else None)
        if on_last and last and enabled:
            return queues.interrupt(reg.PRIQ_IRQ, 1, None)
        return []
    try:
        smmu.memory.write(where, value, 16)
    except Abort:
        queues.raise_error(PRIQ_ABT_ERR)
        answer(FAILURE)
        return []
    regs[reg.PRIQ_PROD] = prod & 1 << 31 | (prod + 1) & mask(lg2 + 1)
    empty = not (prod ^ cons) & mask(lg2 + 1)
    if enabled and (last if on_last else empty):
        return queues.interrupt(reg.PRIQ_IRQ, 1, None)
    return []
