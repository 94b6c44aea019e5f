/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iommu-dma: a PCIe DMA engine that can issue whatever an IOMMU must be able to answer: requests
 * with PASID, privilege and execute, ATS and PRI, atomics, stalls, paced and measured in the
 * IOMMU's cycles (docs/specs/iommu-dma.rst). This file is the PCI function: capabilities,
 * properties, reset and migration.
 */
#include "qemu/osdep.h"
#include "qemu/module.h"
#include "qemu/range.h"
#include "qapi/error.h"
#include "hw/pci/msix.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci/pcie_sriov.h"
#include "hw/qdev-properties.h"
#include "migration/vmstate.h"
#include "system/runstate.h"
#include "iommu-dma-internal.h"

#define EXP_CAP_OFFSET  0x80
#define VPD_CAP_OFFSET  0xc0
#define VPD_CAP_BYTES   8
#define VPD_ADDR_MASK   0x7fff
#define ATS_CAP_GLOBAL  0x0040 /* Global Invalidate Supported */
#define VF_OFFSET       1
#define VF_STRIDE       1

/*
 * Vital product data (PCI 3.0 appendix I), shown by lspci -vv: an identifier string, then
 * read-only keywords. The RV checksum makes the bytes up to and with it sum to zero.
 */
static const char vpd_name[] = "iommu-dma: PCIe DMA engine for IOMMU tests";
static const char vpd_part[] = "see docs/specs/iommu-dma.rst";

IdmaState *idma_pf(IdmaState *d)
{
    PCIDevice *dev = PCI_DEVICE(d);

    return pci_is_vf(dev) ? IOMMU_DMA_BASE(pcie_sriov_get_pf(dev)) : d;
}

static void vpd_item(IdmaState *d, uint8_t tag, const char *text, uint16_t len)
{
    d->vpd[d->vpd_len++] = tag;
    d->vpd[d->vpd_len++] = len;
    d->vpd[d->vpd_len++] = len >> 8;
    memcpy(d->vpd + d->vpd_len, text, len);
    d->vpd_len += len;
}

static int vpd_init(IdmaState *d, Error **errp)
{
    PCIDevice *dev = PCI_DEVICE(d);
    char keywords[128];
    size_t part = strlen(vpd_part);
    uint8_t sum = 0;
    int pos = pci_add_capability(dev, PCI_CAP_ID_VPD, VPD_CAP_OFFSET, VPD_CAP_BYTES, errp);

    if (pos < 0) {
        return pos;
    }
    d->vpd_cap = pos;
    pci_set_word(dev->wmask + pos + PCI_VPD_ADDR, 0xffff);
    /* Reads of the data register give what was last asked for; it may differ after migration. */
    memset(dev->cmask + pos + PCI_VPD_ADDR, 0, 6);

    d->vpd_len = 0;
    vpd_item(d, 0x82, vpd_name, strlen(vpd_name));
    memcpy(keywords, "PN", 2);
    keywords[2] = part;
    memcpy(keywords + 3, vpd_part, part);
    memcpy(keywords + 3 + part, "RV\x01", 4);
    vpd_item(d, 0x90, keywords, part + 7);
    for (unsigned i = 0; i < d->vpd_len; i++) {
        sum += d->vpd[i];
    }
    d->vpd[d->vpd_len - 1] = -sum;
    d->vpd[d->vpd_len++] = 0x78;
    return 0;
}

/* Writing an address with flag 0 asks for the four bytes there; flag 1 says that they are in. */
static void vpd_config_write(IdmaState *d, uint32_t addr, int len)
{
    PCIDevice *dev = PCI_DEVICE(d);
    uint8_t *cap = dev->config + d->vpd_cap;
    uint16_t ask;
    uint32_t data = 0;

    if (!ranges_overlap(addr, len, d->vpd_cap + PCI_VPD_ADDR, 2)) {
        return;
    }
    ask = pci_get_word(cap + PCI_VPD_ADDR);
    if (ask & PCI_VPD_ADDR_F) {
        /* A write request: the data is read-only. It is done at once. */
        pci_set_word(cap + PCI_VPD_ADDR, ask & VPD_ADDR_MASK);
        return;
    }
    for (unsigned i = 0; i < 4; i++) {
        unsigned at = (ask & VPD_ADDR_MASK & ~3u) + i;

        data |= (uint32_t)(at < d->vpd_len ? d->vpd[at] : 0) << (8 * i);
    }
    pci_set_long(cap + PCI_VPD_DATA, data);
    pci_set_word(cap + PCI_VPD_ADDR, ask | PCI_VPD_ADDR_F);
}

static uint16_t add_pasid(IdmaState *d, uint16_t offset)
{
    PCIDevice *dev = PCI_DEVICE(d);

    pcie_add_capability(dev, PCI_EXT_CAP_ID_PASID, 1, offset, PCI_EXT_CAP_PASID_SIZEOF);
    pci_set_word(dev->config + offset + PCI_PASID_CAP,
                 PCI_PASID_CAP_EXEC | PCI_PASID_CAP_PRIV | d->pasid_bits << 8);
    pci_set_word(dev->wmask + offset + PCI_PASID_CTRL,
                 PCI_PASID_CTRL_ENABLE | PCI_PASID_CTRL_EXEC | PCI_PASID_CTRL_PRIV);
    d->pasid_cap = offset;
    return offset + 0x10;
}

static uint16_t add_ats(IdmaState *d, uint16_t offset)
{
    PCIDevice *dev = PCI_DEVICE(d);
    uint8_t *cap = dev->config + offset + PCI_ATS_CAP;

    /* Invalidate Queue Depth 0 means 32. */
    pcie_ats_init(dev, offset, true);
    pci_set_word(cap, pci_get_word(cap) | ATS_CAP_GLOBAL);
    return offset + 0x10;
}

static uint16_t add_pri(IdmaState *d, uint16_t offset)
{
    PCIDevice *dev = PCI_DEVICE(d);

    pcie_add_capability(dev, PCI_EXT_CAP_ID_PRI, 1, offset, PCI_EXT_CAP_PRI_SIZEOF);
    pci_set_word(dev->config + offset + PCI_PRI_STATUS,
                 PCI_PRI_STATUS_STOPPED | (d->pasid ? PCI_PRI_STATUS_PASID : 0));
    pci_set_long(dev->config + offset + PCI_PRI_MAX_REQ, d->pri_capacity);
    pci_set_word(dev->wmask + offset + PCI_PRI_CTRL, PCI_PRI_CTRL_ENABLE | PCI_PRI_CTRL_RESET);
    pci_set_word(dev->w1cmask + offset + PCI_PRI_STATUS,
                 PCI_PRI_STATUS_RF | PCI_PRI_STATUS_UPRGI);
    pci_set_word(dev->cmask + offset + PCI_PRI_STATUS, 0);
    pci_set_long(dev->wmask + offset + PCI_PRI_ALLOC_REQ, 0xffffffff);
    d->pri_cap = offset;
    return offset + 0x10;
}

static bool add_vfs(IdmaState *d, uint16_t offset, Error **errp)
{
    PCIDevice *dev = PCI_DEVICE(d);

    if (!pcie_sriov_pf_init(dev, offset, TYPE_IOMMU_DMA_VF, IDMA_VF_DEVICE_ID, d->vfs, d->vfs,
                            VF_OFFSET, VF_STRIDE, errp)) {
        return false;
    }
    pcie_sriov_pf_init_vf_bar(dev, IDMA_BAR, PCI_BASE_ADDRESS_SPACE_MEMORY, IDMA_BAR_SIZE);
    pcie_sriov_pf_init_vf_bar(dev, IDMA_MSIX_BAR, PCI_BASE_ADDRESS_SPACE_MEMORY, 4096);
    return true;
}

static bool add_capabilities(IdmaState *d, Error **errp)
{
    PCIDevice *dev = PCI_DEVICE(d);
    bool vf = pci_is_vf(dev);
    uint16_t offset = PCI_CONFIG_SPACE_SIZE;

    if (pcie_endpoint_cap_init(dev, EXP_CAP_OFFSET) < 0) {
        error_setg(errp, "iommu-dma: no room for the PCI Express capability");
        return false;
    }
    pcie_cap_flr_init(dev);
    if (d->ats) {
        offset = add_ats(d, offset);
    }
    if (d->pasid && !vf) {
        offset = add_pasid(d, offset);
    }
    if (d->pri == ON_OFF_AUTO_ON && !vf) {
        offset = add_pri(d, offset);
    }
    /* A function of a device with several tells that it does no peer-to-peer among them. */
    if (vf || d->vfs || dev->cap_present & QEMU_PCI_CAP_MULTIFUNCTION || PCI_FUNC(dev->devfn)) {
        if (d->vfs) {
            qdev_prop_set_bit(DEVICE(d), "multifunction", true);
            dev->config[PCI_HEADER_TYPE] |= PCI_HEADER_TYPE_MULTI_FUNCTION;
        }
        pcie_acs_init(dev, offset);
        offset += 0x10;
    }
    return !d->vfs || add_vfs(d, offset, errp);
}

static bool check_properties(IdmaState *d, Error **errp)
{
    PCIDevice *dev = PCI_DEVICE(d);

    if (d->channels < 1 || d->channels > IDMA_CHANNELS_MAX) {
        error_setg(errp, "channels=%u: must be 1 to %d", d->channels, IDMA_CHANNELS_MAX);
    } else if (d->vectors < 1 || d->vectors > 64) {
        error_setg(errp, "vectors=%u: must be 1 to 64", d->vectors);
    } else if (d->atc_entries > IDMA_ATC_MAX) {
        error_setg(errp, "atc-entries=%u: must be 0 to %d", d->atc_entries, IDMA_ATC_MAX);
    } else if (d->pasid_bits < 1 || d->pasid_bits > 20) {
        error_setg(errp, "pasid-bits=%u: must be 1 to 20", d->pasid_bits);
    } else if (d->pri_capacity < 1 || d->pri_capacity > IDMA_PRGI_COUNT) {
        error_setg(errp, "pri-capacity=%u: must be 1 to %d", d->pri_capacity, IDMA_PRGI_COUNT);
    } else if (d->vfs > IDMA_VFS_MAX) {
        error_setg(errp, "sriov-vfs=%u: must be 0 to %d", d->vfs, IDMA_VFS_MAX);
    } else if (d->vfs && PCI_FUNC(dev->devfn)) {
        error_setg(errp, "sriov-vfs=%u: must be 0 unless the device is function 0 (addr=%02x.0)",
                   d->vfs, PCI_SLOT(dev->devfn));
    } else if (d->pri == ON_OFF_AUTO_ON && !d->ats) {
        error_setg(errp, "pri=on: needs ats=on, not ats=off");
    } else {
        return true;
    }
    return false;
}

static void vm_state(void *opaque, bool running, RunState state)
{
    IdmaState *d = opaque;

    if (!running) {
        return;
    }
    /* After a migration the IOMMU must know us before it has anything to tell. */
    idma_path_refresh(d);
    for (unsigned i = 0; i < d->channels; i++) {
        idma_channel_wake(&d->ch[i]);
    }
}

static void config_write(PCIDevice *dev, uint32_t addr, uint32_t val, int len)
{
    IdmaState *d = IOMMU_DMA_BASE(dev);

    pci_default_write_config(dev, addr, val, len);
    pcie_cap_flr_write_config(dev, addr, val, len);
    vpd_config_write(d, addr, len);
    if (d->pri_cap && ranges_overlap(addr, len, d->pri_cap, PCI_EXT_CAP_PRI_SIZEOF)) {
        idma_pri_config_write(d);
    }
    if (ranges_overlap(addr, len, PCI_COMMAND, 2) ||
        (dev->exp.ats_cap && ranges_overlap(addr, len, dev->exp.ats_cap + PCI_ATS_CTRL, 2))) {
        /* 10.2.4: a device that may not use ATS has nothing in its device TLB. */
        if (dev->exp.ats_cap &&
            !(pci_get_word(dev->config + dev->exp.ats_cap + PCI_ATS_CTRL) & PCI_ATS_CTRL_ENABLE)) {
            idma_atc_flush(&d->atc);
        }
        for (unsigned i = 0; i < d->channels; i++) {
            idma_channel_wake(&d->ch[i]);
        }
    }
}

static void realize(PCIDevice *dev, Error **errp)
{
    IdmaState *d = IOMMU_DMA_BASE(dev);
    Error *err = NULL;

    if (pci_is_vf(dev)) {
        IdmaState *pf = idma_pf(d);

        d->channels = pf->channels;
        d->vectors = pf->vectors;
        d->atc_entries = pf->atc_entries;
        d->ats = pf->ats;
        d->pasid_bits = pf->pasid_bits;
        d->pri_capacity = pf->pri_capacity;
        d->use_port = pf->use_port;
        d->pasid = false;
        d->pri = ON_OFF_AUTO_OFF;
        d->vfs = 0;
    }
    if (!check_properties(d, errp)) {
        return;
    }
    if (d->pri == ON_OFF_AUTO_AUTO) {
        d->pri = d->ats ? ON_OFF_AUTO_ON : ON_OFF_AUTO_OFF;
    }

    memory_region_init(&d->bar, OBJECT(d), "iommu-dma", IDMA_BAR_SIZE);
    memory_region_init_io(&d->regs, OBJECT(d), &idma_regs_ops, d, "iommu-dma-regs", IDMA_LOCAL);
    if (!memory_region_init_ram(&d->local, OBJECT(d), "iommu-dma-local", IDMA_LOCAL_SIZE, errp)) {
        return;
    }
    d->local_ram = memory_region_get_ram_ptr(&d->local);
    memory_region_add_subregion(&d->bar, 0, &d->regs);
    memory_region_add_subregion(&d->bar, IDMA_LOCAL, &d->local);
    pci_register_bar(dev, IDMA_BAR, PCI_BASE_ADDRESS_SPACE_MEMORY, &d->bar);
    pci_config_set_interrupt_pin(dev->config, 0);

    if (msix_init_exclusive_bar(dev, d->vectors, IDMA_MSIX_BAR, &err) < 0) {
        error_propagate_prepend(errp, err, "iommu-dma needs a machine with MSI: ");
        return;
    }
    for (unsigned i = 0; i < d->vectors; i++) {
        msix_vector_use(dev, i);
    }
    if (vpd_init(d, errp) < 0 || !add_capabilities(d, errp)) {
        msix_uninit_exclusive_bar(dev);
        return;
    }

    idma_atc_init(&d->atc, d->atc_entries);
    for (unsigned i = 0; i < d->channels; i++) {
        idma_channel_init(d, i);
        idma_channel_reset(&d->ch[i]);
    }
    d->vm_state = qemu_add_vm_change_state_handler(vm_state, d);
}

void idma_reset(IdmaState *d)
{
    for (unsigned i = 0; i < d->channels; i++) {
        idma_channel_reset(&d->ch[i]);
    }
    idma_pri_reset(d);
    idma_atc_answer_held(d, false);
    idma_atc_flush(&d->atc);
    for (unsigned i = 0; i < d->channels; i++) {
        qemu_bh_cancel(d->ch[i].bh);
        timer_del(d->ch[i].timer);
    }
    d->atc_mode = IDMA_ATC_OBEY;
    d->atc.lookups = d->atc.hits = d->atc.invalidations = d->atc.dropped = 0;
    d->pri_sent = d->pri_responses = d->pri_last = 0;
    d->next_prgi = 0;
    memset(d->local_ram, 0, IDMA_LOCAL_SIZE);
    memory_region_set_dirty(&d->local, 0, IDMA_LOCAL_SIZE);
}

static void reset_hold(Object *obj, ResetType type)
{
    IdmaState *d = IOMMU_DMA_BASE(obj);
    PCIDevice *dev = PCI_DEVICE(d);

    if (d->pasid_cap) {
        pci_set_word(dev->config + d->pasid_cap + PCI_PASID_CTRL, 0);
    }
    if (d->pri_cap) {
        pci_set_word(dev->config + d->pri_cap + PCI_PRI_CTRL, 0);
        pci_set_word(dev->config + d->pri_cap + PCI_PRI_STATUS,
                     PCI_PRI_STATUS_STOPPED | (d->pasid ? PCI_PRI_STATUS_PASID : 0));
        pci_set_long(dev->config + d->pri_cap + PCI_PRI_ALLOC_REQ, 0);
    }
    if (dev->exp.ats_cap) {
        pci_set_word(dev->config + dev->exp.ats_cap + PCI_ATS_CTRL, 0);
    }
    idma_reset(d);
    d->pri_halted = false;
}

static void exit_function(PCIDevice *dev)
{
    IdmaState *d = IOMMU_DMA_BASE(dev);

    if (d->vm_state) {
        qemu_del_vm_change_state_handler(d->vm_state);
        d->vm_state = NULL;
    }
    idma_reset(d);
    pcie_sriov_pf_exit(dev);
    idma_path_detach(d);
    for (unsigned i = 0; i < d->channels; i++) {
        idma_channel_exit(&d->ch[i]);
    }
    idma_atc_destroy(&d->atc);
    msix_uninit_exclusive_bar(dev);
    pcie_cap_exit(dev);
    /* Each holds a reference to the device, which would outlive its unplug. */
    memory_region_del_subregion(&d->bar, &d->regs);
    memory_region_del_subregion(&d->bar, &d->local);
}

static int post_load(void *opaque, int version_id)
{
    IdmaState *d = opaque;

    idma_atc_flush(&d->atc);
    for (unsigned i = 0; i < d->channels; i++) {
        if (!idma_channel_post_load(&d->ch[i])) {
            return -EINVAL;
        }
    }
    for (unsigned i = 0; i < IDMA_PRGI_COUNT; i++) {
        if (d->prg[i].used && (d->prg[i].channel >= d->channels ||
                               (d->prg[i].slot > IDMA_SLOTS &&
                                d->prg[i].slot != IDMA_PRG_NOBODY))) {
            return -EINVAL;
        }
    }
    return d->next_prgi < IDMA_PRGI_COUNT ? 0 : -EINVAL;
}

/* The data of a copy between its legs is the only data that a slot keeps. */
static bool slot_has_data(void *opaque, int version_id)
{
    IdmaSlot *s = opaque;

    return s->state != IDMA_SLOT_FREE && s->leg == 1;
}

static const VMStateDescription vmstate_slot = {
    .name = "iommu-dma/slot",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT64(serial, IdmaSlot),
        VMSTATE_UINT64(cookie, IdmaSlot),
        VMSTATE_UINT64(at, IdmaSlot),
        VMSTATE_UINT64(arrival, IdmaSlot),
        VMSTATE_UINT64(free_at, IdmaSlot),
        VMSTATE_UINT64_ARRAY(addr, IdmaSlot, 2),
        VMSTATE_UINT64(pa, IdmaSlot),
        VMSTATE_UINT64(value, IdmaSlot),
        VMSTATE_UINT64(mismatch, IdmaSlot),
        VMSTATE_UINT32(len, IdmaSlot),
        VMSTATE_UINT32(local, IdmaSlot),
        VMSTATE_UINT32(fault, IdmaSlot),
        VMSTATE_UINT32(holds, IdmaSlot),
        VMSTATE_UINT16(prgi, IdmaSlot),
        VMSTATE_UINT8(state, IdmaSlot),
        VMSTATE_UINT8(step, IdmaSlot),
        VMSTATE_UINT8(home, IdmaSlot),
        VMSTATE_UINT8(leg, IdmaSlot),
        VMSTATE_UINT8(legs, IdmaSlot),
        VMSTATE_UINT8(answer, IdmaSlot),
        VMSTATE_UINT8(status, IdmaSlot),
        VMSTATE_UINT8(retries, IdmaSlot),
        VMSTATE_UINT8(ats_lg2, IdmaSlot),
        VMSTATE_UINT8(ats_bits, IdmaSlot),
        VMSTATE_BOOL(started, IdmaSlot),
        VMSTATE_BOOL(stale, IdmaSlot),
        VMSTATE_BOOL(untranslated, IdmaSlot),
        VMSTATE_BOOL(last, IdmaSlot),
        VMSTATE_BOOL(stalled, IdmaSlot),
        VMSTATE_BOOL(razwi, IdmaSlot),
        VMSTATE_BOOL(paged, IdmaSlot),
        VMSTATE_BOOL(bypassed, IdmaSlot),
        VMSTATE_STATIC_BUFFER(data, IdmaSlot, 1, slot_has_data, 0, IDMA_CHUNK_MAX),
        VMSTATE_END_OF_LIST()
    },
};

static const VMStateDescription vmstate_job = {
    .name = "iommu-dma/job",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT64_ARRAY(words, IdmaJob, IDMA_DESC_WORDS),
        VMSTATE_UINT64(next_arrival, IdmaJob),
        VMSTATE_UINT64(start, IdmaJob),
        VMSTATE_UINT64(end, IdmaJob),
        VMSTATE_UINT64(addr, IdmaJob),
        VMSTATE_UINT64(pa, IdmaJob),
        VMSTATE_UINT64(value, IdmaJob),
        VMSTATE_UINT64(checksum, IdmaJob),
        VMSTATE_UINT32(element, IdmaJob),
        VMSTATE_UINT32(offset, IdmaJob),
        VMSTATE_UINT32(done, IdmaJob),
        VMSTATE_UINT32(errors, IdmaJob),
        VMSTATE_UINT32(fault, IdmaJob),
        VMSTATE_BOOL(started, IdmaJob),
        VMSTATE_BOOL(ending, IdmaJob),
        VMSTATE_BOOL(stalled, IdmaJob),
        VMSTATE_BOOL(razwi, IdmaJob),
        VMSTATE_BOOL(paged, IdmaJob),
        VMSTATE_BOOL(bypassed, IdmaJob),
        VMSTATE_UINT8(status, IdmaJob),
        VMSTATE_END_OF_LIST()
    },
};

static const VMStateDescription vmstate_stats = {
    .name = "iommu-dma/stats",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT64(txns, IdmaStats),
        VMSTATE_UINT64(bytes, IdmaStats),
        VMSTATE_UINT64(errors, IdmaStats),
        VMSTATE_UINT64(stalls, IdmaStats),
        VMSTATE_UINT64(pages, IdmaStats),
        VMSTATE_UINT64(irqs, IdmaStats),
        VMSTATE_UINT64(lat_sum, IdmaStats),
        VMSTATE_UINT64(lat_min, IdmaStats),
        VMSTATE_UINT64(lat_max, IdmaStats),
        VMSTATE_UINT64(first, IdmaStats),
        VMSTATE_UINT64(last, IdmaStats),
        VMSTATE_UINT64(host_ns, IdmaStats),
        VMSTATE_UINT64_ARRAY(hist, IdmaStats, IDMA_CH_HIST_BUCKETS),
        VMSTATE_END_OF_LIST()
    },
};

static const VMStateDescription vmstate_channel = {
    .name = "iommu-dma/channel",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_TIMER_PTR(timer, IdmaChannel),
        VMSTATE_UINT64(ring_base, IdmaChannel),
        VMSTATE_UINT64(cmpl_base, IdmaChannel),
        VMSTATE_UINT64(ring_attr, IdmaChannel),
        VMSTATE_UINT64(intr, IdmaChannel),
        VMSTATE_UINT64(intr_enable, IdmaChannel),
        VMSTATE_UINT64(vector, IdmaChannel),
        VMSTATE_UINT64_ARRAY(desc, IdmaChannel, IDMA_DESC_WORDS),
        VMSTATE_UINT64_ARRAY(cmpl, IdmaChannel, IDMA_CMPL_WORDS),
        VMSTATE_UINT32(ring_size, IdmaChannel),
        VMSTATE_UINT32(ring_tail, IdmaChannel),
        VMSTATE_UINT32(ring_head, IdmaChannel),
        VMSTATE_UINT32(cmpl_tail, IdmaChannel),
        VMSTATE_UINT32(cmpl_head, IdmaChannel),
        VMSTATE_UINT32(completions, IdmaChannel),
        VMSTATE_BOOL(enable, IdmaChannel),
        VMSTATE_BOOL(round, IdmaChannel),
        VMSTATE_BOOL(from_ring, IdmaChannel),
        VMSTATE_BOOL(stop, IdmaChannel),
        VMSTATE_BOOL(stopped, IdmaChannel),
        VMSTATE_UINT8(error, IdmaChannel),
        VMSTATE_UINT8(phase, IdmaChannel),
        VMSTATE_STRUCT(job, IdmaChannel, 1, vmstate_job, IdmaJob),
        VMSTATE_STRUCT(stats, IdmaChannel, 1, vmstate_stats, IdmaStats),
        VMSTATE_UINT64(serial, IdmaChannel),
        VMSTATE_UINT64(last_retire, IdmaChannel),
        VMSTATE_UINT8_ARRAY(fetched, IdmaChannel, IDMA_DESC_BYTES),
        VMSTATE_UINT8(inflight, IdmaChannel),
        VMSTATE_UINT8_ARRAY(order, IdmaChannel, IDMA_SLOTS),
        VMSTATE_STRUCT_VARRAY_POINTER_KNOWN(slots, IdmaChannel, IDMA_SLOTS, 1, vmstate_slot,
                                            IdmaSlot),
        VMSTATE_STRUCT(ring_slot, IdmaChannel, 1, vmstate_slot, IdmaSlot),
        VMSTATE_END_OF_LIST()
    },
};

static const VMStateDescription vmstate_held = {
    .name = "iommu-dma/held",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT32(stream, IdmaHeld),
        VMSTATE_UINT32(itag, IdmaHeld),
        VMSTATE_UINT32(users, IdmaHeld),
        VMSTATE_BOOL(used, IdmaHeld),
        VMSTATE_BOOL(on_request, IdmaHeld),
        VMSTATE_END_OF_LIST()
    },
};

static const VMStateDescription vmstate_prg = {
    .name = "iommu-dma/prg",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT32(pasid, IdmaPrg),
        VMSTATE_UINT32(requests, IdmaPrg),
        VMSTATE_UINT8(channel, IdmaPrg),
        VMSTATE_UINT8(slot, IdmaPrg),
        VMSTATE_BOOL(used, IdmaPrg),
        VMSTATE_BOOL(closed, IdmaPrg),
        VMSTATE_BOOL(has_pasid, IdmaPrg),
        VMSTATE_END_OF_LIST()
    },
};

static const VMStateDescription vmstate_function = {
    .name = "iommu-dma",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_PCI_DEVICE(parent_obj, IdmaState),
        VMSTATE_MSIX(parent_obj, IdmaState),
        VMSTATE_UINT32_EQUAL(channels, IdmaState, "number of channels differs"),
        VMSTATE_UINT32(epoch, IdmaState),
        VMSTATE_UINT64(atc_mode, IdmaState),
        VMSTATE_UINT32(pri_outstanding, IdmaState),
        VMSTATE_UINT16(next_prgi, IdmaState),
        VMSTATE_BOOL(pri_halted, IdmaState),
        VMSTATE_UINT64(pri_sent, IdmaState),
        VMSTATE_UINT64(pri_responses, IdmaState),
        VMSTATE_UINT64(pri_last, IdmaState),
        VMSTATE_UINT64(atc.lookups, IdmaState),
        VMSTATE_UINT64(atc.hits, IdmaState),
        VMSTATE_UINT64(atc.invalidations, IdmaState),
        VMSTATE_UINT64(atc.dropped, IdmaState),
        VMSTATE_STRUCT_ARRAY(held, IdmaState, IDMA_HELD_MAX, 1, vmstate_held, IdmaHeld),
        VMSTATE_STRUCT_ARRAY(prg, IdmaState, IDMA_PRGI_COUNT, 1, vmstate_prg, IdmaPrg),
        VMSTATE_STRUCT_VARRAY_UINT32(ch, IdmaState, channels, 1, vmstate_channel, IdmaChannel),
        VMSTATE_END_OF_LIST()
    },
};

static const Property pf_properties[] = {
    DEFINE_PROP_UINT32("channels", IdmaState, channels, 4),
    DEFINE_PROP_UINT32("vectors", IdmaState, vectors, 8),
    DEFINE_PROP_UINT32("atc-entries", IdmaState, atc_entries, 64),
    DEFINE_PROP_BOOL("ats", IdmaState, ats, true),
    DEFINE_PROP_ON_OFF_AUTO("pri", IdmaState, pri, ON_OFF_AUTO_AUTO),
    DEFINE_PROP_UINT32("pri-capacity", IdmaState, pri_capacity, 64),
    DEFINE_PROP_BOOL("pasid", IdmaState, pasid, true),
    DEFINE_PROP_UINT8("pasid-bits", IdmaState, pasid_bits, 20),
    DEFINE_PROP_UINT32("sriov-vfs", IdmaState, vfs, 0),
    DEFINE_PROP_BOOL("port", IdmaState, use_port, true),
};

/* For "-device iommu-dma,help". */
static const struct {
    const char *name, *what;
} pf_descriptions[] = {
    { "channels", "channels, 1..8" },
    { "vectors", "MSI-X vectors, 1..64" },
    { "atc-entries", "entries of the device TLB, 0..65536" },
    { "ats", "ATS capability" },
    { "pri", "PRI capability; auto: as ats" },
    { "pri-capacity", "outstanding page request capacity, 1..512" },
    { "pasid", "PASID capability" },
    { "pasid-bits", "Max PASID Width, 1..20" },
    { "sriov-vfs", "virtual functions, 0..7" },
    { "port", "use the IOMMU's transaction port; off: plain DMA" },
};

static void base_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    pc->realize = realize;
    pc->exit = exit_function;
    pc->config_write = config_write;
    pc->vendor_id = IDMA_VENDOR_ID;
    pc->revision = IDMA_REVISION;
    pc->class_id = PCI_CLASS_SYSTEM_DMA;
    pc->subsystem_vendor_id = IDMA_VENDOR_ID;
    pc->subsystem_id = PCI_SUBDEVICE_ID_QEMU;
    rc->phases.hold = reset_hold;
    dc->vmsd = &vmstate_function;
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
}

static void pf_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    PCI_DEVICE_CLASS(klass)->device_id = IDMA_DEVICE_ID;
    dc->desc = "PCIe DMA engine with PASID, ATS and PRI, for IOMMU tests";
    device_class_set_props(dc, pf_properties);
    for (size_t i = 0; i < ARRAY_SIZE(pf_descriptions); i++) {
        object_class_property_set_description(klass, pf_descriptions[i].name,
                                              pf_descriptions[i].what);
    }
}

static void vf_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    PCI_DEVICE_CLASS(klass)->device_id = IDMA_VF_DEVICE_ID;
    dc->desc = "Virtual function of iommu-dma";
    dc->user_creatable = false;
}

static const TypeInfo types[] = {
    {
        .name = TYPE_IOMMU_DMA_BASE,
        .parent = TYPE_PCI_DEVICE,
        .instance_size = sizeof(IdmaState),
        .abstract = true,
        .class_init = base_class_init,
        .interfaces = (InterfaceInfo[]) {
            { INTERFACE_PCIE_DEVICE },
            { }
        },
    },
    { .name = TYPE_IOMMU_DMA, .parent = TYPE_IOMMU_DMA_BASE, .class_init = pf_class_init },
    { .name = TYPE_IOMMU_DMA_VF, .parent = TYPE_IOMMU_DMA_BASE, .class_init = vf_class_init },
};

DEFINE_TYPES(types)
