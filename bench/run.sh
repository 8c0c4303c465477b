#!/usr/bin/env bash
# Builds what is missing, checks every subject, runs all rows and prints one table.
#   bench/run.sh                   all rows, 3 forks: about an hour
#   bench/run.sh --quick           all rows, 1 fork: the least of 50 short samples of each, for a machine that is not quiet
#   bench/run.sh --check           only the checks
#   bench/run.sh [--subjects=fusible,floor] CLOSED OPEN     only these
#   JAVA_HOME=/path/to/jdk-25 bench/run.sh                  on another JDK
#   bench/run.sh --build           no row, only the build
# The figures stay in bench/target/results.
set -euo pipefail
cd "$(dirname "$0")/.."

java=${JAVA_HOME:+$JAVA_HOME/bin/}java
version=$("$java" -XshowSettings:properties -version 2>&1 | sed -n 's/.*java.version = //p')
# Helidon's subject is compiled only on 21 and later, so another JDK needs another build.
if [ "$(cat bench/target/built-with 2>/dev/null || true)" != "$version" ]; then
  rm -rf bench/target/classes bench/target/lib bench/target/maven-status
fi
mvn -B -ntp -q -DskipTests -pl bench -am package
echo "$version" > bench/target/built-with

if [ "${1:-}" = --build ]; then
  exit 0
fi
exec "$java" -cp "bench/target/classes:bench/target/lib/*" dev.fusible.bench.Compare bench/target/results "$@"
