"""A pretend application: notes every post it gets and answers as it is told. For tests of whoever posts to it."""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self, cast
from urllib.parse import parse_qsl


@dataclass(frozen=True, slots=True)
class Post:
    """One request as it came over the wire."""

    path: str  # with the query, as sent
    headers: dict[str, str]  # names in lower case
    form: dict[str, str]
    at: float


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: after so many seconds; None as status closes the connection without a word."""

    status: int | None = 204
    body: str = ""
    content_type: str = ""
    after_s: float = 0.0


@dataclass(slots=True)
class Listener:
    """Use it in a with statement. `replies` are given in turn, then `usual` for ever; a path (without its query) may
    have its own ones in `at`, of which the last stays."""

    usual: Reply = Reply()
    replies: list[Reply] = field(default_factory=list)
    at: dict[str, list[Reply]] = field(default_factory=dict)
    posts: list[Post] = field(default_factory=list)
    _server: "_Server" = field(init=False)
    _thread: threading.Thread = field(init=False)

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.listener = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self.hang_up()
        self._server.server_close()
        self._thread.join()

    def hang_up(self) -> None:
        """Ends kept connections, as a server does that restarts."""
        for handler in tuple(self._server.open_connections):
            handler.hang_up()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def wait_for(
        self, count: int, *, matching: Callable[[Post], bool] = lambda _: True, timeout_s: float = 10.0
    ) -> list[Post]:
        """Waits until so many posts have come, and returns all that match."""
        deadline = time.monotonic() + timeout_s
        while len(found := [post for post in self.posts if matching(post)]) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(found)} posts of {count} after {timeout_s} s")
            time.sleep(0.005)
        return found

    def next_reply(self, path: str) -> Reply:
        own = self.at.get(path.partition("?")[0])
        if own:
            return own.pop(0) if len(own) > 1 else own[0]
        return self.replies.pop(0) if self.replies else self.usual


class _Server(ThreadingHTTPServer):
    listener: Listener

    def __init__(self, *arguments: object) -> None:
        self.open_connections: set[_Handler] = set()
        super().__init__(*arguments)  # type: ignore[arg-type]  # passed on as they came

    def handle_error(self, *_: object) -> None:
        """A client that went away is no news here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self._owner.open_connections.add(self)

    def finish(self) -> None:
        self._owner.open_connections.discard(self)
        super().finish()

    def hang_up(self) -> None:
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def do_GET(self) -> None:  # the library's name for it
        self.do_POST()

    def do_POST(self) -> None:  # the library's name for it
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        form = dict(parse_qsl(body, keep_blank_values=True))
        headers = {name.lower(): value for name, value in self.headers.items()}
        listener = self._owner.listener
        listener.posts.append(Post(self.path, headers, form, time.monotonic()))
        self._answer(listener.next_reply(self.path))

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""

    def _answer(self, reply: Reply) -> None:
        time.sleep(reply.after_s)
        if reply.status is None:
            self.close_connection = True
            return
        self.send_response(reply.status)
        if reply.content_type:
            self.send_header("Content-Type", reply.content_type)
        if reply.status != 204:
            self.send_header("Content-Length", str(len(reply.body.encode())))
        self.end_headers()
        self.wfile.write(reply.body.encode())

    @property
    def _owner(self) -> _Server:
        return cast("_Server", self.server)
