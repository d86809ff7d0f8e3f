"""Parsing and validating documents against the whole schema, with Shopify's wording of errors."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSyntaxError,
    InlineFragmentNode,
    Node,
    OperationDefinitionNode,
    Visitor,
    parse,
    validate,
    visit,
)
from graphql.execution.values import get_variable_values
from graphql.language import OperationType

from sandbox.shopify.errors import Json
from sandbox.shopify.schema import schema

_Shaped = tuple[str, Json]
_Rule = Callable[[re.Match[str]], _Shaped]


class InvalidDocumentError(Exception):
    """A document that cannot be executed.

    Args:
        errors: Members of the answer's ``errors``.
    """

    def __init__(self, errors: list[Json]) -> None:
        super().__init__(errors[0]["message"])
        self.errors = errors


@lru_cache(maxsize=256)
def validated(text: str) -> DocumentNode:
    """Parse a document and check it against the schema.

    Raises:
        InvalidDocumentError: It does not parse or asks for what the schema does not have.
    """
    try:
        document = parse(text)
    except GraphQLSyntaxError as error:
        raise InvalidDocumentError([_syntax_error(error)]) from None
    errors = validate(schema(), document)
    if errors:
        paths = _Paths()
        visit(document, paths)
        raise InvalidDocumentError([_shaped(error, paths.by_node) for error in errors])
    return document


def operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """The operation to run.

    Raises:
        InvalidDocumentError: There is none, or several and none is named.
    """
    found = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    if name:
        found = [one for one in found if one.name and one.name.value == name]
    if len(found) != 1:
        message = f'No operation named "{name}"' if name else "An operation name is required"
        raise InvalidDocumentError([{"message": message}])
    return found[0]


def fragments(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    """Fragments of a document by name."""
    return {
        one.name.value: one
        for one in document.definitions
        if isinstance(one, FragmentDefinitionNode)
    }


def variable_values(chosen: OperationDefinitionNode, given: Mapping[str, Any]) -> dict[str, Any]:
    """Coerced variables of an operation.

    Raises:
        InvalidDocumentError: A value is missing or of the wrong type.
    """
    result = get_variable_values(schema(), chosen.variable_definitions or (), dict(given))
    if isinstance(result, dict):
        return result
    raise InvalidDocumentError([_variable_error(error) for error in result])


def _variable_error(error: GraphQLError) -> Json:
    found = re.match(r"Variable '\$(\w+)'", error.message)
    name = found[1] if found else ""
    reason = error.message.partition("; ")[2] or error.message
    shaped: Json = {"message": f"Variable ${name} was provided invalid value"}
    if error.locations:
        shaped["locations"] = [dict(one.formatted) for one in error.locations]
    shaped["extensions"] = {
        "code": "INVALID_VARIABLE",
        "problems": [{"path": [], "explanation": reason}],
    }
    return shaped


def _syntax_error(error: GraphQLSyntaxError) -> Json:
    reason = error.message.removeprefix("Syntax Error: ").rstrip(".").lower()
    reason = reason.replace("<eof>", "end of file")
    where = [dict(one.formatted) for one in error.locations or ()]
    return {"message": f"syntax error, {reason}", "locations": where}


class _Paths(Visitor):
    """Where each node stands, as Shopify writes it: ``["query Name", "orders", "edges", …]``."""

    def __init__(self) -> None:
        super().__init__()
        self.by_node: dict[int, list[str]] = {}
        self._path: list[str] = []

    def enter(self, node: Node, *_: Any) -> None:
        name = _step(node)
        if name:
            self._path.append(name)
        self.by_node[id(node)] = list(self._path)

    def leave(self, node: Node, *_: Any) -> None:
        if _step(node):
            self._path.pop()


def _step(node: Node) -> str:
    if isinstance(node, OperationDefinitionNode):
        kind = node.operation.value
        return f"{kind} {node.name.value}" if node.name else kind
    if isinstance(node, FragmentDefinitionNode):
        return f"fragment {node.name.value}"
    if isinstance(node, InlineFragmentNode):
        return f"... on {node.type_condition.name.value}" if node.type_condition else "..."
    if isinstance(node, FieldNode):
        return node.alias.value if node.alias else node.name.value
    return ""


def _unknown_field(found: re.Match[str]) -> _Shaped:
    return (
        f"Field '{found[1]}' doesn't exist on type '{found[2]}'",
        {"code": "undefinedField", "typeName": found[2], "fieldName": found[1]},
    )


def _unknown_argument(found: re.Match[str]) -> _Shaped:
    extra = {"name": found[2], "typeName": "Field", "argumentName": found[1]}
    return (
        f"Field '{found[2]}' doesn't accept argument '{found[1]}'",
        {"code": "argumentNotAccepted", **extra},
    )


def _missing_argument(found: re.Match[str]) -> _Shaped:
    extra = {"className": "Field", "name": found[1], "arguments": found[2]}
    return (
        f"Field '{found[1]}' is missing required arguments: {found[2]}",
        {"code": "missingRequiredArguments", **extra},
    )


def _no_selections(found: re.Match[str]) -> _Shaped:
    named = found[2].strip("[]!")
    hint = f"has no selections. Did you mean '{found[1]} {{ ... }}'?"
    return (
        f"Field must have selections (field '{found[1]}' returns {named} but {hint})",
        {"code": "selectionMismatch", "nodeName": f"field '{found[1]}'", "typeName": named},
    )


def _selections_on_scalar(found: re.Match[str]) -> _Shaped:
    named = found[2].strip("[]!")
    reason = f"field '{found[1]}' returns {named} but has selections"
    return (
        f"Selections can't be made on scalars ({reason})",
        {"code": "selectionMismatch", "nodeName": f"field '{found[1]}'", "typeName": named},
    )


def _undeclared_variable(found: re.Match[str]) -> _Shaped:
    return (
        f"Variable ${found[1]} is used by {found[2] or 'anonymous query'} but not declared",
        {"code": "variableNotDefined", "variableName": found[1]},
    )


def _unused_variable(found: re.Match[str]) -> _Shaped:
    return (
        f"Variable ${found[1]} is declared by {found[2] or 'anonymous query'} but not used",
        {"code": "variableNotUsed", "variableName": found[1]},
    )


def _variable_mismatch(found: re.Match[str]) -> _Shaped:
    return (
        f"Type mismatch on variable ${found[1]} ({found[2]} / {found[3]})",
        {"code": "variableMismatch", "variableName": found[1], "typeName": found[2]},
    )


def _undefined_fragment(found: re.Match[str]) -> _Shaped:
    return (
        f"Fragment {found[1]} was used, but not defined",
        {"code": "useAndDefineFragment", "fragmentName": found[1]},
    )


def _unused_fragment(found: re.Match[str]) -> _Shaped:
    return (
        f"Fragment {found[1]} was defined, but not used",
        {"code": "useAndDefineFragment", "fragmentName": found[1]},
    )


def _invalid_literal(found: re.Match[str]) -> _Shaped:
    return found[0], {"code": "argumentLiteralsIncompatible"}


_RULES: tuple[tuple[re.Pattern[str], _Rule], ...] = tuple(
    (re.compile(pattern), rule)
    for pattern, rule in (
        (r"Cannot query field '(\w+)' on type '(\w+)'", _unknown_field),
        (r"Unknown argument '(\w+)' on field '(?:\w+\.)?(\w+)'", _unknown_argument),
        (r"Field '(\w+)' argument '(\w+)' of type .* is required", _missing_argument),
        (r"Field '(\w+)' of type '([^']+)' must have a selection", _no_selections),
        (r"Field '(\w+)' must not have a selection since type '([^']+)'", _selections_on_scalar),
        (r"Variable '\$(\w+)' is not defined(?: by operation '(\w+)')?", _undeclared_variable),
        (r"Variable '\$(\w+)' is never used(?: in operation '(\w+)')?", _unused_variable),
        (r"Variable '\$(\w+)' of type '([^']+)' used in position expecting type '([^']+)'",
         _variable_mismatch),
        (r"Unknown fragment '(\w+)'", _undefined_fragment),
        (r"Fragment '(\w+)' is never used", _unused_fragment),
        (r"(?:Expected value of type|Value |Int cannot|\w+ cannot represent).*", _invalid_literal),
    )
)  # fmt: skip


def _shaped(error: GraphQLError, paths: Mapping[int, list[str]]) -> Json:
    message, extensions = error.message, {"code": "graphqlError"}
    for pattern, rule in _RULES:
        if found := pattern.match(error.message):
            message, extensions = rule(found)
            break
    shaped: Json = {"message": message}
    if error.locations:
        shaped["locations"] = [dict(one.formatted) for one in error.locations]
    if error.nodes and id(error.nodes[0]) in paths:
        shaped["path"] = paths[id(error.nodes[0])]
    shaped["extensions"] = extensions
    return shaped


def is_mutation(chosen: OperationDefinitionNode) -> bool:
    """Whether an operation is a mutation.

    Raises:
        InvalidDocumentError: It is a subscription, which the Admin API does not have.
    """
    if chosen.operation is OperationType.SUBSCRIPTION:
        message = "Schema is not configured for subscriptions"
        raise InvalidDocumentError([{"message": message}])
    return chosen.operation is OperationType.MUTATION
