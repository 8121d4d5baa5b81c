"""The generated service model: current, deterministic, and free of botocore at run time."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from genset.wire import _service_model
from genset.wire.shapes import operations

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    path = ROOT / "tools" / "generate_service_model.py"
    spec = importlib.util.spec_from_file_location("generate_service_model", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_file_is_what_the_generator_writes(generator: ModuleType) -> None:
    assert generator.OUTPUT.read_text(encoding="utf-8") == generator.render(generator.build())


def test_two_shapes_of_one_name_are_refused(
    generator: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def model(service: str) -> dict[str, object]:
        return {
            "metadata": {"targetPrefix": service},
            "operations": {"Do": {"input": {"shape": "In"}}},
            "shapes": {"In": {"type": "structure", "required": [service]}},
        }

    monkeypatch.setattr(generator, "published_model", model)
    with pytest.raises(ValueError, match="another shape named In"):
        generator.build()


def test_documentation_is_left_out(generator: ModuleType) -> None:
    assert "documentation" not in generator.OUTPUT.read_text(encoding="utf-8")


def test_using_the_shapes_does_not_import_botocore() -> None:
    code = (
        "import sys; from genset.wire.shapes import check_request;"
        "check_request('ListTables', {}); sys.exit('botocore' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_operations_are_known_by_target_prefix() -> None:
    assert operations("DynamoDB_20120810")["GetItem"] == "GetItemInput"
    assert operations("DynamoDBStreams_20120810")["GetRecords"] == "GetRecordsInput"
    assert not operations("DynamoDB_20111205")


def test_an_unknown_operation_has_no_shape() -> None:
    with pytest.raises(KeyError):
        _service_model.input_shape("MakeTea")


def all_operations() -> list[str]:
    prefixes = ("DynamoDB_20120810", "DynamoDBStreams_20120810")
    return [name for prefix in prefixes for name in operations(prefix)]


def test_every_pattern_of_the_model_compiles() -> None:
    seen: set[str] = set()
    pending = [_service_model.input_shape(operation) for operation in all_operations()]
    while pending:
        shape = pending.pop()
        if shape.name in seen:
            continue
        seen.add(shape.name)
        if shape.pattern is not None:
            _service_model.pattern(shape.pattern)
        if shape.kind == "structure":
            pending.extend(member.shape for member in shape.members.values())
        elif shape.kind in ("list", "map"):
            pending.append(shape.element)
    assert "AutoScalingPolicyName" in seen


@pytest.mark.parametrize(
    ("source", "text", "matches"),
    [
        (r"\p{Print}+", "a name", True),
        (r"\p{Print}+", "tab\t", False),
        (r"[\u0020-\uD7FF\uD800\uDC00-\uDBFF\uDFFF]*", "\U0001f600", True),
        (r"\w+", "é", False),  # Java's classes are ASCII
    ],
)
def test_javas_patterns_keep_their_meaning(source: str, text: str, matches: bool) -> None:
    assert (_service_model.pattern(source).fullmatch(text) is not None) is matches


def test_rules_speak_only_of_shapes_and_members_that_exist() -> None:
    from genset.wire import _shape_rules as rules

    for name, order in rules.ENUM_ORDER.items():
        published = _service_model._document()["shapes"][name]["enum"]
        assert sorted(order) == sorted(published)
    for name, members in rules.FAILURE_ORDER.items():
        assert set(members) <= set(_service_model.shape(name).member_shapes)
    places = {*rules.LENGTH_MAX, *rules.LENGTH_MIN_IGNORED, *rules.VALUE_NOT_SHOWN}
    for structure, member in places | rules.VALUE_OMITTED:
        assert member in _service_model.shape(structure).member_shapes
