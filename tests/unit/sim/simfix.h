/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tests of this directory share: runs of generated requests with a profile made on the
 * spot.
 */
#ifndef TESTS_UNIT_SIM_SIMFIX_H
#define TESTS_UNIT_SIM_SIMFIX_H

#include "tools/sim/sim.h"

/** @count requests to one page, one every @gap cycles. */
SimGeneratorOptions simfix_options(const char *iommu, const char *mode, uint64_t count,
                                   uint64_t gap);

/** Built-in profile @base with "name=value" words applied. */
IommuProfile simfix_profile(const char *base, const char *settings);

/** Run; the report must be cleared by the caller. @log (may be NULL) gets the event log, g_free. */
SimReport simfix_run(const SimGeneratorOptions *o, const IommuProfile *p, char **log);

#endif
