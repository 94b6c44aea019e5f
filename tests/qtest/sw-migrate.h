/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Migration of a machine under qtest through a file. */
#ifndef TESTS_QTEST_SW_MIGRATE_H
#define TESTS_QTEST_SW_MIGRATE_H

#include "tests/qtest/libqtest.h"

/**
 * Stop @from, save it, end it, and load the state into a new emulator started with @args. That one
 * is stopped still: sw_continue() when all is ready.
 */
QTestState *sw_migrate(QTestState *from, const char *args);
void sw_continue(QTestState *qts);

#endif
