"""Permissions of the platform: protection levels, and the personal data each of them opens.

The levels are AOSP's (``rogue_scan/data/android_permissions.tsv`` names source, licence and date;
``tools/refresh_android_tables.py`` rebuilds it).
"""

import functools

from rogue_scan.model.data import DataCategory as D
from rogue_scan.shipped import data_file

OPENS: dict[str, D] = {
    "android.permission.READ_SMS": D.SMS,
    "android.permission.RECEIVE_SMS": D.SMS,
    "android.permission.RECEIVE_MMS": D.SMS,
    "android.permission.RECEIVE_WAP_PUSH": D.SMS,
    "android.permission.READ_CONTACTS": D.CONTACTS,
    "android.permission.GET_ACCOUNTS": D.CONTACTS,
    "android.permission.READ_CALL_LOG": D.CALL_LOG,
    "android.permission.PROCESS_OUTGOING_CALLS": D.CALL_LOG,
    "android.permission.ACCESS_FINE_LOCATION": D.LOCATION,
    "android.permission.ACCESS_COARSE_LOCATION": D.LOCATION,
    "android.permission.ACCESS_BACKGROUND_LOCATION": D.LOCATION,
    "android.permission.ACCESS_MEDIA_LOCATION": D.LOCATION,
    "android.permission.RECORD_AUDIO": D.AUDIO,
    "android.permission.CAPTURE_AUDIO_OUTPUT": D.AUDIO,
    "android.permission.CAMERA": D.CAMERA,
    "android.permission.FOREGROUND_SERVICE_MEDIA_PROJECTION": D.SCREEN,
    "android.permission.READ_FRAME_BUFFER": D.SCREEN,
    "android.permission.READ_CALENDAR": D.CALENDAR,
    "android.permission.BODY_SENSORS": D.HEALTH,
    "android.permission.BODY_SENSORS_BACKGROUND": D.HEALTH,
    "android.permission.ACTIVITY_RECOGNITION": D.HEALTH,
    "android.permission.READ_PHONE_NUMBERS": D.PHONE_NUMBER,
    "android.permission.READ_PHONE_STATE": D.DEVICE_ID,
    "android.permission.READ_PRIVILEGED_PHONE_STATE": D.DEVICE_ID,
    "com.google.android.gms.permission.AD_ID": D.DEVICE_ID,
    "android.permission.QUERY_ALL_PACKAGES": D.INSTALLED_APPS,
    "android.permission.PACKAGE_USAGE_STATS": D.INSTALLED_APPS,
    "android.permission.READ_EXTERNAL_STORAGE": D.FILES,
    "android.permission.WRITE_EXTERNAL_STORAGE": D.FILES,
    "android.permission.MANAGE_EXTERNAL_STORAGE": D.FILES,
    "android.permission.READ_MEDIA_IMAGES": D.FILES,
    "android.permission.READ_MEDIA_VIDEO": D.FILES,
    "android.permission.READ_MEDIA_AUDIO": D.FILES,
    "android.permission.READ_MEDIA_VISUAL_USER_SELECTED": D.FILES,
}
"""Permission to the kind of personal data that it opens; health-record permissions match by prefix."""

GUARDS: dict[str, str] = {
    "android.permission.BIND_ACCESSIBILITY_SERVICE": "accessibility",
    "android.permission.BIND_NOTIFICATION_LISTENER_SERVICE": "notification-listener",
    "android.permission.BIND_DEVICE_ADMIN": "device-admin",
    "android.permission.BIND_VPN_SERVICE": "vpn",
    "android.permission.BIND_INPUT_METHOD": "input-method",
    "android.permission.BIND_SCREENING_SERVICE": "call-screening",
    "android.permission.BIND_CALL_REDIRECTION_SERVICE": "call-redirection",
    "android.permission.BIND_INCALL_SERVICE": "in-call",
    "android.permission.BIND_AUTOFILL_SERVICE": "autofill",
    "android.permission.BIND_CREDENTIAL_PROVIDER_SERVICE": "credential-provider",
    "android.permission.BIND_VOICE_INTERACTION": "voice-interaction",
    "android.permission.BIND_JOB_SERVICE": "job",
    "android.permission.BIND_NFC_SERVICE": "card-emulation",
    "android.permission.BIND_WALLPAPER": "wallpaper",
    "android.permission.BIND_DREAM_SERVICE": "dream",
    "android.permission.BIND_QUICK_SETTINGS_TILE": "tile",
    "android.permission.BIND_COMPANION_DEVICE_SERVICE": "companion",
    "android.permission.BIND_REMOTEVIEWS": "widget",
    "android.permission.BIND_CARRIER_SERVICES": "carrier",
    "android.permission.BIND_CHOOSER_TARGET_SERVICE": "chooser",
    "android.permission.BIND_PRINT_SERVICE": "print",
    "android.permission.BIND_TEXT_SERVICE": "spell-checker",
}
"""Guard of a component to the role that the system gives to who holds it."""

BASE_LEVELS = {0: "normal", 1: "dangerous", 2: "signature", 3: "signature|privileged", 4: "internal"}
"""``protectionLevel`` numbers (PermissionInfo.PROTECTION_*)."""


@functools.cache
def levels() -> dict[str, str]:
    """Protection level of every permission of the platform."""
    table = data_file("android_permissions.tsv").read_text("utf-8")
    rows = (line.split("\t") for line in table.splitlines() if line and line[0] != "#")
    return {name: level for level, name in rows}


def level(name: str) -> str:
    """``normal``, ``dangerous``, ``signature…`` or ``internal…``; empty for permissions of others."""
    return levels().get(name, "")


def data_category(name: str) -> D | None:
    """The personal data that a permission opens, if any."""
    if name.startswith("android.permission.health.READ_"):
        return D.HEALTH
    return OPENS.get(name)
