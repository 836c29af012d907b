"""Fixed texts of reports in the reader's language.

English stands in the code; catalogues are gettext files under ``data/locale``, kept with
``tools/catalogue.py`` and checked to be complete by a test.
"""

import functools
import gettext
from collections.abc import Callable
from pathlib import Path

from rogue_scan.model.data import DataCategory

LOCALES = Path(__file__).parent / "data" / "locale"
DOMAIN = "rogue-scan"
"""Texts of code and templates."""
SIGNATURES = "signatures"
"""Texts of signature files, and sentences of the analysers."""

Translate = Callable[[str], str]


def languages() -> list[str]:
    """Languages with a catalogue, English first."""
    return ["en", *sorted(path.parent.parent.name for path in LOCALES.glob(f"*/LC_MESSAGES/{DOMAIN}.mo"))]


@functools.cache
def translator(language: str = "en", domain: str = DOMAIN) -> Translate:
    """The function that turns an English text into ``language`` (``zh_CN``, ``zh-CN``, ``zh`` …).

    A language without catalogue, and a text that its catalogue does not have, give English.
    """
    code = language.replace("-", "_").partition(".")[0]
    known = [
        name for name in languages()[1:] if name == code or name.partition("_")[0] == code.partition("_")[0]
    ]
    if not known:
        return str
    return gettext.translation(domain, LOCALES, [code, *known], fallback=True).gettext


def N_(text: str) -> str:  # noqa: N802 (gettext's own name)
    """Mark ``text`` for translation later."""
    return text


DATA = {
    DataCategory.IDENTITY_NUMBER: N_("identity number"),
    DataCategory.PHONE_NUMBER: N_("phone number"),
    DataCategory.HOME_ADDRESS: N_("home address"),
    DataCategory.ACCOUNT_PASSWORD: N_("passwords"),
    DataCategory.BANK_ACCOUNT: N_("bank account"),
    DataCategory.SMS: N_("text messages"),
    DataCategory.CONTACTS: N_("contacts"),
    DataCategory.CALL_LOG: N_("call log"),
    DataCategory.LOCATION: N_("location"),
    DataCategory.AUDIO: N_("audio"),
    DataCategory.CAMERA: N_("camera"),
    DataCategory.SCREEN: N_("screen"),
    DataCategory.CLIPBOARD: N_("clipboard"),
    DataCategory.NOTIFICATIONS: N_("notifications"),
    DataCategory.CALENDAR: N_("calendar"),
    DataCategory.HEALTH: N_("health"),
    DataCategory.SHOPPING: N_("shopping"),
    DataCategory.DRIVING: N_("driving"),
    DataCategory.DEVICE_ID: N_("device identity"),
    DataCategory.INSTALLED_APPS: N_("installed apps"),
    DataCategory.FILES: N_("files"),
}
"""Kinds of personal data in words."""
