/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SMMUv3 commands, one maker each (Arm IHI 0070, chapter 4). */
#include "smmu-driver.h"

SmmuCmdWords smmu_make(SmmuCmdOp op)
{
    SmmuCmdWords c = { { 0 } };

    field_set(c.w, CMD_OP, op);
    return c;
}

static SmmuCmdWords for_stream(SmmuCmdOp op, uint32_t sid)
{
    SmmuCmdWords c = smmu_make(op);

    field_set(c.w, CMD_STREAMID, sid);
    return c;
}

static SmmuCmdWords for_substream(SmmuCmdOp op, uint32_t sid, bool ssv, uint32_t ssid)
{
    SmmuCmdWords c = for_stream(op, sid);

    field_set(c.w, CMD_SSV, ssv);
    field_set(c.w, CMD_SUBSTREAMID, ssid);
    return c;
}

static SmmuCmdWords tlbi(SmmuCmdOp op, uint16_t vmid, uint16_t asid)
{
    SmmuCmdWords c = smmu_make(op);

    field_set(c.w, CMD_TLBI_VMID, vmid);
    field_set(c.w, CMD_TLBI_ASID, asid);
    return c;
}

static SmmuCmdWords tlbi_va(SmmuCmdOp op, uint16_t vmid, uint16_t asid, uint64_t va, bool leaf)
{
    SmmuCmdWords c = tlbi(op, vmid, asid);

    field_set(c.w, CMD_ADDR, va >> 12);
    field_set(c.w, CMD_LEAF, leaf);
    return c;
}

SmmuCmdWords smmu_make_prefetch_config(uint32_t sid, bool ssv, uint32_t ssid)
{
    return for_substream(CMD_PREFETCH_CONFIG, sid, ssv, ssid);
}

SmmuCmdWords smmu_make_prefetch_addr(uint32_t sid, bool ssv, uint32_t ssid, uint64_t addr,
                                     unsigned size)
{
    SmmuCmdWords c = for_substream(CMD_PREFETCH_ADDR, sid, ssv, ssid);

    field_set(c.w, CMD_PREFETCH_SIZE, size);
    field_set(c.w, CMD_ADDR, addr >> 12);
    return c;
}

SmmuCmdWords smmu_make_cfgi_ste(uint32_t sid, bool leaf)
{
    SmmuCmdWords c = for_stream(CMD_CFGI_STE, sid);

    field_set(c.w, CMD_LEAF, leaf);
    return c;
}

SmmuCmdWords smmu_make_cfgi_ste_range(uint32_t sid, unsigned range)
{
    SmmuCmdWords c = for_stream(CMD_CFGI_STE_RANGE, sid);

    field_set(c.w, CMD_CFGI_RANGE, range);
    return c;
}

SmmuCmdWords smmu_make_cfgi_all(void)
{
    return smmu_make_cfgi_ste_range(0, CFGI_RANGE_ALL);
}

SmmuCmdWords smmu_make_cfgi_cd(uint32_t sid, uint32_t ssid, bool leaf)
{
    SmmuCmdWords c = for_stream(CMD_CFGI_CD, sid);

    field_set(c.w, CMD_SUBSTREAMID, ssid);
    field_set(c.w, CMD_LEAF, leaf);
    return c;
}

SmmuCmdWords smmu_make_cfgi_cd_all(uint32_t sid)
{
    return for_stream(CMD_CFGI_CD_ALL, sid);
}

SmmuCmdWords smmu_make_cfgi_vms_pidm(uint16_t vmid)
{
    return tlbi(CMD_CFGI_VMS_PIDM, vmid, 0);
}

SmmuCmdWords smmu_make_tlbi_nh_all(uint16_t vmid)
{
    return tlbi(CMD_TLBI_NH_ALL, vmid, 0);
}

SmmuCmdWords smmu_make_tlbi_nh_asid(uint16_t vmid, uint16_t asid)
{
    return tlbi(CMD_TLBI_NH_ASID, vmid, asid);
}

SmmuCmdWords smmu_make_tlbi_nh_va(uint16_t vmid, uint16_t asid, uint64_t va, bool leaf)
{
    return tlbi_va(CMD_TLBI_NH_VA, vmid, asid, va, leaf);
}

SmmuCmdWords smmu_make_tlbi_nh_vaa(uint16_t vmid, uint64_t va, bool leaf)
{
    return tlbi_va(CMD_TLBI_NH_VAA, vmid, 0, va, leaf);
}

SmmuCmdWords smmu_make_tlbi_el2_all(void)
{
    return smmu_make(CMD_TLBI_EL2_ALL);
}

SmmuCmdWords smmu_make_tlbi_el2_asid(uint16_t asid)
{
    return tlbi(CMD_TLBI_EL2_ASID, 0, asid);
}

SmmuCmdWords smmu_make_tlbi_el2_va(uint16_t asid, uint64_t va, bool leaf)
{
    return tlbi_va(CMD_TLBI_EL2_VA, 0, asid, va, leaf);
}

SmmuCmdWords smmu_make_tlbi_el2_vaa(uint64_t va, bool leaf)
{
    return tlbi_va(CMD_TLBI_EL2_VAA, 0, 0, va, leaf);
}

SmmuCmdWords smmu_make_tlbi_s12_vmall(uint16_t vmid)
{
    return tlbi(CMD_TLBI_S12_VMALL, vmid, 0);
}

SmmuCmdWords smmu_make_tlbi_s2_ipa(uint16_t vmid, uint64_t ipa, bool leaf)
{
    SmmuCmdWords c = tlbi(CMD_TLBI_S2_IPA, vmid, 0);

    field_set(c.w, CMD_TLBI_IPA, ipa >> 12);
    field_set(c.w, CMD_LEAF, leaf);
    return c;
}

SmmuCmdWords smmu_make_tlbi_nsnh_all(void)
{
    return smmu_make(CMD_TLBI_NSNH_ALL);
}

SmmuCmdWords smmu_make_atc_inv(uint32_t sid, bool ssv, uint32_t ssid, bool global, uint64_t addr,
                               unsigned size)
{
    SmmuCmdWords c = for_substream(CMD_ATC_INV, sid, ssv, ssid);

    field_set(c.w, CMD_ATC_GLOBAL, global);
    field_set(c.w, CMD_ATC_SIZE, size);
    field_set(c.w, CMD_ADDR, addr >> 12);
    return c;
}

SmmuCmdWords smmu_make_pri_resp(uint32_t sid, bool ssv, uint32_t ssid, unsigned prgindex,
                                unsigned resp)
{
    SmmuCmdWords c = for_substream(CMD_PRI_RESP, sid, ssv, ssid);

    field_set(c.w, CMD_PRI_PRGINDEX, prgindex);
    field_set(c.w, CMD_PRI_RESP_CODE, resp);
    return c;
}

SmmuCmdWords smmu_make_resume(uint32_t sid, uint16_t stag, bool retry, bool abort)
{
    SmmuCmdWords c = for_stream(CMD_RESUME, sid);

    field_set(c.w, CMD_RESUME_STAG, stag);
    field_set(c.w, CMD_RESUME_AC, retry);
    field_set(c.w, CMD_RESUME_AB, abort);
    return c;
}

SmmuCmdWords smmu_make_stall_term(uint32_t sid)
{
    return for_stream(CMD_STALL_TERM, sid);
}

SmmuCmdWords smmu_make_sync(unsigned cs)
{
    SmmuCmdWords c = smmu_make(CMD_SYNC);

    field_set(c.w, CMD_SYNC_CS, cs);
    return c;
}

SmmuCmdWords smmu_make_sync_msi(uint64_t addr, uint32_t data)
{
    SmmuCmdWords c = smmu_make_sync(SYNC_CS_IRQ);

    field_set(c.w, CMD_SYNC_MSH, SH_ISH);
    field_set(c.w, CMD_SYNC_MSIATTR, field_max(CMD_SYNC_MSIATTR)); /* write-back */
    field_set(c.w, CMD_SYNC_MSIADDR, addr >> 2);
    field_set(c.w, CMD_SYNC_MSIDATA, data);
    return c;
}

SmmuCmdWords smmu_make_range(SmmuCmdWords tlbi, unsigned granule_lg2, uint64_t pages,
                             unsigned ttl)
{
    static const unsigned tg[] = { [12] = TLBI_TG_4K, [14] = TLBI_TG_16K, [16] = TLBI_TG_64K };
    unsigned scale = 0;

    /* Range = (NUM + 1) * 2^SCALE pages: halve, rounding up, until NUM holds it (4.4.1.1). */
    while (pages > field_max(CMD_TLBI_NUM) + 1) {
        pages = (pages + 1) / 2;
        scale++;
    }
    field_set(tlbi.w, CMD_TLBI_TG, tg[granule_lg2]);
    field_set(tlbi.w, CMD_TLBI_TTL, ttl);
    field_set(tlbi.w, CMD_TLBI_SCALE, scale);
    field_set(tlbi.w, CMD_TLBI_NUM, pages - 1);
    return tlbi;
}
