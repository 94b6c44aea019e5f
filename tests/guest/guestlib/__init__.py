# SPDX-License-Identifier: GPL-2.0-or-later
"""Boot stock Linux kernels on the emulated IOMMUs and judge what their DMA did."""
