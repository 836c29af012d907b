# ruff: noqa: E501  (a table of words)
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rogue_scan.model.data import DataCategory
from rogue_scan.wifi.net import personal
from rogue_scan.wifi.net.html import Field

WORDS = {
    "identity-number": ["id_number", "idCardNo", "passport no.", "身份证号码", "Ausweisnummer", "número de documento", "numéro de carte d’identité", "CPF", "номер паспорта", "رقم الهوية", "आधार नंबर", "マイナンバー"],
    "phone-number": ["phone", "mobileNumber", "手机号", "Handynummer", "celular", "Téléphone", "telemóvel", "номер телефона", "رقم الجوال", "मोबाइल नंबर", "電話番号"],
    "account-password": ["password", "userPwd", "密码", "Kennwort", "contraseña", "mot de passe", "senha", "пароль", "كلمة المرور", "पासवर्ड", "パスワード"],
    "bank-account": ["card_number", "CVV", "银行卡号", "Kreditkartennummer", "número de tarjeta", "numéro de carte", "número do cartão", "номер карты", "بطاقة الائتمان", "कार्ड नंबर", "クレジットカード番号"],
    "sms": ["sms_code", "otp", "验证码", "Bestätigungscode", "código de verificación", "code de vérification", "código de verificação", "код подтверждения", "رمز التحقق", "ओटीपी", "認証コード"],
    "home-address": ["street address", "家庭住址", "Anschrift", "domicilio", "code postal", "endereço", "домашний адрес", "العنوان", "पता", "住所"],
}  # fmt: skip


@pytest.mark.parametrize(("kind", "word"), [(kind, word) for kind, words in WORDS.items() for word in words])
def test_names_in_many_languages(kind: str, word: str) -> None:
    assert personal.of_text(word) - personal.PLAIN == {kind}


@pytest.mark.parametrize(
    "word", ["room", "voucher", "csrf_token", "q", "color", "spin", "company", "lang", "Zimmer"]
)
def test_innocent_names(word: str) -> None:
    assert personal.of_text(word) == frozenset()


def test_the_longer_term_wins() -> None:
    assert personal.of_text("银行卡密码") >= {"bank-account"}
    assert personal.of_text("card password") == {"bank-account"}


def test_a_field_is_told_by_name_then_label_then_type() -> None:
    assert personal.of_field(Field("f1", label="Passport number")) == {"identity-number"}
    assert personal.of_field(Field("x", type="password")) == {"account-password"}
    assert personal.of_field(Field("x", autocomplete="section-a cc-number")) == {"bank-account"}
    assert personal.of_field(Field("phone", type="hidden")) == frozenset()


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("bank-account", "4111 1111 1111 1111"),
        ("bank-account", "DE89 3704 0044 0532 0130 00"),
        ("identity-number", "11010519491231002X"),
        ("identity-number", "12345678Z"),
        ("identity-number", "529.982.247-25"),
        ("identity-number", "112-233-445 95"),
        ("bank-account", "6222-0212-3456-7894"),
        ("phone-number", "+49 170 1234567"),
        ("phone-number", "13800138000"),
        ("e-mail", "someone@example.org"),
    ],
)
def test_values_by_their_shape(kind: str, value: str) -> None:
    assert personal.of_value(value) == {kind}


@pytest.mark.parametrize(
    "value", ["4111 1111 1111 1112", "110105194912310021", "12345678A", "1234567890", "hello", "2026-01-01"]
)
def test_numbers_with_wrong_check_digits_are_nothing(value: str) -> None:
    assert personal.of_value(value) == frozenset()


def test_exactly_one_check_digit_is_right() -> None:
    assert sum(personal.is_indian_identity("22345678912" + d) for d in "0123456789") == 1
    assert sum(personal.is_german_identity("8609574271" + d) for d in "0123456789") == 1


def test_a_parameter_without_telling_name_is_judged_by_value() -> None:
    assert personal.of_parameter("field7", "4111111111111111") == {"bank-account"}
    assert personal.of_parameter("user[phone]", "1") == {"phone-number"}
    assert personal.of_parameter("phone", "") == frozenset()


def test_only_categories_of_the_contract_are_reported() -> None:
    assert personal.categories(["sms", "e-mail", "person-name"]) == (DataCategory.SMS,)


@given(st.text(max_size=60))
def test_any_text_is_survived(text: str) -> None:
    personal.of_text(text)
    personal.of_value(text)
