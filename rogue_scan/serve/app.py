"""The HTTP side: routes, checks of what comes in, answers. Nothing here knows how apps are vetted."""

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from rogue_scan import __version__
from rogue_scan.apk.analyse import Analyser
from rogue_scan.audit import assemble
from rogue_scan.errors import LimitExceeded
from rogue_scan.fleet.campaigns import relatives
from rogue_scan.fleet.ledger import Verdict
from rogue_scan.fleet.report import scans_of
from rogue_scan.render import formats
from rogue_scan.rules.load import RuleSet
from rogue_scan.serve import metrics, openapi
from rogue_scan.serve.access import Rate, Token
from rogue_scan.serve.desk import Busy, Desk

_APP = re.compile(openapi.APP_PATTERN)
_NUMBER = re.compile(r"[0-9]{1,6}")
_OPEN = {"/health", "/openapi.json"}
"""Paths that want no token."""
_AGAIN = "5"
"""Seconds after which a client that met a full queue shall come again."""
_MOST_JSON = 8 << 10
_SILENCE = 30.0
"""Seconds without a byte after which an upload is given up."""
_SAFE = {
    b"x-content-type-options": b"nosniff",
    b"cache-control": b"no-store",
    b"referrer-policy": b"no-referrer",
    # A report is a page of its own style and script; shown from here it may do no more than from a file.
    b"content-security-policy": b"sandbox allow-scripts; default-src 'none'; style-src 'unsafe-inline'; "
    b"script-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}
_ENCODER = msgspec.json.Encoder()


class Named(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """JSON body that names an app by URL."""

    url: str


class Refused(Exception):
    """A request that gets an error for an answer."""

    def __init__(self, status: int, kind: str, message: str, **headers: str) -> None:
        self.status, self.kind, self.message, self.headers = status, kind, message, headers
        super().__init__(message)


class Service:
    """The routes of one server."""

    def __init__(
        self,
        desk: Desk,
        rules: RuleSet,
        token: Token,
        rate: Rate,
        *,
        prefixes: tuple[str, ...] = (),
        most_bytes: int,
        upload_seconds: float = 900.0,
        grace: float = 30.0,
    ) -> None:
        self._desk, self._rules, self._token, self._rate = desk, rules, token, rate
        self._prefixes, self._most_bytes = prefixes, most_bytes
        self._upload_seconds, self._grace = upload_seconds, grace
        self._analyser = Analyser(rules)
        self._document = _ENCODER.encode(openapi.document())

    def app(self) -> ASGIApp:
        """The ASGI application."""
        routes = [
            Route("/v1/apps", self._vet, methods=["POST"]),
            Route("/v1/apps", self._list, methods=["GET"]),
            Route("/v1/apps/{app}", self._status, methods=["GET"]),
            Route("/v1/apps/{app}/report", self._report, methods=["GET"]),
            Route("/v1/apps/{app}/relatives", self._relatives, methods=["GET"]),
            Route("/health", self._health, methods=["GET"]),
            Route("/metrics", self._metrics, methods=["GET"]),
            Route("/openapi.json", self._openapi, methods=["GET"]),
        ]
        handlers: dict[Any, Callable[..., Any]] = {
            Refused: _refused,
            HTTPException: _http_error,
            ClientDisconnect: _gone,
            Exception: _slip,
        }
        inner = Starlette(routes=routes, exception_handlers=handlers, lifespan=self._life)
        inner.router.redirect_slashes = False
        return _Gate(inner, self._token, self._rate, self._desk.metrics)

    @contextlib.asynccontextmanager
    async def _life(self, _: Starlette) -> AsyncIterator[None]:
        self._desk.begin()
        yield
        await self._desk.close(self._grace)

    async def _vet(self, request: Request) -> Response:
        _only(request, "wait", "name")
        seconds = _seconds(request)
        name = _name(request)
        media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media == "application/json":
            app = self._desk_url(await self._url(request))
        elif media in ("application/octet-stream", "application/vnd.android.package-archive"):
            app = await self._receive(self._body(request), name)
        elif media == "multipart/form-data":
            app = await self._form(request, name)
        else:
            raise Refused(
                415, "unsupported", "send an app as application/octet-stream or multipart/form-data"
            )
        await self._desk.wait(app, seconds)
        status = self._state(self._desk.resolve(app))
        if status is None:
            raise Refused(503, "busy", "the server is ending", **{"retry-after": _AGAIN})
        waiting = status.state in ("queued", "running")
        headers = {"location": f"/v1/apps/{status.id}"}
        return _json(status, 202 if waiting else 200, headers)

    async def _body(self, request: Request, most: int | None = None) -> AsyncGenerator[bytes, None]:
        """The body in chunks. Raises Refused where it is too slow or too large."""
        most = self._most_bytes if most is None else most
        until = time.monotonic() + self._upload_seconds
        length = request.headers.get("content-length", "")
        if length.isdigit() and int(length) > most:
            raise Refused(413, "limit", f"larger than {most} bytes")
        stream = request.stream().__aiter__()
        size = 0
        while True:
            left = min(_SILENCE, until - time.monotonic())
            try:
                chunk = await asyncio.wait_for(anext(stream), max(left, 0.001))
            except StopAsyncIteration:
                return
            except TimeoutError:
                raise Refused(408, "limit", "the upload took too long", connection="close") from None
            size += len(chunk)
            if size > most:
                raise Refused(413, "limit", f"larger than {most} bytes", connection="close")
            yield chunk

    async def _receive(self, chunks: AsyncIterator[bytes], name: str) -> str:
        try:
            upload = await self._desk.receive(chunks)
            self._desk.submit(upload, name or upload.app[:16])
        except LimitExceeded as error:
            raise Refused(413, "limit", str(error), connection="close") from None
        except Busy as error:
            raise Refused(503, "busy", str(error), **{"retry-after": _AGAIN}) from None
        return upload.app

    async def _form(self, request: Request, name: str) -> str:
        # The form's own lines come on top of the app.
        body = self._body(request, self._most_bytes + _MOST_JSON)
        try:
            form = await MultiPartParser(request.headers, body, max_files=1, max_fields=0).parse()
        except (MultiPartException, KeyError, ValueError):
            raise Refused(400, "malformed", "the form cannot be read, or has more than one part") from None
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(form.close)
            part = form.get("app")
            if part is None or isinstance(part, str):
                raise Refused(400, "malformed", "the form has no file called app")

            async def chunks() -> AsyncIterator[bytes]:
                while chunk := await part.read(1 << 20):
                    yield chunk

            return await self._receive(chunks(), name or (part.filename or "")[: openapi.NAME_LENGTH])

    async def _url(self, request: Request) -> str:
        raw = bytearray()
        async for chunk in self._body(request):
            raw += chunk
            if len(raw) > _MOST_JSON:
                raise Refused(
                    400, "malformed", f"a JSON body has up to {_MOST_JSON} bytes", connection="close"
                )
        try:
            return msgspec.json.decode(raw, type=Named).url
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Refused(400, "malformed", f"the body is not as described: {error}") from None

    def _desk_url(self, url: str) -> str:
        if not 1 <= len(url) <= openapi.URL_LENGTH:
            raise Refused(400, "malformed", f"a URL has up to {openapi.URL_LENGTH} characters")
        if not any(under(url, prefix) for prefix in self._prefixes):
            raise Refused(403, "forbidden", "this server does not fetch that URL")
        try:
            return self._desk.submit_url(url)
        except Busy as error:
            raise Refused(503, "busy", str(error), **{"retry-after": _AGAIN}) from None

    async def _status(self, request: Request) -> Response:
        _only(request, "wait")
        app = _app(request)
        seconds = _seconds(request)
        self._recall(app)
        await self._desk.wait(app, seconds)
        return _json(self._known(app))

    async def _list(self, request: Request) -> Response:
        _only(request, "verdict", "state", "after", "limit")
        query = request.query_params
        verdict = _choice(query.get("verdict"), openapi.VERDICTS, "verdict")
        state = _choice(query.get("state"), openapi.STATES, "state")
        after = query.get("after", "")
        if "after" in query and not _APP.fullmatch(after):
            raise Refused(400, "malformed", "after: no id of an app")
        limit = _number(query.get("limit"), 100, 1, openapi.MOST_ROWS, "limit")
        found = list(self._desk.ledger.verdicts(after=after, limit=limit + 1, verdict=verdict, state=state))
        more = len(found) > limit
        apps = tuple(_outcome(verdict) for verdict in found[:limit])
        return _json(openapi.Page(apps, apps[-1].id if more else None))

    async def _report(self, request: Request) -> Response:
        _only(request, "format")
        verdict = self._verdict(request)
        name = request.query_params.get("format", "json")
        _choice(name, list(formats.FORMATS), "format")
        packed = self._desk.ledger.scans(verdict.app)

        def render() -> str:
            scans = list(scans_of(verdict, packed, None, self._analyser))
            return formats.render(name, assemble(scans, [], self._rules))

        text = await run_in_threadpool(render)
        return Response(text, headers={"content-type": _media(name)})

    async def _relatives(self, request: Request) -> Response:
        _only(request)
        verdict = self._verdict(request)
        ledger = self._desk.ledger
        sketch = ledger.sketches([verdict.app]).get(verdict.app, b"")
        found = relatives(ledger, verdict.app, ledger.features_of(verdict.app), sketch)
        answer = openapi.Relatives(
            ledger.campaign_of(verdict.app),
            tuple(
                openapi.Related(
                    r.app, r.verdict, r.package, r.campaign,
                    tuple(openapi.Shared(tie.kind, tie.value) for tie in r.ties),
                )
                for r in found
            ),
        )  # fmt: skip
        return _json(answer)

    async def _health(self, request: Request) -> Response:
        desk = self._desk
        return _json(openapi.Health("ok", __version__, self._rules.digest, desk.waiting, desk.running))

    async def _metrics(self, request: Request) -> Response:
        desk = self._desk
        text = desk.metrics.text(
            desk.ledger.counts(), desk.waiting, desk.running, __version__, self._rules.digest
        )
        return Response(text, headers={"content-type": metrics.CONTENT_TYPE})

    async def _openapi(self, request: Request) -> Response:
        return Response(self._document, media_type="application/json")

    def _verdict(self, request: Request) -> Verdict:
        """The outcome of the app in the path. Raises Refused."""
        app = self._desk.resolve(_app(request))
        self._recall(app)
        verdict = self._desk.ledger.verdict(app)
        if verdict is None:
            if self._desk.state(app):
                raise Refused(409, "pending", "the app has no verdict yet")
            raise Refused(404, "unknown", "no such app")
        return verdict

    def _recall(self, app: str) -> None:
        # A full queue is no reason to refuse: the next request may find room.
        with contextlib.suppress(Busy):
            self._desk.recall(app)

    def _known(self, app: str) -> openapi.Status:
        status = self._state(self._desk.resolve(app))
        if status is None:
            raise Refused(404, "unknown", "no such app")
        return status

    def _state(self, app: str) -> openapi.Status | None:
        state = self._desk.state(app)
        if state:
            return openapi.Status(app, state)
        verdict = self._desk.ledger.verdict(app)
        return _outcome(verdict) if verdict else None


def under(url: str, prefix: str) -> bool:
    """Whether ``url`` lies under ``prefix`` however a server or library may read it."""
    if any(char <= " " or char in "\\@?#\x7f" or char > "~" for char in url) or "::" in url:
        return False
    try:
        here, there = urlsplit(url), urlsplit(prefix)
    except ValueError:
        return False
    path = here.path
    for _ in range(3):  # encoded once, or more often for a careless server
        path = unquote(path)
    if any(part in (".", "..") for part in re.split(r"[/\\]", path)):
        return False
    folder = there.path if there.path.endswith("/") else there.path + "/"
    return (here.scheme, here.netloc) == (there.scheme, there.netloc) and here.path.startswith(folder)


class _Gate:
    """Before every route: rate, then token; after it: headers and counts."""

    def __init__(self, inner: ASGIApp, token: Token, rate: Rate, counts: metrics.Metrics) -> None:
        self._inner, self._token, self._rate, self._counts = inner, token, rate, counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        begun = time.perf_counter()
        status = 0

        async def answer(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                present = {name for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *((name, value) for name, value in _SAFE.items() if name not in present),
                ]
            await send(message)

        try:
            refused = self._check(scope)
            if refused is not None:
                await _problem(refused)(scope, receive, answer)
            else:
                await self._inner(scope, receive, answer)
        finally:
            # The route's pattern, not its path: paths are the client's, and as many as it likes.
            route = getattr(scope.get("route"), "path", "other")
            method = scope["method"] if scope["method"] in ("GET", "HEAD", "POST") else "other"
            self._counts.requests[method, route, status] += 1
            self._counts.seconds.add(time.perf_counter() - begun)

    def _check(self, scope: Scope) -> Refused | None:
        client = scope.get("client")
        seconds = self._rate.wait(client[0] if client else "")
        if seconds > 0:
            return Refused(429, "limit", "too many requests", **{"retry-after": str(int(seconds) + 1)})
        if scope["path"] in _OPEN:
            return None
        shown = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        if not self._token.fits(shown.decode("latin-1")):
            return Refused(
                401, "unauthorised", "send the token as: Authorization: Bearer TOKEN",
                **{"www-authenticate": 'Bearer realm="rogue-scan"'},
            )  # fmt: skip
        return None


def _outcome(verdict: Verdict) -> openapi.Status:
    error = openapi.Error(verdict.kind, verdict.message) if verdict.kind else None
    return openapi.Status(
        verdict.app,
        verdict.state,
        verdict.verdict,
        verdict.score,
        verdict.package,
        verdict.label,
        verdict.size,
        error,
        f"/v1/apps/{verdict.app}/report",
    )


def _app(request: Request) -> str:
    app = str(request.path_params["app"])
    if not _APP.fullmatch(app):
        raise Refused(400, "malformed", "an app is named by its SHA-256 in lower case")
    return app


def _only(request: Request, *names: str) -> None:
    """Refuse other query parameters: a filter that is mistyped and ignored would give a wrong answer."""
    for name in request.query_params:
        if name not in names:
            raise Refused(400, "malformed", "query: a parameter that is not known here")


def _seconds(request: Request) -> int:
    return _number(request.query_params.get("wait"), 0, 0, openapi.MOST_WAIT, "wait")


def _number(text: str | None, default: int, least: int, most: int, what: str) -> int:
    if text is None:
        return default
    if not _NUMBER.fullmatch(text) or not least <= int(text) <= most:
        raise Refused(400, "malformed", f"{what}: a number from {least} to {most}")
    return int(text)


def _choice(text: str | None, choices: list[str], what: str) -> str:
    if text is not None and text not in choices:
        raise Refused(400, "malformed", f"{what}: one of {', '.join(choices)}")
    return text or ""


def _name(request: Request) -> str:
    name = request.query_params.get("name")
    if name is not None and not 1 <= len(name) <= openapi.NAME_LENGTH:
        raise Refused(400, "malformed", f"name: up to {openapi.NAME_LENGTH} characters")
    return name or ""


def _media(name: str) -> str:
    media = openapi.MEDIA[name]
    return f"{media}; charset=utf-8" if media.startswith("text/") else media


def _json(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(_ENCODER.encode(value), status, headers, media_type="application/json")


def _problem(refused: Refused) -> Response:
    body = openapi.Problem(openapi.Error(refused.kind, refused.message))
    return _json(body, refused.status, refused.headers)


async def _refused(request: Request, error: Refused) -> Response:
    return _problem(error)


async def _http_error(request: Request, error: HTTPException) -> Response:
    headers = dict(error.headers or {})
    return _problem(Refused(error.status_code, "http", str(error.detail), **headers))


async def _gone(request: Request, error: ClientDisconnect) -> Response:
    return _problem(Refused(400, "truncated", "the upload ended early"))


async def _slip(request: Request, error: Exception) -> Response:
    return _problem(Refused(500, "internal", "an error of the server; its log says more"))
