/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d as a QEMU device: QOM type, realize, reset, migration. What it does is the model's
 * (vtd.h); how it reaches QEMU is the shell's (qdev-shell.h).
 */
#include "qemu/osdep.h"
#include "qdev-internal.h"
#include "exec/address-spaces.h"
#include "hw/i386/pc.h"
#include "hw/pci-host/q35.h"
#include "hw/qdev-properties.h"
#include "migration/vmstate.h"
#include "qapi/error.h"
#include "qemu/module.h"

static IommuProps *vtd_caps_of(Object *obj)
{
    return &INTEL_IOMMU_DEVICE(obj)->unit->caps;
}

static IommuProps *vtd_knobs_of(Object *obj)
{
    return &INTEL_IOMMU_DEVICE(obj)->unit->knobs;
}

static IommuProps *vtd_lists_of(Object *obj)
{
    return &INTEL_IOMMU_DEVICE(obj)->unit->lists;
}

static bool vtd_can_map(IommuShell *s)
{
    return vtd_unit_of(s)->set.cm;
}

static void vtd_own_action(IommuShell *s, const IommuShellAction *a)
{
    bool global = a->addr == UINT64_MAX;

    if (a->own == VTD_ACTION_IEC) {
        /* KVM keeps routes for all units and knows the first one only. */
        x86_iommu_iec_notify_all(x86_iommu_get_default(), global, global ? 0 : a->addr, a->data);
    } else {
        vtd_streams_changed(s, a->addr, a->data);
    }
}

static void host_iec_invalidate(void *opaque, bool global, uint32_t index, uint32_t ignored)
{
    iommu_shell_defer(opaque, &(IommuShellAction) {
        .kind = IOMMU_SHELL_OWN, .own = VTD_ACTION_IEC,
        .addr = global ? UINT64_MAX : index, .data = ignored,
    });
}

/* Whoever mirrors looks at memory as it is then, so once is enough, and early enough. */
static void host_streams_changed(void *opaque, uint32_t stream, uint32_t ignored)
{
    IommuShellAction *a = iommu_shell_deferred(opaque, VTD_ACTION_STREAMS);

    if (a) {
        a->data |= ignored | ((uint32_t)a->addr ^ stream); /* both sets, and perhaps more */
        return;
    }
    iommu_shell_defer(opaque, &(IommuShellAction) {
        .kind = IOMMU_SHELL_OWN, .own = VTD_ACTION_STREAMS, .addr = stream, .data = ignored,
    });
}

static const VtdHostOps vtd_host_ops = {
    .iec_invalidate = host_iec_invalidate,
    .streams_changed = host_streams_changed,
};

static const IommuShellOps vtd_shell_ops = {
    .send_msi = vtd_send_msi,
    .mode_changed = vtd_update_requesters,
    .own_action = vtd_own_action,
    .device_added = vtd_requester_added,
    .can_map = vtd_can_map,
    .bypasses = vtd_requester_bypasses,
    .why_not = "which needs caching-mode=on",
    .iommu_region_type = TYPE_INTEL_IOMMU_MEMORY_REGION,
    .vtd = true,
};

static uint32_t vtd_port_features(const VtdConfig *c)
{
    return (c->pasid ? IOMMU_PORT_PASID : 0) | (c->dt ? IOMMU_PORT_ATS : 0) |
           (c->prs ? IOMMU_PORT_PRI : 0);
}

/* What other QEMU code reads. */
static void vtd_publish(IntelIOMMUState *s, const VtdConfig *c)
{
    s->caching_mode = c->cm;
    s->aw_bits = c->mgaw;
    s->build_dmar = vtd_build_dmar;
    X86_IOMMU_DEVICE(s)->dt_supported = c->dt;
    X86_IOMMU_DEVICE(s)->pt_supported = c->pt;
}

/* x86-iommu's realize has made sure that the machine is a PC with PCI. */
static void vtd_realize(DeviceState *dev, Error **errp)
{
    IntelIOMMUState *s = INTEL_IOMMU_DEVICE(dev);
    VTDUnit *u = s->unit;
    PCMachineState *pcms = PC_MACHINE(qdev_get_machine());
    IommuHost host = iommu_shell_host(&u->shell);
    IommuModel *model;
    uint64_t mmio_size;
    VtdConfig c;

    if (!vtd_configure(u, &c, errp)) {
        return;
    }
    mmio_size = vtd_config_mmio_size(&c);
    iommu_props_freeze(&u->caps, &c, sizeof(c));
    vtd_show_knobs(u, &c);
    if (!vtd_platform_place(u, mmio_size, errp)) {
        return;
    }
    model = vtd_new(&c, &host, &vtd_host_ops);
    if (!model) {
        error_setg(errp, "intel-iommu: out of memory");
        return;
    }
    vtd_publish(s, &c);
    u->shell.port_features = vtd_port_features(&c);
    if (!iommu_shell_realize(&u->shell, model, pcms->pcibus, mmio_size, errp)) {
        return;
    }
    sysbus_init_mmio(SYS_BUS_DEVICE(dev), &u->shell.mmio);
    vtd_platform_join(u, errp);
}

static void vtd_reset_exit(Object *obj, ResetType type)
{
    iommu_shell_reset(&INTEL_IOMMU_DEVICE(obj)->unit->shell);
}

static void vtd_instance_init(Object *obj)
{
    IntelIOMMUState *s = INTEL_IOMMU_DEVICE(obj);
    VTDUnit *u = g_new0(VTDUnit, 1);

    s->unit = u;
    u->dev = s;
    iommu_shell_init(&u->shell, obj, &vtd_shell_ops);
    iommu_props_init(&u->caps, vtd_caps, &u->set);
    iommu_props_init(&u->knobs, vtd_knobs, &u->knob);
    iommu_props_init(&u->lists, vtd_lists, &u->scope);
}

static void vtd_instance_finalize(Object *obj)
{
    VTDUnit *u = INTEL_IOMMU_DEVICE(obj)->unit;

    vtd_platform_leave(u);
    vtd_scope_free(&u->scope);
    iommu_shell_finalize(&u->shell);
    g_free(u->model);
    g_free(u);
}

static char *vtd_get_model(Object *obj)
{
    return g_strdup(vtd_set_name(INTEL_IOMMU_DEVICE(obj)->unit));
}

static void vtd_set_model(Object *obj, const char *value, Error **errp)
{
    VTDUnit *u = INTEL_IOMMU_DEVICE(obj)->unit;

    g_free(u->model);
    u->model = g_strdup(value);
}

static const VMStateDescription vmstate_vtd_unit = {
    .name = "stagewalk-vtd",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_STRUCT(shell, VTDUnit, 1, vmstate_iommu_shell, IommuShell),
        VMSTATE_END_OF_LIST()
    },
};

/* Version 100: the image is the model's own, none that another unit of this name has written. */
static const VMStateDescription vmstate_vtd = {
    .name = "iommu-intel",
    .version_id = 100,
    .minimum_version_id = 100,
    .priority = MIG_PRI_IOMMU,
    .fields = (const VMStateField[]) {
        VMSTATE_STRUCT_POINTER(unit, IntelIOMMUState, vmstate_vtd_unit, VTDUnit),
        VMSTATE_END_OF_LIST()
    },
};

static void vtd_add_properties(DeviceClass *dc)
{
    ObjectClass *x86 = object_class_get_parent(OBJECT_CLASS(dc));
    IommuPropList list = iommu_prop_list_new();

    iommu_prop_list_string(&list, "model",
                           "set of capabilities to start from: qemu (the default), spr, max",
                           vtd_get_model, vtd_set_model);
    iommu_prop_list_table(&list, vtd_caps, vtd_caps_of);
    iommu_prop_list_table(&list, vtd_knobs, vtd_knobs_of);
    iommu_prop_list_table(&list, vtd_lists, vtd_lists_of);
    iommu_shell_timed_properties(&list);
    iommu_prop_list_install(&list, dc);
    /* Of every x86 IOMMU, which does not say what they mean. */
    object_class_property_set_description(x86, "intremap",
        "ECAP.IR: interrupt remapping; auto: on, unless KVM has the whole irqchip");
    object_class_property_set_description(x86, "device-iotlb",
        "ECAP.DT: device TLBs (ATS); on adds them to the set, dt=off takes them away");
    object_class_property_set_description(x86, "pt", "ECAP.PT: pass-through; off takes it away");
}

static void vtd_class_init(ObjectClass *oc, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(oc);
    ResettableClass *rc = RESETTABLE_CLASS(oc);
    X86IOMMUClass *xc = X86_IOMMU_DEVICE_CLASS(oc);

    dc->desc = "Intel VT-d remapping unit";
    dc->vmsd = &vmstate_vtd;
    dc->hotpluggable = false;
    dc->user_creatable = true;
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
    /* After the devices behind it have stopped. */
    rc->phases.exit = vtd_reset_exit;
    xc->realize = vtd_realize;
    xc->int_remap = vtd_int_remap;
    vtd_add_properties(dc);
    iommu_shell_class_init(oc);
    iommu_shell_port_class_init(oc);
}

static const TypeInfo vtd_types[] = {
    {
        .name = TYPE_INTEL_IOMMU_DEVICE,
        .parent = TYPE_X86_IOMMU_DEVICE,
        .instance_size = sizeof(IntelIOMMUState),
        .instance_init = vtd_instance_init,
        .instance_finalize = vtd_instance_finalize,
        .class_init = vtd_class_init,
        .interfaces = (InterfaceInfo[]) { { TYPE_IOMMU_PORT }, { } },
    }, {
        .name = TYPE_INTEL_IOMMU_MEMORY_REGION,
        .parent = TYPE_IOMMU_MEMORY_REGION,
        .class_init = iommu_shell_region_class_init,
    },
};

DEFINE_TYPES(vtd_types)
