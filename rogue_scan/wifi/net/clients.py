"""What open networks show of each client: what it was asked, what it sent and fetched, whom it talked to.

Kinds and places only, never values.
"""

from __future__ import annotations

from collections.abc import Iterator

from rogue_scan.model.subject import ClientEvent
from rogue_scan.wifi.net import personal
from rogue_scan.wifi.net.fold import NetFold
from rogue_scan.wifi.net.records import Exchange

_MOST_DETAIL = 200


def events(net: NetFold) -> Iterator[tuple[str, ClientEvent]]:
    """(client, event): ``asked``, ``sent``, ``logged in``, ``downloaded``, ``given an address``."""
    for message in net.dhcp:
        if message.kind == "ack":
            router = ", ".join(message.routers)
            yield (
                message.client,
                ClientEvent(
                    message.ref.time,
                    "given an address",
                    message.bssid,
                    f"by {message.server}, router {router}",
                ),
            )
    for exchange in net.exchanges:
        yield from _of_exchange(exchange)
    for login in net.logins:
        sent = login.login
        detail = (
            f"{sent.protocol.upper()} at {login.ends.server_ip}, password of {sent.secret_length} characters"
        )
        secret = personal.categories(["account-password"])
        yield login.ends.client, ClientEvent(login.ref.time, "logged in", login.ends.bssid, detail, secret)
    for offer in net.offers:
        state = "" if offer.complete else f" (incomplete: {offer.received} of {offer.size} bytes heard)"
        yield offer.ends.client, ClientEvent(
            offer.first.time, "downloaded", offer.ends.bssid,
            f"{offer.name} ({offer.kind}) from {offer.host}{state}"[:_MOST_DETAIL],
        )  # fmt: skip


def _of_exchange(exchange: Exchange) -> Iterator[tuple[str, ClientEvent]]:
    ends = exchange.ends
    place = f"{exchange.host}{exchange.path}"[:_MOST_DETAIL]
    asked = personal.categories(exchange.page.asks) if exchange.page else ()
    if asked and exchange.response:
        yield ends.client, ClientEvent(exchange.response.time, "asked", ends.bssid, f"by {place}", asked)
    sent = personal.categories(kind for item in exchange.sent for kind in item.kinds)
    if sent and exchange.request:
        told = [item for item in exchange.sent if item.kinds]
        lengths = ", ".join(f"{item.name or 'a parameter'} ({item.length})" for item in told)
        detail = f"to {place}: {lengths} characters"[:_MOST_DETAIL]
        yield ends.client, ClientEvent(exchange.request.time, "sent", ends.bssid, detail, sent)
    if exchange.login and exchange.request:
        yield ends.client, ClientEvent(
            exchange.request.time, "logged in", ends.bssid, f"HTTP at {place}",
            personal.categories(["account-password"]),
        )  # fmt: skip


def hosts(net: NetFold) -> dict[str, set[str]]:
    """Client → names it asked for and hosts it talked to; addresses where no name was heard."""
    found: dict[str, set[str]] = {}
    named: set[str] = set()
    for answer in net.dns:
        named.update(answer.addresses)
    for question in net.questions.values():
        found.setdefault(question.client, set()).add(question.name)
    for exchange in net.exchanges:
        found.setdefault(exchange.ends.client, set()).add(exchange.host)
    for session in net.sessions:
        if session.server_name:
            found.setdefault(session.ends.client, set()).add(session.server_name)
    for contact in net.contacts.values():
        if contact.ip not in named:
            found.setdefault(contact.client, set()).add(contact.ip)
    return {client: members - {""} for client, members in found.items()}
