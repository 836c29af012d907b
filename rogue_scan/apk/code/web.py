"""Pages that an app brings: what their forms ask for, and what they hand to a bridge."""

import re

import msgspec

from rogue_scan.apk.code import personal

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
        given = argument
        for name in re.findall(r"(?<![.\w'\"])[A-Za-z_$][\w$]{0,40}\b(?!\s*[(.\[])", argument):
            assigned = re.search(rf"\b{re.escape(name)}\s*=(?!=)\s*([^;\n]{{1,300}})", page)
            if assigned:
                given += " " + assigned.group(1)
        found.append(_said(given, by_name))
    return found


def _said(script: str, by_name: dict[str, frozenset[str]]) -> frozenset[str]:
    """What an expression of a script holds: fields of the page it names, selectors, keys."""
    kinds: frozenset[str] = frozenset()
    for name in re.findall(r"[\w\-]{1,60}", script):
        kinds |= by_name.get(name, frozenset())
    for name in re.findall(r"['\"]([^'\"]{1,60})['\"]|\b([A-Za-z_]\w{1,40})\s*:", script):
        kinds |= personal.categories((name[0] or name[1]).strip("#.[]"))
    if re.search(r"type\W{1,6}password", script):
        kinds |= {"account-password"}
    return kinds


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
