"""Pages and scripts that an app brings: what their forms ask for, and what their scripts send."""

import re
from collections.abc import Iterator

import msgspec

from rogue_scan.apk.code import personal
from rogue_scan.apk.code.endpoints import URL
from rogue_scan.apk.code.models import Models

MAX_PAGE = 1 << 18
_TAG = re.compile(r"<(input|textarea|select)\b([^>]{0,1000})>", re.I)
_ATTRIBUTE = re.compile(r"([\w\-]+)\s*=\s*(?:\"([^\"]{0,200})\"|'([^']{0,200})'|([^\s\"'>]{1,200}))")
_MARKUP = re.compile(r"<[^>]{0,1000}>")
_TYPES = {"password": "account-password", "tel": "phone-number"}
_HANDLED = frozenset(
    {"hidden", "submit", "button", "checkbox", "radio", "image", "reset", "file", "range", "color"}
)


class Field(msgspec.Struct, frozen=True):
    """One input field of a page."""

    names: tuple[str, ...]
    kinds: frozenset[str]


def fields(page: str) -> list[Field]:
    """The input fields of a page, with what each asks for."""
    page = page[:MAX_PAGE]
    found = []
    last = 0
    for match in _TAG.finditer(page):
        attributes = {
            m.group(1).lower(): m.group(2) or m.group(3) or m.group(4) or ""
            for m in _ATTRIBUTE.finditer(match.group(2))
        }
        before = _MARKUP.sub("\n", page[max(last, match.start() - 200) : match.start()]).strip()
        last = match.end()
        if attributes.get("type", "").lower() in _HANDLED:
            continue
        names = tuple(attributes[key] for key in ("name", "id") if attributes.get(key))
        kinds: frozenset[str] = frozenset()
        label = before.rsplit("\n", 1)[-1].strip() if before else ""
        for said in (*names, attributes.get("placeholder", ""), attributes.get("aria-label", ""), label):
            if said:
                kinds |= personal.categories(said)
        by_type = _TYPES.get(attributes.get("type", "").lower())
        if by_type and not kinds:
            kinds = frozenset({by_type})
        found.append(Field(names, kinds))
        if len(found) >= 200:
            break
    return found


def handed_over(page: str, bridge: str, method: str) -> list[frozenset[str]] | None:
    """What each argument of a page's call to a bridge holds; None where the page makes no such call."""
    page = page[:MAX_PAGE]
    match = re.search(rf"\b{re.escape(bridge)}\s*\.\s*{re.escape(method)}\s*\(", page)
    if match is None:
        return None
    by_name = {name: field.kinds for field in fields(page) for name in field.names}
    found = []
    for argument in _arguments(page, match.end()):
        kinds: frozenset[str] = frozenset()
        for name in re.findall(r"[\w\-]{1,60}", argument):
            kinds |= by_name.get(name, frozenset())
        found.append(kinds)
    return found


def _arguments(text: str, at: int) -> list[str]:
    depth, start, found = 0, at, []
    for i in range(at, min(len(text), at + 2000)):
        char = text[i]
        if char in "([{":
            depth += 1
        elif char in ")]}":
            if depth == 0:
                found.append(text[start:i])
                break
            depth -= 1
        elif char == "," and depth == 0:
            found.append(text[start:i])
            start = i + 1
    return [argument for argument in found if argument.strip()]


class WebFlow(msgspec.Struct, frozen=True):
    """Data that a script of the app takes and sends."""

    data: str
    url: str | None
    offset: int
    sent: int


def script_flows(script: str, models: Models) -> Iterator[WebFlow]:
    """Data that a script takes from a plug-in and sends, as far as both stand close together.

    A source counts where a sending call lies in the function that receives its result (or in one
    that this function calls by name).
    """
    script = script[: 1 << 20]
    functions = _functions(script)
    for category, names in models.web_sources.items():
        for name in names:
            for match in re.finditer(re.escape(name), script):
                for begin, end in _scopes(script, match.end(), functions):
                    for sink in models.web_sinks:
                        at = script.find(sink, begin, end)
                        if at >= 0:
                            yield WebFlow(
                                category.value, _url_near(script, at, begin, end), match.start(), at
                            )


def _functions(script: str) -> dict[str, tuple[int, int]]:
    found = {}
    for match in re.finditer(
        r"function\s+(\w+)\s*\(|(?:var|let|const)?\s*([\w.]+)\s*=\s*(?:async\s*)?function\b[^(]*\(|(?:const|let|var)\s+(\w+)\s*=\s*(?:async\s*)?(?:\([^)]{0,200}\)|\w+)\s*=>\s*\{",
        script,
    ):
        brace = script.find("{", match.end() - 1)
        if brace >= 0:
            name = next(g for g in match.groups() if g)
            found[name.rsplit(".", 1)[-1]] = (brace, _close(script, brace))
        if len(found) >= 2000:
            break
    return found


def _close(script: str, brace: int) -> int:
    depth = 0
    for i in range(brace, min(len(script), brace + 20_000)):
        if script[i] in "{(":
            depth += 1
        elif script[i] in "})":
            depth -= 1
            if depth <= 0:
                return i + 1
    return min(len(script), brace + 20_000)


def _scopes(script: str, at: int, functions: dict[str, tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The arguments of the call at a place, what follows in ``.then(…)``, and the functions named there."""
    end = _statement_end(script, at)
    seen = {(at, end)}
    queue = [(at, end)]
    # `await` and plain assignments: the rest of the enclosing function.
    before = script[max(0, at - 80) : at]
    if re.search(r"(?:await\s+|=\s*)[\w.\s]*$", before):
        enclosing = [span for span in functions.values() if span[0] <= at < span[1]]
        if enclosing:
            inner = max(enclosing)
            queue.append((at, inner[1]))
    while queue and len(seen) < 24:
        begin, stop = queue.pop(0)
        yield begin, stop
        for name in set(re.findall(r"\b([A-Za-z_$]\w*)\b", script[begin:stop])):
            span = functions.get(name)
            if span is not None and span not in seen and not span[0] <= begin < span[1]:
                seen.add(span)
                queue.append(span)


def _statement_end(script: str, at: int) -> int:
    depth = 0
    for i in range(at, min(len(script), at + 10_000)):
        char = script[i]
        if char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
            if depth < 0:
                return i
        elif char == ";" and depth == 0:
            return i
    return min(len(script), at + 10_000)


def _url_near(script: str, at: int, begin: int, end: int) -> str | None:
    """The address of a sending call: in its arguments, else in the scope, else a constant it names."""
    for low, high in ((at, min(end, at + 400)), (begin, end)):
        match = URL.search(script, low, high)
        if match:
            return match.group(0).rstrip(",;)")
    for name in re.findall(r"\b([A-Za-z_$][\w$]*)\b", script[at : min(end, at + 300)]):
        match = re.search(rf"\b{re.escape(name)}\s*[:=]\s*['\"`]({URL.pattern})", script, re.I)
        if match:
            return match.group(1)
    match = URL.search(script)
    return match.group(0).rstrip(",;)") if match else None
