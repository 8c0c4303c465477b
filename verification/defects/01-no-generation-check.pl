# A result counts whatever generation its attempt was admitted in.
# file: Circuit.java
# found by: simulation
s/return s\.generation\(\)\s*== \(attempt\.circuit\(\) == this \? attempt\.generation\(\) : MachineState\.INITIAL\.generation\(\)\);/return true;/;
