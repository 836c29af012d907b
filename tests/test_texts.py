"""Catalogues are complete, current, and keep the fields of their templates."""

import importlib.util
import io
import string
from pathlib import Path

import pytest
from babel.messages.mofile import read_mo

from rogue_scan.texts import DOMAIN, LOCALES, SIGNATURES, languages, translator

TOOL = Path(__file__).parents[1] / "tools" / "catalogue.py"
LEAST_SIGNATURES = 0.95
"""Share of texts of signature files that must be translated; new rules may be a little ahead."""


@pytest.fixture(scope="module")
def catalogue():
    spec = importlib.util.spec_from_file_location("catalogue", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def fields(template):
    try:
        return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}
    except ValueError:
        return set()


def test_english_needs_no_catalogue():
    assert translator("en")("Findings") == "Findings"
    assert translator("xx")("Findings") == "Findings"


@pytest.mark.parametrize("name", ["zh_CN", "zh-CN", "zh", "zh_CN.UTF-8"])
def test_a_language_is_found_however_it_is_written(name):
    assert translator(name)("Findings") == "发现"


def test_languages():
    assert languages() == ["en", "zh_CN"]


@pytest.mark.parametrize("language", languages()[1:])
def test_fixed_texts_are_complete(catalogue, language):
    have = catalogue.read(LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.po")
    wanted = catalogue.collect(DOMAIN)
    assert catalogue.missing(wanted, have) == [], "run: python tools/catalogue.py"
    assert {message.id for message in have} == {message.id for message in wanted}


@pytest.mark.parametrize("language", languages()[1:])
def test_texts_of_signatures_are_complete(catalogue, language):
    have = catalogue.read(LOCALES / language / "LC_MESSAGES" / f"{SIGNATURES}.po")
    wanted = catalogue.collect(SIGNATURES)
    missing = catalogue.missing(wanted, have)
    assert len(missing) <= (1 - LEAST_SIGNATURES) * len(wanted), missing[:20]


def texts(compiled):
    """Translations in a ``.mo`` file, without its head, which names the version of Babel."""
    return {message.id: message.string for message in read_mo(io.BytesIO(compiled)) if message.id}


@pytest.mark.parametrize("domain", [DOMAIN, SIGNATURES])
@pytest.mark.parametrize("language", languages()[1:])
def test_fields_are_kept_and_the_compiled_file_is_current(catalogue, language, domain):
    path = LOCALES / language / "LC_MESSAGES" / f"{domain}.po"
    have = catalogue.read(path)
    for message in have:
        if message.id and message.string:
            assert fields(message.string) == fields(message.id), message.id
    shipped = texts(path.with_suffix(".mo").read_bytes())
    assert shipped == texts(catalogue.compiled(have)), "run: python tools/catalogue.py"
