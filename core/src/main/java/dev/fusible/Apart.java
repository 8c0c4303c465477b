package dev.fusible;

/**
 * Keeps the fields of a subclass two cache lines apart from what other threads write, so that two
 * processors that write to two objects do not take the line out of each other's caches.
 */
@SuppressWarnings("UnusedVariable")
abstract class Apart {

  private long apart1;
  private long apart2;
  private long apart3;
  private long apart4;
  private long apart5;
  private long apart6;
  private long apart7;
  private long apart8;
  private long apart9;
  private long apart10;
  private long apart11;
  private long apart12;
  private long apart13;
  private long apart14;
}
