/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iommu-dma: register map of the PCIe DMA engine that tests, guests and benchmarks drive.
 *
 * Shared with guest programs and tests: needs only <stdint.h>. The reference, with the meaning of
 * every register and the order of operations, is docs/specs/iommu-dma.rst.
 */
#ifndef HW_MISC_IOMMU_DMA_H
#define HW_MISC_IOMMU_DMA_H

#include "hw/iommu/fields.h"

/* Experimental part of QEMU's vendor range, see QEMU's docs/specs/pci-ids.rst. */
#define IDMA_VENDOR_ID    0x1af4
#define IDMA_DEVICE_ID    0x10f0
#define IDMA_VF_DEVICE_ID 0x10f1
#define IDMA_REVISION     1

/* BAR 0: 32-bit, not prefetchable. BAR 4: MSI-X table and pending bits. */
#define IDMA_BAR            0
#define IDMA_MSIX_BAR       4
#define IDMA_BAR_SIZE       0x20000
#define IDMA_CHANNELS_MAX   8
#define IDMA_CHANNEL(n)     (0x1000 * ((n) + 1)) /* page of channel @n */
#define IDMA_LOCAL          0x10000              /* on-board memory, plain RAM */
#define IDMA_LOCAL_SIZE     0x10000
#define IDMA_SLOTS          64                   /* transactions of a channel in flight, at most */
#define IDMA_CHUNK_MAX      4096                 /* bytes of one transaction, at most */
#define IDMA_VFS_MAX        7
#define IDMA_ATC_MAX        65536

/*
 * Device registers. All are 64 bits wide at 8-byte aligned offsets, and may be accessed as one
 * quadword or two doublewords.
 */
#define IDMA_ID                 0x000 /* RO */
#define   IDMA_ID_MAGIC         REGFIELD(31, 0)
#define     IDMA_MAGIC          0x414d4449 /* "IDMA" */
#define   IDMA_ID_VERSION       REGFIELD(47, 32)
#define IDMA_CAPS               0x008 /* RO: what the device was made with */
#define   IDMA_CAPS_CHANNELS    REGFIELD(3, 0)
#define   IDMA_CAPS_ATS         REGFIELD(4, 4)
#define   IDMA_CAPS_PRI         REGFIELD(5, 5)
#define   IDMA_CAPS_PASID       REGFIELD(6, 6)
#define   IDMA_CAPS_VF          REGFIELD(7, 7)   /* this is a virtual function */
#define   IDMA_CAPS_VFS         REGFIELD(11, 8)  /* virtual functions it can have */
#define   IDMA_CAPS_PASID_BITS  REGFIELD(20, 16)
#define   IDMA_CAPS_VECTORS     REGFIELD(31, 24)
#define   IDMA_CAPS_LOCAL       REGFIELD(63, 32) /* bytes of on-board memory */
#define IDMA_PATH               0x010 /* RO: what the way to memory can carry */
#define   IDMA_PATH_PORT        REGFIELD(0, 0)   /* an IOMMU's transaction port; else plain DMA */
#define   IDMA_PATH_PASID       REGFIELD(1, 1)
#define   IDMA_PATH_ATS         REGFIELD(2, 2)
#define   IDMA_PATH_PRI         REGFIELD(3, 3)
#define   IDMA_PATH_STALL       REGFIELD(4, 4)
#define   IDMA_PATH_TIMED       REGFIELD(5, 5)
#define   IDMA_PATH_RID         REGFIELD(31, 16) /* requester id in use now */
#define IDMA_CTRL               0x018 /* WO, bits act once */
#define   IDMA_CTRL_RESET       REGFIELD(0, 0)   /* as a function level reset, but config space */
#define   IDMA_CTRL_ATC_FLUSH   REGFIELD(1, 1)   /* forget every device TLB entry */
#define   IDMA_CTRL_INV_ANSWER  REGFIELD(2, 2)   /* answer the invalidations that were held */
#define IDMA_CYCLE              0x020 /* RO: the IOMMU's cycle now; 0 if the path is not timed */
#define IDMA_HERTZ              0x028 /* RO: cycles a second; 0 if the path is not timed */
#define IDMA_INTR               0x030 /* RO: bit n: INTR of channel n is not 0 */
#define IDMA_ATC_MODE           0x038 /* RW: how invalidations are treated */
#define   IDMA_ATC_MODE_MODE    REGFIELD(1, 0)
#define     IDMA_ATC_OBEY       0 /* forget, answer when in-flight users are done */
#define     IDMA_ATC_IGNORE     1 /* answer, but forget nothing */
#define     IDMA_ATC_MUTE       2 /* forget, but never answer */
#define     IDMA_ATC_HOLD       3 /* forget, answer when INV_ANSWER is written */
#define IDMA_ATC_SIZE           0x040 /* RO: entries */
#define IDMA_ATC_USED           0x048 /* RO: entries in use */
#define IDMA_ATC_LOOKUPS        0x050 /* RO counters, cleared by IDMA_CTRL_RESET */
#define IDMA_ATC_HITS           0x058
#define IDMA_ATC_INVALIDATIONS  0x060 /* invalidation requests received */
#define IDMA_ATC_DROPPED        0x068 /* entries forgotten by them */
#define IDMA_ATC_HELD           0x070 /* RO: invalidations received and not answered yet */
#define IDMA_PRI_SENT           0x078 /* RO: page requests sent, stop markers included */
#define IDMA_PRI_RESPONSES      0x080 /* RO: group responses received */
#define IDMA_PRI_OUTSTANDING    0x088 /* RO: page requests without a response */
#define IDMA_PRI_LAST           0x090 /* RO: the last group response */
#define   IDMA_PRI_LAST_PRGI    REGFIELD(8, 0)
#define   IDMA_PRI_LAST_CODE    REGFIELD(19, 16)
#define   IDMA_PRI_LAST_HAS_PASID REGFIELD(20, 20)
#define   IDMA_PRI_LAST_PASID   REGFIELD(51, 32)
#define IDMA_GLOBAL_END         0x098

/* Channel registers, relative to IDMA_CHANNEL(n). */
#define IDMA_CH_CTRL            0x000
#define   IDMA_CH_CTRL_START    REGFIELD(0, 0) /* run the descriptor in the registers; reads 0 */
#define   IDMA_CH_CTRL_ENABLE   REGFIELD(1, 1) /* RW: run the ring */
#define   IDMA_CH_CTRL_ABORT    REGFIELD(2, 2) /* end the descriptor as cancelled; reads 0 */
#define   IDMA_CH_CTRL_RESET    REGFIELD(3, 3) /* channel as after reset; reads 0 */
#define   IDMA_CH_CTRL_CLEAR    REGFIELD(4, 4) /* statistics to 0; reads 0 */
#define IDMA_CH_STATUS          0x008 /* RO */
#define   IDMA_CH_STATUS_STATE  REGFIELD(1, 0)
#define     IDMA_CH_IDLE        0
#define     IDMA_CH_BUSY        1
#define     IDMA_CH_STOPPED     2 /* by an error: only RESET helps */
#define   IDMA_CH_STATUS_ERROR  REGFIELD(15, 8) /* IDMA_STATUS_* that stopped it */
#define   IDMA_CH_STATUS_WAIT   REGFIELD(18, 16) /* what the oldest transaction waits for */
#define     IDMA_WAIT_NONE      0
#define     IDMA_WAIT_TIME      1
#define     IDMA_WAIT_STALL     2
#define     IDMA_WAIT_PAGE      3 /* a page request group response */
#define     IDMA_WAIT_CREDIT    4 /* leave to send a page request */
#define   IDMA_CH_STATUS_FLIGHT REGFIELD(31, 24) /* transactions in flight */
#define   IDMA_CH_STATUS_COUNT  REGFIELD(63, 32) /* completions delivered, modulo 2^32 */
#define IDMA_CH_RING_BASE       0x010 /* RW: descriptors, 128 bytes each, 128-byte aligned */
#define IDMA_CH_CMPL_BASE       0x018 /* RW: completions, 64 bytes each, 64-byte aligned */
#define IDMA_CH_RING_SIZE       0x020 /* RW: log2 of the entries of both rings, 0..15 */
#define IDMA_CH_RING_TAIL       0x028 /* RW: doorbell; first descriptor not yet given */
#define IDMA_CH_RING_HEAD       0x030 /* RO: next descriptor to fetch */
#define IDMA_CH_CMPL_TAIL       0x038 /* RO: where the next completion goes */
#define IDMA_CH_CMPL_HEAD       0x040 /* RW: first completion the driver has not taken */
#define IDMA_CH_RING_ATTR       0x048 /* RW: IDMA_D_AT, _PASID_EN, _PRIV, _PAGE, _FORCE, _PASID */
#define IDMA_CH_INTR            0x050 /* RW1C */
#define IDMA_CH_INTR_ENABLE     0x058 /* RW, same bits */
#define   IDMA_CH_INTR_DONE     REGFIELD(0, 0) /* a completion whose descriptor asked for it */
#define   IDMA_CH_INTR_ERROR    REGFIELD(1, 1) /* the channel stopped */
#define IDMA_CH_VECTOR          0x060 /* RW: MSI-X vector; resets to the channel's number */
#define IDMA_CH_DESC            0x100 /* RW: 16 quadwords, the one-shot descriptor */
#define IDMA_CH_CMPL            0x180 /* RO: 8 quadwords, the last completion */
#define IDMA_CH_STAT            0x200 /* RO: statistics, quadwords */
#define   IDMA_CH_STAT_TXNS     0x200 /* transactions completed */
#define   IDMA_CH_STAT_BYTES    0x208 /* bytes moved by those that succeeded */
#define   IDMA_CH_STAT_ERRORS   0x210 /* transactions that failed */
#define   IDMA_CH_STAT_STALLS   0x218 /* answers that said "stalled" */
#define   IDMA_CH_STAT_PAGES    0x220 /* page requests sent for this channel */
#define   IDMA_CH_STAT_IRQS     0x228 /* MSI-X messages sent */
#define   IDMA_CH_STAT_LAT_SUM  0x230 /* cycles from arrival to completion, summed */
#define   IDMA_CH_STAT_LAT_MIN  0x238 /* ~0 if there was none */
#define   IDMA_CH_STAT_LAT_MAX  0x240
#define   IDMA_CH_STAT_LAT_MEAN 0x248 /* 48.16 fixed point */
#define   IDMA_CH_STAT_FIRST    0x250 /* cycle of the first arrival */
#define   IDMA_CH_STAT_LAST     0x258 /* cycle of the last completion */
#define   IDMA_CH_STAT_RATE     0x260 /* bytes a cycle, 48.16 fixed point */
#define   IDMA_CH_STAT_HOST_NS  0x268 /* host processor time, ns; differs from run to run */
#define IDMA_CH_HIST            0x300 /* RO: 32 quadwords: latencies in [2^(n-1), 2^n), n=0: 0 */
#define   IDMA_CH_HIST_BUCKETS  32
#define IDMA_CH_END             0x400

/* Descriptor: 16 little-endian quadwords. Bits not named here must be 0. */
#define IDMA_DESC_WORDS   16
#define IDMA_DESC_BYTES   128
#define IDMA_D_OP         BITFIELD(0, 0, 8)
#define IDMA_D_ORDER      BITFIELD(0, 8, 2)
#define   IDMA_ORDER_SEQUENTIAL 0 /* element i starts i * length from the address */
#define   IDMA_ORDER_STRIDED    1 /* i * stride */
#define   IDMA_ORDER_RANDOM     2 /* a multiple of stride, drawn from the window by the seed */
#define IDMA_D_AT         BITFIELD(0, 10, 2)
#define   IDMA_AT_UNTRANSLATED  0
#define   IDMA_AT_ATC           1 /* translate by the device TLB and ATS, then access */
#define   IDMA_AT_TRANSLATED    2 /* claim that the address is translated already */
#define IDMA_D_PASID_EN   BITFIELD(0, 12, 1)
#define IDMA_D_PRIV       BITFIELD(0, 13, 1)
#define IDMA_D_EXEC       BITFIELD(0, 14, 1)
#define IDMA_D_NO_SNOOP   BITFIELD(0, 15, 1)
#define IDMA_D_RELAXED    BITFIELD(0, 16, 1) /* transactions may retire out of order */
#define IDMA_D_SECURE     BITFIELD(0, 17, 1)
#define IDMA_D_NO_WRITE   BITFIELD(0, 18, 1) /* ATS requests of reads say "no write" */
#define IDMA_D_IRQ        BITFIELD(0, 19, 1) /* interrupt on completion */
#define IDMA_D_PAGE       BITFIELD(0, 20, 1) /* AT_ATC: request pages that are not there */
#define IDMA_D_LAST       BITFIELD(0, 21, 1) /* PAGE_REQUEST: the group ends here */
#define IDMA_D_PR_READ    BITFIELD(0, 22, 1) /* PAGE_REQUEST: rights asked for */
#define IDMA_D_PR_WRITE   BITFIELD(0, 23, 1)
#define IDMA_D_CONTINUE   BITFIELD(0, 24, 1) /* do not end at the first failure */
#define IDMA_D_FORCE      BITFIELD(0, 25, 1) /* misbehave: use what config space forbids */
#define IDMA_D_DEBUG_PA   BITFIELD(0, 26, 1) /* report the physical address */
#define IDMA_D_CHECKSUM   BITFIELD(0, 27, 1) /* report the FNV-1a 64 of all bytes read */
#define IDMA_D_MIXED      BITFIELD(0, 28, 1) /* pattern is pseudo-random, not constant */
#define IDMA_D_PASID      BITFIELD(0, 32, 20)
#define IDMA_D_ADDR       BITFIELD(1, 0, 64)
#define IDMA_D_ADDR2      BITFIELD(2, 0, 64) /* COPY: destination */
#define IDMA_D_LENGTH     BITFIELD(3, 0, 32) /* bytes of an element */
#define IDMA_D_COUNT      BITFIELD(3, 32, 32) /* elements, at least 1 */
#define IDMA_D_STRIDE     BITFIELD(4, 0, 64)
#define IDMA_D_WINDOW     BITFIELD(5, 0, 64) /* start offsets are modulo this; 0: no limit */
#define IDMA_D_SEED       BITFIELD(6, 0, 64)
#define IDMA_D_DATA       BITFIELD(7, 0, 64) /* pattern; operand of an atomic */
#define IDMA_D_COMPARE    BITFIELD(8, 0, 64)
#define IDMA_D_LOCAL      BITFIELD(9, 0, 32) /* offset in on-board memory */
#define IDMA_D_FLIGHT     BITFIELD(9, 32, 8) /* transactions in flight, 0: 1 */
#define IDMA_D_CHUNK      BITFIELD(9, 40, 4) /* log2 of the largest transaction; 0: 4096 bytes */
#define IDMA_D_PRGI       BITFIELD(9, 44, 9) /* page request group index */
#define IDMA_D_GAP        BITFIELD(10, 0, 32) /* least cycles from one arrival to the next */
#define IDMA_D_COOKIE     BITFIELD(11, 0, 64) /* given back in the completion */

/* Operations. 0 is none, so that a zeroed descriptor is malformed. */
#define IDMA_OP_NOP          1
#define IDMA_OP_READ         2  /* memory to on-board memory */
#define IDMA_OP_WRITE        3  /* on-board memory to memory */
#define IDMA_OP_COPY         4  /* memory to memory */
#define IDMA_OP_FILL         5  /* pattern to memory */
#define IDMA_OP_VERIFY       6  /* memory against pattern */
#define IDMA_OP_FETCH_ADD    7
#define IDMA_OP_SWAP         8
#define IDMA_OP_CAS          9
#define IDMA_OP_ZERO_READ    10 /* zero-length read */
#define IDMA_OP_ATS_REQUEST  11 /* translation request; fills the device TLB */
#define IDMA_OP_PAGE_REQUEST 12
#define IDMA_OP_STOP_MARKER  13

/* Completion: 8 little-endian quadwords. */
#define IDMA_CMPL_WORDS   8
#define IDMA_CMPL_BYTES   64
#define IDMA_C_STATUS     BITFIELD(0, 0, 8)
#define IDMA_C_OP         BITFIELD(0, 8, 8)
#define IDMA_C_STALLED    BITFIELD(0, 16, 1) /* some transaction was stalled */
#define IDMA_C_RAZWI      BITFIELD(0, 17, 1) /* some read as zero, or a write vanished */
#define IDMA_C_PAGED      BITFIELD(0, 18, 1) /* some page was requested */
#define IDMA_C_BYPASSED   BITFIELD(0, 19, 1) /* the last transaction was not translated */
#define IDMA_C_PHASE      BITFIELD(0, 31, 1) /* 1 on the ring's first round, then alternates */
#define IDMA_C_FAULT      BITFIELD(0, 32, 32) /* IOMMU's reason of the first failure */
#define IDMA_C_COOKIE     BITFIELD(1, 0, 64)
#define IDMA_C_DONE       BITFIELD(2, 0, 32) /* elements completed without failure */
#define IDMA_C_ERRORS     BITFIELD(2, 32, 32) /* transactions that failed */
#define IDMA_C_ADDR       BITFIELD(3, 0, 64) /* of the first failure; else of the last */
#define IDMA_C_PA         BITFIELD(4, 0, 64) /* DEBUG_PA: where that transaction went */
#define IDMA_C_VALUE      BITFIELD(5, 0, 64)
#define IDMA_C_START      BITFIELD(6, 0, 64) /* cycle of the first arrival */
#define IDMA_C_END        BITFIELD(7, 0, 64) /* cycle of the last completion */
/* VALUE by operation: READ with CHECKSUM, the sum; atomics, the last old value; and: */
#define IDMA_V_FOUND      BITFIELD(0, 0, 8)  /* VERIFY that fails */
#define IDMA_V_EXPECTED   BITFIELD(0, 8, 8)
#define IDMA_V_ATS_R      BITFIELD(0, 0, 1)  /* ATS_REQUEST: the completion's fields */
#define IDMA_V_ATS_W      BITFIELD(0, 1, 1)
#define IDMA_V_ATS_X      BITFIELD(0, 2, 1)
#define IDMA_V_ATS_U      BITFIELD(0, 3, 1)
#define IDMA_V_ATS_PRIV   BITFIELD(0, 4, 1)
#define IDMA_V_ATS_GLOBAL BITFIELD(0, 5, 1)
#define IDMA_V_ATS_N      BITFIELD(0, 6, 1)
#define IDMA_V_ATS_LG2    BITFIELD(0, 8, 8)  /* log2 of the span translated */
#define IDMA_V_PRGI       BITFIELD(0, 0, 9)  /* PAGE_REQUEST: the group response */
#define IDMA_V_PR_CODE    BITFIELD(0, 16, 4)

/* Status of a completion, and ERROR of a stopped channel. */
#define IDMA_STATUS_OK          0
#define IDMA_STATUS_ABORTED     1  /* terminated with an abort */
#define IDMA_STATUS_UR          2  /* Unsupported Request */
#define IDMA_STATUS_CA          3  /* Completer Abort */
#define IDMA_STATUS_DENIED      4  /* the translation does not grant the access */
#define IDMA_STATUS_STALLED_OK  5  /* as OK, after a stall */
#define IDMA_STATUS_MISMATCH    6  /* VERIFY found something else */
#define IDMA_STATUS_NOT_ENABLED 7  /* config space forbids it (bus master, PASID, ATS, PRI) */
#define IDMA_STATUS_NO_PATH     8  /* the way to memory cannot carry it */
#define IDMA_STATUS_MALFORMED   9  /* the descriptor; the channel stops */
#define IDMA_STATUS_PRI_INVALID 10 /* group response "invalid request" */
#define IDMA_STATUS_PRI_FAILURE 11 /* group response "response failure" */
#define IDMA_STATUS_PRI_LIMIT   12 /* more page requests than were allocated */
#define IDMA_STATUS_CANCELLED   13 /* by ABORT */
#define IDMA_STATUS_RING        14 /* a descriptor or completion could not be accessed */

/** Word of the pattern at quadword @index (address / 8): byte @a of memory is its byte @a % 8. */
static inline uint64_t idma_pattern(uint64_t data, int mixed, uint64_t index)
{
    uint64_t z;

    if (!mixed) {
        return data;
    }
    z = data + (index + 1) * 0x9e3779b97f4a7c15ull;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

/** Offset of element @i of a RANDOM descriptor: a multiple of @granule below @window. */
static inline uint64_t idma_random_offset(uint64_t seed, uint64_t i, uint64_t granule,
                                          uint64_t window)
{
    uint64_t places = window / granule;

    return places ? idma_pattern(seed, 1, i) % places * granule : 0;
}

#endif
