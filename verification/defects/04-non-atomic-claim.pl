# A claim looks, and then sets, in two steps.
# file: Circuit.java
# found by: lincheck
s/else if \(MACHINE\.compareAndSet\(this, s, s\.withTrial\(claiming\)\)\) \{/else if (machine == s) {\n            machine = s.withTrial(claiming);/;
