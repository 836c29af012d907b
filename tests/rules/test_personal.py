import pytest

from rogue_scan.errors import RuleError
from rogue_scan.rules import personal
from rogue_scan.rules.personal import Terms, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("phoneNumber", ["phone", "number"]),
        ("IDCard", ["id", "card"]),
        ("user_e-mail", ["user", "e", "mail"]),
        ("Teléfono Móvil", ["telefono", "movil"]),
        ("STRASSE/Straße", ["strasse", "strasse"]),
        ("फ़ोन नंबर", ["फ़ोन", "नंबर"]),  # vowel signs belong to their letters
        ("رَقْم", ["رقم"]),  # vowel marks are left out in writing
        ("", []),
    ],
)
def test_words_of_a_name(text, words) -> None:
    assert words_of(text) == [word for part in words for word in words_of(part)]
    assert len(words_of(text)) == len(words)


TERMS = Terms(
    [("sms", "code"), ("account-password", "password"), ("bank-account", "card password"), ("sms", "验证码"),
     ("phone-number", "验证码 手机"), ("bank-account", "카드 번호")],
    glued=True,
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("password", {"account-password"}),
        ("card password", {"bank-account"}),
        ("cardpassword", {"bank-account"}),
        ("card password and password", {"bank-account", "account-password"}),
        ("请输入验证码", {"sms"}),
        ("验证码手机", {"phone-number"}),
        ("카드번호를", {"bank-account"}),
        ("passwords", set()),
        ("decode", set()),
    ],
)
def test_the_longest_term_wins(text, kinds) -> None:
    assert TERMS.kinds(words_of(text)) == kinds


def test_terms_are_glued_only_where_wanted() -> None:
    assert Terms([("bank-account", "card number")]).kinds(["cardnumber"]) == frozenset()


def test_every_list_is_read() -> None:
    languages = {table.language for table in personal.tables()}
    assert {"en", "zh", "de", "es", "fr", "pt", "ru", "ar", "hi", "ja"} <= languages
    terms = Terms(personal.pairs())
    lost = [(kind, term) for kind, term in personal.pairs() if kind not in terms.kinds(words_of(term))]
    assert lost == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("language: xx\nterms: {pets: [dog]}", "terms.pets"),
        ("language: xx\nwords: {}", "words"),
        ("language: xx\nterms: {sms: code}", "Expected"),
    ],
)
def test_a_list_that_is_wrong(text, wrong, tmp_path, monkeypatch) -> None:
    folder = tmp_path / "wifi" / "_personal"
    folder.mkdir(parents=True)
    (folder / "xx.yml").write_text(text)
    monkeypatch.setattr(personal, "builtin", lambda: tmp_path)
    with pytest.raises(RuleError, match=wrong):
        personal.tables.__wrapped__()
