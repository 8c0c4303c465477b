#!/usr/bin/env bash
# Mutation tests of the rules, the permit, the time limit and the merge, by the core's own tests. Fails below 90 %.
# What survived is in core/target/pit-reports; docs/correctness.md says why.
set -euo pipefail
cd "$(dirname "$0")/.."
mvn -B -ntp -pl core -am -Pmutation test-compile org.pitest:pitest-maven:mutationCoverage "$@"
