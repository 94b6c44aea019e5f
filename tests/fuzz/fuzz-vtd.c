/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzing of the VT-d model: legacy and scalable tables, descriptors, interrupts. */
#include "fuzz.h"

#include "../lib/vtd-driver.h"
#include "hw/iommu/vtd-perfmon.h"
#include "hw/iommu/vtd.h"

#define STREAMS 8
#define GPA_DELTA (1ull << 38)

static const uint32_t registers[] = {
    VTD_REG_GCMD, VTD_REG_RTADDR, VTD_REG_CCMD, VTD_REG_FSTS, VTD_REG_FECTL, VTD_REG_FEDATA,
    VTD_REG_FEADDR, VTD_REG_PMEN, VTD_REG_PLMBASE, VTD_REG_PLMLIMIT, VTD_REG_PHMBASE,
    VTD_REG_PHMLIMIT, VTD_REG_IQH, VTD_REG_IQT, VTD_REG_IQA, VTD_REG_ICS, VTD_REG_IECTL,
    VTD_REG_IEADDR, VTD_REG_IQERCD, VTD_REG_IRTA, VTD_REG_PQH, VTD_REG_PQT, VTD_REG_PQA,
    VTD_REG_PRS, VTD_REG_PECTL, VTD_REG_PEADDR, VTD_REG_MTRRDEF, VTD_REG_MTRR_FIX64K_00000,
    VTD_REG_MTRR_PHYSBASE0, VTD_REG_MTRR_PHYSBASE0 + 8, 0xf0, 0xf8, 0x200, 0x208, 0x220, 0xe00,
    VTD_REG_PERFINTRSTS, VTD_REG_PERFINTRCTL, VTD_REG_ECMD, VTD_REG_ECEO, VTD_REG_ECRSP,
    VTD_PERF_CFG, VTD_PERF_CFG + VTD_PERF_CFG_STRIDE, VTD_PERF_FRZ, VTD_PERF_OVF, VTD_PERF_CNT,
};

typedef struct VtdFuzz {
    VtdConfig config;
    VtdDriver d;
    VtdRootTable root;
    VtdPasidTable pasids;
    VtdPages ss, fs, nested_fs;
    uint64_t irtes, pid;
    bool scalable;
} VtdFuzz;

static void choose_config(FuzzBed *b, VtdFuzz *f)
{
    static const char *const names[] = { "max", "qemu", "spr" };
    VtdConfig c;
    char err[256];

    vtd_config_named(&f->config, names[fuzz_below(b->in, 3)]);
    f->config.profile = fuzz_profile(b->in);
    c = f->config;
    c.cm = fuzz_chance(b->in, 4);
    c.nfr = 1 + fuzz_below(b->in, 8);
    c.zlr = fuzz_chance(b->in, 2);
    c.haw = 32 + (uint8_t)fuzz_below(b->in, 21);
    c.ver_max = 1 + (uint8_t)fuzz_below(b->in, 9);
    c.ssads = fuzz_chance(b->in, 2) && c.ssads;
    c.nest = fuzz_chance(b->in, 2) && c.nest;
    c.prs = fuzz_chance(b->in, 2) && c.prs;
    c.ssirws = fuzz_chance(b->in, 4) && c.ssirws;
    if (vtd_config_check(&c, err, sizeof(err))) {
        f->config = c;
    }
}

static IommuModel *new_model(FuzzBed *b, void *opaque)
{
    VtdFuzz *f = opaque;
    IommuModel *m = vtd_new(&f->config, &b->ram.host, NULL);

    if (!m) {
        fuzz_fail("vtd_new refuses a configuration that vtd_config_check accepts");
    }
    return m;
}

/* Some pages of each size at addresses that are asked for later; their entries may be damaged. */
static void map_some(FuzzBed *b, VtdPages *t, uint64_t delta)
{
    for (unsigned i = 0; i < 6; i++) {
        uint64_t addr = 0x100000000ull * i + 0x200000ull * fuzz_below(b->in, 64);
        unsigned level = 1 + fuzz_below(b->in, i & 1 ? 3 : 1);
        uint64_t attrs = t->stage == 1 ? VTD_FS_USER_RO : VTD_SS_RO;

        attrs |= fuzz_chance(b->in, 2) ? 2 : 0; /* R/W and W are the same bit */
        vtd_pages_map_level(t, addr, FUZZ_RAM_BASE + delta + 0x1000ull * i, level, attrs);
        fuzz_place(b, vtd_pages_entry_addr(t, addr, level) & ~63ull);
        fuzz_place(b, vtd_pages_entry_addr(t, addr, t->levels) & ~63ull);
        fuzz_input_addr(b, addr);
    }
}

static void set_pasid(FuzzBed *b, VtdFuzz *f, uint32_t pasid)
{
    uint64_t entry[VTD_PASID_WORDS];
    uint16_t did = (uint16_t)(1 + fuzz_below(b->in, 4));

    switch (fuzz_below(b->in, 4)) {
    case 0:
        vtd_pasid_first_stage(entry, &f->fs, did);
        break;
    case 1:
        vtd_pasid_second_stage(entry, &f->ss, did);
        break;
    case 2:
        vtd_pasid_nested(entry, &f->nested_fs, &f->ss, did);
        break;
    default:
        vtd_pasid_pass_through(entry, did);
        break;
    }
    field_set(entry, VTD_PASID_SSADE, f->config.ssads && fuzz_chance(b->in, 2));
    field_set(entry, VTD_PASID_SRE, f->config.srs && fuzz_chance(b->in, 2));
    field_set(entry, VTD_PASID_WPE, fuzz_chance(b->in, 4));
    field_set(entry, VTD_PASID_PWSNP, f->config.smpwcs && fuzz_chance(b->in, 2));
    vtd_pasid_set(&f->pasids, pasid, entry);
    fuzz_place(b, vtd_pasid_addr(&f->pasids, pasid));
}

static void set_context(FuzzBed *b, VtdFuzz *f, uint16_t rid)
{
    uint64_t entry[VTD_SMCTX_WORDS] = { 0 };
    uint16_t did = (uint16_t)(1 + fuzz_below(b->in, 4));

    if (f->scalable) {
        vtd_smctx(entry, &f->pasids, f->config.pasid && fuzz_chance(b->in, 2),
                  f->config.rps ? fuzz_below(b->in, 4) : 0);
        field_set(entry, VTD_SMCTX_DTE, f->config.dt && fuzz_chance(b->in, 2));
        field_set(entry, VTD_SMCTX_PRE, f->config.prs && fuzz_chance(b->in, 2));
    } else if (fuzz_chance(b->in, 4)) {
        vtd_ctx_pass_through(entry, vtd_aw_code(f->ss.levels), did);
    } else {
        vtd_ctx_second_stage(entry, &f->ss, did);
        field_set(entry, VTD_CTX_TT, f->config.dt && fuzz_chance(b->in, 2)
                                         ? VTD_TT_DEVICE_TLB : VTD_TT_UNTRANSLATED_ONLY);
    }
    vtd_ctx_set(&f->root, rid, entry);
    fuzz_place(b, vtd_ctx_addr(&f->root, rid));
}

static void make_interrupts(FuzzBed *b, VtdFuzz *f)
{
    f->irtes = gmem_alloc(&b->mem, 4096, 4096);
    f->pid = gmem_alloc(&b->mem, VTD_PID_BYTES, 64);
    for (unsigned i = 0; i < 8; i++) {
        uint64_t irte[VTD_IRTE_WORDS];

        if (f->config.pi && fuzz_chance(b->in, 2)) {
            vtd_irte_posted(irte, (uint8_t)fuzz_take(b->in, 1), f->pid, fuzz_chance(b->in, 2));
        } else {
            vtd_irte_fixed(irte, (uint8_t)fuzz_take(b->in, 1), (uint8_t)fuzz_take(b->in, 1));
        }
        if (fuzz_chance(b->in, 2)) {
            vtd_irte_verify(irte, (uint16_t)fuzz_below(b->in, STREAMS));
        }
        gmem_write_words(&b->mem, f->irtes + VTD_IRTE_BYTES * i, irte, VTD_IRTE_WORDS);
    }
    fuzz_place(b, f->irtes);
    fuzz_place(b, f->pid);
}

static void bring_up(FuzzBed *b, VtdFuzz *f)
{
    TableSpace physical = table_space(&b->mem), nested;

    f->scalable = f->config.smts && !fuzz_chance(b->in, 3);
    vtd_pages_init(&f->ss, &physical, 2, f->config.sagaw & 1u << VTD_AW_48 ? 4 : 3);
    map_some(b, &f->ss, 0);
    vtd_pages_init(&f->fs, &physical, 1, f->config.fs5lp && fuzz_chance(b->in, 2) ? 5 : 4);
    map_some(b, &f->fs, 0);
    nested = vtd_nested_space(&f->ss, GPA_DELTA);
    vtd_pages_init(&f->nested_fs, &nested, 1, 4);
    map_some(b, &f->nested_fs, GPA_DELTA);
    vtd_pages_map_smallest(&f->ss, FUZZ_RAM_BASE + GPA_DELTA, FUZZ_RAM_BASE, 0x8000, VTD_SS_RW);

    vtd_root_init(&f->root, &b->mem, f->scalable);
    if (f->scalable) {
        vtd_pasid_table_init(&f->pasids, &b->mem, 0);
        for (uint32_t pasid = 0; pasid < 8; pasid++) {
            set_pasid(b, f, pasid);
        }
    }
    for (uint16_t rid = 0; rid < STREAMS; rid++) {
        if (!fuzz_chance(b->in, 8)) {
            set_context(b, f, rid);
        }
    }
    make_interrupts(b, f);
    vtd_driver_init(&f->d, &b->bus, &b->mem);
    vtd_driver_start(&f->d, &f->root);
    vtd_driver_irta(&f->d, f->irtes, 2, f->config.eim && fuzz_chance(b->in, 2));
    if (f->config.prs) {
        uint64_t pq = gmem_alloc(&b->mem, 4096, 4096);

        reg_write64(&b->bus, VTD_REG_PQA, pq);
    }
}

static VtdDescWords some_descriptor(FuzzBed *b)
{
    uint16_t did = (uint16_t)fuzz_below(b->in, 6);
    uint16_t sid = (uint16_t)fuzz_below(b->in, STREAMS);
    uint32_t pasid = fuzz_below(b->in, 8);
    uint64_t addr = b->input_count ? b->inputs[fuzz_below(b->in, b->input_count)] : 0;
    unsigned am = fuzz_below(b->in, 20);

    switch (fuzz_below(b->in, 18)) {
    case 0:
        return vtd_make_context_global();
    case 1:
        return vtd_make_context_domain(did);
    case 2:
        return vtd_make_context_device(did, sid, fuzz_below(b->in, 4));
    case 3:
        return vtd_make_iotlb_global();
    case 4:
        return vtd_make_iotlb_domain(did);
    case 5:
        return vtd_make_iotlb_page(did, addr, am, fuzz_chance(b->in, 2));
    case 6:
        return vtd_make_pasid_domain(did);
    case 7:
        return vtd_make_pasid_selective(did, pasid);
    case 8:
        return vtd_make_pasid_global();
    case 9:
        return vtd_make_piotlb_pasid(did, pasid);
    case 10:
        return vtd_make_piotlb_page(did, pasid, addr, am, fuzz_chance(b->in, 2));
    case 11:
        return vtd_make_devtlb(sid, addr, am);
    case 12:
        return vtd_make_pdevtlb(sid, pasid, addr, am, fuzz_chance(b->in, 2));
    case 13:
        return vtd_make_iec_global();
    case 14:
        return vtd_make_iec_index((uint16_t)fuzz_below(b->in, 16), fuzz_below(b->in, 8));
    case 15:
        return vtd_make_wait_status(FUZZ_RAM_BASE + 64, 1);
    case 16:
        return vtd_make_wait_interrupt();
    default:
        return vtd_make_page_response(sid, true, pasid, fuzz_below(b->in, 512), 0);
    }
}

static void push_descriptor(FuzzBed *b, VtdFuzz *f)
{
    VtdDescWords d = some_descriptor(b);

    if (fuzz_chance(b->in, 4)) {
        d.w[fuzz_below(b->in, VTD_DESC_WORDS)] ^= fuzz_word(b->in);
    }
    /* The queue may have stopped or moved: this one follows the registers, not its memory. */
    vtd_driver_push(&f->d, d);
    if (fuzz_chance(b->in, 4)) {
        reg_write32(&b->bus, VTD_REG_FSTS, ~0u);
    }
}

static void some_interrupt(FuzzBed *b)
{
    VtdIrRequest q = {
        .addr = fuzz_chance(b->in, 8) ? 0xfee00000u | (fuzz_word(b->in) & 0xfffff)
                                      : vtd_msi_address((uint16_t)fuzz_below(b->in, 12),
                                                        fuzz_chance(b->in, 2)),
        .data = fuzz_chance(b->in, 4) ? (uint32_t)fuzz_word(b->in) : fuzz_below(b->in, 4),
        .sid = fuzz_chance(b->in, 8) ? VTD_SID_UNSPECIFIED : fuzz_below(b->in, STREAMS),
        .probe = fuzz_chance(b->in, 4),
    };
    VtdIrResult r;
    VtdIrStatus s = vtd_remap_interrupt(b->m, &q, &r);

    if (s > VTD_IR_BLOCKED || (s == VTD_IR_BLOCKED) != (r.fault != 0)) {
        fuzz_fail("interrupt status %d with fault %#x", (int)s, r.fault);
    }
}

static void own_operation(FuzzBed *b, void *opaque)
{
    VtdFuzz *f = opaque;

    switch (fuzz_below(b->in, 8)) {
    case 0 ... 3:
        push_descriptor(b, f);
        break;
    case 4:
        some_interrupt(b);
        break;
    case 5:
        set_context(b, f, (uint16_t)fuzz_below(b->in, STREAMS));
        break;
    case 6:
        if (f->scalable) {
            set_pasid(b, f, fuzz_below(b->in, 8));
        }
        break;
    default:
        vtd_stream_bypassed(b->m, fuzz_below(b->in, STREAMS));
        break;
    }
}

void fuzz_vtd(const uint8_t *data, size_t size)
{
    FuzzInput in = { data, size };
    VtdFuzz f = { 0 };
    FuzzBed b;

    fuzz_bed_init(&b, &in);
    b.streams = STREAMS;
    choose_config(&b, &f);
    fuzz_bed_attach(&b, new_model(&b, &f), vtd_config_mmio_size(&f.config));
    if (fuzz_chance(&in, 3)) {
        fuzz_bed_clock(&b);
    }
    bring_up(&b, &f);
    fuzz_loop(&b, own_operation, &f, registers, sizeof(registers) / sizeof(registers[0]),
              new_model);
    fuzz_bed_destroy(&b);
}
