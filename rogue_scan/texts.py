"""Fixed texts of reports in the reader's language.

English stands in the code; catalogues are gettext files under ``data/locale``, kept with
``tools/catalogue.py`` and checked to be complete by a test.
"""

import functools
import gettext
from collections.abc import Callable
from pathlib import Path

LOCALES = Path(__file__).parent / "data" / "locale"
DOMAIN = "rogue-scan"

Translate = Callable[[str], str]


def languages() -> list[str]:
    """Languages with a catalogue, English first."""
    return ["en", *sorted(path.parent.parent.name for path in LOCALES.glob(f"*/LC_MESSAGES/{DOMAIN}.mo"))]


@functools.cache
def translator(language: str = "en") -> Translate:
    """The function that turns an English text into ``language`` (``zh_CN``, ``zh-CN``, ``zh`` …).

    A language without catalogue gives English.
    """
    code = language.replace("-", "_").partition(".")[0]
    known = [name for name in languages()[1:] if name == code or name.partition("_")[0] == code.partition("_")[0]]
    if not known:
        return str
    return gettext.translation(DOMAIN, LOCALES, [code, *known], fallback=True).gettext


def N_(text: str) -> str:  # noqa: N802 (gettext's own name)
    """Mark ``text`` for translation later."""
    return text
