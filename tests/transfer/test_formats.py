"""Files of items: what is written is read again, and what is wrong is told by its line."""

from __future__ import annotations

import base64
import gzip
import io
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings

from genset.transfer.formats.detection import detect_format
from genset.transfer.formats.format import Format, Options
from genset.transfer.formats.registry import FORMATS
from genset.transfer.plain import Item, from_plain, to_plain
from genset.transfer.records import Record, TransferError
from genset.transfer.sources import Source, opened
from transfer.items import canonical, items, put, read, told, written

CSV, JSONL, JSON = FORMATS["csv"], FORMATS["jsonl"], FORMATS["json"]
DYNAMODB, AWS_CLI = FORMATS["dynamodb-json"], FORMATS["aws-cli"]
ION = FORMATS["ion"]


def csv_items(text: str, **options: Any) -> list[Item]:
    return put(read(CSV, text.encode(), Options(**options)))


# Generating items takes the time, so each is written in all formats.
@settings(max_examples=40)
@given(all_items=items())
def test_any_items_come_back_as_they_were(all_items: list[Item]) -> None:
    for form in (CSV, DYNAMODB, AWS_CLI, ION):
        assert canonical(put(read(form, written(form, all_items)))) == canonical(all_items)
    # Plain JSON has neither sets nor binary values.
    plain = [from_plain(to_plain(item)) for item in all_items]
    for form in (JSONL, JSON):
        assert put(read(form, written(form, all_items))) == plain
    assert canonical(csv_items(kept_texts(written(CSV, all_items)))) == canonical(all_items)


def kept_texts(content: bytes) -> str:
    """The file of the texts of all records in a file of CSV."""
    records = [each for each in read(CSV, content) if isinstance(each, Record)]
    headings = [record.heading for record in records[:1]]
    return "\n".join([*headings, *(record.text for record in records), ""])


def test_columns_have_the_types_of_headings_options_and_keys_in_that_order_of_strength() -> None:
    text = "id,year:N,n:S,other:N,link:S\n1,1965,2,3,x\n"
    (item,) = csv_items(
        text, types={"other": "S"}, key_types={"id": "N", "n": "N", "year": "S", "link": "S"}
    )
    assert item == {
        "id": {"N": "1"},
        "year": {"N": "1965"},
        "n": {"S": "2"},
        "other": {"S": "3"},
        "link": {"S": "x"},
    }


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        ("S", "a b", {"S": "a b"}),
        ("N", "1.50", {"N": "1.50"}),
        ("B", base64.b64encode(b"\0\1").decode(), {"B": b"\0\1"}),
        ("BOOL", "TRUE", {"BOOL": True}),
        ("BOOL", "false", {"BOOL": False}),
        ("NULL", "null", {"NULL": True}),
        ("SS", '"[""a"",""b""]"', {"SS": ["a", "b"]}),
        ("NS", '"[1,2.5]"', {"NS": ["1", "2.5"]}),
        ("BS", '"[""AA==""]"', {"BS": [b"\0"]}),
        ("L", '"[1,null]"', {"L": [{"N": "1"}, {"NULL": True}]}),
        ("M", '"{""a"":{""b"":true}}"', {"M": {"a": {"M": {"b": {"BOOL": True}}}}}),
        ("DYNAMODB", '"{""S"":""""}"', {"S": ""}),
    ],
)
def test_a_cell_is_read_as_the_type_of_its_column(
    kind: str, cell: str, value: dict[str, Any]
) -> None:
    assert csv_items(f"pk,v:{kind}\nk,{cell}\n") == [{"pk": {"S": "k"}, "v": value}]


@pytest.mark.parametrize(
    ("kind", "cell", "reason"),
    [
        ("BOOL", "yes", "column v is no BOOL: it must be true or false"),
        ("B", "*", "column v is no B: "),
        ("SS", "[1]", "column v is no SS: it must be a JSON array of strings"),
        ("NS", '"[""1""]"', "column v is no NS: it must be a JSON array of numbers"),
        ("L", "{}", "column v is no L: it must be a JSON array"),
        ("M", "[]", "column v is no M: it must be a JSON object"),
        ("M", "{", "column v is no M: "),
        ("DYNAMODB", "1", "column v is no DYNAMODB: "),
    ],
)
def test_a_cell_of_another_type_is_that_lines_fault(kind: str, cell: str, reason: str) -> None:
    readings = read(CSV, f"pk,v:{kind}\nk,{cell}\nok,\n".encode())
    (fault,) = told(readings)
    assert fault.startswith(f"f:2: {reason}")
    assert put(readings[1:]) == [{"pk": {"S": "ok"}}]


def test_an_empty_cell_is_an_attribute_that_is_not_there() -> None:
    assert csv_items("a,b:N,c\nx,,\n") == [{"a": {"S": "x"}}]


def test_lines_of_csv_are_counted_through_cells_with_line_ends() -> None:
    readings = read(CSV, b'a,b\r\n"1\n2",x\r\n\r\ny\r\nz,"3\n\n4"\r\nw\r\n')
    assert [str(each.place) for each in readings] == ["f:2", "f:5", "f:6", "f:9"]
    assert told(readings) == [
        "f:5: it has 1 cells, and the header has 2",
        "f:9: it has 1 cells, and the header has 2",
    ]


def test_csv_may_have_a_byte_order_mark_and_another_delimiter() -> None:
    assert csv_items("\ufeffa\tb:N\n,\t1\n", delimiter="\t") == [{"a": {"S": ","}, "b": {"N": "1"}}]


def test_bytes_that_are_not_utf8_are_the_fault_of_their_line() -> None:
    for form, content in (
        (CSV, b"a\nx\xff\ny\n"),
        (JSONL, b'\n{"a": "x\xff"}\n{"a": "y"}\n'),
        (DYNAMODB, b'\n{"a": {"S": "x\xff"}}\n{"a": {"S": "y"}}\n'),
        (JSON, b'[\n{"a": "x\xff"},\n{"a": "y"}]'),
    ):
        wrong, right = read(form, content)
        assert str(wrong).startswith("f:2: ")
        assert put([right]) == [{"a": {"S": "y"}}]


@pytest.mark.parametrize(
    ("header", "options", "reason"),
    [
        ("a,b,a", {}, "two columns are named a"),
        ("a,a:N", {}, "two columns are named a"),
        ("a,,b", {}, "a column of the header has no name"),
        ("a", {"types": {"b": "N"}}, "there is no column b to have a type"),
    ],
)
def test_a_wrong_header_ends_it_all(header: str, options: dict[str, Any], reason: str) -> None:
    with pytest.raises(TransferError, match=reason):
        csv_items(f"{header}\n1,2,3\n", **options)


@pytest.mark.parametrize(
    ("line", "item"),
    [
        ('{"Item": {"a": {"S": "x"}}}', {"a": {"S": "x"}}),
        ('{"a": {"S": "x"}}', {"a": {"S": "x"}}),
        ('{"a": {"B": "AAE="}}', {"a": {"B": b"\0\1"}}),
        # What is in Item cannot be an attribute value, so Item is no attribute.
        ('{"Item": {"S": {"S": "x"}}}', {"S": {"S": "x"}}),
        ('{"Item": {"M": {"M": {}}}}', {"M": {"M": {}}}),
        # It cannot be an item, so Item is an attribute.
        ('{"Item": {"S": "x"}}', {"Item": {"S": "x"}}),
        ('{"Item": {"M": {}}}', {"Item": {"M": {}}}),
        ('{"Item": {"S": "x"}, "b": {"N": "1"}}', {"Item": {"S": "x"}, "b": {"N": "1"}}),
        # Keys with a value that is no item is an attribute.
        ('{"Keys": {"S": "x"}}', {"Keys": {"S": "x"}}),
    ],
)
def test_an_item_of_dynamodb_json_is_bare_or_in_item(line: str, item: Item) -> None:
    assert put(read(DYNAMODB, line.encode())) == [item]


def test_lines_of_an_incremental_export_put_and_delete() -> None:
    # Developer guide, "DynamoDB table export output format": insert, update, delete; and the same
    # with the images before.
    content = b"""
        {"Metadata":{"WriteTimestampMicros":{"N":"1"}},"Keys":{"a":{"S":"1"}},"NewImage":{"a":{"S":"1"},"b":{"N":"1"}}}
        {"Metadata":{"WriteTimestampMicros":{"N":"2"}},"Keys":{"a":{"S":"2"}},"OldImage":{"a":{"S":"2"}},"NewImage":{"a":{"S":"2"},"b":{"N":"2"}}}
        {"Metadata":{"WriteTimestampMicros":{"N":"3"}},"Keys":{"a":{"S":"3"}}}
        {"Metadata":{"WriteTimestampMicros":{"N":"4"}},"Keys":{"a":{"S":"4"}},"OldImage":{"a":{"S":"4"},"b":{"N":"9"}}}
    """
    readings = read(DYNAMODB, content)
    assert [(each.item, each.deletes) for each in readings if isinstance(each, Record)] == [
        ({"a": {"S": "1"}, "b": {"N": "1"}}, False),
        ({"a": {"S": "2"}, "b": {"N": "2"}}, False),
        ({"a": {"S": "3"}}, True),
        ({"a": {"S": "4"}}, True),
    ]


@pytest.mark.parametrize("form", [JSONL, DYNAMODB], ids=lambda form: form.name)
@pytest.mark.parametrize("line", ["{", "[1]", "5", '{"a": NaN}', "[" * 100_000])
def test_a_line_that_is_no_item_is_a_fault(form: Format, line: str) -> None:
    readings = read(form, f"\n{line}\n".encode())
    (fault,) = told(readings)
    assert fault.startswith("f:2: ")


@pytest.mark.parametrize(
    ("content", "faults", "rest"),
    [
        ('[{"a":1},\n{"a":,\n"b":2},\n5,\n{"a":3}]', ["f:2: ", "f:4: an item must be"], "13"),
        ('[{"a":1},\n,{"a":3}]', ["f:2: there is nothing between two commas"], "13"),
        ('[{"a":1},{"a":3}\n', ["f:1: the array does not end"], "1"),
        ('[{"a":1},{"a":3}]\n[]', ["f:1: there is something after the array"], "13"),
        ('{"a": [1]}', ["f:1: it is not a JSON array"], ""),
        ('x [{"a":1}]', ["f:1: it is not a JSON array"], ""),
    ],
)
def test_what_is_wrong_in_a_json_array_is_told_and_the_rest_is_read(
    content: str, faults: list[str], rest: str
) -> None:
    readings = read(JSON, content.encode())
    for fault, expected in zip(told(readings), faults, strict=True):
        assert fault.startswith(expected)
    items_read = [each.item for each in readings if isinstance(each, Record)]
    assert items_read == [{"a": {"N": number}} for number in rest]


def test_an_array_is_cut_where_its_elements_end_whatever_is_in_strings() -> None:
    tricky = '[ {"a": "],{\\"[\\\\"} ,\n {"a": [{"b": "}"}, []]} ]  '
    assert put(read(JSON, tricky.encode())) == [
        {"a": {"S": '],{"[\\'}},
        {"a": {"L": [{"M": {"b": {"S": "}"}}}, {"L": []}]}},
    ]
    assert read(JSON, b" [ ] ") == []


def test_ion_is_read_as_the_developer_guide_shows_it() -> None:
    line = """$ion_1_0 {Item:{Authors:$dynamodb_SS::["Author1","Author2"],\
Dimensions:"8.5 x 11.0 x 1.5",ISBN:"333-3333333333",Id:103.,InPublication:false,\
PageCount:6d2,Price:2d3,ProductCategory:"Book",Title:"Book 103 Title"}}"""
    assert put(read(ION, line.encode())) == [
        {
            "Authors": {"SS": ["Author1", "Author2"]},
            "Dimensions": {"S": "8.5 x 11.0 x 1.5"},
            "ISBN": {"S": "333-3333333333"},
            "Id": {"N": "103"},
            "InPublication": {"BOOL": False},
            "PageCount": {"N": "6E2"},
            "Price": {"N": "2E3"},
            "ProductCategory": {"S": "Book"},
            "Title": {"S": "Book 103 Title"},
        }
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-1_000.50", {"N": "-1000.50"}),
        ("1.5d-3", {"N": "1.5E-3"}),
        ("10.d2", {"N": "10E2"}),
        ("7", {"N": "7"}),
        ("null", {"NULL": True}),
        ("null.string", {"NULL": True}),
        ("true", {"BOOL": True}),
        ("{{ AAE= }}", {"B": b"\0\1"}),
        ("{{}}", {"B": b""}),
        (r'"\x41\u00e9\U0001F600\n\"\0"', {"S": 'A\u00e9\U0001f600\n"\0'}),
        ("'''a'b''' '''c'''", {"S": "a'bc"}),
        ("[1., [], ]", {"L": [{"N": "1"}, {"L": []}]}),
        ("{'a b': 1., \"c\": {}, null_: 2.}", None),
        ("$dynamodb_NS::[1.,2d0]", {"NS": ["1", "2E0"]}),
        ("'$dynamodb_BS'::[{{AA==}}]", {"BS": [b"\0"]}),
    ],
)
def test_values_of_ion_are_those_of_dynamodb(text: str, value: Any) -> None:
    members = {"a b": {"N": "1"}, "c": {"M": {}}, "null_": {"N": "2"}}
    wanted = {"M": members} if value is None else value
    assert put(read(ION, f"{{Item: {{v: {text}}}}}".encode())) == [{"v": wanted}]


def test_lines_of_an_incremental_export_in_ion_put_and_delete() -> None:
    content = b"""
        $ion_1_0 {Record:{Keys:{a:"1"},Metadata:{WriteTimestampMicros:1.},NewImage:{a:"1",b:1.}}}
        $ion_1_0 {Record:{Keys:{a:"2"},Metadata:{WriteTimestampMicros:1.},OldImage:{a:"2",b:1.}}}
    """
    readings = read(ION, content)
    assert [(each.item, each.deletes) for each in readings if isinstance(each, Record)] == [
        ({"a": {"S": "1"}, "b": {"N": "1"}}, False),
        ({"a": {"S": "2"}}, True),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "{Item:{a:1.}",
        "{Item:{a 1.}}",
        "{Item:{a:1.,,}}",
        "{Item:{a:}}",
        "{Item:{1.:1.}}",
        "{Item:{a:word}}",
        "{Item:{a:other::[1.]}}",
        '{Item:{a:$dynamodb_NS::["1"]}}',
        "{Item:{a:2026-01-01T}}",
        "{Item:[]}",
        "{Other:{}}",
        "{Item:{}} {}",
        "[]",
        "%",
        "[" * 100_000,
        "{Item:{a:{{*}}}}",
    ],
    ids=lambda line: line[:30],
)
def test_a_line_that_is_no_item_in_ion_is_a_fault(line: str) -> None:
    (fault,) = told(read(ION, f"\n{line}\n".encode()))
    assert fault.startswith("f:2: ")


def test_what_the_aws_cli_prints_is_read_line_by_line_of_an_item() -> None:
    content = """{
    "Items": [
        {
            "a": {"S": "x"}
        },
        {
            "a": {"B": 5}
        },
        {
            "b": {
                "B": "AA=="
            }
        }
    ],
    "Count": 2,
    "ConsumedCapacity": null
}"""
    readings = read(AWS_CLI, content.encode())
    assert told(readings) == ["f:6: a binary value must be a base64 text"]
    assert put([readings[0], readings[2]]) == [{"a": {"S": "x"}}, {"b": {"B": b"\0"}}]
    assert put(read(AWS_CLI, b'[{"a": {"N": "1"}}]')) == [{"a": {"N": "1"}}]
    (fault,) = told(read(AWS_CLI, b'{"Count": 1}'))
    assert fault == "f:1: it is not what the AWS CLI prints of a scan"


def test_an_array_longer_than_what_is_read_at_once_is_whole() -> None:
    # Backslashes and quotes fall on every boundary of what is read at once.
    made = [{"a": {"S": '\\"' * 1000 + "x" * (index % 7)}} for index in range(100)]
    assert put(read(JSON, written(JSON, made))) == made


@pytest.mark.parametrize(
    ("name", "head", "found"),
    [
        ("x.csv", "a,b", CSV),
        ("x.CSV.gz", "{", CSV),
        ("x.tsv", "a", CSV),
        ("x", ' [{"a": 1}]', JSON),
        ("x", " []", JSON),
        ("x", '[{"a": {"b": {"S": 1}}}]', JSON),
        ("x", '[\n  {"a": {\n"S": "x"}}]', AWS_CLI),
        ("x.json", '{\n    "Items": [\n        {', AWS_CLI),
        ("x.json", '{"Count": 1, "Items": [{"a": {"S": "', AWS_CLI),
        ("x.json", '{"a": "x", "Items": [1, ', JSONL),
        ("x.json", '{"Items": [{"a": {"S": "x"}}], "Count": 1}', AWS_CLI),
        ("x.json", '{"Items": [{"a": 1}], "Count": 1}', JSONL),
        ("x.json", '{"Items": 1}', JSONL),
        ("x.json", '{"a": 1}\n{"a": 2}', JSONL),
        ("x.json", '\ufeff{"a": {"S": "x"}}', DYNAMODB),
        ("x.json", '{"a": {"b": {"S": "x"}}}', JSONL),
        ("x.jsonl", '{"Item": {"a": {"S": "x"}}}', DYNAMODB),
        ("x.json", '{"Keys": {"a": {"S": "x"}}, "NewImage": {"a": {"S": "x"}}}', DYNAMODB),
        # Cut off in the first line.
        ("x.json", '{"Item": {"a\\"": {"S": "xxx', DYNAMODB),
        ("x.json", '{"a": {"NS": ["1"', DYNAMODB),
        ("x.json", '{"a": {"b": ["1"', JSONL),
        ("x", "$ion_1_0 {Item:{a:1.}}", ION),
        ("x.json", "", JSON),
    ],
)
def test_a_format_is_seen_by_the_name_and_the_beginning(
    name: str, head: str, found: Format
) -> None:
    assert detect_format(name, head.encode()) is found


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        ("a,b\n", "cannot tell the format of x; --format says it"),
    ],
)
def test_what_is_of_no_format_is_refused(head: str, reason: str) -> None:
    with pytest.raises(TransferError, match=reason):
        detect_format("x", head.encode())


def test_gzip_is_seen_whatever_the_name_and_damage_is_told(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    content = gzip.compress(b'{"a": 1}\n' * 1000)
    path.write_bytes(content)
    with opened(Source(str(path))) as source:
        assert source.format is JSONL
        assert source.stream.read() == b'{"a": 1}\n' * 1000
        assert source.stored_bytes_read == len(content)
    path.write_bytes(content[:-20])
    with (
        pytest.raises(TransferError, match=r"x\.jsonl is damaged"),
        opened(Source(str(path))) as source,
    ):
        source.stream.read()


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (b'[\n  {\n    "a": {\n      "S": "x"\n    }\n  }\n]\n', AWS_CLI),
        (b'{\n "Items": [\n {"a": {"S": "x"}}]}', AWS_CLI),
        (b'{"a": {"S": "x"}}\n{"a": {"S": "y"}}\n', DYNAMODB),
        (gzip.compress(b'{"a": 1}\n'), JSONL),
    ],
    ids=["array", "object", "lines", "gzip"],
)
def test_a_format_is_seen_in_a_pipe_that_gives_little_at_a_time(
    content: bytes, form: Format, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=Trickle(content)))
    with opened(Source("-")) as source:
        assert source.format is form
        expected = gzip.decompress(content) if form is JSONL else content
        assert source.stream.read() == expected


class Trickle(io.BytesIO):
    """Gives one byte at a time."""

    def readinto1(self, buffer: Any) -> int:
        piece = self.read(1)
        buffer[: len(piece)] = piece
        return len(piece)
