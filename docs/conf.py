"""How the documentation is built; everything that can be computed from the code is computed first."""

import sys
from importlib.metadata import version as _version
from pathlib import Path

_docs = Path(__file__).parent
sys.path.insert(0, str(_docs))

import parts  # noqa: E402

from cti_schema.derive import reference  # noqa: E402

project = "CTI toolkit"
author = "The CTI toolkit authors"
copyright = "2026, The CTI toolkit authors"
release = _version("cti-toolkit")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build", "reference/_parts"]
html_theme = "furo"
html_title = "CTI toolkit"
html_static_path = ["_static"]
html_css_files = ["custom.css"]
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_preserve_defaults = True
napoleon_google_docstring = True

reference.write(_docs / "reference")
parts.write(_docs / "reference" / "_parts")
