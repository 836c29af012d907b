"""Models of encodings, digests and ciphers; with constant keys they are computed."""

import base64
import binascii
import hashlib
import re
import urllib.parse
from collections.abc import Callable
from typing import Any

from rogue_scan.apk.code.library import NOTHING, Site, array_of, handles
from rogue_scan.apk.code.semantics.texts import STRING, known_bytes, tags_of
from rogue_scan.apk.code.values import (
    ANY,
    HOLE,
    MAX_TEXT,
    UNKNOWN,
    Val,
    const,
    how,
    make,
    map_texts,
    number,
    objects,
    taint,
    text,
    union,
)


def decoded(site: Site, source: Any, data: bytes | None, tag: str) -> Any:
    """What decoding gives, as a byte array that remembers how it was hidden; unknown bytes for None."""
    t = site.deep(source)
    tags = tags_of(site, source) | {tag}
    if data is None:
        return array_of(site, [], "[B", t, exact=False)
    value = array_of(site, [b - 256 if b > 127 else b for b in data[:MAX_TEXT]], "[B", t)
    for obj in objects(value):
        site.heap.set(obj, "how", Val(UNKNOWN, h=frozenset(tags)))
    return value


def unbase64(raw: str | bytes) -> bytes | None:
    """Decode base64 of either alphabet, with or without padding; None where it is none."""
    data = raw.encode("ascii", "ignore") if isinstance(raw, str) else raw
    data = re.sub(rb"\s", b"", data).replace(b"-", b"+").replace(b"_", b"/").rstrip(b"=")
    try:
        return base64.b64decode(data + b"=" * (-len(data) % 4))
    except (binascii.Error, ValueError):
        return None


@handles("Landroid/util/Base64;", "decode")
@handles("Ljava/util/Base64$Decoder;", "decode")
@handles("Lorg/apache/commons/codec/binary/Base64;", "decodeBase64")
@handles("Ljavax/xml/bind/DatatypeConverter;", "parseBase64Binary")
def _base64_decode(site: Site) -> Any:
    known = text(site.arg(0))
    raw: str | bytes | None = (
        known if known is not None and HOLE not in known else known_bytes(site, site.arg(0))
    )
    return decoded(site, site.arg(0), None if raw is None else unbase64(raw), "base64")


@handles("Landroid/util/Base64;", "encodeToString", "encode")
@handles("Ljava/util/Base64$Encoder;", "encodeToString", "encode")
@handles("Lorg/apache/commons/codec/binary/Base64;", "encodeBase64String", "encodeBase64")
def _base64_encode(site: Site) -> Any:
    t = site.deep(site.arg(0))
    raw = known_bytes(site, site.arg(0))
    if site.returns != STRING:
        return decoded(
            site, site.arg(0), base64.b64encode(raw) if raw is not None and not t else None, "base64"
        )
    return make(base64.b64encode(raw).decode(), t) if raw is not None and not t else Val(HOLE, t, (), STRING)


@handles("Lorg/apache/commons/codec/binary/Hex;", "decodeHex")
@handles("Ljavax/xml/bind/DatatypeConverter;", "parseHexBinary")
@handles("Ljava/util/HexFormat;", "parseHex")
def _hex_decode(site: Site) -> Any:
    known = text(site.arg(0))
    try:
        data = bytes.fromhex(known) if known is not None else None
    except ValueError:
        data = None
    return decoded(site, site.arg(0), data, "hex")


@handles("Ljava/math/BigInteger;", "<init>")
def _big_init(site: Site) -> Any:
    known, radix = text(site.arg(0)), number(site.arg(1)) if len(site.params) > 1 else 10
    for obj in objects(site.this):
        if (
            known is not None
            and radix is not None
            and HOLE not in known
            and len(known) < 20_000
            and 2 <= radix <= 36
        ):
            try:
                site.heap.set(obj, "box", int(known, radix))
            except ValueError:
                raise IndexError from None
        site.m.mark(site.heap, obj, taint(site.arg(0)))
    return None


@handles("Ljava/math/BigInteger;", "toByteArray")
def _big_bytes(site: Site) -> Any:
    for obj in objects(site.this):
        value = site.heap.get(obj, "box")
        if isinstance(value, int):
            return decoded(
                site, site.this, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True), "hex"
            )
    return NOTHING


@handles("Ljava/net/URLDecoder;", "decode")
@handles("Landroid/net/Uri;", "decode")
def _url_decode(site: Site) -> Any:
    plus = site.ref.cls == "Ljava/net/URLDecoder;"
    known = map_texts(
        lambda x: urllib.parse.unquote_plus(x) if plus else urllib.parse.unquote(x), site.arg(0)
    )
    changed = known is not UNKNOWN and known != const(site.arg(0))
    return make(
        known if known is not UNKNOWN else HOLE,
        taint(site.arg(0)),
        STRING,
        how(site.arg(0)) | ({"percent-encoded"} if changed else set()),
    )


@handles("Ljava/net/URLEncoder;", "encode")
@handles("Landroid/net/Uri;", "encode")
def _url_encode(site: Site) -> Any:
    known = map_texts(lambda x: urllib.parse.quote_plus(x) if HOLE not in x else HOLE, site.arg(0))
    return make(known if known is not UNKNOWN else HOLE, site.deep(site.arg(0)), STRING, how(site.arg(0)))


@handles("Ljava/security/MessageDigest;", "getInstance")
@handles("Ljavax/crypto/Cipher;", "getInstance")
@handles("Ljavax/crypto/Mac;", "getInstance")
@handles("Ljavax/crypto/SecretKeyFactory;", "getInstance")
def _get_instance(site: Site) -> Any:
    value, obj = site.new(site.returns)
    site.heap.set(obj, "algorithm", site.arg(0))
    site.heap.set(obj, "data", b"")
    return value


@handles("Ljava/security/MessageDigest;", "update", "reset")
def _digest_update(site: Site) -> Any:
    for obj in objects(site.this):
        old = site.heap.get(obj, "data", None)
        more = known_bytes(site, site.arg(0)) if site.params else b""
        new = (
            None if site.params and more is None else b"" if not site.params else (old or b"") + (more or b"")
        )
        site.heap.set(obj, "data", new if isinstance(old, bytes) or new == b"" else None)
        site.m.mark(site.heap, obj, site.deep(site.arg(0)))
    return None


@handles("Ljava/security/MessageDigest;", "digest")
def _digest(site: Site) -> Any:
    t = union((site.deep(site.this), site.deep(site.arg(0))))
    for obj in objects(site.this):
        algorithm = text(site.heap.get(obj, "algorithm", None))
        old = site.heap.get(obj, "data", None)
        more = known_bytes(site, site.arg(0)) if site.params else b""
        if algorithm and isinstance(old, bytes) and more is not None and not t:
            try:
                made = hashlib.new(
                    algorithm.replace("-", "").lower(), old + more, usedforsecurity=False
                ).digest()
            except ValueError:
                break
            return decoded(site, ANY, made, "digest")
    return array_of(site, [], "[B", t, exact=False)


@handles("Ljavax/crypto/spec/SecretKeySpec;", "<init>")
@handles("Ljavax/crypto/spec/IvParameterSpec;", "<init>")
@handles("Ljavax/crypto/spec/DESKeySpec;", "<init>")
@handles("Ljavax/crypto/spec/GCMParameterSpec;", "<init>")
def _key_spec(site: Site) -> Any:
    at = 1 if site.kinds and site.kinds[0] == "I" else 0
    data = known_bytes(site, site.arg(at))
    if data is not None and len(site.kinds) == 4 and site.kinds[1] == "I":
        a, n = number(site.arg(1)), number(site.arg(2))
        data = data[a : (a or 0) + n] if a is not None and n is not None else None
    for obj in objects(site.this):
        site.heap.set(obj, "data", data)
    return None


@handles("Ljavax/crypto/SecretKeyFactory;", "generateSecret")
def _generate_secret(site: Site) -> Any:
    value, obj = site.new(site.returns)
    for source in objects(site.arg(0)):
        site.heap.set(obj, "data", site.heap.get(source, "data", None))
    return value


@handles("Ljavax/crypto/SecretKey;", "getEncoded")
@handles("Ljava/security/Key;", "getEncoded")
@handles("Ljavax/crypto/spec/IvParameterSpec;", "getIV")
@handles("Ljavax/crypto/spec/SecretKeySpec;", "getEncoded")
def _encoded_key(site: Site) -> Any:
    for source in objects(site.this):
        data = site.heap.get(source, "data", None)
        if isinstance(data, bytes):
            return decoded(site, ANY, data, "key")
    return NOTHING


@handles("Ljavax/crypto/Cipher;", "init")
def _cipher_init(site: Site) -> Any:
    for obj in objects(site.this):
        site.heap.set(obj, "mode", const(site.arg(0)))
        for field, arg in (("key", site.arg(1)), ("iv", site.arg(2))):
            data = next((site.heap.get(o, "data", None) for o in objects(arg)), None)
            site.heap.set(obj, field, data)
    return None


@handles("Ljavax/crypto/Cipher;", "doFinal", "update")
def _cipher_final(site: Site) -> Any:
    t = site.deep(site.arg(0))
    data = known_bytes(site, site.arg(0))
    if data is not None and len(site.kinds) >= 3 and site.kinds[1] == "I":
        a, n = number(site.arg(1)), number(site.arg(2))
        data = data[a : (a or 0) + n] if a is not None and n is not None else None
    for obj in objects(site.this):
        algorithm = text(site.heap.get(obj, "algorithm", None))
        key, iv = site.heap.get(obj, "key", None), site.heap.get(obj, "iv", None)
        if (
            data is not None
            and algorithm
            and isinstance(key, bytes)
            and site.heap.get(obj, "mode", None) == 2
        ):
            plain = decrypt(algorithm, key, iv if isinstance(iv, bytes) else None, data)
            if plain is not None:
                return decoded(site, site.arg(0), plain, algorithm.split("/")[0].upper())
    return array_of(site, [], "[B", t, exact=False)


def decrypt(algorithm: str, key: bytes, iv: bytes | None, data: bytes) -> bytes | None:
    """Decrypt as ``javax.crypto`` would; None where it would throw or the cipher is not supported."""
    if len(data) > MAX_TEXT:
        return None
    name, mode, padding = (
        ([*algorithm.upper().split("/"), "ECB", "PKCS5PADDING"])[:3]
        if "/" in algorithm
        else (
            algorithm.upper(),
            "ECB",
            "PKCS5PADDING",
        )
    )
    if name in ("RC4", "ARC4", "ARCFOUR"):
        return _rc4(key, data)
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.decrepit.ciphers import algorithms as old
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    try:
        cipher: Any
        if name == "AES":
            cipher = algorithms.AES(key)
        elif name == "DES":
            cipher = old.TripleDES(key * 3)
        elif name in ("DESEDE", "TRIPLEDES"):
            cipher = old.TripleDES(key)
        elif name == "BLOWFISH":
            cipher = old.Blowfish(key)
        else:
            return None
        block = cipher.block_size // 8
        if mode == "GCM" and iv is not None and len(data) >= 16:
            opener = Cipher(cipher, modes.GCM(iv, data[-16:])).decryptor()
            return opener.update(data[:-16]) + opener.finalize()
        ways: dict[str, Callable[[], Any]] = {
            "ECB": modes.ECB,
            "CBC": lambda: modes.CBC(iv or bytes(block)),
            "CTR": lambda: modes.CTR(iv or bytes(block)),
        }
        if mode not in ways:
            return None
        opener = Cipher(cipher, ways[mode]()).decryptor()
        plain = opener.update(data) + opener.finalize()
    except (ValueError, InvalidTag, TypeError):
        return None
    if mode != "CTR" and padding != "NOPADDING" and plain and 0 < plain[-1] <= block:
        plain = plain[: -plain[-1]]
    return plain


def _rc4(key: bytes, data: bytes) -> bytes | None:
    if not key:
        return None
    state = list(range(256))
    j = 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) & 255
        state[i], state[j] = state[j], state[i]
    out = bytearray()
    i = j = 0
    for byte in data:
        i = (i + 1) & 255
        j = (j + state[i]) & 255
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) & 255])
    return bytes(out)
