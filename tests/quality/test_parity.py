# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that tests claim every statement of the documentation on the emulated tenant's fidelity, without gaps."""

from __future__ import annotations

import dataclasses
import pathlib
import textwrap

import pytest
from intune_emulator.application import ROUTES
from intune_emulator.state.settings import Settings

from tests.tools.generate import parity
from tests.tools.generate.sources import SourceError

ROOT = pathlib.Path(__file__).parents[2]
CLAIMS = parity.load_claims(ROOT)
SETTINGS = {field.name for field in dataclasses.fields(Settings)}
CLAIM = parity.Claim(
    "emulated", "Sign-in", "A sentence.", ("https://learn.microsoft.com/graph/errors",), (), (), "emulator/tests/a.py", "test_a"
)


def test_the_claims_are_whole():
    assert len(CLAIMS) > 50 and {claim.kind for claim in CLAIMS} <= set(parity.KINDS)
    assert parity.find_problems(CLAIMS) == []


def test_settings_that_are_named_exist():
    assert [claim for claim in CLAIMS if not set(claim.settings) <= SETTINGS] == []


def test_every_setting_has_a_claim():
    assert sorted(SETTINGS - {name for claim in CLAIMS for name in claim.settings}) == []


def test_every_call_has_a_claim():
    assert sorted({f"{route.method} {route.template}" for route in ROUTES} - {call for claim in CLAIMS for call in claim.calls}) == []


def test_no_claim_is_made_twice():
    texts = [claim.text for claim in CLAIMS]
    assert sorted({text for text in texts if texts.count(text) > 1}) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kind": "true"}, "the kind must be one of real, emulated, assumed, refused, not 'true'"),
        ({"area": "Elsewhere"}, "the area 'Elsewhere' is not one of AREAS"),
        ({"text": "No full stop"}, "the text must be a sentence"),
        ({"sources": ()}, "a claim about the service needs a source"),
        ({"sources": ("http://learn.microsoft.com/x",)}, "a source must be a public address"),
        ({"sources": ("https://127.0.0.1/x",)}, "a source must be a public address"),
        ({"calls": ("GET /nothing",)}, "the emulator has no call ['GET /nothing']"),
        ({"calls": ("GET /groups",), "path": "tests/judges/a.py"}, "calls, settings, and refusals can be claimed in emulator/tests only"),
        ({"settings": ("quota",), "path": "tests/contract/a.py"}, "calls, settings, and refusals can be claimed in emulator/tests only"),
        ({"kind": "refused", "path": "tests/contract/a.py"}, "calls, settings, and refusals can be claimed in emulator/tests only"),
    ],
)
def test_what_is_wrong_with_a_claim_is_told(change, told):
    assert [problem.partition(": ")[2][: len(told)] for problem in parity.find_problems([CLAIM._replace(**change)])] == [told]
    with pytest.raises(SourceError, match="test_a"):
        parity.render_page([CLAIM._replace(**change)], "# Generated")


def test_a_refusal_needs_no_source():
    assert parity.find_problems([CLAIM._replace(kind="refused", sources=())]) == []


SAMPLE = """
import pytest

@pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.parity("refused", "Sign-in", "One is refused."))])
@pytest.mark.parity("real", "Sign-in", "It is "
    "so.", source="https://learn.microsoft.com/graph/errors", settings=("quota",), calls=("GET /groups",))
def test_x(x):
    pass
"""


def load(folder: pathlib.Path, text: str) -> tuple[parity.Claim, ...]:
    (folder / "emulator" / "tests").mkdir(parents=True)
    (folder / "emulator" / "tests" / "test_x.py").write_text(textwrap.dedent(text), encoding="utf-8")
    return parity.load_claims(folder)


def test_claims_are_read_where_tests_make_them(tmp_path):
    refused, real = load(tmp_path, SAMPLE)
    assert (refused.kind, refused.text, refused.test, refused.sources) == ("refused", "One is refused.", "test_x", ())
    assert (real.text, real.settings, real.calls) == ("It is so.", ("quota",), ("GET /groups",))
    assert real.path == "emulator/tests/test_x.py" and real.sources == ("https://learn.microsoft.com/graph/errors",)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ('MARK = pytest.mark.parity("real", "Sign-in", "It is so.")', "is no decorator of a test function"),
        ('@pytest.mark.parity("real", AREA, "It is so.")\ndef test_y(): pass', "all of them literals"),
        ('@pytest.mark.parity("real", "It is so.")\ndef test_y(): pass', "a kind, an area, and a text"),
        ('@pytest.mark.parity("real", "Sign-in", "It is so.", sources="x")\ndef test_y(): pass', "does not have sources"),
        ('@pytest.mark.parity("real", "Sign-in", "It is so.", settings="quota")\ndef test_y(): pass', "must be tuples"),
        ('@pytest.mark.parity("real", "Sign-in", "It is so.")\ndef helper(): pass', "is no decorator of a test function"),
        ('@pytest.mark.skip\n@pytest.mark.parity("real", "Sign-in", "It is so.")\ndef test_y(): pass', "can be skipped"),
        ('@pytest.mark.parity("real", "Sign-in", "It is so.")\n@pytest.mark.xfail(strict=True)\ndef test_y(): pass', "can be skipped"),
    ],
)
def test_a_claim_that_cannot_be_read_is_told(tmp_path, change, told):
    with pytest.raises(SourceError, match=told):
        load(tmp_path, f"{SAMPLE}\n{change}\n")


def test_the_page_has_each_claim_its_test_and_its_source():
    claims = [
        CLAIM._replace(text="It has `one` code.", settings=("quota",), calls=("GET /deviceManagement/managedDevices",)),
        CLAIM._replace(kind="refused", area="Batches", text="It is not.", sources=()),
    ]
    page = parity.render_page(claims, "# Generated")
    assert "   * - emulated\n     - It has ``one`` code.\n\n       Settings: ``quota``\n\n" in page
    assert "       Calls: ``GET /deviceManagement/managedDevices`` (v1.0, beta)\n" in page
    assert f"     - `test_a <{parity.TESTS}/emulator/tests/a.py>`__\n     - `errors <https://learn.microsoft.com/graph/errors>`__\n" in page
    assert "   * - refused\n     - It is not.\n     - `test_a" in page and page.index("Sign-in\n-------") < page.index("Batches\n-------")
    assert "   * - **refused**\n     - 1\n" in page and "   * - **real**\n     - 0\n" in page


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("https://github.com/microsoftgraph/microsoft-graph-docs/issues/12187", "microsoft-graph-docs 12187"),
        ("https://learn.microsoft.com/graph/throttling-limits#intune-service-limits", "throttling-limits"),
        ("https://www.rfc-editor.org/rfc/rfc7519", "rfc7519"),
    ],
)
def test_a_source_is_shown_by_its_page(source, name):
    page = parity.render_page([CLAIM._replace(sources=(source,))], "# Generated")
    assert f"`{name} <{source}>`__" in page
