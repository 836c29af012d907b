"""The server against its own OpenAPI document, asked by schemathesis with what it can think of."""

from collections.abc import Callable
from typing import Any

import hypothesis
import pytest

schemathesis = pytest.importorskip("schemathesis")

OPERATIONS = ["vet", "list", "status", "report", "relatives", "health", "metrics"]


@pytest.fixture(scope="module")
def document(start: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    server = start(tmp_path_factory.mktemp("contract") / "store", "--rate", "10000", "--max-size", "1")
    return server, schemathesis.openapi.from_url(f"{server.url}/openapi.json")


@pytest.mark.filterwarnings("ignore")  # of the tool itself
@pytest.mark.parametrize("mode", [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE])
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_answer_is_as_described(document: tuple[Any, Any], name: str, mode: Any) -> None:
    server, schema = document
    operation = schema.find_operation_by_id(name)
    if mode is schemathesis.GenerationMode.NEGATIVE and name in ("health", "metrics"):
        pytest.skip("takes no input that could be wrong")

    @hypothesis.settings(
        max_examples=20, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )  # fmt: skip
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        case.call_and_validate(headers={"Authorization": f"Bearer {server.secret}"})

    ask()


def test_the_document_is_whole(document: tuple[Any, Any]) -> None:
    _, schema = document
    assert sorted(op.ok().definition.raw["operationId"] for op in schema.get_all_operations()) == sorted(
        OPERATIONS
    )
