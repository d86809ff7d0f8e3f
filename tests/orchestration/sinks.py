"""Real servers on this computer that take mails and posts, and may refuse them first."""

from __future__ import annotations

import email
import email.policy
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from orchestration.ops.services import free_port


@dataclass
class MailSink:
    """An SMTP server; ``replies`` are given to the first mails instead of taking them."""

    replies: list[str] = field(default_factory=list)
    refused_recipient: str | None = None
    envelopes: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    tries: int = 0
    port: int = 0

    @property
    def mails(self) -> list[EmailMessage]:
        """What was taken."""
        return [mail for _, mail in self.envelopes]

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if address == self.refused_recipient:
            return f"550 5.1.1 <{address}> unknown"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.tries += 1
        if self.replies:
            return self.replies.pop(0)
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        self.envelopes.append((list(envelope.rcpt_tos), mail))
        return "250 OK"


@contextmanager
def mail_sink(
    *,
    password: str | None = None,
    tls: ssl.SSLContext | None = None,
    hostname: str = "127.0.0.1",
    **settings: Any,
) -> Iterator[MailSink]:
    """Run one; with a password it wants ``owner`` to sign in."""

    def sign_in(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        is_right = isinstance(data, LoginPassword) and data.password == (password or "").encode()
        return AuthResult(success=is_right, handled=is_right)

    sink = MailSink(**settings)
    controller = Controller(
        sink,
        hostname=hostname,
        port=free_port(0),
        authenticator=sign_in if password else None,
        auth_required=bool(password),
        auth_require_tls=False,
        tls_context=tls,
        require_starttls=bool(tls),
    )
    controller.start()
    try:
        sink.port = controller.port
        yield sink
    finally:
        controller.stop()


@dataclass
class PostSink:
    """A server that takes Slack's webhooks; ``statuses`` are answered first."""

    statuses: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    tries: int = 0
    url: str = ""


@contextmanager
def post_sink(*statuses: int) -> Iterator[PostSink]:
    """Run one."""
    sink = PostSink(list(statuses))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sink.tries += 1
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status = sink.statuses.pop(0) if sink.statuses else 200
            if status == 200:
                sink.texts.append(body["text"])
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    sink.url = f"http://127.0.0.1:{server.server_port}/services/T00/B00/hush-hush"
    try:
        yield sink
    finally:
        server.shutdown()
        server.server_close()
