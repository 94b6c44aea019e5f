/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzing of the SMMUv3 model: stream and context tables, both stages, commands, stalls. */
#include "fuzz.h"

#include "../lib/smmu-driver.h"
#include "hw/iommu/smmuv3-pmcg.h"
#include "hw/iommu/smmuv3.h"

#define STREAMS 8
#define IPA_DELTA (1ull << 36)
#define IPA_BITS 40
#define STREAM_LOG2 4

static const uint32_t registers[] = {
    SMMU_CR0, SMMU_CR1, SMMU_CR2, SMMU_GBPA, SMMU_IRQ_CTRL, SMMU_GERRORN, SMMU_GERROR_IRQ_CFG0,
    SMMU_GERROR_IRQ_CFG1, SMMU_STRTAB_BASE, SMMU_STRTAB_BASE_CFG, SMMU_CMDQ_BASE, SMMU_CMDQ_PROD,
    SMMU_CMDQ_CONS, SMMU_EVENTQ_BASE, SMMU_EVENTQ_IRQ_CFG0, SMMU_PRIQ_BASE, SMMU_PRIQ_IRQ_CFG0,
    SMMU_PRIQ_IRQ_CFG2, SMMU_GATOS_CTRL, SMMU_GATOS_SID, SMMU_GATOS_ADDR, SMMU_VATOS_SEL,
    SMMU_EVENTQ_PROD, SMMU_EVENTQ_CONS, SMMU_PRIQ_PROD, SMMU_PRIQ_CONS,
    SMMU_CMDQ_CONTROL_PAGE_BASE(0), SMMU_FIRST_EXTRA_PAGE + SMMU_VATOS_CTRL,
    SMMU_FIRST_EXTRA_PAGE + SMMU_VATOS_SID, SMMU_FIRST_EXTRA_PAGE + SMMU_VATOS_ADDR,
    SMMU_FIRST_EXTRA_PAGE + SMMU_ECMDQ_BASE, SMMU_FIRST_EXTRA_PAGE + SMMU_ECMDQ_PROD,
    SMMU_FIRST_EXTRA_PAGE + SMMU_ECMDQ_CONS, SMMU_FIRST_EXTRA_PAGE + SMMU_PAGE_BYTES,
    SMMU_FIRST_EXTRA_PAGE + SMMU_PAGE_BYTES + SMMU_ECMDQ_PROD,
    PMCG_PAGE0 + PMCG_EVTYPER(0), PMCG_PAGE0 + PMCG_EVTYPER(1), PMCG_PAGE0 + PMCG_SMR(0),
    PMCG_PAGE0 + PMCG_CNTENSET0, PMCG_PAGE0 + PMCG_INTENSET0, PMCG_PAGE0 + PMCG_CR,
    PMCG_PAGE0 + PMCG_CAPR, PMCG_PAGE0 + PMCG_IRQ_CTRL, PMCG_PAGE0 + PMCG_IRQ_CFG0,
    PMCG_PAGE1 + PMCG_EVCNTR, PMCG_PAGE1 + PMCG_OVSCLR0, PMCG_PAGE0 + PMCG_OVSSET0,
};

typedef struct SmmuFuzz {
    SmmuConfig config;
    SmmuDriver d;
    StreamTable table;
    ArmPages s2, s1, upper, nested_s1;
    CdTable cds, nested_cds;
} SmmuFuzz;

static void choose_config(FuzzBed *b, SmmuFuzz *f)
{
    static const char *const names[] = { "max", "qemu", "mmu600", "mmu700", "min" };
    static const uint8_t oas[] = { 32, 36, 40, 42, 44, 48, 52 };
    SmmuConfig c;
    char err[256];

    smmu_config_named(&f->config, names[fuzz_chance(b->in, 2) ? 0 : fuzz_below(b->in, 5)]);
    f->config.profile = fuzz_profile(b->in);
    c = f->config;
    c.stall_model = (uint8_t)fuzz_below(b->in, 3);
    c.stall_max = c.stall_model == SMMU_STALL_OFF ? 0 : 1 + (uint16_t)fuzz_below(b->in, 8);
    c.httu = (uint8_t)fuzz_below(b->in, 4);
    c.oas = oas[fuzz_below(b->in, 7)];
    c.ats = c.ats && !fuzz_chance(b->in, 4);
    c.pri = c.pri && c.ats && !fuzz_chance(b->in, 4);
    c.term_model = fuzz_chance(b->in, 2);
    c.pmcg = (uint8_t)fuzz_below(b->in, 9);
    c.pmcg_reloc = fuzz_chance(b->in, 2);
    c.ssidsize = fuzz_chance(b->in, 2) ? c.ssidsize : (uint8_t)fuzz_below(b->in, 8);
    if (smmu_config_check(&c, err, sizeof(err))) {
        f->config = c;
    }
}

static IommuModel *new_model(FuzzBed *b, void *opaque)
{
    SmmuFuzz *f = opaque;
    IommuModel *m = smmu_new(&f->config, &b->ram.host);

    if (!m) {
        fuzz_fail("smmu_new refuses a configuration that smmu_config_check accepts");
    }
    return m;
}

static unsigned some_granule(FuzzBed *b, const SmmuFuzz *f)
{
    const unsigned lg2[] = { 12, 14, 16 };
    const bool has[] = { f->config.gran4k, f->config.gran16k, f->config.gran64k };
    unsigned i = fuzz_below(b->in, 3);

    while (!has[i]) {
        i = (i + 1) % 3;
    }
    return lg2[i];
}

/* Some pages and blocks at addresses that are asked for later. */
static void map_some(FuzzBed *b, ArmPages *t, uint64_t base, uint64_t delta)
{
    for (unsigned i = 0; i < 6; i++) {
        uint64_t va = base + 0x10000000ull * i + 0x10000ull * fuzz_below(b->in, 16);
        int level = i & 1 && fuzz_chance(b->in, 2) ? 2 : 3;
        uint64_t attrs = t->config.stage == 1 ? arm_s1_attrs(fuzz_below(b->in, 4))
                                              : arm_s2_attrs(fuzz_below(b->in, 4));

        attrs = reg_set(attrs, PTE_AF, !fuzz_chance(b->in, 4));
        attrs |= reg_make(PTE_DBM, fuzz_chance(b->in, 2));
        attrs |= reg_make(PTE_UXN, fuzz_chance(b->in, 4));
        if (t->config.stage == 1 && fuzz_chance(b->in, 4)) {
            attrs = reg_set(attrs, PTE_NG, 0);
        }
        arm_pages_map_level(t, va, FUZZ_RAM_BASE + delta + 0x10000ull * i, level, attrs);
        fuzz_place(b, arm_pages_desc_addr(t, va, level) & ~63ull);
        fuzz_place(b, arm_pages_desc_addr(t, va, t->start) & ~63ull);
        fuzz_input_addr(b, va);
    }
}

static void some_cd(FuzzBed *b, SmmuFuzz *f, CdTable *cds, const ArmPages *pages, uint32_t ssid)
{
    uint64_t cd[CD_WORDS];

    cd_stage1(cd, pages, (uint16_t)fuzz_below(b->in, 4));
    if (pages == &f->s1 && fuzz_chance(b->in, 2)) {
        cd_add_upper(cd, &f->upper);
    }
    field_set(cd, CD_A, !fuzz_chance(b->in, 4) || f->config.term_model);
    field_set(cd, CD_R, !fuzz_chance(b->in, 8));
    field_set(cd, CD_S, f->config.stall_model == SMMU_STALL_FORCE ||
                            (f->config.stall_model == SMMU_STALL_ON && fuzz_chance(b->in, 2)));
    field_set(cd, CD_HA, f->config.httu >= SMMU_HTTU_AF && fuzz_chance(b->in, 2));
    field_set(cd, CD_HD, f->config.httu >= SMMU_HTTU_AFDBM && field_get(cd, CD_HA));
    field_set(cd, CD_HAFT, f->config.httu >= SMMU_HTTU_HAFT && field_get(cd, CD_HA) &&
                               fuzz_chance(b->in, 2));
    field_set(cd, CD_TBI0, fuzz_chance(b->in, 4));
    field_set(cd, CD_WXN, fuzz_chance(b->in, 8));
    field_set(cd, CD_PAN, fuzz_chance(b->in, 4));
    cd_table_set(cds, ssid, cd);
    fuzz_place(b, cd_table_addr(cds, ssid));
}

static void some_ste(FuzzBed *b, SmmuFuzz *f, uint32_t sid)
{
    uint64_t ste[STE_WORDS];

    switch (fuzz_below(b->in, 8)) {
    case 0:
        ste_bypass(ste);
        break;
    case 1:
        ste_abort(ste);
        break;
    case 2 ... 3:
        ste_stage1(ste, &f->cds);
        break;
    case 4:
        ste_stage2(ste, &f->s2, (uint16_t)fuzz_below(b->in, 4));
        break;
    default:
        ste_nested(ste, &f->nested_cds, &f->s2, (uint16_t)fuzz_below(b->in, 4));
        break;
    }
    if (field_get(ste, STE_CONFIG) & STE_CONFIG_S2) {
        field_set(ste, STE_S2S, f->config.stall_model == SMMU_STALL_FORCE ||
                                    (f->config.stall_model == SMMU_STALL_ON &&
                                     fuzz_chance(b->in, 2)));
        field_set(ste, STE_S2HA, f->config.httu >= SMMU_HTTU_AF && fuzz_chance(b->in, 2));
        field_set(ste, STE_S2HD, f->config.httu >= SMMU_HTTU_AFDBM && field_get(ste, STE_S2HA));
        field_set(ste, STE_S2PTW, fuzz_chance(b->in, 4));
        field_set(ste, STE_S2FWB, f->config.fwb && fuzz_chance(b->in, 4));
    }
    field_set(ste, STE_S1DSS, fuzz_below(b->in, 3));
    field_set(ste, STE_EATS, f->config.ats && fuzz_chance(b->in, 2) && !field_get(ste, STE_S2S)
                                 ? STE_EATS_FULL : STE_EATS_OFF);
    if (f->config.hyp && fuzz_chance(b->in, 8)) {
        field_set(ste, STE_STRW, STE_STRW_EL2);
    }
    stream_table_set(&f->table, sid, ste);
    fuzz_place(b, stream_table_addr(&f->table, sid));
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static void init_pages(FuzzBed *b, const SmmuFuzz *f, ArmPages *t, const TableSpace *space,
                       unsigned stage, unsigned in_bits, bool upper)
{
    ArmPagesConfig c = {
        .stage = stage, .granule_lg2 = some_granule(b, f), .in_bits = in_bits, .upper = upper,
        .start = ARM_START_AUTO,
    };

    arm_pages_init(t, space, &c);
}

static void bring_up(FuzzBed *b, SmmuFuzz *f)
{
    TableSpace physical = table_space(&b->mem), nested;
    unsigned s1cdmax = least(f->config.ssidsize, 3);
    unsigned ipa_bits = least(f->config.oas, IPA_BITS);
    uint64_t delta = ipa_bits > 36 ? IPA_DELTA : 1ull << (ipa_bits - 1);

    init_pages(b, f, &f->s2, &physical, 2, ipa_bits, false);
    map_some(b, &f->s2, 0, 0);
    init_pages(b, f, &f->s1, &physical, 1, 36 + fuzz_below(b->in, 13), false);
    map_some(b, &f->s1, 0, 0);
    init_pages(b, f, &f->upper, &physical, 1, 36 + fuzz_below(b->in, 13), true);
    map_some(b, &f->upper, -(1ull << 35), 0);
    nested = arm_pages_nested_space(&f->s2, delta);
    init_pages(b, f, &f->nested_s1, &nested, 1, 40, false);
    map_some(b, &f->nested_s1, 0, delta);
    arm_pages_map_smallest(&f->s2, FUZZ_RAM_BASE + delta, FUZZ_RAM_BASE, 0x80000, ARM_S2_RW);

    cd_table_init(&f->cds, &physical, STE_S1FMT_LINEAR, s1cdmax);
    cd_table_init(&f->nested_cds, &nested,
                  f->config.cd2l && fuzz_chance(b->in, 2) ? STE_S1FMT_4K_L2 : STE_S1FMT_LINEAR,
                  s1cdmax);
    for (uint32_t ssid = 0; ssid < 1u << s1cdmax; ssid++) {
        some_cd(b, f, &f->cds, &f->s1, ssid);
        some_cd(b, f, &f->nested_cds, &f->nested_s1, ssid);
    }
    if (f->config.st_level && fuzz_chance(b->in, 2)) {
        stream_table_init_two_level(&f->table, &b->mem, STREAM_LOG2, 6);
    } else {
        stream_table_init_linear(&f->table, &b->mem, STREAM_LOG2);
    }
    for (uint32_t sid = 0; sid < STREAMS; sid++) {
        some_ste(b, f, sid);
    }
    smmu_driver_init(&f->d, &b->bus, &b->mem);
    f->d.cmdq_log2size = 3 + fuzz_below(b->in, 4);
    f->d.eventq_log2size = 1 + fuzz_below(b->in, 6);
    f->d.priq_log2size = 1 + fuzz_below(b->in, 4);
    smmu_driver_start(&f->d, &f->table);
    if (f->config.ats && fuzz_chance(b->in, 2)) {
        smmu_driver_cr0(&f->d, reg_read32(&b->bus, SMMU_CR0) | (uint32_t)field_mask(CR0_ATSCHK));
    }
    smmu_driver_irq_ctrl(&f->d, fuzz_below(b->in, 8));
}

static SmmuCmdWords some_command(FuzzBed *b)
{
    uint32_t sid = fuzz_below(b->in, STREAMS), ssid = fuzz_below(b->in, 8);
    uint16_t vmid = (uint16_t)fuzz_below(b->in, 4), asid = (uint16_t)fuzz_below(b->in, 4);
    uint64_t addr = b->input_count ? b->inputs[fuzz_below(b->in, b->input_count)] : 0;
    bool leaf = fuzz_chance(b->in, 2), ssv = fuzz_chance(b->in, 2);

    switch (fuzz_below(b->in, 28)) {
    case 0:
        return smmu_make_prefetch_config(sid, ssv, ssid);
    case 1:
        return smmu_make_prefetch_addr(sid, ssv, ssid, addr, fuzz_below(b->in, 4));
    case 2:
        return smmu_make_cfgi_ste(sid, leaf);
    case 3:
        return smmu_make_cfgi_ste_range(sid, fuzz_below(b->in, 32));
    case 4:
        return smmu_make_cfgi_cd(sid, ssid, leaf);
    case 5:
        return smmu_make_cfgi_cd_all(sid);
    case 6:
        return smmu_make_cfgi_vms_pidm(vmid);
    case 7:
        return smmu_make_tlbi_nh_all(vmid);
    case 8:
        return smmu_make_tlbi_nh_asid(vmid, asid);
    case 9:
        return smmu_make_tlbi_nh_va(vmid, asid, addr, leaf);
    case 10:
        return smmu_make_range(smmu_make_tlbi_nh_va(vmid, asid, addr, leaf), 12,
                               1 + fuzz_below(b->in, 4096), fuzz_below(b->in, 4));
    case 11:
        return smmu_make_tlbi_nh_vaa(vmid, addr, leaf);
    case 12:
        return smmu_make_tlbi_el2_all();
    case 13:
        return smmu_make_tlbi_el2_asid(asid);
    case 14:
        return smmu_make_tlbi_el2_va(asid, addr, leaf);
    case 15:
        return smmu_make_tlbi_el2_vaa(addr, leaf);
    case 16:
        return smmu_make_tlbi_s12_vmall(vmid);
    case 17:
        return smmu_make_tlbi_s2_ipa(vmid, addr, leaf);
    case 18:
        return smmu_make_range(smmu_make_tlbi_s2_ipa(vmid, addr, leaf), 16,
                               1 + fuzz_below(b->in, 4096), fuzz_below(b->in, 4));
    case 19:
        return smmu_make_tlbi_nsnh_all();
    case 20:
        return smmu_make_atc_inv(sid, ssv, ssid, fuzz_chance(b->in, 2), addr,
                                 fuzz_below(b->in, 64));
    case 21:
        return smmu_make_pri_resp(sid, ssv, ssid, fuzz_below(b->in, 512), fuzz_below(b->in, 4));
    case 22 ... 23:
        return smmu_make_resume(sid, (uint16_t)fuzz_below(b->in, 8), fuzz_chance(b->in, 2),
                                fuzz_chance(b->in, 2));
    case 24:
        return smmu_make_stall_term(sid);
    case 25:
        return smmu_make_sync(fuzz_below(b->in, 4));
    case 26:
        return smmu_make_sync_msi(FUZZ_RAM_BASE + 64, 1);
    default:
        return smmu_make((SmmuCmdOp)fuzz_take(b->in, 1));
    }
}

static void push_command(FuzzBed *b, SmmuFuzz *f)
{
    SmmuCmdWords c = some_command(b);

    if (fuzz_chance(b->in, 8)) {
        c.w[fuzz_below(b->in, CMD_WORDS)] ^= fuzz_word(b->in);
    }
    smmu_driver_push(&f->d, c);
    if (smmu_driver_cmdq_error(&f->d) != CERROR_NONE) {
        smmu_driver_cmdq_recover(&f->d, smmu_make_sync(SYNC_CS_NONE));
    }
}

static void own_operation(FuzzBed *b, void *opaque)
{
    SmmuFuzz *f = opaque;
    SmmuEventWords e;
    uint64_t request[PRI_WORDS];

    switch (fuzz_below(b->in, 16)) {
    case 0:
        some_ste(b, f, fuzz_below(b->in, STREAMS));
        break;
    case 1:
        some_cd(b, f, &f->cds, &f->s1, fuzz_below(b->in, 1u << f->cds.s1cdmax));
        break;
    case 2 ... 4:
        /* A driver at work: events are taken, stalls answered. */
        if (smmu_driver_event(&f->d, &e) && e.stall) {
            smmu_driver_push(&f->d, smmu_make_resume(e.sid, e.stag, fuzz_chance(b->in, 2), true));
        }
        break;
    case 5:
        if (f->config.pri) {
            smmu_driver_page_request(&f->d, request);
        }
        break;
    case 6:
        reg_write32(&b->bus, SMMU_GERRORN, reg_read32(&b->bus, SMMU_GERROR));
        break;
    default:
        push_command(b, f);
        break;
    }
}

void fuzz_smmuv3(const uint8_t *data, size_t size)
{
    FuzzInput in = { data, size };
    SmmuFuzz f = { 0 };
    FuzzBed b;

    fuzz_bed_init(&b, &in);
    b.streams = STREAMS;
    choose_config(&b, &f);
    fuzz_bed_attach(&b, new_model(&b, &f), smmu_mmio_size(&f.config));
    if (fuzz_chance(&in, 3)) {
        fuzz_bed_clock(&b);
    }
    bring_up(&b, &f);
    fuzz_loop(&b, own_operation, &f, registers, sizeof(registers) / sizeof(registers[0]),
              new_model);
    fuzz_bed_destroy(&b);
}
