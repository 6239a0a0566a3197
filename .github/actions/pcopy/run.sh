#!/usr/bin/env bash
# The inputs come through the environment and never through a template: what stands in them cannot become a command.
# Runs on the bash 3.2 of macOS too.
set -euo pipefail

# The action comes with the whole repository at the version that was asked for.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
if [ ! -e "$root/dist/main.cjs" ]; then
  echo '::group::Install pcopy'
  npm ci --prefix "$root"
  echo '::endgroup::'
fi

# xargs takes the quotes off and expands nothing.
options=()
if [ -n "${PCOPY_OPTIONS//[[:space:]]/}" ]; then
  while IFS= read -r -d '' option; do options+=("$option"); done < <(xargs printf '%s\0' <<<"$PCOPY_OPTIONS")
fi

code=0
node "$root/bin/pcopy.js" ${options[@]+"${options[@]}"} -- "$PCOPY_SOURCE" "$PCOPY_DESTINATION" || code=$?
echo "exit-code=$code" >>"${GITHUB_OUTPUT:-/dev/null}"
exit "$code"
