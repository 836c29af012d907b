"""Sketches of apps and the verdict they get: what only looks bad stays below high, what is bad does not.

Each sketch is what the code of such an app comes to, not one file: the labelled apps are scored apart.
"""

import msgspec
import pytest

from rogue_scan.apk.analyse import Analyser
from rogue_scan.apk.facts import AppFacts
from rogue_scan.model.severity import Verdict
from rogue_scan.risk import subject_risk
from rogue_scan.rules.load import load

ANALYSER = Analyser(load())
NET = "android.permission.INTERNET"


def place(method="Lorg/app/Main;->run()V"):
    return {"dex": "classes.dex", "method": method, "offset": 16}


def flow(data, to="https://api.host.example/v1", sink="http", entry="org.app.Main", by="onCreate", note=""):
    hop = place(f"Lorg/app/Main;->{by}()V") | {"note": note}
    return {"data": data, "sink": sink, "to": to, "entry": entry, "path": [hop]}


def call(api, *args, by="Lorg/app/Main;->run()V"):
    return {"api": api, "args": list(args), "at": place(by)}


def text(value):
    return {"value": value, "at": place()}


def part(name, kind, role="", *actions):
    return {"name": f"org.app.{name}", "kind": kind, "role": role, "filters": [{"actions": list(actions)}]}


SERVICE = part("Service", "service")
BOOT = part("Boot", "receiver", "", "android.intent.action.BOOT_COMPLETED")
ADMIN = part("Admin", "receiver", "device-admin", "android.app.action.DEVICE_ADMIN_ENABLED")
EYES = part("Eyes", "service", "accessibility")
EARS = part("Ears", "service", "notification-listener")
SMS_ROLE = part("Deliver", "receiver", "", "android.provider.Telephony.SMS_DELIVER")
SMS_IN = part("Rx", "receiver", "", "android.provider.Telephony.SMS_RECEIVED")
ASKS = call(
    "Landroid/app/AlertDialog$Builder;->setMessage", "Your data is shared with the family. Do you agree?"
)
HIDES = call("Landroid/content/pm/PackageManager;->setComponentEnabledSetting", None, 2, 1)


def verdict(flows=(), calls=(), texts=(), parts=(), rights=(), hidden=None, missing=(), files=()):
    ends = {item["to"]: item for item in flows if item["to"] and "://" in item["to"]}
    facts = {
        "sha256": "0" * 64,
        "manifests": 1,
        "dex": ["classes.dex"],
        "manifest": {
            "package": "org.app.thing",
            "target_sdk": 34,
            "min_sdk": 26,
            "components": [
                {
                    "name": "org.app.Main",
                    "kind": "activity",
                    "filters": [
                        {
                            "actions": ["android.intent.action.MAIN"],
                            "categories": ["android.intent.category.LAUNCHER"],
                        }
                    ],
                },
                *parts,
            ],
            "permissions": [{"name": NET}, *({"name": name, "level": "dangerous"} for name in rights)],
        },
        "code": {
            "calls": list(calls),
            "strings": [*map(text, texts), *(text(to) for to in ends if hidden is None)],
            "missing_components": list(missing),
        },
        "files": [{"name": name, "kind": kind, "size": 1, "offset": 1} for name, kind in files],
        "flows": [
            {key: value for key, value in item.items() if key != "to"}
            | {"endpoint": item["to"].split("://")[-1].split("/")[0] if item["to"] else None}
            for item in flows
        ],
        "endpoints": [
            {"value": to, "host": to.split("://")[-1].split("/")[0], "hidden": hidden} for to in ends
        ],
    }
    scan = ANALYSER.judge(msgspec.convert(facts, AppFacts), "a.apk")
    assert not scan.errors
    return subject_risk(scan.findings).verdict


HARMLESS = {
    "a map that asks its route server": {"flows": [flow("location")]},
    "a sports tracker with the screen off": {
        "flows": [flow("location", entry="org.app.Service"), flow("health", entry="org.app.Service")],
        "parts": [SERVICE, BOOT],
        "rights": ["android.permission.ACCESS_BACKGROUND_LOCATION"],
    },
    "parental control that asks": {
        "flows": [flow("location", entry="org.app.Service"), flow("installed-apps", entry="org.app.Service")],
        "calls": [ASKS],
        "parts": [SERVICE, BOOT],
    },
    "an SMS app": {
        "flows": [flow("sms", None, "sms", by="onClick"), flow("sms", None, "ipc")],
        "parts": [SMS_ROLE, SMS_IN],
    },
    "an SMS app with web access": {"flows": [flow("sms")], "parts": [SMS_ROLE, SMS_IN]},
    "an SMS backup to a place that the user chooses": {"flows": [flow("sms", None, by="onClick")]},
    "a contact backup to a place that the user chooses": {
        "flows": [flow("contacts", None, by="onClick"), flow("contacts", None, "file-public")]
    },
    "a messenger that finds friends after asking": {
        "flows": [flow("contacts", by="onClick"), flow("camera", by="onClick"), flow("audio", by="onClick")],
        "calls": [ASKS],
    },
    "a login": {
        "flows": [flow("account-password", by="onClick", note="reads account-password: an input field")]
    },
    "a shop that delivers": {
        "flows": [flow(kind, by="onClick") for kind in ("account-password", "home-address", "phone-number")]
    },
    "a bank that guards itself": {
        "flows": [
            flow(kind, by="onClick") for kind in ("account-password", "bank-account", "identity-number")
        ],
        "texts": ["/system/xbin/su", "frida-server", "goldfish"],
        "calls": [call("Landroid/os/Debug;->isDebuggerConnected")],
    },
    "a login in the clear": {
        "flows": [flow("account-password", "http://api.host.example/login", by="onClick")]
    },
    "advertising": {"flows": [flow("device-id")]},
    "a configured server": {"flows": [flow("device-id")], "hidden": "string resource"},
    "a hidden help page": {
        "texts": ["blue"],
        "calls": [call("Landroid/webkit/WebView;->loadUrl", "https://help.host.example/faq")],
    },
    "device management": {
        "flows": [flow("device-id"), flow("installed-apps")],
        "calls": [
            call("Landroid/app/admin/DevicePolicyManager;->lockNow"),
            call("Landroid/app/admin/DevicePolicyManager;->wipeData", 0),
            call("Landroid/app/admin/DevicePolicyManager;->resetPassword", None, 0),
            call("Landroid/app/admin/DevicePolicyManager;->setPasswordQuality"),
        ],
        "parts": [ADMIN, BOOT],
    },
    "a screen reader": {
        "calls": [
            call("Landroid/view/accessibility/AccessibilityNodeInfo;->performAction", 16),
            call("Landroid/speech/tts/TextToSpeech;->speak"),
        ],
        "parts": [EYES],
    },
    "a notification history": {
        "calls": [call("Landroid/service/notification/NotificationListenerService;->cancelNotification")],
        "parts": [EARS],
    },
    "a screen filter": {
        "calls": [call("Landroid/view/WindowManager;->addView")],
        "parts": [SERVICE, BOOT],
        "rights": ["android.permission.SYSTEM_ALERT_WINDOW"],
    },
    "a launcher": {"calls": [call("Landroid/content/pm/PackageManager;->getInstalledApplications", 0)]},
    "a screen recorder": {
        "flows": [flow("screen", None, "file-public"), flow("audio", None, "file-public")],
        "parts": [SERVICE],
    },
    "an app that updates itself": {
        "texts": ["application/vnd.android.package-archive"],
        "calls": [call("Ljava/net/URL;->openStream")],
        "rights": ["android.permission.REQUEST_INSTALL_PACKAGES"],
    },
    "a packed app": {
        "calls": [call("Ldalvik/system/DexClassLoader;-><init>")],
        "missing": ["org.app.Other"],
        "files": [("assets/a.jar", "opaque")],
    },
    "rights without use": {
        "rights": [
            f"android.permission.{name}"
            for name in ("READ_SMS", "READ_CONTACTS", "READ_CALL_LOG", "CAMERA", "RECORD_AUDIO")
        ]
    },
    "a theft alarm that hides": {"calls": [HIDES], "parts": [BOOT]},
    "an emergency call by SMS": {
        "calls": [call("Landroid/telephony/SmsManager;->sendTextMessage", None, None, "help")]
    },
}

BAD = {
    "messages in secret": {"flows": [flow("sms", entry="org.app.Rx")], "parts": [SMS_IN]},
    "messages by SMS": {
        "flows": [flow("sms", "+990000000001", "sms", entry="org.app.Rx")],
        "parts": [SMS_IN],
    },
    "a false SMS app": {
        "flows": [flow("sms", "http://198.51.100.7/x", entry="org.app.Rx")],
        "parts": [SMS_ROLE, SMS_IN],
    },
    "notifications": {"flows": [flow("notifications", entry="org.app.Ears")], "parts": [EARS]},
    "the address book": {"flows": [flow("contacts")]},
    "contacts and calls": {"flows": [flow("contacts"), flow("call-log")]},
    "a hidden tracker": {
        "flows": [flow("location", entry="org.app.Service")],
        "calls": [HIDES],
        "parts": [SERVICE, BOOT],
    },
    "position in host names": {"flows": [flow("location", "t.zone.example", "dns")]},
    "typed text": {
        "flows": [
            flow("account-password", entry="org.app.Eyes", note="reads account-password: text of other apps")
        ],
        "parts": [EYES],
    },
    "recording in the background": {"flows": [flow("audio", entry="org.app.Service")], "parts": [SERVICE]},
    "pictures in the background": {"flows": [flow("camera", entry="org.app.Service")], "parts": [SERVICE]},
    "the screen": {"flows": [flow("screen", entry="org.app.Service")], "parts": [SERVICE]},
    "the clipboard": {
        "flows": [flow("clipboard", entry="org.app.Service")],
        "calls": [call("Landroid/content/ClipboardManager;->addPrimaryClipChangedListener")],
        "parts": [SERVICE],
    },
    "a hidden address": {"flows": [flow("device-id")], "hidden": "base64"},
    "a bare address": {"flows": [flow("device-id", "192.0.2.9:4444", "socket")]},
    "identity, watched": {
        "flows": [flow("device-id"), flow("phone-number")],
        "texts": ["/system/xbin/su", "frida-server", "goldfish"],
    },
    "a false form": {
        "flows": [
            flow(kind, "http://track.host.example/form", by="onClick")
            for kind in ("home-address", "phone-number", "account-password")
        ]
    },
    "a false payment page": {
        "flows": [
            flow(
                "account-password", "https://alipay-login.host.example/c", note="given by the page to Pay.go"
            )
        ],
        "calls": [call("Landroid/webkit/WebView;->loadDataWithBaseURL", "https://x.example/", "<input>")],
    },
    "a lock for ransom": {
        "calls": [
            call("Landroid/app/admin/DevicePolicyManager;->lockNow"),
            call("Landroid/view/WindowManager;->addView"),
        ],
        "texts": ["Your files are encrypted. Pay 100 USDT"],
        "parts": [ADMIN],
        "rights": ["android.permission.SYSTEM_ALERT_WINDOW"],
    },
    "paid messages": {
        "calls": [
            call("Landroid/telephony/SmsManager;->sendTextMessage", "7757", None, "JOIN"),
            call("Landroid/content/BroadcastReceiver;->abortBroadcast"),
        ],
        "parts": [SMS_IN],
    },
    "clicks in secret": {
        "calls": [
            call("Landroid/webkit/WebView;->evaluateJavascript", "document.links[0].click()"),
            call("Landroid/webkit/WebView;->setVisibility", 8),
        ]
    },
    "a loader of hidden code": {
        "calls": [
            call("Ldalvik/system/InMemoryDexClassLoader;-><init>"),
            call("Landroid/content/res/AssetManager;->open", "a.bin"),
            call("Ljava/nio/ByteBuffer;->wrap"),
            call("Ljava/lang/reflect/Method;->invoke"),
        ],
        "files": [("assets/a.bin", "opaque")],
    },
    "the list of apps to a hidden place": {
        "flows": [flow("installed-apps")],
        "hidden": "base64, file in the package",
    },
    "a profile": {"flows": [flow("shopping"), flow("calendar"), flow("health")]},
    "licence and journeys": {"flows": [flow("driving", by="onClick"), flow("location")]},
    "messages to a bot": {"flows": [flow("sms", "https://api.telegram.org/bot1:AA/sendMessage", "chat-bot")]},
    "copied addresses exchanged": {
        "calls": [
            call("Landroid/content/ClipboardManager;->setPrimaryClip"),
            call("Landroid/content/ClipboardManager;->addPrimaryClipChangedListener"),
        ],
        "texts": ["bc1q" + "a" * 38],
        "parts": [SERVICE],
    },
    "calls diverted": {
        "texts": ["tel:*21*990000001%23", "android.intent.action.CALL"],
        "rights": ["android.permission.CALL_PHONE"],
    },
    "a card relay": {
        "calls": [
            call("Landroid/nfc/tech/IsoDep;->transceive"),
            call("Ljava/net/Socket;-><init>", "192.0.2.4", 9000),
        ],
        "texts": ["2PAY.SYS.DDF01"],
    },
}


@pytest.mark.parametrize("sketch", HARMLESS.values(), ids=HARMLESS.keys())
def test_what_only_looks_bad_stays_below_high(sketch):
    assert verdict(**sketch) < Verdict.HIGH


@pytest.mark.parametrize("sketch", BAD.values(), ids=BAD.keys())
def test_what_is_bad_is_high_or_critical(sketch):
    assert verdict(**sketch) >= Verdict.HIGH


def test_rights_alone_never_make_an_app_high():
    rights = [
        "READ_SMS", "RECEIVE_SMS", "SEND_SMS", "READ_CONTACTS", "READ_CALL_LOG", "CAMERA", "RECORD_AUDIO",
        "ACCESS_FINE_LOCATION", "ACCESS_BACKGROUND_LOCATION", "SYSTEM_ALERT_WINDOW", "QUERY_ALL_PACKAGES",
        "REQUEST_INSTALL_PACKAGES", "BIND_ACCESSIBILITY_SERVICE", "CALL_PHONE",
    ]  # fmt: skip
    named = [f"android.permission.{name}" for name in rights]
    assert verdict(rights=named, parts=[EYES, EARS, ADMIN, SMS_IN, BOOT, SERVICE]) < Verdict.HIGH
