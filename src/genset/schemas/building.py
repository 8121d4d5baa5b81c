"""From the members of a CreateTable request, with their places, to a table's definition.

All kinds of files are brought into this form first. Beside CreateTable's members it has
`TimeToLiveSpecification` as UpdateTimeToLive takes it, and `ContributorInsights`, a mode, on the
table and its global indexes. The rules are those by which CreateTable refuses a definition, as far
as they need no table; told here, they come with the line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Final

from genset.model import limits
from genset.schemas import nodes
from genset.schemas.definitions import (
    ON_DEMAND,
    PROVISIONED,
    STANDARD,
    IndexDefinition,
    Keys,
    TableDefinition,
    Units,
)
from genset.schemas.nodes import Node
from genset.schemas.problems import Problem
from genset.schemas.requests import CAPACITY, CEILINGS, NO_CEILING, WARMTH

Notes = list[Problem]
"""What of a file is not followed, and what happens instead."""

# Developer guide, "Naming rules and data types"; an index is named so too.
_TABLE_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{3,255}")
_TYPES: Final = {"S": "S", "N": "N", "B": "B"}
_KINDS: Final = {"HASH": "HASH", "RANGE": "RANGE"}
_PROJECTIONS: Final = {"ALL": "ALL", "KEYS_ONLY": "KEYS_ONLY", "INCLUDE": "INCLUDE"}
_BILLING_MODES: Final = {PROVISIONED: PROVISIONED, ON_DEMAND: ON_DEMAND}
_CLASSES: Final = {name: name for name in (STANDARD, "STANDARD_INFREQUENT_ACCESS")}
_VIEWS: Final = {
    name: name for name in ("KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES")
}

TABLE_MEMBERS: Final = frozenset(
    {
        "TableName",
        "AttributeDefinitions",
        "KeySchema",
        "LocalSecondaryIndexes",
        "GlobalSecondaryIndexes",
        "BillingMode",
        "ProvisionedThroughput",
        "OnDemandThroughput",
        "WarmThroughput",
        "StreamSpecification",
        "SSESpecification",
        "TableClass",
        "DeletionProtectionEnabled",
        "TimeToLiveSpecification",
        "Tags",
        "ResourcePolicy",
        "ContributorInsights",
    }
)
INDEX_MEMBERS: Final = frozenset(
    {
        "IndexName",
        "KeySchema",
        "Projection",
        "ProvisionedThroughput",
        "OnDemandThroughput",
        "WarmThroughput",
        "ContributorInsights",
    }
)


def build_table(
    node: Node, notes: Notes, *, name: str | None = None, unsaid: Iterable[str] = ()
) -> TableDefinition:
    """The table that `node` defines; `name` is what it is called if it has no TableName.

    Raises SchemaError for the first thing that is wrong with it.
    """
    given = nodes.members(node, "a table")
    if "TableName" in given or name is None:
        name = nodes.text(nodes.required(node, "TableName", "the table"), "TableName")
    if not _TABLE_NAME.fullmatch(name):
        place = given.get("TableName", node)
        raise place.error(f"a table's name has 3 to 255 letters, digits, _, . and -, not {name}")
    note_unknown_members(given, TABLE_MEMBERS, name, notes)
    types = _attribute_types(node)
    keys = _keys(node, types, f"table {name}", most=1)
    billing_mode = _choice(node, "BillingMode", _BILLING_MODES) or PROVISIONED
    table = TableDefinition(
        name=name,
        place=node.place,
        keys=keys,
        attribute_types=types,
        local_indexes=_indexes(node, "LocalSecondaryIndexes", types, billing_mode, notes),
        global_indexes=_indexes(node, "GlobalSecondaryIndexes", types, billing_mode, notes),
        billing_mode=billing_mode,
        throughput=_throughput(node, billing_mode, "the table", notes),
        ceilings=_ceilings(node, billing_mode, notes),
        warm=_units(node, "WarmThroughput", WARMTH),
        stream=_stream(node),
        table_class=_choice(node, "TableClass", _CLASSES) or STANDARD,
        deletion_protection=_truth(node, "DeletionProtectionEnabled"),
        encryption=_encryption(node, notes),
        time_to_live=_time_to_live(node),
        tags=_tags(node, notes),
        policy=_policy(node, notes),
        insights=_mode(node),
        unsaid=frozenset(unsaid),
    )
    _check_across_indexes(node, table)
    return table


def note_unknown_members(
    given: Mapping[str, Node], known: frozenset[str], whose: str, notes: Notes
) -> None:
    """Note the members that are none of `known`."""
    notes += [
        Problem(each.place, f"{member} is not supported; {whose} is made without it")
        for member, each in given.items()
        if member not in known
    ]


def tags_node(node: Node) -> Node:
    """Tags that are written as a mapping, as the list that the API takes."""
    listed: list[Node] = []
    for key, value in nodes.members(node, "tags").items():
        members: dict[str, Node] = {"Key": value.with_data(key), "Value": value}
        listed.append(value.with_data(members))
    return node.with_data(listed)


def _attribute_types(node: Node) -> dict[str, str]:
    types: dict[str, str] = {}
    definitions = nodes.required(node, "AttributeDefinitions", "the table")
    for each in nodes.items(definitions, "AttributeDefinitions"):
        what = "an attribute definition"
        name = nodes.text(nodes.required(each, "AttributeName", what), "AttributeName")
        if name in types:
            raise each.error(f"the attribute {name} is defined twice")
        kind = nodes.required(each, "AttributeType", what)
        types[name] = nodes.one_of(kind, f"the type of {name}", _TYPES)
    return types


def _keys(node: Node, types: Mapping[str, str], whose: str, *, most: int) -> Keys:
    """The key of the table or index `whose`, with at most so many attributes of each kind."""
    schema = nodes.required(node, "KeySchema", whose)
    keys = []
    for each in nodes.items(schema, "KeySchema"):
        element = "an element of KeySchema"
        name = nodes.text(nodes.required(each, "AttributeName", element), "AttributeName")
        kind = nodes.required(each, "KeyType", element)
        keys.append((name, nodes.one_of(kind, f"the KeyType of {name}", _KINDS)))
        if name not in types:
            raise each.error(f"the key of {whose} has {name}, which has no attribute definition")
    _check_key_order(schema, keys, whose, most)
    return tuple(keys)


def _check_key_order(schema: Node, keys: list[tuple[str, str]], whose: str, most: int) -> None:
    kinds = [kind for _, kind in keys]
    if not kinds or kinds != sorted(kinds) or kinds[0] != "HASH":
        raise schema.error(f"the key of {whose} must have a HASH attribute, and RANGE after it")
    if max(kinds.count("HASH"), kinds.count("RANGE")) > most:
        raise schema.error(f"the key of {whose} has too many attributes")
    if len({name for name, _ in keys}) < len(keys):
        raise schema.error(f"the key of {whose} has an attribute twice")


def _indexes(
    node: Node, member: str, types: Mapping[str, str], billing_mode: str, notes: Notes
) -> tuple[IndexDefinition, ...]:
    given = node.get(member)
    if given is None:
        return ()
    is_global = member == "GlobalSecondaryIndexes"
    build = _global_index if is_global else _local_index
    return tuple(build(each, types, billing_mode, notes) for each in nodes.items(given, member))


def _local_index(
    node: Node, types: Mapping[str, str], _billing_mode: str, notes: Notes
) -> IndexDefinition:
    name = _index_name(node)
    known = frozenset({"IndexName", "KeySchema", "Projection"})
    note_unknown_members(nodes.members(node, "an index"), known, f"index {name}", notes)
    keys = _keys(node, types, f"index {name}", most=1)
    if len(keys) < 2:
        raise node.error(f"the local index {name} has no RANGE attribute")
    projection, names = _projection(node, name)
    return IndexDefinition(name=name, keys=keys, projection=projection, non_key_attributes=names)


def _global_index(
    node: Node, types: Mapping[str, str], billing_mode: str, notes: Notes
) -> IndexDefinition:
    name = _index_name(node)
    note_unknown_members(nodes.members(node, "an index"), INDEX_MEMBERS, f"index {name}", notes)
    projection, names = _projection(node, name)
    return IndexDefinition(
        name=name,
        keys=_keys(node, types, f"index {name}", most=limits.KEY_ATTRIBUTES_MAX),
        projection=projection,
        non_key_attributes=names,
        throughput=_throughput(node, billing_mode, f"index {name}", notes),
        ceilings=_ceilings(node, billing_mode, notes),
        warm=_units(node, "WarmThroughput", WARMTH),
        insights=_mode(node),
    )


def _index_name(node: Node) -> str:
    given = nodes.required(node, "IndexName", "an index")
    name = nodes.text(given, "IndexName")
    if not _TABLE_NAME.fullmatch(name):
        raise given.error(f"an index's name has 3 to 255 letters, digits, _, . and -, not {name}")
    return name


def _projection(node: Node, name: str) -> tuple[str, tuple[str, ...]]:
    given = nodes.required(node, "Projection", f"index {name}")
    kind = nodes.required(given, "ProjectionType", f"the projection of {name}")
    projection = nodes.one_of(kind, f"the ProjectionType of {name}", _PROJECTIONS)
    listed = given.get("NonKeyAttributes")
    found = [] if listed is None else nodes.items(listed, "NonKeyAttributes")
    names = sorted({nodes.text(each, "a name in NonKeyAttributes") for each in found})
    if bool(names) != (projection == "INCLUDE"):
        raise given.error(f"index {name}: NonKeyAttributes are for INCLUDE, which needs them")
    return projection, tuple(names)


def _throughput(node: Node, billing_mode: str, whose: str, notes: Notes) -> Units:
    units = _units(node, "ProvisionedThroughput", CAPACITY)
    if billing_mode == PROVISIONED:
        if units.read is None or units.write is None:
            raise node.error(
                f"{whose} needs ProvisionedThroughput with ReadCapacityUnits and "
                f"WriteCapacityUnits, or the table BillingMode {ON_DEMAND}"
            )
        return units
    if units.read or units.write:
        given = node.get("ProvisionedThroughput") or node
        notes.append(Problem(given.place, f"ProvisionedThroughput is without effect: {whose} is "
                             "on demand"))  # fmt: skip
    return Units()


def _ceilings(node: Node, billing_mode: str, notes: Notes) -> Units:
    units = _units(node, "OnDemandThroughput", CEILINGS)
    kept = Units(
        read=None if units.read == NO_CEILING else units.read,
        write=None if units.write == NO_CEILING else units.write,
    )
    given = node.get("OnDemandThroughput")
    if kept and given is not None and billing_mode == PROVISIONED:
        notes.append(Problem(given.place, "OnDemandThroughput is without effect: the table is "
                             "provisioned"))  # fmt: skip
        return Units()
    return kept


def _units(node: Node, member: str, names: tuple[str, str]) -> Units:
    given = node.get(member)
    if given is None:
        return Units()
    nodes.members(given, member)
    read, write = map(given.get, names)
    return Units(
        read=None if read is None else nodes.integer(read, names[0]),
        write=None if write is None else nodes.integer(write, names[1]),
    )


def _choice(node: Node, member: str, choices: Mapping[str, str]) -> str | None:
    given = node.get(member)
    return None if given is None else nodes.one_of(given, member, choices)


def _truth(node: Node, member: str) -> bool:
    given = node.get(member)
    return given is not None and nodes.boolean(given, member)


def _stream(node: Node) -> str | None:
    given = node.get("StreamSpecification")
    if given is None or not _truth(given, "StreamEnabled"):
        return None
    view = nodes.required(given, "StreamViewType", "StreamSpecification")
    return nodes.one_of(view, "StreamViewType", _VIEWS)


def _encryption(node: Node, notes: Notes) -> str | None:
    given = node.get("SSESpecification")
    if given is None or not _truth(given, "Enabled"):
        return None
    key = given.get("KMSMasterKeyId")
    if key is None:
        return ""
    unknown = nodes.find_unknown(key)
    if unknown is not None:
        notes.append(Problem(key.place, f"KMSMasterKeyId: {unknown.reason}; the key that AWS "
                             "manages is taken instead"))  # fmt: skip
        return ""
    return nodes.text(key, "KMSMasterKeyId")


def _time_to_live(node: Node) -> str | None:
    given = node.get("TimeToLiveSpecification")
    if given is None or not _truth(given, "Enabled"):
        return None
    attribute = nodes.required(given, "AttributeName", "TimeToLiveSpecification")
    return nodes.text(attribute, "AttributeName")


def _tags(node: Node, notes: Notes) -> dict[str, str]:
    given = node.get("Tags")
    tags = {}
    for each in () if given is None else nodes.items(given, "Tags"):
        key = nodes.text(nodes.required(each, "Key", "a tag"), "the key of a tag")
        value = nodes.required(each, "Value", f"the tag {key}")
        unknown = nodes.find_unknown(value)
        if unknown is None:
            tags[key] = nodes.text(value, f"the tag {key}")
        else:
            notes.append(Problem(each.place, f"the tag {key} is left out: {unknown.reason}"))
    return tags


def _policy(node: Node, notes: Notes) -> str | None:
    given = node.get("ResourcePolicy")
    if given is None:
        return None
    unknown = nodes.find_unknown(given)
    if unknown is not None:
        notes.append(Problem(given.place, f"the resource policy is left out: {unknown.reason}"))
        return None
    if isinstance(given.data, dict):
        return json.dumps(nodes.plain(given))
    return nodes.text(given, "ResourcePolicy")


def _mode(node: Node) -> str | None:
    given = node.get("ContributorInsights")
    return None if given is None else nodes.text(given, "the mode of contributor insights")


def _check_across_indexes(node: Node, table: TableDefinition) -> None:
    """Check what concerns the table and its indexes together."""
    indexes = (*table.local_indexes, *table.global_indexes)
    names = [index.name for index in indexes]
    for name in names:
        if names.count(name) > 1:
            raise node.error(f"table {table.name} has two indexes named {name}")
    partition = table.keys[0][0]
    for index in table.local_indexes:
        if index.keys[0][0] != partition or len(table.keys) < 2:
            raise node.error(
                f"the local index {index.name} must have the table's HASH attribute, {partition}, "
                "and the table a RANGE attribute"
            )
    used = {name for keys in (table.keys, *(i.keys for i in indexes)) for name, _ in keys}
    for name in table.attribute_types:
        if name not in used:
            definitions = node.get("AttributeDefinitions") or node
            raise definitions.error(
                f"the attribute {name} is defined, but is part of no key; other attributes need "
                "no definition"
            )
    _check_counts(node, table)


def _check_counts(node: Node, table: TableDefinition) -> None:
    for kind, most, found in (
        ("local", limits.LOCAL_INDEXES_MAX, table.local_indexes),
        ("global", limits.GLOBAL_INDEXES_MAX, table.global_indexes),
    ):
        if len(found) > most:
            raise node.error(f"table {table.name} has more than {most} {kind} indexes")
