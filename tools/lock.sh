#!/bin/sh
# Writes the lock files anew: exact versions with hashes of every platform's wheels, and no download address.
# Needs `uv` on the PATH (a developer's tool; nothing else here uses it).
set -eu
cd "$(dirname "$0")/.."
lock() {
  uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate \
    --quiet --output-file "$@"
}
lock requirements/runtime.txt pyproject.toml
lock requirements/build.txt requirements/build.in --constraints requirements/runtime.txt
lock requirements/node.txt requirements/node.in
lock requirements/dev.txt pyproject.toml requirements/build.in requirements/dev.in --constraints requirements/runtime.txt
