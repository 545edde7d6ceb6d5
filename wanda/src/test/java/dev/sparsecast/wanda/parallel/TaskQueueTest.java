package dev.sparsecast.wanda.parallel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TaskQueueTest {
    @ParameterizedTest
    @CsvSource({"1,0", "1,7", "3,2", "4,1000"})
    void doesEveryTaskOnce(int threads, int tasks) {
        AtomicIntegerArray done = new AtomicIntegerArray(tasks);
        TaskQueue.run(threads, tasks, () -> done::incrementAndGet);
        for (int task = 0; task < tasks; task++) {
            assertThat(done.get(task)).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @CsvSource({"1", "4"})
    void aFailureEndsTheWorkAndIsRethrown(int threads) {
        AtomicInteger done = new AtomicInteger();
        assertThatThrownBy(() -> TaskQueue.run(threads, 1_000_000, () -> task -> {
                    if (done.incrementAndGet() == 10) {
                        throw new ArithmeticException("tenth");
                    }
                }))
                .isInstanceOf(ArithmeticException.class)
                .hasMessage("tenth");
        assertThat(done.get()).isLessThan(1_000_000);
    }

    @Test
    void noThreadsAreRefused() {
        assertThatThrownBy(() -> TaskQueue.run(0, 1, () -> task -> {})).isInstanceOf(IllegalArgumentException.class);
    }
}
