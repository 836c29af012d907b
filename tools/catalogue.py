"""Brings the catalogues of fixed texts up to date: ``python tools/catalogue.py``.

Collects what code and templates mark with ``t(…)`` and ``N_(…)``, adds new texts to every ``.po`` file
(untranslated, to be filled in by hand), drops those that are gone, and compiles the ``.mo`` files. Needs
Babel (extra ``dev``).
"""

import io
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir, extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from rogue_scan.texts import DOMAIN, LOCALES

PACKAGE = LOCALES.parents[1]
KEYWORDS = {"t": None, "N_": None}
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2.ext:babel_extract")]


def collect() -> Catalog:
    """All texts that the sources mark, in the order of their files."""
    catalog = Catalog(charset="utf-8", fuzzy=False)
    found = list(extract_from_dir(PACKAGE / "render", METHODS, keywords=KEYWORDS))
    for name in ("texts.py", "incident.py"):
        found += [
            (name, *message) for message in extract_from_file("python", PACKAGE / name, keywords=KEYWORDS)
        ]
    for _, _, message, _, _ in sorted(found, key=lambda item: (item[0], item[1])):
        catalog.add(message)
    return catalog


def read(path: Path) -> Catalog:
    """The catalogue in a ``.po`` file."""
    with path.open("rb") as file:
        return read_po(file)


def compiled(catalog: Catalog) -> bytes:
    """Bytes of the ``.mo`` file."""
    out = io.BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def main() -> None:
    """Update and compile every catalogue."""
    template = collect()
    for path in LOCALES.glob(f"*/LC_MESSAGES/{DOMAIN}.po"):
        old = read(path)
        new = Catalog(
            locale=path.parent.parent.name, charset="utf-8", fuzzy=False, header_comment=f"# {DOMAIN}"
        )
        new.revision_date = new.creation_date = old.creation_date
        for message in template:
            if message.id:
                known = old.get(message.id)
                new.add(message.id, known.string if known else "")
        with path.open("wb") as file:
            write_po(file, new, width=100)
        path.with_suffix(".mo").write_bytes(compiled(new))


if __name__ == "__main__":
    main()
