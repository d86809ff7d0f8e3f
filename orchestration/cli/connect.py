"""``hub connect``: access to Shopify, Square and QuickBooks."""

from __future__ import annotations

import json
import webbrowser
from dataclasses import asdict
from typing import Annotated, Any, Literal

import typer

from orchestration.cli.shared import BusinessOption, JsonOption, console, errors, open_business


def connect_source(
    source: Annotated[
        Literal["shopify", "square", "quickbooks"], typer.Argument(help="What to connect.")
    ],
    business: BusinessOption = None,
    shop: Annotated[str | None, typer.Option(help="Shopify: my-shop.myshopify.com.")] = None,
    company_id: Annotated[
        str | None, typer.Option(help="QuickBooks: number of the company; the browser tells it.")
    ] = None,
    environment: Annotated[
        Literal["production", "sandbox"] | None,
        typer.Option(help="Square, QuickBooks: default production."),
    ] = None,
    api_url: Annotated[str | None, typer.Option(help="Another server in its place.")] = None,
    client_id: Annotated[
        str | None, typer.Option(help="Of your app there; its secret is asked for.")
    ] = None,
    token: Annotated[
        bool, typer.Option("--token", help="Paste an access token (QuickBooks: refresh token).")
    ] = False,
    browser: Annotated[
        bool | None,
        typer.Option(help="Consent in the browser, or by copying two addresses by hand."),
    ] = None,
    port: Annotated[int, typer.Option(help="Where the browser comes back to.")] = 8765,
    redirect_url: Annotated[
        str | None, typer.Option(help="Where the browser is sent instead; https is possible.")
    ] = None,
    wait: Annotated[float, typer.Option(help="Seconds to wait for the browser.")] = 300,
    show_status: Annotated[bool, typer.Option("--status", help="Only look at it.")] = False,
    forget: Annotated[bool, typer.Option("--forget", help="Delete the connection.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Let the hub read Shopify, Square or QuickBooks; tokens are kept sealed and renewed.

    Secrets are asked for and not shown, or come from HUB_SQUARE_TOKEN, HUB_SHOPIFY_CLIENT_ID,
    HUB_SHOPIFY_CLIENT_SECRET and so on, or line by line from standard input.

    Example: [bold]hub connect shopify --shop my-shop --client-id 1234[/]  (your own store's app)

    Example: [bold]hub connect square --token[/]  (a personal access token)

    Example: [bold]hub connect quickbooks --client-id AB12[/]  (in the browser)

    Example: [bold]hub connect quickbooks --status[/]
    """
    from orchestration.ops import connect

    if forget:
        if not yes:
            typer.confirm(f"Forget the connection to {source}?", abort=True)
        console.print(connect.forget(open_business(business), source))
        return
    if show_status:
        _show_connection(connect.status_of(open_business(business), source), as_json)
        return
    given = {
        "shop": shop,
        "company_id": company_id,
        "environment": environment,
        "api_url": api_url,
    }
    choices = connect.Choices(
        settings={name: value for name, value in given.items() if value},
        client_id=client_id,
        use_token=token,
        use_browser=browser,
        open_page=webbrowser.open,
        redirect_url=redirect_url or f"http://localhost:{port}/callback",
        wait_seconds=wait,
    )

    def say(line: str) -> None:
        errors.print(line, markup=False, soft_wrap=True)

    grant = connect.connect(open_business(business), source, choices, say)
    if as_json:
        print(json.dumps(asdict(grant)))
        return
    for line in connect.describe(source, grant):
        console.print(line, markup=False)


def _show_connection(told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(told))
        return
    for name, value in told.items():
        text = ", ".join(value) if isinstance(value, tuple) else value
        if text not in (None, ""):
            console.print(f"{name.replace('_', ' ')}: {text}", markup=False)
