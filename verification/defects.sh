#!/usr/bin/env bash
# Ten deliberate defects, one at a time in a copy of the core: the simulation or the model check must find each.
#   verification/defects.sh [--seeds N] [verification/defects/NN-name.pl ...]
# Says which check found it, and after how many seeds. Fails if one is not found, or its line is no longer in the core.
set -euo pipefail
cd "$(dirname "$0")/.."

seeds=5000
if [ "${1:-}" = --seeds ]; then
  seeds=$2
  shift 2
fi
defects=("$@")
[ ${#defects[@]} -gt 0 ] || defects=(verification/defects/*.pl)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mvn -q -B -ntp -Dstyle.color=never -pl verification -am test-compile dependency:build-classpath \
  -Dmdep.outputFile="$work/classpath" -Dmdep.includeScope=test >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 2; }
classpath=verification/target/test-classes:verification/target/classes:$(<"$work/classpath")

missed=0
for defect in "${defects[@]}"; do
  name=$(basename "$defect" .pl)
  file=$(sed -n 's/^# file: //p' "$defect")
  by=$(sed -n 's/^# found by: //p' "$defect")
  source=core/src/main/java/dev/fusible/$file
  rm -rf "$work/classes"
  mkdir "$work/classes"
  cp "$source" "$work/$file"
  perl -0pi "$defect" "$work/$file"
  if cmp -s "$source" "$work/$file"; then
    echo "$name: $file has changed, and the defect no longer applies to it" >&2
    exit 2
  fi
  javac -nowarn -proc:none -d "$work/classes" -cp "$classpath" "$work/$file" 2>"$work/log" || { cat "$work/log" >&2; exit 2; }

  if [ "$by" = lincheck ]; then
    run=(dev.fusible.ModelCheck)
  else
    run=(dev.fusible.Simulate --seeds "$seeds")
  fi
  SECONDS=0
  if java -cp "$work/classes:$classpath" "${run[@]}" >"$work/out" 2>&1; then
    echo "$name: NOT FOUND by $by"
    missed=1
  elif [ "$by" = lincheck ] && grep -q '^= Invalid execution' "$work/out"; then
    echo "$name: found by Lincheck in $SECONDS s: no order of turns explains what the threads saw"
  elif [ "$by" = simulation ] && seed=$(sed -n 's/^seed=\([0-9]*\).*/\1/p' "$work/out") && [ -n "$seed" ]; then
    echo "$name: found by simulation in $SECONDS s, seed $seed: $(tail -n 1 "$work/out" | cut -c 1-150)"
  else
    cat "$work/out" >&2
    exit 2
  fi
done
exit $missed
