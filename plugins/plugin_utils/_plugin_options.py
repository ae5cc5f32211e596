# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Convert the options in a plugin's file into the parameters that a module of this collection would get."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.module_utils.common.parameters import remove_values

from ansible_collections.endpointops.intune.plugins.module_utils._argspec import CONNECTION, validate, without_blanks
from ansible_collections.endpointops.intune.plugins.module_utils._option_values import Options, find_unreadable, with_plain_text
from ansible_collections.endpointops.intune.plugins.module_utils._text import clean


def validate_file(spec: Options, config: t.Mapping[str, t.Any], templar: t.Any, path: str) -> dict[str, t.Any]:
    """Return the parameters in the file at ``path``, with defaults and environment variables for missing ones.

    Connection options may be templates. Raises AnsibleParserError without secrets.
    """
    given = {name: config[name] for name in spec if config.get(name) is not None}
    if unreadable := find_unreadable(given):
        raise AnsibleParserError(f"{path}: {' '.join(unreadable.values())}")
    given = with_plain_text(given)
    for name in CONNECTION:
        if isinstance(given.get(name), str):
            given[name] = _render_template(templar, name, given[name], path, is_secret=spec[name].get("no_log", False))
    validated = validate(spec, without_blanks(given))
    if validated.problems:
        raise AnsibleParserError(clean(f"{path}: {remove_values('; '.join(validated.problems), validated.secrets)}"))
    return validated.params


def _render_template(templar: t.Any, name: str, value: str, path: str, *, is_secret: bool) -> t.Any:
    try:
        return templar.template(value)
    except AnsibleError as failure:
        # Ansible shows the template, or parts of it.
        raise AnsibleParserError(f"{path}: {name} could not be templated" + ("." if is_secret else f": {failure}")) from None
