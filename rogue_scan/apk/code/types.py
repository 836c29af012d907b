"""Types on both sides of the code analysis: what it is told, and the facts it gives back."""

from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec

from rogue_scan.model.data import DataCategory
from rogue_scan.model.subject import Endpoint, Flow

FACTS_VERSION = 1

Constant = str | int | float | bool | None
"""A resolved constant argument; None where it could not be resolved (or is null)."""


class ComponentInfo(msgspec.Struct, frozen=True):
    """One component as the manifest declares it."""

    name: str
    """Dotted class name."""
    kind: str
    """``activity``, ``service``, ``receiver``, ``provider`` or ``application``."""
    actions: tuple[str, ...] = ()
    """Actions of its intent filters."""
    authorities: tuple[str, ...] = ()
    exported: bool = False
    enabled: bool = True


class AppContext(msgspec.Struct, frozen=True):
    """What the manifest tells the code analysis."""

    package: str = ""
    components: tuple[ComponentInfo, ...] = ()
    meta_data: dict[str, str] = {}
    """``<meta-data>`` of the application and its components, references resolved."""
    permissions: tuple[str, ...] = ()


class LayoutView(msgspec.Struct, frozen=True):
    """One view of a layout file that can take input."""

    layout: int
    """Resource id of the layout, 0 where unknown."""
    id: int
    """Resource id of the view, 0 for none."""
    tag: str
    """Element name, as ``EditText``."""
    input_type: int = 0
    """``android:inputType`` as flags; ``android:password="true"`` counts as 0x81."""
    says: tuple[str | int, ...] = ()
    """Hint, text, content description and label, each as text or as the resource id of one."""
    label: str | int = ""
    """What stands right before an input field, as text or resource id."""


class Resources(Protocol):
    """Answers about the package that only other readers can give; every method may say "unknown"."""

    def string(self, resource: int) -> str | None:
        """The text of a string resource in the default language."""

    def texts(self, resource: int) -> list[str]:
        """A string resource in all languages, the default first."""

    def strings(self, resource: int) -> list[str]:
        """The items of a string-array resource."""

    def name(self, resource: int) -> str:
        """The entry name of a resource id, ``""`` where unknown."""

    def identifier(self, name: str, kind: str) -> int:
        """The resource id of a name and a type (``string``, ``id``, ``raw`` …), 0 where unknown."""

    def file(self, resource: int) -> bytes | None:
        """The content of a raw or XML resource."""

    def asset(self, path: str) -> bytes | None:
        """The content of ``assets/PATH``."""

    def assets(self) -> list[str]:
        """The paths of all assets."""

    def views(self, resource: int) -> list[LayoutView]:
        """All views of that id in all layouts."""

    def view_tags(self, wanted: Callable[[str], bool]) -> Iterable[str]:
        """Element names that are ``wanted``, of views with an id or an input type in all layouts."""

    def native_strings(self) -> list[str]:
        """Strings of all native libraries that look like endpoints."""


class NoResources:
    """Resources of a bare DEX file: nothing is known."""

    def string(self, resource: int) -> str | None:  # noqa: D102
        return None

    def texts(self, resource: int) -> list[str]:  # noqa: D102
        return []

    def strings(self, resource: int) -> list[str]:  # noqa: D102
        return []

    def name(self, resource: int) -> str:  # noqa: D102
        return ""

    def identifier(self, name: str, kind: str) -> int:  # noqa: D102
        return 0

    def file(self, resource: int) -> bytes | None:  # noqa: D102
        return None

    def asset(self, path: str) -> bytes | None:  # noqa: D102
        return None

    def assets(self) -> list[str]:  # noqa: D102
        return []

    def views(self, resource: int) -> list[LayoutView]:  # noqa: D102
        return []

    def view_tags(self, wanted: Callable[[str], bool]) -> Iterable[str]:  # noqa: D102
        return ()

    def native_strings(self) -> list[str]:  # noqa: D102
        return []


class Place(msgspec.Struct, frozen=True, order=True):
    """A place in the code."""

    dex: str
    method: str
    """``Lpackage/Class;->name(arguments)return``."""
    offset: int
    """Of the instruction, bytes from the start of the DEX file."""


class Call(msgspec.Struct, frozen=True):
    """One call of a framework (or kit) method, as the code makes it."""

    api: str
    """``Lpackage/Class;->name(arguments)return`` of the method called."""
    at: Place
    args: tuple[Constant, ...] = ()
    """Constants that reach the arguments (without the receiver); U+FFFC stands for unknown parts."""
    reachable: bool = True
    library: bool = False
    """Whether the calling code belongs to a kit."""


class CodeString(msgspec.Struct, frozen=True):
    """A string in the code, or one that the code computes."""

    value: str
    at: Place
    hidden: str | None = None
    """How it was computed: ``base64``, ``xor`` …; None for one in plain sight."""
    reachable: bool = True
    library: bool = False


class CodeClass(msgspec.Struct, frozen=True):
    """A class that the app brings."""

    name: str
    """Descriptor, ``Lpackage/Class;``."""
    super_class: str
    interfaces: tuple[str, ...] = ()
    dex: str = ""
    library: bool = False
    reachable: bool = False
    """Whether one of its methods is."""


class SourceUse(msgspec.Struct, frozen=True):
    """A place where code takes personal data, whether or not it goes anywhere."""

    data: DataCategory
    api: str
    at: Place
    reachable: bool = True
    library: bool = False
    note: str = ""
    """What told the category: URI, hint, key name."""


class EntryPoint(msgspec.Struct, frozen=True):
    """A method that Android (or a page, or native code) calls."""

    method: str
    component: str
    """Dotted name of the component, or of the class for callbacks."""
    kind: str


class CodeFacts(msgspec.Struct, frozen=True):
    """All that rules may ask about code."""

    version: int = FACTS_VERSION
    classes: tuple[CodeClass, ...] = ()
    calls: tuple[Call, ...] = ()
    strings: tuple[CodeString, ...] = ()
    sources: tuple[SourceUse, ...] = ()
    flows: tuple[Flow, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    entry_points: tuple[EntryPoint, ...] = ()
    methods: int = 0
    """Methods with code."""
    methods_reachable: int = 0
    instructions: int = 0
    method_refs: int = 0
    invokes: int = 0
    limits: tuple[str, ...] = ()
    """Budgets that ran out, so that more may be there than is told."""
    missing_components: tuple[str, ...] = ()
    """Components of the manifest with no class in any DEX file."""
    sketch: bytes = b""
    """Sketch of the app's own code (:mod:`~rogue_scan.apk.code.sketch`); empty where there is too little."""
