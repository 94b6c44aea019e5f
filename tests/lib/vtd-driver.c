/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small VT-d driver: bring-up, invalidation queue, fault records (VT-d 5.10, 6.5, 7.2, 11.4). */
#include "vtd-driver.h"

#include <string.h>

/* Every bit of GSTS that a GCMD write repeats: all but the one-shot ones (11.4.4). */
#define GCMD_LEVEL_BITS ((uint32_t)(field_mask(VTD_GCMD_TE) | field_mask(VTD_GCMD_QIE) | \
                                    field_mask(VTD_GCMD_IRE) | field_mask(VTD_GCMD_CFI)))

#define QUEUE_PAGE_BYTES 4096u

void vtd_driver_init(VtdDriver *d, const RegBus *bus, GuestMem *mem)
{
    *d = (VtdDriver) {
        .bus = bus, .mem = mem,
        .cap = reg_read64(bus, VTD_REG_CAP), .ecap = reg_read64(bus, VTD_REG_ECAP),
    };
}

/* ---- bring-up ---------------------------------------------------------------------------- */

bool vtd_driver_gcmd(VtdDriver *d, BitField bit, bool on)
{
    uint32_t mask = (uint32_t)field_mask(bit);
    uint32_t state = reg_read32(d->bus, VTD_REG_GSTS) & GCMD_LEVEL_BITS;

    reg_write32(d->bus, VTD_REG_GCMD, on ? state | mask : state & ~mask);
    return reg_poll32(d->bus, VTD_REG_GSTS, mask, on ? mask : 0);
}

bool vtd_driver_root(VtdDriver *d, uint64_t rtaddr)
{
    reg_write64(d->bus, VTD_REG_RTADDR, rtaddr);
    if (!vtd_driver_gcmd(d, VTD_GCMD_SRTP, true)) {
        return false;
    }
    return !d->queue || vtd_driver_invalidate_all(d);
}

bool vtd_driver_queue(VtdDriver *d, bool wide)
{
    uint64_t bytes = (uint64_t)QUEUE_PAGE_BYTES << d->qs;

    d->wide = wide;
    d->queue = gmem_alloc(d->mem, bytes, bytes);
    d->status = gmem_alloc(d->mem, 4, 64);
    d->tail = 0;
    reg_write64(d->bus, VTD_REG_IQT, 0);
    reg_write64(d->bus, VTD_REG_IQA,
                d->queue | reg_make(VTD_IQA_QS, d->qs) | reg_make(VTD_IQA_DW, wide));
    return vtd_driver_gcmd(d, VTD_GCMD_QIE, true);
}

bool vtd_driver_start(VtdDriver *d, const VtdRootTable *root)
{
    return vtd_driver_root(d, vtd_root_reg(root)) && vtd_driver_queue(d, root->scalable) &&
           vtd_driver_invalidate_all(d) && vtd_driver_gcmd(d, VTD_GCMD_TE, true);
}

/* ---- invalidation queue ------------------------------------------------------------------ */

static unsigned desc_bytes(const VtdDriver *d)
{
    return d->wide ? 32 : 16;
}

void vtd_driver_push(VtdDriver *d, VtdDescWords desc)
{
    gmem_write_words(d->mem, d->queue + d->tail, desc.w, desc_bytes(d) / 8);
    d->tail = (d->tail + desc_bytes(d)) & ((QUEUE_PAGE_BYTES << d->qs) - 1);
    reg_write64(d->bus, VTD_REG_IQT, d->tail);
}

uint32_t vtd_driver_fsts(VtdDriver *d)
{
    return reg_read32(d->bus, VTD_REG_FSTS);
}

bool vtd_driver_wait(VtdDriver *d)
{
    const uint32_t stopped = (uint32_t)(field_mask(VTD_FSTS_IQE) | field_mask(VTD_FSTS_ITE));

    d->status_data++;
    vtd_driver_push(d, vtd_make_wait_status(d->status, d->status_data));
    for (int i = 0; i < REG_POLLS; i++) {
        if (gmem_read32(d->mem, d->status) == d->status_data) {
            return true;
        }
        if (vtd_driver_fsts(d) & stopped) {
            return false;
        }
        if (d->bus->wait) {
            d->bus->wait(d->bus->opaque);
        }
    }
    return false;
}

bool vtd_driver_issue(VtdDriver *d, VtdDescWords desc)
{
    vtd_driver_push(d, desc);
    return vtd_driver_wait(d);
}

bool vtd_driver_invalidate_all(VtdDriver *d)
{
    /* This order: each cache is filled from the one before (6.5.3.3). */
    vtd_driver_push(d, vtd_make_context_global());
    if (d->wide) {
        vtd_driver_push(d, vtd_make_pasid_global());
    }
    vtd_driver_push(d, vtd_make_iotlb_global());
    return vtd_driver_wait(d);
}

void vtd_driver_queue_recover(VtdDriver *d, VtdDescWords desc)
{
    uint64_t head = reg_read64(d->bus, VTD_REG_IQH);

    gmem_write_words(d->mem, d->queue + field_in_place(&head, VTD_IQH_QH), desc.w,
                     desc_bytes(d) / 8);
    reg_write32(d->bus, VTD_REG_FSTS, (uint32_t)field_mask(VTD_FSTS_IQE));
}

/* ---- fault records ----------------------------------------------------------------------- */

void vtd_fault_decode(const uint64_t w[2], VtdFaultWords *f)
{
    memcpy(f->w, w, sizeof(f->w));
    f->reason = (uint8_t)field_get(w, VTD_FRCD_FR);
    f->sid = (uint16_t)field_get(w, VTD_FRCD_SID);
    f->addr = field_in_place(w, VTD_FRCD_FI);
    f->index = (uint16_t)bits(w[0], 63, 48);
    f->pp = field_get(w, VTD_FRCD_PP);
    f->pasid = (uint32_t)field_get(w, VTD_FRCD_PV);
    f->exe = field_get(w, VTD_FRCD_EXE);
    f->priv = field_get(w, VTD_FRCD_PRIV);
    f->type = (uint8_t)(field_get(w, VTD_FRCD_T1) << 1 | field_get(w, VTD_FRCD_T2));
    f->at = (uint8_t)field_get(w, VTD_FRCD_AT);
}

bool vtd_driver_fault(VtdDriver *d, VtdFaultWords *f)
{
    unsigned count = (unsigned)reg_get(d->cap, VTD_CAP_NFR) + 1;
    uint64_t at = reg_get(d->cap, VTD_CAP_FRO) * 16 + 16ull * d->next_fault;
    uint64_t w[2] = { reg_read64(d->bus, at), reg_read64(d->bus, at + 8) };

    if (!field_get(w, VTD_FRCD_F)) {
        return false;
    }
    vtd_fault_decode(w, f);
    /* F is the top bit of the register: a write of its dword alone clears it (7.2.1). */
    reg_write32(d->bus, at + 12, (uint32_t)(field_mask(VTD_FRCD_F) >> 32));
    d->next_fault = (d->next_fault + 1) % count;
    return true;
}

void vtd_driver_clear_overflow(VtdDriver *d)
{
    reg_write32(d->bus, VTD_REG_FSTS, (uint32_t)field_mask(VTD_FSTS_PFO));
}

/* ---- register-based invalidation --------------------------------------------------------- */

/* Wait for the request bit, the register's top one, to clear. */
static bool wait_clear(VtdDriver *d, uint64_t reg, BitField busy)
{
    return reg_poll32(d->bus, reg + 4, (uint32_t)(field_mask(busy) >> 32), 0);
}

unsigned vtd_driver_ccmd_global(VtdDriver *d)
{
    reg_write64(d->bus, VTD_REG_CCMD,
                reg_make(VTD_CCMD_ICC, 1) | reg_make(VTD_CCMD_CIRG, VTD_GRAN_GLOBAL));
    if (!wait_clear(d, VTD_REG_CCMD, VTD_CCMD_ICC)) {
        return 0;
    }
    return (unsigned)reg_get(reg_read64(d->bus, VTD_REG_CCMD), VTD_CCMD_CAIG);
}

unsigned vtd_driver_iotlb_global(VtdDriver *d)
{
    uint64_t reg = reg_get(d->ecap, VTD_ECAP_IRO) * 16 + 8; /* IVA comes first */

    reg_write64(d->bus, reg,
                reg_make(VTD_IOTLB_IVT, 1) | reg_make(VTD_IOTLB_IIRG, VTD_GRAN_GLOBAL));
    if (!wait_clear(d, reg, VTD_IOTLB_IVT)) {
        return 0;
    }
    return (unsigned)reg_get(reg_read64(d->bus, reg), VTD_IOTLB_IAIG);
}

/* ---- interrupt remapping ----------------------------------------------------------------- */

bool vtd_driver_irta(VtdDriver *d, uint64_t table, unsigned s, bool eime)
{
    reg_write64(d->bus, VTD_REG_IRTA,
                table | reg_make(VTD_IRTA_S, s) | reg_make(VTD_IRTA_EIME, eime));
    return vtd_driver_gcmd(d, VTD_GCMD_SIRTP, true) &&
           (!d->queue || vtd_driver_issue(d, vtd_make_iec_global())) &&
           vtd_driver_gcmd(d, VTD_GCMD_IRE, true);
}
