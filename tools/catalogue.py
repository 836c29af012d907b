"""Brings the catalogues of texts up to date: ``python tools/catalogue.py``.

Collects what code and templates mark with ``t(…)`` and ``N_(…)``, and the texts of signature files; adds
new ones to every ``.po`` file (untranslated, to be filled in by hand), drops those that are gone,
compiles the ``.mo`` files, and prints what is not translated. Needs Babel (extra ``test``).
"""

import io
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir, extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from rogue_scan.life import translate
from rogue_scan.rules.load import load
from rogue_scan.texts import DOMAIN, LOCALES, SIGNATURES

PACKAGE = LOCALES.parents[1]
KEYWORDS = {"t": None, "N_": None}
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2.ext:babel_extract")]


def collect(domain: str) -> Catalog:
    """All texts of a domain, each once."""
    catalog = Catalog(charset="utf-8", fuzzy=False)
    if domain == SIGNATURES:
        for rule in load():
            for text in translate.texts_of(rule):
                if text:
                    catalog.add(text, auto_comments=[rule.rule])
        for text in translate.values():
            catalog.add(text)
        return catalog
    found = list(extract_from_dir(PACKAGE / "render", METHODS, keywords=KEYWORDS))
    for name in ("texts.py", "story.py"):
        found += [
            (name, *message) for message in extract_from_file("python", PACKAGE / name, keywords=KEYWORDS)
        ]
    for _, _, message, _, _ in sorted(found, key=lambda item: (item[0], item[1])):
        catalog.add(message)
    return catalog


def read(path: Path) -> Catalog:
    """The catalogue in a ``.po`` file; an empty one where there is none."""
    if not path.exists():
        return Catalog(charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file)


def compiled(catalog: Catalog) -> bytes:
    """Bytes of the ``.mo`` file."""
    out = io.BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def missing(wanted: Catalog, have: Catalog) -> list[str]:
    """Texts without translation."""
    texts = [message.id for message in wanted if message.id]
    return [text for text in texts if (known := have.get(text)) is None or not known.string]


def main() -> None:
    """Update and compile every catalogue."""
    for domain in (DOMAIN, SIGNATURES):
        template = collect(domain)
        for folder in LOCALES.glob("*/LC_MESSAGES"):
            path = folder / f"{domain}.po"
            old = read(path)
            new = Catalog(
                locale=folder.parent.name,
                charset="utf-8",
                fuzzy=False,
                header_comment=f"# {DOMAIN}, {domain}",
            )
            new.creation_date = new.revision_date = old.creation_date
            for message in template:
                if message.id:
                    known = old.get(message.id)
                    new.add(message.id, known.string if known else "", auto_comments=message.auto_comments)
            with path.open("wb") as file:
                write_po(file, new, width=100)
            path.with_suffix(".mo").write_bytes(compiled(new))
            for text in missing(template, new):
                print(f"{path.name}: {text!r}")


if __name__ == "__main__":
    main()
