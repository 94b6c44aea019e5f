/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A model over plain memory, first off the clock (set-up), then on it.
 */
#include <string.h>

#include "hw/iommu/smmuv3.h"
#include "hw/iommu/vtd.h"
#include "sim.h"

/* Side effects, one line each, in the order in which they happen. */

static void log_bytes(SimBed *b, const char *what, uint64_t addr, const uint8_t *p, size_t len)
{
    fprintf(b->log, "%" PRIu64 " %s 0x%" PRIx64 " ", sim_bed_now(b), what, addr);
    for (size_t i = 0; i < len; i++) {
        fprintf(b->log, "%02x", p[i]);
    }
    fputc('\n', b->log);
}

static IommuMemStatus bed_write(void *opaque, uint64_t addr, const void *buf, size_t len,
                                IommuMemAttr attr)
{
    SimBed *b = opaque;

    if (b->log && b->timed) {
        log_bytes(b, "write", addr, buf, len);
    }
    return b->ram.host.ops->write(&b->ram, addr, buf, len, attr);
}

static IommuMemStatus bed_read(void *opaque, uint64_t addr, void *buf, size_t len,
                               IommuMemAttr attr)
{
    SimBed *b = opaque;

    return b->ram.host.ops->read(&b->ram, addr, buf, len, attr);
}

static IommuMemStatus bed_cas(void *opaque, uint64_t addr, uint64_t expected, uint64_t desired,
                              uint64_t *old, IommuMemAttr attr)
{
    SimBed *b = opaque;
    IommuMemStatus status = b->ram.host.ops->cas64(&b->ram, addr, expected, desired, old, attr);

    if (b->log && b->timed) {
        fprintf(b->log, "%" PRIu64 " swap 0x%" PRIx64 " 0x%016" PRIx64 " 0x%016" PRIx64 "\n",
                sim_bed_now(b), addr, expected, desired);
    }
    return status;
}

static void bed_pulse(void *opaque, unsigned line)
{
    SimBed *b = opaque;

    if (b->log && b->timed) {
        fprintf(b->log, "%" PRIu64 " irq %u\n", sim_bed_now(b), line);
    }
    b->ram.host.ops->pulse_irq(&b->ram, line);
}

static IommuMemStatus bed_msi(void *opaque, uint64_t addr, uint32_t data, IommuMemAttr attr,
                              IommuMsiSource source)
{
    SimBed *b = opaque;

    if (b->log && b->timed) {
        fprintf(b->log, "%" PRIu64 " msi 0x%" PRIx64 " 0x%x\n", sim_bed_now(b), addr, data);
    }
    return b->ram.host.ops->send_msi(&b->ram, addr, data, attr, source);
}

static void bed_stall_done(void *opaque, uint64_t cookie, const IommuResult *res)
{
    SimBed *b = opaque;
    gpointer key = GSIZE_TO_POINTER(cookie);

    if (b->log && b->timed) {
        fprintf(b->log, "%" PRIu64 " resumed %zu status %u pa 0x%" PRIx64 "\n", sim_bed_now(b),
                GPOINTER_TO_SIZE(g_hash_table_lookup(b->stalled, key)), res->status,
                res->status ? 0 : res->pa);
    }
    g_hash_table_remove(b->stalled, key);
    b->ram.host.ops->stall_done(&b->ram, cookie, res);
}

static void log_pasid(SimBed *b, bool has_pasid, uint32_t pasid)
{
    if (has_pasid) {
        fprintf(b->log, " pasid %u", pasid);
    }
}

static IommuAtsInvStatus bed_ats_invalidate(void *opaque, const IommuAtsInv *inv)
{
    SimBed *b = opaque;

    if (b->log && b->timed) {
        fprintf(b->log, "%" PRIu64 " invalidate %u 0x%x 0x%" PRIx64 " 0x%" PRIx64,
                sim_bed_now(b), inv->itag, inv->stream, inv->addr, inv->last);
        log_pasid(b, inv->has_pasid, inv->pasid);
        fputs(inv->global ? " global\n" : "\n", b->log);
    }
    return IOMMU_ATS_INV_DONE;
}

static void bed_page_response(void *opaque, const IommuPageResponse *rsp)
{
    SimBed *b = opaque;

    if (b->log && b->timed) {
        fprintf(b->log, "%" PRIu64 " response 0x%x %u %u", sim_bed_now(b), rsp->stream, rsp->prgi,
                rsp->code);
        log_pasid(b, rsp->has_pasid, rsp->pasid);
        fputc('\n', b->log);
    }
}

static void bed_guest_error(void *opaque, const char *fmt, ...)
{
    SimBed *b = opaque;

    (void)fmt;
    b->ram.errors++;
}

/* A counter of cycles overflows then. */
static void bed_wake(void *opaque, uint64_t cycle)
{
    SimBed *b = opaque;

    b->wake_at = MIN(b->wake_at, cycle);
}

static const IommuHostOps bed_ops = {
    .read = bed_read,
    .write = bed_write,
    .cas64 = bed_cas,
    .pulse_irq = bed_pulse,
    .send_msi = bed_msi,
    .stall_done = bed_stall_done,
    .guest_error = bed_guest_error,
    .wake = bed_wake,
};

/* Devices are there to be told things: what they are told is logged. */
static const IommuHostOps bed_ops_with_devices = {
    .read = bed_read,
    .write = bed_write,
    .cas64 = bed_cas,
    .pulse_irq = bed_pulse,
    .send_msi = bed_msi,
    .stall_done = bed_stall_done,
    .guest_error = bed_guest_error,
    .wake = bed_wake,
    .ats_invalidate = bed_ats_invalidate,
    .page_response = bed_page_response,
};

void sim_machine_clear(SimMachine *m)
{
    g_clear_pointer(&m->set, g_free);
}

static IommuModel *make_smmu(const char *set, const IommuProfile *profile, const IommuHost *host,
                             uint64_t *bytes, char **error)
{
    SmmuConfig c;
    char why[256];

    if (!smmu_config_named(&c, set)) {
        *error = g_strdup_printf("iommu smmuv3 '%s': %s is allowed", set, smmu_config_names());
        return NULL;
    }
    c.profile = profile;
    *bytes = smmu_mmio_size(&c);
    if (!smmu_config_check(&c, why, sizeof(why))) {
        *error = g_strdup_printf("iommu smmuv3 '%s': %s", set, why);
        return NULL;
    }
    return smmu_new(&c, host);
}

static IommuModel *make_vtd(const char *set, const IommuProfile *profile, const IommuHost *host,
                            uint64_t *bytes, char **error)
{
    VtdConfig c;
    char why[256];

    if (!vtd_config_named(&c, set)) {
        *error = g_strdup_printf("iommu vtd '%s': %s is allowed", set, vtd_config_names());
        return NULL;
    }
    c.profile = profile;
    *bytes = vtd_config_mmio_size(&c);
    if (!vtd_config_check(&c, why, sizeof(why))) {
        *error = g_strdup_printf("iommu vtd '%s': %s", set, why);
        return NULL;
    }
    return vtd_new(&c, host, NULL);
}

bool sim_bed_init(SimBed *b, const SimMachine *m, const IommuProfile *profile, char **error)
{
    const char *set = m->set ? m->set : "max";
    IommuHost host = { .ops = m->devices ? &bed_ops_with_devices : &bed_ops, .opaque = b };

    memset(b, 0, sizeof(*b));
    b->wake_at = IOMMU_CYCLE_NEVER;
    b->profile = profile;
    if (!ramhost_try_init(&b->ram, m->memory_base, m->memory_bytes)) {
        *error = g_strdup_printf("memory: this machine has not 0x%" PRIx64 " bytes free",
                                 m->memory_bytes);
        return false;
    }
    b->stalled = g_hash_table_new(NULL, NULL);
    b->model = m->vtd ? make_vtd(set, profile, &host, &b->register_bytes, error)
                      : make_smmu(set, profile, &host, &b->register_bytes, error);
    if (!b->model) {
        if (!*error) {
            *error = g_strdup("out of memory");
        }
        ramhost_destroy(&b->ram);
        g_hash_table_unref(b->stalled);
        return false;
    }
    return true;
}

void sim_bed_destroy(SimBed *b)
{
    b->log = NULL;
    iommu_timed_free(b->timed);
    b->model->ops->free(b->model);
    ramhost_destroy(&b->ram);
    g_hash_table_unref(b->stalled);
}

void sim_bed_start(SimBed *b)
{
    if (!b->timed) {
        b->timed = iommu_timed_new(b->model, &b->profile->timing, &b->timed_ops, b->opaque);
    }
}

uint64_t sim_bed_now(const SimBed *b)
{
    return b->timed ? iommu_timed_now(b->timed) : 0;
}

void sim_bed_run_until(SimBed *b, uint64_t cycle)
{
    while (b->wake_at <= cycle) {
        uint64_t wake = MAX(b->wake_at, sim_bed_now(b));

        b->wake_at = IOMMU_CYCLE_NEVER;
        iommu_timed_run_until(b->timed, wake);
    }
    iommu_timed_run_until(b->timed, cycle);
}

void sim_bed_stalled(SimBed *b, uint64_t cookie, uint64_t job)
{
    g_hash_table_insert(b->stalled, GSIZE_TO_POINTER(cookie), GSIZE_TO_POINTER(job));
}

static uint64_t bus_read(void *opaque, uint64_t offset, unsigned size)
{
    SimBed *b = opaque;

    return b->model->ops->mmio_read(b->model, offset, size);
}

static void bus_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    SimBed *b = opaque;

    b->model->ops->mmio_write(b->model, offset, value, size);
}

/* A driver polls: let the next thing happen. */
static void bus_wait(void *opaque)
{
    SimBed *b = opaque;
    uint64_t next = b->timed ? iommu_timed_next(b->timed) : IOMMU_CYCLE_NEVER;

    if (next != IOMMU_CYCLE_NEVER) {
        sim_bed_run_until(b, next);
    }
}

RegBus sim_bed_bus(SimBed *b)
{
    return (RegBus) { .read = bus_read, .write = bus_write, .wait = bus_wait, .opaque = b };
}
