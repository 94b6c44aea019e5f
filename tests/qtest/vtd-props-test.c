/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Properties of VT-d: each capability shows in CAP or ECAP, one that is off is absent, and a wrong
 * value is refused in one line.
 */
#include "qemu/osdep.h"
#include "sw-props.h"

#include "../lib/vtd-driver.h"

static const SwShown shown[] = {
    { "/vtd/properties/aw-bits-39", "aw-bits=39", VTD_REG_CAP, VTD_CAP_MGAW, 38 },
    { "/vtd/properties/aw-bits-48", "aw-bits=48", VTD_REG_CAP, VTD_CAP_MGAW, 47 },
    { "/vtd/properties/caching-mode", "caching-mode=on", VTD_REG_CAP, VTD_CAP_CM, 1 },
    { "/vtd/properties/dma-drain-off", "dma-drain=off", VTD_REG_CAP, VTD_CAP_DRD, 0 },
    { "/vtd/properties/pt-off", "pt=off", VTD_REG_ECAP, VTD_ECAP_PT, 0 },
    { "/vtd/properties/snoop-control", "snoop-control=on", VTD_REG_ECAP, VTD_ECAP_SC, 1 },
    { "/vtd/properties/scalable-mode", "x-scalable-mode=on", VTD_REG_ECAP, VTD_ECAP_SMTS, 1 },
    { "/vtd/properties/scalable-mode-ssts", "x-scalable-mode=on", VTD_REG_ECAP, VTD_ECAP_SSTS, 1 },
    { "/vtd/properties/first-stage", "x-scalable-mode=on,x-flts=on", VTD_REG_ECAP, VTD_ECAP_FSTS,
      1 },
    { "/vtd/properties/device-iotlb", "device-iotlb=on", VTD_REG_ECAP, VTD_ECAP_DT, 1 },
    { "/vtd/properties/nfr", "nfr=7", VTD_REG_CAP, VTD_CAP_NFR, 6 },
    { "/vtd/properties/nd", "nd=3", VTD_REG_CAP, VTD_CAP_ND, 3 },
    { "/vtd/properties/mamv", "mamv=9", VTD_REG_CAP, VTD_CAP_MAMV, 9 },
    { "/vtd/properties/psi-off", "psi=off", VTD_REG_CAP, VTD_CAP_PSI, 0 },
    { "/vtd/properties/max-nest", "model=max", VTD_REG_ECAP, VTD_ECAP_NEST, 1 },
    { "/vtd/properties/max-nest-off", "model=max,nest=off", VTD_REG_ECAP, VTD_ECAP_NEST, 0 },
    { "/vtd/properties/max-pasid", "model=max", VTD_REG_ECAP, VTD_ECAP_PASID, 1 },
    { "/vtd/properties/max-pss", "model=max,pss=9", VTD_REG_ECAP, VTD_ECAP_PSS, 9 },
    { "/vtd/properties/max-prs-off", "model=max,prs=off", VTD_REG_ECAP, VTD_ECAP_PRS, 0 },
    { "/vtd/properties/max-pi-off", "model=max,pi=off", VTD_REG_CAP, VTD_CAP_PI, 0 },
    { "/vtd/properties/max-ssads-off", "model=max,ssads=off", VTD_REG_ECAP, VTD_ECAP_SSADS, 0 },
};

/* Descriptors of an absent feature are of an unknown type. */
typedef struct Absent {
    const char *path;
    const char *properties;
    VtdDescType type;
} Absent;

static const Absent absent[] = {
    { "/vtd/properties/I2-no-dt-no-devtlb", "device-iotlb=off", VTD_DESC_DEVTLB },
    { "/vtd/properties/IQEI.3-no-hpt", "caching-mode=off", VTD_DESC_HPT },
};

static void test_absent_descriptor(const void *data)
{
    const Absent *a = data;
    SwMachine *m = sw_machine_q35(NULL, a->properties);
    VtdRootTable root;
    VtdDriver d;

    vtd_driver_init(&d, &m->regs, &m->mem);
    vtd_root_init(&root, &m->mem, false);
    g_assert_true(vtd_driver_root(&d, vtd_root_reg(&root)));
    g_assert_true(vtd_driver_queue(&d, false));
    g_assert_false(vtd_driver_issue(&d, vtd_make(a->type)));
    g_assert_cmpuint(reg_get(vtd_driver_fsts(&d), VTD_FSTS_IQE), ==, 1);
    g_assert_cmpuint(reg_get(reg_read64(&m->regs, VTD_REG_IQERCD), VTD_IQERCD_IQEI), ==,
                     VTD_IQEI_TYPE);
    sw_machine_free(m);
}

static void test_no_page_requests(void)
{
    SwMachine *m = sw_machine_q35(NULL, "model=max,prs=off");

    reg_write64(&m->regs, VTD_REG_PQA, ~0ull);
    g_assert_cmphex(reg_read64(&m->regs, VTD_REG_PQA), ==, 0);
    reg_write32(&m->regs, VTD_REG_PECTL, 0);
    g_assert_cmphex(reg_read32(&m->regs, VTD_REG_PECTL), ==, 0);
    sw_machine_free(m);
}

static void test_no_interrupt_remapping(void)
{
    SwMachine *m = sw_machine_q35(NULL, "intremap=off");

    g_assert_cmpuint(reg_get(reg_read64(&m->regs, VTD_REG_ECAP), VTD_ECAP_IR), ==, 0);
    reg_write64(&m->regs, VTD_REG_IRTA, ~0ull);
    g_assert_cmphex(reg_read64(&m->regs, VTD_REG_IRTA), ==, 0);
    reg_write32(&m->regs, VTD_REG_GCMD, (uint32_t)field_mask(VTD_GCMD_IRE));
    g_assert_cmphex(reg_read32(&m->regs, VTD_REG_GSTS), ==, 0);
    sw_machine_free(m);
}

static void test_qtree(void)
{
    SwMachine *m = sw_machine_q35(NULL, NULL);
    g_autofree char *text = qtest_hmp(m->qts, "info qtree");

    g_assert_nonnull(strstr(text, "mmio 00000000fed90000/"));
    sw_machine_free(m);
}

static void test_model(SwMachine *m)
{
    VtdRootTable root;
    VtdDriver d;

    vtd_driver_init(&d, &m->regs, &m->mem);
    vtd_root_init(&root, &m->mem, reg_get(d.ecap, VTD_ECAP_SMTS));
    g_assert_true(vtd_driver_start(&d, &root));
}

static const SwRefused refused[] = {
    { "/vtd/properties/refuse-caches", "caches=huge", "caches=huge", "full, one, off, tiny" },
    { "/vtd/properties/refuse-profile", "profile=vtd-1", "profile=vtd-1",
      "full, one, off, tiny, gem5, ideal, mmu600, mmu700, vtd-128, vtd-64, or a profile file" },
    { "/vtd/properties/refuse-both", "caches=one,profile=tiny", "caches=one, profile=tiny",
      "only one" },
    { "/vtd/properties/refuse-model", "model=zzz", "model=zzz", "qemu, spr, max" },
    { "/vtd/properties/refuse-aw-bits", "aw-bits=40", "aw-bits=40", "39, 48 or 57" },
    { "/vtd/properties/refuse-nfr", "nfr=300", "300", "1 to 256" },
    { "/vtd/properties/refuse-pss", "model=max,pss=30", "30", "0 to 19" },
    { "/vtd/properties/refuse-haw", "haw=20", "20", "32 to 52" },
    { "/vtd/properties/refuse-nest", "model=max,nest=on,fsts=off", "nest", "fsts=on" },
    { "/vtd/properties/refuse-eim", "eim=on,intremap=off", "eim=on", "intremap=on" },
    { "/vtd/properties/refuse-unknown", "nosuch=1", "nosuch", "not found" },
};

/* What is in force. */
static const SwReadBack read_back[] = {
    { "/vtd/properties/read-default", NULL, "model", "qemu" },
    { "/vtd/properties/read-model", "model=spr", "model", "spr" },
    { "/vtd/properties/read-of-model", "model=spr", "mamv", "45" },
    { "/vtd/properties/read-given", "mamv=9", "mamv", "9" },
    { "/vtd/properties/read-taken-along", "model=max,dt=off", "prs", "off" },
    { "/vtd/properties/read-older-of-model", "model=max", "x-scalable-mode", "on" },
    { "/vtd/properties/read-older-default", NULL, "dma-drain", "on" },
    { "/vtd/properties/read-field-of-older", "x-scalable-mode=on", "smts", "on" },
    { "/vtd/properties/read-width", "aw-bits=39", "mgaw", "39" },
    { "/vtd/properties/read-eim", NULL, "eim", "on" },
    { "/vtd/properties/read-caches", "caches=one", "profile", "one" },
    { "/vtd/properties/read-no-caches", "profile=vtd-64", "caches", "" },
    { "/vtd/properties/read-place-of-faults", NULL, "fro", "34" },
    { "/vtd/properties/read-place-of-faults-max", "nfr=256", "fro", "256" },
    { "/vtd/properties/read-place-of-iotlb", NULL, "iro", "15" },
    { "/vtd/properties/read-no-proximity", NULL, "proximity-domain", "4294967295" },
};

int main(int argc, char **argv)
{
    static const char *const models[] = { "qemu", "spr", "max", NULL };

    g_test_init(&argc, &argv, NULL);
    sw_add_shown(shown, G_N_ELEMENTS(shown), true);
    for (unsigned i = 0; i < G_N_ELEMENTS(absent); i++) {
        qtest_add_data_func(absent[i].path, &absent[i], test_absent_descriptor);
    }
    qtest_add_func("/vtd/properties/R5-no-prs-no-pqa", test_no_page_requests);
    qtest_add_func("/vtd/properties/R5-no-ir-no-irta", test_no_interrupt_remapping);
    qtest_add_func("/vtd/properties/place-in-qtree", test_qtree);
    sw_add_models("/vtd/properties/model", models, true, test_model);
    sw_add_read_back(read_back, G_N_ELEMENTS(read_back), true);
    sw_add_profiles("/vtd/properties/profile", true);
    sw_add_refused(refused, G_N_ELEMENTS(refused), true);
    return g_test_run();
}
