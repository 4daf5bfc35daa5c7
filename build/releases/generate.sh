#!/usr/bin/env bash
# Asks releases of ONNX Runtime what they load, and writes the table that the build's checks use:
#   build/releases/generate.sh 1.31.1 [more versions]
# Each answer is kept in a file beside this one, so a release that no source carries any more stays in the table. Without
# arguments the table is written from those files alone. RestoreAdditionalProjectSources names further package folders.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
table=$root/src/Cleave.Core/Releases/ReleaseTable.cs

# ONNX's operators, and what ONNX Runtime adds to ONNX's own set.
names() {
  cat "$root/tests/Cleave.Core.Tests/Shapes/operators.txt"
  printf 'ai.onnx %s\n' ATen Affine Crop DynamicSlice GRUUnit GivenTensorFill ImageScaler MemcpyFromHost MemcpyToHost \
    ParametricSoftplus Scale ScaledTanh SimplifiedLayerNormalization
}

for version in "$@"; do
  minor=$(cut -d. -f1,2 <<<"$version")
  dotnet build "$here/Probe.csproj" -c Release -v quiet -p:ReleaseVersion="$version"
  names | LC_ALL=C sort -u >"$root/artifacts/releases/names.txt"
  "$root/artifacts/releases/$version/bin/Probe/release/Probe" "$root/artifacts/releases/names.txt" >"$here/$minor.txt.new"
  mv "$here/$minor.txt.new" "$here/$minor.txt"
done

files=$(cd "$here" && ls [0-9]*.txt | sort -V)
{
  cat <<'END'
// Written by build/releases/generate.sh from what each release of ONNX Runtime loads; do not edit.
namespace Cleave.Core.Releases;

internal static class ReleaseTable
{
    /// <summary>The releases, the oldest first.</summary>
    public static readonly OnnxRuntimeRelease[] Releases =
    [
END
  for file in $files; do
    release=${file%.txt}
    awk -v major="${release%.*}" -v minor="${release#*.}" '
      $1 == "ir" { ir = $2 }
      $1 == "opset" { sets = sets (sets == "" ? "" : ", ") "(\"" ($2 == "ai.onnx" ? "" : $2) "\", " $3 ")" }
      END { printf "        new(%s, %s, %s, [%s]),\n", major, minor, ir, sets }' "$here/$file"
  done
  cat <<'END'
    ];

    /// <summary>Operator set, operator, the first version that has it, the first that has it no more.</summary>
    public const string Operators = """
END
  # A newer release knows every version of the older ones.
  grep '^operator' "$here/$(tail -n 1 <<<"$files")" | sed 's/^operator/       /'
  cat <<'END'
        """;
}
END
} >"$table.new"
mv "$table.new" "$table"
