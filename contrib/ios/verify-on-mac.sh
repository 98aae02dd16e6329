#!/bin/sh
# Everything that only a Mac can tell: Apple's compiler, Apple's runtime, the golden tensors on each compute unit.
# Usage: ./verify-on-mac.sh BUNDLE [VARIANT], from this folder, in an environment with veraretouch[coreml].
set -eu
bundle=$(cd "${1:?name the folder of a bundle}" && pwd)
variant=${2:-coreml-fp16}
if [ "$(uname)" != Darwin ]; then
    echo "This needs a Mac: here there is no Core ML." >&2
    exit 1
fi
veraretouch zoo verify "$bundle" --variant "$variant"
compiled=$(mktemp -d)
trap 'rm -rf "$compiled"' EXIT
for package in "$bundle/coreml/$variant"/*.mlpackage; do
    xcrun coremlcompiler compile "$package" "$compiled"
done
VERA_BUNDLE=$bundle VERA_VARIANT=$variant swift test
VERA_BUNDLE=$bundle VERA_VARIANT=$variant python -m pytest -q -s ../../tests/zoo/coreml/test_golden.py
sysctl -n hw.model
sw_vers
echo "Put the machine's name into compute_units.verified_on of the packages that passed, and send the lines above."
