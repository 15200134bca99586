"""A working desk: consoles that come back by themselves and answer what they hold.

Everything is written to a history, one JSON document a line, in the order in which it happened:

- `hello`: a console was let in: `mode`, `epoch`, `seq`, `asked` (where it wanted to resume),
  `conversations` (those of its snapshot).
- `snapshot`: the same without being asked.
- `push`: `method` and `params`, as they came.
- `invoke`: a command was given, to leave as soon as the server allows: `id`, `method`, `params`. `ok`
  (with `result`), `refused` (with `code`): it was answered. `unknown`: the socket closed first; it
  leaves again with the same id.
- `closed`: the socket closed, with `code`.
"""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
import uuid
from collections import defaultdict, deque
from pathlib import Path

import aiohttp
from aiohttp import WSMsgType

#: Between two tries to come back, in seconds.
PAUSE = 0.15
#: A frame that answers a command must come within this, or the socket is taken for dead.
PATIENCE = 15
#: Codes after which the same command leaves again with the same id.
TRY_AGAIN = ("unavailable", "tooManyRequests")
#: Commands that a console sends at once on a new socket, and each second after that: under what the
#: server allows (200 and 50, `ConsoleLimits`). Beyond that it closes the socket, and a console that
#: then sent everything once more would never get further.
AT_ONCE, EACH_SECOND = 100, 40
#: After a conversation had no room for one more reply (100 may wait to be sent), its agent looks again
#: when so many have been settled.
ROOM = 20
#: States in which a reply does not wait to be sent any more.
SETTLED = ("sent", "failed", "unconfirmed")
DESK = "/desks/1"


class History:
    """The record of a run."""

    def __init__(self, file: Path) -> None:
        self._file = open(file, "w", encoding="utf-8", buffering=1)

    def write(self, **document) -> None:
        self._file.write(json.dumps({"time": round(time.time() * 1000), **document}) + "\n")

    def close(self) -> None:
        self._file.close()


class Console:
    """One person's console. Subclasses decide what the person does."""

    def __init__(self, name: str, server: str, history: History) -> None:
        self.name = name
        self.server = server
        self.history = history
        self.person: int | None = None
        self.place: dict | None = None
        self.is_live = False
        self.is_stopping = False
        self._unanswered: dict[str, dict] = {}
        #: Those that have not left on this socket yet, in order.
        self._to_send: deque[str] = deque()
        self._socket: aiohttp.ClientWebSocketResponse | None = None

    # -- what the person does ----------------------------------------------------------------------

    def arrived(self, snapshot: dict | None) -> None:
        """The console is live; without a snapshot it goes on where it was."""

    def pushed(self, method: str, params: dict) -> None:
        """An event of the feed."""

    def answered(self, request: dict, result: dict) -> None:
        """A command was accepted."""

    def refused(self, request: dict, code: str) -> None:
        """A command was refused for good."""

    def order(self, method: str, **params) -> None:
        """Sends a command, again and again under one id until it is answered."""
        request = {"jsonrpc": "2.0", "id": str(uuid.uuid4()), "method": method, "params": params}
        if method != "transcript.read":
            self._note("invoke", id=request["id"], method=method, params=params)
        self._unanswered[request["id"]] = request
        self._to_send.append(request["id"])

    # -- the line ----------------------------------------------------------------------------------

    async def run(self) -> None:
        # Cookies of one console are none of another's, although the host is the same.
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as http:
            is_signed_in = False
            while not self.is_stopping:
                try:
                    if not is_signed_in:
                        is_signed_in = await self._sign_in(http)
                    if is_signed_in:
                        is_signed_in = await self._talk(http)
                except (aiohttp.ClientError, OSError, asyncio.TimeoutError):
                    pass
                self.is_live = False
                self._socket = None
                await asyncio.sleep(PAUSE)

    async def stop(self) -> None:
        self.is_stopping = True
        if self._socket is not None:
            await self._socket.close()

    @property
    def is_idle(self) -> bool:
        return self.is_live and not self._unanswered

    async def _sign_in(self, http: aiohttp.ClientSession) -> bool:
        async with http.get(f"{self.server}{DESK}/sign-in", allow_redirects=False) as begun:
            provider = begun.headers.get("location")
        if provider is None:
            return False
        async with http.get(f"{provider}&login_hint={self.name}", allow_redirects=False) as chosen:
            callback = chosen.headers.get("location")
        if callback is None:
            return False
        async with http.get(callback, allow_redirects=False) as finished:
            return finished.status == 302

    async def _talk(self, http: aiohttp.ClientSession) -> bool:
        """One socket's life; false when the person must sign in again."""
        headers = {"origin": self.server}
        async with http.post(
            f"{self.server}{DESK}/ws-ticket", headers={**headers, "x-ventanilla": "1"}
        ) as answer:
            if answer.status != 200:
                return answer.status != 401
            ticket = (await answer.json())["ticket"]
        async with http.ws_connect(
            f"{self.server}{DESK}/console", headers=headers, max_msg_size=0,
            protocols=("ventanilla.console.v1", f"ticket.{ticket}"),
        ) as socket:
            asked = self.place
            hello = {"jsonrpc": "2.0", "id": str(uuid.uuid4()), "method": "hello",
                     "params": {"resume": asked} if asked else {}}
            await socket.send_str(json.dumps(hello))
            sender = asyncio.create_task(self._send_by_and_by(socket))
            try:
                await self._listen(socket, hello["id"], asked)
            finally:
                sender.cancel()
            self._note("closed", code=socket.close_code)
        for identifier, request in self._unanswered.items():
            if request["method"] != "transcript.read":
                self._note("unknown", id=identifier, method=request["method"])
        return True

    async def _listen(self, socket, hello: str, asked: dict | None) -> None:
        while True:
            try:
                message = await socket.receive(timeout=PATIENCE)
            except asyncio.TimeoutError:
                if self.is_idle:
                    continue
                return
            if message.type != WSMsgType.TEXT:
                return
            frame = json.loads(message.data)
            if frame.get("id") == hello:
                if "error" in frame:
                    return
                self._let_in(socket, frame["result"], asked)
            elif "id" in frame:
                self._answer(frame)
            elif "seq" in frame["params"]:
                self._feed(frame["method"], frame["params"])

    def _let_in(self, socket, result: dict, asked: dict | None) -> None:
        self.person = result["person"]["id"]
        self._begin("hello", result, asked)
        self._socket = socket
        self.is_live = True
        self._to_send = deque(self._unanswered)
        self.arrived(result.get("snapshot"))

    def _begin(self, kind: str, result: dict, asked: dict | None = None) -> None:
        snapshot = result.get("snapshot")
        mode = result.get("mode", "snapshot")
        if mode == "snapshot":
            self.place = {"epoch": result["epoch"], "seq": result["seq"]}
        self._note(
            kind, mode=mode, epoch=result["epoch"], seq=result["seq"], asked=asked,
            conversations=[c["id"] for c in snapshot["conversations"]] if snapshot else None)

    def _feed(self, method: str, params: dict) -> None:
        if method == "snapshot":
            self._begin("snapshot", params)
            self.arrived(params["snapshot"])
            return
        self._note("push", method=method, params=params)
        self.place = {"epoch": params["epoch"], "seq": params["seq"]}
        self.pushed(method, params)

    def _answer(self, frame: dict) -> None:
        request = self._unanswered.get(frame["id"])
        if request is None:
            return
        if "error" not in frame:
            del self._unanswered[frame["id"]]
            if request["method"] != "transcript.read":
                self._note("ok", id=frame["id"], method=request["method"],
                           params=request["params"], result=frame["result"])
            self.answered(request, frame["result"])
            return
        code = frame["error"].get("data", {}).get("code", "unnamed")
        if code in TRY_AGAIN:
            asyncio.get_running_loop().call_later(PAUSE, self._post_again, frame["id"])
            return
        del self._unanswered[frame["id"]]
        self._note("refused", id=frame["id"], method=request["method"], code=code)
        self.refused(request, code)

    def _post_again(self, identifier: str) -> None:
        if identifier in self._unanswered:
            self._to_send.append(identifier)

    async def _send_by_and_by(self, socket) -> None:
        """Sends what is to be sent, no faster than the server allows."""
        allowed, before = float(AT_ONCE), time.monotonic()
        while not socket.closed:
            now = time.monotonic()
            allowed, before = min(AT_ONCE, allowed + (now - before) * EACH_SECOND), now
            while self.is_live and self._to_send and allowed >= 1:
                request = self._unanswered.get(self._to_send.popleft())
                if request is None:
                    continue
                allowed -= 1
                try:
                    await socket.send_str(json.dumps(request))
                except (aiohttp.ClientError, OSError):
                    return
            await asyncio.sleep(0.01)

    def _note(self, kind: str, **document) -> None:
        self.history.write(console=self.name, person=self.person, kind=kind, **document)


class Agent(Console):
    """Answers every message of the conversations held, closes some, resends what is unconfirmed."""

    def __init__(self, *arguments, answers: set[int], seed: int) -> None:
        super().__init__(*arguments)
        #: Messages that somebody has answered, or is about to; shared by all agents.
        self._answers = answers
        self._random = random.Random(seed)
        self._held: set[int] = set()
        #: Conversations without room for a reply, and how many were settled since.
        self._full: dict[int, int] = {}
        self.closes = True

    def arrived(self, snapshot: dict | None) -> None:
        if snapshot is not None:
            self._held = {c["id"] for c in snapshot["conversations"]}
            self._full.clear()
            for job in snapshot["jobs"]:
                self._look_after(job["id"], job["state"])
        self.order("presence.set", presence="available")
        for conversation in sorted(self._held):
            self.order("transcript.read", conversation=conversation, limit=100)

    def pushed(self, method: str, params: dict) -> None:
        conversation = params.get("conversation")
        if method == "owner.changed":
            if (params["to"]["kind"], params["to"].get("id")) == ("agent", self.person):
                self._held.add(conversation)
                self.order("transcript.read", conversation=conversation, limit=100)
            else:
                self._held.discard(conversation)
                self._full.pop(conversation, None)
        elif method == "message.received":
            self._answer_to(conversation, params["message"])
        elif method == "job.changed":
            self._look_after(params["job"], params["state"])
            self._settled(conversation, params["state"])
        elif method == "presence.changed" and params["agent"] == self.person:
            if params["presence"] != "available":
                self.order("presence.set", presence="available")

    def answered(self, request: dict, result: dict) -> None:
        params = request["params"]
        if request["method"] == "transcript.read":
            self._answer_past(params["conversation"], result["messages"])
        elif request["method"] == "message.send":
            if self.closes and self._random.random() < 0.15:
                self.order("conversation.close", conversation=params["conversation"])

    def refused(self, request: dict, code: str) -> None:
        if request["method"] != "message.send":
            return
        conversation = request["params"]["conversation"]
        # Whoever holds the conversation next finds it unanswered in the transcript.
        self._answers.discard(int(request["params"]["text"].split()[1]))
        if code == "tooManyUnsettled":
            self._full.setdefault(conversation, 0)
        elif conversation in self._held:
            self.order("transcript.read", conversation=conversation, limit=100)

    def _settled(self, conversation: int, state: str) -> None:
        if conversation in self._full and state in SETTLED:
            self._full[conversation] += 1
            if self._full[conversation] >= ROOM:
                del self._full[conversation]
                self.order("transcript.read", conversation=conversation, limit=100)

    def _answer_past(self, conversation: int, messages: list[dict]) -> None:
        done = {
            int(message["text"].split()[1])
            for message in messages
            if message["kind"] == "reply" and message.get("text", "").startswith("Answer ")
        }
        self._answers |= done
        for message in messages:
            if message["kind"] != "reply":
                self._answer_to(conversation, message["id"])

    def _answer_to(self, conversation: int, message: int) -> None:
        if (
            conversation in self._held and conversation not in self._full
            and message not in self._answers
        ):
            self._answers.add(message)
            mark = uuid.UUID(int=self._random.getrandbits(128)).hex[:12]
            self.order("message.send", conversation=conversation, text=f"Answer {message} {mark}")

    def _look_after(self, job: int, state: str) -> None:
        if state in ("unconfirmed", "failed"):
            self.order("message.resend", job=job)


class Supervisor(Console):
    """Sets the agents' capacity, a little differently every time, and watches everything."""

    def __init__(self, *arguments, seed: int) -> None:
        super().__init__(*arguments)
        self._random = random.Random(seed)
        self._agents: set[int] = set()
        self._given: dict[int, int] = defaultdict(int)

    def arrived(self, snapshot: dict | None) -> None:
        for agent in (snapshot or {}).get("agents", []):
            self._meet(agent["id"])

    def pushed(self, method: str, params: dict) -> None:
        if method == "agent.entered":
            self._meet(params["agent"])

    def _meet(self, agent: int) -> None:
        if agent not in self._agents:
            self._agents.add(agent)
            self.order("agent.setCapacity", agent=agent, capacity=20)

    def change_capacity(self) -> None:
        """Another capacity than ever before for one of the agents: its effect is told apart."""
        if self._agents and self.is_live:
            agent = self._random.choice(sorted(self._agents))
            self._given[agent] += 1
            self.order("agent.setCapacity", agent=agent, capacity=20 + self._given[agent] % 80)


class Load:
    """The desk at work in a thread of its own. Use as a context manager."""

    AGENTS = ("ana", "bruno", "carla")

    def __init__(self, server: str, sandbox: str, history: Path, seed: int) -> None:
        self._server, self._sandbox, self._seed = server, sandbox, seed
        self._history = History(history)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._ended = threading.Event()
        self._failure: BaseException | None = None
        answers: set[int] = set()
        self.agents = [
            Agent(name, server, self._history, answers=answers, seed=seed + place)
            for place, name in enumerate(self.AGENTS)
        ]
        self.supervisor = Supervisor("sofia", server, self._history, seed=seed)
        self.consoles: list[Console] = [*self.agents, self.supervisor]

    def __enter__(self) -> "Load":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(30)
        self._history.close()

    async def _run(self) -> None:
        try:
            tasks = [asyncio.create_task(console.run()) for console in self.consoles]
            while not self._ended.is_set():
                await asyncio.sleep(0.5)
                if self.agents[0].closes:
                    self.supervisor.change_capacity()
                for task in tasks:
                    if task.done():
                        task.result()
            for console in self.consoles:
                await console.stop()
            await asyncio.wait(tasks, timeout=5)
            for task in tasks:
                task.cancel()
        except BaseException as failure:  # told to the test by `check`
            self._failure = failure

    def check(self) -> None:
        """Raises what ended the consoles, if anything did."""
        if self._failure is not None:
            raise self._failure

    @property
    def is_idle(self) -> bool:
        self.check()
        return all(console.is_idle for console in self.consoles)

    def calm_down(self) -> None:
        """Nobody closes conversations or changes capacities any more."""
        for agent in self.agents:
            agent.closes = False
