# The result of a trial is written over whatever lease the row is under by now.
# file: StoreMerge.java
# found by: simulation
s/token != null && token\.equals\(s\.settledToken\(\)\)/s.settledToken() != null/;
