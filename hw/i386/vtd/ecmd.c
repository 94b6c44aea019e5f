/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel VT-d: the enhanced command interface [11.4.14]. Commands complete at once: software that
 * polls ECRSP.IP finds it clear. No GCMD or PMEN command is ever in flight, so none aborts (status
 * 2).
 */
#include "vtd-model.h"

typedef VtdEcmdStatus EcmdHandler(VtdModel *m, uint64_t operand);

static VtdEcmdStatus run_enable(VtdModel *m, uint64_t operand)
{
    return vtd_perfmon_enable(m, operand) ? VTD_ECMD_OK : VTD_ECMD_FAILED;
}

static VtdEcmdStatus run_disable(VtdModel *m, uint64_t operand)
{
    return vtd_perfmon_disable(m, operand) ? VTD_ECMD_OK : VTD_ECMD_FAILED;
}

static VtdEcmdStatus run_reset_config(VtdModel *m, uint64_t operand)
{
    (void)operand;
    vtd_perfmon_reset_config(m);
    return VTD_ECMD_OK;
}

static VtdEcmdStatus run_reset_values(VtdModel *m, uint64_t operand)
{
    (void)operand;
    vtd_perfmon_reset_values(m);
    return VTD_ECMD_OK;
}

static VtdEcmdStatus run_freeze(VtdModel *m, uint64_t operand)
{
    (void)operand;
    vtd_perfmon_freeze(m, true);
    return VTD_ECMD_OK;
}

static VtdEcmdStatus run_unfreeze(VtdModel *m, uint64_t operand)
{
    (void)operand;
    vtd_perfmon_freeze(m, false);
    return VTD_ECMD_OK;
}

/* All of them are performance monitoring's. */
static const struct {
    uint8_t code; /* VtdEcmd */
    EcmdHandler *run;
} commands[] = {
    { VTD_ECMD_ENABLE_COUNTER, run_enable },
    { VTD_ECMD_DISABLE_COUNTER, run_disable },
    { VTD_ECMD_RESET_CONFIG, run_reset_config },
    { VTD_ECMD_RESET_VALUES, run_reset_values },
    { VTD_ECMD_FREEZE, run_freeze },
    { VTD_ECMD_UNFREEZE, run_unfreeze },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

uint64_t vtd_ecmd_eccap3(const VtdConfig *cfg)
{
    uint64_t bits = 0;

    for (size_t i = 0; cfg->pms && i < COMMANDS; i++) {
        bits |= 1ull << (commands[i].code - VTD_ECCAP3_FIRST);
    }
    return bits;
}

void vtd_ecmd_written(VtdModel *m)
{
    uint64_t v = vtd_reg64(m, VTD_REG_ECMD);
    unsigned code = reg_get(v, VTD_ECMD_CMD);
    VtdEcmdStatus status = VTD_ECMD_UNDEFINED;

    /* Write-only: nothing is left to read. */
    vtd_set_reg64(m, VTD_REG_ECMD, 0);
    vtd_perfmon_catch_up(m);
    for (size_t i = 0; m->cfg.pms && i < COMMANDS; i++) {
        if (commands[i].code == code) {
            status = commands[i].run(m, reg_get(v, VTD_ECMD_OA));
        }
    }
    vtd_perfmon_update(m);
    vtd_set_reg64(m, VTD_REG_ECRSP, reg_make(VTD_ECRSP_SC, status));
}
