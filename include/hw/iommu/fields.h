/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bit fields of registers, in-memory structures, commands, records and descriptors.
 *
 * A field is one constant: (64-bit word, lowest bit, width). Structures are held as arrays of
 * uint64_t in host byte order; a register is an array of one word. Everything folds to a shift and
 * a mask when the field is a constant, which it always is.
 */
#ifndef HW_IOMMU_FIELDS_H
#define HW_IOMMU_FIELDS_H

#include <stdint.h>
#include <string.h>

/** A field of a structure: bits 31:16 word, 15:8 lowest bit in the word, 7:0 width (1..64). */
typedef uint32_t BitField;

/** Field in 64-bit word @word, lowest bit @lsb (0..63), @width bits (1..64 - lsb). */
#define BITFIELD(word, lsb, width) \
    (((uint32_t)(word) << 16) | ((uint32_t)(lsb) << 8) | (uint32_t)(width))

/** Field given by its absolute lowest bit in the structure, as the specifications print it. */
#define BITFIELD_AT(bit, width) BITFIELD((bit) / 64, (bit) % 64, width)

/** Field of a register or of any structure that is one word long: bits @msb down to @lsb. */
#define REGFIELD(msb, lsb) BITFIELD(0, lsb, (msb) - (lsb) + 1)

static inline unsigned field_word(BitField f)
{
    return f >> 16;
}

static inline unsigned field_lsb(BitField f)
{
    return (f >> 8) & 0xff;
}

static inline unsigned field_width(BitField f)
{
    return f & 0xff;
}

/** Largest value the field holds. */
static inline uint64_t field_max(BitField f)
{
    return ~0ull >> (64 - field_width(f));
}

/** Mask of the field inside its word. */
static inline uint64_t field_mask(BitField f)
{
    return field_max(f) << field_lsb(f);
}

/** Value of field @f of the structure at @words. */
static inline uint64_t field_get(const uint64_t *words, BitField f)
{
    return (words[field_word(f)] >> field_lsb(f)) & field_max(f);
}

/** Set field @f of the structure at @words to the low bits of @value. */
static inline void field_set(uint64_t *words, BitField f, uint64_t value)
{
    uint64_t mask = field_mask(f);
    uint64_t *w = &words[field_word(f)];

    *w = (*w & ~mask) | ((value << field_lsb(f)) & mask);
}

/**
 * Field @f left in place (not shifted down): the way address fields such as "bits 55:6 of the
 * pointer" are meant.
 */
static inline uint64_t field_in_place(const uint64_t *words, BitField f)
{
    return words[field_word(f)] & field_mask(f);
}

/** field_get() on the value of a register or one-word structure. */
static inline uint64_t reg_get(uint64_t reg, BitField f)
{
    return field_get(&reg, f);
}

/** @reg with field @f set to @value. */
static inline uint64_t reg_set(uint64_t reg, BitField f, uint64_t value)
{
    field_set(&reg, f, value);
    return reg;
}

/** A word with only field @f set to @value: for building registers, commands and descriptors. */
static inline uint64_t reg_make(BitField f, uint64_t value)
{
    return reg_set(0, f, value);
}

/* Little-endian memory images <-> host words. */

/* Swaps bytes on a big-endian host: its own inverse. */
static inline uint64_t le64_swap(uint64_t v)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return __builtin_bswap64(v);
#else
    return v;
#endif
}

static inline uint64_t le64_load(const void *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof(v));
    return le64_swap(v);
}

static inline void le64_store(void *p, uint64_t v)
{
    v = le64_swap(v);
    memcpy(p, &v, sizeof(v));
}

/** Bits @hi down to @lo of @v, shifted down. For addresses, whose fields vary at run time. */
static inline uint64_t bits(uint64_t v, unsigned hi, unsigned lo)
{
    return (v >> lo) & (~0ull >> (63 - (hi - lo)));
}

/** Mask of the @n lowest bits; @n is 0..64. */
static inline uint64_t low_mask(unsigned n)
{
    return n ? ~0ull >> (64 - n) : 0;
}

#endif
