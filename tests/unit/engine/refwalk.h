/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A second, slow walker of toy tables, written as plainly as the rules: no caches, no format seam,
 * every access spelt out. The judge of random tests.
 */
#ifndef TESTS_UNIT_ENGINE_REFWALK_H
#define TESTS_UNIT_ENGINE_REFWALK_H

#include "hw/iommu/walk.h"
#include "tests/lib/ramhost.h"

/** As pt_walk(), straight on @ram's array. */
bool ref_walk(RamHost *ram, const PtRequest *req, PtResult *res, PtFault *fault);

#endif
