#!/usr/bin/env bash
# Packs the benchmark of placement for a machine with an NVIDIA GPU and neither .NET nor NuGet: build/gpu/pack.sh [MOST_MEGABYTES_OF_A_PIECE]
# README.md beside this file says what is in it and how it is run there.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$root/artifacts/gpu
piece=${1:-0}

# Where no NuGet source carries ONNX Runtime for GPUs: the provider alone, of the release that setup assembles then.
npm_package=com.github.asus4.onnxruntime.linux-x64-gpu
npm_version=0.4.9
npm_release=1.29.0
integrity=sha512-FopIhNE/Ng+v2X65wVc9clPCBCvhvA53Hxo2U0Kf5fGdVsC7iCA+mZ0KLWggcQAj7TIZ6pNidR4AC10g74Xo6w==
tarball=$work/$npm_package-$npm_version.tgz
libraries="libonnxruntime_providers_cuda.so libonnxruntime_providers_shared.so"

die() {
  printf 'gpu: %s\n' "$@" >&2
  exit 1
}

fetch() {
  [[ -f $tarball ]] && return
  command -v npm >/dev/null || die \
    "the CUDA provider comes from the npm package $npm_package $npm_version, but npm was not found." \
    "Install Node.js with npm, or put the tarball at ${tarball#"$root"/} yourself (its hash is checked)."
  echo "gpu: fetching the npm package $npm_package $npm_version (180 MB)"
  rm -rf "$work/download"
  mkdir -p "$work/download"
  (cd "$work/download" && npm pack "$npm_package@$npm_version" --ignore-scripts --silent >npm.out 2>npm.err) || {
    cat "$work/download/npm.out" "$work/download/npm.err" >&2
    die "npm could not fetch $npm_package $npm_version (output above)."
  }
  mv "$work/download/$npm_package-$npm_version.tgz" "$tarball"
  rm -rf "$work/download"
}

verify() {
  local actual
  actual=sha512-$(openssl dgst -sha512 -binary "$tarball" | openssl base64 -A)
  [[ $actual == "$integrity" ]] && return
  rm -f "$tarball"
  die "the hash of $npm_package-$npm_version.tgz does not match; the file was deleted, nothing of it was used." "expected $integrity" "found    $actual"
}

# ONNX Runtime with CUDA, of the release that the benchmark is built with, from NuGet; false where no source carries it.
restore() {
  local package
  dotnet restore "$here/native/GpuNative.csproj" --packages "$work/packages" >"$work/restore.log" 2>&1 || return 1
  package=$(find "$work/packages/microsoft.ml.onnxruntime.gpu.linux" -mindepth 1 -maxdepth 1 -type d | sort | tail -n 1)
  [[ -n $package ]] || return 1
  cp "$package"/runtimes/linux-x64/native/libonnxruntime*.so "$work/cleave-gpu/"
  rm -f "$work/cleave-gpu/libonnxruntime_providers_tensorrt.so"
  cp "$package/LICENSE" "$work/cleave-gpu/LICENSE.onnxruntime-gpu" 2>/dev/null || true
  echo "gpu: ONNX Runtime with CUDA from NuGet ($(basename "$package"))"
}

provider_of_npm() {
  local built
  built=$(sed -n 's:.*<OnnxRuntimeVersion>\(.*\)</OnnxRuntimeVersion>.*:\1:p' "$root/artifacts/onnxruntime.props")
  [[ $built == "$npm_release"* ]] || die \
    "no configured NuGet source carries Microsoft.ML.OnnxRuntime.Gpu.Linux $built (artifacts/gpu/restore.log)," \
    "and the provider of the npm package is of ONNX Runtime $npm_release, which does not fit."
  fetch
  verify
  local library
  for library in $libraries; do
    tar -xzf "$tarball" -C "$work/cleave-gpu" --strip-components=4 "package/Plugins/Linux/x64/$library"
  done
  tar -xzf "$tarball" -C "$work/cleave-gpu" --strip-components=1 package/LICENSE
  mv "$work/cleave-gpu/LICENSE" "$work/cleave-gpu/LICENSE.onnxruntime-gpu"
  echo "gpu: the CUDA provider from the npm package $npm_package $npm_version"
}

[[ $piece =~ ^[0-9]+$ ]] || die "usage: build/gpu/pack.sh [MOST_MEGABYTES_OF_A_PIECE]"
[[ -f $root/artifacts/onnxruntime.props ]] || die "run ./build.sh setup first."
command -v openssl >/dev/null || die "openssl was not found, which checks hashes."
mkdir -p "$work"
rm -rf "$work/cleave-gpu" "$work/out"
echo "gpu: publishing the benchmark for Linux x64, with .NET"
dotnet publish "$root/benchmarks/Cleave.Benchmarks" -c Release -r linux-x64 --self-contained -o "$work/cleave-gpu" --nologo -v quiet >"$work/publish.log" 2>&1 || {
  cat "$work/publish.log" >&2
  die "publishing failed (output above)."
}
restore || provider_of_npm
# The program looks for its lists of models in the repository: here they lie beside it.
mkdir -p "$work/cleave-gpu/benchmarks"
cp -r "$root/benchmarks/placement" "$work/cleave-gpu/benchmarks/"
cp "$root/Generator.sln" "$work/cleave-gpu/"
cp "$here/run.sh" "$work/cleave-gpu/"
mkdir -p "$work/out"
tar -czf "$work/out/cleave-gpu.tar.gz" -C "$work" cleave-gpu
cd "$work/out"
sha256sum cleave-gpu.tar.gz >cleave-gpu.sha256
if ((piece > 0)); then
  split -b "${piece}M" -d -a 3 cleave-gpu.tar.gz cleave-gpu.tar.gz.
  rm cleave-gpu.tar.gz
fi
cp "$here/unpack.sh" .
echo "gpu: packed into artifacts/gpu/out:"
ls -l | sed 1d
