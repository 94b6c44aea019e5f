/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random configurations of one and two stages against the slow reference of refsmmu.h: output
 * address, event, and every descriptor that hardware had to update. With -m thorough 1,000,000
 * translations, else 60,000; each third with caches off, of one entry, and of full size.
 *
 * A difference names its seed; only the specification can say which side is right.
 */
#include "fixture.h"
#include "tests/lib/random.h"
#include "refsmmu.h"

#define BIT(f) (1ull << (((f) >> 8) & 0xff))
#define ACCESSES 50u
#define MAPPINGS 5u
#define MUTATIONS 6u

typedef struct Scene {
    Fix *f;
    uint64_t seed, state;
    bool stage1, stage2;
    ArmPagesConfig c1, c2, c_upper;
    ArmPages upper;
    bool has_upper;
    unsigned cdmax;
    bool in_upper[MAPPINGS];
    unsigned data_bit;         /* nested: data lies at IPAs with this bit set, tables without */
    uint64_t va[MAPPINGS];
    uint64_t ipa[MAPPINGS];    /* where stage 2 was asked to have a leaf */
    uint8_t *shadow;           /* tables as they ought to be */
    uint64_t first, end;
} Scene;

static uint64_t rnd(Scene *s)
{
    return random_next(&s->state);
}

static unsigned pick(Scene *s, unsigned n)
{
    return random_below(&s->state, n);
}

static bool one_in(Scene *s, unsigned n)
{
    return pick(s, n) == 0;
}

/* ---- Configurations ----------------------------------------------------------------------- */

static ArmPagesConfig random_shape(Scene *s, unsigned stage, unsigned least)
{
    static const unsigned granules[] = { 12, 14, 16 };
    ArmPagesConfig c = { .stage = stage, .granule_lg2 = granules[pick(s, 3)] };
    unsigned stride = c.granule_lg2 - 3, most, low;

    c.wide = c.granule_lg2 == 16;
    c.ds = !c.wide && one_in(s, 3);
    most = c.ds || c.wide ? 52 : 48;
    c.in_bits = least + pick(s, most - least + 1);
    c.start = ARM_START_AUTO;
    if (stage == 2 && one_in(s, 2)) {
        int deeper = arm_pages_start_level(&c) + 1;

        low = (3 - deeper) * stride + c.granule_lg2 + 1;
        if (c.in_bits >= low && c.in_bits <= low + stride - 1 + 4) {
            c.start = deeper;
        }
    }
    return c;
}

/** A level of @t that may hold leaves of at most 2^@limit bytes. */
static int random_leaf_level(Scene *s, const ArmPages *t, unsigned limit)
{
    int level = 3;

    while (level > t->start && one_in(s, 2) && arm_pages_level_has_leaves(t, level - 1) &&
           arm_pages_level_lg2(t, level - 1) <= limit) {
        level--;
    }
    return level;
}

/** @attrs of @t with a memory type of its own, or without access flag, or with DBM. */
static uint64_t random_attrs(Scene *s, const ArmPages *t, uint64_t attrs)
{
    static const uint8_t memattr[] = { 1, 2, 3, 5, 6, 7, 9, 10, 11, 13, 14, 15, 15, 15 };
    static const uint8_t sh[] = { SH_NSH, SH_OSH, SH_ISH };

    if (t->config.stage == 1) {
        attrs = reg_set(attrs, PTE_ATTRINDX, pick(s, 4));
    } else {
        attrs = reg_set(attrs, S2PTE_MEMATTR, memattr[pick(s, sizeof(memattr))]);
    }
    if (!t->config.ds) {
        attrs = reg_set(attrs, PTE_SH, sh[pick(s, 3)]);
    }
    attrs &= one_in(s, 4) ? ~BIT(PTE_AF) : UINT64_MAX;
    return attrs | (one_in(s, 2) ? BIT(PTE_DBM) : 0);
}

/** Tables of the half that mapping @i is in. */
static ArmPages *stage1_of(Scene *s, unsigned i)
{
    return s->in_upper[i] ? &s->upper : &s->f->s1;
}

static void map_some(Scene *s)
{
    Fix *f = s->f;

    for (unsigned i = 0; i < MAPPINGS; i++) {
        uint64_t to = rnd(s) & low_mask(s->data_bit);
        uint64_t pa = rnd(s) & low_mask(47);
        unsigned lg2;
        int level;

        to |= s->stage2 ? 1ull << s->data_bit : 0;
        s->va[i] = to;
        if (s->stage1) {
            ArmPages *t;

            s->in_upper[i] = s->has_upper && one_in(s, 2);
            t = stage1_of(s, i);
            level = random_leaf_level(s, t, s->data_bit);
            lg2 = arm_pages_level_lg2(t, level);
            s->va[i] = rnd(s) & low_mask(t->config.in_bits);
            s->va[i] |= s->in_upper[i] ? ~low_mask(t->config.in_bits) : 0;
            arm_pages_map_level(t, s->va[i] & ~low_mask(lg2), to & ~low_mask(lg2), level,
                                random_attrs(s, t, one_in(s, 2) ? ARM_S1_RW
                                                                : arm_s1_attrs(pick(s, 4))));
            to = (to & ~low_mask(lg2)) | (s->va[i] & low_mask(lg2));
        }
        s->ipa[i] = to;
        if (s->stage2) {
            level = random_leaf_level(s, &f->s2, s->data_bit);
            lg2 = arm_pages_level_lg2(&f->s2, level);
            arm_pages_map_level(&f->s2, to & ~low_mask(lg2), pa & ~low_mask(lg2), level,
                                random_attrs(s, &f->s2,
                                             one_in(s, 3) ? ARM_S2_RO : ARM_S2_RW));
        }
    }
}

/** Choose one bit of one descriptor on the way to some mapping. False: none this time. */
static bool choose_flip(Scene *s, uint64_t *where, unsigned *which)
{
    static const uint8_t s1_table[] = { 0, 47, 59, 60, 61, 62 };
    static const uint8_t s1_leaf[] = { 6, 7, 7, 10, 10, 47, 51, 51, 53, 54, 1 };
    static const uint8_t s2_table[] = { 0, 47 };
    static const uint8_t s2_leaf[] = { 4, 4, 6, 7, 10, 10, 47, 51, 51, 53, 54, 1 };
    Fix *f = s->f;
    unsigned i = pick(s, MAPPINGS), n = 1;
    bool first = s->stage1 && (!s->stage2 || one_in(s, 2)), table;
    ArmPages *t = first ? stage1_of(s, i) : &f->s2;
    uint64_t input = first ? s->va[i] : s->ipa[i], addr, desc;
    int level;

    if (!first && s->stage1 && one_in(s, 2)) {
        input = one_in(s, 4) ? cd_table_input(&f->cds, 0)
                             : arm_pages_desc_input(stage1_of(s, i), s->va[i],
                                                    arm_pages_leaf_level(stage1_of(s, i),
                                                                         s->va[i]));
    }
    level = arm_pages_leaf_level(t, input);
    if (one_in(s, 3) && level > t->start) {
        level = t->start + (int)pick(s, level - t->start);
    }
    addr = arm_pages_desc_addr(t, input, level);
    if (!addr) {
        return false;
    }
    desc = gmem_read64(&f->mem, addr);
    table = level != 3 && (desc & 3) == 3;
    if (first) {
        n = table ? s1_table[pick(s, sizeof(s1_table))] : s1_leaf[pick(s, sizeof(s1_leaf))];
    } else {
        n = table ? s2_table[pick(s, sizeof(s2_table))] : s2_leaf[pick(s, sizeof(s2_leaf))];
    }
    if ((n < 2 || n == 47) && !one_in(s, 3)) {
        return false; /* these end the walk: not too often */
    }
    if (n == 1 && level != 3) {
        return false; /* a leaf would become a table of who knows what */
    }
    *where = addr;
    *which = n;
    return true;
}

/* All are chosen before the first is made: the builders would lose their way in broken tables. */
static void mutate(Scene *s)
{
    unsigned which[MUTATIONS], count = 0;
    uint64_t where[MUTATIONS];

    for (unsigned i = pick(s, MUTATIONS + 1); i > 0; i--) {
        count += choose_flip(s, &where[count], &which[count]);
    }
    for (unsigned i = 0; i < count; i++) {
        /* MemAttr[3:2] from Normal to Device is two bits */
        uint64_t flip = which[i] == 4 ? 3ull << 4 : 1ull << which[i];

        gmem_write64(&s->f->mem, where[i], gmem_read64(&s->f->mem, where[i]) ^ flip);
    }
}

static void random_cd(Scene *s, uint64_t ttb)
{
    static const BitField flags[] = {
        CD_HA, CD_HD, CD_AFFD, CD_WXN, CD_PAN, CD_EPAN, CD_HAD0, CD_TBI0, CD_HAD1, CD_TBI1,
    };
    Fix *f = s->f;
    unsigned ips = pick(s, 7);

    cd_stage1(f->cd, &f->s1, ASID);
    if (s->has_upper) {
        cd_add_upper(f->cd, &s->upper);
        ttb |= s->upper.ttb;
        field_set(f->cd, CD_EPD0, one_in(s, 10));
        field_set(f->cd, CD_EPD1, one_in(s, 10));
        field_set(f->cd, CD_E0PD1, one_in(s, 10));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++) {
        field_set(f->cd, flags[i], one_in(s, i < 2 ? 2 : 3));
    }
    field_set(f->cd, CD_E0PD0, one_in(s, 10));
    if (one_in(s, 3) && !(ttb >> (arm_address_size_bits(ips) - 1))) {
        field_set(f->cd, CD_IPS, ips);
    }
}

static void random_ste(Scene *s)
{
    static const BitField flags[] = { STE_S2HA, STE_S2HD, STE_S2AFFD, STE_S2PTW };
    Fix *f = s->f;

    if (!s->stage2) {
        ste_stage1(f->ste, &f->cds);
    } else if (s->stage1) {
        ste_nested(f->ste, &f->cds, &f->s2, VMID);
    } else {
        ste_stage2(f->ste, &f->s2, VMID);
    }
    if (s->cdmax) {
        field_set(f->ste, STE_S1DSS, one_in(s, 3) ? pick(s, 3) : STE_S1DSS_SUBSTREAM0);
    }
    if (!s->stage2) {
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++) {
        field_set(f->ste, flags[i], one_in(s, i < 2 ? 2 : 4));
    }
    if (one_in(s, 4)) {
        field_set(f->ste, STE_S2PS, pick(s, 7));
    }
}

static void restart(Scene *s)
{
    Fix *f = s->f;

    f->m->ops->reset(f->m);
    memset(f->ram.bytes, 0, f->mem.next - f->ram.base);
    f->mem = ramhost_guestmem(&f->ram, f->ram.base, f->ram.base + f->ram.size);
    smmu_driver_init(&f->drv, &f->bus, &f->mem);
    stream_table_init_linear(&f->streams, &f->mem, 5);
    g_assert_true(smmu_driver_start(&f->drv, &f->streams));
    s->first = f->mem.next;
}

/** Tables for the upper half. CD.DS is for both halves: a shape that needs the same. */
static void random_upper(Scene *s, const TableSpace *space)
{
    do {
        s->c_upper = random_shape(s, 1, 20);
    } while (s->c_upper.ds != s->c1.ds && !s->c_upper.wide);
    s->c_upper.upper = true;
    arm_pages_init(&s->upper, space, &s->c_upper);
}

static void configure(Scene *s)
{
    Fix *f = s->f;
    unsigned kind = pick(s, 4);
    TableSpace space = table_space(&f->mem);

    s->stage1 = kind != 0;
    s->stage2 = kind != 1;
    s->data_bit = 40;
    if (s->stage2) {
        s->c2 = random_shape(s, 2, 34);
        arm_pages_init(&f->s2, &space, &s->c2);
        s->data_bit = (s->c2.in_bits < 48 ? s->c2.in_bits : 48) - 1;
        space = arm_pages_nested_space(&f->s2, one_in(s, 2) ? 0 : 1ull << (s->data_bit - 1));
    }
    if (s->stage1) {
        s->c1 = random_shape(s, 1, 20);
        arm_pages_init(&f->s1, &space, &s->c1);
        s->has_upper = one_in(s, 2);
        if (s->has_upper) {
            random_upper(s, &space);
        }
        s->cdmax = one_in(s, 3) ? 2 : 0;
        cd_table_init(&f->cds, &space, STE_S1FMT_LINEAR, s->cdmax);
    }
    map_some(s);
    if (s->stage1) {
        random_cd(s, f->s1.ttb);
        put_cd(f); /* CD 0, and that of SSID; others are invalid */
    }
    random_ste(s);
    put_ste(f);
    mutate(s);
    s->end = f->mem.next;
    s->shadow = g_memdup2(ramhost_at(&f->ram, s->first, s->end - s->first), s->end - s->first);
}

/* ---- Translations ------------------------------------------------------------------------- */

static bool read_ram(void *opaque, uint64_t addr, uint64_t *value)
{
    RamHost *ram = opaque;

    if (!ramhost_at(ram, addr, 8)) {
        return false;
    }
    *value = ramhost_read64(ram, addr);
    return true;
}

static IommuTxn random_txn(Scene *s)
{
    unsigned i = pick(s, MAPPINGS), kind = pick(s, 6);
    IommuTxn t = txn_at(s->va[i] & ~3ull, kind == 1 || kind == 2 || kind == 3);

    t.atomic = kind == 3;
    t.exec = kind == 4;
    t.priv = one_in(s, 2);
    if (one_in(s, s->cdmax ? 3 : 60)) {
        t.has_pasid = true;
        t.pasid = one_in(s, 4) ? pick(s, 6) : SSID;
    }
    if (one_in(s, 3)) {
        t.addr ^= 1ull << (2 + pick(s, 50));
    } else if (one_in(s, 2)) {
        t.addr ^= rnd(s) & 0xff0;
    }
    if (one_in(s, 8)) {
        t.addr ^= rnd(s) << 56;
    }
    return t;
}

static void differ(Scene *s, const IommuTxn *t, const char *what, uint64_t model, uint64_t ref)
{
    g_error("seed 0x%llx: %s of %s%s%s 0x%llx: model 0x%llx, reference 0x%llx",
            (unsigned long long)s->seed, what, t->priv ? "privileged " : "",
            t->exec ? "instruction " : "", t->atomic ? "atomic" : t->write ? "write" : "read",
            (unsigned long long)t->addr, (unsigned long long)model, (unsigned long long)ref);
}

#define SAME(what, model, ref)                     \
    do {                                           \
        if ((model) != (ref)) {                    \
            differ(s, t, (what), (model), (ref));  \
        }                                          \
    } while (0)

static void check_event(Scene *s, const IommuTxn *t, const RefResult *ref)
{
    SmmuEventWords *e = &s->f->event;
    bool eabt = ref->event == F_WALK_EABT;

    if (!smmu_driver_event(&s->f->drv, e)) {
        differ(s, t, "event", 0, ref->event);
    }
    SAME("event", e->num, ref->event);
    if (eabt || ref->event == F_CD_FETCH) {
        SAME("FetchAddr", e->fetch_addr, ref->fetch_addr);
    }
    if (ref->event < F_WALK_EABT) {
        return;
    }
    SAME("InputAddr", e->input_addr, t->addr);
    SAME("S2", e->s2, ref->s2);
    SAME("CLASS", e->cls, ref->cls);
    if (ref->s2 && !eabt) {
        SAME("IPA", e->ipa & ~low_mask(12), ref->ipa & ~low_mask(12));
    }
    if (ref->event == F_PERMISSION && ref->s2 && ref->cls == EVT_CLASS_TT) {
        SAME("TTRnW", e->ttrnw, ref->ttrnw);
    }
}

/** What came of all translations of a run. */
typedef struct Tally {
    unsigned translated, updated;
    unsigned event[F_PERMISSION + 1][2]; /* by stage */
} Tally;

static void check_one(Scene *s, Tally *tally)
{
    IommuTxn txn = random_txn(s), *t = &txn;
    RefAccess a = {
        .addr = t->addr, .read = !t->exec && (!t->write || t->atomic), .write = t->write,
        .exec = t->exec, .priv = t->priv, .ssv = t->has_pasid, .ssid = t->pasid,
    };
    RefResult ref;
    IommuResult res;

    ref_translate(s->f->ste, s->f->config.oas, &a, read_ram, &s->f->ram, &ref);
    res = run(s->f, t);
    if (ref.event) {
        SAME("status", res.status, IOMMU_STATUS_ABORT);
        check_event(s, t, &ref);
        tally->event[ref.event][ref.s2]++;
    } else {
        SAME("status", res.status, IOMMU_STATUS_OK);
        SAME("address", res.pa, ref.pa);
        SAME("memory type", res.attr.type, ref.type);
        SAME("shareability", res.attr.sh, ref.sh);
        tally->translated++;
    }
    SAME("number of events", smmu_driver_event_count(&s->f->drv), 0);
    tally->updated += ref.writes != 0;
    for (unsigned i = 0; i < ref.writes; i++) {
        SAME("descriptor", ramhost_read64(&s->f->ram, ref.write[i].addr), ref.write[i].value);
        le64_store(s->shadow + (ref.write[i].addr - s->first), ref.write[i].value);
    }
}

/** A test of faults alone, or of none, would be no test. */
static void check_tally(const Tally *t, unsigned total)
{
    static const uint8_t configuration[] = { F_STREAM_DISABLED, C_BAD_SUBSTREAMID, C_BAD_CD };
    static const uint8_t both[] = { F_WALK_EABT, F_TRANSLATION, F_ADDR_SIZE, F_ACCESS,
                                    F_PERMISSION };

    g_test_message("%u translations, %u succeed, %u update descriptors", total, t->translated,
                   t->updated);
    g_assert_cmpuint(t->translated, >, total / 5);
    g_assert_cmpuint(t->updated, >, total / 200);
    for (size_t i = 0; i < G_N_ELEMENTS(configuration); i++) {
        g_test_message("event 0x%02x: %u", configuration[i], t->event[configuration[i]][0]);
        g_assert_cmpuint(t->event[configuration[i]][0], >, 0);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(both); i++) {
        g_test_message("event 0x%02x: stage 1 %u, stage 2 %u", both[i], t->event[both[i]][0],
                       t->event[both[i]][1]);
        g_assert_cmpuint(t->event[both[i]][0], >, 0);
        g_assert_cmpuint(t->event[both[i]][1], >, 0);
    }
}

static void test_random(Fix *f)
{
    unsigned total = g_test_thorough() ? 333350 : 20000;
    Tally tally = { 0 };
    uint64_t seed0 = 0x5741c4;

    for (unsigned n = 0; n < total / ACCESSES; n++) {
        Scene s = { .f = f, .seed = seed0 + n };

        s.state = s.seed * 0x9e3779b97f4a7c15ull | 1;
        for (unsigned i = 0; i < 8; i++) {
            rnd(&s);
        }
        restart(&s);
        configure(&s);
        for (unsigned i = 0; i < ACCESSES; i++) {
            check_one(&s, &tally);
        }
        /* Nothing else was written */
        if (memcmp(s.shadow, ramhost_at(&f->ram, s.first, s.end - s.first), s.end - s.first)) {
            g_error("seed 0x%llx: a descriptor was written that must not be",
                    (unsigned long long)s.seed);
        }
        g_free(s.shadow);
    }
    check_tally(&tally, total);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fix_add_profiles("/smmuv3/reference/random-configurations", test_random);
    return g_test_run();
}
