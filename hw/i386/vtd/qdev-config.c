/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d as a QEMU device: properties. Three layers make a configuration: a named set (model=), the
 * properties of QEMU's own device, which each stand for several capabilities, and one property
 * for each capability. The later win, where the user gave them.
 */
#include "qemu/osdep.h"
#include "qdev-internal.h"
#include "qapi/error.h"
#include "system/kvm.h"
#include "system/system.h"
#include "kvm/kvm_i386.h"

#define CAP_AS(_name, _member, _kind, _what) \
    { .name = _name, .what = _what, .offset = offsetof(VtdConfig, _member), .kind = _kind }
#define CAP_BOOL(_member, _what) CAP_AS(#_member, _member, IOMMU_PROP_BOOL, _what)
#define CAP_U8(_member, _what) CAP_AS(#_member, _member, IOMMU_PROP_U8, _what)
#define CAP_U16(_member, _what) CAP_AS(#_member, _member, IOMMU_PROP_U16, _what)

/*
 * Capabilities by the names of their register fields. ECAP.IR, EIM, PT and SC, CAP.CM, DWD and DRD
 * have properties of older names.
 */
const IommuProp vtd_caps[] = {
    CAP_U8(haw, "host address width in bits, 32..52; in the DMAR table too"),
    CAP_U8(nd, "CAP.ND: domain-ids have 4 + 2 * nd bits, 0..6"),
    CAP_BOOL(rwbf, "CAP.RWBF: software must flush write buffers"),
    CAP_BOOL(plmr, "CAP.PLMR: protected low memory"),
    CAP_BOOL(phmr, "CAP.PHMR: protected high memory"),
    CAP_U8(sagaw,
        "CAP.SAGAW: widths of the second stage: sum of 2 (39 bits), 4 (48 bits), 8 (57 bits)"),
    CAP_U8(mgaw, "CAP.MGAW: maximum guest address width in bits, 32..57"),
    CAP_BOOL(zlr, "CAP.ZLR: zero-length reads of pages that may only be written"),
    CAP_U8(sslps, "CAP.SSLPS: large pages of the second stage: 0, 1 (2 MB), 3 (2 MB and 1 GB)"),
    CAP_BOOL(psi, "CAP.PSI: page-selective invalidation"),
    CAP_U16(nfr, "CAP.NFR: fault recording registers, 1..256"),
    CAP_U16(fro, "CAP.FRO: place of the fault recording registers / 16, 0..1023; 0: one that fits"),
    CAP_U8(mamv, "CAP.MAMV: log2 of the pages that one invalidation can name, 0..63"),
    CAP_BOOL(fs1gp, "CAP.FS1GP: 1 GB pages in first-stage tables"),
    CAP_BOOL(fs5lp, "CAP.FS5LP: five-level first-stage tables"),
    CAP_BOOL(pi, "CAP.PI: posted interrupts"),
    CAP_BOOL(esirtps, "CAP.ESIRTPS: setting the interrupt table invalidates its cache"),
    CAP_BOOL(esrtps, "CAP.ESRTPS: setting the root table invalidates the translation caches"),
    CAP_AS("coherent", c, IOMMU_PROP_BOOL, "ECAP.C: legacy-mode page walks snoop"),
    CAP_BOOL(qi, "ECAP.QI: queued invalidation"),
    CAP_U16(iro, "ECAP.IRO: place of the IOTLB registers / 16, 0..1023; 0: 15"),
    CAP_AS("dt", dt, IOMMU_PROP_BOOL, "ECAP.DT: device TLBs (ATS); also device-iotlb"),
    CAP_U8(mhmv, "ECAP.MHMV: log2 of the interrupt entries that one invalidation can name, 0..15"),
    CAP_BOOL(mts, "ECAP.MTS: memory types"),
    CAP_BOOL(nest, "ECAP.NEST: nested translation"),
    CAP_BOOL(prs, "ECAP.PRS: page requests"),
    CAP_BOOL(srs, "ECAP.SRS: requests with supervisor privilege"),
    CAP_BOOL(nwfs, "ECAP.NWFS: no-write flag of translation requests"),
    CAP_BOOL(eafs, "ECAP.EAFS: extended accessed flag"),
    CAP_U8(pss, "ECAP.PSS: bits of PASID less one, 0..19"),
    CAP_BOOL(pasid, "ECAP.PASID: requests with PASID"),
    CAP_BOOL(dit, "ECAP.DIT: device TLB invalidation throttle"),
    CAP_BOOL(pds, "ECAP.PDS: page request drain"),
    CAP_BOOL(smts, "ECAP.SMTS: scalable mode"),
    CAP_BOOL(ssads, "ECAP.SSADS: second-stage accessed and dirty flags"),
    CAP_BOOL(ssts, "ECAP.SSTS: second-stage translation in scalable mode"),
    CAP_BOOL(fsts, "ECAP.FSTS: first-stage translation"),
    CAP_BOOL(smpwcs, "ECAP.SMPWCS: scalable-mode page walks snoop"),
    CAP_BOOL(rps, "ECAP.RPS: RID_PASID, the PASID of requests without one"),
    CAP_BOOL(rprivs, "ECAP.RPRIVS: RID_PRIV, the privilege of requests without PASID"),
    CAP_BOOL(adms, "ECAP.ADMS: abort-DMA mode"),
    CAP_BOOL(ptrs, "ECAP.PTRS: translated requests with PASID"),
    CAP_BOOL(ssirws, "ECAP.SSIRWS: second-stage IR and IW permissions"),
    CAP_BOOL(sms, "ECAP.SMS: stop markers of page requests"),
    CAP_BOOL(eimer, "ECAP.EIMER: extended interrupt mode is required"),
    CAP_BOOL(irreq, "ECAP.IRREQ: interrupt remapping is required"),
    CAP_BOOL(ecmds, "CAP.ECMDS: enhanced commands"),
    CAP_BOOL(pms, "ECAP.PMS: performance monitoring; needs ecmds"),
    CAP_U8(pmc, "PERFCAP.NCNTR: performance counters, 0..16, at least 1 with pms"),
    { .name = NULL }
};

/* In the order of OnOffAuto. */
static const char *const eim_names[] = { "auto", "on", "off", NULL };

#define KNOB(_name, _member, _kind, _values, _what) \
    { .name = _name, .what = _what, .values = _values, \
      .offset = offsetof(VTDKnobs, _member), .kind = _kind }
#define KNOB_BOOL(_name, _member, _what) KNOB(_name, _member, IOMMU_PROP_BOOL, NULL, _what)

const IommuProp vtd_knobs[] = {
    KNOB("version", version, IOMMU_PROP_U32, NULL,
        "VER: 16 * major + minor, 16..255; 0: the set's"),
    KNOB("eim", eim, IOMMU_PROP_ENUM, eim_names,
        "ECAP.EIM, extended interrupt mode: on, off, auto (the default: as the set has it)"),
    KNOB_BOOL("x-buggy-eim", buggy_eim, "eim=on even without KVM's x2APIC API"),
    KNOB("aw-bits", aw_bits, IOMMU_PROP_U8, NULL,
        "guest address width: 39, 48, 57; sets mgaw and sagaw"),
    KNOB_BOOL("caching-mode", caching_mode, "CAP.CM: invalidate also what becomes present"),
    KNOB_BOOL("x-scalable-mode", scalable_mode, "scalable mode with second-stage translation"),
    KNOB_BOOL("x-flts", first_stage, "first-stage translation (with x-scalable-mode)"),
    KNOB_BOOL("snoop-control", snoop_control, "ECAP.SC: snoop control"),
    KNOB_BOOL("x-pasid-mode", pasid_mode, "PASID (with x-scalable-mode)"),
    KNOB_BOOL("dma-drain", dma_drain, "CAP.DWD and CAP.DRD"),
    KNOB_BOOL("dma-translation", dma_translation,
        "off: no second stage and no scalable mode, interrupt remapping only"),
    KNOB_BOOL("stale-tm", stale_tm, "set by older machine types; without effect: the TM bit is "
              "gone since revision 3.2, bit 62 of a second-stage leaf is reserved (or IW)"),
    KNOB("proximity-domain", proximity, IOMMU_PROP_U32, NULL,
         "NUMA node of the unit, for all units or none (RHSA); 4294967295 where none was given"),
    KNOB_BOOL("platform-opt-in", opt_in, "DMAR: firmware leaves no DMA outside of RMRRs "
              "(DMA_CTRL_PLATFORM_OPT_IN_FLAG)"),
    { .name = NULL }
};

#define GIVEN(u, member) iommu_props_given(&(u)->knobs, offsetof(VTDKnobs, member))

/* Interrupt remapping and what the machine's interrupt controllers allow of it. */
static bool configure_interrupts(VTDUnit *u, VtdConfig *c, Error **errp)
{
    bool ir = x86_iommu_ir_supported(X86_IOMMU_DEVICE(u->dev));

    if (u->knob.eim == ON_OFF_AUTO_ON && !ir) {
        error_setg(errp, "intel-iommu: eim=on: needs intremap=on");
        return false;
    }
    c->ir = ir;
    c->eim = ir && (u->knob.eim == ON_OFF_AUTO_AUTO ? c->eim : u->knob.eim == ON_OFF_AUTO_ON);
    if (!ir) {
        c->pi = false;
        c->mhmv = 0;
    }
    if (c->eim && !u->knob.buggy_eim && kvm_irqchip_is_split() && !kvm_enable_x2apic()) {
        if (u->knob.eim == ON_OFF_AUTO_ON) {
            error_setg(errp, "intel-iommu: eim=on: needs KVM's X2APIC_API (Linux 4.7)");
            return false;
        }
        c->eim = false;
    }
    if (kvm_irqchip_in_kernel()) {
        c->pi = false; /* KVM's routes are made once; a posted one has no fixed destination */
    }
    return true;
}

static void configure_scalable(VTDUnit *u, VtdConfig *c)
{
    if (GIVEN(u, scalable_mode)) {
        if (u->knob.scalable_mode) {
            c->smts = c->srs = c->ssts = true;
        } else {
            c->smts = false;
        }
    }
    if (GIVEN(u, first_stage)) {
        c->fsts = c->fs1gp = u->knob.first_stage;
        /* First-stage tables want accessed flags set, which takes walks that snoop [3.6.2]. */
        c->smpwcs = c->smpwcs || c->fsts;
        c->fs5lp = c->fs5lp && c->fsts;
    }
    if (GIVEN(u, pasid_mode)) {
        c->pasid = u->knob.pasid_mode;
        c->pss = c->pasid ? 19 : 0;
    }
}

static bool configure_width(VTDUnit *u, VtdConfig *c, Error **errp)
{
    unsigned aw = u->knob.aw_bits;

    if (!GIVEN(u, aw_bits)) {
        return true;
    }
    if (aw != 39 && aw != 48 && aw != 57) {
        error_setg(errp, "intel-iommu: aw-bits=%u: must be 39, 48 or 57", aw);
        return false;
    }
    c->mgaw = aw;
    c->sagaw = (aw >= 39 ? 2 : 0) | (aw >= 48 ? 4 : 0) | (aw >= 57 ? 8 : 0);
    c->fs5lp = c->fsts && aw == 57;
    return true;
}

/* Device TLBs and pass-through are properties of every x86 IOMMU. */
static void configure_common(VTDUnit *u, VtdConfig *c)
{
    X86IOMMUState *x86 = X86_IOMMU_DEVICE(u->dev);

    c->dt = c->dt || x86->dt_supported;
    c->pt = c->pt && x86->pt_supported;
    if (GIVEN(u, caching_mode)) {
        c->cm = u->knob.caching_mode;
    }
    if (GIVEN(u, snoop_control)) {
        c->sc = u->knob.snoop_control;
    }
    if (GIVEN(u, dma_drain)) {
        c->dwd = c->drd = u->knob.dma_drain;
    }
    if (GIVEN(u, dma_translation) && !u->knob.dma_translation) {
        c->smts = false;
        c->sagaw = 0;
    }
    if (u->knob.version) {
        c->ver_max = u->knob.version >> 4;
        c->ver_min = u->knob.version & 0xf;
    }
}

#define WITHOUT(u, c, member) \
    do { \
        if (!iommu_props_given(&(u)->caps, offsetof(VtdConfig, member))) { \
            (c)->member = 0; \
        } \
    } while (0)

/*
 * Switching a capability off takes along what builds on it, unless the user asked for that: then it
 * stays, for the check to judge.
 */
static void follow_features(VTDUnit *u, VtdConfig *c)
{
    if (!c->qi) {
        WITHOUT(u, c, dt);
        WITHOUT(u, c, smts);
    }
    if (!c->smts) {
        WITHOUT(u, c, fsts);
        WITHOUT(u, c, ssts);
        WITHOUT(u, c, mts);
        WITHOUT(u, c, prs);
        WITHOUT(u, c, srs);
        WITHOUT(u, c, smpwcs);
        WITHOUT(u, c, pss);
        WITHOUT(u, c, pasid);
        WITHOUT(u, c, rps);
    }
    if (!c->dt) {
        WITHOUT(u, c, prs);
        WITHOUT(u, c, nwfs);
        WITHOUT(u, c, dit);
        WITHOUT(u, c, pds);
        WITHOUT(u, c, ptrs);
    }
    if (!c->fsts) {
        WITHOUT(u, c, eafs);
        WITHOUT(u, c, fs1gp);
        WITHOUT(u, c, fs5lp);
    }
    if (!c->ssts) {
        WITHOUT(u, c, ssads);
        WITHOUT(u, c, ssirws);
    }
    if (!c->fsts || !c->ssts) {
        WITHOUT(u, c, nest);
    }
    if (!c->smpwcs) {
        WITHOUT(u, c, eafs);
        WITHOUT(u, c, ssads);
    }
    if (!c->pasid) {
        WITHOUT(u, c, ptrs);
    }
    if (!c->prs) {
        WITHOUT(u, c, sms);
    }
    if (!c->srs) {
        WITHOUT(u, c, rprivs);
    }
    if (!c->ecmds) {
        WITHOUT(u, c, pms);
    }
    if (c->pms && !c->pmc && !iommu_props_given(&u->caps, offsetof(VtdConfig, pmc))) {
        c->pmc = 8;
    }
}

const char *vtd_set_name(const VTDUnit *u)
{
    return u->model ? u->model : "qemu";
}

void vtd_show_knobs(VTDUnit *u, const VtdConfig *c)
{
    VTDKnobs k = u->knob;

    k.version = c->ver_max << 4 | c->ver_min;
    k.eim = c->eim ? ON_OFF_AUTO_ON : ON_OFF_AUTO_OFF;
    k.aw_bits = c->mgaw;
    k.caching_mode = c->cm;
    k.scalable_mode = c->smts;
    k.first_stage = c->fsts;
    k.snoop_control = c->sc;
    k.pasid_mode = c->pasid;
    k.dma_drain = reg_get(vtd_config_cap(c), VTD_CAP_DRD);
    k.dma_translation = c->sagaw || c->smts;
    iommu_props_freeze(&u->knobs, &k, sizeof(k));
}

bool vtd_configure(VTDUnit *u, VtdConfig *c, Error **errp)
{
    const char *model = vtd_set_name(u);
    char why[256];

    if (!vtd_config_named(c, model)) {
        error_setg(errp, "intel-iommu: model=%s: must be one of %s", model, vtd_config_names());
        return false;
    }
    if (u->knob.version > 0xff) {
        error_setg(errp, "intel-iommu: version=%u: must be at most 255 (16 * major + minor)",
                   u->knob.version);
        return false;
    }
    configure_scalable(u, c);
    configure_common(u, c);
    if (!configure_width(u, c, errp) || !configure_interrupts(u, c, errp)) {
        return false;
    }
    iommu_props_apply(&u->caps, c);
    if (!c->smts && (u->knob.first_stage || u->knob.pasid_mode)) {
        error_setg(errp, "intel-iommu: %s=on: needs x-scalable-mode=on",
                   u->knob.first_stage ? "x-flts" : "x-pasid-mode");
        return false;
    }
    if (c->ir && !c->qi) {
        error_setg(errp, "intel-iommu: qi=off: needs intremap=off");
        return false;
    }
    follow_features(u, c);
    if (!iommu_shell_choose_profile(&u->shell, errp)) {
        return false;
    }
    c->profile = u->shell.profile;
    if (!vtd_config_check(c, why, sizeof(why))) {
        error_setg(errp, "intel-iommu: %s", why);
        return false;
    }
    vtd_config_settle(c);
    if (!vtd_has_proximity(u)) {
        u->knob.proximity = VTD_NO_PROXIMITY;
    }
    return true;
}
