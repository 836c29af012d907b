"""The manifest and the configuration files it names, as facts.

Read as the package manager reads them: only elements in their places count, the first
``<application>`` wins, names are completed with the package, and what is not said gets the default
of the app's target version. Source: AOSP ``frameworks/base`` package parsing
(``ParsingPackageUtils`` and ``ParsedActivityUtils``), network security configuration reference at
developer.android.com.
"""

from collections.abc import Callable, Iterator

import msgspec

from rogue_scan.apk import axml, permissions, xmlfile
from rogue_scan.apk.axml import Attribute, Element
from rogue_scan.apk.difference import Difference, Differences, short
from rogue_scan.apk.resources import Table
from rogue_scan.errors import SourceError

MANIFEST = "AndroidManifest.xml"
MAX_COMPONENTS = 5000
MAX_FILTERS = 400
"""Intent filters kept of one component."""
MAX_LOCALES = 120

KINDS = {
    "activity": "activity", "activity-alias": "activity", "service": "service",
    "receiver": "receiver", "provider": "provider",
}  # fmt: skip

# What a target version changes (developer.android.com, behaviour changes of each release)
EXPLICIT_EXPORTED = 31
CLEARTEXT_OFF = 28
USER_CA_OFF = 24
PROVIDER_PRIVATE = 17


class IntentFilter(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a component answers to."""

    actions: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    schemes: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    mime_types: tuple[str, ...] = ()
    priority: int = 0
    auto_verify: bool = False

    @property
    def deep_link(self) -> bool:
        """Whether a link in a browser can open it."""
        return "android.intent.category.BROWSABLE" in self.categories and bool(self.schemes)


class ConfigFile(msgspec.Struct, frozen=True, omit_defaults=True):
    """A configuration file that a component or the application names (accessibility, device admin …)."""

    name: str
    """Key of the ``<meta-data>``, or the attribute of ``<application>``."""
    entry: str
    """File in the package; empty if there is none."""
    root: str = ""
    attributes: dict[str, str] = {}
    """Of the root element, as ``name: text``; flags are numbers."""
    elements: tuple[str, ...] = ()
    """Tags below the root, each once, in order: for device admins, the policies asked for."""


class Component(msgspec.Struct, frozen=True, omit_defaults=True):
    """One component, with the defaults of its target version applied."""

    name: str
    kind: str
    """``activity``, ``service``, ``receiver`` or ``provider``."""
    offset: int = -1
    """Of its element in the decoded manifest."""
    alias_of: str = ""
    exported: bool = False
    exported_said: bool | None = None
    """``android:exported`` as written; None: not written, so the default holds."""
    enabled: bool = True
    permission: str = ""
    read_permission: str = ""
    write_permission: str = ""
    role: str = ""
    """What the system lets it do, by its guard: ``accessibility``, ``notification-listener``,
    ``device-admin``, ``vpn``, ``input-method`` …"""
    label: str = ""
    process: str = ""
    authorities: tuple[str, ...] = ()
    grant_uri: bool = False
    filters: tuple[IntentFilter, ...] = ()
    meta: dict[str, str] = {}
    configs: tuple[ConfigFile, ...] = ()
    foreground_types: int = 0
    flags: dict[str, str] = {}
    """Other attributes that matter to rules: launchMode, taskAffinity, excludeFromRecents, theme …"""

    @property
    def launcher(self) -> bool:
        """Whether it shows as an icon on the home screen."""
        return any(
            "android.intent.action.MAIN" in f.actions
            and {"android.intent.category.LAUNCHER", "android.intent.category.LEANBACK_LAUNCHER"}
            & set(f.categories)
            for f in self.filters
        )

    @property
    def actions(self) -> tuple[str, ...]:
        """Actions of all filters, each once."""
        return tuple(dict.fromkeys(action for f in self.filters for action in f.actions))


class Permission(msgspec.Struct, frozen=True, omit_defaults=True):
    """A permission that is asked for."""

    name: str
    level: str = ""
    """``normal``, ``dangerous``, ``signature…``, ``internal…``; empty for one of another app."""
    max_sdk: int | None = None
    implied: bool = False
    """Not asked for in words: given to apps of an old target version."""
    offset: int = -1


class Declared(msgspec.Struct, frozen=True, omit_defaults=True):
    """A permission that the app itself defines."""

    name: str
    level: str = "normal"
    offset: int = -1


class DomainRule(msgspec.Struct, frozen=True, omit_defaults=True):
    """One ``<domain-config>`` (or, with no domains, the ``<base-config>``) of the network security file."""

    domains: tuple[str, ...] = ()
    subdomains: bool = False
    cleartext: bool | None = None
    trusts_user: bool = False
    """Accepts certificates that the user installed."""
    pins: int = 0
    offset: int = -1


class NetworkSecurity(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the app does about TLS, by its configuration."""

    entry: str = ""
    """The file; empty if there is none."""
    said_cleartext: bool | None = None
    """``usesCleartextTraffic`` of the application as written."""
    cleartext: bool = False
    """Whether plain HTTP is allowed to hosts that no rule names."""
    rules: tuple[DomainRule, ...] = ()
    debug_overrides: bool = False


class Manifest(msgspec.Struct, frozen=True, omit_defaults=True):
    """All that the manifest says."""

    package: str = ""
    version_name: str = ""
    version_code: str = ""
    split: str = ""
    min_sdk: int = 1
    target_sdk: int = 1
    target_said: bool = False
    max_sdk: int | None = None
    compile_sdk: int | None = None
    shared_user: str = ""
    labels: dict[str, str] = {}
    """Name of the app in each language; key empty: default."""
    application: str = ""
    """Class of the application object."""
    flags: dict[str, str] = {}
    """Attributes of ``<application>`` as text: debuggable, allowBackup, usesCleartextTraffic …"""
    app_offset: int = -1
    permissions: tuple[Permission, ...] = ()
    declared: tuple[Declared, ...] = ()
    components: tuple[Component, ...] = ()
    configs: tuple[ConfigFile, ...] = ()
    """Files that ``<application>`` names (backup rules, locales …), other than network security."""
    meta: dict[str, str] = {}
    features: dict[str, bool] = {}
    """Feature to whether it is required."""
    libraries: tuple[str, ...] = ()
    queries: tuple[str, ...] = ()
    """Packages, authorities and ``action:…`` of ``<queries>``."""
    network: NetworkSecurity = NetworkSecurity()
    instrumentation: tuple[str, ...] = ()
    """Packages that an instrumentation of this app targets."""
    differences: tuple[Difference, ...] = ()

    def flag(self, name: str, default: bool = False) -> bool:
        """A yes-or-no attribute of the application."""
        return {"true": True, "false": False}.get(self.flags.get(name, ""), default)


ReadEntry = Callable[[str], bytes | None]
"""Gives the bytes of an entry of the package, or None."""


def parse(data: bytes, table: Table | None, read: ReadEntry, entry: str = MANIFEST) -> Manifest:
    """Facts of a manifest, binary or (which Android would refuse) plain text.

    ``read`` gives the configuration files it names.

    :raises Malformed: it cannot be read at all.
    :raises Truncated: it ends before its first header.
    """
    notes = Differences()
    if axml.is_text(data):
        notes.add("axml:text", 0, entry, "plain text instead of binary XML", refused=True)
        from rogue_scan.apk import textxml

        root = textxml.parse(data, entry)
    else:
        document = axml.parse(data, entry)
        notes.extend(document.differences)
        root = document.root
    if root is None:
        return Manifest(differences=notes.done())
    return _Reader(root, table, read, notes, entry).read()


def from_tree(root: Element, table: Table | None, read: ReadEntry, entry: str = MANIFEST) -> Manifest:
    """Facts of a manifest that another reader has made a tree of (app bundles)."""
    return _Reader(root, table, read, Differences(), entry).read()


class _Reader:
    """State of one conversion."""

    def __init__(
        self, root: Element, table: Table | None, read: ReadEntry, notes: Differences, entry: str
    ) -> None:
        self.root, self.table, self.open, self.notes, self.entry = root, table, read, notes, entry
        self.package = ""
        self.target = 1

    def text(self, element: Element, name: str, default: str = "") -> str:
        """An attribute's text, looked up in the resources if it is a reference."""
        attribute = element.attributes.get(name)
        if attribute is None:
            return default
        found = self.table.of(attribute) if self.table and attribute.resource else None
        return short(attribute.text if found is None else found, 2000)

    def flag(self, element: Element, name: str) -> bool | None:
        text = self.text(element, name)
        return None if not text else text not in ("false", "0")

    def number(self, element: Element, name: str) -> int | None:
        text = self.text(element, name)
        if not text:
            return None
        try:
            return int(text, 0)
        except ValueError:
            # a codename ("U", "VanillaIceCream") stands for a version still in the making
            return 10000 if text.isalpha() else None

    def class_name(self, name: str) -> str:
        """A class name completed as the package parser does it."""
        if name.startswith("."):
            return self.package + name
        return name if "." in name or not name else f"{self.package}.{name}"

    def read(self) -> Manifest:
        root = self.root
        if root.tag != "manifest":
            self.notes.add("axml:not-a-manifest", root.offset, self.entry, root.tag, refused=True)
        self.package = self.text(root, "package")
        if not self.package:
            self.notes.add("manifest:no-package", root.offset, self.entry, refused=True)
        low, target, said, high = self.sdk()
        self.target = target
        apps = root.all("application")
        if len(apps) > 1:
            self.notes.add("manifest:several-applications", apps[1].offset, self.entry, len(apps))
        app = apps[0] if apps else Element("application", -1, {}, [])
        components = tuple(self.components(app))
        if not root.children:
            self.notes.add(
                "manifest:empty", root.offset, self.entry, "no element in <manifest>", refused=True
            )
        flags = self.flags(app)
        major = self.number(root, "versionCodeMajor") or 0
        code = self.text(root, "versionCode")
        if major and code.isdigit():
            code = str(major << 32 | int(code))
        return Manifest(
            package=self.package,
            version_name=self.text(root, "versionName"),
            version_code=code,
            split=self.text(root, "split"),
            min_sdk=low,
            target_sdk=target,
            target_said=said,
            max_sdk=high,
            compile_sdk=self.number(root, "compileSdkVersion")
            or self.number(root, "platformBuildVersionCode"),
            shared_user=self.text(root, "sharedUserId"),
            labels=self.labels(app),
            application=self.class_name(flags.get("name", "")),
            flags=flags,
            app_offset=app.offset,
            permissions=tuple(self.permissions(low, target)),
            declared=tuple(self.declared()),
            components=components,
            configs=tuple(self.app_configs(app)),
            meta=self.meta(app)[0],
            features={
                self.text(e, "name"): self.flag(e, "required") is not False
                for e in root.all("uses-feature")
                if e.get("name")
            },
            libraries=tuple(self.text(e, "name") for e in app.all("uses-library", "uses-native-library")),
            queries=tuple(self.queries()),
            network=self.network(app, flags),
            instrumentation=tuple(self.text(e, "targetPackage") for e in root.all("instrumentation")),
            differences=self.notes.done(),
        )

    def sdk(self) -> tuple[int, int, bool, int | None]:
        low = target = high = None
        for element in self.root.all("uses-sdk"):
            low = self.number(element, "minSdkVersion")
            target = self.number(element, "targetSdkVersion")
            high = self.number(element, "maxSdkVersion")
        low = 1 if low is None else low
        return low, low if target is None else target, target is not None, high

    def flags(self, app: Element) -> dict[str, str]:
        return {
            name: self.text(app, name)
            for name in sorted(app.attributes)
            if name not in ("icon", "roundIcon", "banner", "logo", "label")
        }

    def labels(self, app: Element) -> dict[str, str]:
        label = app.get("label")
        if label is None:
            return {}
        if label.resource and self.table:
            texts = self.table.texts(label.resource)
            return {locale: short(text) for locale, text in sorted(texts.items())[:MAX_LOCALES]}
        return {"": short(label.text)}

    def permissions(self, low: int, target: int) -> Iterator[Permission]:
        seen: dict[str, Permission] = {}
        for element in self.root.all("uses-permission", "uses-permission-sdk-23", "uses-permission-sdk-m"):
            name = self.text(element, "name")
            if name and name not in seen:
                seen[name] = Permission(
                    name,
                    permissions.level(name),
                    self.number(element, "maxSdkVersion"),
                    False,
                    element.offset,
                )
        implied = []
        if target < 4:
            implied += ["android.permission.WRITE_EXTERNAL_STORAGE", "android.permission.READ_PHONE_STATE"]
        if target < 16:
            implied += [
                f"android.permission.READ_{log}"
                for asked, log in (("READ_CONTACTS", "CALL_LOG"),)
                if f"android.permission.{asked}" in seen
            ]
        if "android.permission.WRITE_EXTERNAL_STORAGE" in seen:
            implied.append("android.permission.READ_EXTERNAL_STORAGE")
        for name in implied:
            seen.setdefault(name, Permission(name, permissions.level(name), None, True))
        for name in sorted(seen):
            yield seen[name]

    def declared(self) -> Iterator[Declared]:
        for element in self.root.all("permission"):
            number = self.number(element, "protectionLevel") or 0
            level = permissions.BASE_LEVELS.get(number & 0xF, str(number & 0xF))
            yield Declared(self.text(element, "name"), level, element.offset)

    def queries(self) -> Iterator[str]:
        for queries in self.root.all("queries"):
            for element in queries.children[:2000]:
                if element.tag == "package":
                    yield self.text(element, "name")
                elif element.tag == "provider":
                    yield f"provider:{self.text(element, 'authorities')}"
                elif element.tag == "intent":
                    for action in element.all("action"):
                        yield f"action:{self.text(action, 'name')}"

    def components(self, app: Element) -> Iterator[Component]:
        guard = self.text(app, "permission")
        found = app.all(*KINDS)
        if len(found) > MAX_COMPONENTS:
            self.notes.add("manifest:many-components", app.offset, self.entry, len(found))
        for element in found[:MAX_COMPONENTS]:
            yield self.component(element, guard)

    def component(self, element: Element, guard: str) -> Component:
        kind = KINDS[element.tag]
        filters = tuple(self.filter(f) for f in element.all("intent-filter")[:MAX_FILTERS])
        said = self.flag(element, "exported")
        if said is not None:
            exported = said
        elif kind == "provider":
            exported = self.target < PROVIDER_PRIVATE
        else:
            exported = bool(filters)
            if filters and self.target >= EXPLICIT_EXPORTED:
                self.notes.add(
                    "manifest:exported-unsaid",
                    element.offset,
                    self.entry,
                    self.text(element, "name"),
                    refused=True,
                )
        permission = self.text(element, "permission", guard)
        meta, configs = self.meta(element)
        role = permissions.GUARDS.get(permission, "")
        keep = (
            "launchMode", "taskAffinity", "excludeFromRecents", "noHistory", "theme", "isolatedProcess",
            "directBootAware",
            "showWhenLocked", "turnScreenOn", "allowTaskReparenting", "stopWithTask", "singleUser",
            "multiprocess", "initOrder",
        )  # fmt: skip
        name = self.class_name(self.text(element, "name"))
        if not name:
            self.notes.add(
                "manifest:nameless-component", element.offset, self.entry, element.tag, refused=True
            )
        return Component(
            name=name,
            kind=kind,
            offset=element.offset,
            alias_of=self.class_name(self.text(element, "targetActivity"))
            if element.tag == "activity-alias"
            else "",
            exported=exported,
            exported_said=said,
            enabled=self.flag(element, "enabled") is not False,
            permission=permission,
            read_permission=self.text(element, "readPermission"),
            write_permission=self.text(element, "writePermission"),
            role=role,
            label=short(self.text(element, "label")),
            process=self.text(element, "process"),
            authorities=tuple(filter(None, self.text(element, "authorities").split(";"))),
            grant_uri=bool(self.flag(element, "grantUriPermissions"))
            or bool(element.first("grant-uri-permission")),
            filters=filters,
            meta=meta,
            configs=configs,
            foreground_types=self.number(element, "foregroundServiceType") or 0,
            flags={key: self.text(element, key) for key in keep if key in element.attributes},
        )

    def filter(self, element: Element) -> IntentFilter:
        data = element.all("data")

        def values(*names: str) -> tuple[str, ...]:
            return tuple(dict.fromkeys(self.text(d, n) for d in data for n in names if n in d.attributes))

        return IntentFilter(
            actions=tuple(dict.fromkeys(self.text(a, "name") for a in element.all("action"))),
            categories=tuple(dict.fromkeys(self.text(c, "name") for c in element.all("category"))),
            schemes=values("scheme"),
            hosts=values("host"),
            paths=values("path", "pathPrefix", "pathPattern", "pathSuffix", "pathAdvancedPattern"),
            mime_types=values("mimeType"),
            priority=self.number(element, "priority") or 0,
            auto_verify=bool(self.flag(element, "autoVerify")),
        )

    def meta(self, element: Element) -> tuple[dict[str, str], tuple[ConfigFile, ...]]:
        """Values of ``<meta-data>``, and the XML files among them."""
        plain: dict[str, str] = {}
        configs = []
        for item in element.all("meta-data")[:1000]:
            name = self.text(item, "name")
            resource = item.get("resource")
            value = resource or item.get("value")
            if not name or value is None:
                continue
            if value.resource and self.table and self.table.type_name(value.resource) == "xml":
                config = self.config(name, value)
                configs.append(config)
                plain[name] = config.entry
            else:
                plain[name] = self.text(item, "resource" if resource else "value")
        return plain, tuple(configs)

    def config(self, name: str, attribute: Attribute) -> ConfigFile:
        file, root = self.config_root(attribute)
        if root is None:
            return ConfigFile(name, file)
        texts = {key: self.text(root, key) for key in sorted(root.attributes)}
        tags: dict[str, None] = {}
        pending = list(reversed(root.children))
        while pending and len(tags) < 200:
            element = pending.pop()
            tags[element.tag] = None
            pending += reversed(element.children)
        return ConfigFile(name, file, root.tag, texts, tuple(tags))

    def config_root(self, attribute: Attribute) -> tuple[str, Element | None]:
        """The file that an attribute points to and its root element; what is odd is noted."""
        file = (self.table.of(attribute) if self.table else attribute.text) or ""
        if file.startswith(("@0x", "?0x")):
            return "", None
        data = self.open(file)
        if data is None:
            self.notes.add("manifest:missing-config", -1, file)
            return file, None
        try:
            root, odd = xmlfile.parse(data, file)
        except SourceError as error:
            self.notes.add("manifest:unreadable-config", -1, file, error)
            return file, None
        self.notes.extend(odd)
        return file, root

    def app_configs(self, app: Element) -> Iterator[ConfigFile]:
        for name in ("fullBackupContent", "dataExtractionRules", "localeConfig"):
            attribute = app.get(name)
            if attribute is not None and attribute.resource:
                yield self.config(name, attribute)
        yield from self.meta(app)[1]

    def network(self, app: Element, flags: dict[str, str]) -> NetworkSecurity:
        said = self.flag(app, "usesCleartextTraffic")
        default = self.target < CLEARTEXT_OFF if said is None else said
        attribute = app.get("networkSecurityConfig")
        if attribute is None:
            return NetworkSecurity(said_cleartext=said, cleartext=default)
        file, root = self.config_root(attribute)
        if root is None:
            return NetworkSecurity(file, said, default)
        rules = []
        cleartext = self.target < CLEARTEXT_OFF  # with a file, the attribute counts for nothing (API 24)
        for element in root.children:
            if element.tag == "base-config":
                rule = self.domain_rule(element)
                rules.append(rule)
                cleartext = cleartext if rule.cleartext is None else rule.cleartext
            elif element.tag == "domain-config":
                pending = [element]
                while pending and len(rules) < 1000:
                    item = pending.pop()
                    rules.append(self.domain_rule(item))
                    pending += item.all("domain-config")
        return NetworkSecurity(file, said, cleartext, tuple(rules), root.first("debug-overrides") is not None)

    def domain_rule(self, element: Element) -> DomainRule:
        domains = element.all("domain")
        pins = element.first("pin-set")
        anchors = element.first("trust-anchors")
        certificates = anchors.all("certificates") if anchors else []
        return DomainRule(
            domains=tuple(d.text.strip() for d in domains),
            subdomains=any(self.flag(d, "includeSubdomains") for d in domains),
            cleartext=self.flag(element, "cleartextTrafficPermitted"),
            trusts_user=any(self.text(c, "src") == "user" for c in certificates),
            pins=len(pins.all("pin")) if pins else 0,
            offset=element.offset,
        )
