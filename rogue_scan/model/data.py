"""Personal data by kind, and the ways it leaves: the vocabulary that both scanners share."""

import enum


class DataCategory(enum.Enum):
    """A kind of personal data (contract, "Data categories")."""

    IDENTITY_NUMBER = "identity-number"
    PHONE_NUMBER = "phone-number"
    HOME_ADDRESS = "home-address"
    ACCOUNT_PASSWORD = "account-password"
    BANK_ACCOUNT = "bank-account"
    SMS = "sms"
    CONTACTS = "contacts"
    CALL_LOG = "call-log"
    LOCATION = "location"
    AUDIO = "audio"
    CAMERA = "camera"
    SCREEN = "screen"
    CLIPBOARD = "clipboard"
    NOTIFICATIONS = "notifications"
    CALENDAR = "calendar"
    HEALTH = "health"
    SHOPPING = "shopping"
    DRIVING = "driving"
    DEVICE_ID = "device-id"
    INSTALLED_APPS = "installed-apps"
    FILES = "files"


class Sink(enum.Enum):
    """A way in which data leaves the code that took it (contract, "Sinks")."""

    HTTP = "http"
    SOCKET = "socket"
    DNS = "dns"
    SMS = "sms"
    EMAIL = "email"
    FTP = "ftp"
    CHAT_BOT = "chat-bot"
    WEBVIEW = "webview"
    FILE_PUBLIC = "file-public"
    IPC = "ipc"
    LOG = "log"

    @property
    def leaves_device(self) -> bool:
        """Whether this sink carries data off the device."""
        return self not in {Sink.FILE_PUBLIC, Sink.IPC, Sink.LOG, Sink.WEBVIEW}
