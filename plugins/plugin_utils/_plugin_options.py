# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""From the options in a plugin's file to what a module of this collection would get for the same options."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values

from ansible_collections.endpointops.intune.plugins.module_utils._argspec import CONNECTION, Options, without_blanks
from ansible_collections.endpointops.intune.plugins.plugin_utils._action_base import plain


def checked(spec: Options, config: t.Mapping[str, t.Any], templar: t.Any, path: str) -> dict[str, t.Any]:
    """The options of ``spec`` that the file at ``path`` gives, with defaults and environment variables for the others.

    Connection options may be templates. Raises AnsibleParserError, which holds no secrets.
    """
    given = plain({name: config[name] for name in spec if config.get(name) is not None})
    for name in CONNECTION:
        if isinstance(given.get(name), str):
            given[name] = _templated(templar, name, given[name], path, secret=spec[name].get("no_log", False))
    validated = ArgumentSpecValidator(spec).validate(without_blanks(given))
    params = validated.validated_parameters
    if validated.error_messages:
        secrets = {params[name] for name, option in spec.items() if option.get("no_log") and params.get(name)}
        raise AnsibleParserError(f"{path}: {remove_values('; '.join(validated.error_messages), secrets)}")
    return params


def _templated(templar: t.Any, name: str, value: str, path: str, *, secret: bool) -> t.Any:
    try:
        return templar.template(value)
    except AnsibleError as failure:
        # Ansible tells the template, or parts of it.
        raise AnsibleParserError(f"{path}: {name} could not be templated" + ("." if secret else f": {failure}")) from None
