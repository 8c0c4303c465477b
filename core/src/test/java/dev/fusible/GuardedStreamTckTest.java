package dev.fusible;

import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.testng.ITestResult;
import org.testng.TestListenerAdapter;
import org.testng.TestNG;

/**
 * Runs the Reactive Streams TCK, which is made for TestNG: each rule that it can test is a test
 * here.
 */
class GuardedStreamTckTest {

  @TestFactory
  Stream<DynamicTest> keeps_the_rules_for_publishers() {
    return rules(GuardedStreamTck.class);
  }

  @TestFactory
  Stream<DynamicTest> keeps_the_rules_for_subscribers() {
    return rules(GuardedSubscriberTck.class);
  }

  private static Stream<DynamicTest> rules(Class<?> verification) {
    TestListenerAdapter results = new TestListenerAdapter();
    TestNG tck = new TestNG(false);
    tck.setVerbose(0);
    tck.setTestClasses(new Class<?>[] {verification});
    tck.addListener(results);
    tck.run();
    return Stream.of(results.getPassedTests(), results.getFailedTests(), results.getSkippedTests())
        .flatMap(List::stream)
        .filter(result -> !result.getName().startsWith("untested_"))
        .map(result -> DynamicTest.dynamicTest(result.getName(), () -> judge(result)));
  }

  private static void judge(ITestResult result) {
    assumeTrue(result.getStatus() != ITestResult.SKIP, () -> "optional: " + result.getThrowable());
    if (result.getStatus() != ITestResult.SUCCESS) {
      fail(result.getName(), result.getThrowable());
    }
  }
}
