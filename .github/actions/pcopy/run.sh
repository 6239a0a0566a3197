#!/usr/bin/env bash
# The inputs come through the environment and never through a template: what stands in them cannot become a command.
# Runs on the bash 3.2 of macOS too.
set -euo pipefail

# The action comes with the whole repository at the version that was asked for.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)

# What the installed package depends on: the name of its place in a cache.
if [ "${1:-}" = key ]; then
  key=$(cd "$root" && { find src bin package.json package-lock.json -type f -exec cksum {} + | sort; echo "${PCOPY_PACKAGE:-}"; } | cksum)
  echo "key=${key// /-}" >>"$GITHUB_OUTPUT"
  exit 0
fi

# The file of a release is installed within seconds. Of a branch there is none: it is built once, and installed from then on.
# A second step of the job finds it there, and so does one that has the place from a cache.
place="${RUNNER_TEMP:-$(mktemp -d)}/pcopy"
install() { npm install --silent --ignore-scripts --no-save --prefix "$place" "$1"; }
release() {
  [[ "${PCOPY_REF:-}" == v[0-9]* ]] || return 1
  install "${GITHUB_SERVER_URL:-https://github.com}/$PCOPY_REPOSITORY/releases/download/$PCOPY_REF/pcopy-${PCOPY_REF#v}.tgz"
}
if [ -n "${PCOPY_PACKAGE:-}" ] || [ ! -e "$root/dist/main.cjs" ]; then
  if [ -e "$place/node_modules/pcopy/dist/main.cjs" ]; then
    :
  elif [ -n "${PCOPY_PACKAGE:-}" ]; then
    install "$PCOPY_PACKAGE"
  elif ! release; then
    echo '::group::Build pcopy'
    # Whatever the job's own npm settings are: it is built with development dependencies, and needs no script of theirs.
    npm ci --prefix "$root" --include=dev --ignore-scripts
    mkdir -p "$place"
    (cd "$root" && npm pack --pack-destination "$place")
    install "$place"/pcopy-*.tgz
    echo '::endgroup::'
  fi
  root="$place/node_modules/pcopy"
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
