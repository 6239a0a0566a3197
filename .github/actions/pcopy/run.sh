#!/usr/bin/env bash
# The inputs come through the environment and never through a template: what stands in them cannot become a command.
# Runs on the bash 3.2 of macOS too.
set -euo pipefail

# The action comes with the whole repository at the version that was asked for.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
if [ -n "${PCOPY_PACKAGE:-}" ]; then
  place="${RUNNER_TEMP:-$(mktemp -d)}/pcopy"
  root="$place/node_modules/pcopy"
  # A second step of the job finds it there, and so does one that has the place from a cache.
  [ -e "$root/dist/main.cjs" ] || npm install --silent --ignore-scripts --no-save --prefix "$place" "$PCOPY_PACKAGE"
elif [ ! -e "$root/dist/main.cjs" ]; then
  echo '::group::Install pcopy'
  # Whatever the job's own npm settings are: it is built with development dependencies, and needs no script of theirs.
  npm ci --prefix "$root" --include=dev --ignore-scripts
  npm run build --prefix "$root"
  echo '::endgroup::'
fi

# xargs takes the quotes off and expands nothing. By way of a file, since its failure must be seen: half of the options are
# not what was asked for.
options=()
if [ -n "${PCOPY_OPTIONS//[[:space:]]/}" ]; then
  list=$(mktemp)
  trap 'rm -f "$list"' EXIT
  if ! xargs printf '%s\0' <<<"$PCOPY_OPTIONS" >"$list"; then
    echo '::error title=pcopy::pcopy: the options of the action have a quote that does not end'
    echo 'exit-code=2' >>"${GITHUB_OUTPUT:-/dev/null}"
    exit 2
  fi
  while IFS= read -r -d '' option; do options+=("$option"); done <"$list"
fi

code=0
node "$root/bin/pcopy.js" ${options[@]+"${options[@]}"} -- "$PCOPY_SOURCE" "$PCOPY_DESTINATION" || code=$?
echo "exit-code=$code" >>"${GITHUB_OUTPUT:-/dev/null}"
exit "$code"
