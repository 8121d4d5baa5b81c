"""Steps wait until the table is ready for them, on a server whose changes take their time."""

from __future__ import annotations

import dataclasses

import pytest

from genset.schemas.applying import Pace, carry_out
from genset.schemas.calls import CallError
from genset.schemas.planning import make_plan

from .test_plans import BASE, CHANGES, REPLACEMENTS, WITH_INDEX

TRANSITION_S = 30.0


@pytest.fixture
def server(still):
    return still(transition_s=TRANSITION_S, ttl_cooldown_s=0.0)


@pytest.fixture
def call(server):
    def call_server(operation, request):
        answer = server.send(operation, dict(request))
        body = answer.json
        if answer.status != 200:
            raise CallError(body["__type"].rpartition("#")[2], body.get("message", ""))
        return body

    return call_server


@pytest.fixture
def make(server, call):
    """Makes tables be as they are to be; returns what was said meanwhile."""

    def sleep(seconds):
        server.wait(seconds)
        server.run_jobs()

    def make_tables(*tables):
        lines = []
        plan = make_plan(call, tables)
        carry_out(call, plan, lines.append, Pace(now=lambda: server.now, sleep=sleep))
        return lines

    return make_tables


@pytest.mark.parametrize("kind", [*CHANGES, *REPLACEMENTS])
def test_each_change_waits_for_the_one_before(make, call, kind):
    if kind in CHANGES:
        before, after, _ = CHANGES[kind]
    else:
        before, after = BASE, REPLACEMENTS[kind][0]
    make(before)
    make(after)
    assert make_plan(call, [after]).is_done


def test_what_is_waited_for_is_said(make):
    assert make(BASE) == ["planned: being created", "planned: waiting; the table is CREATING"]
    assert make(WITH_INDEX) == [
        "planned: index by-kind: none -> Kind HASH (S); ALL",
        "planned: waiting; index by-kind is CREATING",
    ]


def test_tables_are_created_side_by_side(server, make):
    started = server.now
    make(*(dataclasses.replace(BASE, name=f"table-{number}") for number in range(10)))
    assert server.now - started < 2 * TRANSITION_S


def test_a_table_that_is_being_deleted_is_made_anew(server, make, call):
    make(BASE)
    call("DeleteTable", {"TableName": BASE.name})
    make(BASE)
    assert make_plan(call, [BASE]).is_done
