#!/usr/bin/env bash
# Makes sure that Microsoft.ML.OnnxRuntime can be restored, and says in artifacts/onnxruntime.props which version.
# README.md beside this file says how and why. The first step of every verb of ./build.sh.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
artifacts=$root/artifacts
props=$artifacts/onnxruntime.props
feed=$artifacts/feed
work=$artifacts/onnxruntime
source=$work/source

npm_package=com.github.asus4.onnxruntime
npm_version=0.4.9
integrity=sha512-BkzxduSZ9IkeDP6Q8lz2TFU2ie7hSSvS7ZIfzMooExoq0CNzJnuuGaUJ7IsojBgqO4ouD1jXah8OYyJbCN29Fg==
tarball=$work/$npm_package-$npm_version.tgz

lowest=$(sed -n 's:.*<OnnxRuntimeLowest>\(.*\)</OnnxRuntimeLowest>.*:\1:p' "$root/Directory.Build.props")
# Raise the last number when the packages' content changes: package folders keep what they have under one number.
assembled=$lowest-assembled.1

die() {
  printf 'setup: %s\n' "$@" >&2
  exit 1
}

provided_version() {
  if [[ -f $props ]]; then
    sed -n 's:.*<OnnxRuntimeVersion>\(.*\)</OnnxRuntimeVersion>.*:\1:p' "$props"
  fi
}

# True where an earlier setup's result still stands.
is_provided() {
  local version
  version=$(provided_version)
  case $version in
    '') return 1 ;;
    *-assembled.*)
      [[ $version == "$assembled" && -d $source &&
        -f $feed/Microsoft.ML.OnnxRuntime.$version.nupkg &&
        -f $feed/Microsoft.ML.OnnxRuntime.Managed.$version.nupkg ]]
      ;;
  esac
}

# Written last and by rename, so that an interrupted setup starts over.
write_props() {
  cat >"$props.new" <<END
<Project>
  <!-- Written by ./build.sh setup; delete artifacts/ to have it decide again. -->
  <PropertyGroup>
    <OnnxRuntimeVersion>$1</OnnxRuntimeVersion>
  </PropertyGroup>
</Project>
END
  mv "$props.new" "$props"
}

# Prints the version that the configured sources give for the lowest supported one, nothing where they carry none.
probe_sources() {
  local log=$work/probe.log assets=$work/build/obj/Probe/project.assets.json
  rm -f "$assets"
  if dotnet restore "$here/probe/Probe.csproj" -p:ProbeVersion="$lowest" >"$log" 2>&1; then
    sed -n 's:^ *"Microsoft\.ML\.OnnxRuntime/\([^"]*\)".*:\1:p' "$assets" | head -n 1
    return
  fi
  # NU1101 and NU1102: every source answered and none carries it. Anything else is no answer.
  local other
  other=$(grep -oE 'error (NU|NETSDK|MSB)[0-9]+' "$log" | grep -vE 'NU110[12]' || true)
  if [[ -n $other ]] || ! grep -qE 'error NU110[12]' "$log"; then
    cat "$log" >&2
    die "could not find out whether the configured NuGet sources carry Microsoft.ML.OnnxRuntime $lowest" \
      "(output above). Make the sources reachable and run ./build.sh setup again."
  fi
}

fetch_tarball() {
  if [[ -f $tarball ]]; then
    return
  fi
  command -v npm >/dev/null || die \
    "no configured NuGet source carries Microsoft.ML.OnnxRuntime $lowest, so it is assembled from the npm package" \
    "$npm_package $npm_version, but npm was not found. Do one of these and run ./build.sh setup again:" \
    "- add a NuGet source that carries it (dotnet nuget add source), or" \
    "- install Node.js with npm, or" \
    "- put the package's tarball at ${tarball#"$root"/} yourself (its hash is checked)."
  echo "setup: fetching the npm package $npm_package $npm_version (150 MB)"
  rm -rf "$work/download"
  mkdir -p "$work/download"
  (cd "$work/download" && npm pack "$npm_package@$npm_version" --ignore-scripts --silent >npm.out 2>npm.err) || {
    cat "$work/download/npm.out" "$work/download/npm.err" >&2
    die "npm could not fetch $npm_package $npm_version (output above; 'npm config get registry' shows where it looked)." \
      "Mend that, or put the tarball at ${tarball#"$root"/}, and run ./build.sh setup again."
  }
  local fetched=$work/download/$npm_package-$npm_version.tgz
  [[ -f $fetched ]] || die "npm reported success but left no file $npm_package-$npm_version.tgz."
  mv "$fetched" "$tarball"
}

sha512_base64() {
  if command -v openssl >/dev/null; then
    openssl dgst -sha512 -binary "$1" | openssl base64 -A
  elif command -v node >/dev/null; then
    node -e 'process.stdout.write(require("crypto").createHash("sha512").update(require("fs").readFileSync(process.argv[1])).digest("base64"))' "$1"
  else
    die "neither openssl nor node was found to check the hash of ${1#"$root"/}. Install one and run ./build.sh setup again."
  fi
}

# npm has checked what the registry claims; this checks what the repository pins.
verify_tarball() {
  local actual
  actual=sha512-$(sha512_base64 "$tarball")
  if [[ $actual != "$integrity" ]]; then
    rm -f "$tarball"
    die "the hash of $npm_package-$npm_version.tgz does not match; the file was deleted, nothing of it was used." \
      "expected $integrity" "found    $actual" \
      "Run ./build.sh setup again. If it stays so, the registry serves another file under that number: do not use it."
  fi
}

unpack_tarball() {
  rm -rf "$source" "$work/partial"
  mkdir -p "$work/partial"
  tar -xzf "$tarball" -C "$work/partial" package/LICENSE package/ThirdPartyNotices.txt package/Runtime \
    package/Plugins/Linux/x64 package/Plugins/Windows/x64 package/Plugins/Windows/arm64 package/Plugins/macOS/arm64
  mv "$work/partial/package" "$source"
  rmdir "$work/partial"
}

pack_one() {
  local log=$work/pack.log
  dotnet pack "$here/$1" -c Release -o "$feed" -p:OnnxRuntimeSource="$source" -p:AssembledVersion="$assembled" >"$log" 2>&1 || {
    cat "$log" >&2
    die "assembling $1 failed (output above)."
  }
}

assemble() {
  fetch_tarball
  verify_tarball
  unpack_tarball
  echo "setup: assembling Microsoft.ML.OnnxRuntime $assembled into artifacts/feed"
  rm -rf "$feed"
  mkdir -p "$feed"
  pack_one managed
  pack_one native
  # The unpacked source stays (the release test builds from it again); the download is not needed any more.
  rm -rf "$work/build" "$work/download" "$tarball"
}

if is_provided; then
  exit 0
fi
mkdir -p "$work"
rm -f "$props"
found=$(probe_sources)
if [[ -n $found ]]; then
  rm -rf "$feed"
  write_props "$found"
  echo "setup: the configured NuGet sources carry Microsoft.ML.OnnxRuntime $found"
else
  assemble
  write_props "$assembled"
fi
