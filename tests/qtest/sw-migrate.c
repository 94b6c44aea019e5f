/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Migration of a machine under qtest through a file. */
#include "qemu/osdep.h"
#include "sw-migrate.h"

#include "qobject/qdict.h"

#define POLLS 3000

static void wait_migrated(QTestState *qts)
{
    bool done = false;

    for (int i = 0; !done; i++) {
        QDict *r = qtest_qmp(qts, "{ 'execute': 'query-migrate' }");
        QDict *info = qdict_get_qdict(r, "return");
        const char *status = qdict_get_try_str(info, "status");

        g_assert_cmpint(i, <, POLLS);
        g_assert_cmpstr(status, !=, "failed");
        done = !g_strcmp0(status, "completed");
        qobject_unref(r);
        if (!done) {
            g_usleep(10000);
        }
    }
}

QTestState *sw_migrate(QTestState *from, const char *args)
{
    g_autofree char *dir = g_dir_make_tmp("stagewalk-XXXXXX", NULL);
    g_autofree char *file = g_strdup_printf("%s/state", dir);
    g_autofree char *uri = g_strdup_printf("file:%s", file);
    g_autofree char *incoming = g_strdup_printf("%s -incoming %s", args, uri);
    QTestState *to;

    qtest_qmp_assert_success(from, "{ 'execute': 'stop' }");
    qtest_qmp_assert_success(from, "{ 'execute': 'migrate', 'arguments': { 'uri': %s } }", uri);
    wait_migrated(from);
    qtest_quit(from);
    to = qtest_init(incoming);
    wait_migrated(to);
    unlink(file);
    rmdir(dir);
    return to;
}

void sw_continue(QTestState *qts)
{
    qtest_qmp_assert_success(qts, "{ 'execute': 'cont' }");
}
