/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel VT-d: what each invalidation removes from which cache [6.2, 6.5.2, 6.5.3], whoever asks - a
 * descriptor, a register, a page request or a global command - and who is told.
 */
#include "vtd-model.h"

static const uint64_t all_addresses = ~0ull;

#define ALL_SOURCES (VTD_SOURCES - 1)

/* Source-id bits that FM leaves out of the comparison. */
static uint16_t function_mask(unsigned fm)
{
    static const uint8_t ignored[] = { 0, 4, 6, 7 };

    return ignored[fm & 3];
}

/* Domain-id bits that the unit does not have are ignored. */
static uint16_t known_did(const VtdModel *m, uint16_t did)
{
    return did & low_mask(4 + 2 * m->cfg.nd);
}

/* Pages of an address mask: low @am bits of the page number are ignored. */
static void page_range(uint64_t addr, unsigned am, uint64_t *first, uint64_t *last)
{
    uint64_t low = low_mask(VTD_PAGE_LG2 + am < 64 ? VTD_PAGE_LG2 + am : 64);

    *first = addr & ~low;
    *last = addr | low;
}

/* What an invalidation costs depends on the IOTLB entries it drops (docs/timing.rst). */
static void count(VtdModel *m, uint32_t dropped)
{
    m->base.counters.invalidations++;
    plan_step(&m->plan, IOMMU_STEP_INVALIDATE, 0, 0, false, 0, dropped);
}

/* ---- context and PASID caches */

static void drop_context(VtdModel *m, uint16_t sid, uint16_t did)
{
    const VtdContext *ctx = iommu_cache_peek(&m->contexts, sid, 0, 0);

    /* In legacy mode the domain is part of the tag, in scalable mode it is not. */
    if (ctx && (ctx->scalable || ctx->space.did == did)) {
        iommu_cache_invalidate_range(&m->contexts, sid, sid, 0, 0);
    }
}

void vtd_inv_context(VtdModel *m, unsigned gran, uint16_t did, uint16_t sid, unsigned fm)
{
    uint16_t ignored = function_mask(fm);

    m->memo.valid = false;
    did = known_did(m, did);
    if (gran == VTD_GRAN_SELECTIVE) {
        for (unsigned n = 0; n < 8; n++) {
            if (!(n & ~ignored)) {
                drop_context(m, (sid & ~ignored) | n, did);
            }
        }
        vtd_tell_streams(m, sid, ignored);
    } else if (gran == VTD_GRAN_DOMAIN && m->tables.ttm == VTD_TTM_LEGACY) {
        vtd_epoch_expire_domain(&m->context_epochs, did);
        vtd_tell_streams(m, 0, ALL_SOURCES);
    } else {
        iommu_cache_flush(&m->contexts);
        vtd_tell_streams(m, 0, ALL_SOURCES);
    }
    count(m, 0);
}

void vtd_inv_pasid(VtdModel *m, unsigned gran, uint16_t did, uint32_t pasid)
{
    m->memo.valid = false;
    did = known_did(m, did);
    switch (gran) {
    case VTD_PC_DOMAIN:
        vtd_epoch_expire_domain(&m->pasid_epochs, did);
        break;
    case VTD_PC_PASID_SELECTIVE:
        vtd_pasid_expire(m, did, pasid);
        break;
    default:
        iommu_cache_flush(&m->pasids);
        break;
    }
    vtd_tell_streams(m, 0, ALL_SOURCES);
    count(m, 0);
}

/* ---- IOTLB and paging-structure caches */

static uint64_t pair_mask(void)
{
    return field_mask(VTD_TAG_DID) | field_mask(VTD_TAG_PASID);
}

/* Drop IOTLB entries of one translation type, in a range, under @tag/@mask. */
static void drop_type(VtdModel *m, VtdPgtt pgtt, uint64_t tag, uint64_t mask, uint64_t first,
                      uint64_t last)
{
    tlb_invalidate_range(&m->iotlb, first, last, reg_set(tag, VTD_TAG_PGTT, pgtt),
                         mask | field_mask(VTD_TAG_PGTT));
}

void vtd_inv_iotlb_global(VtdModel *m)
{
    uint32_t live = m->iotlb.main.live;

    tlb_flush(&m->iotlb);
    pt_walker_flush(&m->walker);
    vtd_tell_domain(m, true, 0, 0, all_addresses);
    count(m, live - m->iotlb.main.live);
}

void vtd_inv_iotlb_domain(VtdModel *m, uint16_t did)
{
    uint64_t mask = field_mask(VTD_TAG_DID);
    uint32_t live = m->iotlb.main.live;

    did = known_did(m, did);
    tlb_invalidate(&m->iotlb, reg_make(VTD_TAG_DID, did), mask);
    pt_walker_invalidate(&m->walker, 0, false, 0, all_addresses, reg_make(VTD_TAG_DID, did), mask);
    vtd_tell_domain(m, false, did, 0, all_addresses);
    count(m, live - m->iotlb.main.live);
}

/*
 * The address is one of the second stage. First-stage and nested translations are tagged with
 * first-stage addresses, so all of the domain's go.
 */
void vtd_inv_iotlb_page(VtdModel *m, uint16_t did, uint64_t addr, unsigned am, bool ih)
{
    uint64_t mask = field_mask(VTD_TAG_DID);
    uint32_t live = m->iotlb.main.live;
    uint64_t tag, first, last;

    if (!m->cfg.psi) {
        vtd_inv_iotlb_domain(m, did);
        return;
    }
    did = known_did(m, did);
    tag = reg_make(VTD_TAG_DID, did);
    page_range(addr & low_mask(m->cfg.mgaw), am, &first, &last);
    if (m->tables.ttm == VTD_TTM_SCALABLE) {
        drop_type(m, VTD_PGTT_SS, tag, mask, first, last);
        drop_type(m, VTD_PGTT_PT, tag, mask, first, last);
        drop_type(m, VTD_PGTT_FS, tag, mask, 0, all_addresses);
        drop_type(m, VTD_PGTT_NESTED, tag, mask, 0, all_addresses);
        pt_walker_invalidate(&m->walker, 1, false, 0, all_addresses, tag, mask);
    } else {
        tlb_invalidate_range(&m->iotlb, first, last, tag, mask);
    }
    pt_walker_invalidate(&m->walker, 2, ih, first, last, tag, mask);
    vtd_tell_domain(m, false, did, first, last);
    count(m, live - m->iotlb.main.live);
}

void vtd_inv_piotlb_pasid(VtdModel *m, uint16_t did, uint32_t pasid)
{
    uint32_t live = m->iotlb.main.live;

    did = known_did(m, did);
    tlb_invalidate(&m->iotlb, vtd_pair_tag(did, pasid), pair_mask());
    pt_walker_invalidate(&m->walker, 1, false, 0, all_addresses, vtd_pair_tag(did, pasid),
                         pair_mask());
    /*
     * Second-stage leaves that the walker keeps are translations too, known by their domain alone.
     */
    iommu_cache_invalidate(&m->walker.ipa, reg_make(VTD_TAG_DID, did), field_mask(VTD_TAG_DID));
    vtd_tell_pasid(m, did, pasid, 0, all_addresses);
    count(m, live - m->iotlb.main.live);
}

void vtd_inv_piotlb_page(VtdModel *m, uint16_t did, uint32_t pasid, uint64_t addr, unsigned am,
                         bool ih)
{
    uint32_t live = m->iotlb.main.live;
    uint64_t tag, first, last;

    did = known_did(m, did);
    tag = vtd_pair_tag(did, pasid);
    page_range(addr, am, &first, &last);
    drop_type(m, VTD_PGTT_FS, tag, pair_mask(), first, last);
    drop_type(m, VTD_PGTT_NESTED, tag, pair_mask(), first, last);
    pt_walker_invalidate(&m->walker, 1, ih, first, last, tag, pair_mask());
    vtd_tell_pasid(m, did, pasid, first, last);
    count(m, live - m->iotlb.main.live);
}

/* ---- the rest */

void vtd_inv_interrupts(VtdModel *m, bool global, uint16_t index, unsigned im)
{
    uint32_t ignored = low_mask(im < 16 ? im : 16);

    if (global) {
        iommu_cache_flush(&m->interrupts);
    } else {
        iommu_cache_invalidate_range(&m->interrupts, index & ~ignored, index | ignored, 0, 0);
    }
    if (m->extra.iec_invalidate) {
        m->extra.iec_invalidate(m->base.host.opaque, global, index, ignored);
    }
    count(m, 0);
}

void vtd_inv_everything(VtdModel *m)
{
    m->memo.valid = false;
    iommu_cache_flush(&m->contexts);
    iommu_cache_flush(&m->pasids);
    tlb_flush(&m->iotlb);
    pt_walker_flush(&m->walker);
}

void vtd_inv_page_request(VtdModel *m, const VtdSpace *space, uint32_t pasid, uint64_t addr)
{
    /* Copied: the invalidation may look up contexts, which overwrites what @space is part of. */
    uint16_t did = space->did;

    switch (space->pgtt) {
    case VTD_PGTT_FS:
        vtd_inv_piotlb_page(m, did, pasid, addr, 0, false);
        break;
    case VTD_PGTT_NESTED:
        vtd_inv_iotlb_domain(m, did);
        break;
    default:
        vtd_inv_iotlb_page(m, did, addr, 0, false);
        break;
    }
}

/* ---- register-based invalidation [11.4.6] */

/*
 * It works in legacy mode on units before version 6; elsewhere a request does nothing and says so.
 */
static bool registers_work(const VtdModel *m)
{
    return m->tables.ttm == VTD_TTM_LEGACY && m->cfg.ver_max <= 5;
}

void vtd_inv_ccmd_written(VtdModel *m)
{
    uint64_t v = vtd_reg64(m, VTD_REG_CCMD);
    unsigned gran = reg_get(v, VTD_CCMD_CIRG);

    if (!reg_get(v, VTD_CCMD_ICC)) {
        return;
    }
    if (!registers_work(m)) {
        gran = 0;
    }
    if (gran) {
        vtd_inv_context(m, gran, reg_get(v, VTD_CCMD_DID), reg_get(v, VTD_CCMD_SID),
                        reg_get(v, VTD_CCMD_FM));
    }
    v = reg_set(v, VTD_CCMD_CAIG, gran);
    vtd_set_reg64(m, VTD_REG_CCMD, reg_set(v, VTD_CCMD_ICC, 0));
}

void vtd_inv_iotlb_reg_written(VtdModel *m)
{
    unsigned offset = m->iva_base + 8;
    uint64_t v = vtd_reg64(m, offset), iva = vtd_reg64(m, m->iva_base);
    unsigned gran = reg_get(v, VTD_IOTLB_IIRG), am = reg_get(iva, VTD_IVA_AM);
    uint16_t did = reg_get(v, VTD_IOTLB_DID);

    if (!reg_get(v, VTD_IOTLB_IVT)) {
        return;
    }
    if (!registers_work(m)) {
        gran = 0;
    }
    if (gran == VTD_GRAN_SELECTIVE && !m->cfg.psi) {
        gran = VTD_GRAN_DOMAIN;
    }
    if (gran == VTD_GRAN_GLOBAL) {
        vtd_inv_iotlb_global(m);
    } else if (gran == VTD_GRAN_DOMAIN) {
        vtd_inv_iotlb_domain(m, did);
    } else if (gran == VTD_GRAN_SELECTIVE && am <= m->cfg.mamv) {
        vtd_inv_iotlb_page(m, did, field_in_place(&iva, VTD_IVA_ADDR), am,
                           reg_get(iva, VTD_IVA_IH));
    } else {
        gran = 0;
    }
    v = reg_set(v, VTD_IOTLB_IAIG, gran);
    vtd_set_reg64(m, offset, reg_set(v, VTD_IOTLB_IVT, 0));
}
