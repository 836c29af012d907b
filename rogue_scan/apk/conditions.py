"""The language of ``when:`` in app signatures.

A condition is a mapping with one key that says what it is, and perhaps ``as``, the name of the evidence
item that it adds where it holds::

    when:
      require:                       # all of it has to hold, or the rule is silent
        - flow: {data: [sms], sink: [http, socket]}
          as: sms-leaves
      consider:                      # may hold; each adds its evidence, for or against
        - component: {role: [device-admin]}
          as: is-device-admin
        - not: {manifest: {launcher: true}}
          as: no-icon

Combining keys are ``all``, ``any``, ``not`` and ``count``; the others ask one kind of facts each and are
described at their types. Unknown keys, wrong types and wrong category names are errors with the place
in the file, never a rule that silently does not match.

Texts are compared by equality, by substring, by word or by a glob with ``*`` and ``?``. There are no
regular expressions: what an app says is hostile, and these take time linear in the length of the text.
"""

from typing import Annotated

import msgspec

from rogue_scan.errors import RuleError
from rogue_scan.model.data import DataCategory, Sink
from rogue_scan.rules.rule import Rule

Names = tuple[str, ...]
"""Globs, of which one has to match."""


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of all conditions: an unknown key is an error."""


class Text(_Strict, frozen=True):
    """A test of a text, or of a number by its decimal form. All parts that are there have to hold."""

    equals: Names = ()
    """Equal to one of these."""
    like: Names = ()
    """Matches one of these globs, case counts."""
    has: Names = ()
    """Contains one of these, case does not count."""
    words: Names = ()
    """Contains a word or phrase of each of these lists under ``_lists``."""
    alphanumeric: bool | None = None
    """Whether it consists of ASCII letters and digits only."""
    shortest: int = 0
    """Least number of characters."""
    longest: int | None = None
    """Most characters."""
    digits: bool | None = None
    """Whether it consists of digits only, ``+`` in front allowed."""

    def __post_init__(self) -> None:
        if not any((self.equals, self.like, self.has, self.words, self.shortest, self.digits is not None)):
            raise ValueError("a test of a text needs equals, like, has, words, shortest or digits")


class Number(_Strict, frozen=True):
    """A test of a number."""

    equals: tuple[int, ...] = ()
    bits: int = 0
    """All of these bits are set."""
    any_bits: int = 0
    """One of these bits is set."""
    least: int | None = None
    most: int | None = None


class Argument(_Strict, frozen=True):
    """A test of a constant argument; one that is not constant never passes."""

    text: Text | None = None
    number: Number | None = None
    known: bool | None = None
    """Whether it is a constant at all."""

    def __post_init__(self) -> None:
        if self.text is None and self.number is None and self.known is None:
            raise ValueError("a test of an argument needs text, number or known")


class Within(_Strict, frozen=True):
    """The method that a call, string or source stands in."""

    extends: Names = ()
    """Its class, or a class around it, has one of these as a superclass or interface at any depth."""
    method: Names = ()
    """Name of the method."""
    on_press: bool | None = None
    """Whether it is a method that runs when the user presses or chooses something."""
    calls: Names = ()
    """The same class also calls one of these APIs."""
    own_component: Names = ()
    """Its class is a component of this kind or role."""


class PermissionIs(_Strict, frozen=True):
    """A permission that the manifest asks for."""

    name: Names


class ComponentIs(_Strict, frozen=True):
    """A component of the manifest; all that is said has to hold for the same one."""

    kind: Names = ()
    role: Names = ()
    """``accessibility``, ``notification-listener``, ``device-admin`` …, by the guard it declares."""
    action: Names = ()
    exported: bool | None = None
    launcher: bool | None = None
    alias: bool | None = None
    """Whether it is another name of an activity."""
    priority: int | None = None
    """One of its filters has at least this priority."""
    extends: Names = ()
    excluded_from_recents: bool | None = None
    policies: Names = ()
    """Elements in its configuration file, for device admins the policies asked for."""


class ManifestIs(_Strict, frozen=True):
    """Facts of the manifest that are not components; all that is said has to hold."""

    launcher: bool | None = None
    """Whether any component shows as an icon on the home screen."""
    target_below: int | None = None
    min_below: int | None = None
    flag: Names = ()
    """Attributes of ``<application>`` that are true."""
    feature: Names = ()


class CallIs(_Strict, frozen=True):
    """A call of a framework or kit method."""

    api: Names
    """``Lpackage/Class;->name`` (any arguments) or ``*->name``; with ``(arguments)return`` in full."""
    args: dict[int, Argument] = {}
    """By number from 0, without the receiver."""
    reachable: bool = True
    library: bool | None = False
    """Whether the calling code belongs to a kit; null: either."""
    within: Within | None = None


class StringIs(_Strict, frozen=True):
    """A string in code, or one that the code computes."""

    text: Text
    hidden: bool | None = None
    reachable: bool = True
    library: bool | None = False
    within: Within | None = None


class SourceIs(_Strict, frozen=True):
    """A place where code takes personal data."""

    data: tuple[DataCategory, ...] = ()
    api: Names = ()
    reachable: bool = True
    library: bool | None = False
    note: Names = ()
    within: Within | None = None
    categories: int = 1
    """Least number of different categories."""


class EndpointIs(_Strict, frozen=True):
    """An endpoint, on its own or at the end of a flow."""

    kind: Names = ()
    concealed: bool | None = None
    """Whether it was encoded, encrypted, put together from pieces or kept in native code."""
    elsewhere: bool | None = None
    """Whether it stands outside the code: in resources, the manifest or an asset, unencoded."""
    hidden: Names = ()
    """How it was hidden, as the report says it."""
    assembled: bool | None = None
    """Whether it is put together from pieces none of which begins like an address."""
    remark: Names = ()
    """``cleartext``, ``raw address``, ``dynamic DNS``, ``shortener``, ``imitates *`` …"""
    known: bool | None = None
    """Whether it could be resolved at all (only at the end of a flow)."""
    kin: bool | None = None
    """Whether its registered name shares a word with the name of the package."""
    value: Text | None = None
    library: bool | None = False


class FlowIs(_Strict, frozen=True):
    """Personal data on its way out."""

    data: tuple[DataCategory, ...] = ()
    sink: tuple[Sink, ...] = ()
    leaves: bool | None = True
    """Whether the sink carries data off the device; null: either."""
    endpoint: EndpointIs | None = None
    entry: Names = ()
    """Kind or role of the component that starts it, or ``callback``."""
    note: Names = ()
    """Note of one of its hops."""
    through: Names = ()
    """Method of one of its hops, as ``Lpackage/Class;->name``, or an API name in a note."""
    source: Names = ()
    """API that took the data."""
    on_press: bool | None = None
    """Whether it passes a method that runs when the user presses or chooses something."""
    library: bool | None = False
    categories: int = 1
    """Least number of different categories, over all flows that fit."""
    same_endpoint: bool = False
    """Count ``categories`` for each endpoint apart."""


class ClassIs(_Strict, frozen=True):
    """A class that the app brings."""

    extends: Names
    reachable: bool | None = True
    library: bool | None = False


class EntryIs(_Strict, frozen=True):
    """A way into the code."""

    kind: Names = ()
    method: Names = ()


class NativeIs(_Strict, frozen=True):
    """A native library."""

    symbol: Names = ()
    """Imported or exported."""
    text: Text | None = None


class FileIs(_Strict, frozen=True):
    """An entry of the package."""

    name: Names = ()
    kind: Names = ()
    """By content: ``dex``, ``apk``, ``elf``, ``opaque`` (looks encrypted), ``disguised dex`` …"""


class DifferenceIs(_Strict, frozen=True):
    """Something that departs from the format, or that readers see differently."""

    kind: Names
    refused: bool | None = None


class Count(_Strict, frozen=True):
    """Some of several conditions."""

    of: tuple["Condition", ...]
    least: int = 1


class Condition(_Strict, frozen=True):
    """One condition: exactly one key besides ``as``."""

    all: tuple["Condition", ...] | None = None
    any: tuple["Condition", ...] | None = None
    not_: "Condition | None" = msgspec.field(name="not", default=None)
    count: Count | None = None
    permission: PermissionIs | None = None
    component: ComponentIs | None = None
    manifest: ManifestIs | None = None
    call: CallIs | None = None
    string: StringIs | None = None
    resource_text: Text | None = None
    """A string in the resource table, in the default language."""
    source: SourceIs | None = None
    flow: FlowIs | None = None
    endpoint: EndpointIs | None = None
    class_: ClassIs | None = msgspec.field(name="class", default=None)
    entry: EntryIs | None = None
    native: NativeIs | None = None
    file: FileIs | None = None
    kit: Names | None = None
    difference: DifferenceIs | None = None
    missing_components: bool | None = None
    """Whether components of the manifest have no class in any DEX file."""
    evidence: str | None = msgspec.field(name="as", default=None)

    def __post_init__(self) -> None:
        if len(self._given()) != 1:
            given = ", ".join(self._given()) or "none"
            raise ValueError(f"a condition needs exactly one key besides `as`, here: {given}")

    def _given(self) -> list[str]:
        return [
            field
            for field in self.__struct_fields__
            if field != "evidence" and getattr(self, field) is not None
        ]

    @property
    def key(self) -> str:
        """The field that says what it is."""
        # Asked for every condition of every rule and app, so without a list.
        for field in self.__struct_fields__:
            if getattr(self, field) is not None and field != "evidence":
                return field
        raise AssertionError("checked when it was made")


class When(_Strict, frozen=True):
    """The whole condition of a rule."""

    require: Annotated[tuple[Condition, ...], msgspec.Meta(min_length=1)]
    consider: tuple[Condition, ...] = ()


def glob(pattern: str, text: str) -> bool:
    """Whether a pattern with ``*`` for anything and ``?`` for one character matches all of ``text``.

    Each part between two stars is looked for once, behind the part before it: the first fit is as good as
    any later one. A part without ``?`` is found at the speed of :meth:`str.find`.
    """
    first, *rest = pattern.split("*")
    if not rest:
        return len(text) == len(first) and _fits(first, text, 0)
    *middle, last = rest
    if len(text) < len(first) + len(last) or not _fits(first, text, 0):
        return False
    end = len(text) - len(last)
    at = len(first)
    for part in middle:
        at = _find(part, text, at, end)
        if at < 0:
            return False
        at += len(part)
    return at <= end and _fits(last, text, end)


def _fits(part: str, text: str, at: int) -> bool:
    if "?" not in part:
        return text.startswith(part, at)
    return all(want in ("?", text[at + n]) for n, want in enumerate(part))


def _find(part: str, text: str, start: int, end: int) -> int:
    """Where a part stands first between two places of a text, -1 if nowhere."""
    if "?" not in part:
        return text.find(part, start, end)
    return next((at for at in range(start, end - len(part) + 1) if _fits(part, text, at)), -1)


def among(patterns: Names, text: str) -> bool:
    """Whether one of the globs matches; no pattern matches everything."""
    return not patterns or any(glob(pattern, text) for pattern in patterns)


def compile_when(rule: Rule) -> When:
    """The condition of a rule, checked.

    Raises RuleError with the place, also where evidence is named that the signature does not describe, or
    described and never named.
    """
    try:
        when = msgspec.convert(rule.when, When)
    except msgspec.ValidationError as error:
        problem, _, field = str(error).partition(" - at ")
        place = field.strip("`").rpartition("$")[2].removeprefix(".")
        raise RuleError(rule.rule, f"when.{place}" if place else "when", problem) from None
    try:
        named = set(_evidence(when.require)) | set(_evidence(when.consider))
    except ValueError as error:
        raise RuleError(rule.rule, "when", str(error)) from None
    for name in sorted(named - set(rule.evidence)):
        raise RuleError(rule.rule, "when", f"`as: {name}` names no evidence of the signature")
    for name in sorted(set(rule.evidence) - named):
        raise RuleError(rule.rule, f"evidence.{name}", "no condition adds it")
    return when


def _evidence(conditions: tuple[Condition, ...]) -> list[str]:
    names = []
    for condition in conditions:
        if condition.evidence:
            names.append(condition.evidence)
        for inner in (condition.all, condition.any, condition.count and condition.count.of):
            names += _evidence(inner or ())
        # What stands under `not` is what does not hold: it can be no evidence.
        if condition.not_ and _evidence((condition.not_,)):
            raise ValueError("`as` under `not`: put it beside `not`")
    return names
