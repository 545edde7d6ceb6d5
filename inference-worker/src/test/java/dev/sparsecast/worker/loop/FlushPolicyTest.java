package dev.sparsecast.worker.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FlushPolicyTest {
    private final FlushPolicy policy = new FlushPolicy(1000, 20, Duration.ofSeconds(5));

    @ParameterizedTest
    @CsvSource({
        "999, 19, 4999, false",
        "1000, 1, 0, true",
        "0, 20, 0, true",
        "0, 1, 5000, true",
        "0, 0, 60000, false",
    })
    void isDueWhenAnyThresholdIsReachedAndSomethingIsPending(long tokens, long records, long millis, boolean due) {
        assertThat(policy.isDue(tokens, records, Duration.ofMillis(millis))).isEqualTo(due);
    }

    @Test
    void refusesThresholdsThatNothingCouldReach() {
        assertThatThrownBy(() -> new FlushPolicy(0, 1, Duration.ofSeconds(1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("0 tokens");
        assertThatThrownBy(() -> new FlushPolicy(1, 1, Duration.ZERO)).hasMessageContaining("0 ms");
    }
}
