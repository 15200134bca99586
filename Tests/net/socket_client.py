"""A WebSocket client (RFC 6455) of a few lines: it sends what a browser would not, and reads only when
it is told to."""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import struct
import time

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
#: How long a frame is waited for, in seconds.
PATIENCE = 20


class Refused(Exception):
    """The upgrade was answered with something else."""

    def __init__(self, status: int, answer: str) -> None:
        super().__init__(f"{status}: {answer}")
        self.status = status


class Closed(Exception):
    """The server closed the socket; `code` is None when it did so without a close frame."""

    def __init__(self, code: int | None, reason: str = "") -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


class Socket:
    def __init__(
        self, port: int, path: str, headers: dict[str, str], receive_buffer: int | None = None
    ) -> None:
        self._socket = socket.socket()
        if receive_buffer is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.settimeout(PATIENCE)
        self._socket.connect(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            f"GET {path} HTTP/1.1", f"Host: localhost:{port}", "Upgrade: websocket",
            "Connection: Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13",
            *(f"{name}: {value}" for name, value in headers.items()), "", "",
        ]
        self._socket.sendall("\r\n".join(lines).encode())
        head = self._read_head()
        status = int(head.split(" ", 2)[1])
        if status != 101:
            self._socket.close()
            raise Refused(status, head)
        proof = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        assert f"sec-websocket-accept: {base64.b64encode(proof).decode()}".lower() in head.lower()
        self.head = head

    def send(self, payload: bytes | str, opcode: int = TEXT, final: bool = True) -> None:
        data = payload.encode("utf-8", "surrogatepass") if isinstance(payload, str) else payload
        first = (0x80 if final else 0) | opcode
        if len(data) < 126:
            head = struct.pack("!BB", first, 0x80 | len(data))
        elif len(data) < 65_536:
            head = struct.pack("!BBH", first, 0x80 | 126, len(data))
        else:
            head = struct.pack("!BBQ", first, 0x80 | 127, len(data))
        mask = os.urandom(4)
        whole = mask * (len(data) // 4 + 1)
        masked = (int.from_bytes(data, "big") ^ int.from_bytes(whole[: len(data)], "big")).to_bytes(
            len(data), "big"
        )
        self._socket.sendall(head + mask + masked)

    def receive(self, patience: float = PATIENCE) -> bytes:
        """The next text message. Raises Closed, or TimeoutError when none comes."""
        deadline = time.monotonic() + patience
        while True:
            first, second = self._exactly(2, deadline)
            length = second & 0x7F
            if length == 126:
                (length,) = struct.unpack("!H", self._exactly(2, deadline))
            elif length == 127:
                (length,) = struct.unpack("!Q", self._exactly(8, deadline))
            payload = self._exactly(length, deadline)
            opcode = first & 0x0F
            if opcode == PING:
                self._answer(payload, PONG)
            elif opcode == CLOSE:
                code = struct.unpack("!H", payload[:2])[0] if len(payload) >= 2 else None
                self._answer(payload, CLOSE)
                self._socket.close()
                raise Closed(code, payload[2:].decode())
            elif opcode != PONG:
                assert first & 0x80, "the server sends whole messages"
                return payload

    def _answer(self, payload: bytes, opcode: int) -> None:
        """The server may be gone by now; what it sent before is read all the same."""
        try:
            self.send(payload, opcode)
        except OSError:
            pass

    def drop(self) -> None:
        """Ends the connection without a word, as a lost network does."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def close(self) -> None:
        """Ends the connection in order."""
        try:
            self.send(struct.pack("!H", 1000), CLOSE)
            while True:
                self.receive()
        except (Closed, OSError):
            self._socket.close()

    def _exactly(self, count: int, deadline: float) -> bytes:
        while len(self._buffer) < count:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("no frame came")
            self._socket.settimeout(left)
            try:
                more = self._socket.recv(262_144)
            except ConnectionError:
                raise Closed(None) from None
            if not more:
                raise Closed(None)
            self._buffer += more
        found, self._buffer = self._buffer[:count], self._buffer[count:]
        return found

    def _read_head(self) -> str:
        while b"\r\n\r\n" not in self._buffer:
            more = self._socket.recv(65_536)
            if not more:
                raise Closed(None)
            self._buffer += more
        head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        return head.decode("latin-1")
