# A circuit makes room also while it is OPEN.
# file: Circuit.java
# found by: simulation
s/&& s\.state\(\) == CircuitBreakerState\.CLOSED\s*&& s\.hold\(\)/&& s.hold()/;
s/&& s\.failureCount\(\) == 0\s*&& \(s\.witnesses/&& (s.witnesses/;
