# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Read the results of the probe for all devices or for one."""

from __future__ import annotations

import dataclasses

from .. import _errors as errors
from .._graph.client import GraphClient
from .._hello.discovery import UNREADABLE
from .._probe import api, results
from .._probe.reason import Reason
from .model import Unread
from .proof import LICENSE, Proof, explain_device_silence, explain_license, explain_missing, explain_silence
from .unread import explain, list_missing


def read_probe(client: GraphClient, name: str, *, reads_results: bool) -> tuple[Proof, Unread | None]:
    """Return the probe with a name, optionally with the last result of each device, and the problem if something could not be read."""
    proof = Proof(name)
    try:
        listed = api.fetch_probes(client)
        ids = [probe.id for probe in listed if probe.name == name]
        if len(ids) == 1 and reads_results:
            client.read_ahead(
                [
                    api.render_probe_request(client, ids[0]),
                    results.render_states_request(client, ids[0]),
                    api.render_license_request(client),
                ]
            )
        found = api.choose_probe(client, listed, name)
        if found is None:
            missing = explain_missing(name)
            return dataclasses.replace(proof, obstacle=missing), Unread(missing.message, missing.hint)
        proof = dataclasses.replace(proof, id=found.id, is_assigned=found.is_assigned)
        if not reads_results:
            return proof, None
        states = tuple(results.fetch_states(client, found.id))
    except errors.SelectionError as failure:
        unread = Unread(failure.message, failure.hint or "")
        return dataclasses.replace(proof, obstacle=Reason("probe_several", unread.problem, unread.hint)), unread
    except UNREADABLE as failure:
        return _leave_unread(client, proof, failure)
    if states:
        return dataclasses.replace(proof, states=states), None
    obstacle, problem = _explain_no_states(client, name, is_assigned=found.is_assigned)
    return dataclasses.replace(proof, states=states, obstacle=obstacle), problem


def _explain_no_states(client: GraphClient, name: str, *, is_assigned: bool) -> tuple[Reason, Unread | None]:
    if is_assigned and api.is_license_confirmed(client) is False:
        unconfirmed = explain_license(name)
        return unconfirmed, Unread(unconfirmed.message, unconfirmed.hint)
    return explain_silence(name, is_assigned=is_assigned), None


def read_device(client: GraphClient, proof: Proof, script_id: str, device_id: str) -> tuple[Proof, Unread | None]:
    """Return the probe with its last result for one device, and the problem if that could not be read."""
    proof = dataclasses.replace(proof, lists_devices=True)
    try:
        state = results.fetch_device_states(client, script_id, [device_id])[device_id]
    except UNREADABLE as failure:
        return _leave_unread(client, proof, failure)
    obstacle = None if state else explain_device_silence(proof.name)
    return dataclasses.replace(proof, states=(state,) if state else (), obstacle=obstacle), None


def _leave_unread(client: GraphClient, proof: Proof, failure: errors.IntuneError) -> tuple[Proof, Unread]:
    unread = explain(client, "the probe", failure)
    if not unread.may_pass and not list_missing(client, failure):
        # Microsoft does not document Intune's response without the licenses.
        unread = dataclasses.replace(unread, hint=f"{unread.hint} {LICENSE}")
    return dataclasses.replace(proof, obstacle=Reason("probe_unread", unread.problem, unread.hint)), unread
