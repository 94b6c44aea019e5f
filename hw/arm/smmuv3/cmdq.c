/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Command queues: consumption, the table of commands, command errors, CMD_SYNC (IHI 0070 3.5,
 * chapter 4, 7.1). Queue 0 is the Command queue, queue n is ECMDQ n - 1 (3.5.6).
 */
#include "internal.h"
#include "hw/iommu/note.h"
#include "hw/iommu/timed.h"

/*
 * Of one doorbell, with timing off: the rest follows when the host has had its turn. A notified
 * range counts as so many commands.
 */
#define DRAIN_COMMANDS 1024u

/** What became of a command. */
typedef enum CmdOutcome {
    CMD_DONE,
    CMD_ILLEGAL,     /* CERROR_ILL */
    CMD_ATC_TIMEOUT, /* CERROR_ATC_INV_SYNC */
    CMD_WAIT,        /* a CMD_SYNC that waits for ATS invalidations: not consumed yet */
    CMD_ABORTED,     /* CERROR_ABT: it could not be fetched */
    CMD_SYNCHRONISE, /* timing on: a CMD_SYNC that completes when it retires */
} CmdOutcome;

typedef struct Command {
    const char *name;
    bool (*legal)(const SmmuConfig *c, const uint64_t w[CMD_WORDS]); /* NULL: not implemented */
    CmdOutcome (*run)(SmmuModel *m, unsigned q, const uint64_t w[CMD_WORDS]);
} Command;

/* ---- Legality (4.1.3) --------------------------------------------------------------------- */

static bool legal_always(const SmmuConfig *c, const uint64_t *w)
{
    (void)c;
    (void)w;
    return true;
}

static bool legal_stage1(const SmmuConfig *c, const uint64_t *w)
{
    (void)w;
    return c->s1p;
}

static bool legal_stage2(const SmmuConfig *c, const uint64_t *w)
{
    (void)w;
    return c->s2p;
}

static bool legal_hyp(const SmmuConfig *c, const uint64_t *w)
{
    (void)w;
    return c->hyp;
}

/** A range of one page without a level is Reserved (4.4.1.1). */
static bool range_legal(const SmmuConfig *c, const uint64_t *w)
{
    return !c->ril || field_get(w, CMD_TLBI_TG) == TLBI_TG_NONE || field_get(w, CMD_TLBI_NUM) ||
           field_get(w, CMD_TLBI_SCALE) || field_get(w, CMD_TLBI_TTL);
}

static bool legal_stage1_range(const SmmuConfig *c, const uint64_t *w)
{
    return c->s1p && range_legal(c, w);
}

static bool legal_stage2_range(const SmmuConfig *c, const uint64_t *w)
{
    return c->s2p && range_legal(c, w);
}

static bool legal_hyp_range(const SmmuConfig *c, const uint64_t *w)
{
    return c->hyp && range_legal(c, w);
}

#define ATC_SIZE_ALL 52u

static bool legal_atc_inv(const SmmuConfig *c, const uint64_t *w)
{
    return c->ats && field_get(w, CMD_ATC_SIZE) <= ATC_SIZE_ALL;
}

static bool legal_pri_resp(const SmmuConfig *c, const uint64_t *w)
{
    return c->pri && field_get(w, CMD_PRI_RESP_CODE) <= PRI_RESP_SUCCESS;
}

static bool legal_stall(const SmmuConfig *c, const uint64_t *w)
{
    (void)w;
    return c->stall_model != SMMU_STALL_OFF;
}

static bool legal_sync(const SmmuConfig *c, const uint64_t *w)
{
    (void)c;
    return field_get(w, CMD_SYNC_CS) <= SYNC_CS_SEV;
}

/* ---- Handlers ----------------------------------------------------------------------------- */

/** Prefetch never records anything and is a hint: configuration, and one page. */
static CmdOutcome run_prefetch(SmmuModel *m, unsigned q, const uint64_t *w)
{
    IommuTxn txn = {
        .stream = field_get(w, CMD_STREAMID),
        .has_pasid = field_get(w, CMD_SSV),
        .pasid = field_get(w, CMD_SUBSTREAMID),
        .addr = field_in_place(w, CMD_ADDR),
        .attr = { .type = 0xff },
        .speculative = true,
    };
    TlbEntry scratch;
    SmmuFault fault;
    SmmuReq req;
    bool counted;

    (void)q;
    if (!smmu_enabled(m)) {
        return CMD_DONE;
    }
    counted = smmu_pmcg_begin(m);
    smmu_req_init(&req, &txn);
    if (smmu_lookup_ste(m, &req, NULL, &fault) && req.ste->config != STE_CONFIG_ABORT &&
        smmu_lookup_cd(m, &req, NULL, &fault) &&
        field_get(w, CMD_OP) == CMD_PREFETCH_ADDR && (req.stage1 || req.stage2)) {
        smmu_lookup_address(m, &req, true, &scratch, &fault);
    }
    if (counted) {
        smmu_pmcg_count(m, PMCG_OP_OTHER, txn.stream);
    }
    return CMD_DONE;
}

static CmdOutcome run_cfgi_ste(SmmuModel *m, unsigned q, const uint64_t *w)
{
    uint32_t stream = field_get(w, CMD_STREAMID);

    (void)q;
    smmu_inv_ste_range(m, stream, stream);
    return CMD_DONE;
}

static CmdOutcome run_cfgi_ste_range(SmmuModel *m, unsigned q, const uint64_t *w)
{
    uint32_t stream = field_get(w, CMD_STREAMID);
    unsigned range = field_get(w, CMD_CFGI_RANGE);
    uint32_t span = low_mask(range + 1);

    (void)q;
    if (range == CFGI_RANGE_ALL) {
        smmu_inv_ste_range(m, 0, UINT32_MAX);
    } else {
        smmu_inv_ste_range(m, stream & ~span, stream | span);
    }
    return CMD_DONE;
}

static CmdOutcome run_cfgi_cd(SmmuModel *m, unsigned q, const uint64_t *w)
{
    (void)q;
    smmu_inv_cd(m, field_get(w, CMD_STREAMID), field_get(w, CMD_SUBSTREAMID));
    return CMD_DONE;
}

static CmdOutcome run_cfgi_cd_all(SmmuModel *m, unsigned q, const uint64_t *w)
{
    (void)q;
    smmu_inv_cd_all(m, field_get(w, CMD_STREAMID));
    return CMD_DONE;
}

static CmdOutcome run_tlbi(SmmuModel *m, unsigned q, const uint64_t *w)
{
    (void)q;
    smmu_inv_tlbi(m, w);
    return CMD_DONE;
}

static CmdOutcome run_atc_inv(SmmuModel *m, unsigned q, const uint64_t *w)
{
    unsigned size = field_get(w, CMD_ATC_SIZE);
    IommuAtsInv inv = {
        .stream = field_get(w, CMD_STREAMID),
        .has_pasid = field_get(w, CMD_SSV) && m->config.ssidsize,
        .pasid = field_get(w, CMD_SUBSTREAMID),
        .addr = 0,
        .last = UINT64_MAX,
        .itag = reg_make(ITAG_QUEUE, q) | reg_make(ITAG_EPOCH, m->epoch),
    };

    if (!smmu_enabled(m) || !m->base.host.ops->ats_invalidate) {
        return CMD_DONE; /* IGNORED (4.5.1) */
    }
    inv.global = inv.has_pasid && field_get(w, CMD_ATC_GLOBAL);
    if (size < ATC_SIZE_ALL) {
        inv.addr = field_in_place(&w[1], REGFIELD(63, 12)) & ~low_mask(12 + size);
        inv.last = inv.addr | low_mask(12 + size);
    }
    m->base.counters.invalidations++;
    switch (m->base.host.ops->ats_invalidate(m->base.host.opaque, &inv)) {
    case IOMMU_ATS_INV_PENDING:
        m->sync[q].atc_pending++;
        break;
    case IOMMU_ATS_INV_TIMEOUT:
        m->sync[q].atc_failed = true;
        break;
    default:
        break;
    }
    return CMD_DONE;
}

static CmdOutcome run_pri_resp(SmmuModel *m, unsigned q, const uint64_t *w)
{
    static const uint8_t codes[] = {
        [PRI_RESP_FAILURE] = 0xf, [PRI_RESP_INVALID] = 1, [PRI_RESP_SUCCESS] = 0,
    };

    (void)q;
    if (smmu_enabled(m)) {
        smmu_pri_respond(m, field_get(w, CMD_STREAMID), field_get(w, CMD_SSV),
                         field_get(w, CMD_SUBSTREAMID), field_get(w, CMD_PRI_PRGINDEX),
                         codes[field_get(w, CMD_PRI_RESP_CODE)]);
    }
    return CMD_DONE;
}

static CmdOutcome run_resume(SmmuModel *m, unsigned q, const uint64_t *w)
{
    (void)q;
    smmu_stall_resume(m, field_get(w, CMD_STREAMID), field_get(w, CMD_RESUME_STAG),
                      field_get(w, CMD_RESUME_AC), field_get(w, CMD_RESUME_AB));
    return CMD_DONE;
}

static CmdOutcome run_stall_term(SmmuModel *m, unsigned q, const uint64_t *w)
{
    (void)q;
    smmu_stall_terminate(m, false, field_get(w, CMD_STREAMID));
    smmu_stall_retry_waiting(m);
    return CMD_DONE;
}

static CmdOutcome run_sync(SmmuModel *m, unsigned q, const uint64_t *w)
{
    SmmuCmdSync *sync = &m->sync[q];

    if (sync->atc_pending) {
        sync->waiting = true;
        return CMD_WAIT;
    }
    if (sync->atc_failed) {
        sync->atc_failed = false;
        return CMD_ATC_TIMEOUT;
    }
    plan_step(&m->plan, IOMMU_STEP_DRAIN, 0, 0, false, 0, 0);
    /* CS=SEV is as none where IDR0.SEV=0 (4.7.3) */
    if (field_get(w, CMD_SYNC_CS) == SYNC_CS_IRQ) {
        smmu_irq_cmd_sync(m, w);
    }
    return CMD_DONE;
}

static const Command commands[] = {
    [CMD_PREFETCH_CONFIG] = { "CMD_PREFETCH_CONFIG", legal_always, run_prefetch },
    [CMD_PREFETCH_ADDR] = { "CMD_PREFETCH_ADDR", legal_always, run_prefetch },
    [CMD_CFGI_STE] = { "CMD_CFGI_STE", legal_always, run_cfgi_ste },
    [CMD_CFGI_STE_RANGE] = { "CMD_CFGI_STE_RANGE", legal_always, run_cfgi_ste_range },
    [CMD_CFGI_CD] = { "CMD_CFGI_CD", legal_stage1, run_cfgi_cd },
    [CMD_CFGI_CD_ALL] = { "CMD_CFGI_CD_ALL", legal_stage1, run_cfgi_cd_all },
    [CMD_TLBI_NH_ALL] = { "CMD_TLBI_NH_ALL", legal_stage1, run_tlbi },
    [CMD_TLBI_NH_ASID] = { "CMD_TLBI_NH_ASID", legal_stage1, run_tlbi },
    [CMD_TLBI_NH_VA] = { "CMD_TLBI_NH_VA", legal_stage1_range, run_tlbi },
    [CMD_TLBI_NH_VAA] = { "CMD_TLBI_NH_VAA", legal_stage1_range, run_tlbi },
    [CMD_TLBI_EL2_ALL] = { "CMD_TLBI_EL2_ALL", legal_hyp, run_tlbi },
    [CMD_TLBI_EL2_ASID] = { "CMD_TLBI_EL2_ASID", legal_hyp, run_tlbi },
    [CMD_TLBI_EL2_VA] = { "CMD_TLBI_EL2_VA", legal_hyp_range, run_tlbi },
    [CMD_TLBI_EL2_VAA] = { "CMD_TLBI_EL2_VAA", legal_hyp_range, run_tlbi },
    [CMD_TLBI_S12_VMALL] = { "CMD_TLBI_S12_VMALL", legal_stage2, run_tlbi },
    [CMD_TLBI_S2_IPA] = { "CMD_TLBI_S2_IPA", legal_stage2_range, run_tlbi },
    [CMD_TLBI_NSNH_ALL] = { "CMD_TLBI_NSNH_ALL", legal_always, run_tlbi },
    [CMD_ATC_INV] = { "CMD_ATC_INV", legal_atc_inv, run_atc_inv },
    [CMD_PRI_RESP] = { "CMD_PRI_RESP", legal_pri_resp, run_pri_resp },
    [CMD_RESUME] = { "CMD_RESUME", legal_stall, run_resume },
    [CMD_STALL_TERM] = { "CMD_STALL_TERM", legal_stall, run_stall_term },
    [CMD_SYNC] = { "CMD_SYNC", legal_sync, run_sync },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static CmdOutcome command_execute(SmmuModel *m, unsigned q, const uint64_t w[CMD_WORDS])
{
    unsigned op = field_get(w, CMD_OP);

    /* SSec=1 is for the Secure queue alone (4.1.6) */
    if (field_get(w, CMD_SSEC) || op >= COMMANDS || !commands[op].legal ||
        !commands[op].legal(&m->config, w)) {
        return CMD_ILLEGAL;
    }
    return commands[op].run(m, q, w);
}

/* ---- Queues ------------------------------------------------------------------------------- */

/** Registers of a queue, whichever kind it is. */
typedef struct QueueView {
    uint64_t base;
    uint32_t prod, cons;
    unsigned log2;
    bool ready; /* enabled, and no error is pending */
} QueueView;

static QueueView queue_view(const SmmuModel *m, unsigned q)
{
    QueueView v;

    if (q == 0) {
        v.base = m->ns.cell[CELL_CMDQ_BASE];
        v.prod = cell_get(m, CELL_CMDQ_PROD, Q_INDEX);
        v.cons = cell_get(m, CELL_CMDQ_CONS, Q_INDEX);
        v.ready = cell_get(m, CELL_CR0, CR0_CMDQEN) && !smmu_gerror_active(m, GERROR_CMDQ_ERR);
    } else {
        const SmmuEcmdq *e = &m->ecmdq[q - 1];

        v.base = e->base;
        v.prod = reg_get(e->prod, Q_INDEX);
        v.cons = reg_get(e->cons, Q_INDEX);
        v.ready = reg_get(e->cons, ECMDQ_CONS_ENACK) &&
                  reg_get(e->prod, ECMDQ_PROD_ERRACK) == reg_get(e->cons, ECMDQ_CONS_ERR);
    }
    v.log2 = smmu_q_log2(v.base, m->config.cmdqs);
    return v;
}

static void queue_set_cons(SmmuModel *m, unsigned q, uint32_t cons)
{
    if (q == 0) {
        cell_set(m, CELL_CMDQ_CONS, Q_INDEX, cons);
    } else {
        m->ecmdq[q - 1].cons = reg_set(m->ecmdq[q - 1].cons, Q_INDEX, cons);
    }
}

/** CONS says why before anything says that there is an error (7.1, 3.5.6.3). */
static void queue_error(SmmuModel *m, unsigned q, SmmuCmdError error)
{
    if (q == 0) {
        cell_set(m, CELL_CMDQ_CONS, CMDQ_CONS_ERR, error);
        smmu_gerror(m, GERROR_CMDQ_ERR);
    } else {
        uint64_t cons = m->ecmdq[q - 1].cons;

        cons = reg_set(cons, ECMDQ_CONS_ERR_REASON, error);
        cons = reg_set(cons, ECMDQ_CONS_ERR, !reg_get(cons, ECMDQ_CONS_ERR));
        m->ecmdq[q - 1].cons = cons;
        smmu_gerror(m, GERROR_CMDQP_ERR);
    }
}

static bool queue_fetch(SmmuModel *m, const QueueView *v, uint64_t w[CMD_WORDS])
{
    uint64_t addr = smmu_pa(m, smmu_q_addr(v->base, v->log2, CMD_BYTES, v->cons));
    uint8_t buf[CMD_BYTES];

    plan_step(&m->plan, IOMMU_STEP_QUEUE_READ, 0, 0, false, addr, CMD_BYTES);
    if (m->base.host.ops->read(m->base.host.opaque, addr, buf, CMD_BYTES, smmu_queue_attr(m)) !=
        IOMMU_MEM_OK) {
        return false;
    }
    for (unsigned i = 0; i < CMD_WORDS; i++) {
        w[i] = le64_load(buf + 8 * i);
    }
    return true;
}

/** @w: NULL if it could not be fetched. */
static void note(const SmmuModel *m, unsigned q, const QueueView *v, const uint64_t *w,
                 SmmuCmdError error)
{
    unsigned op = w ? field_get(w, CMD_OP) : 0;

    iommu_note(&m->base.host, &(IommuNote) {
        .kind = IOMMU_NOTE_COMMAND, .index = v->cons, .code = error, .queue = q,
        .name = op < COMMANDS && commands[op].name ? commands[op].name : "unknown command",
        .words = { w ? w[0] : 0, w ? w[1] : 0 },
    });
}

/** Show software how command @w ended. False if consumption stops here. */
static bool queue_retire(SmmuModel *m, unsigned q, const QueueView *v, const uint64_t *w,
                         CmdOutcome outcome)
{
    switch (outcome) {
    case CMD_ABORTED:
        note(m, q, v, NULL, CERROR_ABT);
        queue_error(m, q, CERROR_ABT);
        return false;
    case CMD_ILLEGAL:
        note(m, q, v, w, CERROR_ILL);
        SMMU_GUEST_ERROR(m, "smmuv3: illegal command 0x%016llx %016llx\n",
                         (unsigned long long)w[0], (unsigned long long)w[1]);
        queue_error(m, q, CERROR_ILL);
        return false;
    case CMD_ATC_TIMEOUT:
        note(m, q, v, w, CERROR_ATC_INV_SYNC);
        queue_error(m, q, CERROR_ATC_INV_SYNC);
        return false;
    case CMD_WAIT:
        return false;
    default:
        m->base.counters.commands++;
        note(m, q, v, w, CERROR_NONE);
        queue_set_cons(m, q, smmu_q_wrap(v->cons + 1, v->log2));
        return true;
    }
}

/** One command. False if consumption stops here. */
static bool queue_step(SmmuModel *m, unsigned q, const QueueView *v)
{
    uint64_t w[CMD_WORDS];
    bool fetched = queue_fetch(m, v, w);

    return queue_retire(m, q, v, w, fetched ? command_execute(m, q, w) : CMD_ABORTED);
}

static bool queue_has_work(const SmmuModel *m, unsigned q)
{
    QueueView v = queue_view(m, q);
    uint32_t used = smmu_q_used(v.prod, v.cons, v.log2);

    return v.ready && used && used <= 1u << v.log2 && !m->sync[q].waiting;
}

/* One command processor serves the queues in turn. */
uint32_t smmu_cmdq_pending(SmmuModel *m)
{
    for (uint32_t i = 1; i <= 1 + m->ecmdq_count; i++) {
        uint32_t q = (m->command.queue + i) % (1 + m->ecmdq_count);

        if (queue_has_work(m, q)) {
            m->command.queue = q;
            return CMD_BYTES;
        }
    }
    return 0;
}

void smmu_cmdq_forget(SmmuModel *m, unsigned q)
{
    if (m->command.queue == q) {
        m->command.outcome = CMD_WAIT;
    }
}

/* The queue may have been switched off, or moved, since the fetch began: then nothing happens. */
void smmu_cmdq_execute(SmmuModel *m)
{
    unsigned q = m->command.queue;
    QueueView v = queue_view(m, q);
    const uint64_t *w = m->command.words;

    if (!queue_has_work(m, q)) {
        m->command.outcome = CMD_WAIT;
    } else if (!queue_fetch(m, &v, m->command.words)) {
        m->command.outcome = CMD_ABORTED;
    } else if (field_get(w, CMD_OP) == CMD_SYNC && !field_get(w, CMD_SSEC) &&
               legal_sync(&m->config, w)) {
        /* Its completion is all there is to it, and that is for retirement. */
        plan_step(&m->plan, IOMMU_STEP_DRAIN, 0, 0, false, 0, 0);
        if (smmu_irq_cmd_sync_has_msi(m, w)) {
            plan_step(&m->plan, IOMMU_STEP_MSI, 0, 0, false, 0, 4);
        }
        m->command.outcome = CMD_SYNCHRONISE;
    } else {
        m->command.outcome = command_execute(m, q, w);
    }
}

void smmu_cmdq_retire(SmmuModel *m)
{
    unsigned q = m->command.queue;
    QueueView v = queue_view(m, q);
    CmdOutcome outcome = m->command.outcome;

    if (!v.ready) {
        return; /* switched off meanwhile: CONS is stable from then on (6.3.9.3) */
    }
    if (outcome == CMD_SYNCHRONISE) {
        outcome = run_sync(m, q, m->command.words);
    }
    queue_retire(m, q, &v, m->command.words, outcome);
}

static bool queues_have_work(const SmmuModel *m)
{
    for (uint32_t q = 0; q <= m->ecmdq_count; q++) {
        if (queue_has_work(m, q)) {
            return true;
        }
    }
    return false;
}

void smmu_cmdq_wake(SmmuModel *m)
{
    const IommuHostOps *ops = m->base.host.ops;

    if (!m->base.timed && ops->wake && queues_have_work(m)) {
        ops->wake(m->base.host.opaque, ops->now ? ops->now(m->base.host.opaque) : 0);
    }
}

void smmu_cmdq_continue(SmmuModel *m)
{
    for (uint32_t q = 0; q <= m->ecmdq_count; q++) {
        if (!m->base.timed && queue_has_work(m, q)) {
            smmu_cmdq_run(m, q);
        }
    }
}

void smmu_cmdq_run(SmmuModel *m, unsigned q)
{
    QueueView v = queue_view(m, q);
    uint32_t left = smmu_q_used(v.prod, v.cons, v.log2);
    uint32_t limit = m->base.host.ops->wake ? DRAIN_COMMANDS : UINT32_MAX;

    if (m->base.timed) {
        iommu_timed_kick(m->base.timed);
        return;
    }
    if (left > 1u << v.log2) {
        SMMU_GUEST_ERROR(m, "smmuv3: command queue indexes 0x%x, 0x%x are inconsistent\n", v.prod,
                         v.cons);
        return; /* commands there would be UNPREDICTABLE: do nothing (3.5.1) */
    }
    /* No more than was there at the doorbell: a guest cannot hold the processor in here */
    m->notified = 0;
    for (uint32_t done = 0; left && v.ready && !m->sync[q].waiting; left--) {
        if (done + m->notified >= limit) {
            smmu_cmdq_wake(m);
            return;
        }
        plan_begin(&m->plan);
        if (!queue_step(m, q, &v)) {
            return;
        }
        done++;
        v = queue_view(m, q);
    }
}

void smmu_cmdq_atc_done(SmmuModel *m, unsigned q, bool ok)
{
    SmmuCmdSync *sync = &m->sync[q];

    if (!sync->atc_pending) {
        return;
    }
    sync->atc_pending--;
    sync->atc_failed |= !ok;
    if (!sync->atc_pending && sync->waiting) {
        sync->waiting = false;
        smmu_cmdq_run(m, q);
    }
}
