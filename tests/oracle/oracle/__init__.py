# SPDX-License-Identifier: GPL-2.0-or-later
"""A second simulator of Stagewalk's IOMMUs, written from docs/timing.rst and the
architecture specifications alone."""
