"""The personal-data matrix."""

import msgspec
import pytest

from rogue_scan.apk.facts import AppFacts
from rogue_scan.apk.matrix import matrix


def rows(**facts):
    return {row.category.value: row for row in matrix(msgspec.convert(facts, AppFacts))}


PLACE = {"dex": "classes.dex", "method": "La;->b()V", "offset": 1}


def source(data, **more):
    return {"data": data, "api": "Lx;->y()V", "at": PLACE, **more}


def test_a_permission_asks_and_no_more():
    row = rows(manifest={"permissions": [{"name": "android.permission.READ_SMS"}]})["sms"]
    assert (row.requested, row.collected, row.leaves_device) == (True, False, False)


def test_a_form_in_a_page_asks():
    row = rows(web=[{"entry": "a.html", "kind": "html", "fields": [["bank-account", "card"]]}])[
        "bank-account"
    ]
    assert row.requested and not row.collected


@pytest.mark.parametrize("api", ["Landroid/widget/EditText;->getText", "given by the page to Auth.submit"])
def test_a_field_that_code_reads_asks(api):
    row = rows(code={"sources": [source("identity-number") | {"api": api}]})["identity-number"]
    assert row.requested and row.collected


def test_code_that_runs_takes():
    row = rows(code={"sources": [source("contacts")]})["contacts"]
    assert row.collected and not row.leaves_device


def test_code_that_cannot_run_is_no_row():
    assert rows(code={"sources": [source("contacts", reachable=False)]}) == {}


@pytest.mark.parametrize(("sink", "leaves"), [("http", True), ("file-public", False), ("log", False)])
def test_only_some_sinks_leave_the_device(sink, leaves):
    row = rows(flows=[{"data": "location", "sink": sink, "endpoint": "host.example"}])["location"]
    assert row.leaves_device is leaves
    assert row.endpoints == (("host.example",) if leaves else ())
