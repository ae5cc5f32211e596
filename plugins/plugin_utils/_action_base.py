# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The controller's door to a module: what every action plugin of this collection does.

Where the controller's own process gives the same result, the module's run() is called in it, which saves starting a process.
Everything else goes the module's usual way. A result that holds passcodes is hidden on both.
"""

from __future__ import annotations

import typing as t

from ansible import constants as C
from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.release import __version__
from ansible.utils.display import Display

from ansible_collections.endpointops.intune.plugins.module_utils import _module as _runner
from ansible_collections.endpointops.intune.plugins.module_utils._argspec import without_blanks
from ansible_collections.endpointops.intune.plugins.module_utils._auth._msal import HAS_MSAL
from ansible_collections.endpointops.intune.plugins.module_utils._http.transport import HAS_REQUESTS

display = Display()
MARKS_ENTRIES = tuple(int(part) for part in __version__.split(".")[:2]) < (2, 21)


class Door(ActionBase):
    """``module`` is the Python module in plugins/modules, with its SPEC and run()."""

    module: t.ClassVar[t.Any]

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result = super().run(tmp, task_vars)
        del tmp
        arguments = without_blanks(self._task.args)
        if self._same_in_process():
            given = plain(arguments)
            result.update(in_process(self.module, given, check=self._task.check_mode, diff=self._task.diff, tell=self._tell))
            if not self._tells_invocation(task_vars):
                result.pop("invocation", None)
        else:
            result.update(self._as_module(arguments, task_vars))
        hide_passcodes(result)
        if result.get("_ansible_no_log"):
            # Before ansible-core 2.19 this alone hides the result of a whole loop.
            self._task.no_log = True
        return result

    def _tell(self, text: str) -> None:
        """Progress, as the lines come; what a module's process would print is not shown before its end."""
        display.display(text)

    def _tells_invocation(self, task_vars: dict[str, t.Any] | None) -> bool:
        """Before ansible-core 2.21 every result holds the arguments; since then a setting says so."""
        name = "INJECT_INVOCATION"
        return name not in C.config.get_configuration_definitions() or C.config.get_config_value(name, variables=task_vars or {})

    def _same_in_process(self) -> bool:
        return (
            HAS_MSAL
            and HAS_REQUESTS
            and self._connection.transport == "local"
            and not self._task.async_val
            and not any(self._task.environment or ())
            and not self._connection.become
        )

    def _as_module(self, arguments: dict[str, t.Any], task_vars: dict[str, t.Any] | None) -> dict[str, t.Any]:
        with_passcodes = boolean(arguments.get("return_passcode") or False, strict=False)
        if with_passcodes:
            self._refuse_to_show()
        elif C.DEFAULT_DEBUG:
            self._refuse_credentials(arguments)
        result = self._execute_module(
            module_name=self._task.action, module_args=arguments, task_vars=task_vars, wrap_async=self._task.async_val
        )
        if with_passcodes and "module_stdout" in result:
            # Ansible could not read the answer, and shows it as it came.
            return {"failed": True, "msg": "The module's answer could not be read. It may hold passcodes, so it is not shown."}
        return result

    def _refuse_credentials(self, arguments: dict[str, t.Any]) -> None:
        """Ansible's debug lines hold the options of every module's process, those with no_log too."""
        for name, option in self.module.SPEC.argument_spec.items():
            if option.get("no_log") and arguments.get(name):
                raise AnsibleActionFail(
                    f"{name} is refused: ANSIBLE_DEBUG is on and would print it. Turn it off, or give {name} by its environment variable."
                )

    def _refuse_to_show(self) -> None:
        """The passcodes will pass through a process's output: see that nothing prints it."""
        if self._task.async_val:
            raise AnsibleActionFail(
                "return_passcode cannot be used with async: the answer of async_status would show the passcodes. Remove one of the two."
            )
        if C.DEFAULT_DEBUG:
            raise AnsibleActionFail(
                "return_passcode is refused: ANSIBLE_DEBUG is on and would print what the module's process answers, passcodes included."
            )
        # Connection plugins print what a command says at high verbosity, unless told not to.
        self._play_context.no_log = True


def in_process(
    module: t.Any, args: dict[str, t.Any], *, check: bool, diff: bool, tell: t.Callable[[str], None] = lambda text: None
) -> dict[str, t.Any]:
    """What AnsibleModule does around run(), without a process: validate, run, scrub."""
    validated = ArgumentSpecValidator(module.SPEC.argument_spec, **module.SPEC.relations).validate(args)
    params = validated.validated_parameters
    secrets = {params[name] for name, option in module.SPEC.argument_spec.items() if option.get("no_log") and params.get(name)}
    if validated.error_messages:
        # The message for unknown options has no beginning: AnsibleModule puts one before it, and so do we.
        begin = f"Unsupported parameters for (endpointops.intune.{module.SPEC.module}) module: "
        told = [begin + text if "Supported parameters include" in text else text for text in validated.error_messages]
        result = {"failed": True, "msg": "; ".join(told)}
    else:
        result = _runner.execute(module.SPEC, module.run, params, check=check, diff=diff, tell=tell)
    return remove_values({**result, "invocation": {"module_args": params}}, secrets)


def plain(value: t.Any) -> t.Any:
    """A copy in which inline vaulted strings are text: before ansible-core 2.19 they are objects that no option takes."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return str(value) if getattr(value, "__ENCRYPTED__", False) else value


def hide_passcodes(result: dict[str, t.Any]) -> None:
    """Marks a result that holds passcodes for Ansible to censor; the registered variable keeps them.

    Each entry is marked too: before ansible-core 2.21 Ansible takes a list named results for that of a loop, and shows the entries that
    are not marked. Since then it does not, and would leave the marks in the registered variable.
    """
    results = result.get("results")
    for entry in results if isinstance(results, list) else []:
        if isinstance(entry, dict) and entry.get("passcode"):
            result["_ansible_no_log"] = True
            if MARKS_ENTRIES:
                entry["_ansible_no_log"] = True
