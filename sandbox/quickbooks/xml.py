"""Answers as XML, which QuickBooks gives to whoever does not ask for JSON."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

NAMESPACE = "http://schema.intuit.com/finance/v3"
ENTITY_ATTRIBUTES = ("domain", "sparse", "status")
REPORT_ATTRIBUTES = {"ColData": ("value", "id", "href"), "Row": ("type", "group")}
ANSWER_ATTRIBUTES = ("startPosition", "maxResults", "totalCount", "type", "code", "element",
                     "bId")  # fmt: skip


def to_xml(answer: dict[str, Any]) -> bytes:
    """An answer of the API, whose JSON form is given, as a document of the finance namespace."""
    root = Element("IntuitResponse", {"xmlns": NAMESPACE})
    if "time" in answer:
        root.set("time", answer["time"])
    for name, value in answer.items():
        if name != "time":
            _append(root, name, value)
    declared = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    written: bytes = tostring(root, encoding="utf-8")
    return declared + written


def _append(parent: Element, name: str, value: Any) -> None:
    if isinstance(value, list):
        for each in value:
            _append(parent, name, each)
        return
    element = SubElement(parent, name)
    if not isinstance(value, dict):
        element.text = _text(value)
        return
    rest = dict(value)
    for attribute in _attributes(name, rest):
        element.set(attribute, _text(rest.pop(attribute)))
    # A reference's value is its text, its name an attribute.
    if name.endswith("Ref") and "value" in rest:
        element.text = _text(rest.pop("value"))
        for attribute, text in rest.items():
            element.set(attribute, _text(text))
        return
    for key, inner in rest.items():
        _append(element, key, inner)


def _attributes(name: str, value: dict[str, Any]) -> list[str]:
    if "Id" in value or "domain" in value:
        known: tuple[str, ...] = ENTITY_ATTRIBUTES
    elif name in REPORT_ATTRIBUTES:
        known = REPORT_ATTRIBUTES[name]
    elif name in ("QueryResponse", "Fault", "Error", "BatchItemResponse"):
        known = ANSWER_ATTRIBUTES
    else:
        known = ()
    return [attribute for attribute in known if attribute in value]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
