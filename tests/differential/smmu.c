/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Differential test: SMMUv3 configurations within what QEMU 10.0's model has: stage 1, stage 2
 * and nested, three granules, two-level stream tables; legal ones and such with a mistake.
 */
#include "differential.h"

#include <stdio.h>
#include <string.h>

#include "../lib/smmu-driver.h"

#define PAGES_RAM_BITS 30
#define OAS_BITS 44
#define ASID 5
#define VMID 9

enum { R_NUM, R_SID, R_SSV, R_STALL, R_RNW, R_PNU_IND, R_S2, R_CLASS, R_ADDR, R_IPA };

static const char *const field_names[] = {
    "type", "sid", "ssv", "stall", "RnW", "PnU.InD", "S2", "class", "addr", "ipa", NULL,
};

static const DiffVariant variants[] = {
    { "stage 1", "model=qemu,stage=1", "stage=1" },
    { "stage 2", "model=qemu,stage=2", "stage=2" },
    { "nested", "model=qemu,stage=nested", "stage=nested" },
};

typedef struct Side {
    Emulator *e;
    SmmuDriver driver;
    StreamTable streams;
    CdTable cds;
    ArmPages s1, upper, s2;
    TableSpace nested;
    uint64_t ste[STE_WORDS], cd[CD_WORDS];
    uint64_t now[STE_WORDS]; /* what the stream table holds */
    bool has_s1, has_s2, has_upper;
    const char *mistake;
    unsigned s1_in_bits;
    DiffPlace place[DIFF_PLACES];
    uint64_t ipa[DIFF_PLACES]; /* what stage 1 gives; the PA without stage 2 */
    int level[DIFF_PLACES];
} Side;

/* ---- mistakes ------------------------------------------------------------------------------- */

typedef struct Mistake {
    const char *name;
    bool cd;        /* in the CD; else in the STE */
    bool s1, s2;    /* needs that stage */
    BitField field;
    uint64_t value;
} Mistake;

/* Without those that end QEMU's own model with a failed assertion (SMMU-1). */
static const Mistake mistakes[] = {
    { "STE.V=0", false, false, false, STE_V, 0 },
    { "STE.Config=1", false, false, false, STE_CONFIG, 1 },
    { "STE.Config=3", false, false, false, STE_CONFIG, 3 },
    { "STE.S2T0SZ=10", false, false, true, STE_S2T0SZ, 10 },
    { "STE.S2T0SZ=50", false, false, true, STE_S2T0SZ, 50 },
    { "STE.S2SL0=3", false, false, true, STE_S2SL0, 3 },
    { "STE.S2R=0", false, false, true, STE_S2R, 0 },
    { "STE.S2TTB beyond OAS", false, false, true, STE_S2TTB, 1ull << 44 },
    { "CD.V=0", true, true, false, CD_V, 0 },
    { "CD.AA64=0", true, true, false, CD_AA64, 0 },
    { "CD.A=0", true, true, false, CD_A, 0 },
    { "CD.R=0", true, true, false, CD_R, 0 },
    { "CD.TG0=3", true, true, false, CD_TG0, 3 },
    { "CD.T0SZ=10", true, true, false, CD_T0SZ, 10 },
    { "CD.T0SZ=45", true, true, false, CD_T0SZ, 45 },
    { "CD.EPD0=1", true, true, false, CD_EPD0, 1 },
    { "CD.IPS=0", true, true, false, CD_IPS, 0 },
    { "CD.S=1", true, true, false, CD_S, 1 },
    { "CD.HA=1", true, true, false, CD_HA, 1 },
    { "CD.ENDI=1", true, true, false, CD_ENDI, 1 },
    { "CD.TTB0 beyond IPS", true, true, false, CD_TTB0, 1ull << 44 },
    { "CD.TBI0=1", true, true, false, CD_TBI0, 1 },
    { "CD.AFFD=1", true, true, false, CD_AFFD, 1 },
};

static void make_mistake(Side *s, GRand *rand)
{
    const Mistake *m;

    do {
        m = &mistakes[pick(rand, G_N_ELEMENTS(mistakes))];
    } while ((m->s1 && !s->has_s1) || (m->s2 && !s->has_s2));
    field_set(m->cd ? s->cd : s->ste, m->field, m->value);
    s->mistake = m->name;
}

/* ---- configuration -------------------------------------------------------------------------- */

static unsigned pick_granule(GRand *rand)
{
    return 12 + 2 * pick(rand, 3);
}

static void init_stage2(Side *s, GRand *rand)
{
    TableSpace space = table_space(&s->e->mem);

    arm_pages_init_simple(&s->s2, &space, 2, pick_granule(rand), 36 + pick(rand, OAS_BITS - 35));
}

static void init_stage1(Side *s, GRand *rand)
{
    TableSpace space = s->has_s2 ? s->nested : table_space(&s->e->mem);
    ArmPagesConfig config = {
        .stage = 1, .granule_lg2 = pick_granule(rand), .in_bits = 32 + pick(rand, 17),
        .start = ARM_START_AUTO,
    };

    s->s1_in_bits = config.in_bits;
    arm_pages_init(&s->s1, &space, &config);
    s->has_upper = chance(rand, 25);
    if (s->has_upper) {
        config.granule_lg2 = pick_granule(rand);
        config.in_bits = 32 + pick(rand, 17);
        config.upper = true;
        arm_pages_init(&s->upper, &space, &config);
    }
    cd_table_init(&s->cds, &space, STE_S1FMT_LINEAR, 0);
    cd_stage1(s->cd, &s->s1, ASID);
    if (s->has_upper) {
        cd_add_upper(s->cd, &s->upper);
    }
}

/* Rights and access flag of a leaf; mostly all, so that most of it works. */
static uint64_t leaf_attrs(GRand *rand, unsigned stage)
{
    uint64_t attrs;

    if (stage == 1) {
        attrs = arm_s1_attrs(chance(rand, 70) ? VMSA_AP_ALL_RW : pick(rand, 4));
    } else {
        attrs = arm_s2_attrs(chance(rand, 70) ? VMSA_S2AP_RW : pick(rand, 4));
    }
    return reg_set(attrs, PTE_AF, !chance(rand, 6));
}

/* Map the place of @pa at a random input of @t; gives the input. */
static uint64_t map_somewhere(ArmPages *t, GRand *rand, uint64_t pa, uint64_t attrs, int *level)
{
    int leaf = 3;
    unsigned lg2;
    uint64_t in;

    if (chance(rand, 30) && arm_pages_level_has_leaves(t, 2)) {
        leaf = 2;
    }
    lg2 = arm_pages_level_lg2(t, leaf);
    in = rand64(rand) & low_mask(t->config.in_bits) & ~low_mask(lg2);
    if (t->config.upper) {
        in |= ~low_mask(t->config.in_bits);
    }
    arm_pages_map_level(t, in, pa & ~low_mask(lg2), leaf, attrs);
    *level = leaf;
    return in | (pa & low_mask(lg2));
}

/* Spoil the leaf of @in in @t in one of several ways. */
static const char *spoil(ArmPages *t, GRand *rand, uint64_t in)
{
    uint64_t desc = arm_pages_get(t, in);
    unsigned how = pick(rand, 3);
    static const char *const names[] = { "invalid", "type 01", "beyond OAS" };

    switch (how) {
    case 0:
        desc &= ~1ull;
        break;
    case 1:
        desc = (desc & ~3ull) | 1;
        break;
    default:
        desc |= 1ull << 47;
        break;
    }
    arm_pages_set(t, in, desc);
    return names[how];
}

static void init_place(Side *s, GRand *rand, unsigned i)
{
    DiffPlace *p = &s->place[i];
    bool up = s->has_upper && chance(rand, 40);
    uint64_t at;
    int level;

    diff_place_init(s->e, p, i);
    at = p->pa;
    if (s->has_s2) {
        at = map_somewhere(&s->s2, rand, at, leaf_attrs(rand, 2), &level);
        s->level[i] = level;
    }
    s->ipa[i] = at;
    if (s->has_s1) {
        at = map_somewhere(up ? &s->upper : &s->s1, rand, at, leaf_attrs(rand, 1), &level);
        s->level[i] = level;
    }
    p->iova = at;
    snprintf(p->note, sizeof(p->note), "place %u%s", i, up ? " (TTB1)" : "");
    if (chance(rand, 8) && s->has_s1) {
        snprintf(p->note, sizeof(p->note), "place %u, s1 %s", i,
                 spoil(up ? &s->upper : &s->s1, rand, p->iova));
    } else if (chance(rand, 8) && s->has_s2) {
        snprintf(p->note, sizeof(p->note), "place %u, s2 %s", i,
                 spoil(&s->s2, rand, s->ipa[i]));
    }
}

static void init_ste(Side *s, GRand *rand, const DiffVariant *v)
{
    bool may_s1 = v != &variants[1], may_s2 = v != &variants[0];

    if (chance(rand, 6)) {
        ste_bypass(s->ste);
    } else if (chance(rand, 4)) {
        ste_abort(s->ste);
    } else {
        s->has_s2 = may_s2 && (!may_s1 || chance(rand, 75));
        s->has_s1 = may_s1 && (!s->has_s2 || chance(rand, 75));
    }
    if (s->has_s2) {
        init_stage2(s, rand);
        s->nested = arm_pages_nested_space(&s->s2, 1ull << 33);
    }
    if (s->has_s1) {
        init_stage1(s, rand);
    }
    if (s->has_s1 && s->has_s2) {
        ste_nested(s->ste, &s->cds, &s->s2, VMID);
    } else if (s->has_s1) {
        ste_stage1(s->ste, &s->cds);
    } else if (s->has_s2) {
        ste_stage2(s->ste, &s->s2, VMID);
    }
}

static const char *shape(const Side *s, char *buf, size_t size)
{
    static const char *const names[] = { "no stage", "stage 1", "stage 2", "nested" };
    int n = snprintf(buf, size, "%s", names[s->has_s1 | s->has_s2 << 1]);

    if (s->has_s1) {
        n += snprintf(buf + n, size - n, ", s1 %uK %u bits%s",
                      1u << (s->s1.config.granule_lg2 - 10), s->s1.config.in_bits,
                      s->has_upper ? " and TTB1" : "");
    }
    if (s->has_s2) {
        n += snprintf(buf + n, size - n, ", s2 %uK %u bits", 1u << (s->s2.config.granule_lg2 - 10),
                      s->s2.config.in_bits);
    }
    snprintf(buf + n, size - n, ", %s stream table 2^%u",
             s->streams.two_level ? "2-level" : "linear", s->streams.log2size);
    return buf;
}

static void *configure(Emulator *e, const DiffVariant *v, unsigned block, GRand *rand,
                       char *summary)
{
    Side *s = g_new0(Side, 1);
    char text[128];

    s->e = e;
    smmu_driver_init(&s->driver, &e->iommu, &e->mem);
    if (block & 1) {
        stream_table_init_two_level(&s->streams, &e->mem, 8 + pick(rand, 8), 6 + 2 * pick(rand, 3));
    } else {
        /* Sometimes too small for the device. */
        stream_table_init_linear(&s->streams, &e->mem, chance(rand, 95) ? 6 + pick(rand, 4) : 5);
    }
    init_ste(s, rand, v);
    for (unsigned i = 0; i < DIFF_PLACES; i++) {
        init_place(s, rand, i);
    }
    if (chance(rand, 18)) {
        make_mistake(s, rand);
    }
    if (s->has_s1) {
        cd_table_set(&s->cds, 0, s->cd);
    }
    if (s->streams.two_level || s->streams.log2size > 5) {
        stream_table_set(&s->streams, EMULATOR_RID, s->ste);
        memcpy(s->now, s->ste, sizeof(s->ste));
    }
    snprintf(summary, DIFF_NAME, "%s%s%s", shape(s, text, sizeof(text)), s->mistake ? ", " : "",
             s->mistake ? s->mistake : "");
    if (!smmu_driver_start(&s->driver, &s->streams)) {
        g_free(s);
        return NULL;
    }
    return s;
}

/* ---- steps ---------------------------------------------------------------------------------- */

static bool sync(Side *s)
{
    return smmu_driver_sync(&s->driver);
}

/* Invalidate what may be cached of place @i, by one of the commands that do. */
static bool invalidate(Side *s, GRand *rand, unsigned i, bool stage2, DiffStep *step)
{
    SmmuDriver *d = &s->driver;
    uint64_t va = s->place[i].iova;
    uint16_t vmid = s->has_s2 ? VMID : 0;
    unsigned how = pick(rand, 4);

    if (stage2) {
        snprintf(step->change + strlen(step->change), 24, ", S2_IPA or VMALL");
        if (how < 2) {
            smmu_driver_push(d, smmu_make_tlbi_s2_ipa(VMID, s->ipa[i], true));
            if (s->has_s1) {
                smmu_driver_push(d, smmu_make_tlbi_nh_all(VMID));
            }
        } else {
            smmu_driver_push(d, smmu_make_tlbi_s12_vmall(VMID));
        }
        return sync(s);
    }
    switch (how) {
    case 0:
        snprintf(step->change + strlen(step->change), 24, ", NH_VA");
        return smmu_driver_issue(d, smmu_make_tlbi_nh_va(vmid, ASID, va, true));
    case 1:
        snprintf(step->change + strlen(step->change), 24, ", NH_VAA");
        return smmu_driver_issue(d, smmu_make_tlbi_nh_vaa(vmid, va, true));
    case 2:
        snprintf(step->change + strlen(step->change), 24, ", NH_ASID");
        return smmu_driver_issue(d, smmu_make_tlbi_nh_asid(vmid, ASID));
    default:
        snprintf(step->change + strlen(step->change), 24, ", NSNH_ALL");
        return smmu_driver_issue(d, smmu_make_tlbi_nsnh_all());
    }
}

static ArmPages *table_of(Side *s, unsigned i)
{
    return s->place[i].iova >> 63 ? &s->upper : &s->s1;
}

/* Take a leaf away, or bring one back with other rights. */
static bool change_leaf(Side *s, GRand *rand, DiffStep *step)
{
    unsigned i = pick(rand, DIFF_PLACES);
    bool stage2 = s->has_s2 && (!s->has_s1 || chance(rand, 50));
    ArmPages *t = stage2 ? &s->s2 : table_of(s, i);
    uint64_t in = stage2 ? s->ipa[i] : s->place[i].iova;
    uint64_t target = stage2 ? s->place[i].pa : s->ipa[i];

    if (chance(rand, 30)) {
        arm_pages_unmap(t, in);
        snprintf(step->change, sizeof(step->change), "unmap place %u at s%d", i, stage2 ? 2 : 1);
    } else {
        unsigned lg2 = arm_pages_level_lg2(t, 3);

        arm_pages_unmap(t, in);
        if (!invalidate(s, rand, i, stage2, step)) {
            return false;
        }
        arm_pages_map_level(t, in & ~low_mask(lg2), target & ~low_mask(lg2), 3,
                            leaf_attrs(rand, stage2 ? 2 : 1));
        snprintf(step->change, sizeof(step->change), "remap place %u at s%d", i, stage2 ? 2 : 1);
    }
    return invalidate(s, rand, i, stage2, step);
}

/* Switch the stream off or on again. */
static bool change_ste(Side *s, GRand *rand, DiffStep *step)
{
    uint64_t ste[STE_WORDS] = { 0 };

    if (!s->streams.two_level && s->streams.log2size <= 5) {
        return true;
    }
    if (chance(rand, 20)) {
        snprintf(step->change, sizeof(step->change), "STE abort");
        ste_abort(ste);
    } else if (chance(rand, 20)) {
        snprintf(step->change, sizeof(step->change), "STE bypass");
        ste_bypass(ste);
    } else {
        snprintf(step->change, sizeof(step->change), "STE back");
        memcpy(ste, s->ste, sizeof(ste));
    }
    stream_table_set(&s->streams, EMULATOR_RID, ste);
    memcpy(s->now, ste, sizeof(ste));
    return smmu_driver_issue(&s->driver, chance(rand, 70)
                                         ? smmu_make_cfgi_ste(EMULATOR_RID, true)
                                         : smmu_make_cfgi_all());
}

static bool step(void *side, GRand *rand, DiffStep *step, DmaDesc *desc)
{
    Side *s = side;
    bool ok = true;

    if (chance(rand, 8) && (s->has_s1 || s->has_s2)) {
        ok = change_leaf(s, rand, step);
    } else if (chance(rand, 4)) {
        ok = change_ste(s, rand, step);
    }
    diff_transaction(rand, s->place, DIFF_PLACES, chance(rand, 20) ? 64 : 40, step, desc);
    return ok;
}

/* ---- results -------------------------------------------------------------------------------- */

static unsigned events(void *side, DiffEvent *out, unsigned max)
{
    Side *s = side;
    SmmuEventWords w;
    unsigned n = 0;

    while (smmu_driver_event(&s->driver, &w)) {
        bool has_addr = w.num >= F_TRANSLATION || w.num == F_WALK_EABT;
        DiffEvent ev = { { 0 } };

        ev.field[R_NUM] = w.num;
        ev.field[R_SID] = w.sid;
        ev.field[R_SSV] = w.ssv;
        ev.field[R_STALL] = w.stall;
        if (has_addr) {
            ev.field[R_RNW] = w.rnw;
            ev.field[R_PNU_IND] = w.pnu << 1 | w.ind;
            ev.field[R_S2] = w.s2;
            ev.field[R_CLASS] = w.cls;
            ev.field[R_ADDR] = w.input_addr;
            ev.field[R_IPA] = w.s2 ? w.ipa : 0;
        }
        diff_add_event(out, max, &n, &ev, R_ADDR, R_IPA);
    }
    return n;
}

static unsigned exclude(void *side, DiffRange *ranges, unsigned max)
{
    Side *s = side;

    g_assert(max >= 2);
    ranges[0] = (DiffRange) { s->driver.eventq, EVENT_BYTES << s->driver.eventq_log2size };
    ranges[1] = (DiffRange) { s->driver.cmdq, CMD_WORDS * 8ull << s->driver.cmdq_log2size };
    return 2;
}

/* ---- known differences: entries of docs/baseline-differences.rst ---------------------------- */

static bool s1_on(const Side *s)
{
    return field_get(s->now, STE_CONFIG) == STE_CONFIG_S1_TRANS ||
           field_get(s->now, STE_CONFIG) == STE_CONFIG_NESTED;
}

static bool s2_on(const Side *s)
{
    return field_get(s->now, STE_CONFIG) == STE_CONFIG_S2_TRANS ||
           field_get(s->now, STE_CONFIG) == STE_CONFIG_NESTED;
}

static bool one_record(const DiffResult *r, unsigned num, bool s2)
{
    return !r->ok && r->events == 1 && r->event[0].field[R_NUM] == num &&
           r->event[0].field[R_S2] == s2;
}

static bool no_record(const DiffResult *r)
{
    return !r->ok && r->events == 0;
}

/* Stage 1 leaf of @addr, 0 if there is none. */
static uint64_t s1_leaf(Side *s, uint64_t addr)
{
    ArmPages *t = addr >> 63 ? &s->upper : &s->s1;

    return s1_on(s) && (t != &s->upper || s->has_upper) ? arm_pages_get(t, addr) : 0;
}

/* What stage 1, if it is on, makes of an address in the leaf of a place. */
static uint64_t ipa_of(Side *s, uint64_t addr)
{
    for (unsigned i = 0; i < DIFF_PLACES && s1_on(s); i++) {
        ArmPages *t = table_of(s, i);
        unsigned lg2 = arm_pages_level_lg2(t, arm_pages_leaf_level(t, s->place[i].iova));

        if ((s->place[i].iova ^ addr) >> lg2 == 0) {
            return s->ipa[i] + (addr - s->place[i].iova);
        }
    }
    return addr;
}

static bool privileged_only(uint64_t leaf)
{
    return reg_get(leaf, VMSA_AP) == VMSA_AP_PRIV_RW || reg_get(leaf, VMSA_AP) == VMSA_AP_PRIV_RO;
}

static const char *known(void *side, const DiffStep *step, const DiffResult *ours,
                         const DiffResult *theirs)
{
    Side *s = side;
    const DiffEvent *ev = &ours->event[0];
    uint64_t addr = ours->events ? ev->field[R_ADDR] : step->addr, leaf;
    bool atomic = step->op == IDMA_OP_FETCH_ADD;

    /* A page for privileged accesses only, and the device makes others. */
    leaf = s1_leaf(s, addr);
    if (leaf && privileged_only(leaf) &&
        (one_record(ours, F_PERMISSION, false) ||
         (no_record(ours) && !field_get(s->cd, CD_R)))) {
        return "SMMU-2";
    }
    /* A block of stage 1 is gone, and QEMU has kept a piece of it that stage 2 had cut off. */
    if (s1_on(s) && s2_on(s) && one_record(ours, F_TRANSLATION, false) && theirs->ok &&
        !(leaf & 1)) {
        return "SMMU-11";
    }
    /* No stage 1, and an address beyond the output size. */
    if (one_record(ours, F_ADDR_SIZE, false) && !s1_on(s) && addr >> OAS_BITS &&
        no_record(theirs)) {
        return "SMMU-3";
    }
    /* A stage 2 table beyond the output size. */
    if (one_record(ours, C_BAD_STE, false) && s2_on(s) &&
        field_in_place(s->now, STE_S2TTB) >> OAS_BITS) {
        return "SMMU-4";
    }
    /* An atomic reads; STE.S2R says not to record that it may not. */
    if (s2_on(s) && atomic && no_record(ours) && theirs->ok && !field_get(s->now, STE_S2R) &&
        reg_get(arm_pages_get(&s->s2, ipa_of(s, addr)), VMSA_S2AP) == VMSA_S2AP_WO) {
        return "SMMU-5";
    }
    /* Stage 2 forbids reads; STE.S2R says not to record that. */
    if (s1_on(s) && s2_on(s) && !step->write && no_record(ours) && !field_get(s->now, STE_S2R) &&
        reg_get(arm_pages_get(&s->s2, ipa_of(s, addr)), VMSA_S2AP) == VMSA_S2AP_WO) {
        return "SMMU-8";
    }
    if (s2_on(s) && one_record(ours, F_PERMISSION, true)) {
        uint64_t s2_leaf = arm_pages_get(&s->s2, s1_on(s) ? ev->field[R_IPA] | (addr & 0xfff)
                                                          : addr);
        unsigned s2ap = reg_get(s2_leaf, VMSA_S2AP);

        /* An atomic reads. */
        if (atomic && theirs->ok && s2ap == VMSA_S2AP_WO) {
            return "SMMU-5";
        }
        /* Cached, with too few rights. */
        if (no_record(theirs) && (s2ap == VMSA_S2AP_WO || s2ap == VMSA_S2AP_RO)) {
            return "SMMU-6";
        }
        if (one_record(theirs, F_PERMISSION, true) && theirs->event[0].field[R_IPA] == 0) {
            return "SMMU-7";
        }
        /* Where QEMU goes on, it may fail at the next page. */
        if (s1_on(s) && s2ap == VMSA_S2AP_WO && !step->write &&
            (theirs->ok || theirs->event[0].field[R_ADDR] > (addr | 0xfff))) {
            return "SMMU-8";
        }
    }
    /* A write that does not get as far as its own page. */
    if (step->write && ours->events == 1 && theirs->events == 1 && !ours->ok && !theirs->ok &&
        ev->field[R_CLASS] != EVT_CLASS_IN && ev->field[R_NUM] >= F_TRANSLATION) {
        DiffEvent b = theirs->event[0];

        b.field[R_RNW] = ev->field[R_RNW];
        if (!memcmp(ev, &b, sizeof(b))) {
            return "SMMU-10";
        }
    }
    /* A leaf's address is looked at before its access flag and its rights. */
    for (unsigned stage = 0; stage < 2; stage++) {
        if (one_record(ours, F_ADDR_SIZE, stage) &&
            (one_record(theirs, F_PERMISSION, stage) || one_record(theirs, F_ACCESS, stage))) {
            return "SMMU-9";
        }
    }
    return NULL;
}

static const DiffPlace *places(void *side)
{
    Side *s = side;

    return s->place;
}

static void stop(void *side)
{
    Side *s = side;

    smmu_driver_cr0(&s->driver, 0);
}

const DiffScript smmu_script = {
    .name = "smmuv3",
    .variants = variants,
    .variant_count = G_N_ELEMENTS(variants),
    .field_names = field_names,
    .configure = configure,
    .step = step,
    .events = events,
    .exclude = exclude,
    .known = known,
    .places = places,
    .stop = stop,
    .free = g_free,
};
