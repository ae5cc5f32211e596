# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generate Windows Hello policies for property tests: random settings, and a policy as Graph shows it after a write."""

from __future__ import annotations

import copy
import re
import typing as t
import urllib.parse

from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils._graph.client import GraphClient
from ansible_collections.endpointops.intune.plugins.module_utils._hello.api import Backend
from ansible_collections.endpointops.intune.plugins.module_utils._hello.model import Policy, PolicyScope
from ansible_collections.endpointops.intune.plugins.module_utils._hello.settings import BY_OPTION, SETTINGS, Setting
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response
from tests.support.fakes import FakeTransport, answer, body_of, tenant

Json = dict[str, t.Any]

ID = "bbbbbbbb-0000-4000-8000-000000000001"
PROVIDER = "{D6886603-9D2F-4EB2-B667-1971041FA96B}"
TEXTS = st.sampled_from([PROVIDER, f"{PROVIDER},{PROVIDER}"])
HOSTS = st.sampled_from([("a.test",), ("a.test", "b.test"), ("login.contoso.com",)])


def value_for(setting: Setting) -> st.SearchStrategy[t.Any]:
    """Return a value that the setting can have."""
    if setting.words:
        return st.sampled_from(setting.words)
    if setting.kind == "int":
        # Separate ranges, so that no minimum is above a maximum.
        low, high = {"minimum_pin_length": (4, 60), "maximum_pin_length": (60, 127)}.get(setting.option, (setting.low, setting.high))
        return st.integers(low, high)
    return {"bool": st.booleans(), "flag": st.booleans(), "text": TEXTS, "list": HOSTS}[setting.kind]


def _settings(scope: str, backend: str) -> list[Setting]:
    return [setting for setting in SETTINGS if scope in setting.scopes and (setting.in_catalog or backend == "custom")]


def values_for(scope: str, backend: str = "custom") -> st.SearchStrategy[Json]:
    """Return settings as in a policy."""
    every = {setting.option: value_for(setting) for setting in _settings(scope, backend)}
    return st.fixed_dictionaries({}, optional=every).filter(_some_pin)


def given_values(scope: str, backend: str = "custom") -> st.SearchStrategy[Json]:
    """Return settings as in a task, some of them cleared."""
    every = {}
    for setting in _settings(scope, backend):
        every[setting.option] = value_for(setting)
        if setting.kind in ("text", "list"):
            every[setting.option] |= st.just("" if setting.kind == "text" else ())
    return st.fixed_dictionaries({}, optional={name: value for name, value in every.items() if name != "digits"})


def _some_pin(values: Json) -> bool:
    return values.get("digits") != "blocked"


def shown_profile(body: Json, hide: bool = True) -> Json:
    """Return a custom profile as beta shows it after ``body`` was written: values of strings are hidden, each with a reference."""
    found = copy.deepcopy(body)
    for number, item in enumerate(found["omaSettings"]):
        secret = hide and item["@odata.type"].endswith("String")
        item.update({"isEncrypted": secret, "secretReferenceValueId": f"ref-{number}" if secret else None})
        if secret:
            item["value"] = "****"
    return {"id": ID, "roleScopeTagIds": ["0"], "assignments": [], **found}


def shown_catalog_policy(body: Json) -> Json:
    """Return a policy of the settings catalog as beta shows it, with the empty members that Graph adds."""
    found = copy.deepcopy(body)
    for number, setting in enumerate(found["settings"]):
        setting["id"] = str(number)
        _add_nulls(setting["settingInstance"])
    own = {"id": ID, "assignments": [], "settingCount": len(found["settings"])}
    return {**own, "templateReference": {"templateId": "", "templateFamily": "none"}, **found}


def _add_nulls(instance: Json) -> None:
    instance["settingInstanceTemplateReference"] = None
    for name in ("simpleSettingValue", "choiceSettingValue"):
        if name in instance:
            instance[name]["settingValueTemplateReference"] = None
    for value in instance.get("groupSettingCollectionValue", []):
        value["settingValueTemplateReference"] = None
        for child in value["children"]:
            _add_nulls(child)


class Store(FakeTransport):
    """Emulate an Intune that accepts every write, and reveals these hidden values by their reference."""

    def __init__(self, revealed: t.Mapping[str, t.Any] | None = None) -> None:
        super().__init__()
        self.revealed = revealed or {}
        self.written: list[Request] = []

    def send(self, request: Request) -> Response:
        if request.method == "GET":
            reference = re.search(r"secretReferenceValueId='([^']*)'\)$", urllib.parse.unquote(request.url))
            assert reference, f"not in this store: {request.target}"
            return answer(200, {"value": self.revealed[reference.group(1)]})
        self.written.append(request)
        return answer(201, {"id": ID})

    @property
    def body(self) -> Json:
        """Return the body of the only write."""
        assert len(self.written) == 1
        return t.cast(Json, body_of(self.written[0]))


def written(write: t.Callable[[GraphClient], t.Any]) -> Json:
    """Return the body of the one request that this call writes."""
    store = Store()
    write(tenant(store).client)
    return store.body


def read_back(backend: Backend, body: Json, policy_scope: PolicyScope) -> Policy:
    """Return the policy as the backend reads it after ``body`` was written, for a task that names every option."""
    if backend.name == "settings_catalog":
        return backend.fetch_policy(tenant(Store()).client, shown_catalog_policy(body), policy_scope)
    values = {f"ref-{number}": item["value"] for number, item in enumerate(body["omaSettings"])}
    return backend.fetch_policy(tenant(Store(values)).client, shown_profile(body), policy_scope, BY_OPTION)
