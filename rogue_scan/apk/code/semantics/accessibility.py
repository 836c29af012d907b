"""Models of accessibility events and notifications."""

from typing import Any

from rogue_scan.apk.code.library import Site, handles
from rogue_scan.apk.code.values import union


@handles(
    "Landroid/view/accessibility/AccessibilityEvent;",
    "getText",
    "getBeforeText",
    "getContentDescription",
    "getParcelableData",
)
@handles("Landroid/view/accessibility/AccessibilityRecord;", "getText", "getBeforeText")
def _event_text(site: Site) -> Any:
    """What the event says depends on the types the code looks for: keys, windows, notifications."""
    wanted: set[int] = set()
    frame: Any = site.frame
    while frame is not None:
        if "ccessibility" in frame.method.proto or frame is site.frame:
            for ins in frame.body.code.values():
                if ins[0] in (0x12, 0x13, 0x14) and ins[3] in (1, 16, 64, 8192, 32, 2048, 8):
                    wanted.add(ins[3])
                elif ins[0] in (0x2B, 0x2C):
                    wanted |= {key for key, _ in ins[4]}
        frame = frame.parent
    kinds = []
    if not wanted & {64, 32, 2048} or wanted & {16, 8192}:
        kinds.append("account-password")
    elif 64 in wanted:
        kinds.append("notifications")
    if wanted & {32, 2048}:
        kinds.append("screen")
    t = union(site.lib.source(site, kind, "text of other apps") for kind in kinds)
    if site.returns == "Ljava/util/List;":
        value, _obj = site.new(site.returns, t)
        return value
    return site.m.unknown(site.returns, t)


@handles("Landroid/view/accessibility/AccessibilityEvent;", "getPackageName", "getClassName", "getEventType")
@handles(
    "Landroid/service/notification/StatusBarNotification;",
    "getPackageName",
    "getId",
    "getKey",
    "getTag",
    "getPostTime",
)
def _event_name(site: Site) -> Any:
    return site.m.unknown(site.returns)
