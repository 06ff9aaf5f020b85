"""How the documentation is built; the reference pages are computed from the registry first."""

from importlib.metadata import version as _version
from pathlib import Path

from cti_schema.derive import reference

project = "CTI toolkit"
author = "The CTI toolkit authors"
copyright = "2026, The CTI toolkit authors"
release = _version("cti-toolkit")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "CTI toolkit"
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_preserve_defaults = True
napoleon_google_docstring = True

reference.write(Path(__file__).parent / "reference")
