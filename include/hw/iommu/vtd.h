/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel VT-d remapping unit: public interface of the model (specification rev 5.10). No QEMU.
 *
 * vtd_new() makes a unit from a VtdConfig (what CAP and ECAP advertise) and a host; from then on it
 * is driven through IommuModelOps (model.h). What VT-d has beyond DMA remapping - interrupt
 * remapping and posting, the interrupt entry cache - is here.
 *
 * IommuTxn.stream is the 16-bit source-id (bus << 8 | devfn). An untranslated, 4-byte write
 * without PASID to FEExxxxx is answered IOMMU_STATUS_INTERRUPT, translation enabled or not: its
 * issuer hands it to vtd_remap_interrupt(). IommuHostOps.send_msi must deliver straight to the
 * local APICs: the unit's own events and posted-interrupt notifications are never remapped [5.1.6].
 */
#ifndef HW_IOMMU_VTD_H
#define HW_IOMMU_VTD_H

#include "hw/iommu/model.h"
#include "hw/iommu/profile.h"
#include "hw/iommu/vtd-layout.h"

/**
 * What the unit is. Names are the fields of VER, CAP and ECAP [11.4.1-11.4.3]; bool fields are
 * one-bit capabilities. Fields of features that this model does not have (HPT, TDX Connect,
 * virtual commands, ...) do not exist and read 0 in the registers.
 */
typedef struct VtdConfig {
    const char *name;            /* for messages; may be NULL */
    const IommuProfile *profile; /* sizes of the caches; NULL: "full" */
    uint8_t ver_max, ver_min;    /* VER.MAX 1..15, VER.MIN 0..15 */
    uint8_t haw;                 /* host address width in bits, 32..52 */

    /* CAP */
    uint8_t nd;      /* domain-id width is 4 + 2 * nd; 0..6 */
    bool rwbf;
    bool plmr, phmr;
    bool cm;
    uint8_t sagaw;   /* bit 1: 39, bit 2: 48, bit 3: 57 bits; 0 if there is no second stage */
    uint8_t mgaw;    /* maximum guest address width in bits, 39..57 (CAP holds one less) */
    bool zlr;
    uint8_t sslps;   /* 0, 1 (2 MB) or 3 (2 MB, 1 GB) */
    bool psi;
    uint16_t nfr;    /* number of fault recording registers, 1..256 (CAP holds one less) */
    uint16_t fro;    /* offset of FRCD[0] / 16; 0: a place is chosen that holds nfr registers */
    uint8_t mamv;    /* 0..63 */
    bool dwd, drd;
    bool fs1gp, fs5lp;
    bool pi;
    bool esirtps, esrtps;
    bool ecmds;      /* enhanced commands */

    /* ECAP */
    bool c;
    bool qi, dt;
    bool ir, eim;
    bool pt, sc;
    uint16_t iro;    /* offset of IVA / 16; 0: 0Fh */
    uint8_t mhmv;    /* 0..15 */
    bool mts;
    bool nest;
    bool prs;
    bool srs;
    bool nwfs, eafs;
    uint8_t pss;     /* PASID bits - 1, 0..19 */
    bool pasid;
    bool dit, pds;
    bool smts;
    bool ssads, ssts, fsts;
    bool smpwcs;
    bool rps, rprivs;
    bool adms;
    bool ptrs;
    bool ssirws;
    bool sms;
    bool eimer, irreq;
    bool pms;        /* performance monitoring */
    uint8_t pmc;     /* its counters, 1..16 (PERFCAP.NCNTR); only with pms */
} VtdConfig;

/**
 * Fill *@cfg with a named set: "qemu" (what QEMU's intel-iommu of version 10.0 advertises by
 * default), "spr" (Sapphire Rapids, as far as modelled), "max" (everything this model has). False,
 * and nothing written, if @name is none of them.
 */
bool vtd_config_named(VtdConfig *cfg, const char *name);

/** Names of the sets, for messages: "qemu, spr, max". */
const char *vtd_config_names(void);

/**
 * Check that the fields are in range and depend on each other as the specification says. False:
 * @err (@size bytes) holds one line naming the field, its value and what is allowed.
 */
bool vtd_config_check(const VtdConfig *cfg, char *err, size_t size);

/** Write down what the zeroes stand for that leave a choice to the model (fro, iro). */
void vtd_config_settle(VtdConfig *cfg);

/** CAP and ECAP that the (checked) configuration makes. */
uint64_t vtd_config_cap(const VtdConfig *cfg);
uint64_t vtd_config_ecap(const VtdConfig *cfg);

/**
 * Bytes of the register block: 4096, 8192 when more records than fit one page are asked for, 32768
 * with performance monitoring.
 */
uint64_t vtd_config_mmio_size(const VtdConfig *cfg);

/** What a VT-d unit may do to its host beyond IommuHostOps. Members may be NULL. */
typedef struct VtdHostOps {
    /**
     * Interrupt entry cache invalidated: every entry (@global), or those whose index equals
     * @index in all bits that are not in @ignored. Routes made from
     * vtd_remap_interrupt(probe) answers must be made again.
     */
    void (*iec_invalidate)(void *opaque, bool global, uint32_t index, uint32_t ignored);

    /**
     * The context or PASID entry of the streams that equal @stream in all bits not in @ignored may
     * have changed: look again whether they bypass (vtd_stream_bypassed) and refresh mirrored
     * mappings. Called for context and PASID cache invalidations.
     */
    void (*streams_changed)(void *opaque, uint32_t stream, uint32_t ignored);
} VtdHostOps;

/**
 * Make a unit in its power-on state. @cfg must have passed vtd_config_check(). *@cfg, *@host and
 * *@extra (may be NULL; called with host->opaque) are copied; cfg->profile must outlive the unit.
 * NULL if out of memory. Release with ops->free().
 */
IommuModel *vtd_new(const VtdConfig *cfg, const IommuHost *host, const VtdHostOps *extra);

/** Configuration of a unit. */
const VtdConfig *vtd_config_of(const IommuModel *m);

/* ------------------------------------------------------------------ interrupts [chapter 5] */

/** Source without requester id (part of the chipset): IRTE source validation is skipped. */
#define VTD_SID_UNSPECIFIED UINT32_MAX

typedef enum VtdIrStatus {
    VTD_IR_PASS,     /* remapping off, or compatibility format allowed: deliver as it came */
    VTD_IR_REMAPPED, /* deliver VtdIrResult.irq */
    VTD_IR_POSTED,   /* posted; the notification, if one is due, was sent by send_msi */
    VTD_IR_BLOCKED,  /* terminate with UR; VtdIrResult.fault says why */
} VtdIrStatus;

typedef struct VtdIrRequest {
    uint64_t addr;  /* FEExxxxx: address of the message */
    uint32_t data;
    uint32_t sid;   /* source-id or VTD_SID_UNSPECIFIED */
    bool probe;     /* only look: record no fault, post nothing, fill no cache, count nothing */
} VtdIrRequest;

/** An interrupt, decoded. */
typedef struct VtdIrq {
    uint32_t dest;         /* APIC id or logical destination; 8 bits unless EIME */
    uint8_t vector;
    uint8_t delivery_mode; /* as in IRTE.DLM */
    bool logical;          /* destination mode */
    bool redirection_hint;
    bool level;            /* trigger mode */
} VtdIrq;

typedef struct VtdIrResult {
    VtdIrq irq;       /* REMAPPED; also PASS, decoded from the message */
    uint64_t msi_addr; /* the same as an MSI for a local APIC (address 63:40 holds dest 31:8) */
    uint32_t msi_data;
    uint32_t index;   /* of the IRTE used, else 0 */
    uint8_t fault;    /* VtdFaultReason when BLOCKED */
} VtdIrResult;

/** Remap, post, pass or block one interrupt request. */
VtdIrStatus vtd_remap_interrupt(IommuModel *m, const VtdIrRequest *req, VtdIrResult *res);

/** An I/OxAPIC redirection table entry in remappable format as the message the I/OxAPIC sends. */
void vtd_ioapic_message(uint64_t rte, uint64_t *addr, uint32_t *data);

/* ------------------------------------------------------------------ queries */

/** GSTS.TES. */
bool vtd_translation_enabled(const IommuModel *m);

/** GSTS.IRES. */
bool vtd_ir_enabled(const IommuModel *m);

/** Latched IRTA.EIME: extended interrupt mode (32-bit APIC ids). */
bool vtd_ir_extended(const IommuModel *m);

/**
 * Whether requests without PASID of @stream pass untranslated as things stand in memory now:
 * translation off, legacy pass-through context, or a PASID entry with PGTT 100b. False also when
 * they fault.
 */
bool vtd_stream_bypassed(IommuModel *m, uint32_t stream);

#endif
