"""What is imported when: who does not use the fixtures pays nothing for them."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import genset.testing

# Whatever is slow to import, or changes something.
HEAVY = (
    "boto3",
    "botocore",
    "apsw",
    "orjson",
    "genset.wire",
    "genset.operations",
    "genset.storage",
)


def loaded_by(statement: str) -> set[str]:
    program = f"import json, sys; {statement}; print(json.dumps(list(sys.modules)))"
    shown = subprocess.check_output([sys.executable, "-c", program], timeout=60)
    return set(json.loads(shown))


@pytest.mark.parametrize("module", ["genset.testing", "genset.testing.plugin"])
def test_importing_it_loads_nothing_heavy(module):
    loaded = loaded_by(f"import {module}")
    assert module in loaded
    assert [name for name in HEAVY if name in loaded] == []
    assert [name for name in loaded if name.startswith("genset.testing.")] in ([], [module])


def test_botocore_is_not_changed_before_a_mock_is_at_work():
    program = (
        "import botocore.httpsession as h, botocore.handlers as b; "
        "before = h.URLLib3Session.send, len(b.BUILTIN_HANDLERS); "
        "from genset.testing import local, mock_dynamodb; mock_dynamodb(); "
        "assert before == (h.URLLib3Session.send, len(b.BUILTIN_HANDLERS))"
    )
    loaded_by(program)


@pytest.mark.parametrize("name", genset.testing.__all__)
def test_all_names_are_there(name):
    assert getattr(genset.testing, name).__doc__


def test_a_name_that_is_not_there_is_refused():
    with pytest.raises(AttributeError, match="has no attribute 'locale'"):
        genset.testing.locale  # noqa: B018
    assert set(genset.testing.__all__) < set(dir(genset.testing))
