# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The base class of every action plugin for a module: run the module in the controller's process, or as a module.

If the controller's own process gives the same result, the module's run() is called in it, which saves starting a process. Otherwise, it
runs as a module. A result with secrets is hidden in both cases.
"""

from __future__ import annotations

import contextlib
import types
import typing as t

from ansible import constants as C
from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.parameters import remove_values
from ansible.plugins.action import ActionBase
from ansible.release import __version__
from ansible.utils.display import Display

from ansible_collections.endpointops.intune.plugins.module_utils import _certificates, _cms, _module, _permissions
from ansible_collections.endpointops.intune.plugins.module_utils._approval import flow
from ansible_collections.endpointops.intune.plugins.module_utils._argspec import Secret, Spec, choose_maskable, validate, without_blanks
from ansible_collections.endpointops.intune.plugins.module_utils._auth import (
    _advice,
    _cache,
    access_token,
    azure_cli,
    client_certificate,
    client_secret,
    managed_identity,
    workload_identity,
)
from ansible_collections.endpointops.intune.plugins.module_utils._auth._memory import TokenMemory
from ansible_collections.endpointops.intune.plugins.module_utils._auth._msal import HAS_MSAL
from ansible_collections.endpointops.intune.plugins.module_utils._devices import members
from ansible_collections.endpointops.intune.plugins.module_utils._errors import InvalidOptionError
from ansible_collections.endpointops.intune.plugins.module_utils._event_limit import DEFAULT, VARIABLE, measure
from ansible_collections.endpointops.intune.plugins.module_utils._handover import sealed_files
from ansible_collections.endpointops.intune.plugins.module_utils._http.transport import HAS_REQUESTS
from ansible_collections.endpointops.intune.plugins.module_utils._option_values import (
    find_unreadable,
    find_unusable_numbers,
    prepare,
    with_plain_text,
)
from ansible_collections.endpointops.intune.plugins.module_utils._secrecy import (
    mark_secrets,
    refuse_exposed,
    refuse_secrets,
    shows_entries,
)
from ansible_collections.endpointops.intune.plugins.module_utils._types import Json
from ansible_collections.endpointops.intune.plugins.plugin_utils._process_failure import describe_process_failure

display = Display()
MARKS_ENTRIES = shows_entries(__version__)
# A variable of a task whose result later tasks hand over in pieces, because the result may be too large for an event. It is hidden then.
HANDED_ON = "__pin_reset_handed_on"
HANDED_ON_KEY = "handed_on"  # in the registered variable, only for the role
# Files that module_utils import inside functions, so that a module's process compiles only those that its task needs. In the controller,
# they are imported here once for all tasks.
CREDENTIALS = (access_token, azure_cli, client_certificate, client_secret, managed_identity, workload_identity)
IMPORTED_EARLY = (*CREDENTIALS, _advice, _cache, _certificates, _cms, _permissions, flow, members, sealed_files)
# The items of a loop run in one process, which Ansible starts for each task and host. The process of the playbook itself runs no task, so
# this is empty when other processes are forked from it.
TOKENS = TokenMemory()


class IntuneActionBase(ActionBase):  # type: ignore[misc]  # Ansible's classes have no types
    """An action plugin that runs a module. ``module`` is the Python module in plugins/modules, with its SPEC and run()."""

    module: types.ModuleType
    _is_handed_on = False

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> Json:
        """Return the result of the task."""
        result: Json = super().run(tmp, task_vars)
        del tmp
        self._is_handed_on = bool((task_vars or {}).get(HANDED_ON))
        arguments = without_blanks(self._task.args)
        if unreadable := find_unreadable(arguments):
            return {**result, "failed": True, "msg": " ".join(unreadable.values())}
        refuse(refuse_secrets, with_plain_text(arguments))
        if self._can_run_in_process():
            given = with_plain_text(arguments)
            result.update(
                run_in_process(
                    self.module,
                    given,
                    check=self._task.check_mode,
                    diff=self._task.diff,
                    report_progress=self._report_progress,
                    shows_result=not self._task.no_log and not self._is_handed_on,
                    # The reason for a retry may be a missing permission, which only a newer token has.
                    memory=None if self._task.until or self._task.retries else TOKENS,
                )
            )
            if not self._returns_invocation(task_vars):
                result.pop("invocation", None)
        else:
            result.update(self._run_as_module(arguments, task_vars))
        hide_secrets(result, self._spec.secrets)
        self._fit(result)
        if result.get("_ansible_no_log"):
            # Before ansible-core 2.19, only this hides the result of a whole loop.
            self._task.no_log = True
        return result

    def _fit(self, result: Json) -> None:
        """Hide a result that is too large for an event if later tasks hand it over; otherwise warn that the job does not keep it."""
        limit = _module.find_event_limit()
        if result.get("_ansible_no_log") or self._task.no_log or (limit is None and not self._is_handed_on):
            return
        size = DEFAULT if limit is None else limit
        if measure(result) > size:
            # The arguments, which may contain thousands of names.
            result.pop("invocation", None)
        if (found := measure(result)) <= size:
            return
        if self._is_handed_on:
            report_hidden(result)
            hide(result)
        else:
            result["warnings"] = [
                *result.get("warnings", ()),
                f"The result of this task has {found} characters, and this job keeps no result above {size} ({VARIABLE}): its events do "
                "not hold it. Tasks of this run can use it as a registered variable. To have it in events, ask for less in one task.",
            ]

    @property
    def _spec(self) -> Spec:
        spec: Spec = self.module.SPEC
        return spec

    def _report_progress(self, text: str) -> None:
        """Show progress lines immediately. The output of a module's process is not shown before it ends."""
        display.display(text)

    def _returns_invocation(self, task_vars: dict[str, t.Any] | None) -> bool:
        """Return whether results contain the arguments: always before ansible-core 2.21, and since then depending on a setting."""
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
        arguments, wrong = prepare(self._spec.argument_spec, with_plain_text(arguments))
        wrong = {**wrong, **find_unusable_numbers(self._spec.argument_spec, arguments)}
        if wrong:
            return {"failed": True, "msg": "; ".join(wrong.values())}
        revealed = self._spec.list_revealed(arguments)
        refuse(refuse_exposed, revealed, is_hidden=True, is_async=bool(self._task.async_val), has_debug=C.DEFAULT_DEBUG)
        self._refuse_credentials(arguments)
        with self._hidden() if revealed or self._is_handed_on else contextlib.nullcontext(), self._told_limit():
            result: Json = self._execute_module(
                module_name=self._task.action, module_args=arguments, task_vars=task_vars, wrap_async=self._task.async_val
            )
        if revealed and "module_stdout" in result:
            # Ansible could not parse the output, and would show it unchanged.
            return self._describe_process_failure(result, revealed)
        return result

    def _describe_process_failure(self, result: Json, revealed: t.Iterable[Secret]) -> Json:
        """Return the result for output that may contain secrets and is not shown."""
        nouns, options = (" and ".join(dict.fromkeys(words)) for words in zip(*((it.noun, it.option) for it in revealed), strict=True))
        message = describe_process_failure(result, getattr(self, "_used_interpreter", None), nouns, options)
        return {"failed": True, "msg": message, **{name: result[name] for name in ("rc",) if name in result}}

    @contextlib.contextmanager
    def _hidden(self) -> t.Iterator[None]:
        """Hide the output of the module's process. Its result may be shown if it contains no secret, see hide_secrets."""
        # At high verbosity, connection plugins print a command's output unless no_log is set.
        self._play_context.no_log = True
        # This informs the module that its result is hidden. Otherwise, it refuses to return secrets.
        before, self._task.no_log = self._task.no_log, True
        try:
            yield
        finally:
            self._task.no_log = before

    @contextlib.contextmanager
    def _told_limit(self) -> t.Iterator[None]:
        """Pass the limit of the job to the module's process, because its environment lacks it on another machine or as another user."""
        before, limit = self._task.environment, _module.find_event_limit()
        if limit is not None:
            # The last entry takes precedence.
            self._task.environment = [*(before or ()), {VARIABLE: str(limit)}]
        try:
            yield
        finally:
            self._task.environment = before

    def _refuse_credentials(self, arguments: dict[str, t.Any]) -> None:
        """Refuse credentials as options if Ansible shows or keeps the options of a module's process, including those with no_log."""
        reasons = ((C.DEFAULT_DEBUG, "ANSIBLE_DEBUG", "print"), (C.DEFAULT_KEEP_REMOTE_FILES, "ANSIBLE_KEEP_REMOTE_FILES", "keep"))
        for _is_on, setting, verb in (reason for reason in reasons if reason[0]):
            for name, option in self._spec.argument_spec.items():
                if option.get("no_log") and arguments.get(name):
                    raise AnsibleActionFail(
                        f"{name} is refused: {setting} is on and would {verb} it. Turn it off, or give {name} by its environment variable."
                    )


def refuse(check: t.Callable[..., None], *given: t.Any, **named: t.Any) -> None:
    """Call a check of options, and turn its error into an error of Ansible."""
    try:
        check(*given, **named)
    except InvalidOptionError as failure:
        raise AnsibleActionFail(str(failure)) from None


def run_in_process(
    module: types.ModuleType,
    arguments: dict[str, t.Any],
    *,
    check: bool,
    diff: bool,
    report_progress: _module.ReportProgress = _module.report_nothing,
    shows_result: bool = True,
    memory: TokenMemory | None = None,
) -> Json:
    """Do the same as AnsibleModule around run(), without a process: validate, run, and remove secret arguments."""
    spec: Spec = module.SPEC
    validated = validate(spec.argument_spec, arguments, spec.relations)
    result: Json
    if validated.problems:
        # The message for unknown options lacks its beginning, which AnsibleModule adds.
        begin = f"Unsupported parameters for (endpointops.intune.{spec.module}) module: "
        problems = [begin + text if "Supported parameters include" in text else text for text in validated.problems]
        result = {"failed": True, "msg": "; ".join(problems)}
    else:
        result = _module.execute(
            spec,
            module.run,
            validated.params,
            check=check,
            diff=diff,
            report_progress=report_progress,
            shows_result=shows_result,
            memory=memory,
        )
    for name, found in (("warnings", validated.warnings), ("deprecations", validated.deprecations)):
        if found:
            result[name] = [*found, *result.get(name, ())]
    # As the module does in its own process. A message of the validation may quote an option.
    secrets = validated.secrets if validated.problems else choose_maskable(validated.secrets)
    cleaned: Json = remove_values(result, secrets)
    return {**cleaned, **remove_values({"invocation": {"module_args": validated.params}}, validated.secrets)}


def report_hidden(result: Json) -> None:
    """Display the warnings and the error of a hidden result, which Ansible does not show."""
    for warning in result.get("warnings", ()):
        display.warning(warning)
    if result.get("failed"):
        display.error(str(result.get("msg")), wrap_text=False)


def hide(result: Json) -> None:
    """Mark a result so that Ansible censors it. The registered variable keeps everything, with its entries in a dictionary.

    Before ansible-core 2.21, a hidden result shows a line for each entry of a list named results, which is too much for a fleet.
    """
    result[HANDED_ON_KEY] = {"results": result.pop("results", [])}
    result["_ansible_no_log"] = True


def hide_secrets(result: Json, secrets: t.Iterable[Secret]) -> None:
    """Mark a result with secrets so that Ansible censors it. The registered variable keeps them."""
    if mark_secrets(result, secrets, marks_entries=MARKS_ENTRIES):
        result["_ansible_no_log"] = True
