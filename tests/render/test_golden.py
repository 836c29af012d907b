"""One golden file for each format, from the fixed report of ``conftest.py``.

A failure means that a format changed. If it was meant to: ``pytest tests/render --snapshot-update``,
then read the difference before committing it.
"""

import pytest
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from rogue_scan.render.formats import FORMATS, Options, render

_ENDING = {"terminal": "txt", "markdown": "md", "stix": "stix.json", "junit": "xml"}


@pytest.mark.parametrize("name", FORMATS)
def test_golden(name, report, snapshot):
    class Extension(SingleFileSnapshotExtension):
        _write_mode = WriteMode.TEXT
        file_extension = _ENDING.get(name, name)

    text = render(name, report, Options(width=80))
    assert text.replace("\r\n", "\n") == snapshot(extension_class=Extension)
