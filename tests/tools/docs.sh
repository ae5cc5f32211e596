#!/usr/bin/env bash
# Build the documentation site of the collection as HTML below tests/output/docs. Reaches nothing outside: no links to other sites'
# inventories.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
place=$root/tests/output/docs
rm -rf "$place"
mkdir -p "$place"
antsibull-docs sphinx-init --use-current --fail-on-error --squash-hierarchy --no-add-antsibull-docs-version \
    --title "endpointops.intune" --project "endpointops.intune" --copyright "endpointops.intune contributors" \
    --dest-dir "$place" endpointops.intune >/dev/null
cat >>"$place/conf.py" <<'CONF'

intersphinx_mapping = {}
suppress_warnings = ['ref.ref']
CONF
"$place/build.sh" >"$place/build.log" 2>&1 || { cat "$place/build.log"; exit 1; }
printf 'Documentation: %s\n' "tests/output/docs/build/html/index.html"
