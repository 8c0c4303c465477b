/** The circuit breaker of Fusible. Needs only SLF4J at run time. */
module dev.fusible {
  requires org.slf4j;
  requires static org.jspecify;

  exports dev.fusible;
}
