"""Exports as DynamoDB writes them to S3: written by `genset export`, read by `genset load`."""

from __future__ import annotations

import base64
import gzip
import hashlib
import itertools
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import Create
from genset.transfer.plain import Item
from genset.transfer.s3_export import writing
from genset.transfer.s3_export.manifests import etag
from support.client import Api
from transfer.command import Genset
from transfer.tables import EVERY_TYPE, HASHED, items_of, numbered, put_all


def md5(content: bytes) -> str:
    return base64.b64encode(hashlib.md5(content).digest()).decode()


@pytest.fixture
def export(genset: Genset, api: Api, name: str, tmp_path: Path) -> Path:
    """An export of a table with 21 items, in the folder `out`."""
    put_all(api, name, [EVERY_TYPE, *numbered(20)])
    done = genset("export", name, tmp_path / "out", "--segments", "3")
    assert (done.status, done.told) == (0, [f"exported 21 items of {name}"])
    (line,) = done.lines
    return Path(line)


def test_the_etag_follows_from_the_checksum_as_the_developer_guide_shows_it() -> None:
    assert etag("sQMSpEILNgoQmarvDFonGQ==") == "af83d6f217c19b8b0fff8023d8ca4716-1"


def test_an_export_has_the_files_that_dynamodb_writes(export: Path, name: str) -> None:
    assert re.fullmatch(r"\d{14}-[0-9a-f]{8}", export.name)
    assert export.parent.name == "AWSDynamoDB"
    found = {each.relative_to(export).as_posix() for each in export.rglob("*") if each.is_file()}
    data = {each for each in found if re.fullmatch(r"data/[a-z2-7]{26}\.json\.gz", each)}
    assert len(data) == 3
    assert found - data == {
        "_started",
        "manifest-files.json",
        "manifest-files.md5",
        "manifest-summary.json",
        "manifest-summary.md5",
    }
    for manifest in ("manifest-files", "manifest-summary"):
        content = (export / f"{manifest}.json").read_bytes()
        assert (export / f"{manifest}.md5").read_text() == md5(content)


def test_the_manifests_say_what_is_there(export: Path, api: Api, name: str) -> None:
    files = [json.loads(line) for line in (export / "manifest-files.json").read_text().splitlines()]
    items = []
    for each in files:
        assert each.keys() == {"itemCount", "md5Checksum", "etag", "dataFileS3Key"}
        content = (export.parents[1] / each["dataFileS3Key"]).read_bytes()
        assert each["md5Checksum"] == md5(content)
        lines = gzip.decompress(content).splitlines()
        assert len(lines) == each["itemCount"]
        items += [json.loads(line) for line in lines]
    assert all(each.keys() == {"Item"} for each in items)
    assert {each["Item"]["pk"]["S"] for each in items} == {"every", *map(str, range(20))}
    described = api("DescribeTable", TableName=name)["Table"]
    summary = json.loads((export / "manifest-summary.json").read_text())
    times = {summary.pop(each) for each in ("startTime", "endTime", "exportTime")}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", each) for each in times)
    assert summary == {
        "version": "2020-06-30",
        "exportArn": f"{described['TableArn']}/export/{export.name}",
        "tableArn": described["TableArn"],
        "tableId": described["TableId"],
        "s3Bucket": None,
        "s3Prefix": None,
        "s3SseAlgorithm": None,
        "s3SseKmsKeyId": None,
        "manifestFilesS3Key": f"AWSDynamoDB/{export.name}/manifest-files.json",
        "billedSizeBytes": described["TableSizeBytes"],
        "itemCount": 21,
        "outputFormat": "DYNAMODB_JSON",
        "exportType": "FULL_EXPORT",
    }


def test_the_tables_description_is_beside_it(export: Path, name: str) -> None:
    path = export.parents[1] / f"{name}-{export.name}.json"
    found = json.loads(path.read_text())["Table"]
    assert (found["TableName"], found["KeySchema"]) == (name, HASHED["KeySchema"])


@pytest.mark.parametrize(
    "place",
    [
        lambda export: export.parents[1],
        lambda export: export.parent,
        lambda export: export,
        lambda export: export / "manifest-summary.json",
        lambda export: export / "manifest-files.json",
    ],
)
def test_an_export_is_loaded_by_any_of_its_paths(
    genset: Genset,
    api: Api,
    create: Create,
    name: str,
    export: Path,
    place: Callable[[Path], Path],
) -> None:
    other = create(HASHED)
    assert genset("load", other, place(export)).status == 0
    assert items_of(api, other) == items_of(api, name)


def test_of_several_exports_one_must_be_named(genset: Genset, name: str, export: Path) -> None:
    second = Path(genset("export", name, export.parents[1]).lines[0])
    done = genset("load", name, export.parents[1])
    assert done.status == 1
    assert str(export) in done.errors
    assert str(second) in done.errors


def data_of(export: Path) -> Path:
    return next(each for each in (export / "data").iterdir())


def test_nothing_of_a_damaged_export_is_loaded(
    genset: Genset, api: Api, create: Create, export: Path
) -> None:
    other = create(HASHED)
    data, summary = data_of(export), export / "manifest-summary.json"
    whole = data.read_bytes()
    data.write_bytes(gzip.compress(gzip.decompress(whole) + b'{"Item":{"pk":{"S":"more"}}}\n'))
    done = genset("load", other, export)
    assert (done.status, done.told) == (
        1,
        [f"genset: {data} is damaged: its MD5 is not the one in manifest-files.json"],
    )
    data.unlink()
    done = genset("load", other, export)
    assert done.told == [f"genset: {data} is listed in manifest-files.json and is not there"]
    data.write_bytes(whole)
    summary.write_text(summary.read_text().replace("21", "22"))
    done = genset("load", other, export)
    assert done.told == [
        f"genset: {summary} is damaged: its MD5 is not the one in manifest-summary.md5"
    ]
    assert items_of(api, other) == {}


def write_export(folder: Path, data: Path, lines: list[Any], **summary: Any) -> None:
    """An export as the service writes it, with a data file that may be elsewhere."""
    folder.mkdir(parents=True)
    data.parent.mkdir(parents=True, exist_ok=True)
    texts = [each if isinstance(each, str) else json.dumps(each) for each in lines]
    data.write_bytes(gzip.compress("".join(f"{each}\n" for each in texts).encode()))
    root = folder.parents[1]
    listed = {
        "itemCount": len(lines),
        "md5Checksum": md5(data.read_bytes()),
        "etag": "",
        "dataFileS3Key": f"some/prefix/{data.relative_to(root).as_posix()}",
    }
    (folder / "manifest-files.json").write_text(json.dumps(listed) + "\n")
    (folder / "manifest-summary.json").write_text(json.dumps(summary))
    content = (folder / "manifest-summary.json").read_bytes()
    (folder / "manifest-summary.checksum").write_text(md5(content))


def test_an_incremental_export_with_its_data_beside_it_puts_and_deletes(
    genset: Genset, api: Api, name: str, tmp_path: Path
) -> None:
    put_all(api, name, numbered(2))
    root = tmp_path / "bucket" / "AWSDynamoDB"
    write_export(
        root / "01693685827463-2d8752fd",
        root / "data" / "aaaa.json.gz",
        [
            {
                "Metadata": {"WriteTimestampMicros": {"N": "1680109764000000"}},
                "Keys": {"pk": {"S": "0"}},
                "OldImage": {"pk": {"S": "0"}, "n": {"N": "0"}},
            },
            {
                "Metadata": {"WriteTimestampMicros": {"N": "1680109764000000"}},
                "Keys": {"pk": {"S": "1"}},
                "NewImage": {"pk": {"S": "1"}, "n": {"N": "10"}},
            },
        ],
        outputFormat="DYNAMODB_JSON",
        exportType="INCREMENTAL_EXPORT",
        outputView="NEW_AND_OLD_IMAGES",
    )
    assert genset("load", name, tmp_path / "bucket").status == 0
    assert [each["n"] for each in items_of(api, name).values()] == [{"N": "10"}]


def test_an_export_in_ion_is_loaded(genset: Genset, api: Api, name: str, tmp_path: Path) -> None:
    folder = tmp_path / "AWSDynamoDB" / "01693685827463-2d8752fd"
    lines = ['$ion_1_0 {Item:{pk:"a",n:1.}}', '$ion_1_0 {Item:{pk:"b",n:2d0}}']
    write_export(folder, folder / "data" / "x.ion.gz", lines, outputFormat="ION")
    assert genset("load", name, folder).status == 0
    assert [each["n"] for _, each in sorted(items_of(api, name).items())] == [
        {"N": "1"},
        {"N": "2"},
    ]


def test_an_export_of_an_unknown_format_is_refused(
    genset: Genset, name: str, tmp_path: Path
) -> None:
    folder = tmp_path / "AWSDynamoDB" / "01693685827463-2d8752fd"
    write_export(folder, folder / "data" / "x.gz", [], outputFormat="OTHER")
    done = genset("load", name, folder)
    assert (done.status, done.told) == (
        1,
        [f"genset: {folder} is in OTHER; only DYNAMODB_JSON and ION are read"],
    )


def test_what_ends_one_part_ends_all_and_leaves_nothing(tmp_path: Path) -> None:
    def fails() -> Iterator[list[Item]]:
        yield [{"pk": {"S": "a"}}]
        raise KeyboardInterrupt

    long = [itertools.repeat([{"pk": {"S": "b"}}], 50_000) for _ in range(2)]
    with pytest.raises(KeyboardInterrupt):
        writing.write_export(tmp_path, {"TableArn": "arn"}, [long[0], fails(), long[1]])
    assert all(next(each, None) is not None for each in long)
    assert [*tmp_path.glob("AWSDynamoDB/*")] == []
