#!/usr/bin/env bash
# A Vulkan device without a graphics card, for the tests of WebGPU: Mesa's lavapipe, version 25 or newer.
#
#   env $(tools/lavapipe.sh) npx vitest run src/inference/webgpu.test.ts
#
# Prints the environment in which programs find it. On Debian and its kin, without root and without touching the system:
# the packages that the system lacks are fetched from its own mirror (on Debian 12 from its backports) and unpacked into
# a folder of their own, once (about 20 s, 110 MB).
#
#   HISTOQL_LAVAPIPE_DIR   where that folder stands (default ~/.cache/histoql/lavapipe)
set -euo pipefail

directory=${HISTOQL_LAVAPIPE_DIR:-$HOME/.cache/histoql/lavapipe}
oldest_version=25

fail() { printf 'lavapipe.sh: %s\n' "$*" >&2; exit 1; }

[[ $(uname -s) == Linux ]] && command -v apt-get >/dev/null || fail "only Debian and its kin can fetch it; install Mesa ≥ $oldest_version with lavapipe yourself."

fetch() {
  local part=$directory.part suite mirror
  # shellcheck source=/dev/null
  suite=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
  [[ -n $suite ]] || fail "the system does not tell its version's name."
  # The mirror that this machine uses; the keys of Debian are those that the system trusts.
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $suite" | sed -n 1p)
  [[ -n $mirror ]] || fail "the system knows no package mirror; run apt-get update first."
  rm -rf "$part"
  mkdir -p "$part"/{lists/partial,cache/archives/partial,root}
  printf 'deb %s %s main\n' "$mirror" "$suite" "$mirror" "$suite-backports" >"$part/sources.list"
  local apt=(apt-get -qq -o "Dir::State::Lists=$part/lists" -o "Dir::Etc::SourceList=$part/sources.list"
    -o Dir::Etc::SourceParts=/nonexistent -o "Dir::Cache=$part/cache" -o Debug::NoLocking=true -o APT::Sandbox::User=)
  "${apt[@]}" update >&2 || fail "the package lists cannot be fetched."
  "${apt[@]}" -y --download-only --no-install-recommends -t "$suite-backports" install mesa-vulkan-drivers libvulkan1 >&2 ||
    "${apt[@]}" -y --download-only --no-install-recommends install mesa-vulkan-drivers libvulkan1 >&2 ||
    fail "the packages cannot be fetched."
  local package
  for package in "$part"/cache/archives/*.deb; do dpkg-deb -x "$package" "$part/root"; done
  rm -rf "$part/cache" "$part/lists" "$directory"
  mv "$part" "$directory"
}

# The driver's library names its version, as "Mesa 25.0.7".
version_of() { grep -aoE 'Mesa [0-9]+\.[0-9]+' "$1" | sed -nE '1s/Mesa ([0-9]+).*/\1/p'; }
find_driver() { find "$directory/root" -name libvulkan_lvp.so 2>/dev/null | sed -n 1p; }

driver=$(find_driver || true)
if [[ -z $driver ]]; then
  fetch
  driver=$(find_driver || true)
fi
[[ -n $driver ]] || fail "the packages hold no lavapipe; the system has a driver already."
version=$(version_of "$driver")
[[ ${version:-0} -ge $oldest_version ]] || fail "Mesa ${version:-of an unknown version} is older than $oldest_version."

libraries=$(dirname "$driver")
description=$directory/lavapipe.json
printf '{"file_format_version": "1.0.0", "ICD": {"library_path": "%s", "api_version": "1.3.0"}}\n' "$driver" >"$description"
echo "LD_LIBRARY_PATH=$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
echo "VK_DRIVER_FILES=$description"
echo "VK_ICD_FILENAMES=$description"
