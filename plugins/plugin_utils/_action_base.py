# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The base of every action plugin of this collection: runs a module in the controller's process, or as a module.

Where the controller's own process gives the same result, the module's run() is called in it, which saves starting a process. Everything
else runs as a module. A result that holds secrets is hidden either way.
"""

from __future__ import annotations

import types
import typing as t

from ansible import constants as C
from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.parameters import remove_values
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.release import __version__
from ansible.utils.display import Display

from ansible_collections.endpointops.intune.plugins.module_utils import _module
from ansible_collections.endpointops.intune.plugins.module_utils._argspec import (
    Secret,
    Spec,
    find_unusable_numbers,
    validate,
    with_plain_text,
    without_blanks,
)
from ansible_collections.endpointops.intune.plugins.module_utils._auth._msal import HAS_MSAL
from ansible_collections.endpointops.intune.plugins.module_utils._http.transport import HAS_REQUESTS
from ansible_collections.endpointops.intune.plugins.module_utils._types import Json

display = Display()
MARKS_ENTRIES = tuple(int(part) for part in __version__.split(".")[:2]) < (2, 21)


class IntuneActionBase(ActionBase):  # type: ignore[misc]  # Ansible's classes have no types
    """Runs a module. ``module`` is the Python module in plugins/modules, with its SPEC and run()."""

    module: types.ModuleType

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> Json:
        """Return the result of the task."""
        result: Json = super().run(tmp, task_vars)
        del tmp
        arguments = without_blanks(self._task.args)
        if self._can_run_in_process():
            given = with_plain_text(arguments)
            result.update(
                run_in_process(self.module, given, check=self._task.check_mode, diff=self._task.diff, report_progress=self._report_progress)
            )
            if not self._returns_invocation(task_vars):
                result.pop("invocation", None)
        else:
            result.update(self._run_as_module(arguments, task_vars))
        hide_secrets(result, self._spec.secrets)
        if result.get("_ansible_no_log"):
            # Before ansible-core 2.19 this alone hides the result of a whole loop.
            self._task.no_log = True
        return result

    @property
    def _spec(self) -> Spec:
        spec: Spec = self.module.SPEC
        return spec

    def _report_progress(self, text: str) -> None:
        """Show progress as the lines come; the output of a module's process is not shown before its end."""
        display.display(text)

    def _returns_invocation(self, task_vars: dict[str, t.Any] | None) -> bool:
        """Return whether results hold the arguments: before ansible-core 2.21 always, since then a setting decides."""
        name = "INJECT_INVOCATION"
        return name not in C.config.get_configuration_definitions() or bool(C.config.get_config_value(name, variables=task_vars or {}))

    def _can_run_in_process(self) -> bool:
        return (
            HAS_MSAL
            and HAS_REQUESTS
            and self._connection.transport == "local"
            and not self._task.async_val
            and not any(self._task.environment or ())
            and not self._connection.become
        )

    def _run_as_module(self, arguments: dict[str, t.Any], task_vars: dict[str, t.Any] | None) -> Json:
        problems = find_unusable_numbers(self._spec.argument_spec, arguments)
        if problems:
            return {"failed": True, "msg": "; ".join(problems)}
        revealed = [secret for secret in self._spec.secrets if boolean(arguments.get(secret.option) or False, strict=False)]
        for secret in revealed:
            self._refuse_to_show(secret)
        if C.DEFAULT_DEBUG:
            self._refuse_credentials(arguments)
        result: Json = self._execute_module(
            module_name=self._task.action, module_args=arguments, task_vars=task_vars, wrap_async=self._task.async_val
        )
        if revealed and "module_stdout" in result:
            # Ansible could not read the output, and shows it as it came.
            nouns = " and ".join(dict.fromkeys(secret.noun for secret in revealed))
            return {"failed": True, "msg": f"The module's output could not be read. It may hold {nouns}, so it is not shown."}
        return result

    def _refuse_credentials(self, arguments: dict[str, t.Any]) -> None:
        """Refuse credentials as options: Ansible's debug lines hold the options of every module's process, those with no_log too."""
        for name, option in self._spec.argument_spec.items():
            if option.get("no_log") and arguments.get(name):
                raise AnsibleActionFail(
                    f"{name} is refused: ANSIBLE_DEBUG is on and would print it. Turn it off, or give {name} by its environment variable."
                )

    def _refuse_to_show(self, secret: Secret) -> None:
        """See that nothing prints the output of the module's process, which will hold the secret."""
        if self._task.async_val:
            raise AnsibleActionFail(
                f"{secret.option} cannot be used with async: async_status would show the {secret.noun}. Remove one of the two."
            )
        if C.DEFAULT_DEBUG:
            raise AnsibleActionFail(
                f"{secret.option} is refused: ANSIBLE_DEBUG is on and would print the output of the module's process, "
                f"{secret.noun} included."
            )
        # Connection plugins print a command's output at high verbosity, unless told not to.
        self._play_context.no_log = True


def run_in_process(
    module: types.ModuleType,
    arguments: dict[str, t.Any],
    *,
    check: bool,
    diff: bool,
    report_progress: _module.ReportProgress = _module.report_nothing,
) -> Json:
    """Do the same as AnsibleModule around run(), without a process: validate, run, and remove secret arguments."""
    spec: Spec = module.SPEC
    validated = validate(spec.argument_spec, arguments, spec.relations)
    result: Json
    if validated.problems:
        # The message for unknown options lacks its beginning: AnsibleModule puts one before it.
        begin = f"Unsupported parameters for (endpointops.intune.{spec.module}) module: "
        problems = [begin + text if "Supported parameters include" in text else text for text in validated.problems]
        result = {"failed": True, "msg": "; ".join(problems)}
    else:
        result = _module.execute(spec, module.run, validated.params, check=check, diff=diff, report_progress=report_progress)
    for name, found in (("warnings", validated.warnings), ("deprecations", validated.deprecations)):
        if found:
            result[name] = [*found, *result.get(name, ())]
    cleaned: Json = remove_values({**result, "invocation": {"module_args": validated.params}}, validated.secrets)
    return cleaned


def hide_secrets(result: Json, secrets: t.Iterable[Secret]) -> None:
    """Mark a result that holds secrets for Ansible to censor; the registered variable keeps them.

    Each entry of a list is marked too: before ansible-core 2.21 Ansible takes a list named results for that of a loop, and shows the
    entries that are not marked. Since then it does not, and would leave the marks in the registered variable.
    """
    for secret in secrets:
        *containers, key = secret.path.split(".")
        for holder in _holders(result, containers):
            if holder.get(key):
                result["_ansible_no_log"] = True
                if MARKS_ENTRIES:
                    holder["_ansible_no_log"] = True


def _holders(value: t.Any, path: t.Sequence[str]) -> t.Iterator[Json]:
    """Yield the dictionaries at a path."""
    if not path:
        if isinstance(value, dict):
            yield value
        return
    key, rest = path[0].removesuffix("[]"), path[1:]
    found = value.get(key) if isinstance(value, dict) else None
    if path[0].endswith("[]"):
        for item in found if isinstance(found, list) else ():
            yield from _holders(item, rest)
    else:
        yield from _holders(found, rest)
