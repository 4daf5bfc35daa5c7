#!/usr/bin/env bash
# Checks the format and runs the test projects of the built solution, one after the other: test.sh CONFIGURATION
# Prints where the time went and why tests were skipped; the last line is "N passed, N failed[, N skipped]".
set -euo pipefail

if [[ -n ${UPDATE_GOLDEN:-} ]]; then
  echo "test.sh: UPDATE_GOLDEN is set, and would have tests write what they compare with. Unset it here; to renew golden files run their project: UPDATE_GOLDEN=1 dotnet test tests/NAME -c Release" >&2
  exit 1
fi
# What applications are told by their environment is not meant for the runners and builds of tests.
for variable in $(compgen -e CLEAVE_); do
  [[ $variable == CLEAVE_SHARED_MODELS ]] || unset "$variable"
done

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

# The ten classes that took longest: what their tests took, one after the other.
print_longest() {
  echo "== longest classes"
  awk -v RS='<UnitTestResult ' '
    match($0, /testName="[^"]*"/) {
      name = substr($0, RSTART + 10, RLENGTH - 11); sub(/\(.*/, "", name); sub(/\.[^.]*$/, "", name)
      if (match($0, /duration="[^"]*"/)) {
        split(substr($0, RSTART + 10, RLENGTH - 11), time, ":")
        seconds[name] += time[1] * 3600 + time[2] * 60 + time[3]
      }
    }
    END { for (name in seconds) printf "%7.1f s  %s\n", seconds[name], name }' "$results"/*.trx | sort -rn | sed -n 1,10p
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

# In the background: it keeps one core busy, and so does the first project, which packs.
start_format() {
  dotnet format "$root/Generator.sln" --no-restore --verify-no-changes >"$results/format.log" 2>&1 &
  format=$!
  trap 'kill "$format" 2>/dev/null || true' EXIT
}

end_format() {
  local status=0
  wait "$format" || status=$?
  trap - EXIT
  echo "== format"
  cat "$results/format.log"
  if ((status != 0)); then
    echo "format: run 'dotnet format Generator.sln' and look at what it changed"
    failed=$((failed + 1))
  fi
}

rm -rf "$results"
mkdir -p "$results"
start_format
# Nothing in these depends on how much of the machine it gets.
beside_format=" Cleave.Release.Tests Cleave.Build.Tests Cleave.Sample.Tests Cleave.Generator.Tests Cleave.EndToEnd.Tests "
for name in $beside_format; do
  run_project "$root/tests/$name/$name.csproj"
done
end_format
for project in "$root"/tests/*/*.Tests.csproj; do
  [[ $beside_format == *" $(basename "$project" .csproj) "* ]] || run_project "$project"
done

if ((passed == 0)); then
  echo "no test passed" >&2
  failed=$((failed + 1))
fi
print_longest
if ((skipped > 0)); then
  print_skipped
  echo "$passed passed, $failed failed, $skipped skipped"
else
  echo "$passed passed, $failed failed"
fi
((failed == 0))
