/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iommu-dma as a PCI function: identity, capabilities, rings, MSI-X, virtual functions, migration,
 * bad properties (docs/specs/iommu-dma.rst).
 */
#include "qemu/osdep.h"
#include "dma-machine.h"
#include "sw-migrate.h"

#include "hw/pci/pci_regs.h"
#include "qobject/qdict.h"

static DmaMachine *start(void)
{
    return dma_machine_new(NULL, NULL, NULL);
}

static void assert_ok(const DmaCompletion *c)
{
    g_assert_cmpuint(c->status, ==, IDMA_STATUS_OK);
}

/* ---- configuration space -------------------------------------------------------------------- */

static void test_identity(void)
{
    DmaMachine *m = start();

    g_assert_cmphex(dma_cfg_read(m, 0, PCI_VENDOR_ID, 2), ==, IDMA_VENDOR_ID);
    g_assert_cmphex(dma_cfg_read(m, 0, PCI_DEVICE_ID, 2), ==, IDMA_DEVICE_ID);
    g_assert_cmphex(dma_cfg_read(m, 0, PCI_REVISION_ID, 1), ==, IDMA_REVISION);
    g_assert_cmphex(dma_cfg_read(m, 0, PCI_CLASS_DEVICE, 2), ==, 0x0801);
    g_assert_cmphex(dma_cfg_read(m, 0, PCI_INTERRUPT_PIN, 1), ==, 0);
    dma_machine_free(m);
}

static void test_bar0(void)
{
    DmaMachine *m = start();
    uint32_t bar;

    dma_cfg_write(m, 0, PCI_COMMAND, 0, 2);
    dma_cfg_write(m, 0, PCI_BASE_ADDRESS_0, 0xffffffff, 4);
    bar = dma_cfg_read(m, 0, PCI_BASE_ADDRESS_0, 4);
    g_assert_cmphex(bar & 0xf, ==,
                    PCI_BASE_ADDRESS_SPACE_MEMORY | PCI_BASE_ADDRESS_MEM_TYPE_32);
    g_assert_cmphex(~(bar & (uint32_t)PCI_BASE_ADDRESS_MEM_MASK) + 1, ==, IDMA_BAR_SIZE);
    dma_machine_free(m);
}

static void test_express(void)
{
    DmaMachine *m = start();
    unsigned cap = dma_cfg_cap(m, 0, PCI_CAP_ID_EXP);
    uint32_t flags = dma_cfg_read(m, 0, cap + PCI_EXP_FLAGS, 2);

    g_assert_cmphex((flags & PCI_EXP_FLAGS_TYPE) >> 4, ==, PCI_EXP_TYPE_RC_END);
    g_assert_cmphex(dma_cfg_read(m, 0, cap + PCI_EXP_DEVCAP, 4) & PCI_EXP_DEVCAP_FLR, !=, 0);
    /* End-End TLP prefixes, without which software does not turn PASID on. */
    g_assert_cmphex(dma_cfg_read(m, 0, cap + PCI_EXP_DEVCAP2, 4) & PCI_EXP_DEVCAP2_EE_PREFIX,
                    !=, 0);
    dma_machine_free(m);
}

static void test_pasid_cap(void)
{
    DmaMachine *m = start();
    unsigned cap = dma_cfg_ext_cap(m, 0, PCI_EXT_CAP_ID_PASID);

    g_assert_cmphex(dma_cfg_read(m, 0, cap + PCI_PASID_CAP, 2), ==,
                    PCI_PASID_CAP_EXEC | PCI_PASID_CAP_PRIV | 20 << 8);
    dma_cfg_write(m, 0, cap + PCI_PASID_CTRL, 0xffff, 2);
    g_assert_cmphex(dma_cfg_read(m, 0, cap + PCI_PASID_CTRL, 2), ==, 7);
    dma_flr(m);
    g_assert_cmphex(dma_cfg_read(m, 0, cap + PCI_PASID_CTRL, 2), ==, 0);
    dma_machine_free(m);
}

static void test_ats_cap(void)
{
    DmaMachine *m = start();
    unsigned cap = dma_cfg_ext_cap(m, 0, PCI_EXT_CAP_ID_ATS);

    /* 32 invalidations in flight (0), page aligned, Global Invalidate. */
    g_assert_cmphex(dma_cfg_read(m, 0, cap + PCI_ATS_CAP, 2), ==,
                    PCI_ATS_CAP_PAGE_ALIGNED | 0x40);
    dma_cfg_write(m, 0, cap + PCI_ATS_CTRL, PCI_ATS_CTRL_ENABLE, 2);
    dma_flr(m);
    g_assert_cmphex(dma_cfg_read(m, 0, cap + PCI_ATS_CTRL, 2), ==, 0);
    dma_machine_free(m);
}

static void test_pri_cap(void)
{
    DmaMachine *m = dma_machine_new(NULL, "pri-capacity=17", NULL);
    unsigned cap = dma_cfg_ext_cap(m, 0, PCI_EXT_CAP_ID_PRI);

    g_assert_cmphex(dma_cfg_read(m, 0, cap + PCI_PRI_STATUS, 2), ==,
                    PCI_PRI_STATUS_STOPPED | PCI_PRI_STATUS_PASID);
    g_assert_cmpuint(dma_cfg_read(m, 0, cap + PCI_PRI_MAX_REQ, 4), ==, 17);
    dma_cfg_write(m, 0, cap + PCI_PRI_ALLOC_REQ, 9, 4);
    g_assert_cmpuint(dma_cfg_read(m, 0, cap + PCI_PRI_ALLOC_REQ, 4), ==, 9);
    dma_cfg_write(m, 0, cap + PCI_PRI_CTRL, PCI_PRI_CTRL_ENABLE, 2);
    g_assert_cmphex(dma_cfg_read(m, 0, cap + PCI_PRI_STATUS, 2), ==, PCI_PRI_STATUS_PASID);
    dma_cfg_write(m, 0, cap + PCI_PRI_CTRL, PCI_PRI_CTRL_RESET, 2);
    g_assert_cmphex(dma_cfg_read(m, 0, cap + PCI_PRI_CTRL, 2), ==, 0);
    g_assert_cmphex(dma_cfg_read(m, 0, cap + PCI_PRI_STATUS, 2), ==,
                    PCI_PRI_STATUS_STOPPED | PCI_PRI_STATUS_PASID);
    dma_machine_free(m);
}

static void test_caps_off(void)
{
    DmaMachine *m = dma_machine_new(NULL, "ats=off,pri=off,pasid=off", NULL);
    uint64_t caps = dma_read(&m->dma, IDMA_CAPS);

    g_assert_cmpuint(dma_cfg_ext_cap(m, 0, PCI_EXT_CAP_ID_ATS), ==, 0);
    g_assert_cmpuint(dma_cfg_ext_cap(m, 0, PCI_EXT_CAP_ID_PRI), ==, 0);
    g_assert_cmpuint(dma_cfg_ext_cap(m, 0, PCI_EXT_CAP_ID_PASID), ==, 0);
    g_assert_cmpuint(reg_get(caps, IDMA_CAPS_ATS) | reg_get(caps, IDMA_CAPS_PRI) |
                     reg_get(caps, IDMA_CAPS_PASID), ==, 0);
    dma_machine_free(m);
}

/* PRI stands on ATS: it goes with it unless it was asked for. */
static void test_ats_off_alone(void)
{
    DmaMachine *m = dma_machine_new(NULL, "ats=off", NULL);
    uint64_t caps = dma_read(&m->dma, IDMA_CAPS);

    g_assert_cmpuint(dma_cfg_ext_cap(m, 0, PCI_EXT_CAP_ID_ATS), ==, 0);
    g_assert_cmpuint(dma_cfg_ext_cap(m, 0, PCI_EXT_CAP_ID_PRI), ==, 0);
    g_assert_cmpuint(dma_cfg_ext_cap(m, 0, PCI_EXT_CAP_ID_PASID), !=, 0);
    g_assert_cmpuint(reg_get(caps, IDMA_CAPS_ATS) | reg_get(caps, IDMA_CAPS_PRI), ==, 0);
    dma_machine_free(m);
}

/* What lspci -vv reads to say what this is. */
static void test_vpd(void)
{
    DmaMachine *m = start();
    unsigned cap = dma_cfg_cap(m, 0, PCI_CAP_ID_VPD);
    char vpd[256];

    for (unsigned i = 0; i < sizeof(vpd); i += 4) {
        uint32_t data;

        dma_cfg_write(m, 0, cap + PCI_VPD_ADDR, i, 2);
        g_assert_cmphex(dma_cfg_read(m, 0, cap + PCI_VPD_ADDR, 2), ==, i | PCI_VPD_ADDR_F);
        data = dma_cfg_read(m, 0, cap + PCI_VPD_DATA, 4);
        for (unsigned b = 0; b < 4; b++) {
            vpd[i + b] = data >> (8 * b);
        }
    }
    g_assert_cmphex((uint8_t)vpd[0], ==, 0x82);
    g_assert_true(g_str_has_prefix(vpd + 3, "iommu-dma"));
    dma_machine_free(m);
}

static void test_behind_root_port(void)
{
    QTestState *qts;
    unsigned at, devfn = 5 << 3;
    uint64_t ecam;

    if (dma_is_x86()) {
        qts = qtest_init("-M q35 -nic none -device pcie-root-port,id=rp,addr=5.0,chassis=1 "
                         "-device iommu-dma,bus=rp");
        ecam = 0xb0000000;
        qtest_outl(qts, 0xcf8, 0x80000060);
        qtest_outl(qts, 0xcfc, 0xb0000001);
    } else {
        qts = qtest_init("-M virt -cpu max -nic none "
                         "-device pcie-root-port,id=rp,addr=5.0,chassis=1 "
                         "-device iommu-dma,bus=rp");
        ecam = 0x4010000000;
    }
    qtest_writel(qts, ecam + (devfn << 12) + PCI_PRIMARY_BUS, 0x00010100);
    ecam += 1 << 20;
    g_assert_cmphex(qtest_readw(qts, ecam + PCI_DEVICE_ID), ==, IDMA_DEVICE_ID);
    at = qtest_readb(qts, ecam + PCI_CAPABILITY_LIST);
    while (qtest_readb(qts, ecam + at) != PCI_CAP_ID_EXP) {
        at = qtest_readb(qts, ecam + at + 1);
        g_assert_cmpuint(at, !=, 0);
    }
    g_assert_cmphex((qtest_readw(qts, ecam + at + PCI_EXP_FLAGS) & PCI_EXP_FLAGS_TYPE) >> 4, ==,
                    PCI_EXP_TYPE_ENDPOINT);
    qtest_quit(qts);
}

/* ---- rings ---------------------------------------------------------------------------------- */

#define RING_LG2 3

static void test_ring(void)
{
    DmaMachine *m = start();
    uint64_t pa = gmem_alloc(&m->mem, 65536, 4096);
    DmaRing r;

    dma_ring_init(&r, &m->dma, &m->mem, 0, RING_LG2, 0, 0);
    /* Three times round, two at a time. */
    for (int i = 0; i < 24; i += 2) {
        for (int k = 0; k < 2; k++) {
            DmaDesc desc = dma_make_fill(pa + 8 * (i + k), 8, 100 + i + k, false);

            field_set(desc.w, IDMA_D_COOKIE, i + k);
            g_assert_true(dma_ring_put(&r, &desc));
        }
        dma_ring_ring(&r);
        for (int k = 0; k < 2; k++) {
            DmaCompletion c;

            g_assert_true(dma_ring_take(&r, &c));
            assert_ok(&c);
            g_assert_cmpuint(c.cookie, ==, i + k);
            g_assert_cmpuint(gmem_read64(&m->mem, pa + 8 * (i + k)), ==, 100 + i + k);
        }
    }
    g_assert_cmpuint(dma_ch_state(&m->dma, 0), ==, IDMA_CH_IDLE);
    dma_machine_free(m);
}

/* The device stops before it would overwrite a completion that was not taken. */
static void test_ring_completions_full(void)
{
    DmaMachine *m = start();
    uint64_t pa = gmem_alloc(&m->mem, 4096, 4096);
    uint32_t all = (1 << RING_LG2) - 1;
    DmaDesc desc = dma_make_atomic(IDMA_OP_FETCH_ADD, pa, 8, 1, 0);
    DmaCompletion c;
    DmaRing r;

    dma_ring_init(&r, &m->dma, &m->mem, 0, RING_LG2, 0, 0);
    while (dma_ring_put(&r, &desc)) {
    }
    dma_ring_ring(&r);
    while (gmem_read64(&m->mem, pa) != all) {
    }
    /* One more, while no completion was taken: behind the driver's back, since it refuses. */
    gmem_write_words(&m->mem, r.base + all * IDMA_DESC_BYTES, desc.w, IDMA_DESC_WORDS);
    dma_ch_write(&m->dma, 0, IDMA_CH_RING_TAIL, 0);
    g_assert_cmpuint(dma_ch_state(&m->dma, 0), ==, IDMA_CH_BUSY);
    g_assert_cmpuint(dma_ch_read(&m->dma, 0, IDMA_CH_RING_HEAD), ==, all);
    g_assert_cmpuint(gmem_read64(&m->mem, pa), ==, all);
    for (uint32_t i = 0; i <= all; i++) {
        g_assert_true(dma_ring_take(&r, &c));
        assert_ok(&c);
        g_assert_cmpuint(c.value, ==, i);
    }
    g_assert_cmpuint(gmem_read64(&m->mem, pa), ==, all + 1);
    dma_machine_free(m);
}

static void test_ring_malformed(void)
{
    DmaMachine *m = start();
    uint64_t pa = gmem_alloc(&m->mem, 4096, 4096);
    DmaDesc good = dma_make_fill(pa, 8, 1, false), bad = { { 0 } };
    DmaCompletion c;
    uint64_t status;
    DmaRing r;

    dma_ring_init(&r, &m->dma, &m->mem, 0, RING_LG2, 0, 0);
    field_set(bad.w, IDMA_D_COOKIE, 55);
    dma_ring_put(&r, &good);
    dma_ring_put(&r, &bad);
    dma_ring_put(&r, &good);
    dma_ring_ring(&r);
    g_assert_true(dma_ring_take(&r, &c));
    assert_ok(&c);
    g_assert_true(dma_ring_take(&r, &c));
    g_assert_cmpuint(c.status, ==, IDMA_STATUS_MALFORMED);
    g_assert_cmpuint(c.cookie, ==, 55);
    g_assert_true(dma_wait(&m->dma, 0));
    status = dma_ch_read(&m->dma, 0, IDMA_CH_STATUS);
    g_assert_cmpuint(reg_get(status, IDMA_CH_STATUS_STATE), ==, IDMA_CH_STOPPED);
    g_assert_cmpuint(reg_get(status, IDMA_CH_STATUS_COUNT), ==, 2);
    g_assert_cmpuint(dma_ch_read(&m->dma, 0, IDMA_CH_RING_HEAD), ==, 2);
    g_assert_cmphex(dma_ch_read(&m->dma, 0, IDMA_CH_INTR), ==, 1 << 1);
    dma_machine_free(m);
}

static void test_ring_unreachable(void)
{
    DmaMachine *m = start();
    uint64_t status;

    dma_ch_write(&m->dma, 0, IDMA_CH_RING_BASE, 0xfff000000000ull);
    dma_ch_write(&m->dma, 0, IDMA_CH_RING_SIZE, 4);
    dma_ch_write(&m->dma, 0, IDMA_CH_CTRL, reg_make(IDMA_CH_CTRL_ENABLE, 1));
    dma_ch_write(&m->dma, 0, IDMA_CH_RING_TAIL, 1);
    g_assert_true(dma_wait(&m->dma, 0));
    status = dma_ch_read(&m->dma, 0, IDMA_CH_STATUS);
    g_assert_cmpuint(reg_get(status, IDMA_CH_STATUS_STATE), ==, IDMA_CH_STOPPED);
    g_assert_cmpuint(reg_get(status, IDMA_CH_STATUS_ERROR), ==, IDMA_STATUS_RING);
    dma_machine_free(m);
}

/* ---- interrupts ----------------------------------------------------------------------------- */

static void test_msix_done(void)
{
    DmaMachine *m = start();
    uint64_t pa = gmem_alloc(&m->mem, 4096, 4096);
    DmaDesc desc = dma_make(IDMA_OP_NOP, 0, 0);

    dma_enable_msix(m, 3, pa + 0x40, 0xbeef);
    dma_ch_write(&m->dma, 0, IDMA_CH_VECTOR, 3);
    dma_ch_write(&m->dma, 0, IDMA_CH_INTR_ENABLE, reg_make(IDMA_CH_INTR_DONE, 1));
    /* Not asked for: no interrupt. */
    dma_do(m, desc);
    g_assert_cmphex(gmem_read32(&m->mem, pa + 0x40), ==, 0);
    field_set(desc.w, IDMA_D_IRQ, 1);
    dma_do(m, desc);
    g_assert_cmphex(gmem_read32(&m->mem, pa + 0x40), ==, 0xbeef);
    g_assert_cmphex(dma_ch_read(&m->dma, 0, IDMA_CH_INTR), ==, 1);
    g_assert_cmphex(dma_read(&m->dma, IDMA_INTR), ==, 1);
    g_assert_cmpuint(dma_ch_read(&m->dma, 0, IDMA_CH_STAT_IRQS), ==, 1);
    dma_ch_write(&m->dma, 0, IDMA_CH_INTR, 1);
    g_assert_cmphex(dma_ch_read(&m->dma, 0, IDMA_CH_INTR), ==, 0);
    dma_machine_free(m);
}

static void test_msix_error(void)
{
    DmaMachine *m = start();
    uint64_t pa = gmem_alloc(&m->mem, 4096, 4096);

    dma_enable_msix(m, 0, pa, 0x1234);
    dma_ch_write(&m->dma, 0, IDMA_CH_INTR_ENABLE, reg_make(IDMA_CH_INTR_ERROR, 1));
    dma_do(m, (DmaDesc) { { 0 } });
    g_assert_cmphex(gmem_read32(&m->mem, pa), ==, 0x1234);
    dma_machine_free(m);
}

static void test_msix_disabled(void)
{
    DmaMachine *m = start();
    uint64_t pa = gmem_alloc(&m->mem, 4096, 4096);
    DmaDesc desc = dma_make(IDMA_OP_NOP, 0, 0);

    dma_enable_msix(m, 0, pa, 0x1234);
    field_set(desc.w, IDMA_D_IRQ, 1);
    dma_do(m, desc);
    g_assert_cmphex(gmem_read32(&m->mem, pa), ==, 0);
    g_assert_cmphex(dma_ch_read(&m->dma, 0, IDMA_CH_INTR), ==, 1);
    dma_machine_free(m);
}

/* ---- virtual functions ---------------------------------------------------------------------- */

static void test_sriov(void)
{
    DmaMachine *m = dma_machine_new(NULL, "sriov-vfs=3", NULL);
    uint64_t pa = gmem_alloc(&m->mem, 4096, 4096), base = m->bar;
    unsigned cap = dma_cfg_ext_cap(m, 0, PCI_EXT_CAP_ID_SRIOV);
    uint64_t vf_bars = m->bar + 0x200000;

    g_assert_cmpuint(cap, !=, 0);
    g_assert_cmpuint(dma_cfg_ext_cap(m, 0, PCI_EXT_CAP_ID_ACS), !=, 0);
    g_assert_cmpuint(dma_cfg_read(m, 0, cap + PCI_SRIOV_TOTAL_VF, 2), ==, 3);
    g_assert_cmphex(dma_cfg_read(m, 0, cap + PCI_SRIOV_VF_DID, 2), ==, IDMA_VF_DEVICE_ID);
    dma_cfg_write(m, 0, cap + PCI_SRIOV_BAR, vf_bars, 4);
    dma_cfg_write(m, 0, cap + PCI_SRIOV_NUM_VF, 3, 2);
    dma_cfg_write(m, 0, cap + PCI_SRIOV_CTRL, PCI_SRIOV_CTRL_VFE | PCI_SRIOV_CTRL_MSE, 2);
    for (unsigned vf = 0; vf < 3; vf++) {
        DmaCompletion c;

        dma_cfg_write(m, vf + 1, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
        m->bar = vf_bars + vf * IDMA_BAR_SIZE;
        g_assert_true(dma_driver_init(&m->dma, &m->regs));
        g_assert_cmpuint(reg_get(dma_read(&m->dma, IDMA_CAPS), IDMA_CAPS_VF), ==, 1);
        g_assert_cmphex(reg_get(dma_read(&m->dma, IDMA_PATH), IDMA_PATH_RID), ==,
                        DMA_RID(vf + 1));
        c = dma_do(m, dma_make_fill(pa + 8 * vf, 8, vf + 1, false));
        assert_ok(&c);
        g_assert_cmpuint(gmem_read64(&m->mem, pa + 8 * vf), ==, vf + 1);
    }
    m->bar = base;
    dma_machine_free(m);
}

/* ---- migration ------------------------------------------------------------------------------ */

static void test_migration(void)
{
    DmaMachine *m = start();
    uint64_t pa = gmem_alloc(&m->mem, 4096, 4096), moved;
    DmaDesc desc = dma_make_atomic(IDMA_OP_FETCH_ADD, pa, 8, 1, 0);
    DmaCompletion c;

    /* Some seconds of work. */
    dma_set_strided(&desc, 3000000, 8, 8);
    field_set(desc.w, IDMA_D_COOKIE, 99);
    dma_start(&m->dma, 2, &desc);
    while (!gmem_read64(&m->mem, pa)) {
    }
    qtest_qmp_assert_success(m->qts, "{'execute': 'stop'}");
    /* Nothing moves while the machine is stopped. */
    moved = gmem_read64(&m->mem, pa);
    g_usleep(10000);
    g_assert_cmpuint(gmem_read64(&m->mem, pa), ==, moved);
    g_assert_cmpuint(moved, <, 3000000);
    g_assert_cmpuint(dma_ch_state(&m->dma, 2), ==, IDMA_CH_BUSY);

    m->qts = sw_migrate(m->qts, m->args);
    m->mem.opaque = m->qts;
    g_assert_cmpuint(gmem_read64(&m->mem, pa), ==, moved);
    sw_continue(m->qts);
    for (int i = 0; dma_ch_state(&m->dma, 2) == IDMA_CH_BUSY; i++) {
        g_assert_cmpint(i, <, 60000);
        g_usleep(1000);
    }
    dma_completion(&m->dma, 2, &c);
    assert_ok(&c);
    g_assert_cmpuint(c.cookie, ==, 99);
    g_assert_cmpuint(c.done, ==, 3000000);
    g_assert_cmpuint(gmem_read64(&m->mem, pa), ==, 3000000);
    g_assert_cmpuint(dma_ch_read(&m->dma, 2, IDMA_CH_STAT_TXNS), ==, 3000000);
    dma_machine_free(m);
}

/* ---- properties ----------------------------------------------------------------------------- */

typedef struct BadProperty {
    const char *value;
    const char *message;
} BadProperty;

static const BadProperty bad_properties[] = {
    { "channels=0", "channels=0: must be 1 to 8" },
    { "channels=9", "channels=9: must be 1 to 8" },
    { "vectors=65", "vectors=65: must be 1 to 64" },
    { "atc-entries=65537", "atc-entries=65537: must be 0 to 65536" },
    { "pasid-bits=21", "pasid-bits=21: must be 1 to 20" },
    { "pri-capacity=0", "pri-capacity=0: must be 1 to 512" },
    { "sriov-vfs=8", "sriov-vfs=8: must be 0 to 7" },
    { "pri=on,ats=off", "pri=on: needs ats=on, not ats=off" },
    { "addr=5.1,multifunction=on,sriov-vfs=1", "must be 0 unless the device is function 0" },
    { "wrong=1", "wrong" },
};

static void test_bad_property(const void *opaque)
{
    const BadProperty *bad = opaque;
    g_autofree char *device = g_strdup_printf("iommu-dma,%s", bad->value);
    const char *argv[] = {
        getenv("QTEST_QEMU_BINARY"), "-M", dma_is_x86() ? "q35" : "virt", "-display", "none",
        "-nic", "none", "-device", device, NULL,
    };
    g_autofree char *err = NULL;
    int status;

    g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL,
                               NULL, &err, &status, NULL));
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), !=, 0);
    g_assert_nonnull(strstr(err, bad->message));
    /* One line. */
    g_assert_true(strchr(err, '\n') == err + strlen(err) - 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    qtest_add_func("/iommu-dma-pci/config/identity", test_identity);
    qtest_add_func("/iommu-dma-pci/config/bar0", test_bar0);
    qtest_add_func("/iommu-dma-pci/config/express", test_express);
    qtest_add_func("/iommu-dma-pci/config/pasid", test_pasid_cap);
    qtest_add_func("/iommu-dma-pci/config/ats", test_ats_cap);
    qtest_add_func("/iommu-dma-pci/config/pri", test_pri_cap);
    qtest_add_func("/iommu-dma-pci/config/off", test_caps_off);
    qtest_add_func("/iommu-dma-pci/config/ats-off-alone", test_ats_off_alone);
    qtest_add_func("/iommu-dma-pci/config/vpd", test_vpd);
    qtest_add_func("/iommu-dma-pci/config/behind-root-port", test_behind_root_port);
    qtest_add_func("/iommu-dma-pci/ring/round", test_ring);
    qtest_add_func("/iommu-dma-pci/ring/completions-full", test_ring_completions_full);
    qtest_add_func("/iommu-dma-pci/ring/malformed", test_ring_malformed);
    qtest_add_func("/iommu-dma-pci/ring/unreachable", test_ring_unreachable);
    qtest_add_func("/iommu-dma-pci/msix/done", test_msix_done);
    qtest_add_func("/iommu-dma-pci/msix/error", test_msix_error);
    qtest_add_func("/iommu-dma-pci/msix/disabled", test_msix_disabled);
    qtest_add_func("/iommu-dma-pci/sriov", test_sriov);
    qtest_add_func("/iommu-dma-pci/migration", test_migration);
    for (unsigned i = 0; i < ARRAY_SIZE(bad_properties); i++) {
        g_autofree char *path = g_strdup_printf("/iommu-dma-pci/properties/%s",
                                                bad_properties[i].value);

        qtest_add_data_func(path, &bad_properties[i], test_bad_property);
    }
    return g_test_run();
}
