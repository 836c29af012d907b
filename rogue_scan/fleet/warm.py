"""Imported once by the fork server, so that every worker begins with the analyser's tables in memory.

A worker is replaced after a number of apps: without this each would read the same tables anew.
"""

import io
import zipfile

from rogue_scan.apk import intake
from rogue_scan.apk.analyse import Analyser
from rogue_scan.apk.code.analyse import analyse_dexes
from rogue_scan.apk.code.types import AppContext, NoResources
from rogue_scan.apk.endpoint_facts import remarks
from rogue_scan.fleet.traits import traits
from rogue_scan.rules.load import RuleSet

_PAGE = b"<form action='http://www.example.com/'><input name='password' type='password'></form>"


def warm() -> None:
    """Vet next to nothing."""
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as file:
        file.writestr("AndroidManifest.xml", b"")
        file.writestr("assets/page.html", _PAGE)
    facts = intake.decode(package.getvalue()).facts
    analyse_dexes([], AppContext(), NoResources())
    traits(package.getvalue(), facts)
    Analyser(RuleSet([], "")).judge(facts, "")
    for endpoint in facts.endpoints:
        remarks(endpoint)


warm()
