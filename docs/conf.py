"""Settings of Sphinx for the documentation site. `scripts/docs` builds it."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "site"))

from portico import __version__

project = "Portico"
html_title = "Portico"
version = release = __version__
extensions = ["myst_parser", "generated"]
exclude_patterns = ["site"]
source_suffix = {".md": "markdown"}
smartquotes = False

myst_heading_anchors = 4
myst_enable_extensions = ["html_image"]

html_theme = "furo"
html_static_path = ["site/static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_favicon = "site/static/icon.svg"
html_extra_path = ["performance-light.svg", "performance-dark.svg"]
templates_path = ["site/templates"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_use_index = False
