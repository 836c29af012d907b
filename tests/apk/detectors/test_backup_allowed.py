from rogue_scan.apk.facts import AppFacts
from rogue_scan.apk.manifest import ConfigFile, Manifest


def app(**manifest):
    return AppFacts(manifests=1, manifest=Manifest(**manifest))


def test_only_a_plain_no_keeps_it_silent(evidence_of):
    assert evidence_of("backup-allowed", app()) == {"allowed"}
    assert evidence_of("backup-allowed", app(flags={"allowBackup": "true"})) == {"allowed", "asked"}
    assert evidence_of("backup-allowed", app(flags={"allowBackup": "false"})) == set()


def test_rules_speak_against_it(evidence_of):
    config = ConfigFile("dataExtractionRules", "res/xml/r.xml", "data-extraction-rules", {}, ("exclude",))
    assert evidence_of("backup-allowed", app(configs=(config,))) == {"allowed", "rules"}


def test_without_a_manifest_nothing_is_known(evidence_of):
    assert evidence_of("backup-allowed", AppFacts()) == set()
