import json

import jsonschema
import pytest

from rogue_scan.life import schema
from rogue_scan.model.report import encode


def test_the_published_schema_is_current():
    assert schema.PATH.read_text() == schema.text(), "run: python tools/schema.py"


def test_reports_keep_it_and_wrong_ones_do_not(full):
    validator = jsonschema.Draft202012Validator(json.loads(schema.PATH.read_text()))
    validator.check_schema(validator.schema)
    document = json.loads(encode(full))
    validator.validate(document)
    document["findings"][0]["severity"] = "hgih"
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(document)
