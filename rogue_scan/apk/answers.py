"""What the code analysis may ask about the rest of the package."""

import functools
from collections.abc import Callable, Iterable, Sequence

from rogue_scan.apk import address, axml
from rogue_scan.apk.code.types import LayoutView
from rogue_scan.apk.difference import short
from rogue_scan.apk.facts import NativeLibrary
from rogue_scan.apk.layouts import Layouts
from rogue_scan.apk.resources import Table


class PackageResources:
    """What the code analysis may ask about the package (``rogue_scan.apk.code.types.Resources``)."""

    def __init__(
        self,
        file: Callable[[str], bytes | None],
        names: Sequence[str],
        table: Table | None,
        libraries: tuple[NativeLibrary, ...],
    ) -> None:
        self._file, self._names, self._table, self._libraries = file, names, table, libraries

    def string(self, resource: int) -> str | None:
        """The text of a string resource in the default language."""
        return self._table.text(resource) if self._table else None

    def texts(self, resource: int) -> list[str]:
        """A string resource in all languages, the default first."""
        return [short(text) for text in self._table.texts(resource).values()] if self._table else []

    def strings(self, resource: int) -> list[str]:
        """The items of a string-array resource."""
        if self._table is None:
            return []
        return [
            (self._table.text(v.data) or "") if v.kind == axml.REFERENCE else v.text
            for v in self._table.array(resource)
        ]

    def name(self, resource: int) -> str:
        """The entry name of a resource id."""
        return self._table.name(resource) if self._table else ""

    def identifier(self, name: str, kind: str) -> int:
        """The resource id of a name and a type; 0 where unknown."""
        return self._table.identifier(name, kind) if self._table else 0

    def file(self, resource: int) -> bytes | None:
        """The content of a raw or XML resource."""
        path = self._table.text(resource) if self._table else None
        return self._file(path) if path and "/" in path else None

    def asset(self, path: str) -> bytes | None:
        """The content of ``assets/PATH``."""
        return self._file(f"assets/{path}")

    def assets(self) -> list[str]:
        """The paths of all assets."""
        return [name.removeprefix("assets/") for name in self._names if name.startswith("assets/")]

    def native_strings(self) -> list[str]:
        """Strings of all native libraries that look like endpoints."""
        return [s.value for library in self._libraries for s in library.strings if address.find(s.value)]

    def views(self, resource: int) -> list[LayoutView]:
        """All views of that id in all layouts."""
        return self._layouts.with_id(resource) if self._layouts else []

    def view_tags(self, wanted: Callable[[str], bool]) -> Iterable[str]:
        """Element names that are ``wanted``, of views with an id or an input type in all layouts."""
        return self._layouts.tags(wanted) if self._layouts else ()

    @functools.cached_property
    def _layouts(self) -> Layouts | None:
        return Layouts(self._file, self._table) if self._table else None
