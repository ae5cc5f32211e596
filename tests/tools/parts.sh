#!/usr/bin/env bash
# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Run the given make targets one after the other, stop at the first that fails, and close with one line for each. Targets joined with +
# run together, as many at a time as the second argument says; make prints what each of them said when it has ended.
# Usage: parts.sh MAKE NUMBER TARGET[+TARGET...]...
set -uo pipefail

make=$1
number=$2
shift 2
lines=()
passed=0
failed=0
begin=$SECONDS
for part in "$@"; do
    if ((failed)); then
        lines+=("$(printf '%-40s not run' "$part")")
        continue
    fi
    printf '\n==> %s\n' "$part"
    start=$SECONDS
    read -ra targets <<<"${part//+/ }"
    together=()
    if ((${#targets[@]} > 1)); then together=("-j$number" --output-sync=target TOGETHER=yes); fi
    if "$make" --no-print-directory "${together[@]}" "${targets[@]}"; then
        ((passed += 1))
        lines+=("$(printf '%-40s ok      %4d s' "$part" $((SECONDS - start)))")
    else
        ((failed += 1))
        lines+=("$(printf '%-40s FAILED  %4d s' "$part" $((SECONDS - start)))")
    fi
done

printf '\n'
printf '%s\n' "${lines[@]}"
if ((failed)); then
    printf 'Not ready: a part failed, see above (%d s).\n' $((SECONDS - begin))
else
    printf 'All parts passed (%d s).\n' $((SECONDS - begin))
fi
printf 'parts: %d passed, %d failed\n' "$passed" "$failed"
exit $((failed > 0))
