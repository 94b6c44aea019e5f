# SPDX-License-Identifier: GPL-2.0-or-later
# Sphinx configuration: sphinx-build -b html docs build/docs

project = 'Stagewalk'
copyright = 'the Stagewalk contributors'
extensions = []
root_doc = 'index'
exclude_patterns = ['_build']
html_theme = 'alabaster'
highlight_language = 'none'
