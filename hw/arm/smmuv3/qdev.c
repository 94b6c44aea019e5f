/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SMMUv3 as a QEMU device: QOM types, properties, interrupts, reset, migration. What it does is
 * the model's (smmuv3.h); how it reaches QEMU is the shell's (qdev-shell.h).
 */
#include "qemu/osdep.h"
#include "hw/arm/smmuv3.h"
#include "hw/iommu/fields.h"
#include "hw/iommu/qdev-props.h"
#include "hw/iommu/qdev-shell.h"
#include "hw/iommu/smmuv3.h"
#include "hw/iommu/smmuv3-pmcg.h"
#include "hw/irq.h"
#include "hw/qdev-properties.h"
#include "migration/vmstate.h"
#include "qapi/error.h"
#include "qemu/module.h"

/* What machines wire for an SMMUv3 unless they ask: two 64 KB pages. */
#define SMMU_DEFAULT_WINDOW 0x20000

/* The set in use where none is named: "max", fitted to the machine (smmuv3_fit_machine()). */
#define DEFAULT_SET "default"

#define NO_DEVICEID UINT32_MAX

typedef struct SMMUState {
    SysBusDevice parent_obj;

    PCIBus *primary_bus;
    uint8_t bus_num;
} SMMUState;

typedef struct SMMUv3State {
    SMMUState parent_obj;

    IommuShell shell;
    qemu_irq irq[SMMU_IRQ_LINES];
    IommuProps props;
    SmmuConfig set; /* members the user gave; all of them once realized */
    char *stage;
    char *model;
    uint32_t msi_deviceid;
} SMMUv3State;

DECLARE_INSTANCE_CHECKER(SMMUState, ARM_SMMU, TYPE_ARM_SMMU)
DECLARE_INSTANCE_CHECKER(SMMUv3State, ARM_SMMUV3, TYPE_ARM_SMMUV3)

static const char *const httu_names[] = { "off", "af", "afdbm", "haft", NULL };
static const char *const stall_names[] = { "on", "off", "force", NULL };
static const char *const st_level_names[] = { "linear", "two-level", NULL };

#define CAP_AS(_name, _member, _kind, _values, _what) \
    { .name = _name, .what = _what, .values = _values, \
      .offset = offsetof(SmmuConfig, _member), .kind = _kind }
#define CAP_BOOL(_member, _what) CAP_AS(#_member, _member, IOMMU_PROP_BOOL, NULL, _what)
#define CAP_U8(_member, _what) CAP_AS(#_member, _member, IOMMU_PROP_U8, NULL, _what)
#define CAP_ENUM(_name, _member, _values, _what) \
    CAP_AS(_name, _member, IOMMU_PROP_ENUM, _values, _what)

/* Capabilities by the names of their ID register fields. */
static const IommuProp smmuv3_caps[] = {
    CAP_U8(minor, "AIDR.ArchMinorRev, 0..4: SMMUv3.0 to 3.4"),
    CAP_AS("iidr", iidr, IOMMU_PROP_U32, NULL, "IIDR: who made it, 0..4294967295"),
    CAP_BOOL(s1p, "IDR0.S1P: stage 1"),
    CAP_BOOL(s2p, "IDR0.S2P: stage 2"),
    CAP_BOOL(cohacc, "IDR0.COHACC: coherent accesses"),
    CAP_ENUM("httu", httu, httu_names,
             "IDR0.HTTU: hardware access flag and dirty state: off, af, afdbm, haft"),
    CAP_BOOL(hyp, "IDR0.Hyp: EL2 StreamWorlds"),
    CAP_BOOL(ats, "IDR0.ATS: PCIe ATS"),
    CAP_BOOL(ns1ats, "IDR0.NS1ATS: no split-stage ATS"),
    CAP_BOOL(asid16, "IDR0.ASID16: 16-bit ASIDs, else 8"),
    CAP_BOOL(msi, "IDR0.MSI: MSIs of the SMMU itself"),
    CAP_BOOL(atos, "IDR0.ATOS: address translation operations"),
    CAP_BOOL(pri, "IDR0.PRI: PCIe PRI"),
    CAP_BOOL(vmw, "IDR0.VMW: VMID wildcards"),
    CAP_BOOL(vmid16, "IDR0.VMID16: 16-bit VMIDs, else 8"),
    CAP_BOOL(cd2l, "IDR0.CD2L: two-level CD tables"),
    CAP_BOOL(vatos, "IDR0.VATOS: needs a larger register window"),
    CAP_BOOL(atsrecerr, "IDR0.ATSRECERR: configuration errors of ATS recorded (CR2.REC_CFG_ATS)"),
    CAP_ENUM("stall", stall_model, stall_names, "IDR0.STALL_MODEL: on, off, force"),
    CAP_BOOL(term_model, "IDR0.TERM_MODEL: terminate by abort only"),
    CAP_ENUM("st_level", st_level, st_level_names, "IDR0.ST_LEVEL: linear, two-level"),
    CAP_U8(sidsize, "IDR1.SIDSIZE: bits of StreamID, 0..32"),
    CAP_U8(ssidsize, "IDR1.SSIDSIZE: bits of SubstreamID, 0..20"),
    CAP_U8(cmdqs, "IDR1.CMDQS: log2 of Command queue entries, 0..19"),
    CAP_U8(eventqs, "IDR1.EVENTQS: log2 of Event queue entries, 0..19"),
    CAP_U8(priqs, "IDR1.PRIQS: log2 of PRI queue entries, 0..19"),
    CAP_BOOL(attr_perms_ovr, "IDR1.ATTR_PERMS_OVR: STE overrides privilege and instruction"),
    CAP_BOOL(attr_types_ovr, "IDR1.ATTR_TYPES_OVR: STE overrides memory type and shareability"),
    CAP_BOOL(ecmdq, "IDR1.ECMDQ: more command queues; needs a larger register window"),
    CAP_U8(ecmdq_log2nump,
        "IDR6.CMDQ_CONTROL_PAGE_LOG2NUMP: log2 of pages of command queues, 0..4"),
    CAP_U8(ecmdq_log2numq, "IDR6.CMDQ_CONTROL_PAGE_LOG2NUMQ: log2 of queues in a page, 0..8"),
    CAP_BOOL(had, "IDR3.HAD: hierarchical attribute disable"),
    CAP_BOOL(xnx, "IDR3.XNX: stage 2 execute control by privilege"),
    CAP_BOOL(pps, "IDR3.PPS: PASID in automatic PRI responses"),
    CAP_BOOL(fwb, "IDR3.FWB: stage 2 forced write-back"),
    CAP_AS("s2fwb", fwb, IOMMU_PROP_BOOL, NULL, "another name of fwb"),
    CAP_BOOL(stt, "IDR3.STT: small translation tables"),
    CAP_BOOL(ril, "IDR3.RIL: range invalidation"),
    CAP_U8(bbml, "IDR3.BBML: break-before-make level, 0..2"),
    CAP_BOOL(e0pd, "IDR3.E0PD: unprivileged accesses kept out of a half"),
    CAP_BOOL(ptwnnc, "IDR3.PTWNNC: walks through Device pages as Normal-NC"),
    CAP_BOOL(pasidtt, "IDR3.PASIDTT: PASID of Translated transactions"),
    CAP_BOOL(epan, "IDR3.EPAN: PAN counts execute permission too"),
    CAP_BOOL(mteperm, "IDR3.MTEPERM: stage 2 encodings for MTE"),
    CAP_U8(oas, "IDR5.OAS: bits of output address: 32, 36, 40, 42, 44, 48, 52"),
    CAP_U8(vax, "IDR5.VAX: bits of input address: 48, 52"),
    CAP_BOOL(gran4k, "IDR5.GRAN4K: 4 KB granule"),
    CAP_BOOL(gran16k, "IDR5.GRAN16K: 16 KB granule"),
    CAP_BOOL(gran64k, "IDR5.GRAN64K: 64 KB granule"),
    CAP_BOOL(ds, "IDR5.DS: 52-bit addresses with 4 and 16 KB granules"),
    CAP_AS("stall_max", stall_max, IOMMU_PROP_U16, NULL,
        "IDR5.STALL_MAX: stalls that may be unresolved, 1..4096; 0 with stall=off"),
    CAP_U8(pmcg, "performance monitor counters, 0..64; 0: no counter group"),
    CAP_U8(pmcg_size, "PMCG CFGR.SIZE: bits of a counter: 32, 36, 40, 44, 48, 64"),
    CAP_BOOL(pmcg_reloc, "PMCG CFGR.RELOC_CTRS: counters in a page of their own"),
    CAP_BOOL(pmcg_msi, "PMCG CFGR.MSI: MSI of the counter group"),
    CAP_BOOL(pmcg_capture, "PMCG CFGR.CAPTURE: capture registers"),
    CAP_BOOL(pmcg_one_filter, "PMCG CFGR.SID_FILTER_TYPE: one StreamID filter for all"),
    CAP_BOOL(gbpa_abort, "GBPA.ABORT after reset"),
    { .name = NULL }
};

static IommuProps *smmuv3_props(Object *obj)
{
    return &ARM_SMMUV3(obj)->props;
}

static SMMUv3State *state_of(IommuShell *s)
{
    return container_of(s, SMMUv3State, shell);
}

static void smmuv3_pulse_irq(IommuShell *s, unsigned line)
{
    qemu_irq_pulse(state_of(s)->irq[line]);
}

static const IommuShellOps smmuv3_shell_ops = {
    .pulse_irq = smmuv3_pulse_irq,
    .mode_changed = iommu_shell_resync,
    .why_not = "which an SMMUv3 cannot tell: its tables change without invalidation commands",
    .iommu_region_type = TYPE_SMMUV3_IOMMU_MEMORY_REGION,
};

static AddressSpace *smmuv3_get_address_space(PCIBus *bus, void *opaque, int devfn)
{
    return iommu_shell_address_space(opaque, bus, devfn);
}

static const PCIIOMMUOps smmuv3_pci_ops = {
    .get_address_space = smmuv3_get_address_space,
};

/* Give @member the value @v unless the user gave it one: then it stays, for the check to judge. */
#define UNLESS_GIVEN(s, c, member, v) \
    do { \
        if (!iommu_props_given(&(s)->props, offsetof(SmmuConfig, member))) { \
            (c)->member = (v); \
        } \
    } while (0)
#define WITHOUT(s, c, member) UNLESS_GIVEN(s, c, member, 0)

static const char *smmuv3_set_name(const SMMUv3State *s)
{
    return s->model ? s->model : DEFAULT_SET;
}

/* "stage" is older than the capabilities and broader: which stages there are. */
static void smmuv3_apply_stage(SMMUv3State *s, SmmuConfig *c)
{
    const char *stage = s->stage ? s->stage : "1";

    if (!strcmp(stage, "1")) {
        WITHOUT(s, c, s2p);
    } else if (!strcmp(stage, "2")) {
        WITHOUT(s, c, s1p);
    }
}

/* What belongs to an absent stage goes with it. */
static void smmuv3_follow_stages(SMMUv3State *s, SmmuConfig *c)
{
    if (!c->s1p || !c->s2p) {
        WITHOUT(s, c, hyp);
        WITHOUT(s, c, ns1ats);
        WITHOUT(s, c, vatos);
    }
    if (!c->s2p) {
        WITHOUT(s, c, vmid16);
        WITHOUT(s, c, vmw);
        WITHOUT(s, c, xnx);
        WITHOUT(s, c, ptwnnc);
        WITHOUT(s, c, mteperm);
    }
    if (!c->s1p) {
        WITHOUT(s, c, asid16);
        WITHOUT(s, c, ssidsize);
        WITHOUT(s, c, had);
    }
}

/* Switching a capability off takes along what builds on it. */
static void smmuv3_follow_features(SMMUv3State *s, SmmuConfig *c)
{
    if (!c->ats) {
        WITHOUT(s, c, pri);
        WITHOUT(s, c, atsrecerr);
        WITHOUT(s, c, ns1ats);
        WITHOUT(s, c, pasidtt);
    }
    if (!c->ssidsize) {
        WITHOUT(s, c, cd2l);
        WITHOUT(s, c, pasidtt);
        WITHOUT(s, c, pps);
    }
    if (!c->pri) {
        WITHOUT(s, c, pps);
    }
    if (!c->atos) {
        WITHOUT(s, c, vatos);
    }
    if (!c->cohacc || !c->msi) {
        WITHOUT(s, c, ecmdq);
    }
    if (c->stall_model == SMMU_STALL_OFF) {
        WITHOUT(s, c, stall_max);
    } else if (!c->stall_max) {
        UNLESS_GIVEN(s, c, stall_max, 256);
    }
    if (c->pmcg && !c->pmcg_size) {
        UNLESS_GIVEN(s, c, pmcg_size, 64);
    }
    if (c->vax == 48 || !(c->gran4k || c->gran16k)) {
        WITHOUT(s, c, ds);
    }
    if (!c->gran64k && !c->ds) {
        UNLESS_GIVEN(s, c, vax, 48);
        UNLESS_GIVEN(s, c, oas, MIN(c->oas, 48));
    }
}

/*
 * The default set, cut to what machines wire: PCI requester ids, two register pages. Switched on by
 * name, the rest is there.
 */
static void smmuv3_fit_machine(SMMUv3State *s, SmmuConfig *c)
{
    if (!strcmp(smmuv3_set_name(s), DEFAULT_SET)) {
        UNLESS_GIVEN(s, c, sidsize, 16);
        /* Older Linux takes IDR0.HTTU = 3 for no hardware update at all. */
        UNLESS_GIVEN(s, c, httu, MIN(c->httu, SMMU_HTTU_AFDBM));
        if (s->msi_deviceid == NO_DEVICEID) {
            UNLESS_GIVEN(s, c, pmcg_msi, false); /* nothing that would tell it from others */
        }
        smmu_config_fit(c, SMMU_DEFAULT_WINDOW);
        iommu_props_apply(&s->props, c);
    }
}

static bool smmuv3_configure(SMMUv3State *s, SmmuConfig *c, Error **errp)
{
    const char *model = smmuv3_set_name(s);
    char why[256];

    if (!smmu_config_named(c, strcmp(model, DEFAULT_SET) ? model : "max")) {
        error_setg(errp, "arm-smmuv3: model=%s: must be one of %s, %s", model, DEFAULT_SET,
                   smmu_config_names());
        return false;
    }
    iommu_props_apply(&s->props, c);
    smmuv3_apply_stage(s, c);
    smmuv3_follow_stages(s, c);
    smmu_config_trim(c);
    iommu_props_apply(&s->props, c);
    smmuv3_follow_features(s, c);
    smmuv3_fit_machine(s, c);
    if (!iommu_shell_choose_profile(&s->shell, errp)) {
        return false;
    }
    c->profile = s->shell.profile;
    if (!smmu_config_check(c, why, sizeof(why))) {
        error_setg(errp, "arm-smmuv3: %s", why);
        return false;
    }
    return true;
}

static void smmuv3_realize(DeviceState *dev, Error **errp)
{
    SMMUv3State *s = ARM_SMMUV3(dev);
    PCIBus *bus = ARM_SMMU(dev)->primary_bus;
    SysBusDevice *sbd = SYS_BUS_DEVICE(dev);
    IommuHost host = iommu_shell_host(&s->shell);
    IommuModel *model;
    SmmuConfig c;

    if (!bus) {
        error_setg(errp, "arm-smmuv3: primary-bus is not set: it must be the PCI bus whose "
                         "devices the SMMU serves");
        return;
    }
    if (s->msi_deviceid != NO_DEVICEID && s->msi_deviceid >= UINT16_MAX) {
        error_setg(errp, "arm-smmuv3: msi-deviceid=%u: must be 0 to 65534", s->msi_deviceid);
        return;
    }
    if (!smmuv3_configure(s, &c, errp)) {
        return;
    }
    model = smmu_new(&c, &host);
    if (!model) {
        error_setg(errp, "arm-smmuv3: out of memory");
        return;
    }
    iommu_props_freeze(&s->props, &c, sizeof(c));
    s->shell.port_features = (c.ssidsize ? IOMMU_PORT_PASID : 0) |
                             (c.ats ? IOMMU_PORT_ATS : 0) |
                             (c.pri ? IOMMU_PORT_PRI : 0) |
                             (c.stall_model != SMMU_STALL_OFF ? IOMMU_PORT_STALL : 0);
    if (!iommu_shell_realize(&s->shell, model, bus, smmu_mmio_size(&c), errp)) {
        return;
    }
    if (s->msi_deviceid != NO_DEVICEID) {
        s->shell.msi_device_id[IOMMU_MSI_UNIT] = s->msi_deviceid;
        s->shell.msi_device_id[IOMMU_MSI_PMU] = s->msi_deviceid + 1;
    }
    sysbus_init_mmio(sbd, &s->shell.mmio);
    for (unsigned i = 0; i < SMMU_IRQ_LINES; i++) {
        sysbus_init_irq(sbd, &s->irq[i]);
    }
    pci_setup_iommu(bus, &smmuv3_pci_ops, &s->shell);
}

void smmuv3_firmware(DeviceState *dev, SMMUv3Firmware *fw)
{
    const SmmuConfig *c = smmu_config(ARM_SMMUV3(dev)->shell.model);

    *fw = (SMMUv3Firmware) {
        .mmio_size = smmu_mmio_size(c),
        .vatos = c->vatos ? SMMU_DEFAULT_WINDOW : 0,
        .ats = c->ats,
        .pri = c->pri,
        .ssidsize = c->ssidsize,
        .msi = c->msi,
        .pmcg_msi = c->pmcg && c->pmcg_msi,
        .cohacc = c->cohacc,
        .httu = c->httu,
        .canwbs = c->s2p && c->fwb,
        .pmcg = c->pmcg ? PMCG_PAGE0 : 0,
        .pmcg_counters = c->pmcg && c->pmcg_reloc ? PMCG_PAGE1 : 0,
    };
}

static void smmuv3_reset_exit(Object *obj, ResetType type)
{
    SMMUv3State *s = ARM_SMMUV3(obj);

    iommu_shell_reset(&s->shell);
}

static void smmuv3_instance_init(Object *obj)
{
    SMMUv3State *s = ARM_SMMUV3(obj);

    iommu_shell_init(&s->shell, obj, &smmuv3_shell_ops);
    iommu_props_init(&s->props, smmuv3_caps, &s->set);
}

static void smmuv3_instance_finalize(Object *obj)
{
    SMMUv3State *s = ARM_SMMUV3(obj);

    iommu_shell_finalize(&s->shell);
    g_free(s->stage);
    g_free(s->model);
}

/* Version 100: the image is the model's own, none that another SMMUv3 of this name has written. */
static const VMStateDescription vmstate_smmuv3 = {
    .name = "smmuv3",
    .version_id = 100,
    .minimum_version_id = 100,
    .priority = MIG_PRI_IOMMU,
    .fields = (const VMStateField[]) {
        VMSTATE_STRUCT(shell, SMMUv3State, 1, vmstate_iommu_shell, IommuShell),
        VMSTATE_END_OF_LIST()
    },
};

static char *smmuv3_get_model(Object *obj)
{
    return g_strdup(smmuv3_set_name(ARM_SMMUV3(obj)));
}

static void smmuv3_set_model(Object *obj, const char *value, Error **errp)
{
    SMMUv3State *s = ARM_SMMUV3(obj);

    g_free(s->model);
    s->model = g_strdup(value);
}

/* Realized, the stages that there are: s1p and s2p may have taken one away. */
static char *smmuv3_get_stage(Object *obj)
{
    SMMUv3State *s = ARM_SMMUV3(obj);
    const SmmuConfig *c = s->shell.model ? smmu_config(s->shell.model) : NULL;

    if (c) {
        return g_strdup(!c->s2p ? "1" : !c->s1p ? "2" : "nested");
    }
    return g_strdup(s->stage ? s->stage : "1");
}

/* Checked at once: machines set it too, and would hide a user's mistake. */
static void smmuv3_set_stage(Object *obj, const char *value, Error **errp)
{
    SMMUv3State *s = ARM_SMMUV3(obj);

    if (strcmp(value, "1") && strcmp(value, "2") && strcmp(value, "nested")) {
        error_setg(errp, "stage=%s: must be 1, 2 or nested", value);
        return;
    }
    g_free(s->stage);
    s->stage = g_strdup(value);
}

static const Property smmu_properties[] = {
    DEFINE_PROP_LINK("primary-bus", SMMUState, primary_bus, TYPE_PCI_BUS, PCIBus *),
    DEFINE_PROP_UINT8("bus_num", SMMUState, bus_num, 0),
};

static const Property smmuv3_msi_deviceid =
    DEFINE_PROP_UINT32("msi-deviceid", SMMUv3State, msi_deviceid, NO_DEVICEID);

static void smmu_class_init(ObjectClass *oc, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(oc);

    device_class_set_props(dc, smmu_properties);
    object_class_property_set_description(oc, "primary-bus", "PCI bus whose devices it serves");
    object_class_property_set_description(oc, "bus_num",
                                          "kept for older command lines; the bus itself knows");
}

static void smmuv3_add_properties(DeviceClass *dc)
{
    IommuPropList list = iommu_prop_list_new();

    iommu_prop_list_string(&list, "model",
                           "set of capabilities to start from: default, max, qemu, mmu600, "
                           "mmu700, min",
                           smmuv3_get_model, smmuv3_set_model);
    iommu_prop_list_string(&list, "stage",
                           "stages there are: 1 (the default), 2, nested; machines set nested",
                           smmuv3_get_stage, smmuv3_set_stage);
    iommu_prop_list_table(&list, smmuv3_caps, smmuv3_props);
    iommu_prop_list_property(&list, &smmuv3_msi_deviceid);
    iommu_shell_timed_properties(&list);
    iommu_prop_list_install(&list, dc);
    object_class_property_set_description(OBJECT_CLASS(dc), "msi-deviceid",
        "DeviceID of the SMMU's MSIs, 0..65534, set by machines; its performance monitor's is the "
        "next; 4294967295: none");
}

static void smmuv3_class_init(ObjectClass *oc, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(oc);
    ResettableClass *rc = RESETTABLE_CLASS(oc);

    dc->desc = "Arm SMMUv3";
    dc->realize = smmuv3_realize;
    dc->vmsd = &vmstate_smmuv3;
    dc->user_creatable = false;
    dc->hotpluggable = false;
    /* After the devices behind it have stopped. */
    rc->phases.exit = smmuv3_reset_exit;
    smmuv3_add_properties(dc);
    iommu_shell_class_init(oc);
    iommu_shell_port_class_init(oc);
}

static const TypeInfo smmuv3_types[] = {
    {
        .name = TYPE_ARM_SMMU,
        .parent = TYPE_SYS_BUS_DEVICE,
        .instance_size = sizeof(SMMUState),
        .class_init = smmu_class_init,
        .abstract = true,
    }, {
        .name = TYPE_ARM_SMMUV3,
        .parent = TYPE_ARM_SMMU,
        .instance_size = sizeof(SMMUv3State),
        .instance_init = smmuv3_instance_init,
        .instance_finalize = smmuv3_instance_finalize,
        .class_init = smmuv3_class_init,
        .interfaces = (InterfaceInfo[]) { { TYPE_IOMMU_PORT }, { } },
    }, {
        .name = TYPE_SMMUV3_IOMMU_MEMORY_REGION,
        .parent = TYPE_IOMMU_MEMORY_REGION,
        .class_init = iommu_shell_region_class_init,
    },
};

DEFINE_TYPES(smmuv3_types)
