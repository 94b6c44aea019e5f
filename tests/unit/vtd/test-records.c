/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fault recording registers, fault status, event rule (7.2, 7.3, 11.4.7). */
#include "fixture.h"

#include <string.h>

#define EVENT_ADDR 0x00012300fee04000ull
#define EVENT_DATA 0x0041u
#define FRCD(n) (0x220u + 16 * (n))

static void fault(Fix *f, unsigned n)
{
    fix_read(f, HOLE + n * PAGE);
}

static uint32_t fsts(Fix *f)
{
    return fix_reg32(f, VTD_REG_FSTS);
}

/* ---- contents ---- */

static void fields_without_pasid(Fix *f)
{
    uint64_t w[2];

    scene_fs(f);
    fix_write(f, HOLE + 0x123);
    w[0] = fix_reg64(f, FRCD(0));
    w[1] = fix_reg64(f, FRCD(0) + 8);
    g_assert_cmphex(w[0], ==, HOLE);
    g_assert_cmphex(field_get(w, VTD_FRCD_SID), ==, RID);
    g_assert_cmphex(field_get(w, VTD_FRCD_FR), ==, VTD_FAULT_SFS_2);
    g_assert_cmphex(field_get(w, VTD_FRCD_PP), ==, 0);
    g_assert_cmphex(field_get(w, VTD_FRCD_PV), ==, 0);
    g_assert_cmphex(field_get(w, VTD_FRCD_T1) | field_get(w, VTD_FRCD_T2), ==, 0);
    g_assert_cmphex(field_get(w, VTD_FRCD_AT), ==, 0);
    g_assert_cmphex(field_get(w, VTD_FRCD_F), ==, 1);
}

static void fields_with_pasid(Fix *f)
{
    IommuTxn t = fix_txn_pasid(HOLE, true, PASID);
    VtdFaultWords rec;

    scene_fs(f);
    field_set(f->entry, VTD_PASID_SRE, 1);
    fix_put_entry(f);
    fix_flush(f);
    t.priv = true;
    t.atomic = true;
    fix_do(f, &t);
    g_assert_true(vtd_driver_fault(&f->drv, &rec));
    g_assert_true(rec.pp && rec.priv && !rec.exe);
    g_assert_cmphex(rec.pasid, ==, PASID);
    g_assert_cmpuint(rec.type, ==, VTD_FAULT_TYPE_ATOMIC);
}

static void narrow(VtdConfig *c)
{
    c->sagaw = 0x6;
    c->fs5lp = false;
    c->mgaw = 48;
}

static void address_above_widest_input(Fix *f)
{
    scene_fs(f);
    fix_read(f, 0x8123456789abc000ull);
    g_assert_cmphex(fix_reg64(f, FRCD(0)), ==, 0x456789abc000ull);
}

static void only_39(VtdConfig *c)
{
    g_assert_true(vtd_config_named(c, "qemu"));
    c->sagaw = 0x2;
    c->mgaw = 39;
}

static void address_above_39_bits(Fix *f)
{
    vtd_root_init(&f->root, &f->mem, false);
    g_assert_true(vtd_driver_start(&f->drv, &f->root));
    fix_read(f, 0x8123456789abc000ull);
    g_assert_cmphex(fix_reg64(f, FRCD(0)), ==, 0x6789abc000ull);
}

static void second_stage_57(VtdConfig *c)
{
    c->fs5lp = false;
}

static void address_above_57_bits(Fix *f)
{
    scene_fs(f);
    fix_read(f, 0x8123456789abc000ull);
    g_assert_cmphex(fix_reg64(f, FRCD(0)), ==, 0x123456789abc000ull);
}

static void conditions_of_one_group(Fix *f)
{
    scene_fs(f);
    fix_event_to(f, VTD_REG_FECTL, EVENT_ADDR, EVENT_DATA);
    f->m->ops->ats_inv_done(f->m, RID, 3, true); /* nobody asked: ICE */
    g_assert_cmpuint(f->ram.msi_count, ==, 1);
    fault(f, 0);
    g_assert_cmpuint(f->ram.msi_count, ==, 1);
    fix_set32(f, FRCD(0) + 12, 1u << 31);
    fix_set32(f, VTD_REG_FSTS, (uint32_t)field_mask(VTD_FSTS_ICE));
    f->ram.ats_answer = IOMMU_ATS_INV_TIMEOUT;
    vtd_driver_push(&f->drv, vtd_make_devtlb(RID, IOVA, 0)); /* ITE */
    g_assert_cmpuint(f->ram.msi_count, ==, 2);
    fault(f, 0);
    g_assert_cmpuint(f->ram.msi_count, ==, 2);
}

static void execute_flag(Fix *f)
{
    IommuTxn t = fix_txn_pasid(HOLE, false, PASID);
    VtdFaultWords rec;

    scene_fs(f);
    t.exec = true;
    fix_do(f, &t);
    g_assert_true(vtd_driver_fault(&f->drv, &rec));
    g_assert_true(rec.exe);
}

static void address_types(Fix *f)
{
    IommuTxn t = fix_txn_ats(IOVA, false);
    VtdFaultWords rec;

    scene_legacy(f);
    fix_do(f, &t);
    g_assert_true(vtd_driver_fault(&f->drv, &rec));
    g_assert_cmpuint(rec.at, ==, 1);
    t.kind = IOMMU_TXN_TRANSLATED;
    fix_do(f, &t);
    g_assert_true(vtd_driver_fault(&f->drv, &rec));
    g_assert_cmpuint(rec.at, ==, 2);
}

static void spr_without_pasid(VtdConfig *c)
{
    c->nfr = 8;
    c->fro = 0;
}

static void pasid_fields_absent(Fix *f)
{
    IommuTxn t = fix_txn_pasid(HOLE, false, PASID);
    VtdFaultWords rec;

    scene_fs(f);
    fix_do(f, &t);
    g_assert_true(vtd_driver_fault(&f->drv, &rec));
    g_assert_cmphex(rec.reason, ==, VTD_FAULT_SCT_6); /* PASIDE cannot be set */
    g_assert_false(rec.pp);
    g_assert_cmphex(rec.pasid, ==, 0);
}

/* ---- recording ---- */

static void index_and_ppf(Fix *f)
{
    scene_fs(f);
    for (unsigned i = 0; i < 3; i++) {
        fault(f, i);
    }
    g_assert_cmphex(fsts(f), ==, 2); /* PPF, FRI 0 */
    fix_set32(f, FRCD(0) + 12, 1u << 31);
    g_assert_cmphex(fsts(f), ==, 2);
    fix_set32(f, FRCD(1) + 12, 1u << 31);
    fix_set32(f, FRCD(2) + 12, 1u << 31);
    g_assert_cmphex(fsts(f), ==, 0);
    fault(f, 3);
    g_assert_cmphex(fsts(f), ==, 3u << 8 | 2); /* FRI is the first pending one */
    g_assert_cmphex(fix_reg64(f, FRCD(3)), ==, HOLE + 3 * PAGE);
}

static void overflow(Fix *f)
{
    scene_fs(f);
    for (unsigned i = 0; i < 9; i++) {
        fault(f, i);
    }
    g_assert_cmphex(fsts(f), ==, 3); /* PFO too */
    g_assert_cmphex(fix_reg64(f, FRCD(0)), ==, HOLE);
    g_assert_cmpuint(f->m->counters.events, ==, 8);
    g_assert_cmpuint(f->m->counters.events_lost, ==, 1);
    /* Room again, but nothing is recorded until PFO is cleared. */
    fix_set32(f, FRCD(0) + 12, 1u << 31);
    fault(f, 20);
    g_assert_cmphex(fix_reg64(f, FRCD(0) + 8) >> 63, ==, 0);
    fix_set32(f, VTD_REG_FSTS, 1);
    fault(f, 21);
    g_assert_cmphex(fix_reg64(f, FRCD(0)), ==, HOLE + 21 * PAGE);
    g_assert_cmphex(fsts(f) & 1, ==, 0);
}

static void writing_zero_clears_nothing(Fix *f)
{
    scene_fs(f);
    fault(f, 0);
    fix_set32(f, FRCD(0) + 12, 0);
    fix_set64(f, FRCD(0), 0);
    fix_set32(f, VTD_REG_FSTS, 0xfffffffe);
    g_assert_cmphex(fsts(f), ==, 2);
    g_assert_cmphex(fix_reg64(f, FRCD(0)), ==, HOLE);
}

static void index_resets_when_all_is_off(Fix *f)
{
    scene_fs(f);
    fault(f, 0);
    fix_set32(f, FRCD(0) + 12, 1u << 31);
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_TE, false));
    g_assert_true(vtd_driver_gcmd(&f->drv, VTD_GCMD_TE, true));
    fault(f, 1);
    g_assert_cmphex(fix_reg64(f, FRCD(0)), ==, HOLE + PAGE);
}

static void one_record(VtdConfig *c)
{
    c->nfr = 1;
}

static void one_record_collapses(Fix *f)
{
    scene_fs(f);
    fault(f, 0);
    fault(f, 1); /* the same requester: told already */
    g_assert_cmphex(fsts(f), ==, 2);
    IommuTxn t = fix_txn(HOLE, false);
    t.stream = OTHER_RID;
    fix_do(f, &t);
    g_assert_cmphex(fsts(f), ==, 3);
}

static void speculative(Fix *f)
{
    IommuTxn t = fix_txn(HOLE, false);

    scene_fs(f);
    t.speculative = true;
    g_assert_cmphex(fix_do(f, &t).fault, ==, VTD_FAULT_SFS_2);
    fix_assert_no_record(f);
}

/* ---- events ---- */

static void event_message(Fix *f)
{
    scene_fs(f);
    fix_event_to(f, VTD_REG_FECTL, EVENT_ADDR, EVENT_DATA);
    fault(f, 0);
    g_assert_cmpuint(f->ram.msi_count, ==, 1);
    g_assert_cmphex(f->ram.msis[0].addr, ==, EVENT_ADDR);
    g_assert_cmphex(f->ram.msis[0].data, ==, EVENT_DATA);
    fault(f, 1); /* a condition is pending already */
    g_assert_cmpuint(f->ram.msi_count, ==, 1);
    fix_set32(f, FRCD(0) + 12, 1u << 31);
    fix_set32(f, FRCD(1) + 12, 1u << 31);
    fault(f, 2);
    g_assert_cmpuint(f->ram.msi_count, ==, 2);
}

static void masked_event(Fix *f)
{
    scene_fs(f);
    fix_event_to(f, VTD_REG_FECTL, EVENT_ADDR, EVENT_DATA);
    fix_set32(f, VTD_REG_FECTL, 1u << 31);
    fault(f, 0);
    g_assert_cmpuint(f->ram.msi_count, ==, 0);
    g_assert_cmphex(fix_reg32(f, VTD_REG_FECTL), ==, 3u << 30);
    fix_set32(f, VTD_REG_FECTL, 0);
    g_assert_cmpuint(f->ram.msi_count, ==, 1);
    g_assert_cmphex(fix_reg32(f, VTD_REG_FECTL), ==, 0);
}

static void pending_is_cleared_by_service(Fix *f)
{
    scene_fs(f);
    fix_set32(f, VTD_REG_FECTL, 1u << 31);
    fault(f, 0);
    fix_set32(f, FRCD(0) + 12, 1u << 31);
    g_assert_cmphex(fix_reg32(f, VTD_REG_FECTL), ==, 1u << 31);
}

static void overflow_sends_nothing(Fix *f)
{
    scene_fs(f);
    fix_event_to(f, VTD_REG_FECTL, EVENT_ADDR, EVENT_DATA);
    for (unsigned i = 0; i < 9; i++) {
        fault(f, i);
    }
    g_assert_cmpuint(f->ram.msi_count, ==, 1);
    /* Records cleared, overflow not: a new condition would not be announced. */
    for (unsigned i = 0; i < 8; i++) {
        fix_set32(f, FRCD(i) + 12, 1u << 31);
    }
    vtd_driver_push(&f->drv, vtd_make(0));
    g_assert_cmpuint(f->ram.msi_count, ==, 1);
}

/* ---- Linux's handler (dmar_fault) ---- */

static void linux_handler(Fix *f)
{
    uint32_t status;
    unsigned n, found = 0;

    scene_fs(f);
    fix_event_to(f, VTD_REG_FECTL, EVENT_ADDR, EVENT_DATA);
    for (unsigned i = 0; i < 10; i++) {
        fault(f, i);
    }
    status = fsts(f);
    n = status >> 8 & 0xff;
    for (;;) {
        uint32_t top = fix_reg32(f, FRCD(n) + 12);

        if (!(top & 1u << 31)) {
            break;
        }
        found++;
        fix_reg32(f, FRCD(n) + 8);
        fix_reg64(f, FRCD(n));
        fix_set32(f, FRCD(n) + 12, 1u << 31);
        n = (n + 1) % 8;
    }
    g_assert_cmpuint(found, ==, 8);
    fix_set32(f, VTD_REG_FSTS, 1u << 7 | 1u << 1 | 1u);
    g_assert_cmphex(fsts(f), ==, 0);
    fault(f, 0);
    g_assert_cmpuint(f->ram.msi_count, ==, 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fix_add("/vtd/records/F2-without-pasid", fields_without_pasid);
    fix_add("/vtd/records/F2-with-pasid", fields_with_pasid);
    fix_add("/vtd/records/F2-execute", execute_flag);
    fix_add_config("/vtd/records/F2-address-width", "max", narrow, address_above_widest_input);
    fix_add_config("/vtd/records/F2-address-width-39", "max", only_39, address_above_39_bits);
    fix_add_config("/vtd/records/F2-address-width-57", "max", second_stage_57,
                   address_above_57_bits);
    fix_add("/vtd/records/F5-one-group", conditions_of_one_group);
    fix_add("/vtd/records/F2-address-type", address_types);
    fix_add_config("/vtd/records/F2-pasid-absent", "spr", spr_without_pasid, pasid_fields_absent);
    fix_add("/vtd/records/F3-index-and-ppf", index_and_ppf);
    fix_add("/vtd/records/F3+F4-overflow", overflow);
    fix_add("/vtd/records/F4-zero-clears-nothing", writing_zero_clears_nothing);
    fix_add("/vtd/records/F3-index-resets", index_resets_when_all_is_off);
    fix_add_config("/vtd/records/F3-collapse", "max", one_record, one_record_collapses);
    fix_add("/vtd/records/speculative", speculative);
    fix_add("/vtd/records/F5+R7-event", event_message);
    fix_add("/vtd/records/F5-masked", masked_event);
    fix_add("/vtd/records/F5-cleared-by-service", pending_is_cleared_by_service);
    fix_add("/vtd/records/F5-overflow-is-silent", overflow_sends_nothing);
    fix_add("/vtd/records/F4-linux-handler", linux_handler);
    return g_test_run();
}
