"""The API's description of itself (OpenAPI 3.1)."""

from typing import Any

import msgspec

from rogue_scan import __version__
from rogue_scan.render.formats import FORMATS

APP_PATTERN = r"^([0-9a-f]{64}|place-[0-9a-f]{32})$"
URL_LENGTH = 2048
NAME_LENGTH = 255
MOST_WAIT = 60
MOST_ROWS = 500
VERDICTS = ["clean", "low", "medium", "high", "critical"]
STATES = ["done", "failed", "quarantined"]

MEDIA = {
    "terminal": "text/plain",
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "sarif": "application/sarif+json",
    "html": "text/html",
    "markdown": "text/markdown",
    "csv": "text/csv",
    "stix": "application/stix+json",
    "junit": "application/xml",
}


class Error(msgspec.Struct, frozen=True):
    """Why a request failed."""

    kind: str
    message: str


class Problem(msgspec.Struct, frozen=True):
    """Body of every answer that is no success."""

    error: Error


class Status(msgspec.Struct, frozen=True):
    """How far an app is."""

    id: str
    """SHA-256, or a name for a URL that was not fetched yet."""
    state: str
    """``queued``, ``running``, ``done``, ``failed`` or ``quarantined``."""
    verdict: str = ""
    score: int = 0
    package: str = ""
    label: str = ""
    size: int = 0
    error: Error | None = None
    report: str | None = None
    """Path of the report, once there is a verdict."""


class Page(msgspec.Struct, frozen=True):
    """Apps with an outcome, in the order of their names."""

    apps: tuple[Status, ...]
    next: str | None
    """Value of ``after`` for the next page; null on the last."""


class Shared(msgspec.Struct, frozen=True):
    """What an app shares with a relative."""

    kind: str
    value: str


class Related(msgspec.Struct, frozen=True):
    """An app that shares something with the one asked about."""

    id: str
    verdict: str
    package: str
    campaign: str | None
    ties: tuple[Shared, ...]


class Relatives(msgspec.Struct, frozen=True):
    """Known apps that an app belongs to."""

    campaign: str | None
    relatives: tuple[Related, ...]


class Health(msgspec.Struct, frozen=True):
    """Whether the server works."""

    status: str
    version: str
    rules: str
    waiting: int
    running: int


def document() -> dict[str, Any]:
    """The OpenAPI document."""
    schemas = _schemas(Problem, Status, Page, Relatives, Health)
    app = {
        "name": "app",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "pattern": APP_PATTERN},
        "description": "SHA-256 of the app, or the id that naming a URL gave.",
    }
    wait = {
        "name": "wait",
        "in": "query",
        "schema": {"type": "integer", "minimum": 0, "maximum": MOST_WAIT, "default": 0},
        "description": "Seconds to wait for the verdict before answering.",
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "rogue-scan",
            "version": __version__,
            "description": "Vets Android apps. Upload one, then poll or wait for its verdict.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": {
            "/v1/apps": {
                "post": {
                    "operationId": "vet",
                    "summary": "Have an app vetted",
                    "parameters": [
                        wait,
                        {
                            "name": "name",
                            "in": "query",
                            "schema": {"type": "string", "minLength": 1, "maxLength": NAME_LENGTH},
                            "description": "What reports shall call it; never a path.",
                        },
                    ],
                    "requestBody": {
                        "required": True,
                        "content": {
                            "application/vnd.android.package-archive": {"schema": {}},
                            "application/octet-stream": {"schema": {}},
                            "multipart/form-data": {
                                "schema": {
                                    "type": "object",
                                    "required": ["app"],
                                    "additionalProperties": False,
                                    "properties": {"app": {"type": "string", "format": "binary"}},
                                }
                            },
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "required": ["url"],
                                    "additionalProperties": False,
                                    "properties": {
                                        "url": {
                                            "type": "string",
                                            "minLength": 1,
                                            "maxLength": URL_LENGTH,
                                            "description": "Under a prefix that the server allows.",
                                        }
                                    },
                                }
                            },
                        },
                    },
                    "responses": _responses(
                        {
                            "200": ("The app has an outcome.", "Status"),
                            "202": ("The app is being vetted.", "Status"),
                        },
                        "400", "403", "408", "413", "415", "503",
                    ),
                },
                "get": {
                    "operationId": "list",
                    "summary": "List apps that have an outcome",
                    "parameters": [
                        {"name": "verdict", "in": "query", "schema": {"type": "string", "enum": VERDICTS}},
                        {"name": "state", "in": "query", "schema": {"type": "string", "enum": STATES}},
                        {
                            "name": "after",
                            "in": "query",
                            "schema": {"type": "string", "pattern": APP_PATTERN},
                            "description": "Id of the last app of the page before.",
                        },
                        {
                            "name": "limit",
                            "in": "query",
                            "schema": {"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": 100},
                        },
                    ],
                    "responses": _responses({"200": ("One page.", "Page")}, "400"),
                },
            },
            "/v1/apps/{app}": {
                "get": {
                    "operationId": "status",
                    "summary": "How far an app is",
                    "parameters": [app, wait],
                    "responses": _responses({"200": ("Its status.", "Status")}, "400", "404"),
                }
            },
            "/v1/apps/{app}/report": {
                "get": {
                    "operationId": "report",
                    "summary": "The report on an app",
                    "parameters": [
                        app,
                        {
                            "name": "format",
                            "in": "query",
                            "schema": {"type": "string", "enum": list(FORMATS), "default": "json"},
                        },
                    ],
                    "responses": {
                        "200": {
                            "description": "The report.",
                            "content": {media: {"schema": {}} for media in MEDIA.values()},
                        },
                        **_responses({}, "400", "404", "409"),
                    },
                }
            },
            "/v1/apps/{app}/relatives": {
                "get": {
                    "operationId": "relatives",
                    "summary": "Known apps and campaigns that an app belongs to",
                    "parameters": [app],
                    "responses": _responses({"200": ("Its relatives.", "Relatives")}, "400", "404", "409"),
                }
            },
            "/health": {
                "get": {
                    "operationId": "health",
                    "summary": "Whether the server works",
                    "security": [],
                    "responses": _responses({"200": ("It does.", "Health")}, auth=False),
                }
            },
            "/metrics": {
                "get": {
                    "operationId": "metrics",
                    "summary": "Numbers for Prometheus",
                    "responses": {
                        "200": {
                            "description": "The numbers.",
                            "content": {"text/plain": {"schema": {"type": "string"}}},
                        },
                        **_responses({}),
                    },
                }
            },
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas,
        },
    }  # fmt: skip


_ERRORS = {
    "400": "The request is not as described here.",
    "401": "The token is missing or wrong.",
    "403": "The server does not allow this URL.",
    "404": "No such app.",
    "408": "The upload took too long.",
    "409": "The app has no verdict yet.",
    "413": "The app is too large.",
    "415": "The body is of another type than described here.",
    "429": "Too many requests; the header Retry-After says when to come again.",
    "503": "Too many apps are waiting; the header Retry-After says when to come again.",
}


def _responses(good: dict[str, tuple[str, str]], *errors: str, auth: bool = True) -> dict[str, Any]:
    answers = {status: _answer(says, schema) for status, (says, schema) in good.items()}
    codes = [*errors, *(["401"] if auth else []), "429"]
    return answers | {code: _answer(_ERRORS[code], "Problem") for code in sorted(codes)}


def _answer(says: str, schema: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": says, "content": content}


def _schemas(*types: type) -> dict[str, Any]:
    _, components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    return dict(components)
