#!/usr/bin/env bash
# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

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
# Variables of ansible-core, which fragments of its own bring in, are not described here.
nitpick_ignore_regex = [('.*envvar', 'ANSIBLE_.*')]
html_static_path = ['static']
html_css_files = ['tables.css']
# Copying a block of commands leaves out the prompts, and the output of the commands.
extensions.append('sphinx_copybutton')
copybutton_prompt_text = '$ '
copybutton_line_continuation_character = '\\'
CONF
# Text in tables of the guides is broken into lines, and a long name where it must be. The tables of modules see to it themselves.
mkdir "$place/static"
cat >"$place/static/tables.css" <<'CSS'
.rst-content table.docutils:not(.ansible-option-table) { width: 100%; }
.rst-content table.docutils:not(.ansible-option-table) :is(th, td) { white-space: normal; min-width: 0; }
.rst-content table.docutils:not(.ansible-option-table) td > ul { margin-bottom: 0; }
.rst-content :is(p, li, td, dt, dd) code.docutils { white-space: normal; overflow-wrap: anywhere; }
.rst-content .highlight pre { overflow-wrap: anywhere; }
.rst-content :is(p, li, h1, h2), .wy-menu-vertical a { overflow-wrap: break-word; }
@media (max-width: 700px) {
    .rst-content table.docutils:not(.ansible-option-table) :is(th, td) { padding: 6px; font-size: 13px; }
    .rst-content table.docutils:not(.ansible-option-table) :is(th, td) p { font-size: 13px; }
    .rst-content table.docutils:not(.ansible-option-table) code.docutils { padding: 0 2px; }
}
CSS
# Between the two steps of the build: its pages are written, and not yet read by Sphinx.
sed -i "s|^# Build Sphinx site|cp '$root/docs/images/flow.svg' rst \&\& (cd '$root' \&\& python -m tests.tools.site '$place/rst/index.rst')\n&|" "$place/build.sh"
"$place/build.sh" >"$place/build.log" 2>&1 || { cat "$place/build.log"; exit 1; }
printf 'Documentation: %s\n' "tests/output/docs/build/html/index.html"
