"""A server that speaks the console protocol exactly as a test tells it to.

It exists for what a good server never does on request: gaps in the feed, every close code, answers
that never come. The flow tests use the real server.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web

CONSOLE = Path(__file__).resolve().parents[2] / "Sources" / "Console"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; "
    "require-trusted-types-for 'script'"
)
KINDS = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
SUBPROTOCOL = "ventanilla.console.v1"


class FakeServer:
    """Runs in a thread of its own; every method may be called from the test's thread."""

    def __init__(self) -> None:
        self.ticket_status = 200
        #: What the report of waits says.
        self.waits: dict = {}
        self.accepts_sockets = True
        self.person = {"id": 7, "name": "Ana", "roles": ["agent"]}
        self.snapshot: dict[str, Any] = {"conversations": [], "agents": [], "jobs": []}
        self.desk: dict[str, Any] = {"version": 0, "ageing": 300_000, "queues": [], "skills": [], "kinds": [], "grades": []}
        self.colleagues: list[dict[str, Any]] = []
        #: What a look at accounts is answered with.
        self.accounts: dict[str, Any] = {"state": "unconfigured"}
        self.transcripts: dict[int, list[dict[str, Any]]] = {}
        #: How much of a conversation the customer has and has read.
        self.marks: dict[int, dict[str, int]] = {}
        self.resumes = True
        self.epoch = 1
        self.seq = 100
        self.now: int | None = None
        #: What is answered to a method instead of the usual: a result, ``{"error": …}``, or
        #: ``None`` for no answer at all.
        self.answers: dict[str, Any] = {}
        self.hellos: list[dict[str, Any]] = []
        self.requests: list[dict[str, Any]] = []
        self.missed: list[dict[str, Any]] = []
        self._sockets: set[web.WebSocketResponse] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.address = self._do(self._start())

    # -- what a test does ---------------------------------------------------------------------

    def stop(self) -> None:
        self._do(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def push(self, method: str, *, prev: int | None = None, seq: int | None = None, **params: Any) -> None:
        """Pushes the next event of the feed; with ``prev`` or ``seq`` a wrong one."""
        frame = self.event(method, prev=prev, seq=seq, **params)
        self._do(self._send_all(frame))

    def push_unnumbered(self, method: str, **params: Any) -> None:
        self._do(self._send_all({"jsonrpc": "2.0", "method": method, "params": params}))

    def event(self, method: str, *, prev: int | None = None, seq: int | None = None, **params: Any) -> dict[str, Any]:
        before = self.seq if prev is None else prev
        self.seq = seq if seq is not None else before + 1
        numbered = {"epoch": self.epoch, "seq": self.seq, "prev": before, "at": int(time.time() * 1000)}
        return {"jsonrpc": "2.0", "method": method, "params": {**numbered, **params}}

    def miss(self, method: str, **params: Any) -> None:
        """An event that happens while nobody listens: the next resume brings it."""
        self.missed.append(self.event(method, **params))

    def close(self, code: int) -> None:
        self._do(self._close_all(code))

    def drop(self) -> None:
        """Cuts the connections without a closing handshake."""
        self._do(self._cut_all())

    def requested(self, method: str) -> list[dict[str, Any]]:
        return [request for request in self.requests if request["method"] == method]

    def first_request(self, method: str) -> dict[str, Any]:
        """The first request of this method, which may still be on its way: a page shows what was chosen
        before the server has heard of it."""
        return self.first_requests(method, 1)[0]

    def latest_params(self, method: str, wanted: dict[str, Any]) -> dict[str, Any] | None:
        """The params of the latest request of this method, once they are these, or after 5 s."""
        until = time.monotonic() + 5
        while True:
            requests = self.requested(method)
            params = requests[-1]["params"] if requests else None
            if params == wanted or time.monotonic() > until:
                return params
            time.sleep(0.02)

    def first_requests(self, method: str, count: int) -> list[dict[str, Any]]:
        """All requests of this method, once this many have come, or after 5 s."""
        until = time.monotonic() + 5
        while len(self.requested(method)) < count and time.monotonic() < until:
            time.sleep(0.02)
        return self.requested(method)

    # -- HTTP and socket ----------------------------------------------------------------------

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _start(self) -> str:
        app = web.Application()
        app.router.add_get("/", self._index)
        app.router.add_get("/console/{path:.*}", self._file)
        app.router.add_get("/tests/{path:.*}", self._test_file)
        app.router.add_get("/desks/1/sign-in", self._sign_in)
        app.router.add_post("/desks/1/sign-out", self._sign_out)
        app.router.add_post("/desks/1/ws-ticket", self._ticket)
        app.router.add_get("/desks/1/console", self._console)
        app.router.add_get("/desks/1/api/reports/waits", self._waits)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = site._server.sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}"

    async def _stop(self) -> None:
        await self._cut_all()
        await self._runner.cleanup()

    def _static(self, root: Path, path: str) -> web.Response:
        file = (root / path).resolve()
        if not file.is_file() or not file.is_relative_to(root):
            return web.Response(status=404)
        headers = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"}
        return web.Response(body=file.read_bytes(), content_type=KINDS[file.suffix], headers=headers)

    async def _index(self, request: web.Request) -> web.Response:
        return self._static(CONSOLE, "index.html")

    async def _file(self, request: web.Request) -> web.Response:
        return self._static(CONSOLE, request.match_info["path"])

    async def _test_file(self, request: web.Request) -> web.Response:
        return self._static(Path(__file__).resolve().parent / "units", request.match_info["path"])

    async def _sign_in(self, request: web.Request) -> web.Response:
        self.ticket_status = 200
        raise web.HTTPFound("/")

    async def _sign_out(self, request: web.Request) -> web.Response:
        if request.headers.get("X-Ventanilla") != "1":
            return web.Response(status=403)
        self.ticket_status = 401
        await self._close_all(4401)
        return web.Response(status=204)

    async def _ticket(self, request: web.Request) -> web.Response:
        if request.headers.get("X-Ventanilla") != "1":
            return web.Response(status=403)
        if self.ticket_status != 200:
            return web.json_response({"status": self.ticket_status}, status=self.ticket_status)
        return web.json_response({"ticket": "only-once", "expiresInSeconds": 30})

    async def _waits(self, request: web.Request) -> web.Response:
        return web.json_response({"from": 1, "to": 2, "expected": [], "queues": [], **self.waits})

    async def _console(self, request: web.Request) -> web.WebSocketResponse:
        if not self.accepts_sockets:
            return web.Response(status=503)
        socket = web.WebSocketResponse(protocols=[SUBPROTOCOL])
        await socket.prepare(request)
        self._sockets.add(socket)
        try:
            async for message in socket:
                if message.type == WSMsgType.TEXT:
                    await self._answer(socket, json.loads(message.data))
        finally:
            self._sockets.discard(socket)
        return socket

    async def _answer(self, socket: web.WebSocketResponse, request: dict[str, Any]) -> None:
        method, params = request["method"], request["params"]
        is_set, answer = method in self.answers, self.answers.get(method)
        # Known from now on: a test that waits for it may then set another answer for the next.
        self.requests.append(request)
        if is_set:
            if callable(answer):
                answer = answer(request)
            if answer is None:
                return
            body = answer if "error" in answer else {"result": answer}
            await self._send(socket, {"jsonrpc": "2.0", "id": request["id"], **body})
            return
        if method == "hello":
            return await self._greet(socket, request)
        result: dict[str, Any] = {}
        follow: list[dict[str, Any]] = []
        if method == "transcript.read":
            result = self._page(params)
        elif method == "message.send":
            written = self.event(
                "message.written", conversation=params["conversation"], message=0, agent=self.person["id"],
                job=0, text=params["text"],
            )
            written["params"].update(message=self.seq, job=self.seq)
            recorded = {"writtenAt": written["params"]["at"], "recordedAt": written["params"]["at"]}
            self.transcripts.setdefault(params["conversation"], []).append(
                {
                    "id": self.seq, "kind": "reply", "text": params["text"], "author": self.person["id"],
                    "job": {"id": self.seq, "state": "queued"}, **recorded,
                }
            )
            result = {"message": self.seq}
            follow = [written]
        elif method == "conversation.read":
            follow = [self.event("conversation.read", conversation=params["conversation"], agent=self.person["id"])]
        elif method == "presence.set":
            follow = [self.event("presence.changed", agent=self.person["id"], presence=params["presence"])]
        elif method == "conversation.close":
            follow = [
                self.event(
                    "owner.changed", conversation=params["conversation"], number=2, reason="closed",
                    **{"from": {"kind": "agent", "id": self.person["id"]}, "to": {"kind": "nobody"}},
                )
            ]
        elif method == "conversation.explain":
            result = {
                "conversation": params["conversation"], "version": self.desk["version"], "needs": [],
                "candidates": [], "omitted": 0, "next": [], "past": [],
            }
        elif method == "accounts.read":
            result = self.accounts
        elif method == "colleagues.read":
            result = {"colleagues": self.colleagues}
        elif method == "offer.accept":
            owner = {"kind": "agent", "id": self.person["id"]}
            known = next(each for each in self.snapshot["conversations"] if each["id"] == params["conversation"])
            state = {**known, "owner": owner, "routing": {}}
            follow = [
                self.event("offer.ended", conversation=known["id"], agent=owner["id"], end="accepted"),
                self.event(
                    "owner.changed", conversation=known["id"], number=2, reason="offerAccepted", state=state,
                    **{"from": known["owner"], "to": owner},
                ),
            ]
        elif method == "offer.decline":
            follow = [
                self.event(
                    "offer.ended", conversation=params["conversation"], agent=self.person["id"], end="declined",
                    reason=params["reason"],
                )
            ]
        elif method == "agent.setCapacity":
            follow = [self.event("capacity.changed", by=self.person["id"], **params)]
        await self._send(socket, {"jsonrpc": "2.0", "id": request["id"], "result": result})
        for frame in follow:
            await self._send_everywhere(frame)

    async def _greet(self, socket: web.WebSocketResponse, request: dict[str, Any]) -> None:
        params = request["params"]
        self.hellos.append(params)
        result: dict[str, Any] = {"epoch": self.epoch, "seq": self.seq, "person": self.person, "desk": self.desk}
        resumed = self.resumes and "resume" in params
        if resumed:
            result.update(mode="resumed", seq=params["resume"]["seq"])
        else:
            result.update(mode="snapshot", snapshot=self.snapshot)
        if self.now is not None:
            result["now"] = self.now
        await self._send(socket, {"jsonrpc": "2.0", "id": request["id"], "result": result})
        missed, self.missed = self.missed, []
        for frame in missed if resumed else []:
            await self._send(socket, frame)

    def _page(self, params: dict[str, Any]) -> dict[str, Any]:
        messages = self.transcripts.get(params["conversation"], [])
        if "before" in params:
            messages = [each for each in messages if each["id"] < params["before"]]
        limit = params.get("limit", 50)
        marks = self.marks.get(params["conversation"], {})
        return {"messages": messages[-limit:], "more": len(messages) > limit, **marks}

    async def _send(self, socket: web.WebSocketResponse, frame: dict[str, Any]) -> None:
        await socket.send_str(json.dumps(frame))

    async def _send_everywhere(self, frame: dict[str, Any]) -> None:
        for socket in list(self._sockets):
            await self._send(socket, frame)

    async def _send_all(self, frame: dict[str, Any]) -> None:
        await self._send_everywhere(frame)

    async def _close_all(self, code: int) -> None:
        for socket in list(self._sockets):
            asyncio.ensure_future(socket.close(code=code))
        await asyncio.sleep(0)

    async def _cut_all(self) -> None:
        for socket in list(self._sockets):
            transport = socket._req.transport if socket._req is not None else None
            if transport is not None:
                transport.abort()
