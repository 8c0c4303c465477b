# Listeners are called by whoever changes the state, under the circuit's lock.
# file: EventDispatcher.java
# found by: simulation
s/delivery\.execute\(/((Runnable) /;
s/(own\.forEach\(listener -> deliver\(listener, event\)\);\s*\})\);/$1).run();/;
