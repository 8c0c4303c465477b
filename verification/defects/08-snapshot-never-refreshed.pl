# What others change is read once, at the start.
# file: StoreRefresh.java
# found by: simulation
s/(private void onTime\(\) \{.*?scheduleNext\(\);\s*)if \(!sync\.health\(\)\.isDegraded\(\)\) \{\s*follow\(\);\s*\}/$1/s;
