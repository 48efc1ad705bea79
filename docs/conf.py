"""How the documentation is built: `sphinx-build -W docs OUT`, which asks no other machine."""

from __future__ import annotations

import sys
from importlib.metadata import version as version_of
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project = "genenv"
author = "The genenv developers"
project_copyright = author
version = release = version_of("genenv")
extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_gallery.gen_gallery",
    "made.docstrings",
    "made.commands",
    "made.glossary",
]
exclude_patterns = ["gallery"]
templates_path = ["made/templates"]

myst_heading_anchors = 3
myst_links_external_new_tab = False
suppress_warnings = ["config.cache"]  # of functions in the settings below

default_role = "code"
smartquotes = False  # --out is no dash
autosummary_generate = True
autosummary_ignore_module_all = False
autodoc_typehints = "none"  # the docstrings say what is taken, with shapes and units
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "made/gallery",
    "filename_pattern": r"\.py$",
    "download_all_examples": False,
    "show_signature": False,
    "write_computation_times": False,
    "min_reported_time": 1e9,
}

html_theme = "furo"
html_title = f"genenv {release}"
html_theme_options = {"top_of_page_buttons": []}
html_show_sphinx = False
html_copy_source = False
