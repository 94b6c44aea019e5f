/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SMMUv3 Stream tables, STEs, Context descriptor tables and CDs (Arm IHI 0070, chapter 5). */
#include "smmu-tables.h"

#include <glib.h>
#include <string.h>

#define ATTR_WB 1u /* IR, OR, S1CIR, S1COR: write-back */

#define MAIR_WB        0xffull
#define MAIR_NC        0x44ull
#define MAIR_DEVICE    0x04ull
#define MAIR_WT        0xbbull
#define MAIR_VALUE     (MAIR_WB << 8 * ARM_ATTRINDX_WB | MAIR_NC << 8 * ARM_ATTRINDX_NC | \
                        MAIR_DEVICE << 8 * ARM_ATTRINDX_DEVICE | MAIR_WT << 8 * ARM_ATTRINDX_WT)

/* ---- address sizes ----------------------------------------------------------------------- */

static const unsigned address_sizes[] = { 32, 36, 40, 42, 44, 48, 52, 56 };

unsigned arm_address_size_code(unsigned address_bits)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(address_sizes); i++) {
        if (address_sizes[i] == address_bits) {
            return i;
        }
    }
    g_error("%u bits is no Arm address size", address_bits);
}

unsigned arm_address_size_bits(unsigned code)
{
    return address_sizes[code];
}

static unsigned output_size_code(const ArmPages *t)
{
    return arm_address_size_code(t->config.ds || t->config.wide ? 52 : 48);
}

/* ---- Stream table ------------------------------------------------------------------------ */

void stream_table_init_linear(StreamTable *t, GuestMem *mem, unsigned log2size)
{
    uint64_t bytes = (uint64_t)STE_BYTES << log2size;

    *t = (StreamTable) { .mem = mem, .log2size = log2size };
    t->base = gmem_alloc(mem, bytes, bytes);
}

void stream_table_init_two_level(StreamTable *t, GuestMem *mem, unsigned log2size, unsigned split)
{
    uint64_t bytes = L1STD_BYTES;

    if (log2size > split) {
        bytes <<= log2size - split;
    }
    *t = (StreamTable) { .mem = mem, .two_level = true, .log2size = log2size, .split = split };
    t->base = gmem_alloc(mem, bytes, MAX(bytes, 64));
}

uint64_t stream_table_base_reg(const StreamTable *t)
{
    return t->base;
}

uint32_t stream_table_cfg_reg(const StreamTable *t)
{
    uint64_t cfg = reg_make(STRTAB_CFG_LOG2SIZE, t->log2size);

    if (t->two_level) {
        cfg = reg_set(cfg, STRTAB_CFG_FMT, STRTAB_FMT_2LVL);
        cfg = reg_set(cfg, STRTAB_CFG_SPLIT, t->split);
    }
    return (uint32_t)cfg;
}

uint64_t stream_table_l1std_addr(StreamTable *t, uint32_t sid)
{
    return t->base + L1STD_BYTES * (uint64_t)(sid >> t->split);
}

uint64_t stream_table_addr(StreamTable *t, uint32_t sid)
{
    uint64_t l1std;

    if (!t->two_level) {
        return t->base + STE_BYTES * (uint64_t)sid;
    }
    l1std = gmem_read64(t->mem, stream_table_l1std_addr(t, sid));
    if (!reg_get(l1std, L1STD_SPAN)) {
        return 0;
    }
    return field_in_place(&l1std, L1STD_L2PTR) + STE_BYTES * (sid & low_mask(t->split));
}

void stream_table_set(StreamTable *t, uint32_t sid, const uint64_t ste[STE_WORDS])
{
    uint64_t at = stream_table_addr(t, sid);

    if (!at) {
        uint64_t bytes = (uint64_t)STE_BYTES << t->split;
        uint64_t l2 = gmem_alloc(t->mem, bytes, bytes);

        /* Span counts one more than the log2 of the entries: 0 stands for an invalid descriptor. */
        gmem_write64(t->mem, stream_table_l1std_addr(t, sid),
                     l2 | reg_make(L1STD_SPAN, t->split + 1));
        at = stream_table_addr(t, sid);
    }
    gmem_write_words(t->mem, at + 8, ste + 1, STE_WORDS - 1);
    gmem_write64(t->mem, at, ste[0]);
}

void stream_table_get(StreamTable *t, uint32_t sid, uint64_t ste[STE_WORDS])
{
    gmem_read_words(t->mem, stream_table_addr(t, sid), ste, STE_WORDS);
}

/* ---- Stream table entries ---------------------------------------------------------------- */

void ste_abort(uint64_t ste[STE_WORDS])
{
    memset(ste, 0, STE_BYTES);
    field_set(ste, STE_V, 1);
    field_set(ste, STE_CONFIG, STE_CONFIG_ABORT);
}

void ste_bypass(uint64_t ste[STE_WORDS])
{
    memset(ste, 0, STE_BYTES);
    field_set(ste, STE_V, 1);
    field_set(ste, STE_CONFIG, STE_CONFIG_BYPASS);
    field_set(ste, STE_SHCFG, SHCFG_INCOMING);
}

static void set_stage1(uint64_t ste[STE_WORDS], const CdTable *cds)
{
    field_set(ste, STE_S1FMT, cds->s1fmt);
    field_set(ste, STE_S1CONTEXTPTR, cds->ptr >> 6);
    field_set(ste, STE_S1CDMAX, cds->s1cdmax);
    field_set(ste, STE_S1CIR, ATTR_WB);
    field_set(ste, STE_S1COR, ATTR_WB);
    field_set(ste, STE_S1CSH, SH_ISH);
    field_set(ste, STE_STRW, STE_STRW_EL1);
    if (cds->s1cdmax) {
        field_set(ste, STE_S1DSS, STE_S1DSS_SUBSTREAM0);
    }
}

/* VTCR_EL2.{SL2,SL0}, which the STE borrows: the encoding differs by granule. */
static void set_start_level(uint64_t ste[STE_WORDS], const ArmPages *s2)
{
    unsigned sl0 = 0;

    switch (s2->config.granule_lg2) {
    case 12:
        if (s2->start == -1) {
            field_set(ste, STE_S2SL0_2, 1);
        } else {
            sl0 = s2->start == 3 ? 3 : (unsigned)(2 - s2->start);
        }
        break;
    default:
        sl0 = (unsigned)(3 - s2->start);
        break;
    }
    field_set(ste, STE_S2SL0, sl0);
}

static unsigned tg0(const ArmPages *t)
{
    switch (t->config.granule_lg2) {
    case 12:
        return TG0_4K;
    case 14:
        return TG0_16K;
    default:
        return TG0_64K;
    }
}

static void set_stage2(uint64_t ste[STE_WORDS], const ArmPages *s2, uint16_t vmid)
{
    field_set(ste, STE_S2VMID, vmid);
    field_set(ste, STE_S2T0SZ, 64 - s2->config.in_bits);
    field_set(ste, STE_S2TG, tg0(s2));
    field_set(ste, STE_S2PS, output_size_code(s2));
    field_set(ste, STE_S2AA64, 1);
    field_set(ste, STE_S2DS, s2->config.ds);
    field_set(ste, STE_S2IR0, ATTR_WB);
    field_set(ste, STE_S2OR0, ATTR_WB);
    field_set(ste, STE_S2SH0, SH_ISH);
    field_set(ste, STE_S2R, 1);
    field_set(ste, STE_S2TTB, s2->ttb >> 4);
    set_start_level(ste, s2);
}

void ste_stage1(uint64_t ste[STE_WORDS], const CdTable *cds)
{
    ste_bypass(ste);
    field_set(ste, STE_CONFIG, STE_CONFIG_S1_TRANS);
    set_stage1(ste, cds);
}

void ste_stage2(uint64_t ste[STE_WORDS], const ArmPages *s2, uint16_t vmid)
{
    ste_bypass(ste);
    field_set(ste, STE_CONFIG, STE_CONFIG_S2_TRANS);
    set_stage2(ste, s2, vmid);
}

void ste_nested(uint64_t ste[STE_WORDS], const CdTable *cds, const ArmPages *s2, uint16_t vmid)
{
    ste_bypass(ste);
    field_set(ste, STE_CONFIG, STE_CONFIG_NESTED);
    set_stage1(ste, cds);
    set_stage2(ste, s2, vmid);
}

/* ---- Context descriptors ----------------------------------------------------------------- */

/* log2 of the CDs in one second-level table; 0 for a linear table. */
static unsigned leaf_lg2(const CdTable *t)
{
    switch (t->s1fmt) {
    case STE_S1FMT_4K_L2:
        return 6;
    case STE_S1FMT_64K_L2:
        return 10;
    default:
        return 0;
    }
}

void cd_table_init(CdTable *t, const TableSpace *space, unsigned s1fmt, unsigned s1cdmax)
{
    unsigned leaf;
    uint64_t bytes;

    *t = (CdTable) { .space = *space, .s1fmt = s1fmt, .s1cdmax = s1cdmax };
    leaf = leaf_lg2(t);
    if (leaf) {
        bytes = (uint64_t)L1CD_BYTES << (s1cdmax > leaf ? s1cdmax - leaf : 0);
    } else {
        bytes = (uint64_t)CD_BYTES << s1cdmax;
    }
    t->ptr = table_alloc(&t->space, bytes, MAX(bytes, 64));
}

static uint64_t l1cd_input(const CdTable *t, uint32_t ssid)
{
    return t->ptr + L1CD_BYTES * (uint64_t)(ssid >> leaf_lg2(t));
}

uint64_t cd_table_l1cd_addr(CdTable *t, uint32_t ssid)
{
    return table_pa(&t->space, l1cd_input(t, ssid));
}

uint64_t cd_table_input(CdTable *t, uint32_t ssid)
{
    unsigned leaf = leaf_lg2(t);
    uint64_t l1cd;

    if (!leaf) {
        return t->ptr + CD_BYTES * (uint64_t)ssid;
    }
    l1cd = gmem_read64(t->space.mem, cd_table_l1cd_addr(t, ssid));
    if (!reg_get(l1cd, L1CD_V)) {
        return 0;
    }
    return field_in_place(&l1cd, L1CD_L2PTR) + CD_BYTES * (ssid & low_mask(leaf));
}

uint64_t cd_table_addr(CdTable *t, uint32_t ssid)
{
    uint64_t at = cd_table_input(t, ssid);

    return at ? table_pa(&t->space, at) : 0;
}

void cd_table_set(CdTable *t, uint32_t ssid, const uint64_t cd[CD_WORDS])
{
    uint64_t at = cd_table_addr(t, ssid);

    if (!at) {
        uint64_t bytes = (uint64_t)CD_BYTES << leaf_lg2(t);
        uint64_t l2 = table_alloc(&t->space, bytes, bytes);

        gmem_write64(t->space.mem, cd_table_l1cd_addr(t, ssid), l2 | reg_make(L1CD_V, 1));
        at = cd_table_addr(t, ssid);
    }
    /* The word with V goes last. */
    gmem_write_words(t->space.mem, at + 8, cd + 1, CD_WORDS - 1);
    gmem_write64(t->space.mem, at, cd[0]);
}

void cd_table_get(CdTable *t, uint32_t ssid, uint64_t cd[CD_WORDS])
{
    gmem_read_words(t->space.mem, cd_table_addr(t, ssid), cd, CD_WORDS);
}

void cd_stage1(uint64_t cd[CD_WORDS], const ArmPages *ttb0, uint16_t asid)
{
    memset(cd, 0, CD_BYTES);
    field_set(cd, CD_T0SZ, 64 - ttb0->config.in_bits);
    field_set(cd, CD_TG0, tg0(ttb0));
    field_set(cd, CD_IR0, ATTR_WB);
    field_set(cd, CD_OR0, ATTR_WB);
    field_set(cd, CD_SH0, SH_ISH);
    field_set(cd, CD_EPD1, 1);
    field_set(cd, CD_V, 1);
    field_set(cd, CD_IPS, output_size_code(ttb0));
    field_set(cd, CD_AA64, 1);
    field_set(cd, CD_DS, ttb0->config.ds);
    field_set(cd, CD_R, 1);
    field_set(cd, CD_A, 1);
    field_set(cd, CD_ASET, 1);
    field_set(cd, CD_ASID, asid);
    field_set(cd, CD_TTB0, ttb0->ttb >> 4);
    field_set(cd, CD_MAIR, MAIR_VALUE);
}

void cd_add_upper(uint64_t cd[CD_WORDS], const ArmPages *ttb1)
{
    static const unsigned tg1[] = {
        [TG0_4K] = TG1_4K, [TG0_16K] = TG1_16K, [TG0_64K] = TG1_64K,
    };

    field_set(cd, CD_EPD1, 0);
    field_set(cd, CD_T1SZ, 64 - ttb1->config.in_bits);
    field_set(cd, CD_TG1, tg1[tg0(ttb1)]);
    field_set(cd, CD_IR1, ATTR_WB);
    field_set(cd, CD_OR1, ATTR_WB);
    field_set(cd, CD_SH1, SH_ISH);
    field_set(cd, CD_TTB1, ttb1->ttb >> 4);
}
