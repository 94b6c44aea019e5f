/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Properties of the SMMUv3: each capability shows in its ID field, one that is off is absent, and a
 * wrong value is refused in one line.
 */
#include "qemu/osdep.h"
#include "sw-props.h"

#include "../lib/smmu-driver.h"

/* ---- a property and what it shows -------------------------------------------------------- */

static const SwShown shown[] = {
    { "/smmuv3/properties/ID1-s1p-off", "s1p=off", SMMU_IDR0, IDR0_S1P, 0 },
    { "/smmuv3/properties/ID1-s2p-off", "s2p=off", SMMU_IDR0, IDR0_S2P, 0 },
    { "/smmuv3/properties/ID1-httu-off", "httu=off", SMMU_IDR0, IDR0_HTTU, 0 },
    { "/smmuv3/properties/ID1-httu-af", "httu=af", SMMU_IDR0, IDR0_HTTU, 1 },
    { "/smmuv3/properties/ID1-httu-afdbm", "httu=afdbm", SMMU_IDR0, IDR0_HTTU, 2 },
    { "/smmuv3/properties/ID1-httu-haft", "httu=haft", SMMU_IDR0, IDR0_HTTU, 3 },
    { "/smmuv3/properties/ID1-httu-of-the-default-set", "s1p=on", SMMU_IDR0, IDR0_HTTU, 2 },
    { "/smmuv3/properties/ID1-httu-of-max", "model=max", SMMU_IDR0, IDR0_HTTU, 3 },
    { "/smmuv3/properties/ID1-ats-off", "pri=off,ats=off", SMMU_IDR0, IDR0_ATS, 0 },
    { "/smmuv3/properties/ID1-pri-off", "pri=off", SMMU_IDR0, IDR0_PRI, 0 },
    { "/smmuv3/properties/ID1-asid16-off", "asid16=off", SMMU_IDR0, IDR0_ASID16, 0 },
    { "/smmuv3/properties/ID1-vmid16-off", "vmid16=off", SMMU_IDR0, IDR0_VMID16, 0 },
    { "/smmuv3/properties/ID1-msi-off", "msi=off", SMMU_IDR0, IDR0_MSI, 0 },
    { "/smmuv3/properties/ID1-atos-off", "atos=off", SMMU_IDR0, IDR0_ATOS, 0 },
    { "/smmuv3/properties/ID1-cd2l-off", "cd2l=off", SMMU_IDR0, IDR0_CD2L, 0 },
    { "/smmuv3/properties/ID1-stall-on", "stall=on", SMMU_IDR0, IDR0_STALL_MODEL, 0 },
    { "/smmuv3/properties/ID1-stall-off", "stall=off", SMMU_IDR0, IDR0_STALL_MODEL, 1 },
    { "/smmuv3/properties/ID1-stall-force", "stall=force", SMMU_IDR0, IDR0_STALL_MODEL, 2 },
    { "/smmuv3/properties/ID1-term-model", "term_model=on", SMMU_IDR0, IDR0_TERM_MODEL, 1 },
    { "/smmuv3/properties/ID2-sidsize", "sidsize=8", SMMU_IDR1, IDR1_SIDSIZE, 8 },
    { "/smmuv3/properties/ID2-ssidsize", "ssidsize=7", SMMU_IDR1, IDR1_SSIDSIZE, 7 },
    { "/smmuv3/properties/ID2-cmdqs", "cmdqs=5", SMMU_IDR1, IDR1_CMDQS, 5 },
    { "/smmuv3/properties/ID2-max-ecmdq", "model=max", SMMU_IDR1, IDR1_ECMDQ, 1 },
    { "/smmuv3/properties/ID1-max-vatos", "model=max", SMMU_IDR0, IDR0_VATOS, 1 },
    { "/smmuv3/properties/ID2-eventqs", "eventqs=4", SMMU_IDR1, IDR1_EVENTQS, 4 },
    { "/smmuv3/properties/ID4-ril-off", "minor=1,ril=off", SMMU_IDR3, IDR3_RIL, 0 },
    { "/smmuv3/properties/ID4-fwb-off", "minor=1,fwb=off", SMMU_IDR3, IDR3_FWB, 0 },
    { "/smmuv3/properties/ID9-minor-1-no-e0pd", "minor=1", SMMU_IDR3, IDR3_E0PD, 0 },
    { "/smmuv3/properties/ID9-minor-2-no-haft", "model=max,minor=2", SMMU_IDR0, IDR0_HTTU, 2 },
    { "/smmuv3/properties/ID6-oas-40", "oas=40", SMMU_IDR5, IDR5_OAS, 2 },
    { "/smmuv3/properties/ID6-oas-48", "oas=48", SMMU_IDR5, IDR5_OAS, 5 },
    { "/smmuv3/properties/ID6-gran16k-off", "gran16k=off", SMMU_IDR5, IDR5_GRAN16K, 0 },
    { "/smmuv3/properties/ID6-gran64k-off", "gran64k=off", SMMU_IDR5, IDR5_GRAN64K, 0 },
};

/* ---- absent: its commands are illegal ---------------------------------------------------- */

typedef struct Absent {
    const char *path;
    const char *properties;
    SmmuCmdOp op;
} Absent;

static const Absent absent[] = {
    { "/smmuv3/properties/CM27-no-ats-no-atc-inv", "pri=off,ats=off", CMD_ATC_INV },
    { "/smmuv3/properties/CM28-no-pri-no-pri-resp", "pri=off", CMD_PRI_RESP },
    { "/smmuv3/properties/CM30-no-stall-no-resume", "stall=off", CMD_RESUME },
    { "/smmuv3/properties/CM31-no-stall-no-stall-term", "stall=off", CMD_STALL_TERM },
    { "/smmuv3/properties/CM23-no-stage2-no-s2-ipa", "s2p=off", CMD_TLBI_S2_IPA },
    { "/smmuv3/properties/CM23-no-stage2-no-s12-vmall", "s2p=off", CMD_TLBI_S12_VMALL },
    { "/smmuv3/properties/CM23-no-stage1-no-nh-all", "s1p=off", CMD_TLBI_NH_ALL },
    { "/smmuv3/properties/CM23-no-stage1-no-nh-va", "s1p=off", CMD_TLBI_NH_VA },
    { "/smmuv3/properties/CM15-no-stage1-no-cfgi-cd", "s1p=off", CMD_CFGI_CD },
    { "/smmuv3/properties/CM16-no-mpam-no-vms-pidm", "ats=on", CMD_CFGI_VMS_PIDM },
    { "/smmuv3/properties/CM29-no-dpt-no-dpti", "ats=on", CMD_DPTI_ALL },
    { "/smmuv3/properties/CM23-nonsecure-no-el3", "ats=on", CMD_TLBI_EL3_ALL },
};

static void test_absent_command(const void *data)
{
    const Absent *a = data;
    SwMachine *m = sw_machine_virt(NULL, a->properties);
    SmmuDriver d;

    smmu_driver_init(&d, &m->regs, &m->mem);
    g_assert_true(smmu_driver_start_queues(&d));
    g_assert_true(smmu_driver_push(&d, smmu_make(a->op)));
    g_assert_cmpuint(smmu_driver_cmdq_error(&d), ==, CERROR_ILL);
    sw_machine_free(m);
}

static void test_no_priq(void)
{
    SwMachine *m = sw_machine_virt(NULL, "pri=off");

    reg_write64(&m->regs, SMMU_PRIQ_BASE, ~0ull);
    g_assert_cmphex(reg_read64(&m->regs, SMMU_PRIQ_BASE), ==, 0);
    reg_write32(&m->regs, SMMU_CR0, (uint32_t)field_mask(CR0_PRIQEN));
    g_assert_cmphex(reg_read32(&m->regs, SMMU_CR0ACK), ==, 0);
    sw_machine_free(m);
}

static void test_no_atos(void)
{
    SwMachine *m = sw_machine_virt(NULL, "atos=off");

    reg_write64(&m->regs, SMMU_GATOS_ADDR, ~0ull);
    g_assert_cmphex(reg_read64(&m->regs, SMMU_GATOS_ADDR), ==, 0);
    reg_write32(&m->regs, SMMU_GATOS_CTRL, 1);
    g_assert_cmphex(reg_read32(&m->regs, SMMU_GATOS_CTRL), ==, 0);
    sw_machine_free(m);
}

static void test_no_msi(void)
{
    SwMachine *m = sw_machine_virt(NULL, "msi=off");

    reg_write64(&m->regs, SMMU_GERROR_IRQ_CFG0, ~0ull);
    g_assert_cmphex(reg_read64(&m->regs, SMMU_GERROR_IRQ_CFG0), ==, 0);
    reg_write32(&m->regs, SMMU_EVENTQ_IRQ_CFG1, ~0u);
    g_assert_cmphex(reg_read32(&m->regs, SMMU_EVENTQ_IRQ_CFG1), ==, 0);
    sw_machine_free(m);
}

/* ---- named sets -------------------------------------------------------------------------- */

static void test_model(SwMachine *m)
{
    StreamTable table;
    SmmuDriver d;

    smmu_driver_init(&d, &m->regs, &m->mem);
    stream_table_init_linear(&table, &m->mem, 6);
    g_assert_true(smmu_driver_start(&d, &table));
}

/* ---- wrong values ------------------------------------------------------------------------ */

static const SwRefused refused[] = {
    { "/smmuv3/properties/refuse-caches", "caches=huge", NULL, "full, one, off, tiny" },
    { "/smmuv3/properties/refuse-profile", "profile=mmu9", NULL,
      "full, one, off, tiny, gem5, ideal, mmu600, mmu700, vtd-128, vtd-64, or a profile file" },
    { "/smmuv3/properties/refuse-both", "caches=one -global arm-smmuv3.profile=tiny",
      "caches=one, profile=tiny", "only one" },
    { "/smmuv3/properties/refuse-model", "model=mmu9", NULL,
      "default, max, qemu, mmu600, mmu700, min" },
    { "/smmuv3/properties/refuse-httu", "httu=maybe", NULL, "off, af, afdbm, haft" },
    { "/smmuv3/properties/refuse-stall", "stall=never", NULL, "on, off, force" },
    { "/smmuv3/properties/refuse-stage", "stage=3", NULL, "1, 2 or nested" },
    { "/smmuv3/properties/refuse-oas", "oas=33", NULL, "32, 36, 40, 42, 44, 48" },
    { "/smmuv3/properties/refuse-ssidsize", "ssidsize=21", NULL, "0 to 20" },
    { "/smmuv3/properties/refuse-sidsize", "sidsize=40", NULL, "0 to 32" },
    { "/smmuv3/properties/refuse-cmdqs", "cmdqs=20", NULL, "0 to 19" },
    { "/smmuv3/properties/refuse-msi-deviceid", "msi-deviceid=65535", NULL, "0 to 65534" },
    { "/smmuv3/properties/refuse-unknown", "nosuch=1", NULL, "not found" },
};

/* ---- what is in force -------------------------------------------------------------------- */

static const SwReadBack read_back[] = {
    { "/smmuv3/properties/read-default", NULL, "model", "default" },
    { "/smmuv3/properties/read-model", "model=mmu600", "model", "mmu600" },
    { "/smmuv3/properties/read-model-default", "model=default", "sidsize", "16" },
    { "/smmuv3/properties/read-of-model", "model=mmu600", "oas", "48" },
    { "/smmuv3/properties/read-given", "oas=40", "oas", "40" },
    { "/smmuv3/properties/read-taken-along", "ats=off", "pri", "off" },
    { "/smmuv3/properties/read-trimmed", "minor=2", "httu", "afdbm" },
    { "/smmuv3/properties/read-stage", NULL, "stage", "nested" },
    { "/smmuv3/properties/read-stage-1", "s2p=off", "stage", "1" },
    { "/smmuv3/properties/read-stage-2", "s1p=off", "stage", "2" },
    { "/smmuv3/properties/read-caches", "caches=one", "profile", "one" },
    { "/smmuv3/properties/read-no-caches", "profile=mmu700", "caches", "" },
};

int main(int argc, char **argv)
{
    static const char *const models[] = { "max", "qemu", "mmu600", "mmu700", "min", NULL };

    g_test_init(&argc, &argv, NULL);
    sw_add_shown(shown, G_N_ELEMENTS(shown), false);
    for (unsigned i = 0; i < G_N_ELEMENTS(absent); i++) {
        qtest_add_data_func(absent[i].path, &absent[i], test_absent_command);
    }
    qtest_add_func("/smmuv3/properties/RG33-no-pri-no-priq", test_no_priq);
    qtest_add_func("/smmuv3/properties/ID1-no-atos-no-gatos", test_no_atos);
    qtest_add_func("/smmuv3/properties/RG24-no-msi-no-cfg", test_no_msi);
    sw_add_models("/smmuv3/properties/model", models, false, test_model);
    sw_add_read_back(read_back, G_N_ELEMENTS(read_back), false);
    sw_add_profiles("/smmuv3/properties/profile", false);
    sw_add_refused(refused, G_N_ELEMENTS(refused), false);
    return g_test_run();
}
