# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compare the service with the emulated tenant: statuses, members, types, order, and delays, but not the data itself.

Tenants hold different data. So a member that only some objects have is no difference if the service lacks it, an empty list shows nothing
about its items, and a value that is sometimes null agrees with one that never is.
"""

from __future__ import annotations

import collections
import typing as t

from .recorder import NO_RESPONSE, Exchange
from .shapes import HIDDEN, Facts
from .sides import Outcome

Kind = t.Literal["outcome", "request", "status", "member", "type", "enumeration", "header", "order", "delay"]
NOTICED_SECONDS = 2.0
SLOW_SECONDS = 5.0
# The existence of a further page only reflects the amount of data.
NEXT_PAGE = "@odata.nextLink"


class Difference(t.NamedTuple):
    """``where``: an operation, or a task; ``tasks``: those in which it was seen."""

    kind: Kind
    where: str
    what: str
    tasks: tuple[str, ...] = ()


class Comparison(t.NamedTuple):
    """``uncompared``: places without an object in the tenant, so that nothing is known of their members.

    ``new_names``: names of members that neither Microsoft's description nor the emulated tenant has.
    """

    differences: list[Difference]
    uncompared: list[str]
    operations: int
    new_names: list[str]


class Seen:
    """All responses of one side to an operation with the same status."""

    def __init__(self) -> None:
        self.facts = Facts()
        # Separate for responses in a $batch, which have other headers.
        self.headers: dict[bool, collections.Counter[str]] = {}
        self.counts: collections.Counter[bool] = collections.Counter()
        self.seconds = 0.0
        self.tasks: dict[str, None] = {}

    def add(self, exchange: Exchange) -> None:
        """Add an exchange."""
        self.facts.add(exchange.facts)
        self.headers.setdefault(exchange.is_in_batch, collections.Counter()).update(exchange.headers)
        self.counts[exchange.is_in_batch] += 1
        self.seconds = max(self.seconds, exchange.seconds)
        self.tasks[exchange.task] = None


def compare(
    service: t.Sequence[Exchange], emulated: t.Sequence[Exchange], outcomes: t.Sequence[tuple[Outcome, Outcome]], known: t.Container[str]
) -> Comparison:
    """Compare the exchanges of both sides, and the ends of their tasks: (of the service, of the emulated tenant).

    ``known``: the names of members that Microsoft's description has.
    """
    found = [each for pair in outcomes for each in compare_outcomes(*pair)]
    ends = {there.task: (there.waited, here.waited) for there, here in outcomes}
    for task in dict.fromkeys(exchange.task for exchange in [*service, *emulated]):
        mine, other = ([exchange for exchange in side if exchange.task == task] for side in (service, emulated))
        found += compare_events(task, mine, other, ends.get(task, (0.0, 0.0)))
    there, here = group(service), group(emulated)
    uncompared: dict[str, None] = {}
    for key in there:
        if key in here:
            found += compare_seen(key[0], there[key], here[key])
            uncompared.update(dict.fromkeys(f"{key[0]} {place}" for place in list_empty(there[key].facts, here[key].facts)))
    names = [{name for seen in side.values() for members in seen.facts.members.values() for name in members} for side in (there, here)]
    new = sorted(name for name in names[0] - names[1] if name not in known and "@" not in name and name != HIDDEN)
    return Comparison(merge(found), list(uncompared), len(there.keys() & here.keys()), new)


def list_empty(there: Facts, here: Facts) -> list[str]:
    """Return the outermost places of objects that the emulated tenant has, but not the service."""
    empty: list[str] = []
    for place in sorted(here.objects):
        if place not in there.objects and not any(place.startswith(tuple(outer + sign for sign in ".<[(")) for outer in empty):
            empty.append(place)
    return empty


def group(exchanges: t.Iterable[Exchange]) -> dict[tuple[str, int], Seen]:
    """Return the facts about each operation, separately for each status."""
    found: dict[tuple[str, int], Seen] = {}
    for exchange in exchanges:
        if exchange.status != NO_RESPONSE:
            found.setdefault((exchange.operation, exchange.status), Seen()).add(exchange)
    return found


def merge(found: t.Iterable[Difference]) -> list[Difference]:
    """Return each difference once, with all tasks in which it was seen."""
    tasks: dict[Difference, dict[str, None]] = {}
    for each in found:
        tasks.setdefault(each._replace(tasks=()), {}).update(dict.fromkeys(each.tasks))
    return [each._replace(tasks=tuple(names)) for each, names in tasks.items()]


def compare_outcomes(there: Outcome, here: Outcome) -> t.Iterator[Difference]:
    """Yield a difference if a task ended differently."""
    if (there.is_changed, there.failure) != (here.is_changed, here.failure):
        yield Difference("outcome", there.task, f"{describe_outcome(there)}, and on the emulated tenant {describe_outcome(here)}")


def describe_outcome(outcome: Outcome) -> str:
    """Return how a task ended."""
    return f"failed ({outcome.failure})" if outcome.failure else "changed" if outcome.is_changed else "ok"


# --- events ---------------------------------------------------------------------------------------------------------


class Event(t.NamedTuple):
    """A kind of response that occurred for the first time in a task."""

    operation: str
    answer: str

    def __str__(self) -> str:
        return f"{self.operation} {self.answer}".strip()


def list_events(exchanges: t.Iterable[Exchange]) -> dict[Event, float]:
    """Return the events of a task in their order, each with the seconds that the task had waited before it."""
    events: dict[Event, float] = {}
    first: dict[str, Exchange] = {}
    for exchange in exchanges:
        words = ["no response" if exchange.status == NO_RESPONSE else str(exchange.status), *([exchange.code] if exchange.code else [])]
        # State from before the task, such as earlier actions of a device, is no event of it.
        before = first.setdefault(exchange.operation, exchange)
        words += sorted((collections.Counter(exchange.progress) - collections.Counter(before.progress)).elements())
        if exchange.items is not None and before.items is not None and exchange.items != before.items:
            words.append(f"{exchange.items - before.items:+d} items")
        events.setdefault(Event(exchange.operation, " ".join(words)), exchange.waited)
    return events


def compare_events(
    task: str, service: t.Sequence[Exchange], emulated: t.Sequence[Exchange], ends: tuple[float, float] = (0.0, 0.0)
) -> t.Iterator[Difference]:
    """Yield differences in events, their order, and delays of a task. ``ends``: seconds that the whole task waited on both sides."""
    there, here = list_events(service), list_events(emulated)
    yield from compare_answers(task, there, here)
    common = [event for event in there if event in here]
    expected = [event for event in here if event in there]
    moved = [pair for pair in zip(common, expected, strict=True) if pair[0] != pair[1]]
    if moved:
        yield Difference("order", str(moved[0][0]), f"comes before: {moved[0][1]}; on the emulated tenant it comes after it", (task,))
    late: set[float] = set()
    # A change that is read late only shows at the end.
    for event, *waited in [*((event, there[event], here[event]) for event in common), (Event("the end of the task", ""), *ends)]:
        delay = waited[0] - waited[1]
        # An event after a delayed response has the same delay.
        if is_noticed(*waited) and not any(abs(delay - other) < NOTICED_SECONDS for other in late):
            late.add(delay)
            what = f"came after {waited[0]:.0f} seconds of waiting, and on the emulated tenant after {waited[1]:.0f}"
            yield Difference("delay", str(event), what, (task,))


def is_noticed(there: float, here: float) -> bool:
    """Return whether two delays differ by more than polling and chance explain."""
    return abs(there - here) > NOTICED_SECONDS and max(there, here) > 1.5 * min(there, here)


def compare_answers(task: str, there: t.Mapping[Event, float], here: t.Mapping[Event, float]) -> t.Iterator[Difference]:
    """Yield a difference for each operation that only one side received, and for each with different responses."""
    for operation in dict.fromkeys(event.operation for event in (*there, *here)):
        answers = [[event.answer for event in side if event.operation == operation] for side in (there, here)]
        if not answers[1]:
            yield Difference("request", operation, "is sent here alone, which other data of the tenant may explain", (task,))
        elif not answers[0]:
            yield Difference("request", operation, "is sent on the emulated tenant alone, which other data may explain", (task,))
        elif set(answers[0]) != set(answers[1]):
            what = f"answers {', then '.join(answers[0])}, and on the emulated tenant {', then '.join(answers[1])}"
            yield Difference("status", operation, what, (task,))


# --- shapes ---------------------------------------------------------------------------------------------------------


def compare_seen(operation: str, there: Seen, here: Seen) -> t.Iterator[Difference]:
    """Yield the differences between the responses of one operation."""
    tasks = tuple(there.tasks)
    for place in there.facts.objects:
        if place in here.facts.objects:
            for what in compare_members(place, there.facts, here.facts):
                yield Difference("member", operation, what, tasks)
    for place, types in there.facts.types.items():
        known = here.facts.types.get(place)
        if known is not None and types - known:
            what = f"{place} is {' or '.join(sorted(types))}, and on the emulated tenant {' or '.join(sorted(known))}"
            yield Difference("type", operation, what, tasks)
    for place, name in sorted(there.facts.unknown - here.facts.unknown):
        yield Difference("enumeration", operation, f"{place} has a value that {name} does not have by Microsoft's description", tasks)
    for what in compare_headers(there, here):
        yield Difference("header", operation, what, tasks)
    if there.seconds > SLOW_SECONDS and is_noticed(there.seconds, here.seconds):
        yield Difference("delay", operation, f"took {there.seconds:.0f} seconds, and on the emulated tenant {here.seconds:.0f}", tasks)


def compare_members(place: str, there: Facts, here: Facts) -> t.Iterator[str]:
    """Yield the differences in the members of the objects at a place."""
    for name in there.members[place]:
        if name not in here.members[place] and name != NEXT_PAGE:
            yield f"{place} has a member {name}, which the emulated tenant never has"
    for name, number in here.members[place].items():
        found = there.members[place][name]
        if number == here.objects[place] and found < there.objects[place]:
            yield f"{place} {'sometimes ' if found else ''}lacks the member {name}, which the emulated tenant always has"


def compare_headers(there: Seen, here: Seen) -> t.Iterator[str]:
    """Yield the differences in the headers of an operation's responses."""
    for is_in_batch, headers in there.headers.items():
        known, where = here.headers.get(is_in_batch), " in a $batch" if is_in_batch else ""
        if known is None:
            continue
        for name in sorted(headers.keys() - known.keys()):
            yield f"has a header {name}{where}, which the emulated tenant never has"
        for name in sorted(known):
            if known[name] == here.counts[is_in_batch] and headers[name] < there.counts[is_in_batch]:
                yield f"{'sometimes ' if headers[name] else ''}lacks the header {name}{where}, which the emulated tenant always has"
