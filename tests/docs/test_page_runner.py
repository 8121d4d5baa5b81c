"""Examples that do not do what their page says are found."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from support.expected_output import fits
from support.page_runner import ExampleFailed, PageRunner
from support.pages import parse_blocks


@pytest.fixture
def run(tmp_path):
    """Runs a page of that text."""

    def run_page(text):
        with PageRunner(tmp_path) as runner:
            for block in parse_blocks(Path("page.md"), textwrap.dedent(text)):
                runner.run(block)
            return runner

    return run_page


@pytest.mark.parametrize(
    "text",
    [
        "```python\nassert 1 == 2\n```\n",
        "```python\nprint('one')\n```\n\n<!-- output -->\n```text\ntwo\n```\n",
        "```sh\nfalse\ntrue\n```\n",
        "```bash\necho $UNKNOWN\n```\n",
        "```console\n$ echo one\ntwo\n```\n",
        "```console\n$ echo one\n$ echo two\ntwo\n```\n",
        "```console\n$ echo one && false\none\n```\n",
        "- a list\n\n    ```sh\n    false\n    ```\n",
        "<!-- run\nfalse\n-->\n",
        "```sh\ngenset serve --no-such-option\n```\n",
    ],
)
def test_an_example_fails(run, text):
    with pytest.raises(ExampleFailed, match=r"page\.md:\d+: "):
        run(text)


def test_the_line_of_a_failure_is_that_of_its_block(run):
    with pytest.raises(ExampleFailed, match=r"^page\.md:6: "):
        run("# Title\n\n```toml\n```\n```sh\nfalse\n```\n")


def test_examples_of_a_page_build_on_each_other(run):
    run(
        """
        ```toml title="folder/genset.toml"
        port = 1234
        ```

        ```sh
        cd folder
        export WORD=here
        ```

        ```python
        import os
        word = os.environ["WORD"]
        ```

        ```python
        print(word)
        ```

        <!-- output -->
        ```text
        here
        ```

        ```console
        $ cat genset.toml
        port = 1234
        $ ls nothing
        ls: ...
        $ echo $?
        2
        $ tr a b <<END
        banana
        END
        bbnbnb
        ```
        """
    )


def test_a_server_that_a_page_starts_serves_its_examples(run):
    run(
        """
        ```python title="ask.py"
        from urllib.request import urlopen
        print(urlopen("http://127.0.0.1:8000/").read().decode())
        ```

        ```console
        $ genset serve --port 8000
        genset listening on http://127.0.0.1:8000
        ```

        ```console
        $ python ask.py
        healthy: ...
        $ ls
        ask.py
        genset-data
        ```

        <!-- stop the server -->

        ```console
        $ python ask.py
        Traceback ...
        ...
        $ echo $?
        1
        ```
        """
    )


@pytest.mark.parametrize(
    "text",
    ["<!-- not run: a reason\nof two lines -->\n```sh\nfalse\n```\n", "```yaml\nfalse\n```\n"],
)
def test_what_is_marked_or_no_program_is_left_out(run, text):
    run(text)


def test_an_example_is_left_out_without_the_module_that_it_needs(run):
    runner = run(
        "```python\nprint(1)\n```\n<!-- needs no_such_module -->\n```python\nprint(2)\n```\n"
        "<!-- output -->\n```text\n2\n```\n"
    )
    assert runner.missing == {"no_such_module is not installed"}


@pytest.mark.parametrize(
    ("expected", "written"),
    [
        ("one\n", "one\n\n"),
        ("took ... s", "took 1.5 s  \n"),
        ("one\n...\nfour\n", "one\ntwo\nthree\nfour\n"),
        ("one\n...\ntwo", "one\ntwo"),
        ("a.b", "a.b"),
    ],
)
def test_output_that_fits(expected, written):
    assert fits(expected, written)


@pytest.mark.parametrize(
    ("expected", "written"),
    [("", "one"), ("one", ""), ("one", "one\ntwo"), ("one ... two", "one\ntwo"), ("a.b", "acb")],
)
def test_output_that_does_not_fit(expected, written):
    assert not fits(expected, written)
