/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Summary for people, JSON for programs.
 */
#include <json-glib/json-glib.h>

#include "sim.h"

double sim_ratio(uint64_t a, uint64_t b)
{
    return b ? (double)a / b : 0;
}

double sim_busy_share(const SimReport *r, unsigned res)
{
    return sim_ratio(r->resources[res].busy, r->cycles * r->servers[res]);
}

double sim_mean_latency(const SimReport *r)
{
    return sim_ratio(r->latency_sum, r->requests - r->stalled);
}

double sim_hit_rate(const SimReport *r)
{
    return sim_ratio(r->counters.tlb_hits, r->counters.tlb_lookups);
}

double sim_reads_per_miss(const SimReport *r)
{
    return sim_ratio(r->counters.walk_reads + r->counters.config_reads, r->counters.tlb_misses);
}

char *sim_describe(const SimReport *r)
{
    const SimGeneratorOptions *o = r->origin.generate;
    g_autofree char *commands = NULL;

    if (!o) {
        return g_strdup_printf("trace %s", r->origin.trace ? r->origin.trace : "?");
    }
    if (o->commands) {
        commands = g_strdup_printf(", an invalidation every %" PRIu64, o->commands);
    }
    return g_strdup_printf("%s, %s, %" PRIu64 " requests, %s over %" PRIu64 " %spages of %" PRIu64
                           " device%s, %" PRIu64 " bytes each, %" PRIu64 " %% writes, gap %" PRIu64
                           "%s, seed %" PRIu64, o->iommu, o->mode, o->count, o->order, o->pages,
                           o->page_bytes == 4096 ? "" : "huge ", o->streams,
                           o->streams == 1 ? "" : "s", o->size, o->writes, o->gap,
                           commands ? commands : "", o->seed);
}

void sim_print_summary(const SimReport *r, const IommuProfile *profile, FILE *out)
{
    uint64_t done = r->requests - r->stalled;
    double ns = 1000.0 / profile->timing.clock_mhz;

    if (r->origin.command) {
        g_autofree char *run = sim_describe(r);

        fprintf(out, "run                %s\n", run);
    }
    fprintf(out, "profile            %s, %u MHz\n", profile->name, profile->timing.clock_mhz);
    fprintf(out, "requests           %" PRIu64 " (%" PRIu64 " ok, %" PRIu64 " faulted, %" PRIu64
            " stalled)\n", r->requests, r->ok, r->faulted, r->stalled);
    fprintf(out, "cycles             %" PRIu64 " (%.3f requests and %.2f bytes a cycle)\n",
            r->cycles, sim_ratio(r->requests, r->cycles), sim_ratio(r->bytes, r->cycles));
    if (done) {
        fprintf(out, "latency, cycles    min %" PRIu64 "  mean %.2f  median %" PRIu64 "  99 %% %"
                PRIu64 "  max %" PRIu64 "  (mean %.1f ns)\n", r->latency_min,
                sim_mean_latency(r), sim_percentile(r, 50), sim_percentile(r, 99),
                r->latency_max, sim_mean_latency(r) * ns);
    }
    if (2 * (r->resources[IOMMU_RES_TXN].waited + r->resources[IOMMU_RES_PORT].waited) >
        r->latency_sum) {
        fputs("                   most of it is queueing at the way in: requests come faster than "
              "they are answered\n", out);
    }
    fprintf(out, "TLB                %" PRIu64 " lookups, %.3f %% hits\n", r->counters.tlb_lookups,
            100 * sim_hit_rate(r));
    fprintf(out, "walks              %" PRIu64 "; %.3f reads a TLB miss (%.3f of descriptors, "
            "%.3f of configuration)\n", r->counters.walks, sim_reads_per_miss(r),
            sim_ratio(r->counters.walk_reads, r->counters.tlb_misses),
            sim_ratio(r->counters.config_reads, r->counters.tlb_misses));
    fprintf(out, "commands           %" PRIu64 " (%" PRIu64 " invalidations), events %" PRIu64
            ", lost %" PRIu64 "\n", r->counters.commands, r->counters.invalidations,
            r->counters.events, r->counters.events_lost);
    fprintf(out, "%-12s %8s %12s %12s %10s %12s\n", "resource", "servers", "grants",
            "busy cycles", "busy %", "queued max");
    for (unsigned i = 0; i < IOMMU_RESOURCES; i++) {
        const IommuResourceStats *s = &r->resources[i];

        if (s->grants) {
            fprintf(out, "%-12s %8u %12" PRIu64 " %12" PRIu64 " %10.2f %12u\n",
                    sim_resource_name(i), r->servers[i], s->grants, s->busy,
                    100 * sim_busy_share(r, i), s->max_queue);
        }
    }
    fprintf(out, "processor time     %.3f s, %.2f million requests a second\n", r->seconds,
            r->seconds > 0 ? r->requests / r->seconds / 1e6 : 0);
}

static void member(JsonBuilder *b, const char *name, uint64_t value)
{
    json_builder_set_member_name(b, name);
    json_builder_add_int_value(b, value);
}

static void member_double(JsonBuilder *b, const char *name, double value)
{
    json_builder_set_member_name(b, name);
    json_builder_add_double_value(b, value);
}

static void add_latency(void *opaque, uint64_t cycles, uint64_t n)
{
    JsonBuilder *b = opaque;

    json_builder_begin_array(b);
    json_builder_add_int_value(b, cycles);
    json_builder_add_int_value(b, n);
    json_builder_end_array(b);
}

static void add_parameter(void *opaque, const char *name, const char *unit, const char *value)
{
    (void)unit;
    json_builder_set_member_name(opaque, name);
    json_builder_add_string_value(opaque, value);
}

static void member_string(JsonBuilder *b, const char *name, const char *value)
{
    json_builder_set_member_name(b, name);
    json_builder_add_string_value(b, value);
}

static void add_origin(JsonBuilder *b, const SimOrigin *from)
{
    const SimGeneratorOptions *o = from->generate;

    if (from->command) {
        member_string(b, "command", from->command);
    }
    if (from->trace) {
        member_string(b, "trace", from->trace);
    }
    if (!o) {
        return;
    }
    json_builder_set_member_name(b, "generator");
    json_builder_begin_object(b);
    member_string(b, "iommu", o->iommu);
    member_string(b, "mode", o->mode);
    member_string(b, "order", o->order);
    member(b, "count", o->count);
    member(b, "pages", o->pages);
    member(b, "streams", o->streams);
    member(b, "gap", o->gap);
    member(b, "size", o->size);
    member(b, "writes", o->writes);
    member(b, "commands", o->commands);
    member(b, "seed", o->seed);
    json_builder_end_object(b);
}

static void add_counters(JsonBuilder *b, const SimReport *r)
{
    json_builder_set_member_name(b, "counters");
    json_builder_begin_object(b);
#define X(name, what) member(b, #name, r->counters.name);
    IOMMU_COUNTERS(X)
#undef X
    json_builder_end_object(b);
}

static void add_resources(JsonBuilder *b, const SimReport *r)
{
    json_builder_set_member_name(b, "resources");
    json_builder_begin_object(b);
    for (unsigned i = 0; i < IOMMU_RESOURCES; i++) {
        json_builder_set_member_name(b, sim_resource_name(i));
        json_builder_begin_object(b);
        member(b, "servers", r->servers[i]);
        member(b, "grants", r->resources[i].grants);
        member(b, "busy", r->resources[i].busy);
        member_double(b, "busy_share", sim_busy_share(r, i));
        member(b, "waited", r->resources[i].waited);
        member(b, "max_queue", r->resources[i].max_queue);
        json_builder_end_object(b);
    }
    json_builder_end_object(b);
}

bool sim_write_json(const SimReport *r, const IommuProfile *profile, const char *path,
                    char **error)
{
    g_autoptr(JsonBuilder) b = json_builder_new();
    g_autoptr(JsonGenerator) gen = json_generator_new();
    g_autoptr(JsonNode) root = NULL;
    g_autofree char *text = NULL;
    uint64_t done = r->requests - r->stalled;
    FILE *f = sim_output_open(path, error);

    if (!f) {
        return false;
    }
    json_builder_begin_object(b);
    add_origin(b, &r->origin);
    json_builder_set_member_name(b, "profile");
    json_builder_add_string_value(b, profile->name);
    json_builder_set_member_name(b, "parameters");
    json_builder_begin_object(b);
    iommu_profile_each(profile, add_parameter, b);
    json_builder_end_object(b);
    member(b, "requests", r->requests);
    member(b, "ok", r->ok);
    member(b, "faulted", r->faulted);
    member(b, "stalled", r->stalled);
    member(b, "cycles", r->cycles);
    member(b, "bytes", r->bytes);
    member_double(b, "latency_mean", sim_mean_latency(r));
    member(b, "latency_min", done ? r->latency_min : 0);
    member(b, "latency_max", r->latency_max);
    member(b, "latency_median", sim_percentile(r, 50));
    member(b, "latency_p99", sim_percentile(r, 99));
    member_double(b, "tlb_hit_rate", sim_hit_rate(r));
    member_double(b, "reads_per_miss", sim_reads_per_miss(r));
    add_counters(b, r);
    add_resources(b, r);
    json_builder_set_member_name(b, "latencies");
    json_builder_begin_array(b);
    sim_each_latency(r, add_latency, b);
    json_builder_end_array(b);
    json_builder_end_object(b);
    root = json_builder_get_root(b);
    json_generator_set_root(gen, root);
    json_generator_set_pretty(gen, TRUE);
    text = json_generator_to_data(gen, NULL);
    fprintf(f, "%s\n", text);
    return sim_output_close(f, path, error);
}
