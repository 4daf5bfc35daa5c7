#!/usr/bin/env bash
# Checks the format and runs the test projects of the built solution, one after the other: test.sh CONFIGURATION
# Prints why tests were skipped; the last line is "N passed, N failed[, N skipped]".
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
configuration=$1
results=$root/artifacts/test-results
passed=0 failed=0 skipped=0

# counter NAME FILE: a number of the summary that vstest writes as attributes of one element.
counter() {
  sed -n "s:.*<Counters [^>]*\b$1=\"\([0-9]*\)\".*:\1:p" "$2"
}

# Names the skipped tests by reason, the reason once.
print_skipped() {
  echo "== skipped"
  awk -v RS='<UnitTestResult ' '
    /outcome="NotExecuted"/ {
      name = $0; sub(/.*testName="/, "", name); sub(/".*/, "", name)
      reason = "no reason given"
      if (match($0, /<Message>[^<]*/)) reason = substr($0, RSTART + 9, RLENGTH - 9)
      else if (match($0, /<StdOut>[^<]*/)) reason = substr($0, RSTART + 8, RLENGTH - 8)
      sub(/^skipped: /, "", reason); gsub(/[\r\n]+/, " ", reason)
      if (!(reason in names)) order[++n] = reason
      names[reason] = names[reason] "\n  " name
    }
    END { for (i = 1; i <= n; i++) print order[i] ":" names[order[i]] }' "$results"/*.trx |
    sed 's/&quot;/"/g; s/&lt;/</g; s/&gt;/>/g; s/&#x[AD];/ /g; s/&amp;/\&/g'
}

run_project() {
  local name trx status=0
  name=$(basename "$1" .csproj)
  trx=$results/$name.trx
  echo "== $name"
  dotnet test "$1" -c "$configuration" --no-build --nologo -v quiet \
    --logger "console;verbosity=minimal" --logger "trx;LogFileName=$trx" \
    --blame-hang-timeout 10min --blame-hang-dump-type none --results-directory "$results/$name" || status=$?
  if [[ ! -f $trx ]]; then
    echo "$name: no tests ran (exit code $status)"
    failed=$((failed + 1))
    return
  fi
  local ok bad total executed
  ok=$(counter passed "$trx") bad=$(counter failed "$trx") total=$(counter total "$trx") executed=$(counter executed "$trx")
  : "${ok:=0}" "${bad:=0}" "${total:=0}" "${executed:=0}"
  if ((status != 0 && bad == 0)) || ((total == 0)); then
    echo "$name: ended with exit code $status after $total tests, of which none failed"
    bad=1
  fi
  passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + total - executed))
}

check_format() {
  echo "== format"
  if ! dotnet format "$root/Generator.sln" --no-restore --verify-no-changes; then
    echo "format: run 'dotnet format Generator.sln' and look at what it changed"
    failed=$((failed + 1))
  fi
}

rm -rf "$results"
mkdir -p "$results"
check_format
for project in "$root"/tests/*/*.Tests.csproj; do
  run_project "$project"
done

if ((passed == 0)); then
  echo "no test passed" >&2
  failed=$((failed + 1))
fi
if ((skipped > 0)); then
  print_skipped
  echo "$passed passed, $failed failed, $skipped skipped"
else
  echo "$passed passed, $failed failed"
fi
((failed == 0))
