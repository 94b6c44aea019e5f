include common.mak

CONFIG_ARM_VIRT=y
CONFIG_SBSA_REF=y
