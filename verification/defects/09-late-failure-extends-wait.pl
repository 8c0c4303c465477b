# A failure that comes when the circuit is OPEN already makes it wait anew.
# file: Circuit.java
# found by: simulation
s/(if \(outcome\.kind\(\) != Outcome\.Kind\.IGNORED\) \{\s*)attempt\.cameLate\(\);/$1attempt.cameLate();\n          update(\n              open -> {\n                MachineState.Draft later = open.edit();\n                later.openedAtNanos =\n                    outcome.isFailure() && open.state() == CircuitBreakerState.OPEN\n                        ? now\n                        : open.openedAtNanos();\n                return later.freeze();\n              });/;
