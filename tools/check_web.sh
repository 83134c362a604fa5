#!/usr/bin/env bash
# Holds web/ against its rules: types, no `any`, files of at most 300 lines.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ ! -d .deps/web/node_modules/typescript ]; then
  echo "lint: web/ was NOT checked: TypeScript is not installed (tools/setup_web.sh --dev, where npm can be reached)" >&2
  exit 0
fi
[ -e web/node_modules ] || ln -s ../.deps/web/node_modules web/node_modules
.deps/node/bin/node web/node_modules/typescript/bin/tsc -p web
sources=$(git ls-files 'web/*.ts' 'web/*.tsx' 'web/*.css')
# shellcheck disable=SC2086
if grep -nE '(: *|<|\bas +)any *([][;,)>=|&]|$)|@ts-ignore|dangerouslySetInnerHTML|\.innerHTML *=' $sources; then
  echo "lint: web/ has neither 'any' nor HTML made of text" >&2
  exit 1
fi
for file in $sources; do
  lines=$(wc -l <"$file")
  [ "$lines" -le 300 ] || { echo "$file: $lines lines, more than 300: split it by noun" >&2; exit 1; }
done
echo "web: types and sizes in order"
