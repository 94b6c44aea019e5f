/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The SMMUv3 as an IommuModel: creation, the doors of model.h, reset, saved state, enumeration.
 */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Transactions that may wait for room among the STALL_MAX records, beside those that have one */
#define STALL_WAITERS 256u

/* ---- Entry and exit ----------------------------------------------------------------------- */

void smmu_enter(SmmuModel *m)
{
    m->busy++;
}

void smmu_leave(SmmuModel *m)
{
    if (--m->busy || m->draining) {
        return;
    }
    /* A client that is told may start transactions, and those may end other stalls */
    m->draining = true;
    while (m->stalls_done) {
        smmu_stall_tell_clients(m);
    }
    m->draining = false;
}

void smmu_flush_all(SmmuModel *m)
{
    m->recent.valid = false;
    tlb_flush(&m->tlb);
    iommu_cache_flush(&m->ste_cache);
    iommu_cache_flush(&m->cd_cache);
    pt_walker_flush(&m->walker);
}

void smmu_mode_changed(SmmuModel *m)
{
    smmu_notify_streams(m, 0, UINT32_MAX);
    if (m->base.host.ops->mode_changed) {
        m->base.host.ops->mode_changed(m->base.host.opaque);
    }
}

/* ---- Operations --------------------------------------------------------------------------- */

static void model_translate(IommuModel *base, const IommuTxn *txn, IommuResult *res)
{
    SmmuModel *m = smmu_of(base);
    bool counted = !txn->probe && smmu_pmcg_begin(m);
    SmmuPmcgOp op = PMCG_OP_TRANSACTION;

    smmu_enter(m);
    switch (txn->kind) {
    case IOMMU_TXN_ATS_REQUEST:
        op = PMCG_OP_ATS_REQUEST;
        smmu_ats_request(m, txn, res);
        break;
    case IOMMU_TXN_TRANSLATED:
        op = PMCG_OP_TRANSLATED;
        smmu_ats_translated(m, txn, res);
        break;
    default:
        smmu_translate_ordinary(m, txn, res);
        break;
    }
    if (counted) {
        smmu_pmcg_count(m, op, txn->stream);
    }
    smmu_leave(m);
}

static uint64_t model_mmio_read(IommuModel *base, uint64_t offset, unsigned size)
{
    return smmu_regs_read(smmu_of(base), offset, size);
}

static void model_mmio_write(IommuModel *base, uint64_t offset, uint64_t value, unsigned size)
{
    SmmuModel *m = smmu_of(base);

    if (m->busy) {
        /* A queue, MSI or descriptor that software placed onto our own registers */
        SMMU_GUEST_ERROR(m, "smmuv3: the SMMU wrote its own register 0x%llx: ignored\n",
                         (unsigned long long)offset);
        return;
    }
    smmu_enter(m);
    smmu_regs_write(m, offset, value, size);
    smmu_leave(m);
}

static void model_page_request(IommuModel *base, const IommuPageRequest *req)
{
    SmmuModel *m = smmu_of(base);

    smmu_enter(m);
    smmu_pri_request(m, req);
    smmu_leave(m);
}

static void model_ats_inv_done(IommuModel *base, uint32_t stream, uint32_t itag, bool ok)
{
    SmmuModel *m = smmu_of(base);

    (void)stream;
    /* An answer to what was asked before a reset is nobody's */
    if (reg_get(itag, ITAG_EPOCH) != m->epoch || reg_get(itag, ITAG_QUEUE) > m->ecmdq_count) {
        return;
    }
    smmu_enter(m);
    smmu_cmdq_atc_done(m, reg_get(itag, ITAG_QUEUE), ok);
    smmu_leave(m);
}

/** What a doorbell had left to do goes on, and counters of cycles catch up. */
static void model_run_until(IommuModel *base, uint64_t cycle)
{
    SmmuModel *m = smmu_of(base);

    (void)cycle;
    smmu_enter(m);
    smmu_cmdq_continue(m);
    smmu_pmcg_tick(m);
    smmu_leave(m);
}

static void model_reset(IommuModel *base)
{
    SmmuModel *m = smmu_of(base);

    smmu_enter(m);
    smmu_stall_terminate(m, true, 0);
    smmu_cmdq_forget(m, m->command.queue);
    smmu_regs_reset(m);
    smmu_pmcg_reset(m);
    smmu_flush_all(m);
    if (m->ecmdq_count) {
        memset(m->ecmdq, 0, m->ecmdq_count * sizeof(*m->ecmdq));
    }
    memset(m->sync, 0, (1 + m->ecmdq_count) * sizeof(*m->sync));
    m->epoch++;
    m->last_event_valid = false;
    smmu_mode_changed(m);
    smmu_leave(m);
}

static void model_watch(IommuModel *base, uint32_t stream, bool on)
{
    smmu_watch(smmu_of(base), stream, on);
}

/* ---- Enumeration -------------------------------------------------------------------------- */

/** One stage 1 half, cut to the addresses it translates. */
static uint64_t enumerate_half(SmmuModel *m, const SmmuReq *req, unsigned half, uint64_t first,
                           uint64_t last, IommuMappingFn *fn, void *opaque)
{
    const PtRegime *r = &req->cd->half[half];
    uint64_t low = half ? ~low_mask(r->in_bits) : 0;
    uint64_t high = half ? UINT64_MAX : low_mask(r->in_bits);

    if (r->flags & VMSA_DISABLED) {
        return 0;
    }
    first = first > low ? first : low;
    last = last < high ? last : high;
    return pt_enumerate(&m->walker, r, req->stage2 ? &req->ste->s2 : NULL, first, last, fn, opaque);
}

static uint64_t model_enumerate(IommuModel *base, uint32_t stream, uint64_t first, uint64_t last,
                            IommuMappingFn *fn, void *opaque)
{
    SmmuModel *m = smmu_of(base);
    SmmuReq req = { .stream = stream, .quiet = true };
    uint64_t limit = low_mask(m->config.oas);
    SmmuFault fault;
    SmmuSte ste;
    SmmuCd cd;

    if (smmu_enabled(m)) {
        if (!smmu_lookup_ste(m, &req, &ste, &fault) || ste.config == STE_CONFIG_ABORT ||
            !smmu_lookup_cd(m, &req, &cd, &fault)) {
            return 0;
        }
        if (req.stage1) {
            uint64_t reads = enumerate_half(m, &req, 0, first, last, fn, opaque);

            return reads + enumerate_half(m, &req, 1, first, last, fn, opaque);
        }
        if (req.stage2) {
            uint64_t high = low_mask(ste.s2.in_bits);

            return pt_enumerate(&m->walker, NULL, &ste.s2, first, last < high ? last : high, fn,
                                opaque);
        }
    } else if (cell_get(m, CELL_GBPA, GBPA_ABORT)) {
        return 0;
    }
    if (first <= limit) {
        last = last < limit ? last : limit;
        fn(opaque, first, first, last - first + 1, IOMMU_RIGHTS_ALL);
    }
    return 0;
}

/* ---- Saved state -------------------------------------------------------------------------- */

#define COMMAND_ITEMS (2u + CMD_WORDS)

static void model_save(IommuModel *base, IommuStateWriter *w)
{
    SmmuModel *m = smmu_of(base);
    uint64_t command[COMMAND_ITEMS] = {
        m->command.queue, m->command.outcome, m->command.words[0], m->command.words[1],
    };
    uint64_t epoch = m->epoch;

    iommu_state_put(w, "smmuv3.cells", m->ns.cell, 8, SMMU_CELLS);
    iommu_state_put(w, "smmuv3.command", command, 8, COMMAND_ITEMS);
    iommu_state_put(w, "smmuv3.epoch", &epoch, 8, 1);
    smmu_stalls_save(m, w);
    for (uint32_t q = 0; q <= m->ecmdq_count; q++) {
        char name[32];
        uint64_t item[6] = {
            q ? m->ecmdq[q - 1].base : 0, q ? m->ecmdq[q - 1].prod : 0,
            q ? m->ecmdq[q - 1].cons : 0, m->sync[q].atc_pending, m->sync[q].atc_failed,
            m->sync[q].waiting,
        };

        snprintf(name, sizeof(name), "smmuv3.queue%u", q);
        iommu_state_put(w, name, item, 8, 6);
    }
    smmu_pmcg_save(m, w);
}

static bool load_queues(SmmuModel *m, IommuStateReader *r)
{
    for (uint32_t q = 0; q <= m->ecmdq_count; q++) {
        char name[32];
        uint64_t item[6];

        snprintf(name, sizeof(name), "smmuv3.queue%u", q);
        if (!iommu_state_get(r, name, item, 8, 6)) {
            return false;
        }
        if (q) {
            m->ecmdq[q - 1] = (SmmuEcmdq) { .base = item[0], .prod = item[1], .cons = item[2] };
        }
        m->sync[q] = (SmmuCmdSync) {
            .atc_pending = item[3], .atc_failed = item[4], .waiting = item[5],
        };
    }
    return true;
}

/** Identification of the image must be ours: guests have seen these registers. */
static bool same_identity(const SmmuModel *m, const uint64_t cell[SMMU_CELLS])
{
    uint64_t ours[SMMU_CELLS] = { 0 };

    smmu_config_id_registers(&m->config, ours);
    return !memcmp(ours, cell, (CELL_AIDR + 1) * sizeof(ours[0]));
}

static bool model_load(IommuModel *base, IommuStateReader *r)
{
    SmmuModel *m = smmu_of(base);
    uint64_t cell[SMMU_CELLS], command[COMMAND_ITEMS], epoch;

    if (!iommu_state_valid(r) || !iommu_state_get(r, "smmuv3.cells", cell, 8, SMMU_CELLS) ||
        !same_identity(m, cell)) {
        return false;
    }
    if (!iommu_state_get(r, "smmuv3.command", command, 8, COMMAND_ITEMS) ||
        command[0] > m->ecmdq_count || !iommu_state_get(r, "smmuv3.epoch", &epoch, 8, 1) ||
        !smmu_stalls_load(m, r) || !load_queues(m, r) ||
        !smmu_pmcg_load(m, r)) {
        model_reset(base); /* half an image is none */
        return false;
    }
    memcpy(m->ns.cell, cell, sizeof(cell));
    m->epoch = epoch;
    m->command.queue = command[0];
    m->command.outcome = command[1];
    memcpy(m->command.words, command + 2, sizeof(m->command.words));
    smmu_flush_all(m);
    smmu_learn_watched(m);
    smmu_cmdq_wake(m);
    m->last_event_valid = false;
    return true;
}

/* ---- Life --------------------------------------------------------------------------------- */

static void model_free(IommuModel *base)
{
    SmmuModel *m = smmu_of(base);

    iommu_tlb_destroy(&m->tlb);
    iommu_cache_destroy(&m->ste_cache);
    iommu_cache_destroy(&m->cd_cache);
    pt_walker_destroy(&m->walker);
    free(m->stalls);
    free(m->ecmdq);
    free(m->sync);
    free(m->watched);
    free(m);
}

/* ---- Timing (timed.h) --------------------------------------------------------------------- */

static bool model_stamp_fills(IommuModel *base)
{
    SmmuModel *m = smmu_of(base);

    return iommu_tlb_stamp_fills(&m->tlb, &m->plan) &&
           iommu_cache_stamp_fills(&m->ste_cache, &m->plan) &&
           iommu_cache_stamp_fills(&m->cd_cache, &m->plan) && pt_walker_stamp_fills(&m->walker);
}

static uint32_t model_command_pending(IommuModel *base)
{
    return smmu_cmdq_pending(smmu_of(base));
}

static void model_command_execute(IommuModel *base)
{
    smmu_enter(smmu_of(base));
    smmu_cmdq_execute(smmu_of(base));
    smmu_leave(smmu_of(base));
}

static void model_command_retire(IommuModel *base)
{
    smmu_enter(smmu_of(base));
    smmu_cmdq_retire(smmu_of(base));
    smmu_leave(smmu_of(base));
}

static const IommuModelOps smmu_ops = {
    .name = "smmuv3",
    .translate = model_translate,
    .mmio_read = model_mmio_read,
    .mmio_write = model_mmio_write,
    .register_name = smmu_register_name,
    .page_request = model_page_request,
    .ats_inv_done = model_ats_inv_done,
    .run_until = model_run_until,
    .reset = model_reset,
    .save = model_save,
    .load = model_load,
    .enumerate = model_enumerate,
    .watch = model_watch,
    .free = model_free,
    .stamp_fills = model_stamp_fills,
    .command_pending = model_command_pending,
    .command_execute = model_command_execute,
    .command_retire = model_command_retire,
    .commit = smmu_timed_commit,
    .retried = smmu_timed_retried,
};

static bool init_caches(SmmuModel *m)
{
    const IommuCacheConfig ste = {
        .geometry = m->profile.config,
        .payload_bytes = sizeof(SmmuSte),
    };
    const IommuCacheConfig cd = {
        .geometry = m->profile.subconfig,
        .payload_bytes = sizeof(SmmuCd),
        .group_mask = UINT32_MAX,
        .subgroup_mask = UINT32_MAX,
    };

    return iommu_tlb_init(&m->tlb, &m->profile.tlb, &m->profile.utlb, tag_group_mask(),
                          tag_subgroup_mask()) &&
           iommu_cache_init(&m->ste_cache, &ste) &&
           iommu_cache_init(&m->cd_cache, &cd) &&
           pt_walker_init(&m->walker, &m->base.host, &m->base.counters, &m->base.trace, &m->plan,
                          &m->profile, tag_group_mask(), tag_subgroup_mask());
}

IommuModel *smmu_new(const SmmuConfig *c, const IommuHost *host)
{
    char err[256];
    SmmuModel *m;

    if (!smmu_config_check(c, err, sizeof(err))) {
        return NULL;
    }
    m = calloc(1, sizeof(*m));
    if (!m) {
        return NULL;
    }
    m->base.ops = &smmu_ops;
    m->base.plan = &m->plan;
    m->base.host = *host;
    m->config = *c;
    m->profile = c->profile ? *c->profile : *iommu_profile_find("full");
    m->config.profile = &m->profile;
    m->stall_slots = c->stall_model == SMMU_STALL_OFF ? 0 : c->stall_max + STALL_WAITERS;
    m->ecmdq_count = c->ecmdq ? 1u << (c->ecmdq_log2nump + c->ecmdq_log2numq) : 0;
    m->stalls = calloc(m->stall_slots + 1, sizeof(*m->stalls));
    m->ecmdq = calloc(m->ecmdq_count + 1, sizeof(*m->ecmdq));
    m->sync = calloc(m->ecmdq_count + 1, sizeof(*m->sync));
    if (!m->stalls || !m->ecmdq || !m->sync || !init_caches(m)) {
        model_free(&m->base);
        return NULL;
    }
    smmu_regs_reset(m);
    smmu_pmcg_reset(m);
    return &m->base;
}

const SmmuConfig *smmu_config(const IommuModel *m)
{
    return &((const SmmuModel *)m)->config;
}
