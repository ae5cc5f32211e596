# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test signing in: each kind of credential, and each of its failures."""

from __future__ import annotations

import json
import os
import pathlib
import ssl
import stat

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret

from .harness import one_of

MODULE = "intune_connection_info"
BLANK = {"INTUNE_CLIENT_SECRET": "", "INTUNE_TENANT_ID": "", "INTUNE_CLIENT_ID": ""}


@pytest.fixture
def env(tenant) -> dict[str, str]:
    return tenant.env


def test_says_who_where_and_what_is_missing(both_executions):
    found = both_executions.module(MODULE, {}).result["connection"]
    env = both_executions.tenant.env
    assert found["auth_method"] == "client_secret"
    assert (found["tenant_id"], found["client_id"], found["graph_url"]) == (
        env["INTUNE_TENANT_ID"],
        env["INTUNE_CLIENT_ID"],
        env["INTUNE_GRAPH_URL"],
    )
    assert found["tenant_name"] and found["intune"] == "active" and found["licensed"] is True
    assert found["problems"] == []
    lacking = {name: module["missing"] for name, module in found["permissions"].items() if not module["ready"] or module["missing"]}
    assert lacking == {"entra_application": ["AppRoleAssignment.ReadWrite.All"]}, "which no application that runs every day may hold"
    assert abs(found["clock_skew"]) < 5


def test_names_the_permissions_that_are_missing(ansible):
    app = ansible.tenant.control.add_app(roles=["DeviceManagementManagedDevices.Read.All"])
    found = ansible.module(MODULE, {"client_id": app["client_id"], "client_secret": app["client_secret"]})
    assert found.status == "ok"
    permissions = found.result["connection"]["permissions"]
    assert permissions["intune_device_passcode"] == {
        "ready": False,
        "missing": ["DeviceManagementManagedDevices.PrivilegedOperations.All"],
        "missing_in_check_mode": [],
    }
    assert "DelegatedPermissionGrant.ReadWrite.All" in permissions["intune_pinreset_consent"]["missing"]
    told = "Not permitted to read: tenant's name, state of Intune, licenses."
    assert found.result["connection"]["problems"] == [told], "case 62: one line for three"
    assert [entry["path"] for entry in found.journal if entry["kind"] == "graph"] == ["/organization"], "case 62: a sign of life, no more"
    assert found.result["connection"]["intune"] is None


def test_says_that_there_is_no_intune(ansible):
    ansible.tenant.control.settings(intune=False)
    found = ansible.module(MODULE, {}).result["connection"]
    assert any("no active Intune subscription" in problem for problem in found["problems"])


def test_says_that_the_clocks_differ(ansible):
    ansible.tenant.control.advance(200)
    found = ansible.module(MODULE, {}).result["connection"]
    assert 190 < found["clock_skew"] < 210 and any("clock" in problem for problem in found["problems"])


@pytest.mark.parametrize("kind", ["client_secret", "pem", "pfx", "workload_identity", "managed_identity", "access_token", "azure_cli"])
def test_each_credential_signs_in(each_execution, env, tmp_path, kind):
    secretless = {"INTUNE_CLIENT_SECRET": ""}
    cases = {
        "client_secret": ({}, {}),
        "pem": ({"client_certificate_path": env["EMULATOR_CERTIFICATE_PEM"]}, secretless),
        "pfx": (
            {
                "client_certificate_path": env["EMULATOR_CERTIFICATE_PFX"],
                "client_certificate_passphrase": env["EMULATOR_CERTIFICATE_PASSPHRASE"],
            },
            secretless,
        ),
        "workload_identity": ({"federated_token_path": env["EMULATOR_FEDERATED_TOKEN"]}, secretless),
        "managed_identity": (
            {},
            {**BLANK, "IDENTITY_ENDPOINT": env["EMULATOR_MSI_ENDPOINT"], "IDENTITY_HEADER": env["EMULATOR_MSI_SECRET"]},
        ),
        "access_token": ({"access_token": each_execution.tenant.control.token()}, BLANK),
        "azure_cli": ({"auth_method": "azure_cli"}, {**BLANK, "PATH": f"{fake_az(tmp_path, each_execution.tenant)}:{os.environ['PATH']}"}),
    }
    options, extra = cases[kind]
    found = each_execution.module(MODULE, options, env=extra)
    assert found.status == "ok", found.result
    assert found.result["connection"]["roles"]
    assert found.result["connection"]["auth_method"] == {"pem": "client_certificate", "pfx": "client_certificate"}.get(kind, kind)
    ends = found.result["connection"]["credential"]
    what, knows = {
        "client_secret": ("client_secret", True),
        "pem": ("certificate", True),
        "pfx": ("certificate", True),
        "access_token": (None, False),
        "azure_cli": (None, False),
    }.get(kind, (None, True))
    assert (ends["kind"], ends["expires_soon"] is not None) == (what, knows), ends
    assert (ends["expires"] is not None) is (what is not None) and ends["message"]


def test_case_2_a_secret_that_ends_soon_warns_and_fails_nothing(both_executions):
    roles = ["Application.Read.All", "Organization.Read.All", "DeviceManagementConfiguration.Read.All"]
    app = both_executions.tenant.control.add_app(roles, secret_valid_days=12.5)
    given = {"client_id": app["client_id"], "client_secret": app["client_secret"]}
    found = both_executions.module(MODULE, given)
    ends = found.result["connection"]["credential"]
    assert (found.status, ends["days_left"], ends["expires_soon"], ends["source"]) == ("ok", 12, True, "application")
    assert found.result["connection"]["problems"] == []
    assert [warning for warning in found.result["warnings"] if "in 12 days." in warning and "entra_application" in warning]
    assert app["client_secret"] not in json.dumps(found.result)
    later = both_executions.module(MODULE, {**given, "expiry_warning_days": 12})
    assert later.result["connection"]["credential"]["expires_soon"] is False and not later.result.get("warnings")


def test_case_2_without_the_permission_the_end_of_a_secret_is_null_and_makes_no_noise(ansible):
    app = ansible.tenant.control.add_app(roles=["Organization.Read.All", "DeviceManagementConfiguration.Read.All"])
    found = ansible.module(MODULE, {"client_id": app["client_id"], "client_secret": app["client_secret"]})
    ends = found.result["connection"]["credential"]
    assert (ends["expires"], ends["expires_soon"]) == (None, None) and "lacks Application.Read.All" in ends["message"]
    assert found.result["connection"]["problems"] == [] and not found.result.get("warnings")
    assert not [entry for entry in found.journal if "applications" in entry["path"]]


def fake_az(folder: pathlib.Path, tenant, **signed_in: object) -> pathlib.Path:
    """Write an az that responds like the real one for a signed-in user. ``signed_in``: options of the token."""
    script = folder / "bin" / "az"
    script.parent.mkdir()
    answer = json.dumps({"accessToken": tenant.control.token(**signed_in), "expires_on": 4102444800, "tokenType": "Bearer"})
    script.write_text(f"#!/bin/sh\ncat <<'END'\n{answer}\nEND\n", encoding="utf-8")
    script.chmod(0o755)
    return script.parent


def test_a_blank_option_falls_back_to_the_environment(each_execution):
    blank = dict.fromkeys(["client_secret", "tenant_id", "graph_url", "auth_method", "cloud", "timeout", "validate_certs"], "")
    assert each_execution.module(MODULE, blank).status == "ok"


def test_an_inline_vaulted_secret_signs_in(both_executions, env):
    password = both_executions.folder / "vault-password"
    password.write_text("vault-password", encoding="utf-8")
    vault = VaultLib([(None, VaultSecret(b"vault-password"))])
    secret = vault.encrypt(env["INTUNE_CLIENT_SECRET"]).decode()
    play = both_executions.folder / "vaulted.yml"
    indented = "\n".join(f"          {line}" for line in secret.strip().splitlines())
    environment = "  environment:\n    A: b\n" if both_executions.execution == "module" else ""
    play.write_text(
        f"- hosts: localhost\n  connection: local\n  gather_facts: false\n{environment}  tasks:\n    - name: look\n"
        f"      endpointops.intune.{MODULE}:\n        client_secret: !vault |\n{indented}\n",
        encoding="utf-8",
    )
    found = both_executions.playbook(str(play), "--vault-password-file", str(password), env={"INTUNE_CLIENT_SECRET": ""})
    assert found["look"].status == "ok", found.output
    assert env["INTUNE_CLIENT_SECRET"] not in found.output


def test_module_defaults_of_the_group_reach_every_module(both_executions, env):
    defaults = {"group/endpointops.intune.intune": {"client_secret": env["INTUNE_CLIENT_SECRET"]}}
    tasks = [{"name": "look", "endpointops.intune.intune_connection_info": {}}]
    play = both_executions.tasks(tasks, env={"INTUNE_CLIENT_SECRET": ""}, module_defaults=defaults)
    assert play["look"].status == "ok", play.output


def test_a_token_cache_saves_the_sign_in_and_is_closed_to_others(each_execution, tmp_path):
    cache = tmp_path / "tokens.json"
    play = each_execution.tasks(
        [{"name": name, f"endpointops.intune.{MODULE}": {"token_cache_path": str(cache)}} for name in ("first", "second")]
    )
    assert (play["first"].tokens, play["second"].tokens) == (1, 0)
    assert stat.S_IMODE(cache.stat().st_mode) == 0o600
    cache.chmod(0o644)
    refused = each_execution.module(MODULE, {"token_cache_path": str(cache)})
    assert refused.status == "failed" and "0600" in refused.result["msg"]


def test_renews_a_token_that_is_refused(ansible):
    ansible.tenant.control.arm("expire_token", "GET", "/organization")
    found = ansible.module(MODULE, {})
    assert found.status == "ok" and found.result["connection"]["problems"] == [] and found.tokens == 2


def test_meets_a_claims_challenge(ansible):
    ansible.tenant.control.arm("claims_challenge", "GET", "/organization")
    found = ansible.module(MODULE, {})
    assert found.result["connection"]["problems"] == [] and found.tokens == 2


NO_PATH = {"PATH": "/nowhere"}
BAD = {
    "no credential": ({}, BLANK, ["No credential is given", "INTUNE_CLIENT_SECRET"]),
    "case 31: hidden environment": ({"auth_method": "client_secret"}, BLANK, ["with become", "environment of the controller"]),
    "case 30: line end": ({"client_secret": "a-secret\n"}, {}, ["client_secret", "line end"]),
    "case 34: up": ({"tenant_id": ".."}, {}, ["tenant_id '..'"]),
    "case 23: other cloud": (
        {"graph_url": "", "authority_url": "https://login.microsoftonline.us"},
        {"INTUNE_GRAPH_URL": ""},
        ["AZURE_AUTHORITY_HOST", "us_gov_l4 or us_gov_l5"],
    ),
    "contradictory": ({"access_token": "x"}, {}, ["access_token, client_secret", "auth_method"]),
    "half of it": ({"client_secret": "x"}, BLANK, ["tenant_id and client_id", "INTUNE_TENANT_ID"]),
    "wrong secret": ({"client_secret": "wrong-secret"}, {}, ["AADSTS7000215", "secret's value"]),
    "wrong tenant": ({"tenant_id": "00000000-1111-2222-3333-444444444444"}, {}, ["AADSTS90002", "tenant_id"]),
    "no tenant": ({"tenant_id": "{not a tenant}"}, {}, ["tenant_id", "without braces"]),
    "wrong application": ({"client_id": "00000000-1111-2222-3333-444444444444"}, {}, ["AADSTS700016", "client_id"]),
    "no certificate": (
        {"auth_method": "client_certificate", "client_certificate_path": "/no/such.pem"},
        {},
        ["/no/such.pem", "No such file"],
    ),
    "unreachable": ({"authority_url": "https://127.0.0.1:9", "retry_timeout": 0}, {}, ["No connection to 127.0.0.1:9", "authority_url"]),
    "no origin": ({"graph_url": "http://127.0.0.1:9"}, {}, ["graph_url", "https"]),
    "no CA": ({"ca_path": "/no/such/ca.pem"}, {}, ["/no/such/ca.pem"]),
    "no az": ({"auth_method": "azure_cli"}, NO_PATH, ["Azure CLI", "PATH"]),
    "no option": ({"tenent_id": "x"}, {}, ["tenent_id"]),
    "too long ago": ({"timeout": -1}, {}, ["timeout must be", "not -1"]),
    "not a number": ({"timeout": "soon"}, {}, ["timeout"]),
}


@pytest.mark.parametrize("extra", [{}, BLANK, NO_PATH, {"INTUNE_GRAPH_URL": ""}], ids=["with a credential", "blank", "no PATH", "no Graph"])
def test_bad_input_is_explained(each_execution, extra):
    if extra == NO_PATH and each_execution.execution == "module":
        pytest.skip("without a PATH Ansible cannot start a module's process")
    found = each_execution.cases(MODULE, {name: options for name, (options, env, _words) in BAD.items() if env == extra}, env=extra)
    assert found
    for name, run in found.items():
        assert run.status == "failed", (name, run.result)
        assert "Traceback" not in json.dumps(run.result), name
        assert all(word in run.result["msg"] for word in BAD[name][2]), (name, run.result["msg"])


def test_an_expired_secret(ansible):
    app = ansible.tenant.control.add_app(secret_valid_days=-1)
    found = ansible.module(MODULE, {"client_id": app["client_id"], "client_secret": app["client_secret"]})
    assert found.status == "failed" and "AADSTS7000222" in found.result["msg"] and "expired" in found.result["msg"]
    assert found.result["error"]["code"] == "AADSTS7000222" and found.result["error"]["request_id"]


def test_an_unreadable_certificate_and_a_wrong_passphrase(ansible, env, tmp_path):
    contents = {
        "empty": "",
        "no private key": "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n",
        "cannot be opened": "rubbish",
    }
    cases = {}
    for number, (word, content) in enumerate(contents.items()):
        path = tmp_path / f"{number}.pem"
        path.write_text(content, encoding="utf-8")
        cases[word] = {"auth_method": "client_certificate", "client_certificate_path": str(path)}
    cases["passphrase"] = {
        "auth_method": "client_certificate",
        "client_certificate_path": env["EMULATOR_CERTIFICATE_PFX"],
        "client_certificate_passphrase": "wrong-phrase",
    }
    for word, found in ansible.cases(MODULE, cases).items():
        assert found.status == "failed" and word in found.result["msg"] and found.journal == [], (word, found.result)
        assert "wrong-phrase" not in json.dumps(found.result), word


def other_ca() -> str:
    import certifi

    return certifi.where()


def test_tls_that_does_not_verify(ansible):
    found = ansible.cases(MODULE, {"verify": {"ca_path": other_ca()}, "do not": {"ca_path": other_ca(), "validate_certs": False}})
    refused = found["verify"]
    assert refused.status == "failed" and "does not verify" in refused.result["msg"] and "ca_path" in refused.result["msg"]
    assert found["do not"].status == "ok"


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_our_ca_beats_the_environments(each_execution, variable):
    assert each_execution.module(MODULE, {}, env={variable: other_ca()}).status == "ok"


def test_a_proxy_is_used_and_named(ansible):
    through = ansible.module(MODULE, {"retry_timeout": 0}, env={"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": ""})
    assert through.status == "failed" and "proxy" in through.result["msg"]
    assert ansible.module(MODULE, {}, env={"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1"}).status == "ok"


def test_a_netrc_file_does_not_replace_the_token(ansible):
    netrc = ansible.folder / ".netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password something\n", encoding="utf-8")
    netrc.chmod(0o600)
    assert ansible.module(MODULE, {}).result["connection"]["problems"] == []


@pytest.mark.parametrize(
    ("kind", "options", "word"),
    [
        ("redirect", {"location": "https://127.0.0.1:9/elsewhere"}, "redirected to 127.0.0.1:9"),
        ("html", {"status": 200}, "not JSON"),
        ("html", {"status": 502}, "502"),
    ],
)
def test_an_answer_that_is_not_graphs(ansible, kind, options, word):
    ansible.tenant.control.arm(kind, "GET", "deviceConfigurations", times=20, **options)
    found = ansible.module("intune_pin_policy", {"name": "x", "enable_pin_recovery": True, "retry_timeout": 0})
    assert found.status == "failed" and word in found.result["msg"], found.result["msg"]


def test_a_missing_permission_is_named(each_execution):
    cases = {
        "intune_pin_policy": ({"name": "x", "enable_pin_recovery": True}, [], "DeviceManagementConfiguration.ReadWrite.All"),
        "intune_pinreset_consent": ({}, ["Application.Read.All", "Directory.Read.All"], "DelegatedPermissionGrant.ReadWrite.All"),
        "intune_device_passcode": (
            {"devices": ["PHONE-HELPDESK-01"]},
            ["DeviceManagementManagedDevices.Read.All"],
            "DeviceManagementManagedDevices.PrivilegedOperations.All",
        ),
    }
    tasks = {}
    for module, (options, roles, _missing) in cases.items():
        app = each_execution.tenant.control.add_app(roles=roles)
        signed = {**options, "client_id": app["client_id"], "client_secret": app["client_secret"]}
        tasks[module] = {f"endpointops.intune.{module}": signed}
    for module, found in each_execution.attempts(tasks).items():
        assert found.status == "failed" and cases[module][2] in found.result["msg"], (module, found.result)
        # Before its first write, the consent module reads the token instead of calling the service.
        assert found.result["error"]["request_id"] or module == "intune_pinreset_consent", module


def test_case_23_the_authority_of_the_platform_is_honored(each_execution, env):
    origin = env["INTUNE_AUTHORITY_URL"]
    good = {"INTUNE_AUTHORITY_URL": "", "AZURE_AUTHORITY_HOST": f"{origin}/"}
    assert each_execution.module(MODULE, {}, env=good).status == "ok"
    bad = {"INTUNE_AUTHORITY_URL": "", "AZURE_AUTHORITY_HOST": "127.0.0.1:9"}
    found = each_execution.module(MODULE, {"retry_timeout": 0}, env=bad)
    assert found.status == "failed" and "No connection to 127.0.0.1:9" in found.result["msg"]
    assert each_execution.module(MODULE, {}, env={"AZURE_AUTHORITY_HOST": "127.0.0.1:9"}).status == "ok", "ours goes first"


def test_case_30_the_certificate_of_other_tools_is_taken(each_execution, env):
    given = {
        "INTUNE_CLIENT_SECRET": "",
        "AZURE_CLIENT_CERTIFICATE_PATH": env["EMULATOR_CERTIFICATE_PFX"],
        "AZURE_CLIENT_CERTIFICATE_PASSWORD": env["EMULATOR_CERTIFICATE_PASSPHRASE"],
    }
    assert each_execution.module(MODULE, {}, env=given).result["connection"]["auth_method"] == "client_certificate"


@pytest.mark.parametrize("passphrase", one_of("1", "a", "windows"))
def test_case_30_a_short_secret_masks_no_result(each_execution, passphrase):
    given = {"auth_method": "client_secret", "client_certificate_passphrase": passphrase}
    found = each_execution.module(MODULE, given)
    assert found.status == "ok"
    assert "***" not in json.dumps(found.result["connection"])
    shown = found.result.get("invocation", {}).get("module_args", {})
    assert shown.get("client_certificate_passphrase") in (None, "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER", "********")
    secret = each_execution.tenant.env["INTUNE_CLIENT_SECRET"]
    assert secret not in json.dumps(found.result)


FORMS = {"DER": "openssl x509", "empty": "the file is empty", "key": "a private key and no certificate"}


def test_case_27_a_file_that_is_no_bundle_is_said_at_once(each_execution, env, tmp_path):
    pem = pathlib.Path(env["INTUNE_CA_PATH"]).read_text(encoding="utf-8")
    key = pathlib.Path(env["EMULATOR_CERTIFICATE_PEM"]).read_text(encoding="utf-8").partition("-----BEGIN CERTIFICATE")[0]
    contents = {"DER": ssl.PEM_cert_to_DER_cert(pem), "empty": b"", "key": key.encode()}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    for name, found in each_execution.cases(MODULE, {name: {"ca_path": str(tmp_path / name)} for name in FORMS}).items():
        assert found.status == "failed" and "must be a PEM bundle" in found.result["msg"] and FORMS[name] in found.result["msg"], name
        assert found.result["error"]["kind"] == "InvalidOption" and found.journal == [], name


def test_case_22_the_machines_endpoint_is_asked_directly(each_execution, env, connect_proxy):
    given = {
        **BLANK,
        "IDENTITY_ENDPOINT": env["EMULATOR_MSI_ENDPOINT"],
        "IDENTITY_HEADER": env["EMULATOR_MSI_SECRET"],
        "HTTPS_PROXY": connect_proxy.url,
        "ALL_PROXY": connect_proxy.url,
        "NO_PROXY": "",
    }
    wrong = {**given, "IDENTITY_HEADER": "wrong"}
    refused = each_execution.module(MODULE, {}, env=wrong)
    assert refused.status == "failed" and "managed identity endpoint of this machine gave no token" in refused.result["msg"]
    assert connect_proxy.connections == [], "nothing but that endpoint was asked"
    assert each_execution.module(MODULE, {}, env=given).status == "ok" and connect_proxy.connections


def test_case_32_a_person_of_the_azure_cli(each_execution):
    token = each_execution.tenant.control.token(person=True)
    signed = {"access_token": token, "auth_method": "access_token"}
    runs = each_execution.attempts(
        {
            "consent": {"endpointops.intune.intune_pinreset_consent_info": signed},
            "connection": {f"endpointops.intune.{MODULE}": signed},
            "devices": {"endpointops.intune.intune_device_info": {**signed, "devices": ["PHONE-HELPDESK-01"]}},
        }
    )
    assert runs["consent"].status == runs["connection"].status == "ok"
    connection = runs["connection"].result["connection"]
    assert any("never holds a permission of Intune" in problem for problem in connection["problems"])
    assert connection["permissions"]["intune_pinreset_consent"]["ready"]
    refused = runs["devices"]
    assert refused.status == "failed" and "never holds a permission of Intune" in refused.result["msg"]
    assert "grant it to this one" not in refused.result["msg"]


def test_case_33_a_token_that_lives_shortly_is_kept(ansible):
    ansible.tenant.control.settings(token_lifetime=200)
    found = ansible.module(MODULE, {})
    assert found.status == "ok" and found.tokens == 1
