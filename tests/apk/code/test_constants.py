"""Addresses that code hides are computed, by running the code on constants."""

# ruff: noqa: E501 (method signatures are as long as they are)

from collections.abc import Callable

import pytest

from rogue_scan.apk.code.types import CodeFacts

Analyse = Callable[..., CodeFacts]

SEND = """
.class Lapp/Net;
.method static send(Ljava/lang/String;)V 6
new-instance v0, Ljava/net/URL;
invoke-direct {v0, v5} Ljava/net/URL;-><init>(Ljava/lang/String;)V
invoke-virtual {v0} Ljava/net/URL;->openConnection()Ljava/net/URLConnection;
move-result-object v1
invoke-virtual {v1} Ljava/net/URLConnection;->getInputStream()Ljava/io/InputStream;
return-void
"""

MAIN = """
.class Lapp/Main; Landroid/app/Activity;
.method onCreate(Landroid/os/Bundle;)V 12
{body}
invoke-static {{v0}} Lapp/Net;->send(Ljava/lang/String;)V
return-void
"""

XOR = """
const/16 v1, {n}
new-array v2, v1, [B
fill-array-data v2, :data
const/4 v3, 0
:loop
if-ge v3, v1, :done
aget-byte v4, v2, v3
xor-int/lit8 v4, v4, {key}
int-to-byte v4, v4
aput-byte v4, v2, v3
add-int/lit8 v3, v3, 1
goto :loop
:done
new-instance v0, Ljava/lang/String;
invoke-direct {{v0, v2}} Ljava/lang/String;-><init>([B)V
goto :end
nop
.array :data 1 {bytes}
:end
"""


def hide_xor(url: str, key: int = 0x2A) -> str:
    data = " ".join(str(b ^ key) for b in url.encode())
    return XOR.format(n=len(url), key=key, bytes=data)


URL = "http://drop.hidden.example/in"

WAYS = {
    "base64": """
        const-string v1, "aHR0cDovL2Ryb3AuaGlkZGVuLmV4YW1wbGUvaW4="
        const/4 v2, 0
        invoke-static {v1, v2} Landroid/util/Base64;->decode(Ljava/lang/String;I)[B
        move-result-object v1
        new-instance v0, Ljava/lang/String;
        invoke-direct {v0, v1} Ljava/lang/String;-><init>([B)V""",
    "xor": hide_xor(URL),
    "reversed": """
        new-instance v1, Ljava/lang/StringBuilder;
        const-string v2, "ni/elpmaxe.neddih.pord//:ptth"
        invoke-direct {v1, v2} Ljava/lang/StringBuilder;-><init>(Ljava/lang/String;)V
        invoke-virtual {v1} Ljava/lang/StringBuilder;->reverse()Ljava/lang/StringBuilder;
        invoke-virtual {v1} Ljava/lang/StringBuilder;->toString()Ljava/lang/String;
        move-result-object v0""",
    "junk removed": """
        const-string v0, "ht##tp://dr##op.hid##den.exam##ple/in"
        const-string v1, "##"
        const-string v2, ""
        invoke-virtual {v0, v1, v2} Ljava/lang/String;->replace(Ljava/lang/CharSequence;Ljava/lang/CharSequence;)Ljava/lang/String;
        move-result-object v0""",
    "hex": """
        new-instance v1, Ljava/math/BigInteger;
        const-string v2, "687474703a2f2f64726f702e68696464656e2e6578616d706c652f696e"
        const/16 v3, 16
        invoke-direct {v1, v2, v3} Ljava/math/BigInteger;-><init>(Ljava/lang/String;I)V
        invoke-virtual {v1} Ljava/math/BigInteger;->toByteArray()[B
        move-result-object v1
        new-instance v0, Ljava/lang/String;
        invoke-direct {v0, v1} Ljava/lang/String;-><init>([B)V""",
    "text put together from pieces": """
        new-instance v1, Ljava/lang/StringBuilder;
        invoke-direct {v1} Ljava/lang/StringBuilder;-><init>()V
        const-string v2, "http://dr"
        invoke-virtual {v1, v2} Ljava/lang/StringBuilder;->append(Ljava/lang/String;)Ljava/lang/StringBuilder;
        const-string v2, "op.hidden."
        invoke-virtual {v1, v2} Ljava/lang/StringBuilder;->append(Ljava/lang/String;)Ljava/lang/StringBuilder;
        const-string v2, "example/in"
        invoke-virtual {v1, v2} Ljava/lang/StringBuilder;->append(Ljava/lang/String;)Ljava/lang/StringBuilder;
        invoke-virtual {v1} Ljava/lang/StringBuilder;->toString()Ljava/lang/String;
        move-result-object v0""",
    "shifted characters": """
        const-string v1, "kwws=22gurs1klgghq1h{dpsoh2lq"
        invoke-virtual {v1} Ljava/lang/String;->toCharArray()[C
        move-result-object v2
        array-length v3, v2
        const/4 v4, 0
        :loop
        if-ge v4, v3, :done
        aget-char v5, v2, v4
        add-int/lit8 v5, v5, -3
        int-to-char v5, v5
        aput-char v5, v2, v4
        add-int/lit8 v4, v4, 1
        goto :loop
        :done
        invoke-static {v2} Ljava/lang/String;->valueOf([C)Ljava/lang/String;
        move-result-object v0""",
    "AES": """
        const-string v1, "0123456789abcdef"
        invoke-virtual {v1} Ljava/lang/String;->getBytes()[B
        move-result-object v1
        new-instance v2, Ljavax/crypto/spec/SecretKeySpec;
        const-string v3, "AES"
        invoke-direct {v2, v1, v3} Ljavax/crypto/spec/SecretKeySpec;-><init>([BLjava/lang/String;)V
        const-string v3, "AES/ECB/PKCS5Padding"
        invoke-static {v3} Ljavax/crypto/Cipher;->getInstance(Ljava/lang/String;)Ljavax/crypto/Cipher;
        move-result-object v3
        const/4 v4, 2
        invoke-virtual {v3, v4, v2} Ljavax/crypto/Cipher;->init(ILjava/security/Key;)V
        const-string v5, "@@AES@@"
        const/4 v4, 0
        invoke-static {v5, v4} Landroid/util/Base64;->decode(Ljava/lang/String;I)[B
        move-result-object v5
        invoke-virtual {v3, v5} Ljavax/crypto/Cipher;->doFinal([B)[B
        move-result-object v5
        new-instance v0, Ljava/lang/String;
        invoke-direct {v0, v5} Ljava/lang/String;-><init>([B)V""",
}


def encrypted(url: str) -> str:
    import base64

    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    padded = url.encode() + bytes([16 - len(url) % 16]) * (16 - len(url) % 16)
    cipher = Cipher(algorithms.AES(b"0123456789abcdef"), modes.ECB()).encryptor()
    return base64.b64encode(cipher.update(padded) + cipher.finalize()).decode()


@pytest.mark.parametrize("way", WAYS)
def test_a_hidden_address_is_found(way: str, analyse: Analyse) -> None:
    body = WAYS[way].replace("@@AES@@", encrypted(URL))
    facts = analyse(MAIN.format(body=body) + SEND)
    found = {e.value: e.hidden for e in facts.endpoints}
    assert URL in found
    assert way in (found[URL] or "")


def test_an_address_in_plain_sight_is_not_hidden(analyse: Analyse) -> None:
    facts = analyse(MAIN.format(body=f'const-string v0, "{URL}"') + SEND)
    assert [(e.value, e.host, e.hidden) for e in facts.endpoints] == [(URL, "drop.hidden.example", None)]


def test_base_and_path_joined_are_not_hidden(analyse: Analyse) -> None:
    body = """
        const-string v0, "https://api.plain.example"
        const-string v1, "/v1/list"
        invoke-virtual {v0, v1} Ljava/lang/String;->concat(Ljava/lang/String;)Ljava/lang/String;
        move-result-object v0"""
    found = {e.value: e.hidden for e in analyse(MAIN.format(body=body) + SEND).endpoints}
    assert found["https://api.plain.example/v1/list"] is None


@pytest.mark.parametrize(
    "text",
    [
        "http://schemas.android.com/apk/res/android",
        "https://www.apache.org/licenses/LICENSE-2.0",
        "a://b",
        "1.2.3",
    ],
)
def test_namespaces_and_licences_are_no_endpoints(text: str, analyse: Analyse) -> None:
    assert analyse(MAIN.format(body=f'const-string v0, "{text}"') + SEND).endpoints == ()


def test_a_loop_that_never_ends_costs_no_more_than_its_budget(analyse: Analyse) -> None:
    body = """
        const/4 v1, 0
        :loop
        add-int/lit8 v1, v1, 1
        if-nez v1, :loop
        const-string v0, "http://after.loop.example/x"
    """
    facts = analyse(MAIN.format(body=body) + SEND)
    assert "http://after.loop.example/x" in {e.value for e in facts.endpoints}


def test_recursion_without_end_is_cut(analyse: Analyse) -> None:
    text = """
        .class Lapp/Main; Landroid/app/Activity;
        .method onCreate(Landroid/os/Bundle;)V 4
        const/4 v0, 0
        invoke-static {v0} Lapp/Main;->again(I)V
        return-void
        .method static again(I)V 3
        add-int/lit8 v0, v2, 1
        invoke-static {v0} Lapp/Main;->again(I)V
        invoke-static {v0} Lapp/Main;->again(I)V
        return-void
    """
    assert "recursion" in analyse(text).limits
