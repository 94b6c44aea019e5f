/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shell: what the QEMU devices of both IOMMUs have in common. It joins an IommuModel to QEMU's
 * address spaces, locks, notifiers, properties and migration, and holds no architectural logic.
 *
 * Locking. Translations come from any thread (iothreads without the big QEMU lock, BQL, among
 * them), so each model has its own lock; order: BQL, then the shell's lock. Under the shell's lock
 * nothing may need the BQL, so whatever could leave the model (interrupts, messages to MMIO,
 * completions) is put off until the model has returned and the lock is free: that also
 * keeps a device that answers a message with a new request from re-entering the model.
 */
#ifndef HW_IOMMU_QDEV_SHELL_H
#define HW_IOMMU_QDEV_SHELL_H

#include "exec/memory.h"
#include "hw/iommu/model.h"
#include "hw/iommu/profile.h"
#include "hw/iommu/qdev-fast.h"
#include "hw/iommu/qdev-port.h"
#include "hw/iommu/qdev-props.h"
#include "hw/iommu/timed.h"
#include "hw/pci/pci.h"
#include "hw/pci/pci_bus.h"
#include "qemu/iova-tree.h"
#include "qemu/queue.h"
#include "qemu/thread.h"

typedef struct IommuShell IommuShell;
typedef struct IommuShellDevice IommuShellDevice;
typedef struct IommuShellAction IommuShellAction;

/** What differs between the two devices. All run with the BQL and without the shell's lock. */
typedef struct IommuShellOps {
    /** Pulse wired interrupt @line. NULL if the device has none. */
    void (*pulse_irq)(IommuShell *s, unsigned line);
    /** Deliver a message that does not go to RAM; NULL: an ordinary 32-bit memory write. */
    void (*send_msi)(IommuShell *s, uint64_t addr, uint32_t data);
    /** IommuHostOps.mode_changed, after the model has returned. May be NULL. */
    void (*mode_changed)(IommuShell *s);
    /** An IOMMU_SHELL_OWN action. */
    void (*own_action)(IommuShell *s, const IommuShellAction *a);
    /** A device's address space was made; add what lies beside its IOMMU region. May be NULL. */
    void (*device_added)(IommuShell *s, IommuShellDevice *d);
    /** Whether @d may ask for MAP notifications. NULL: none may, and @why_not says why. */
    bool (*can_map)(IommuShell *s);
    const char *why_not; /* what the user can do about it */
    /** Whether @d's requests bypass now. Under the lock. NULL only where @can_map is. */
    bool (*bypasses)(IommuShellDevice *d);
    const char *iommu_region_type; /* QOM type of the devices' IOMMU memory regions */
    bool vtd; /* which set of trace events is its own (qdev-trace.h) */
} IommuShellOps;

/** A requester (bus, devfn) that asked for its address space. Lives as long as the shell. */
struct IommuShellDevice {
    IOMMUMemoryRegion iommu;  /* first: the memory API hands it back to us */
    MemoryRegion root;        /* of @as; an alias-free container */
    AddressSpace as;
    IommuShell *shell;
    PCIBus *bus;
    PCIBusClass *bus_class;
    uint8_t devfn;
    char *name;
    uint32_t platform_stream; /* requester id if @bus is NULL */
    IOMMUNotifierFlag notify; /* events that somebody wants */
    bool mirrored;            /* somebody has wanted any since start */
    bool watched;             /* told to the model by watch() ... */
    uint32_t watched_stream;  /* ... for this stream */
    IOVATree *shadow;         /* mappings told to MAP notifiers; NULL if there is none */
    uint32_t shadowed;        /* how many those are */
    bool shadow_full;         /* somebody has been told that there are too many */
    void *extra;              /* the device's own, set by device_added */
    QLIST_ENTRY(IommuShellDevice) next;
    QLIST_ENTRY(IommuShellDevice) next_notify;
};

/** A device behind the port that can be called back. */
typedef struct IommuPortWay {
    IommuShell *shell;
    uint64_t id; /* never used again; from 1 */
    uint32_t stream;
    const IommuPortClient *client;
    void *opaque;
    QLIST_ENTRY(IommuPortWay) next;
} IommuShellClient;

/* IommuShellPending.owed: callbacks that the client will get. */
#define IOMMU_SHELL_OWES_STALL_DONE 1u
#define IOMMU_SHELL_OWES_DONE       2u

/** A transaction of a client that is not over. Migrated as it is. */
typedef struct IommuShellPending {
    uint64_t number; /* IommuTxn.cookie as the model got it */
    uint64_t cookie; /* the client's */
    uint64_t stream; /* of the client when it was saved */
    uint64_t client; /* IommuShellClient.id; 0 once loaded, until the client attaches */
    uint64_t owed;
} IommuShellPending;

struct IommuShell {
    IommuModel *model;  /* NULL before realize */
    Object *owner;
    const IommuShellOps *ops;
    AddressSpace *memory; /* of physical addresses */
    MemoryRegion mmio;
    PCIBus *root_bus;
    uint32_t port_features;
    uint16_t msi_device_id[IOMMU_MSI_SOURCES]; /* requester ids that its messages carry */

    QemuRecMutex lock;
    IommuFast fast;     /* answers requests without @lock */
    bool busy;          /* a call of the model is in progress, on the thread that holds @lock */
    GArray *actions;    /* IommuShellAction put off until the model returns */
    guint actions_done; /* so many of them, from the first, have been done */
    bool draining;
    QEMUBH *bh;         /* drains @actions when the thread that made them lacks the BQL */

    GHashTable *by_requester;
    QLIST_HEAD(, IommuShellDevice) devices;
    QLIST_HEAD(, IommuShellDevice) notifying; /* those with @notify != 0 */
    QLIST_HEAD(, IommuPortWay) clients; /* last to attach or move first */
    uint64_t last_client; /* last id given out */

    GArray *pending;      /* IommuShellPending */
    uint64_t last_number; /* last one given out */

    /* Profile and time (qdev-timed.c). */
    char *caches;                /* properties, NULL if not given */
    char *profile_name;
    bool timing;
    IommuProfile *profile;       /* in use */
    IommuTimed *timed;           /* NULL: timing off */
    IommuCounters untimed;       /* timing on: the part of those that did not wait */
    int64_t base_ns;             /* virtual time of cycle 0 */
    uint64_t wake_at;            /* cycle the model asked for, or IOMMU_CYCLE_NEVER */
    QEMUTimer *timer;
    bool in_timer; /* its callback runs */
    VMChangeStateEntry *run_state;

    uint32_t saved_size; /* migration image */
    uint8_t *saved;

    uint64_t looked; /* work for notifiers in this turn (qdev-notify.c) */

    int64_t log_window;  /* guest error rate limit: start of the second, messages in it */
    unsigned log_count;
    unsigned log_dropped;
};

/* qdev-shell.c: life cycle, lock, deferred actions, registers. */

/** Called from instance_init. @ops must outlive the shell. */
void iommu_shell_init(IommuShell *s, Object *owner, const IommuShellOps *ops);
/** The shell that iommu_shell_init() was given for @owner. */
IommuShell *iommu_shell_of(Object *owner);
/** Add the properties stagewalk-counters and stagewalk-trace to class @oc. */
void iommu_shell_class_init(ObjectClass *oc);
/**
 * Take over @model, made with iommu_shell_host(), and open its register window @mmio of @mmio_size
 * bytes. @root_bus: the bus above every requester. The profile must have been chosen.
 */
bool iommu_shell_realize(IommuShell *s, IommuModel *model, PCIBus *root_bus, uint64_t mmio_size,
                         Error **errp);
void iommu_shell_finalize(IommuShell *s);
void iommu_shell_reset(IommuShell *s);

/**
 * Take the model for one call. False: this thread is already inside it (a device or a message of
 * the model came back); the caller must then refuse. Pair with iommu_shell_leave().
 */
bool iommu_shell_enter(IommuShell *s);
/**
 * The same for a call that changes no answer to a request: translations, register reads,
 * interrupts. After any other, answers given before are not given again (qdev-fast.h).
 */
bool iommu_shell_enter_quiet(IommuShell *s);
void iommu_shell_leave(IommuShell *s);

/** Do now what was put off. With the BQL. */
void iommu_shell_flush(IommuShell *s);

/** Whether nothing is put off. */
bool iommu_shell_quiescent(IommuShell *s);

/** Note that mode_changed() is due, from inside the model or with its lock. */
void iommu_shell_mode_dirty(IommuShell *s);

/** iommu_translate() under the lock; an abort if the model is already running on this thread. */
void iommu_shell_translate(IommuShell *s, const IommuTxn *txn, IommuResult *res);

typedef enum IommuShellActionKind {
    IOMMU_SHELL_IRQ,
    IOMMU_SHELL_MSI,
    IOMMU_SHELL_UNMAP,
    IOMMU_SHELL_STALL_DONE,
    IOMMU_SHELL_DONE,
    IOMMU_SHELL_PAGE_RESPONSE,
    IOMMU_SHELL_MODE, /* mode_changed() */
    IOMMU_SHELL_OWN, /* the device's own; told apart by @own */
} IommuShellActionKind;

struct IommuShellAction {
    IommuShellActionKind kind;
    uint32_t own;
    uint64_t addr;   /* IRQ: line; MSI: address; (STALL_)DONE: number; OWN: anything */
    uint64_t cycle;  /* DONE */
    uint32_t data;   /* MSI: data; OWN: anything */
    IommuMemAttr attr;
    IommuMsiSource source; /* MSI */
    union {
        IommuUnmap unmap;
        IommuResult result;
        IommuPageResponse response;
    };
};

/** Put @a off until the model has returned. */
void iommu_shell_defer(IommuShell *s, const IommuShellAction *a);
/** The first action @own that is still put off, to be widened; NULL if there is none. */
IommuShellAction *iommu_shell_deferred(IommuShell *s, uint32_t own);
/** MSI to something that is not RAM. */
void iommu_shell_deliver_msi(IommuShell *s, uint64_t addr, uint32_t data, IommuMemAttr attr,
                             IommuMsiSource source);

/* qdev-host.c: IommuHostOps over QEMU. */

/** The host to make the model with. Valid from iommu_shell_init() on. */
IommuHost iommu_shell_host(IommuShell *s);

/** Rate-limited LOG_GUEST_ERROR. */
void iommu_shell_guest_error(IommuShell *s, const char *fmt, ...) G_GNUC_PRINTF(2, 3);

/* qdev-pci.c: an address space for each requester; translation. */

/** PCIIOMMUOps.get_address_space, with the device's IommuShell in place of the opaque. */
AddressSpace *iommu_shell_address_space(IommuShell *s, PCIBus *bus, int devfn);
/** Address space of a requester that is on no bus but has the requester id @stream. */
AddressSpace *iommu_shell_platform_space(IommuShell *s, uint32_t stream);
/** Whether @d's bus still exists: hot-unplugged bridges take theirs with them. */
bool iommu_shell_device_live(const IommuShellDevice *d);
/** Requester id of @d as the bus is numbered now. @d must be live. */
uint32_t iommu_shell_stream(const IommuShellDevice *d);
/** class_init of a device's IOMMU memory region type. */
void iommu_shell_region_class_init(ObjectClass *oc, void *data);

/* qdev-notify.c: IOMMU notifiers. */

int iommu_shell_notify_flag_changed(IOMMUMemoryRegion *mr, IOMMUNotifierFlag old,
                                    IOMMUNotifierFlag now, Error **errp);
void iommu_shell_replay(IOMMUMemoryRegion *mr, IOMMUNotifier *n);
/** Tell the notifiers of stream @u->stream, now. */
void iommu_shell_notify_unmap(IommuShell *s, const IommuUnmap *u);
/** Tell those that mirror a device TLB. */
void iommu_shell_notify_devtlb(IommuShell *s, const IommuAtsInv *inv);
/** Bring the mirror of every device's mappings up to date, after the mode changed. */
void iommu_shell_resync(IommuShell *s);
/** The same for one device. */
void iommu_shell_resync_device(IommuShellDevice *d);
/** Watches follow requester ids, which the guest assigns: look whether any has moved. */
void iommu_shell_follow_streams(IommuShell *s);
/**
 * Renew every watch: requester ids and what the model knows of them may be others (reset, load).
 */
void iommu_shell_watch_again(IommuShell *s);
void iommu_shell_device_free_shadow(IommuShellDevice *d);
/**
 * Work for notifiers in one turn of the main loop, with timing on: descriptors read, mappings told.
 */
#define IOMMU_SHELL_LOOKS (1u << 20)

/* qdev-shell-port.c: the transaction port. (qdev-port.c finds it.) */

/** Fill the IommuPortClass of @oc, which must name TYPE_IOMMU_PORT among its interfaces. */
void iommu_shell_port_class_init(ObjectClass *oc);
/** Under the lock, before and after migration: pending transactions by stream, by client. */
void iommu_shell_port_saving(IommuShell *s);
void iommu_shell_port_loaded(IommuShell *s);
IommuAtsInvStatus iommu_shell_client_ats(IommuShell *s, const IommuAtsInv *inv);
void iommu_shell_client_stall_done(IommuShell *s, uint64_t number, const IommuResult *res);
void iommu_shell_client_done(IommuShell *s, uint64_t number, uint64_t cycle);
void iommu_shell_client_page_response(IommuShell *s, const IommuPageResponse *rsp);

/* qdev-timed.c: profile, clock, timer. */

/** Add the properties caches, profile and timing. */
void iommu_shell_timed_properties(IommuPropList *list);
/** Find the profile that the properties name; s->profile then lives as long as the shell. */
bool iommu_shell_choose_profile(IommuShell *s, Error **errp);
/** Start the clock, and the scheduler if timing=on. */
bool iommu_shell_timed_realize(IommuShell *s, Error **errp);
void iommu_shell_timed_finalize(IommuShell *s);
void iommu_shell_timed_reset(IommuShell *s);
/** Cycle of virtual time now. */
uint64_t iommu_shell_cycle(const IommuShell *s);
/** Inside enter and leave: bring the model up to now, with the BQL; see when it next has to act. */
void iommu_shell_advance(IommuShell *s);
void iommu_shell_set_timer(IommuShell *s);
/**
 * Inside enter and leave, around a request of somebody who does not wait for its cycle: with timing
 * on, what it does is counted apart as well. @before is for between the two.
 */
void iommu_shell_untimed_begin(IommuShell *s, IommuCounters *before);
void iommu_shell_untimed_end(IommuShell *s, const IommuCounters *before);

/* qdev-state.c: migration. */

/** A vmstate of an IommuShell: the model's own image. Used as a struct field. */
extern const VMStateDescription vmstate_iommu_shell;

#endif
