"""What Android's and the kits' methods mean, as tables in ``signatures/apk/_models``.

``types.yml`` has the class hierarchy and whose code is whose, ``data.yml`` where personal data comes
from, ``sinks.yml`` where it leaves. What needs more than a table is in :mod:`.library`.
"""

import bisect
import functools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from rogue_scan.errors import RuleError
from rogue_scan.model.data import DataCategory, Sink
from rogue_scan.rules.files import builtin, read_yaml

_T = TypeVar("_T")
CALLBACK = re.compile(r"on[A-Z]\w*")


class SourceModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Methods that hand out personal data."""

    cls: str = msgspec.field(name="class")
    methods: tuple[str, ...]
    data: DataCategory
    fills: bool = False
    """The data is written into an array argument."""
    holds: bool = False
    """The receiver holds the data from now on."""
    holds_args: bool = False
    """Objects among the arguments hold the data from now on."""


class KeyedModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Methods that hand out personal data when a constant argument says so."""

    cls: str = msgspec.field(name="class")
    methods: tuple[str, ...]
    data: dict[str, DataCategory]


class CallbackModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A parameter of a callback that brings personal data."""

    method: str
    type: str
    data: DataCategory
    of: str = ""
    """A type that the class must have; empty for any."""


class SinkModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Methods by which data leaves."""

    cls: str = msgspec.field(name="class")
    methods: tuple[str, ...]
    sink: Sink
    to: int | str | None = None
    data: tuple[int, ...] | None = None


class _Types(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    parents: dict[str, str]
    libraries: tuple[str, ...]
    modelled: tuple[str, ...]
    callbacks: frozenset[str]


class _Data(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sources: tuple[SourceModel, ...]
    keyed: tuple[KeyedModel, ...]
    sensors: dict[int, DataCategory]
    fields: dict[str, DataCategory]
    callbacks: tuple[CallbackModel, ...]
    uris: dict[str, str]
    uri_fields: dict[str, str]
    columns: dict[str, DataCategory]
    input_types: dict[int, DataCategory]
    words: dict[DataCategory, tuple[str, ...]]


class _NotEndpoints(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    hosts: frozenset[str]
    prefixes: tuple[str, ...]


class _Sinks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sinks: tuple[SinkModel, ...]
    chat_bots: tuple[str, ...]
    ports: dict[int, Sink]
    dialogues: dict[Sink, tuple[str, ...]]
    not_endpoints: _NotEndpoints


class Models:
    """All tables, indexed for look-up by class and method."""

    def __init__(self, types: _Types, data: _Data, sinks: _Sinks) -> None:
        self.parents = types.parents
        self.callback_names = types.callbacks
        self._libraries = _Prefixes(types.libraries)
        self._modelled = _Prefixes(types.modelled)
        self.sources: dict[tuple[str, str], SourceModel] = {
            (model.cls, method): model for model in data.sources for method in model.methods
        }
        self.keyed: dict[tuple[str, str], KeyedModel] = {
            (model.cls, method): model for model in data.keyed for method in model.methods
        }
        self.sinks: dict[tuple[str, str], SinkModel] = {
            (model.cls, method): model for model in sinks.sinks for method in model.methods
        }
        self.named: dict[str, set[str]] = {}
        """By class, the methods that hand out or send data."""
        for cls, method in (*self.sources, *self.keyed, *self.sinks):
            self.named.setdefault(cls, set()).add(method)
        self.sensors = data.sensors
        self.fields = data.fields
        self.callbacks = {(model.method, model.type): model for model in data.callbacks}
        self.uris = sorted(data.uris.items(), key=lambda item: -len(item[0]))
        self.uri_fields = sorted(data.uri_fields.items(), key=lambda item: -len(item[0]))
        self.columns = data.columns
        self.input_types = data.input_types
        self.words = data.words
        self.chat_bots = sinks.chat_bots
        self.ports = sinks.ports
        self.dialogues = sinks.dialogues
        self.not_endpoint_hosts = sinks.not_endpoints.hosts
        self.not_endpoint_prefixes = sinks.not_endpoints.prefixes

    def parent(self, name: str) -> str | None:
        """Superclass of a class that the app does not bring, as far as the tables know it."""
        found = self.parents.get(name)
        if (
            found is None
            and name.startswith("L")
            and name.endswith("Activity;")
            and name != "Landroid/app/Activity;"
        ):
            return "Landroid/app/Activity;"
        return found

    def sends(self, cls: str, method: str) -> bool:
        """Whether a method of a class is a sink by which data leaves the device."""
        found = (self.sinks.get((name, method)) for name in self.lineage(cls))
        return any(model is not None and model.sink.leaves_device for model in found)

    def lineage(self, name: str) -> list[str]:
        """A class and its known superclasses."""
        found = [name]
        while len(found) < 16:
            parent = self.parent(found[-1])
            if parent is None or parent in found:
                break
            found.append(parent)
        return found

    def libraries(self, names: Iterable[str]) -> Iterator[bool]:
        """Of each class, whether it belongs to a kit."""
        return self._libraries.cover(names)

    def is_modelled(self, name: str) -> bool:
        """Whether a kit's class is known by its meaning, so its code need not be followed."""
        return next(self._modelled.cover([name]))

    def is_callback(self, method: str) -> bool:
        """Whether a method's name is one by which Android or a kit calls back."""
        return bool(self.callbacks_among((method,)))

    def callbacks_among(self, methods: Iterable[str]) -> list[str]:
        """Those of the names of methods that :meth:`is_callback`."""
        known = self.callback_names
        return [name for name in methods if name in known or (name[:2] == "on" and CALLBACK.fullmatch(name))]


class _Prefixes:
    """Beginnings of class names."""

    def __init__(self, prefixes: Iterable[str]) -> None:
        self._sorted: list[str] = []
        for prefix in sorted(f"L{prefix}" for prefix in prefixes):
            if not self._sorted or not prefix.startswith(self._sorted[-1]):
                self._sorted.append(prefix)

    def cover(self, names: Iterable[str]) -> Iterator[bool]:
        """Of each name, whether one of them begins it; faster where names of a package are together."""
        # None begins another, so only the last one that is not greater can begin the name.
        prefix = following = ""
        for name in names:
            if not prefix <= name < following:
                at = bisect.bisect_right(self._sorted, name)
                prefix, following = self._sorted[at - 1], self._sorted[at % len(self._sorted)]
            yield name.startswith(prefix)


def _read(name: str, kind: type[_T]) -> _T:
    path: Path = builtin() / "apk" / "_models" / name
    document, _ = read_yaml(path, trusted=True)
    try:
        return msgspec.convert(document, kind, strict=False)
    except msgspec.ValidationError as error:
        raise RuleError(str(path), "", str(error)) from None


@functools.cache
def load_models() -> Models:
    """The tables that come with the package; read once.

    Raises:
        RuleError: a table is wrong.

    """
    return Models(_read("types.yml", _Types), _read("data.yml", _Data), _read("sinks.yml", _Sinks))
