#!/usr/bin/env bash
# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Build the collection as make build does, or take the tarball that TARBALL names; check it as Galaxy does on import, install it into an empty folder and run the
# integration tests against that copy. Arguments go to pytest.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
place=$root/tests/output/artifact
rm -rf "$place"
mkdir -p "$place"

tarball=${TARBALL:-$(python "$root/tests/tools/build.py" "$place")}

export GALAXY_IMPORTER_CONFIG=$root/tests/tools/galaxy-importer.cfg
(cd "$place" && python -m galaxy_importer.main "$tarball") >"$place/import.log" 2>&1 || { cat "$place/import.log"; exit 1; }
if grep -E '(WARNING|ERROR):' "$place/import.log"; then
    printf 'The Galaxy importer has complaints (above; all of it in tests/output/artifact/import.log).\n' >&2
    exit 1
fi

# --force: the checkout itself, which the virtual environment links to, would count as installed.
export ANSIBLE_COLLECTIONS_PATH=$place/collections COLLECTION_UNDER_TEST=$place/collections
ansible-galaxy collection install "$tarball" --collections-path "$place/collections" --offline --force
ansible-galaxy collection verify endpointops.intune --offline --collections-path "$place/collections"
cd "$root"
exec python -m pytest tests/integration "$@"
