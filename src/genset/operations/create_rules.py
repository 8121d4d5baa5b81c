"""The rules on the definition of a new table, or of a new index: what is checked without data.

Checks run in DynamoDB's order, which the tests of CreateTable fix; each raises
ValidationException. Limits are those of `genset.model.limits`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from genset.model import limits
from genset.model.errors import ValidationException
from genset.model.tables import GLOBAL, LOCAL, Index, KeyAttribute, Keys, projected_attributes
from genset.operations.operation import Request
from genset.operations.table_rules import (
    NO_CEILINGS,
    ON_DEMAND,
    ON_DEMAND_WARM_UNITS,
    PROVISIONED,
    THROUGHPUT_MEMBERS,
    WARM_MEMBERS,
    check_encryption,
    check_not_both,
    check_on_demand,
    check_table_class,
    check_throughput_bounds,
    invalid,
    throughput_units,
)
from genset.operations.tag_rules import check_tags

_TABLE_KEY_ATTRIBUTES_MAX: Final = 2
_ON_DEMAND_WARM_FLOOR: Final = (
    "initial throughput for OnDemand. See: https://docs.aws.amazon.com/amazondynamodb/latest/"
    "developerguide/on-demand-capacity-mode.html#on-demand-capacity-mode-initial"
)
_NO_CEILINGS: Final = "cannot be specified when table BillingMode is PROVISIONED."


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """What a valid CreateTable defines: its keys, numbered indexes and billing."""

    keys: Keys
    indexes: tuple[Index, ...]
    billing_mode: str
    read_units: int
    write_units: int


def check_create(request: Request) -> Schema:
    """Check a CreateTable request and return what it defines."""
    check_table_class(request.get("TableClass"))
    billing_mode = request.get("BillingMode") or PROVISIONED
    throughput = request.get("ProvisionedThroughput")
    _check_billing(request, billing_mode, throughput)
    types = _definitions(request.get("AttributeDefinitions") or ())
    key_schema = request["KeySchema"]
    _check_table_definitions(key_schema, types)
    _check_table_key_count(key_schema)
    keys = _keys(key_schema, types, key_attributes_max=1)
    _check_index_lists(request, keys, types)
    indexes = _indexes(request, keys, types, billing_mode)
    _check_across_indexes(indexes)
    _check_stream(request.get("StreamSpecification"))
    check_encryption(request.get("SSESpecification"))
    check_tags(request.get("Tags") or ())
    read_units, write_units = throughput_units(throughput)
    return Schema(
        keys=keys,
        indexes=indexes,
        billing_mode=billing_mode,
        read_units=read_units,
        write_units=write_units,
    )


def _check_billing(request: Request, billing_mode: str, throughput: dict[str, Any] | None) -> None:
    check_not_both(billing_mode, throughput)
    check_throughput_bounds(throughput)
    if billing_mode == PROVISIONED:
        _check_provisioned(throughput)
    refused = _NO_CEILINGS if billing_mode == PROVISIONED else None
    check_on_demand(request.get("OnDemandThroughput"), refused=refused)
    _check_warm(request.get("WarmThroughput"), billing_mode, throughput_units(throughput))


def _check_provisioned(throughput: dict[str, Any] | None) -> None:
    """Check that a provisioned table is given its throughput."""
    if not throughput or any(throughput.get(member) is None for member in THROUGHPUT_MEMBERS):
        raise invalid(
            "ReadCapacityUnits and WriteCapacityUnits must both be specified "
            "when BillingMode is PROVISIONED"
        )


def _check_warm(
    warm: dict[str, Any] | None,
    billing_mode: str,
    units: tuple[int, int],
    *,
    part: str = "table",
) -> None:
    """Check that the WarmThroughput of a new table or index is not below what it has anyway."""
    provisioned = billing_mode == PROVISIONED
    floors = units if provisioned else ON_DEMAND_WARM_UNITS
    for member, floor, capacity in zip(WARM_MEMBERS, floors, THROUGHPUT_MEMBERS, strict=True):
        asked = (warm or {}).get(member)
        if asked is not None and asked < floor:
            source = (
                f"{capacity} of ProvisionedThroughput" if provisioned else _ON_DEMAND_WARM_FLOOR
            )
            raise invalid(
                f"Requested {member} for WarmThroughput for {part} is lower than {source}"
            )


def _definitions(definitions: Sequence[dict[str, str]]) -> dict[str, str]:
    types: dict[str, str] = {}
    for definition in definitions:
        name = definition["AttributeName"]
        if name in types:
            raise ValidationException(f"Attribute Name is duplicated: {name}")
        types[name] = definition["AttributeType"]
    return types


def _java_order(names: Iterable[str], buckets: int = 16) -> str:
    """The names as a Java hash table of that many buckets at first prints them."""
    distinct = list(dict.fromkeys(names))
    while len(distinct) > buckets * 3 // 4:
        buckets *= 2
    return f"[{', '.join(sorted(distinct, key=lambda name: _java_hash(name) % buckets))}]"


def _java_hash(text: str) -> int:
    hashed = 0
    units = text.encode("utf-16-be", "surrogatepass")
    for high, low in zip(units[::2], units[1::2], strict=True):
        hashed = (31 * hashed + 256 * high + low) & 0xFFFF_FFFF
    return hashed ^ hashed >> 16


def _defined(types: dict[str, str]) -> str:
    # Observed in October 2026: printed as from a table made for the number of definitions.
    return _java_order(types, 1 << (len(types) - 1).bit_length() if types else 1)


def _check_index_definitions(names: Sequence[str], types: dict[str, str]) -> None:
    if any(name not in types for name in names):
        raise invalid(
            "Some index key attributes are not defined in AttributeDefinitions. "
            f"Keys: {_java_order(names)}, AttributeDefinitions: {_defined(types)}"
        )


def _check_table_definitions(key_schema: Sequence[dict[str, str]], types: dict[str, str]) -> None:
    names = [element["AttributeName"] for element in key_schema]
    if types and names[0] not in types:
        _check_index_definitions(names, types)
    if any(name not in types for name in names) or len(names) > len(types):
        raise ValidationException("Invalid KeySchema: Some index key attribute have no definition")


def _check_table_key_count(key_schema: Sequence[dict[str, str]], place: str = "keySchema") -> None:
    if len(key_schema) <= _TABLE_KEY_ATTRIBUTES_MAX:
        return
    elements = ", ".join(
        f"KeySchemaElement(attributeName={e['AttributeName']}, keyType={e['KeyType']})"
        for e in key_schema
    )
    raise ValidationException(
        f"1 validation error detected: Value '[{elements}]' at '{place}' failed to satisfy "
        f"constraint: Member must have length less than or equal to {_TABLE_KEY_ATTRIBUTES_MAX}"
    )


def _keys(
    key_schema: Sequence[dict[str, str]], types: dict[str, str], *, key_attributes_max: int
) -> Keys:
    kinds = [element["KeyType"] for element in key_schema]
    if kinds[0] != "HASH":
        raise ValidationException(
            "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"
        )
    hashes = kinds.index("RANGE") if "RANGE" in kinds else len(kinds)
    if hashes > 1 and key_attributes_max == 1:
        raise ValidationException(
            "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"
        )
    # The four rules on keys of several attributes: observed on the service, October 2026.
    if "HASH" in kinds[hashes:]:
        raise invalid("All HASH key attributes must precede RANGE key attributes in the KeySchema")
    for kind, count in (("HASH", hashes), ("RANGE", len(kinds) - hashes)):
        if count > key_attributes_max:
            raise invalid(
                f"The KeySchema exceeds the maximum allowed number of {kind} key attributes"
            )
    names = [element["AttributeName"] for element in key_schema]
    if len(set(names)) < len(names):
        raise ValidationException(
            "Both the Hash Key and the Range Key element in the KeySchema have the same name"
            if kinds == ["HASH", "RANGE"]
            else "The KeySchema contains multiple key attributes with the same name"
        )
    attributes = tuple(KeyAttribute(name, types[name]) for name in names)
    return Keys(attributes[:hashes], attributes[hashes:])


def _check_index_lists(request: Request, keys: Keys, types: dict[str, str]) -> None:
    """Check that the indexes use what is defined, no more and no less.

    Observed on the service, October 2026: these rules come before every other one on indexes.
    """
    used = dict.fromkeys(keys.names)
    indexed = False
    for member in ("LocalSecondaryIndexes", "GlobalSecondaryIndexes"):
        indexes = request.get(member)
        if indexes is None:
            continue
        if not indexes:
            raise invalid(f"List of {member} is empty")
        indexed = True
        for index in indexes:
            names = [element["AttributeName"] for element in index["KeySchema"]]
            _check_index_definitions(names, types)
            used.update(dict.fromkeys(names))
    if len(used) == len(types):
        return
    if not indexed:
        raise invalid(
            "Number of attributes in KeySchema does not exactly match number of attributes "
            "defined in AttributeDefinitions"
        )
    raise invalid(
        f"Some AttributeDefinitions are not used. AttributeDefinitions: {_defined(types)}, "
        f"keys used: {_java_order(used)}"
    )


def _indexes(
    request: Request, keys: Keys, types: dict[str, str], billing_mode: str
) -> tuple[Index, ...]:
    built: list[Index] = []
    for index in request.get("LocalSecondaryIndexes") or ():
        built.append(_local_index(index, len(built) + 1, keys, types))
    for index in request.get("GlobalSecondaryIndexes") or ():
        built.append(_global_index(index, len(built) + 1, keys, types, billing_mode))
    return tuple(built)


def _local_index(
    index: dict[str, Any], number: int, table_keys: Keys, types: dict[str, str]
) -> Index:
    name = index["IndexName"]
    _check_table_key_count(index["KeySchema"], f"localSecondaryIndexes.{number}.member.keySchema")
    if not table_keys.sort:
        raise invalid(
            "Table KeySchema does not have a range key, which is required when specifying "
            "a LocalSecondaryIndex"
        )
    keys = _keys(index["KeySchema"], types, key_attributes_max=1)
    if not keys.sort:
        raise invalid(f"Index KeySchema does not have a range key for index: {name}")
    mine, tables = keys.partition[0].name, table_keys.partition[0].name
    if mine != tables:
        raise invalid(
            f"Index KeySchema does not have the same leading hash key as table KeySchema "
            f"for index: {name}. index hash key: {mine}, table hash key: {tables}"
        )
    return _index(index, number, LOCAL, table_keys, keys)


def _global_index(
    index: dict[str, Any],
    number: int,
    table_keys: Keys,
    types: dict[str, str],
    billing_mode: str,
) -> Index:
    keys = _keys(index["KeySchema"], types, key_attributes_max=limits.KEY_ATTRIBUTES_MAX)
    _check_index_billing(index, billing_mode)
    return _index(index, number, GLOBAL, table_keys, keys)


def added_index(
    index: dict[str, Any],
    number: int,
    table_keys: Keys,
    definitions: Sequence[dict[str, str]],
    billing_mode: str,
) -> Index:
    """The global index that UpdateTable adds to a table; raises ValidationException.

    It is checked against the definitions in the request alone (observed on the service in July
    2026). The words on throughput are UpdateTable's, as observed in October 2026.
    """
    types = _definitions(definitions)
    _check_index_definitions([element["AttributeName"] for element in index["KeySchema"]], types)
    keys = _keys(index["KeySchema"], types, key_attributes_max=limits.KEY_ATTRIBUTES_MAX)
    built = _index(index, number, GLOBAL, table_keys, keys)
    _check_added_billing(index, billing_mode)
    return built


def _check_added_billing(index: dict[str, Any], billing_mode: str) -> None:
    name, throughput = index["IndexName"], index.get("ProvisionedThroughput")
    if billing_mode == ON_DEMAND and throughput:
        raise invalid(
            f"Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: {name} "
            "when BillingMode is PAY_PER_REQUEST"
        )
    if billing_mode == PROVISIONED and not throughput:
        raise invalid(
            f"Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: {name}"
        )
    check_throughput_bounds(throughput, name)
    check_on_demand(
        index.get("OnDemandThroughput"),
        refused=f"for index : {name} {NO_CEILINGS}" if billing_mode == PROVISIONED else None,
        part=f"index : {name}",
    )
    _check_warm(
        index.get("WarmThroughput"),
        billing_mode,
        throughput_units(throughput),
        part=f"index {name}",
    )


def _check_index_billing(index: dict[str, Any], billing_mode: str) -> None:
    name, throughput = index["IndexName"], index.get("ProvisionedThroughput")
    if billing_mode == ON_DEMAND and throughput:
        raise invalid(
            f"ProvisionedThroughput should not be specified for index: {name} "
            "when BillingMode is PAY_PER_REQUEST"
        )
    if billing_mode == PROVISIONED and not throughput:
        raise invalid(f"ProvisionedThroughput is not specified for index: {name}")
    check_throughput_bounds(throughput, name)
    refused = f"for index: {name} {_NO_CEILINGS}" if billing_mode == PROVISIONED else None
    check_on_demand(index.get("OnDemandThroughput"), refused=refused, part=f"index : {name}")
    _check_warm(
        index.get("WarmThroughput"),
        billing_mode,
        throughput_units(throughput),
        part=f"index {name}",
    )


def _projection(projection: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    kind, names = projection.get("ProjectionType"), projection.get("NonKeyAttributes")
    if kind is None:
        raise invalid("Unknown ProjectionType: null")
    if names is not None and not names:
        raise invalid("NonKeyAttributes must not be empty")
    if kind == "INCLUDE" and names is None:
        raise invalid("ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
    if kind != "INCLUDE" and names is not None:
        raise invalid(f"ProjectionType is {kind}, but NonKeyAttributes is specified")
    # Observed on the service, October 2026: the names come back in order, however they came.
    ordered = sorted(names or ())
    for name, following in pairwise(ordered):
        if name == following:
            raise invalid(f"Duplicate element in NonKeyAttributes: {name}")
    return kind, tuple(ordered)


def _index(index: dict[str, Any], number: int, kind: str, table_keys: Keys, keys: Keys) -> Index:
    projection_type, names = _projection(index["Projection"])
    read_units, write_units = throughput_units(index.get("ProvisionedThroughput"))
    kept = ("OnDemandThroughput", "WarmThroughput")
    return Index(
        name=index["IndexName"],
        number=number,
        kind=kind,
        keys=keys,
        projection_type=projection_type,
        non_key_attributes=names,
        projected=projected_attributes(table_keys, keys, projection_type, names),
        read_units=read_units,
        write_units=write_units,
        extras={member: index[member] for member in kept if index.get(member)},
    )


def _check_across_indexes(indexes: Sequence[Index]) -> None:
    seen: set[str] = set()
    for index in indexes:
        if index.name in seen:
            raise invalid(f"Duplicate index name: {index.name}")
        seen.add(index.name)
    globals_count = sum(index.is_global for index in indexes)
    if len(indexes) - globals_count > limits.LOCAL_INDEXES_MAX:
        raise invalid(
            f"Number of LocalSecondaryIndexes exceeds per-table limit of {limits.LOCAL_INDEXES_MAX}"
        )
    if globals_count > limits.GLOBAL_INDEXES_MAX:
        raise invalid(
            f"GlobalSecondaryIndex count exceeds the per-table limit of {limits.GLOBAL_INDEXES_MAX}"
        )
    check_projected(indexes)


def check_projected(indexes: Iterable[Index]) -> None:
    """Check how many attributes the indexes of a table project by name, counted per index."""
    if sum(len(i.non_key_attributes) for i in indexes) > limits.PROJECTED_ATTRIBUTES_MAX:
        raise invalid(
            "Number of NonKeyAttributes over all indexes exceeds the per-table limit of "
            f"{limits.PROJECTED_ATTRIBUTES_MAX}"
        )


def _check_stream(stream: dict[str, Any] | None) -> None:
    if not stream:
        return
    if stream.get("StreamEnabled"):
        if stream.get("StreamViewType") is None:
            raise invalid(
                "Table is being created with a stream enabled, UpdateViewType is required"
            )
    elif stream.get("StreamViewType") is not None:
        raise invalid(
            "Table is being created with a stream disabled, UpdateViewType should not be specified"
        )
