# An Error that the operation throws reaches its caller, and leaves its attempt running for ever.
# file: AsyncCall.java
# found by: simulation
s/(stage = operation\.get\(\);\s*\} catch \(Throwable error\) \{\s*)failed\(granted, error\);/$1if (error instanceof Error) {\n        completeExceptionally(error);\n      } else {\n        failed(granted, error);\n      }/;
