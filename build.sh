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

  setup        once after cloning: makes sure that ONNX Runtime can be restored, packs what applications
               use, and restores the sample (minutes; later calls return at once where nothing changed)
  build        builds the solution
  test         build, then checks the format and runs all tests; ends with "N passed, N failed"
  pack         writes the packages to artifacts/packages
  sample       packs where the sources changed, then runs the sample application; arguments are passed on:
               sample -- --image FILE
  bench NAME   pack, then runs the benchmarks of that name: bench foundation
  tool -- …    runs the cleave command: tool -- inspect model.onnx

Each does first what it needs of setup.
END
}

die() {
  printf 'build.sh: %s\n' "$1" >&2
  exit 1
}

provision() {
  command -v dotnet >/dev/null || die "dotnet was not found: install the .NET SDK that global.json names."
  "$root/build/onnxruntime/provision.sh"
}

setup() {
  provision
  if ! packed_is_current || ! compgen -G "$packages/Cleave.Tool.*.nupkg" >/dev/null; then
    pack
  fi
  dotnet restore "$root/sample-app/PageReader" -v quiet
}

build() {
  provision
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

# True where nothing that the packages are made of has changed since: packing again takes ten seconds all the same.
# Folders count too, so that a deleted file is noticed.
packed_is_current() {
  [[ -f $packages/.packed ]] && compgen -G "$packages/Cleave.[0-9]*.nupkg" >/dev/null && compgen -G "$packages/Cleave.Runtime.*.nupkg" >/dev/null || return 1
  local changed
  changed=$(cd "$root" && find src nuget Directory.* THIRD-PARTY-NOTICES.md artifacts/onnxruntime.props -newer "$packages/.packed" -print -quit)
  [[ -z $changed ]]
}

pack() {
  provision
  rm -rf "$packages"
  pack_projects src/Cleave.Runtime/Cleave.Runtime.csproj nuget/Cleave.csproj src/Cleave.Tool/Cleave.Tool.csproj "$@"
  printf 'packed %s\n' "$packages"/*.nupkg | sed "s:$root/::"
  [[ $# -eq 0 ]] || rm "$packages/.packed" # a release has other numbers
}

# What an application references: all but the command, of which none is left that other sources were packed for.
pack_libraries() {
  provision
  if ! packed_is_current; then
    rm -f "$packages"/Cleave.[0-9]* "$packages"/Cleave.Runtime.* "$packages"/Cleave.Tool.*
    pack_projects src/Cleave.Runtime/Cleave.Runtime.csproj nuget/Cleave.csproj
  fi
}

# The projects, then arguments of MSBuild.
pack_projects() {
  forget_packed
  mkdir -p "$packages"
  rm -f "$packages/.packed"
  touch "$packages/.packing" # what changes from here on is not in them
  local project projects=()
  while [[ ${1:-} == *.csproj ]]; do
    projects+=("$1")
    shift
  done
  for project in "${projects[@]}"; do
    dotnet pack "$root/$project" -c "$configuration" -o "$packages" -v quiet "$@"
  done
  mv "$packages/.packing" "$packages/.packed"
}

# Shows what was printed only where it failed.
build_quietly() {
  local log
  log=$(dotnet build "$root/$1" -c "$configuration" -v quiet) || { printf '%s\n' "$log" >&2; exit 1; }
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
    # As tests/Directory.Build.props has it, for all the processes that tests start.
    export DOTNET_TieredPGO=0
    build
    "$root/build/test.sh" "$configuration"
    ;;
  sample)
    pack_libraries
    [[ " $* " == *' --out'[\ =:]* ]] || set -- --out "$root/artifacts/pages-read" "$@"
    # 'dotnet run' would look at the project once more before it starts.
    build_quietly sample-app/PageReader
    dotnet "$root/sample-app/PageReader/bin/$configuration/net10.0/PageReader.dll" "$@"
    ;;
  bench)
    [[ $# -gt 0 ]] || die "bench needs a name, for example: ./build.sh bench foundation"
    pack
    run benchmarks/Cleave.Benchmarks "$@"
    ;;
  tool)
    provision
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
