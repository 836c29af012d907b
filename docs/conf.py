"""How the site is built: ``make docs``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from rogue_scan import __version__

project = "rogue-scan"
author = "The rogue-scan authors"
release = __version__
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
master_doc = "index"
exclude_patterns = ["images", "changes", "generated/man"]
html_theme = "furo"
html_title = f"rogue-scan {release}"
html_copy_source = False
html_show_copyright = False
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence", "deflist"]
