#!/usr/bin/env bash
# What this machine's devices do, for a report: what the doctor finds, the encoder on every execution provider, and the tests of
# WebGPU where there is a Vulkan driver.
#
#   npm ci && node node_modules/onnxruntime-node/script/install.js --onnxruntime-node-install
#                                     (NVIDIA, Linux x64: CUDA 12 and cuDNN 9 must be there)
#   tools/device-check.sh [folder]    (default: device-check)
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
export PATH=$PWD/node_modules/.bin:$PATH
folder=${1:-device-check}
mkdir -p "$folder"
status=0
node src/main.ts doctor --json >"$folder/doctor.jsonl" || status=1
node bench/run.ts device --json | tee "$folder/device.jsonl" || status=1
vitest run src/inference/webgpu.test.ts --reporter=json --outputFile="$folder/webgpu.json" || status=1
if command -v nvidia-smi >/dev/null; then nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv >"$folder/cards.csv"; fi
exit $status
