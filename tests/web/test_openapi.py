"""The description of the JSON is whole and true."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from archive.web.app import create_app
from archive.web.openapi import description
from archive.web.routes import DOWNLOADS, VIEWS
from tests.web.conftest import Shown, Site


def test_every_json_route_of_the_application_is_described(site: Site, tmp_path) -> None:
    described = set(site.get("/openapi.json").json()["paths"])
    served = {
        route.path.replace(":path", "")
        for route in create_app(tmp_path).routes
        if hasattr(route, "endpoint") and route.path != "/openapi.json"
    }
    assert described == {path for path in served if path not in {view.path for view in VIEWS}}
    assert {view.twin for view in VIEWS} | {each.path for each in DOWNLOADS} == described


@pytest.fixture(scope="module")
def api(site: Site):
    return schemathesis.openapi.from_url(f"{site.base}/openapi.json")


EXAMPLES = {
    "/item/{id}.json": ("edited", "withdrawn", "hostile", "copied"),
    "/item/{id}/diff.json": ("edited", "withdrawn", "copied"),
    "/item/{id}/as-it-was.json": ("edited", "withdrawn"),
}
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.path)
def test_real_answers_are_as_described(api, shown: Shown, view) -> None:
    given_ = {"province": "IR-22", "office": "behzisti-hormozgan", "year": 1403, "month": 1}
    for name in EXAMPLES.get(view.twin, ("edited",)):
        values = {"id": getattr(shown, name), **given_}
        path = {param.name: values[param.name] for param in view.params if param.where == "path"}
        response = api[view.twin]["GET"].Case(path_parameters=path).call_and_validate(checks=CHECKS)
        assert response.status_code == 200


@pytest.mark.parametrize("path", sorted(description(VIEWS, DOWNLOADS)["paths"]))
def test_answers_are_as_described_whatever_is_asked(api, path: str) -> None:
    operation = api[path]["GET"]

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
    @given(case=operation.as_strategy())
    def ask(case) -> None:
        case.call_and_validate(checks=CHECKS)

    ask()
