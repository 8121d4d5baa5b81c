"""What the switches may be, as text and as JSON."""

from __future__ import annotations

from statistics import mean, median

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genset.cli.serving.settings import SettingsError, realism_switches
from genset.realism.latency import parse_latency, parse_time
from genset.realism.switches import SwitchError, decode, encode, parse_fault_text
from support.settings import serve_settings

CHANCES = [(number + 0.5) / 1000 for number in range(1000)]


@pytest.mark.parametrize(
    ("text", "seconds"), [("5ms", 0.005), ("1.5s", 1.5), ("0", 0.0), ("60s", 60.0)]
)
def test_a_time_has_a_unit(text, seconds):
    assert parse_time(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "5", "5 ms", "-1s", "1e3s", "61s", "inf", "5m", "nans", "٣s"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError, match="must be"):
        parse_time(text)


def test_a_fixed_latency_is_always_the_same():
    assert {parse_latency("5ms").seconds(chance) for chance in CHANCES} == {0.005}


def test_a_uniform_latency_is_anywhere_between_its_ends():
    seconds = [parse_latency("uniform(2ms,10ms)").seconds(chance) for chance in CHANCES]
    assert min(seconds) == pytest.approx(0.002, abs=1e-4)
    assert max(seconds) == pytest.approx(0.010, abs=1e-4)
    assert mean(seconds) == pytest.approx(0.006, rel=0.01)


def test_a_lognormal_latency_has_its_median_and_a_long_tail():
    seconds = [parse_latency("lognormal(5ms,0.5)").seconds(chance) for chance in CHANCES]
    assert median(seconds) == pytest.approx(0.005, rel=0.01)
    # exp(0.5 ** 2 / 2) times the median.
    assert mean(seconds) == pytest.approx(0.005 * 1.133, rel=0.01)
    assert seconds == sorted(seconds)


@given(st.floats(0, 1, exclude_max=True))
def test_no_latency_is_longer_than_a_minute(chance):
    assert 0 <= parse_latency("lognormal(50s,9)").seconds(chance) <= 60


@pytest.mark.parametrize(
    "text", ["uniform(10ms,2ms)", "uniform(1ms)", "normal(1ms,2ms)", "lognormal(1ms,2ms)", "("]
)
def test_what_is_no_distribution_is_refused(text):
    with pytest.raises(ValueError, match="must"):
        parse_latency(text)


def test_shares_are_given_by_the_names_of_errors():
    text = "InternalServerError=0.1, DroppedConnection=0.05,ThrottlingException=0"
    assert parse_fault_text(text) == {"InternalServerError": 0.1, "DroppedConnection": 0.05}


@pytest.mark.parametrize(
    "text",
    [
        "InternalServerError",
        "InternalServerError=x",
        "InternalServerError=1.5",
        "InternalServerError=-0.1",
        "InternalServerError=nan",
        "ValidationException=0.1",
        "InternalServerError=0.6,ThrottlingException=0.6",
    ],
)
def test_wrong_shares_are_refused(text):
    with pytest.raises(ValueError, match="must"):
        parse_fault_text(text)


FULL = {
    "throttling": True,
    "latency": "uniform(2ms,10ms)",
    "faults": {"InternalServerError": 0.25},
    "read_lag": "500ms",
    "gsi_lag": "1500ms",
    "seed": 7,
}


def test_the_json_of_a_state_makes_it_again():
    assert orjson.loads(encode(decode(FULL))) == FULL
    assert decode(orjson.loads(encode(decode({})))) == decode({})


@pytest.mark.parametrize(
    ("document", "name"),
    [
        ([], "the body"),
        ({"lag": "1s"}, "lag"),
        ({"throttling": "on"}, "throttling"),
        ({"latency": 5}, "latency"),
        ({"latency": "fast"}, "latency"),
        ({"faults": "InternalServerError=0.1"}, "faults"),
        ({"faults": {"InternalServerError": True}}, "faults"),
        ({"read_lag": "61s"}, "read_lag"),
        ({"gsi_lag": 1}, "gsi_lag"),
        ({"seed": -1}, "seed"),
        ({"seed": True}, "seed"),
    ],
)
def test_a_wrong_switch_is_named(document, name):
    with pytest.raises(SwitchError) as raised:
        decode(document)
    assert raised.value.name == name


FLAGS = [
    ["--throttling", "on"],
    ["--latency", "uniform(2ms,10ms)"],
    ["--faults", "InternalServerError=0.25"],
    ["--read-lag", "500ms"],
    ["--gsi-lag", "1.5s"],
    ["--realism-seed", "7"],
]
ENVIRONMENT = {f"GENSET_{flag[2:].upper().replace('-', '_')}": value for flag, value in FLAGS}


def test_flags_environment_and_file_say_the_same(tmp_path):
    flags = serve_settings(*(text for flag in FLAGS for text in flag))
    file = tmp_path / "genset.toml"
    file.write_text(
        'throttling = true\nlatency = "uniform(2ms,10ms)"\nfaults = "InternalServerError=0.25"\n'
        'read-lag = "500ms"\ngsi-lag = "1.5s"\nrealism-seed = 7\n'
    )
    for settings in (flags, serve_settings(environment=ENVIRONMENT), serve_settings(config=file)):
        assert realism_switches(settings) == decode(FULL)


def test_all_is_off_by_default():
    assert realism_switches(serve_settings()) == decode({})


@pytest.mark.parametrize(
    "arguments",
    [
        ["--throttling", "sometimes"],
        ["--latency", "fast"],
        ["--faults", "Everything=1"],
        ["--read-lag", "1h"],
        ["--gsi-lag", "-1s"],
        ["--realism-seed", "x"],
    ],
)
def test_a_wrong_setting_is_refused(arguments):
    with pytest.raises(SettingsError):
        serve_settings(*arguments)


@pytest.mark.parametrize(
    ("name", "text"),
    [("latency", "fast"), ("faults", "Everything=1"), ("read_lag", "1h"), ("gsi_lag", "5")],
)
def test_a_wrong_setting_is_said_to_be_where_it_was_given(tmp_path, name, text):
    flag, variable = "--" + name.replace("_", "-"), "GENSET_" + name.upper()
    file = tmp_path / "genset.toml"
    file.write_text(f'{name} = "{text}"')
    with pytest.raises(SettingsError, match=f"^{flag} must "):
        serve_settings(flag, text)
    with pytest.raises(SettingsError, match=f"^{variable} must "):
        serve_settings(environment={variable: text})
    with pytest.raises(SettingsError, match=f"^{file}: {name} must "):
        serve_settings(config=file)
