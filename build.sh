#!/usr/bin/env bash
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
packages=$root/artifacts/packages
configuration=Release

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
# English and plain, so that logs can be searched.
export DOTNET_CLI_UI_LANGUAGE=en
if [[ ! -t 1 ]]; then
  export NO_COLOR=1 MSBUILDTERMINALLOGGER=off
fi

usage() {
  cat <<'END'
usage: ./build.sh VERB

  setup        makes sure that ONNX Runtime can be restored (once; later calls return at once)
  build        setup, then builds the solution
  test         build, then checks the format and runs all tests; ends with "N passed, N failed"
  pack         setup, then writes the packages to artifacts/packages
  sample       pack, then runs the sample application; arguments are passed on: sample -- --image FILE
  bench NAME   pack, then runs the benchmarks of that name: bench foundation
  tool -- …    setup, then runs the cleave command: tool -- inspect model.onnx
END
}

die() {
  printf 'build.sh: %s\n' "$1" >&2
  exit 1
}

setup() {
  command -v dotnet >/dev/null || die "dotnet was not found: install the .NET SDK that global.json names."
  "$root/build/onnxruntime/provision.sh"
}

build() {
  setup
  dotnet build "$root/Generator.sln" -c "$configuration"
}

# NuGet never looks again for a package that a package folder has, and a local pack keeps its number.
forget_packed() {
  local folder
  find "$root/artifacts" -type d \( -name cleave -o -name 'cleave.*' \) -prune -print | while IFS= read -r folder; do
    if compgen -G "$folder/*/.nupkg.metadata" >/dev/null; then
      rm -rf "$folder"
    fi
  done
  rm -rf "$root"/sample-app/*/obj/cleave-tool
}

pack() {
  setup
  rm -rf "$packages"
  forget_packed
  local project
  for project in src/Cleave.Runtime/Cleave.Runtime.csproj nuget/Cleave.csproj src/Cleave.Tool/Cleave.Tool.csproj; do
    pack_project "$project" "$@"
  done
  printf 'packed %s\n' "$packages"/*.nupkg | sed "s:$root/::"
}

# What an application references: all but the command.
pack_libraries() {
  setup
  rm -f "$packages"/Cleave.[0-9]* "$packages"/Cleave.Runtime.*
  forget_packed
  pack_project src/Cleave.Runtime/Cleave.Runtime.csproj
  pack_project nuget/Cleave.csproj
}

pack_project() {
  local project=$1
  shift
  dotnet pack "$root/$project" -c "$configuration" -o "$packages" -v quiet "$@"
}

run() {
  local project=$1
  shift
  dotnet run --project "$root/$project" -c "$configuration" -v quiet -- "$@"
}

verb=${1:-}
if [[ $# -gt 0 ]]; then
  shift
fi
if [[ $verb == sample || $verb == tool ]] && [[ ${1:-} == -- ]]; then
  shift
fi

case $verb in
  setup | build)
    [[ $# -eq 0 ]] || die "$verb takes no arguments."
    "$verb"
    ;;
  pack)
    # For example -p:CleaveRelease=true.
    pack "$@"
    ;;
  test)
    [[ $# -eq 0 ]] || die "test takes no arguments."
    build
    "$root/build/test.sh" "$configuration"
    ;;
  sample)
    pack_libraries
    [[ " $* " == *' --out '* ]] || set -- --out "$root/artifacts/pages-read" "$@"
    run sample-app/PageReader "$@"
    ;;
  bench)
    [[ $# -gt 0 ]] || die "bench needs a name, for example: ./build.sh bench foundation"
    pack
    run benchmarks/Cleave.Benchmarks "$@"
    ;;
  tool)
    setup
    run src/Cleave.Tool "$@"
    ;;
  help | -h | --help)
    usage
    ;;
  '')
    usage >&2
    exit 2
    ;;
  *)
    usage >&2
    die "no verb '$verb'."
    ;;
esac
