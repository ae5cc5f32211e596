# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Check the values of options before Ansible's own validation, which would turn a number into text or fail on unexpected values."""

from __future__ import annotations

import json
import re
import shlex
import typing as t

from ._names import SHOWN_LENGTH, describe_non_text
from ._values import is_too_deep, walk

Options = dict[str, dict[str, t.Any]]
ENTRY = re.compile(r"""(?:'[^']*'|"[^"]*"|[^,\r\n])+""")  # a part of a text up to a comma or line end outside quotes
LONGEST_NUMBER = 18  # digits of a number in an option
DEEPEST = 20  # nested lists and dictionaries in an option


class Text(str):
    """The type of an option for a name or an ID: Ansible's str, without its conversion of values that are not text.

    YAML reads 0012345 without quotes as the number 5349, and Ansible would turn it into text. Ansible, and its tools that compare options
    with their documentation, use the name of the type; its validator calls it.
    """

    __name__ = "text"

    def __call__(self, value: t.Any) -> str:
        """Return text unchanged; raise TypeError for any other value."""
        problem = describe_non_text(value)
        if problem:
            raise TypeError(problem)
        return t.cast("str", value)


class TextList(str):
    """The type of an option for names or IDs: Ansible's list, which may be text with commas, but never a number."""

    __name__ = "list of text"

    def __call__(self, value: t.Any) -> list[t.Any]:
        """Return a list unchanged, and text as the names between its commas and line ends; raise TypeError for any other value.

        A form has no lists, and its text may end with an empty line. Text without a name is kept, to be refused as a blank name.
        """
        if isinstance(value, list):
            return value
        names = [name for part in re.split("[,\r\n]", Text()(value)) if (name := part.strip())]
        return names or [value]


TEXT = Text("str")
TEXTS = TextList("list")


def prepare(argument_spec: Options, arguments: t.Mapping[str, t.Any]) -> tuple[dict[str, t.Any], dict[str, str]]:
    """Return the arguments with entries parsed from text, and a sentence for each option with an invalid value.

    This runs before Ansible's own validation, which would convert the value, or refuse it with an unhelpful message, and before a module's
    process gets the arguments, in which dates would already be text.
    """
    prepared, wrong = dict(arguments), find_unreadable(arguments)
    for name, option in argument_spec.items():
        given = arguments.get(name)
        if given is None or name in wrong:
            continue
        try:
            prepared[name] = _prepare_value(option, given)
        except ValueError as problem:
            wrong[name] = f"{name}: {problem}"
    return prepared, wrong


def _prepare_value(option: dict[str, t.Any], given: t.Any) -> t.Any:
    """Return the value for an option; raise ValueError if it is not text, or not a list of dictionaries, as the option requires."""
    if isinstance(option.get("elements", option.get("type")), Text):
        items = given if option["type"] == "list" and isinstance(given, list) else [given]
        problems = [problem for item in items if (problem := describe_non_text(item))]
        if problems:
            raise ValueError(problems[0])
        return given
    if option.get("type") == "dict" and "options" in option and isinstance(given, dict):
        return _prepare_nested(option["options"], given)
    if "choices" in option and option["type"] == "list" and isinstance(given, str):
        # Ansible would search for a choice with a leading blank.
        return [word for part in given.split(",") if (word := part.strip())] or [given]
    if option.get("elements") != "dict":
        return given
    if "options" in option:
        return _prepare_entries(option["options"], given)
    return parse_entries(given) if isinstance(given, str) else given


def _prepare_entries(options: Options, given: t.Any) -> list[t.Any]:
    entries = parse_entries(given) if isinstance(given, str) else given
    stray = [item for item in entries if not isinstance(item, dict)] if isinstance(entries, list) else [entries]
    if stray:
        raise ValueError(
            f"It must be a list of dictionaries, each with {' or '.join(options)}, and holds {str(stray[0])[:SHOWN_LENGTH]!r}."
        )
    return [_prepare_nested(options, entry) for entry in entries]


def _prepare_nested(options: Options, given: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    prepared, wrong = prepare(options, given)
    if wrong:
        raise ValueError(next(iter(wrong.values())))
    return prepared


def parse_entries(text: str) -> list[t.Any]:
    """Parse the entries of a text such as ``target=group group='Comma, Inc', target=all_users``, or of JSON; else raise ValueError."""
    if text.lstrip().startswith(("[", "{")):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError) as problem:
            raise ValueError(f"It begins as JSON does, and cannot be read: {problem}.") from None
        return found if isinstance(found, list) else [found]
    # A form has no lists. A comma or a line end separates entries, except in quotes.
    parts = [part.strip() for part in ENTRY.findall(text) if part.strip()]
    if not parts:
        raise ValueError("It is blank. Leave it out, or give an empty list to clear it.")
    entries = []
    for part in parts:
        try:
            words = shlex.split(part)
        except ValueError:
            raise ValueError(f"A quote is not closed in {part[:SHOWN_LENGTH]!r}.") from None
        stray = [word for word in words if "=" not in word]
        if stray:
            raise ValueError(
                f"{stray[0][:SHOWN_LENGTH]!r} must be name=value, as in target=group group='Sales, Berlin'. "
                "Values with blanks or commas need quotes."
            )
        entries.append({name: value for name, _equals, value in (word.partition("=") for word in words)})
    return entries


def find_unreadable(arguments: t.Mapping[str, t.Any]) -> dict[str, str]:
    """Return a sentence for each option that Python cannot render as text: a number of thousands of digits, or too many levels."""
    return {name: f"{name} {problem}" for name, value in arguments.items() if (problem := _find_unreadable_part(value))}


def _find_unreadable_part(value: t.Any) -> str | None:
    if any(isinstance(item, int) and abs(item) >= 10**LONGEST_NUMBER for item in walk(value)):
        return f"must not hold a number of more than {LONGEST_NUMBER} digits."
    return f"must not have more than {DEEPEST} lists or dictionaries in each other." if is_too_deep(value, DEEPEST) else None


def find_unusable_numbers(argument_spec: Options, arguments: t.Mapping[str, t.Any]) -> dict[str, str]:
    """Return a sentence for each option with a number that is too large or not a number: ansible-core raises OverflowError for some."""
    return {
        name: f"{name} must be a number of at most {LONGEST_NUMBER} digits."
        for name, value in arguments.items()
        if argument_spec.get(name, {}).get("type") in ("int", "float") and not _is_usable(value)
    }


def _is_usable(value: t.Any) -> bool:
    try:
        return abs(float(value)) < float(10**LONGEST_NUMBER)
    except OverflowError:
        return False
    except (TypeError, ValueError):
        # ansible-core's own message is sufficient.
        return True


def with_plain_text(value: t.Any, deepest: int = DEEPEST + 1) -> t.Any:
    """Return a copy with inline vaulted strings as text: before ansible-core 2.19, they are objects that no option accepts.

    Raise ValueError if lists and dictionaries are nested more deeply, which ``find_unreadable`` reports first.
    """
    if isinstance(value, (dict, list)) and not deepest:
        raise ValueError("too deep")
    if isinstance(value, dict):
        return {name: with_plain_text(item, deepest - 1) for name, item in value.items()}
    if isinstance(value, list):
        return [with_plain_text(item, deepest - 1) for item in value]
    return str(value) if getattr(value, "__ENCRYPTED__", False) else value
