# What was counted here is forgotten when another instance has written.
# file: StoreMerge.java
# found by: simulation
s/row\.failureCount\(\) \+ s\.failureCount\(\) - old\.failureCount\(\)/row.failureCount()/;
