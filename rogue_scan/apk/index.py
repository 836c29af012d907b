"""The facts of one app, made quick to ask: by name, by class, by place."""

import functools
import re

from rogue_scan.apk import endpoint_facts
from rogue_scan.apk.code.types import Call, CodeClass, Place
from rogue_scan.apk.facts import AppFacts
from rogue_scan.apk.manifest import Component
from rogue_scan.model.subject import Endpoint, Flow

OUTSIDE = frozenset(
    {"resource", "string resource", "manifest meta-data", "file in the package", "native library"}
)
"""Ways of keeping an endpoint out of the code that builds use for configuration as well."""

JOINED = frozenset({"format", "joined", "part of a text", "split", "text put together from pieces"})
"""Ways of putting an address together that ordinary code knows, too."""


class Index:
    """The facts of one app, made quick to ask."""

    def __init__(self, facts: AppFacts) -> None:
        self.facts = facts
        self.manifest = facts.manifest
        self.code = facts.code
        self.flows = facts.flows
        self.endpoints = tuple(endpoint_facts.remarked(endpoint) for endpoint in facts.endpoints)
        self.components: dict[str, Component] = {c.name: c for c in self.manifest.components}
        self._classes: dict[str, CodeClass] = {c.name: c for c in self.code.classes}
        self.calls_by_name: dict[str, list[Call]] = {}
        for call in self.code.calls:
            self.calls_by_name.setdefault(method_name(call.api), []).append(call)

    @functools.cached_property
    def sources_by_place(self) -> dict[Place, str]:
        """API that takes data, by place."""
        return {source.at: source.api for source in self.code.sources}

    @functools.cached_property
    def ends(self) -> dict[str, list[Endpoint]]:
        """Endpoints by host, and by host and port."""
        ends: dict[str, list[Endpoint]] = {}
        for endpoint in self.endpoints:
            host = endpoint_facts.host_of(endpoint.host or endpoint.value)
            for key in {host, endpoint.value.lower(), endpoint.value.lower().split("://")[-1].split("/")[0]}:
                ends.setdefault(key, []).append(endpoint)
        return ends

    @functools.cached_property
    def _plain_addresses(self) -> str:
        """All texts in plain sight that could name an address or begin one, one a line."""
        return "\n".join(s.value.lower() for s in self.code.strings if s.hidden is None and "://" in s.value)

    def assembled(self, endpoint: Endpoint) -> bool:
        """Whether a URL of the code stands nowhere in it whole, nor even its beginning up to ``://``.

        Ordinary code adds a path to ``https://host`` or a host to ``https://``; code that keeps even the
        scheme apart cannot be found by looking for addresses.
        """
        if endpoint.hidden is not None and not set(endpoint.hidden.split(", ")) <= JOINED:
            return False  # hidden in a stronger way
        scheme, separator, rest = endpoint.value.lower().partition("://")
        if not separator or endpoint.kind != "url" or not any(where.dex for where in endpoint.where):
            return False
        start = f"{scheme}://"
        host = endpoint_facts.host_of(rest)
        texts = self._plain_addresses
        return start + host not in texts and not f"{texts}\n".count(f"{start}\n")

    @functools.cached_property
    def _plain_texts(self) -> str:
        return "\n".join(s.value.lower() for s in self.code.strings if s.hidden is None and "." in s.value)

    def concealed(self, endpoint: Endpoint) -> bool:
        """Whether code, native or not, hides an endpoint from whoever reads its strings.

        An address outside the code is no secret (:data:`OUTSIDE`), nor is one that is joined from parts one
        of which shows the registered name: ``eu`` and ``.api.shop.example``.
        """
        if endpoint.hidden is None:
            return False
        how = set(endpoint.hidden.split(", "))
        if how <= OUTSIDE:
            return False
        name = endpoint_facts.registrable(endpoint_facts.host_of(endpoint.host or endpoint.value))
        return not (how <= JOINED and name in self._plain_texts)

    def kin(self, endpoint: Endpoint) -> bool:
        """Whether the registered part of a host shares a word of four letters or more with the package name.

        Most services are called like their app. So are many traps, so this is a hint and no more.
        """
        host = endpoint_facts.registrable(endpoint_facts.host_of(endpoint.host or endpoint.value))
        words = {word for word in re.split(r"[^a-z0-9]+", self.manifest.package.lower()) if len(word) > 3}
        name = re.sub(r"[^a-z0-9]", "", host.partition(".")[0])
        return any(word in name for word in words)

    @functools.cached_property
    def calls_by_class(self) -> dict[str, set[str]]:
        """APIs called, by outermost class of the caller."""
        found: dict[str, set[str]] = {}
        for call in self.code.calls:
            found.setdefault(outermost(class_of(call.at.method)), set()).add(call.api)
        return found

    @functools.cache  # noqa: B019 (an Index lives as long as one app's rules run)
    def ancestors(self, name: str) -> frozenset[str]:
        """All superclasses and interfaces of a class, its own name included, as far as the app tells."""
        seen: set[str] = set()
        todo = [name]
        while todo:
            current = todo.pop()
            if current in seen:
                continue
            seen.add(current)
            known = self._classes.get(current)
            if known:
                todo += [known.super_class, *known.interfaces]
        return frozenset(seen)

    def roles(self, component: str) -> tuple[str, ...]:
        """Kind and role of a component by its dotted name; ``callback`` for any other class."""
        found = self.components.get(component) or self.components.get(component.split("$")[0])
        if found is None:
            return ("application",) if component == self.manifest.application else ("callback",)
        return (found.kind, found.role) if found.role else (found.kind,)

    def end_of(self, flow: Flow) -> list[Endpoint]:
        """What is known about the endpoint of a flow."""
        if not flow.endpoint:
            return []
        end = flow.endpoint.lower()
        return (
            self.ends.get(end)
            or self.ends.get(endpoint_facts.host_of(end))
            or [endpoint_facts.remarked(Endpoint(flow.endpoint))]
        )


def pretty(method: str) -> str:
    """``Lpackage/Class;->name(…)…`` as ``package.Class.name``."""
    owner, arrow, rest = method.partition("->")
    return f"{dotted(owner)}.{rest.partition('(')[0]}" if arrow else method


def method_name(method: str) -> str:
    """Name of a method out of its full signature."""
    return method.partition("->")[2].partition("(")[0]


def class_of(method: str) -> str:
    """Descriptor of the class that a method stands in."""
    return method.partition("->")[0]


def dotted(descriptor: str) -> str:
    """A class descriptor as people write it."""
    return (
        descriptor[1:-1].replace("/", ".") if descriptor[:1] == "L" and descriptor[-1:] == ";" else descriptor
    )


def descriptor(dotted: str) -> str:
    """The descriptor of a dotted class name."""
    return f"L{dotted.replace('.', '/')};"


def outer(name: str) -> str:
    """The class around an inner class, itself if there is none."""
    inside, dollar, _ = name.rpartition("$")
    return f"{inside};" if dollar and inside and not inside.endswith("/") else name


def outermost(name: str) -> str:
    """The class that stands around all others of this source file."""
    return f"{name.partition('$')[0].rstrip(';')};" if "$" in name[2:] else name
