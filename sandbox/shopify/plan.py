"""What a validated document asks for, worked out once, so that projecting is only dict look-ups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from graphql import (
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLIncludeDirective,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSkipDirective,
    GraphQLUnionType,
    InlineFragmentNode,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
)
from graphql.execution.values import get_argument_values, get_directive_values

from sandbox.shopify.errors import ApiError
from sandbox.shopify.schema import is_connection, node_type, schema

# Members of amounts; who asks for exactly these, in this sequence, gets them as they are.
AMOUNTS = {
    "MoneyBag": ("shopMoney", "presentmentMoney"),
    "MoneyV2": ("amount", "currencyCode"),
}
VALUE_TYPES = tuple(AMOUNTS)

Kind = Literal["typename", "leaf", "object", "list", "connection"]


@dataclass(frozen=True, slots=True)
class Selection:
    """One field of a selection set, with everything that does not depend on the document."""

    key: str
    name: str
    kind: Kind
    parent: str
    type_name: str
    is_nullable: bool
    arguments: Mapping[str, Any]
    given: frozenset[str]
    shape: Shape | None
    location: tuple[int, int]


class Shape:
    """Selections on a type; for an abstract type, resolved per concrete type when first met."""

    def __init__(
        self, named: GraphQLNamedType, sets: Sequence[SelectionSetNode], compiler: _Compiler
    ) -> None:
        self.named = named
        self.is_abstract = is_abstract_type(named)
        self._sets = sets
        self._compiler = compiler
        self._by_type: dict[str, tuple[Selection, ...]] = {}

    def fields(self, type_name: str) -> tuple[Selection, ...]:
        """Selections that apply to objects of a concrete type.

        Raises:
            ApiError: A document is of a type that cannot stand here.
        """
        known = self._by_type.get(type_name)
        if known is None:
            if type_name not in self.type_names():
                raise ApiError(
                    f"The sandbox has a {type_name} where the schema says {self.named.name}.",
                    "INTERNAL_SERVER_ERROR",
                )
            known = self._by_type[type_name] = self._compiler.selections(type_name, self._sets)
        return known

    def own_fields(self) -> tuple[Selection, ...]:
        """Selections of a shape whose type is concrete."""
        return self.fields(self.named.name)

    @cached_property
    def needs_document(self) -> bool:
        """Whether more than the id is selected, so that a reference must be followed."""
        return self.is_abstract or any(
            selection.name not in ("id", "__typename") for selection in self.own_fields()
        )

    @cached_property
    def has_references(self) -> bool:
        """Whether anything is selected that may have to be fetched."""
        return self.is_abstract or any(
            selection.shape is not None and selection.type_name not in VALUE_TYPES
            for selection in self.own_fields()
        )

    @cached_property
    def is_whole_amount(self) -> bool:
        """Whether an amount is selected with all its members, none renamed or arranged anew."""
        members = AMOUNTS.get(self.named.name)
        return (
            members is not None
            and tuple(one.key for one in self.own_fields()) == members
            and all(one.key == one.name for one in self.own_fields())
            and all(one.shape is None or one.shape.is_whole_amount for one in self.own_fields())
        )

    def type_names(self) -> list[str]:
        """Concrete types an object of this shape may have."""
        if not self.is_abstract:
            return [self.named.name]
        return [one.name for one in schema().get_possible_types(self.named)]  # type: ignore[arg-type]

    def node_shape(self) -> Shape | None:
        """Shape of the nodes, if this is a connection's: that of ``nodes`` or of ``edges.node``."""
        for selection in self.own_fields():
            if selection.name == "nodes":
                return selection.shape
            if selection.name == "edges" and selection.shape:
                for inner in selection.shape.own_fields():
                    if inner.name == "node":
                        return inner.shape
        return None


def compile_selections(
    root: GraphQLObjectType,
    selection_set: SelectionSetNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    variables: Mapping[str, Any],
) -> Shape:
    """Shape of an operation's root."""
    return Shape(root, (selection_set,), _Compiler(fragments, variables))


class _Compiler:
    def __init__(
        self, fragments: Mapping[str, FragmentDefinitionNode], variables: Mapping[str, Any]
    ) -> None:
        self._fragments = fragments
        self._variables = dict(variables)

    def selections(self, type_name: str, sets: Sequence[SelectionSetNode]) -> tuple[Selection, ...]:
        """Merge the fields of all selection sets by response key."""
        parent = schema().type_map[type_name]
        assert isinstance(parent, GraphQLObjectType)
        by_key: dict[str, list[FieldNode]] = {}
        for one in sets:
            for node in self._flattened(one, parent):
                key = node.alias.value if node.alias else node.name.value
                by_key.setdefault(key, []).append(node)
        return tuple(self._selection(key, nodes, parent) for key, nodes in by_key.items())

    def _flattened(
        self, selection_set: SelectionSetNode, parent: GraphQLObjectType
    ) -> Iterator[FieldNode]:
        for node in selection_set.selections:
            if not self._is_wanted(node.directives):
                continue
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                if condition is None or _applies(condition.name.value, parent):
                    yield from self._flattened(node.selection_set, parent)
            elif isinstance(node, FragmentSpreadNode):
                fragment = self._fragments[node.name.value]
                if _applies(fragment.type_condition.name.value, parent):
                    yield from self._flattened(fragment.selection_set, parent)

    def _is_wanted(self, directives: Sequence[DirectiveNode]) -> bool:
        if not directives:
            return True
        holder = FieldNode(directives=tuple(directives))
        skip = get_directive_values(GraphQLSkipDirective, holder, self._variables)
        include = get_directive_values(GraphQLIncludeDirective, holder, self._variables)
        return not (skip and skip["if"]) and not (include and not include["if"])

    def _selection(self, key: str, nodes: list[FieldNode], parent: GraphQLObjectType) -> Selection:
        node = nodes[0]
        name = node.name.value
        location = _location(node)
        if name == "__typename":
            return Selection(key, name, "typename", parent.name, "String", False, {},
                             frozenset(), None, location)  # fmt: skip
        definition = parent.fields[name]
        named = get_named_type(definition.type)
        sets = [one.selection_set for one in nodes if one.selection_set]
        return Selection(
            key=key,
            name=name,
            kind=_kind(definition, named),
            parent=parent.name,
            type_name=named.name,
            is_nullable=not isinstance(definition.type, GraphQLNonNull),
            arguments=get_argument_values(definition, node, self._variables),
            given=frozenset(one.name.value for one in node.arguments),
            shape=Shape(named, sets, self) if sets else None,
            location=location,
        )


def _applies(condition: str, parent: GraphQLObjectType) -> bool:
    if condition == parent.name:
        return True
    named = schema().type_map[condition]
    if not isinstance(named, (GraphQLInterfaceType, GraphQLUnionType)):
        return False
    return schema().is_sub_type(named, parent)


def _kind(definition: GraphQLField, named: GraphQLNamedType) -> Kind:
    if is_leaf_type(named):
        return "leaf"
    if is_connection(named):
        return "connection"
    bare = definition.type
    if isinstance(bare, GraphQLNonNull):
        bare = bare.of_type
    return "list" if isinstance(bare, GraphQLList) else "object"


def _location(node: FieldNode) -> tuple[int, int]:
    token = node.loc.start_token if node.loc else None
    return (token.line, token.column) if token else (0, 0)


def nodes_of(selection: Selection) -> str:
    """Type of a connection's nodes."""
    return node_type(schema().type_map[selection.type_name]).name
