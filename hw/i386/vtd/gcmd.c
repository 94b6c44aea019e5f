/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel VT-d: global commands [11.4.4, 11.4.5, 6.6, 6.7]. Software writes the wanted value of every
 * level bit each time; one-shot bits act when written as one. Commands complete at once: requests
 * are handled one by one, so none is in flight when a command arrives and drains hold by
 * themselves.
 */
#include "vtd-model.h"

static void gsts_set(VtdModel *m, BitField bit, bool on)
{
    vtd_set_reg32(m, VTD_REG_GSTS, reg_set(vtd_reg32(m, VTD_REG_GSTS), bit, on));
}

static void mode_changed(VtdModel *m)
{
    m->memo.valid = false;
    if (m->base.host.ops->mode_changed) {
        m->base.host.ops->mode_changed(m->base.host.opaque);
    }
}

static void set_root_table(VtdModel *m)
{
    uint64_t v = vtd_reg64(m, VTD_REG_RTADDR);

    m->tables.root = field_in_place(&v, VTD_RTADDR_RTA);
    m->tables.ttm = reg_get(v, VTD_RTADDR_TTM);
    m->tables.ssirwe = reg_get(v, VTD_RTADDR_SSIRWE) && m->cfg.ssirws;
    if (m->cfg.esrtps) {
        vtd_inv_everything(m);
    }
    gsts_set(m, VTD_GCMD_SRTP, true);
    mode_changed(m);
}

static void set_interrupt_table(VtdModel *m)
{
    uint64_t v = vtd_reg64(m, VTD_REG_IRTA);

    m->tables.irt = field_in_place(&v, VTD_IRTA_IRTA);
    m->tables.irt_entries = 2u << reg_get(v, VTD_IRTA_S);
    m->tables.eime = reg_get(v, VTD_IRTA_EIME);
    if (m->cfg.esirtps) {
        vtd_inv_interrupts(m, true, 0, 0);
    }
    gsts_set(m, VTD_GCMD_SIRTP, true);
}

static void enable_translation(VtdModel *m, bool on)
{
    gsts_set(m, VTD_GCMD_TE, on);
    if (!on && m->cfg.smts) {
        vtd_inv_everything(m);
    }
    vtd_fault_index_check(m);
    mode_changed(m);
}

static void enable_interrupt_remapping(VtdModel *m, bool on)
{
    gsts_set(m, VTD_GCMD_IRE, on);
    if (!on && m->cfg.esirtps) {
        vtd_inv_interrupts(m, true, 0, 0);
    }
    vtd_fault_index_check(m);
}

static void enable_queue(VtdModel *m, bool on)
{
    gsts_set(m, VTD_GCMD_QIE, on);
    if (on) {
        vtd_qi_run(m);
    } else {
        vtd_qi_disable(m);
    }
}

/*
 * Changing several bits by one write is a software error; the order here latches tables before
 * it enables what uses them, and stops users before the queue that serves them.
 */
void vtd_gcmd_write(VtdModel *m, uint32_t value)
{
    bool te = reg_get(value, VTD_GCMD_TE);
    bool ire = reg_get(value, VTD_GCMD_IRE) && m->cfg.ir;
    bool qie = reg_get(value, VTD_GCMD_QIE) && m->cfg.qi;

    if (reg_get(value, VTD_GCMD_SRTP)) {
        set_root_table(m);
    }
    if (reg_get(value, VTD_GCMD_SIRTP) && m->cfg.ir) {
        set_interrupt_table(m);
    }
    gsts_set(m, VTD_GCMD_CFI, reg_get(value, VTD_GCMD_CFI) && m->cfg.ir);
    if (te != vtd_gsts(m, VTD_GCMD_TE)) {
        enable_translation(m, te);
    }
    if (ire != vtd_gsts(m, VTD_GCMD_IRE)) {
        enable_interrupt_remapping(m, ire);
    }
    if (qie != vtd_gsts(m, VTD_GCMD_QIE)) {
        enable_queue(m, qie);
    }
}
