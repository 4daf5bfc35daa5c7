#!/usr/bin/env bash
# Runs the packed benchmark; what it says of the machine and the table go into results.txt beside it, all samples into artifacts/bench/gpu.json.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# No system that this runs on needs ICU for it.
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
export LD_LIBRARY_PATH=$PWD${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
{
  date -u +%Y-%m-%d
  command -v nvidia-smi >/dev/null && nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader || echo "no nvidia-smi"
  grep -m 1 'model name' /proc/cpuinfo || true
  nproc
  ./Cleave.Benchmarks gpu "$@"
} 2>&1 | tee results.txt
