/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The IOMMU as an object of QEMU: where it is, and its properties. */
#ifndef TESTS_QTEST_SW_QOM_H
#define TESTS_QTEST_SW_QOM_H

#include "tests/qtest/libqtest.h"

/** Path of the machine's only IOMMU, one without an id. Free it. */
char *sw_iommu_path(QTestState *qts);

/**
 * Value of @property of the object at @path, as the monitor and the command line write it: "on",
 * "5", "nested". NULL if there is none. Free it.
 */
char *sw_get(QTestState *qts, const char *path, const char *property);

#endif
