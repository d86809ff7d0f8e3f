"""GraphQL texts made of shapes: for bulk operations, pages and single nodes."""

from __future__ import annotations

from ingestion.api.shapes import MONEY, MONEY_BAG, Connection, Scalar, Shape

AMOUNT = "{amount currencyCode}"
BAG = f"{{shopMoney{AMOUNT} presentmentMoney{AMOUNT}}}"
# Where GraphQL wants more than a field's name.
SPECIAL = {
    "sales.lineItem": "...on ProductSale{lineItem{id}} ...on TipSale{lineItem{id}} "
    "...on GiftCardSale{lineItem{id}}",
    "sales.shippingLine": "...on ShippingLineSale{shippingLine{id title}}",
    "discountApplication.code": "...on DiscountCodeApplication{code}",
    "inventoryLevels.quantities": 'quantities(names: ["available", "on_hand", "committed", '
    '"incoming", "reserved", "damaged"]){name quantity updatedAt}',
    "fulfillments.trackingInfo": "trackingInfo{company number url}",
}
PAGE_INFO = "pageInfo{hasNextPage endCursor}"


def selection(
    shape: Shape, first: int | None = None, parent: str = "", *, is_in_list: bool = False
) -> str:
    """The fields of a shape.

    Args:
        first: nodes per page of its connections; None for bulk operations, which take all of them
            but none below a plain list.
    """
    parts = []
    for name, kind in shape.items():
        if special := SPECIAL.get(f"{parent}.{name}"):
            parts.append(special)
        elif isinstance(kind, Scalar):
            parts.append(name + (AMOUNT if kind.kind == MONEY.kind else
                                 BAG if kind.kind == MONEY_BAG.kind else ""))  # fmt: skip
        elif isinstance(kind, Connection):
            if first is None and is_in_list:
                continue
            inner = selection(kind[0], first, name)
            if first is None:
                parts.append(f"{name}{{edges{{node{{{inner}}}}}}}")
            else:
                parts.append(f"{name}(first: {first}){{nodes{{{inner}}} {PAGE_INFO}}}")
        else:
            is_list = isinstance(kind, list)
            inner_shape = kind[0] if is_list else kind
            inner = selection(inner_shape, first, name, is_in_list=is_in_list or is_list)
            parts.append(f"{name}{{{inner}}}")
    return " ".join(parts)


def bulk_query(root: str, shape: Shape, search: str | None) -> str:
    """A bulk operation over all nodes of a root connection, or those that a search finds."""
    arguments = f'(query: "{search}")' if search else ""
    return f"{{{root}{arguments}{{edges{{node{{{selection(shape)}}}}}}}}}"


def page_query(path: tuple[str, ...], shape: Shape, arguments: str = "") -> str:
    """Pages of a connection, ``path`` leading to it; variables ``after`` and ``first``."""
    *outer, root = path
    fields = f"nodes{{{selection(shape, 50, root)}}} {PAGE_INFO}"
    text = f"{root}(first: $first, after: $after{arguments}){{{fields}}}"
    for name in reversed(outer):
        text = f"{name}{{{text}}}"
    return f"query Page($first: Int!, $after: String){{{text}}}"


def nodes_query(type_name: str, shape: Shape, first: int) -> str:
    """Documents by id, with the first nodes of each of their connections."""
    return (f"query Nodes($ids: [ID!]!){{nodes(ids: $ids){{...on {type_name}"
            f"{{{selection(shape, first)}}}}}}}")  # fmt: skip


def rest_query(type_name: str, connection: str, shape: Shape) -> str:
    """More nodes of one connection of one document."""
    fields = f"nodes{{{selection(shape, None, connection)}}} {PAGE_INFO}"
    return (f"query Rest($id: ID!, $after: String){{node(id: $id){{...on {type_name}"
            f"{{{connection}(first: 250, after: $after){{{fields}}}}}}}}}")  # fmt: skip
