/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The IOMMU as an object of QEMU. */
#include "qemu/osdep.h"
#include "sw-qom.h"

#include "qobject/qbool.h"
#include "qobject/qdict.h"
#include "qobject/qnum.h"
#include "qobject/qstring.h"

#define DEVICES_MAX 256

static char *text_of(QObject *value)
{
    const QBool *b = qobject_to(QBool, value);
    const QString *s = qobject_to(QString, value);
    const QNum *n = qobject_to(QNum, value);

    if (b) {
        return g_strdup(qbool_get_bool(b) ? "on" : "off");
    }
    return s ? g_strdup(qstring_get_str(s)) : n ? qnum_to_string((QNum *)n) : NULL;
}

char *sw_get(QTestState *qts, const char *path, const char *property)
{
    QDict *r = qtest_qmp(qts, "{ 'execute': 'qom-get', 'arguments': { 'path': %s, "
                         "'property': %s } }", path, property);
    QObject *value = qdict_get(r, "return");
    char *text = value ? text_of(value) : NULL;

    qobject_unref(r);
    return text;
}

char *sw_iommu_path(QTestState *qts)
{
    bool x86 = g_str_equal(qtest_get_arch(), "x86_64");

    for (unsigned i = 0; i < DEVICES_MAX; i++) {
        g_autofree char *path = g_strdup_printf("/machine/%s/device[%u]",
                                                x86 ? "peripheral-anon" : "unattached", i);
        g_autofree char *type = sw_get(qts, path, "type");

        if (!g_strcmp0(type, x86 ? "intel-iommu" : "arm-smmuv3")) {
            return g_steal_pointer(&path);
        }
    }
    g_assert_not_reached();
}
