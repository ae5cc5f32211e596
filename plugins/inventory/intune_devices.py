# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: intune_devices
short_description: Devices that Microsoft Intune manages, one host each
version_added: 1.0.0
description:
  - Makes a host of each managed device, or of those that are members of groups of Microsoft Entra.
  - A host has the name of the device, see O(hostnames), so that C(--limit NAME) works. Host variables hold its properties in Intune,
    whether M(endpointops.intune.intune_device_passcode) would send a reset, and the outcome to expect. Tasks that name a device take
    C(intune_id), which is unique and stays when the device is renamed.
  - The file's name must end with C(intune_devices.yml) or C(intune_devices.yaml).
  - Ansible cannot log on to these devices. Tasks for them run on the controller, which the host variables C(ansible_connection) and
    C(ansible_python_interpreter) see to.
author:
  - Endpoint Ops (@endpointops)
options:
  plugin:
    description: The name of this plugin.
    type: str
    required: true
    choices: [endpointops.intune.intune_devices]
  device_groups:
    description:
      - Groups of Microsoft Entra, by name or ID. Only the managed devices of their members are listed, which are devices or users, also
        those of nested groups. Members without a device in Intune are skipped with a warning.
      - A device belongs to a member by its IDs, as for M(endpointops.intune.intune_device_passcode). A device that has a member's user
        principal name, but the user ID of another user, is left out with a warning that names it.
      - Needs the application permissions C(GroupMember.Read.All), C(Device.Read.All) and C(User.Read.All).
    type: list
    elements: str
  hostnames:
    description:
      - The properties that give a host its name, in this order. The first one that a device has is used, and Intune's ID of the device
        where it has none. A serial number that is a placeholder, such as V(To be filled by O.E.M.), gives no name.
      - Letters, digits, dots, dashes, and underscores are kept. Other characters become an underscore, dots and dashes at the beginning
        and at the end are left out, and a name ends after 200 bytes.
      - Where several devices of the source have the same name, without regard to case, each of them gets an underscore and the first eight
        characters of its ID behind it, such as V(LT-1_6a19d72c), and where this is not unique either, the ID is its name. So
        C(--limit NAME) never means one of several. All devices count that are read, also those that O(eligible) and O(filters) leave out.
      - The same holds for a name that has a meaning in Ansible (V(localhost), V(127.0.0.1), V(all), V(ungrouped)), for that of a group, and
        for that of a host of a source before this one. A device of a source before this one keeps its host.
      - With V(id) alone a host's name stays when the device is renamed.
    type: list
    elements: str
    choices: [device_name, managed_device_name, serial_number, user_principal_name, azure_ad_device_id, id]
    default: [device_name]
  platforms:
    description:
      - The platforms on which a passcode would be reset, as in M(endpointops.intune.intune_device_passcode). It changes the verdict in
        C(intune_eligible), not which devices are listed.
    type: list
    elements: str
    choices: [windows, android, ios]
    default: [windows]
  ownerships:
    description:
      - The ownerships that are eligible for a new passcode.
    type: list
    elements: str
    choices: [company, personal, unknown]
    default: [company]
  eligible:
    description:
      - List only the devices to which a reset would be sent (V(true)), or only the others (V(false)). Unset lists both.
    type: bool
  filters:
    description:
      - Conditions on the host variables, tried in order for each device. The first one that holds decides. A device for which none holds
        is listed.
    type: list
    elements: dict
    suboptions:
      include:
        description: Devices for which this Jinja expression is true are listed.
        type: raw
      exclude:
        description: Devices for which this Jinja expression is true are not.
        type: raw
extends_documentation_fragment:
  - endpointops.intune.connection
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
notes:
  - Needs the application permission C(DeviceManagementManagedDevices.Read.All), and the beta version of Microsoft Graph, which alone
    tells how a device is joined.
  - Connection options may be templates, such as those of a lookup. Values from Intune are never templates.
  - Groups of O(groups) and O(keyed_groups) whose names would be V(localhost), V(all), V(ungrouped), or that of a host of a source before
    this one get C(_group) behind it, with a warning. A group that would contain itself is not put into its C(parent_group), with a
    warning.
  - C(inventory_hostname) is not known yet in O(compose), O(groups), and O(keyed_groups). Use C(intune_id) or C(intune_device_name).
  - Users can rename their devices. Do not put these hosts into one inventory with servers of a later source that may have the same names,
    or set O(hostnames) to V(id). Ansible merges hosts of the same name, and tasks for these hosts run on the controller.
  - The host variables are those that M(endpointops.intune.intune_device_info) returns of a device, with C(intune_) before their names.
seealso:
  - module: endpointops.intune.intune_device_info
  - module: endpointops.intune.intune_device_passcode
"""

EXAMPLES = r"""
# warehouse.intune_devices.yml: only the next line is required; how to connect is taken from the INTUNE_* environment variables
plugin: endpointops.intune.intune_devices

# The devices of a group to which a reset would be sent, without those of a test laboratory
device_groups: [All fleet devices]
platforms: [windows, android]
eligible: true
filters:
  - exclude: intune_device_name is match('LAB-')

# Named by serial number, and by the name of the device where it has none
hostnames: [serial_number, device_name]

# Groups by platform and user, such as platform_android
keyed_groups:
  - prefix: platform
    key: intune_platform
  - prefix: user
    key: (intune_user_principal_name or '').partition('@')[0]
groups:
  silent: intune_last_sync is none or intune_last_sync < '2026-01-01'
compose:
  label: intune_device_name ~ ' (' ~ intune_serial_number ~ ')'

# Kept for an hour in files
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/ansible/intune
cache_timeout: 3600
"""

import dataclasses
import functools
import hashlib
import json
import re
import typing as t

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.module_utils.basic import missing_required_lib
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.endpointops.intune.plugins.module_utils import _guid, _module
from ansible_collections.endpointops.intune.plugins.module_utils._argspec import CONNECTION
from ansible_collections.endpointops.intune.plugins.module_utils._devices import eligibility, host_names, lookup, model
from ansible_collections.endpointops.intune.plugins.module_utils._devices.result import describe
from ansible_collections.endpointops.intune.plugins.module_utils._errors import InternalError, IntuneError, MissingLibraryError
from ansible_collections.endpointops.intune.plugins.module_utils._graph.client import GraphClient
from ansible_collections.endpointops.intune.plugins.module_utils._option_values import TEXT, TEXTS, Options
from ansible_collections.endpointops.intune.plugins.module_utils._text import clean
from ansible_collections.endpointops.intune.plugins.plugin_utils import _plugin_options
from ansible_collections.endpointops.intune.plugins.plugin_utils._planned_host import PlannedHost, add_hosts

try:
    from ansible.template import trust_as_template
except ImportError:  # before ansible-core 2.19, every string that is not marked as unsafe is a template
    trust_as_template = None

SPEC: Options = {
    **CONNECTION,
    "device_groups": {"type": TEXTS, "elements": TEXT},
    "hostnames": {"type": "list", "elements": "str", "choices": list(host_names.HOST_NAMES), "default": ["device_name"]},
    "platforms": {"type": "list", "elements": "str", "choices": ["windows", "android", "ios"], "default": ["windows"]},
    "ownerships": {"type": "list", "elements": "str", "choices": list(model.OWNERSHIPS), "default": ["company"]},
    "eligible": {"type": "bool"},
    "filters": {
        "type": "list",
        "elements": "dict",
        "options": {"include": {"type": "raw"}, "exclude": {"type": "raw"}},
        "mutually_exclusive": [("include", "exclude")],
        "required_one_of": [("include", "exclude")],
    },
}
MISSING = object()
INTERPRETER = "{{ ansible_playbook_python }}"
# A string without any of these is not a template, and cannot change the delimiters of templates.
TEMPLATE_CHARACTERS = re.compile("[{}#%]")
# The cached members of a device: all except its action results, which contain passcodes.
CACHED = tuple(field.name for field in dataclasses.fields(model.Device) if field.name != "actions")
# The options that determine the cached devices. The others are applied to them afterwards.
CACHED_BY = ("tenant_id", "client_id", "cloud", "graph_url", "authority_url", "device_groups")


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):  # type: ignore[misc]  # Ansible's classes have no types
    """An inventory with a host for each managed device."""

    NAME = "endpointops.intune.intune_devices"
    inventory: t.Any

    def verify_file(self, path: str) -> bool:
        """Return whether the file is for this plugin, by the end of its name."""
        return super().verify_file(path) and path.endswith(("intune_devices.yml", "intune_devices.yaml"))

    def parse(self, inventory: t.Any, loader: t.Any, path: str, cache: bool = True) -> None:
        """Add the hosts that the file at ``path`` describes; add none if it fails."""
        super().parse(inventory, loader, path, cache)
        config = self._read_file(path)
        unknown = sorted(str(name) for name in set(config) - set(self._options))
        if unknown:
            raise AnsibleParserError(clean(f"{path}: {self.NAME} has no option {' and no option '.join(unknown)}."))
        params = _plugin_options.validate_file(SPEC, config, self.templar, path)
        before = set(self.inventory.hosts)
        is_complete = False
        try:
            self._add_hosts(self._devices(params, path, cache), params)
            is_complete = True
        except AnsibleError:
            raise
        except Exception as failure:  # the last catch: a traceback does not help an operator, and may contain a secret
            raise AnsibleParserError(str(InternalError(failure))) from None
        finally:
            # Ansible continues without a failed source, and an incomplete list of devices would look complete.
            for host in () if is_complete else set(self.inventory.hosts) - before:
                self.inventory.remove_host(self.inventory.get_host(host))

    def _read_file(self, path: str) -> dict[str, t.Any]:
        try:
            config: dict[str, t.Any] = self._read_config_data(path)
        except AnsibleError:
            raise
        except Exception as failure:  # ansible-core fails for infinite numbers, and for values nested too deeply
            raise AnsibleParserError(f"{path}: An option has a value that no option takes ({type(failure).__name__}).") from None
        return config

    def _devices(self, params: dict[str, t.Any], path: str, cache: bool) -> t.Iterable[model.Device]:
        """Return the cached devices if there are any, else an iterator, so that a large tenant's devices are never in memory together."""
        if not self.get_option("cache"):
            return self._fetch_devices(params)
        known_by = json.dumps([_module.VERSION, *(params[name] for name in CACHED_BY)])
        key = f"{self.get_cache_key(path)}_{hashlib.sha256(known_by.encode()).hexdigest()[:12]}"
        if cache and (content := self._read_cache(key)) is not MISSING:
            cached = restore_devices(content)
            if cached is not None:
                return cached
            self.display.warning(f"{path}: the inventory cache does not hold managed devices. It is ignored, and written again.")
        devices = list(self._fetch_devices(params))
        self._cache[key] = [{name: getattr(device, name) for name in CACHED} for device in devices]
        return devices

    def _read_cache(self, key: str) -> t.Any:
        """Return the content of the cache, MISSING if there is none, and None if it cannot be read."""
        try:
            return self._cache[key]
        except KeyError:
            return MISSING
        except Exception:
            # A cache is a plugin, which may raise any exception for a damaged file: TypeError, ValueError, AnsibleError, and others.
            return None

    def _fetch_devices(self, params: dict[str, t.Any]) -> t.Iterator[model.Device]:
        try:
            with _module.connect(params) as client:
                try:
                    yield from self._fetch_with(client, params["device_groups"])
                except IntuneError as failure:
                    raise _module.with_missing_permissions(failure, "intune_device_info", client, name="intune_devices") from failure
        except MissingLibraryError as failure:
            raise AnsibleParserError(missing_required_lib(failure.library)) from None
        except IntuneError as failure:
            raise AnsibleParserError(str(failure)) from None

    def _fetch_with(self, client: GraphClient, groups: list[str] | None) -> t.Iterable[model.Device]:
        if groups is None:
            return lookup.fetch_all_devices(client)
        devices, warnings = lookup.fetch_selected_devices(client, names=(), match_by="auto", groups=groups)
        for warning in warnings:
            self.display.warning(warning)
        return devices

    def _add_hosts(self, devices: t.Iterable[model.Device], params: dict[str, t.Any]) -> None:
        """Add the hosts of devices. Names are unique, so all of them must be known before the first host is added."""
        known = {
            str(host.vars["intune_id"]): name
            for name, host in self.inventory.hosts.items()
            if "intune_id" in host.vars and host.vars.get("ansible_python_interpreter") == INTERPRETER
        }
        planned: dict[str, PlannedHost] = {}
        wanted: dict[str, str] = {}
        for device in devices:
            # A list that changes while it is read may contain a device twice.
            if device.id in wanted:
                continue
            host = self._plan_host(device, params)
            wanted[device.id] = host_names.parse_host_name(device, params["hostnames"])
            if host is not None:
                planned[device.id] = host
        for warning in add_hosts(self.inventory, planned, wanted, known):
            self.display.warning(warning)

    def _plan_host(self, device: model.Device, params: dict[str, t.Any]) -> PlannedHost | None:
        """Return the host of a device, or None if the options ``eligible`` or ``filters`` exclude it."""
        if not _guid.PATTERN.fullmatch(_guid.parse_identity(device.id) or ""):
            # The ID would become a host name, which must not be that of a group, localhost, or a server.
            raise AnsibleParserError(f"The ID of a device in Intune's response must be a GUID, not {device.id[:80]!r}.")
        verdict = eligibility.evaluate(device, params["platforms"], params["ownerships"])
        if params["eligible"] not in (None, verdict.eligible):
            return None
        variables = {f"intune_{name}": mark_data(value) for name, value in describe(device, verdict).items()}
        if not self._is_included(variables, params["filters"] or ()):
            return None
        connection = {"ansible_connection": mark_template("local"), "ansible_python_interpreter": mark_template(INTERPRETER)}
        host = PlannedHost(device.id, {**variables, **connection})
        strict = self.get_option("strict")
        # Ansible's helpers change the inventory, so let them change the planned host instead.
        inventory, self.inventory = self.inventory, host
        try:
            self._set_composite_vars(self.get_option("compose"), variables, device.id, strict=strict)
            self._add_host_to_composed_groups(self.get_option("groups"), variables, device.id, strict=strict)
            self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, device.id, strict=strict)
        finally:
            self.inventory = inventory
        return host

    def _is_included(self, variables: dict[str, t.Any], filters: t.Iterable[dict[str, t.Any]]) -> bool:
        for condition in filters:
            verb, expression = next((verb, value) for verb, value in condition.items() if value is not None)
            if self._is_true(verb, expression, variables):
                return verb == "include"
        return True

    def _is_true(self, verb: str, expression: t.Any, variables: dict[str, t.Any]) -> bool:
        if isinstance(expression, bool):
            return expression
        try:
            return bool(boolean(self._compose(expression, variables), strict=False))
        except AnsibleError as failure:
            raise AnsibleParserError(clean(f"filters: {verb}: {expression}: {failure}")) from None


def restore_devices(cached: t.Any) -> list[model.Device] | None:
    """Return the devices of a cache, or None if one of them is invalid, because the cache is not trusted."""
    if not isinstance(cached, list) or not all(_is_device(fields) for fields in cached):
        return None
    return [model.Device(**{name: _plain(value) for name, value in fields.items()}) for fields in cached]


def _plain(text: str | None) -> t.Any:
    """Return a text without tags. Since ansible-core 2.19, a cache can mark a text as a trusted template."""
    return None if text is None else text.encode("utf-8", "surrogatepass").decode("utf-8", "surrogatepass")


def _is_device(fields: t.Any) -> bool:
    """Return whether a device has an ID and, in all other fields, text or None, as in Intune's data."""
    if not isinstance(fields, dict) or set(fields) != set(CACHED):
        return False
    texts = all(value is None or isinstance(value, str) for value in fields.values())
    return texts and bool(_guid.PATTERN.fullmatch(str(fields["id"]).lower()))


def mark_data(value: t.Any) -> t.Any:
    """Return a value of the service, marked so that it is never interpreted as a template.

    Since ansible-core 2.19, an untrusted string is not a template, but ansible-inventory marks each of them in its output. So strings that
    cannot be templates are trusted: they are printed unchanged, as before 2.19.
    """
    if isinstance(value, (list, tuple)):
        return [mark_data(item) for item in value]
    if isinstance(value, dict):
        return {mark_data(name): mark_data(item) for name, item in value.items()}
    if not isinstance(value, str):
        return value
    if TEMPLATE_CHARACTERS.search(value):
        return value if trust_as_template else wrap_var(value)
    return mark_template(value)


@functools.lru_cache(maxsize=1024)
def mark_template(value: str) -> t.Any:
    """Return a string that Ansible may interpret as a template.

    Many devices have the same values. A mark takes more memory than its string, so equal strings share one mark.
    """
    return trust_as_template(value) if trust_as_template else value
