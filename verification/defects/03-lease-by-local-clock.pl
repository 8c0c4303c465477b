# A lease counts from when its holder heard of it, not from when the store was asked.
# file: TrialLease.java
# found by: simulation
s/long until = sentNanos \+/long until = circuit.context().time().nanoTime() +/;
