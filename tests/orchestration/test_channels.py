"""Mails and posts over real servers: delivered, tried again, explained, and no secret told."""

from __future__ import annotations

import datetime as dt
import ipaddress
import logging
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr

from orchestration.reporting.channels import Mail, Outcome, Slack, compose, deliver
from orchestration.reporting.messages import Attachment, Message
from orchestration.reporting.secrets import MailServer, Security, mail_server, slack_webhook
from tests.orchestration.sinks import mail_sink, post_sink
from warehouse.business import Business
from warehouse.errors import HubError

MESSAGE = Message("A < B\nand more", "Plain text: 5 €.")


def _mail(
    port: int, password: str | None = None, security: Security = "none", host: str = "127.0.0.1"
) -> Mail:
    secret = SecretStr(password) if password else None
    user = "owner" if password else None
    server = MailServer(host, port, security, "hub@shop.example", user, secret)
    return Mail(server, "Café Ü", "ada@shop.example")


def _deliver(channel: Mail | Slack) -> tuple[Outcome, list[float]]:
    pauses: list[float] = []
    return deliver(channel, MESSAGE, pauses.append), pauses


def test_a_mail_arrives_as_it_was_meant() -> None:
    with mail_sink() as sink:
        outcome, _ = _deliver(_mail(sink.port))
    assert outcome == Outcome(1)
    ((recipients, mail),) = sink.envelopes
    assert recipients == ["ada@shop.example"]
    assert mail["Subject"] == "A < B and more"
    assert mail["From"] == "Café Ü <hub@shop.example>"
    assert mail["To"] == "ada@shop.example"
    assert mail.get_content().strip() == "Plain text: 5 €."


def test_a_page_shows_its_pictures_and_brings_its_files() -> None:
    message = Message(
        "s", "text", "<img src='cid:one@hub'>", pictures={"one@hub": b"\x89PNG"},
        attachments=(Attachment("a.pdf", "application/pdf", b"%PDF"),),
    )  # fmt: skip
    mail = compose(message, "Shop", "hub@shop.example", "ada@shop.example")
    kinds = [part.get_content_type() for part in mail.walk()]
    assert kinds == [
        "multipart/mixed", "multipart/alternative", "text/plain", "multipart/related",
        "text/html", "image/png", "application/pdf",
    ]  # fmt: skip
    (picture,) = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert picture["Content-ID"] == "<one@hub>"


def test_what_passes_by_itself_is_tried_again_with_growing_pauses() -> None:
    with mail_sink(replies=["451 4.3.0 later", "452 4.2.2 later"]) as sink:
        outcome, pauses = _deliver(_mail(sink.port))
    assert outcome == Outcome(3)
    assert sink.tries == 3
    assert len(sink.mails) == 1
    assert pauses[0] < pauses[1]


def test_after_the_last_attempt_it_is_told_and_left_to_the_next_run() -> None:
    with mail_sink(replies=["451 busy"] * 9) as sink:
        outcome, _ = _deliver(_mail(sink.port))
    assert outcome.attempts_count == 4
    assert outcome.error is not None
    assert "4 attempts" in outcome.error.message
    assert "451 busy" in outcome.error.message
    assert "next run" in str(outcome.error.fix)


def test_a_final_refusal_is_not_repeated_and_names_no_address() -> None:
    with mail_sink(refused_recipient="ada@shop.example") as sink:
        outcome, _ = _deliver(_mail(sink.port))
    assert outcome.attempts_count == 1
    assert outcome.error is not None
    assert "550 5.1.1" in outcome.error.message
    assert "ada@" not in str(outcome.error)
    assert "business.toml" in str(outcome.error.fix)


def test_a_wrong_password_says_what_to_mend_and_shows_none() -> None:
    with mail_sink(password="right-one") as sink:
        outcome, _ = _deliver(_mail(sink.port, "wrong-one"))
        assert outcome.attempts_count == 1
        assert outcome.error is not None
        assert "SMTP_PASSWORD" in str(outcome.error)
        assert "wrong-one" not in repr(outcome)
        assert _deliver(_mail(sink.port, "right-one"))[0] == Outcome(1)
    assert len(sink.mails) == 1


def test_nobody_at_the_port_is_tried_again_and_named() -> None:
    with mail_sink() as sink:
        port = sink.port
    outcome, _ = _deliver(_mail(port))
    assert outcome.attempts_count == 4
    assert "127.0.0.1" in str(outcome.error)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """A certificate for this computer, signed by itself, and a server that shows it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            ),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("certificate")
    public, private = folder / "public.pem", folder / "private.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return public, context


def test_starttls_secures_the_line_when_the_certificate_is_trusted(
    certificate: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    public, context = certificate
    with mail_sink(tls=context, password="right-one") as sink:
        outcome, _ = _deliver(_mail(sink.port, "right-one", "starttls"))
        assert outcome.attempts_count == 1, "a certificate does not become right by waiting"
        assert "cannot be secured" in str(outcome.error)
        monkeypatch.setenv("SSL_CERT_FILE", str(public))
        assert _deliver(_mail(sink.port, "right-one", "starttls"))[0] == Outcome(1)
    assert len(sink.mails) == 1


def test_a_server_without_encryption_gets_no_password() -> None:
    with mail_sink(password="right-one") as sink:
        outcome, _ = _deliver(_mail(sink.port, "right-one", "starttls"))
    assert "encryption" in str(outcome.error)
    assert sink.tries == 0


def test_a_post_arrives_after_the_server_was_in_trouble(caplog: pytest.LogCaptureFixture) -> None:
    with post_sink(500, 429) as sink, caplog.at_level(logging.INFO):
        outcome, _ = _deliver(Slack(SecretStr(sink.url)))
    assert outcome == Outcome(3)
    assert sink.texts == ["A &lt; B\nand more\n\nPlain text: 5 €."]
    assert "hush-hush" not in caplog.text


def test_a_dead_webhook_is_explained_and_not_shown() -> None:
    with post_sink(404) as sink:
        outcome, _ = _deliver(Slack(SecretStr(sink.url)))
    assert outcome.attempts_count == 1
    assert "SLACK_WEBHOOK_URL" in str(outcome.error)
    assert "hush-hush" not in str(outcome.error)
    gone, _ = _deliver(Slack(SecretStr(sink.url)))
    assert gone.attempts_count == 4
    assert "hush-hush" not in str(gone.error)


# -- where the secrets come from ----------------------------------------------------------


@pytest.fixture
def business(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Business:
    for name in ("HOST", "PORT", "SECURITY", "USERNAME", "PASSWORD", "FROM"):
        monkeypatch.delenv(f"SMTP_{name}", raising=False)
    monkeypatch.delenv("SLACK_WEBHOOK_URL", raising=False)
    return Business.model_validate(
        {
            "folder": tmp_path,
            "name": "Shop",
            "time_zone": "UTC",
            "currency_code": "USD",
            "country_code": "US",
        }
    )


def _write(business: Business, text: str, mode: int = 0o600) -> None:
    path = business.folder / "secrets.toml"
    path.write_text(text)
    path.chmod(mode)


def test_secrets_come_from_the_file_and_the_environment_goes_before_it(
    business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(
        business,
        'SMTP_HOST = "mail.example"\nSMTP_USERNAME = "me@shop.example"\nSMTP_PASSWORD = "x1y2"\n',
    )
    server = mail_server(business)
    assert (server.host, server.port, server.security) == ("mail.example", 587, "starttls")
    assert server.sender == "me@shop.example"
    assert "x1y2" not in repr(server)
    monkeypatch.setenv("SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("SMTP_PORT", "2525")
    local = mail_server(business)
    assert (local.host, local.port, local.security) == ("127.0.0.1", 2525, "none")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no mail server"),
        ('SMTP_HOST = "m.example"', "SMTP_FROM"),
        ('SMTP_HOST = "m.example"\nSMTP_FROM = "a@b"\nSMTP_SECURITY = "none"', "in the clear"),
        ('SMTP_HOST = "m.example"\nSMTP_FROM = "a@b"\nSMTP_PORT = "x"', "SMTP_PORT"),
        ('SMTP_HOST = "m.example"\nSMTP_PASWORD = "x1y2"', "SMTP_PASWORD"),
        ('SMTP_PASSWORD = "x1y2', "cannot be read"),
    ],
)
def test_wrong_settings_of_mail_are_named_and_no_secret_is(
    business: Business, text: str, told: str
) -> None:
    _write(business, text)
    with pytest.raises(HubError, match=told) as raised:
        mail_server(business)
    assert "x1y2" not in str(raised.value)
    assert raised.value.fix


def test_a_secret_that_others_can_read_is_refused(business: Business) -> None:
    _write(business, 'SMTP_HOST = "m.example"\nSMTP_FROM = "a@b"', 0o644)
    with pytest.raises(HubError, match="chmod 600"):
        mail_server(business)


def test_a_webhook_does_not_go_over_the_line_in_the_clear(business: Business) -> None:
    with pytest.raises(HubError, match="no webhook"):
        slack_webhook(business)
    _write(business, 'SLACK_WEBHOOK_URL = "http://hooks.example/hush"')
    with pytest.raises(HubError, match="https") as raised:
        slack_webhook(business)
    assert "hush" not in str(raised.value)
    _write(business, 'SLACK_WEBHOOK_URL = "https://hooks.example/hush"')
    assert "hush" not in repr(slack_webhook(business))
