package dev.sparsecast.it;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/** Lists at the end of a run which tests did not run, and why, so that none is skipped in silence. */
public final class NotRun implements TestExecutionListener {
    private final Map<String, List<String>> testsByReason = Collections.synchronizedMap(new TreeMap<>());

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
        note(test, reason);
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        if (result.getStatus() == TestExecutionResult.Status.ABORTED) {
            note(test, result.getThrowable().map(Throwable::getMessage).orElse("no reason given"));
        }
    }

    private void note(TestIdentifier test, String reason) {
        testsByReason.computeIfAbsent(reason, ignored -> new ArrayList<>()).add(name(test));
    }

    @Override
    public void testPlanExecutionFinished(TestPlan plan) {
        testsByReason.forEach((reason, tests) -> System.out.printf(
                "NOT RUN: %d tests, because: %s%n  %s%n",
                tests.size(), reason, String.join(System.lineSeparator() + "  ", tests)));
    }

    private static String name(TestIdentifier test) {
        return test.getSource()
                .map(source -> switch (source) {
                    case MethodSource method -> method.getJavaClass().getSimpleName() + "." + method.getMethodName();
                    case ClassSource type -> type.getJavaClass().getSimpleName();
                    default -> test.getDisplayName();
                })
                .orElse(test.getDisplayName());
    }
}
