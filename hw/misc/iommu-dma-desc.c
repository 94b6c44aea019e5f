/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iommu-dma: descriptors, decoding and legality (docs/specs/iommu-dma.rst, "Descriptors").
 */
#include "qemu/osdep.h"
#include "iommu-dma-internal.h"

/* What an operation is, before a descriptor's own flags. */
typedef struct OpRule {
    bool known;
    bool data;      /* LENGTH is bytes to move, cut into transactions */
    bool on_board;  /* [LOCAL, LOCAL + LENGTH) must exist */
    bool atomic;    /* one naturally aligned word */
    bool port_only; /* plain DMA cannot carry it */
    uint32_t need;
    uint32_t features;
} OpRule;

static const OpRule op_rules[] = {
    [IDMA_OP_NOP] = { .known = true },
    [IDMA_OP_READ] = { .known = true, .data = true, .on_board = true, .need = IDMA_NEED_MASTER },
    [IDMA_OP_WRITE] = { .known = true, .data = true, .on_board = true, .need = IDMA_NEED_MASTER },
    [IDMA_OP_COPY] = { .known = true, .data = true, .need = IDMA_NEED_MASTER },
    [IDMA_OP_FILL] = { .known = true, .data = true, .need = IDMA_NEED_MASTER },
    [IDMA_OP_VERIFY] = { .known = true, .data = true, .need = IDMA_NEED_MASTER },
    [IDMA_OP_FETCH_ADD] = { .known = true, .atomic = true, .need = IDMA_NEED_MASTER },
    [IDMA_OP_SWAP] = { .known = true, .atomic = true, .need = IDMA_NEED_MASTER },
    [IDMA_OP_CAS] = { .known = true, .atomic = true, .need = IDMA_NEED_MASTER },
    [IDMA_OP_ZERO_READ] = { .known = true, .port_only = true, .need = IDMA_NEED_MASTER },
    [IDMA_OP_ATS_REQUEST] = { .known = true, .port_only = true,
                              .need = IDMA_NEED_MASTER | IDMA_NEED_ATS,
                              .features = IOMMU_PORT_ATS },
    [IDMA_OP_PAGE_REQUEST] = { .known = true, .port_only = true,
                               .need = IDMA_NEED_MASTER | IDMA_NEED_PRI,
                               .features = IOMMU_PORT_PRI },
    [IDMA_OP_STOP_MARKER] = { .known = true, .port_only = true,
                              .need = IDMA_NEED_MASTER | IDMA_NEED_PRI,
                              .features = IOMMU_PORT_PRI },
};

static const BitField desc_fields[] = {
    IDMA_D_OP, IDMA_D_ORDER, IDMA_D_AT, IDMA_D_PASID_EN, IDMA_D_PRIV, IDMA_D_EXEC,
    IDMA_D_NO_SNOOP, IDMA_D_RELAXED, IDMA_D_SECURE, IDMA_D_NO_WRITE, IDMA_D_IRQ, IDMA_D_PAGE,
    IDMA_D_LAST, IDMA_D_PR_READ, IDMA_D_PR_WRITE, IDMA_D_CONTINUE, IDMA_D_FORCE,
    IDMA_D_DEBUG_PA, IDMA_D_CHECKSUM, IDMA_D_MIXED, IDMA_D_PASID, IDMA_D_ADDR, IDMA_D_ADDR2,
    IDMA_D_LENGTH, IDMA_D_COUNT, IDMA_D_STRIDE, IDMA_D_WINDOW, IDMA_D_SEED, IDMA_D_DATA,
    IDMA_D_COMPARE, IDMA_D_LOCAL, IDMA_D_FLIGHT, IDMA_D_CHUNK, IDMA_D_PRGI, IDMA_D_GAP,
    IDMA_D_COOKIE,
};

/* RING_ATTR has a subset of quadword 0, in the same places. */
static const BitField ring_attr_fields[] = {
    IDMA_D_AT, IDMA_D_PASID_EN, IDMA_D_PRIV, IDMA_D_PAGE, IDMA_D_FORCE, IDMA_D_PASID,
};

static bool reserved_clear(const uint64_t *words)
{
    uint64_t named[IDMA_DESC_WORDS] = { 0 };

    for (size_t i = 0; i < ARRAY_SIZE(desc_fields); i++) {
        named[field_word(desc_fields[i])] |= field_mask(desc_fields[i]);
    }
    for (unsigned i = 0; i < IDMA_DESC_WORDS; i++) {
        if (words[i] & ~named[i]) {
            return false;
        }
    }
    return true;
}

static bool legal(const IdmaDesc *d, const OpRule *rule, uint32_t local_size)
{
    if (!d->count || d->flight > IDMA_SLOTS || d->order > IDMA_ORDER_RANDOM ||
        d->at > IDMA_AT_TRANSLATED || d->chunk > IDMA_CHUNK_MAX) {
        return false;
    }
    if (d->order == IDMA_ORDER_RANDOM && !d->places) {
        return false;
    }
    if (rule->data && !d->length) {
        return false;
    }
    if (rule->on_board &&
        (d->local > local_size || d->length > local_size - d->local)) {
        return false;
    }
    if (rule->atomic) {
        uint64_t step = d->order == IDMA_ORDER_SEQUENTIAL ? 0 : d->stride;

        if ((d->length != 4 && d->length != 8) ||
            ((d->addr | step | d->window) & (d->length - 1))) {
            return false;
        }
    }
    /* The device asks for pages of addresses that it translates by ATS itself. */
    if (d->page && d->at != IDMA_AT_ATC) {
        return false;
    }
    if (d->op == IDMA_OP_STOP_MARKER && !d->has_pasid) {
        return false;
    }
    return true;
}

static void decode_attributes(uint64_t w0, IdmaDesc *out)
{
    out->at = reg_get(w0, IDMA_D_AT);
    out->has_pasid = reg_get(w0, IDMA_D_PASID_EN);
    out->pasid = reg_get(w0, IDMA_D_PASID);
    out->priv = reg_get(w0, IDMA_D_PRIV);
    out->page = reg_get(w0, IDMA_D_PAGE);
    out->force = reg_get(w0, IDMA_D_FORCE);

    out->need |= IDMA_NEED_MASTER;
    if (out->has_pasid) {
        out->need |= IDMA_NEED_PASID;
        out->features |= IOMMU_PORT_PASID;
        out->port_only = true;
    }
    if (out->priv) {
        out->need |= IDMA_NEED_PRIV;
        out->port_only = true;
    }
    if (out->at != IDMA_AT_UNTRANSLATED) {
        out->need |= IDMA_NEED_ATS;
        out->features |= IOMMU_PORT_ATS;
        out->port_only = true;
    }
    if (out->page) {
        out->need |= IDMA_NEED_PRI;
        out->features |= IOMMU_PORT_PRI;
    }
}

bool idma_decode(const uint64_t *words, uint32_t local_size, IdmaDesc *out)
{
    const OpRule *rule;
    unsigned chunk_lg2;

    memset(out, 0, sizeof(*out));
    out->op = field_get(words, IDMA_D_OP);
    out->irq = field_get(words, IDMA_D_IRQ);
    out->cookie = field_get(words, IDMA_D_COOKIE);
    if (out->op >= ARRAY_SIZE(op_rules) || !op_rules[out->op].known || !reserved_clear(words)) {
        return false;
    }
    rule = &op_rules[out->op];
    out->port_only = rule->port_only;
    out->features = rule->features;
    if (rule->need) {
        decode_attributes(words[0], out);
        out->need |= rule->need;
    }

    out->order = field_get(words, IDMA_D_ORDER);
    out->exec = field_get(words, IDMA_D_EXEC);
    out->no_snoop = field_get(words, IDMA_D_NO_SNOOP);
    out->relaxed = field_get(words, IDMA_D_RELAXED);
    out->secure = field_get(words, IDMA_D_SECURE);
    out->no_write = field_get(words, IDMA_D_NO_WRITE);
    out->last = field_get(words, IDMA_D_LAST);
    out->pr_read = field_get(words, IDMA_D_PR_READ);
    out->pr_write = field_get(words, IDMA_D_PR_WRITE);
    out->go_on = field_get(words, IDMA_D_CONTINUE);
    out->debug_pa = field_get(words, IDMA_D_DEBUG_PA);
    out->checksum = field_get(words, IDMA_D_CHECKSUM);
    out->mixed = field_get(words, IDMA_D_MIXED);
    out->addr = field_get(words, IDMA_D_ADDR);
    out->addr2 = field_get(words, IDMA_D_ADDR2);
    out->length = field_get(words, IDMA_D_LENGTH);
    out->count = field_get(words, IDMA_D_COUNT);
    out->stride = field_get(words, IDMA_D_STRIDE);
    out->window = field_get(words, IDMA_D_WINDOW);
    out->seed = field_get(words, IDMA_D_SEED);
    out->data = field_get(words, IDMA_D_DATA);
    out->compare = field_get(words, IDMA_D_COMPARE);
    out->local = field_get(words, IDMA_D_LOCAL);
    out->flight = MAX(field_get(words, IDMA_D_FLIGHT), 1);
    chunk_lg2 = field_get(words, IDMA_D_CHUNK);
    out->chunk = chunk_lg2 ? 1u << chunk_lg2 : IDMA_CHUNK_MAX;
    out->prgi = field_get(words, IDMA_D_PRGI);
    out->gap = field_get(words, IDMA_D_GAP);

    out->granule = out->stride ? out->stride : out->length;
    out->places = out->granule ? out->window / out->granule : 0;

    if (out->exec) {
        out->need |= IDMA_NEED_EXEC;
        out->port_only = true;
    }
    if (out->secure) {
        out->port_only = true;
    }
    return legal(out, rule, local_size);
}

uint64_t idma_ring_attr_mask(void)
{
    uint64_t mask = 0;

    for (size_t i = 0; i < ARRAY_SIZE(ring_attr_fields); i++) {
        mask |= field_mask(ring_attr_fields[i]);
    }
    return mask;
}

void idma_decode_ring_attr(uint64_t attr, IdmaDesc *out)
{
    memset(out, 0, sizeof(*out));
    decode_attributes(attr, out);
    out->count = 1;
    out->flight = 1;
    out->chunk = IDMA_CHUNK_MAX;
}
