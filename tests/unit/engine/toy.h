/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A page-table format made for tests: every feature the walker knows, one bit each, at either
 * stage.
 *
 * Tables are radix tables of any granule; leaves are allowed at heights 0 to 2.
 */
#ifndef TESTS_UNIT_ENGINE_TOY_H
#define TESTS_UNIT_ENGINE_TOY_H

#include "hw/iommu/fields.h"
#include "hw/iommu/format.h"
#include "tests/lib/ramhost.h"

/* Bits of a descriptor. */
#define TOY_V     (1ull << 0)  /* valid */
#define TOY_LEAF  (1ull << 1)
#define TOY_R     (1ull << 2)  /* in a table entry: what may still be granted */
#define TOY_W     (1ull << 3)
#define TOY_X     (1ull << 4)
#define TOY_U     (1ull << 5)  /* unprivileged too */
#define TOY_AF    (1ull << 6)  /* accessed; in tables too, where the regime updates tables */
#define TOY_DBM   (1ull << 7)  /* hardware may set W */
#define TOY_BAD   (1ull << 8)  /* malformed */
#define TOY_DEV   (1ull << 9)  /* Device memory */
#define TOY_NC    (1ull << 10) /* not to be cached */
#define TOY_CONT  (1ull << 11) /* leaf of a span of 16 */
#define TOY_ATTR  BITFIELD(0, 52, 4)
#define TOY_RWXU  (TOY_R | TOY_W | TOY_X | TOY_U)
#define TOY_TABLE (TOY_V | TOY_RWXU)
#define TOY_PAGE  (TOY_V | TOY_LEAF | TOY_RWXU | TOY_AF)

/* PtRegime.flags */
#define TOY_FLAG_AF    0x1u /* a clear AF matters */
#define TOY_FLAG_TBI   0x2u /* bits 63:56 of the input are ignored */
#define TOY_FLAG_EPD   0x4u /* disabled */
#define TOY_FLAG_UPPER 0x8u /* inputs are those below 2^64, not those from 0 on */

extern const PtFormat toy_format;

/** A regime without any update, with @top, granule 4 KB and the full input range of that height. */
PtRegime toy_regime(unsigned stage, uint64_t root, unsigned top);

/** Address of the descriptor for @va at @height, following tables from the root; 0 if cut short. */
uint64_t toy_slot(RamHost *ram, const PtRegime *r, uint64_t va, unsigned height);

/**
 * Write @desc for @va at @height, making the tables above it from *@next upward (each a granule).
 * Table entries made are TOY_TABLE | @table_bits. Addresses are physical: for a stage 1 over a
 * stage 2 that maps the tables one to one.
 */
void toy_map(RamHost *ram, const PtRegime *r, uint64_t va, unsigned height, uint64_t desc,
             uint64_t table_bits, uint64_t *next);

#endif
