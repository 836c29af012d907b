"""One escape function per output: every string from the air or from an app passes one of these.

They all begin with :func:`visible`, which makes inert what acts on people's eyes and terminals, and
then protect what acts in the output at hand.
"""

import re
import unicodedata

LONGEST = 240
"""Characters shown of one name or value; the JSON report has the rest."""

_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_INVISIBLE = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200d\u2028\u2029\u2060-\u2064\u206a-\u206f"
)
_REST = "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U000e0000-\U000e0fff"
_ACTIVE = f"\x00-\x1f\x7f-\x9f\ud800-\udfff{_BIDI}{_INVISIBLE}{_REST}"
_UNSAFE = re.compile(f"[{_ACTIVE}]")
_UNSAFE_IN_PROSE = re.compile(f"(?!\n)[{_ACTIVE}]")
_UNSAFE_IN_JSON = re.compile(f"(?![\n\ud800-\udfff])[{_ACTIVE}]")
_MANY_MARKS = re.compile(
    r"([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{3})"
    r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~&$^])")
_MARKDOWN_START = re.compile(r"^(\s*\d{0,9})(?=[-+=.)])")
_AUTOLINK = re.compile(r"(?i)\.(?=[^\W\d_])|/(?=/)|(?<=/)/|(?<=mailto):|(?<=xmpp):|:(?=//)")
_NAMES = re.compile(
    r"((?:[0-9a-f]{2}:){5}[0-9a-f]{2}|https?://[!-_a-z~]+|\b[\w-]+(?:\.[\w-]+){2,}|\b[\w-]+\.[^\W\d_]{2,}\b)"
)
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def visible(text: str, *, prose: bool = False) -> str:
    """``text`` with control, bidi and invisible characters written out as escapes.

    ``prose`` keeps line breaks. Piles of combining marks, which draw over the neighbouring lines, are
    cut after the third.
    """
    if text.isascii() and text.isprintable():
        return text
    text = (_UNSAFE_IN_PROSE if prose else _UNSAFE).sub(_written, text)
    return _MANY_MARKS.sub(r"\1", text)


def _written(match: "re.Match[str]") -> str:
    code = ord(match[0])
    named = {9: r"\t", 10: r"\n", 13: r"\r"}.get(code)
    if named:
        return named
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def cut(text: str, longest: int = LONGEST) -> str:
    """``text``, shortened to ``longest`` characters with a note of the full length."""
    if len(text) <= longest:
        return text
    return f"{text[: longest - 1]}… ({len(text)} characters)"


def terminal(text: str, longest: int = LONGEST) -> str:
    """For one line on a terminal. Give the result to rich as ``Text``, never as markup."""
    return visible(cut(text, longest))


def html(text: str, *, prose: bool = False) -> str:
    """For HTML before the template engine's own escaping, which is always on."""
    return visible(cut(text, 6000 if prose else LONGEST), prose=prose)


def markdown(text: str, longest: int = 4000) -> str:
    """For running text in Markdown: no markup, link, mention or HTML comes out of it.

    Addresses, hosts and class names in it become code spans, which reads better and links nothing.
    """
    parts = _NAMES.split(visible(cut(text, longest), prose=True).replace("\n", " "))
    return "".join(
        markdown_code(part) if index % 2 else _plain(part, index) for index, part in enumerate(parts)
    )


def _plain(text: str, index: int) -> str:
    text = _MARKDOWN.sub(r"\\\1", text)
    text = _AUTOLINK.sub(r"\\\g<0>", text)
    if index == 0:
        text = _MARKDOWN_START.sub(r"\1\\", text)  # else a line could begin a list or underline a title
    return text.replace("@", "@<!-- -->")


def markdown_code(text: str, *, table: bool = False, longest: int = LONGEST) -> str:
    """A name or value as a code span, in which Markdown finds neither links nor mentions."""
    text = visible(cut(text, longest))
    if table:
        text = text.replace("|", r"\|")
    if not text.strip():
        text = text or "(empty)"
    runs = [len(run) for run in re.findall(r"`+", text)]
    fence = "`" * (max(runs, default=0) + 1)
    pad = " " if text[0] == "`" or text[-1] == "`" else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def csv(text: str) -> str:
    """For a cell of a table that a spreadsheet may open: never a formula."""
    text = visible(cut(text, 4000))
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text


def xml(text: str, longest: int = 4000) -> str:
    """For XML before the serialiser's own escaping: only characters that XML 1.0 allows."""
    return visible(cut(text, longest), prose=True)


def json(text: str) -> str:
    """For a finished JSON document: what a terminal or an eye would act on becomes an escape.

    Nothing is lost: outside of strings JSON has none of these characters.
    """
    return _UNSAFE_IN_JSON.sub(_json_written, text)


def _json_written(match: "re.Match[str]") -> str:
    code = ord(match[0])
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


def whole(text: str) -> str:
    """``text`` without lone surrogates, which no UTF-8 output can carry (code of apps has them)."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def uri(text: str) -> str:
    """``text`` as a relative URI reference, every byte outside the unreserved set percent-encoded."""
    return "".join(
        character if character.isascii() and (character.isalnum() or character in "-._~/")
        else "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "replace"))
        for character in unicodedata.normalize("NFC", whole(cut(text)))
    ).lstrip("/")  # fmt: skip
