#!/usr/bin/env bash
# On the machine with the GPU, in the folder with what pack.sh made: joins the pieces, checks them, unpacks and runs. Arguments are passed on: unpack.sh --quick
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
if [[ ! -f cleave-gpu.tar.gz ]]; then
  cat cleave-gpu.tar.gz.[0-9][0-9][0-9] >cleave-gpu.tar.gz
fi
sha256sum --quiet -c cleave-gpu.sha256 || {
  rm -f cleave-gpu.tar.gz
  echo "gpu: a piece is missing or damaged; send them again" >&2
  exit 1
}
tar -xzf cleave-gpu.tar.gz
exec cleave-gpu/run.sh "$@"
