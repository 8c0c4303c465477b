#!/usr/bin/env bash
# A million businesses, an attacker, a million timers; and the curves of cost, as SVG and CSV.
#   bench/scale.sh                            about ten minutes; plots in bench/target/results
#   JAVA_HOME=/path/to/jdk-25 bench/scale.sh  on another JDK
set -euo pipefail
cd "$(dirname "$0")/.."

bench/run.sh --build
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
run() {
  "$java" -Xms4g -Xmx4g -cp "bench/target/classes:bench/target/lib/*" "$@"
}
run dev.fusible.bench.Scale
run dev.fusible.bench.Curves bench/target/results
