import pytest
from hypothesis import given
from hypothesis import strategies as st

from rogue_scan.wifi.net import parameters
from rogue_scan.wifi.net.http import Head, Message


def request(target: str = "/", body: bytes = b"", kind: str = "") -> Message:
    fields = (("content-type", kind),) if kind else ()
    return Message(Head(method="POST", target=target, fields=fields), body, len(body), complete=True)


def kinds(message: Message) -> dict[str, tuple[str, ...]]:
    return {item.name: item.kinds for item in parameters.sent(message)}


def test_query_and_body() -> None:
    message = request("/?lang=en&tel=1", b"passport_no=X1&next=%2F", "application/x-www-form-urlencoded")
    assert kinds(message) == {
        "tel": ("phone-number",),
        "passport_no": ("identity-number",),
        "lang": (),
        "next": (),
    }


def test_what_is_personal_comes_first() -> None:
    assert [item.name for item in parameters.sent(request("/?a=1&b=2&otp=3"))] == ["otp", "a", "b"]


def test_nested_json() -> None:
    body = b'{"form": [{"cardNumber": "4111111111111111", "n": 1}], "flag": true}'
    assert kinds(request(body=body, kind="application/json"))["cardNumber"] == ("bank-account",)


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b"{" * 9, b'{"a":' * 3000 + b"1" + b"}" * 3000, b"\xff\xfe"]
)
def test_hostile_json_is_nothing(body: bytes) -> None:
    assert parameters.sent(request(body=body, kind="application/json")) == []


def test_a_value_in_the_place_of_a_name_is_not_kept() -> None:
    [item] = parameters.sent(request("/?me@example.org=1"))
    assert item.name == ""


def test_parameters_are_bounded() -> None:
    assert len(parameters.sent(request("/?" + "&".join(f"p{i}=1" for i in range(200))))) == 200
    assert parameters.sent(request("/?" + "&".join(f"p{i}=1" for i in range(50_000)))) == []


@given(
    st.binary(max_size=200),
    st.sampled_from(["application/json", "multipart/form-data; boundary=b", "", "x/y"]),
)
def test_any_body_is_survived(body: bytes, kind: str) -> None:
    parameters.sent(request(body=body, kind=kind))
