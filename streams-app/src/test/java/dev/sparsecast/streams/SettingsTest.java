package dev.sparsecast.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.streams.drift.DriftSettings;
import dev.sparsecast.streams.statistics.EpochSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SettingsTest {
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Path STATE = Path.of("state");

    static Stream<Arguments> bad() {
        return Stream.of(
                refused("epoch length", () -> new EpochSettings(Duration.ZERO, SECOND, SECOND, SECOND, 1)),
                refused("epoch grace", () -> new EpochSettings(SECOND, SECOND.negated(), SECOND, SECOND, 1)),
                refused("idle grace", () -> new EpochSettings(SECOND, SECOND, Duration.ZERO, SECOND, 1)),
                refused("time to seal", () -> new EpochSettings(SECOND, SECOND, SECOND, Duration.ZERO, 1)),
                refused("half-life", () -> new EpochSettings(SECOND, SECOND, SECOND, SECOND, Double.NaN)),
                refused("drift window", () -> new DriftSettings(2, 3, 1, 2, 1, 0, 1, 1)),
                refused("drift window", () -> new DriftSettings(2, 0, 1, 2, 1, 0, 1, 1)),
                refused("noise floor", () -> new DriftSettings(9, 3, 0, 2, 1, 0, 1, 1)),
                refused("drift factor", () -> new DriftSettings(9, 3, 1, 1, 1.5, 0, 1, 1)),
                refused("drift exit factor", () -> new DriftSettings(9, 3, 1, 2, 0, 0, 1, 1)),
                refused("minimum drift effect", () -> new DriftSettings(9, 3, 1, 2, 1, -1, 1, 1)),
                refused("1 measurement", () -> new DriftSettings(9, 3, 1, 2, 1, 0, 0, 1)),
                refused("1 snapshot", () -> new DriftSettings(9, 3, 1, 2, 1, 0, 1, 0)),
                refused("streams instance", () -> InstanceSettings.of(STATE, "not a name")),
                refused("1 thread", () -> InstanceSettings.of(STATE, "a").withThreads(0)),
                refused(
                        "replication factor",
                        () -> InstanceSettings.of(STATE, "a").withReplication(0, 0)),
                refused("standby", () -> InstanceSettings.of(STATE, "a").withReplication(1, -1)));
    }

    @ParameterizedTest
    @MethodSource
    void bad(String named, ThrowingCallable make) {
        assertThatThrownBy(make).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(named);
    }

    @Test
    void theClusterMayNotTakeExactlyOnceAway() {
        ClusterSettings cluster =
                new ClusterSettings("b:1", "mock://x", Map.of("processing.guarantee", "at_least_once"));

        assertThatThrownBy(() -> InstanceSettings.of(STATE, "a").kafkaStreams(cluster))
                .isInstanceOf(StreamsException.class)
                .hasMessageContaining("processing.guarantee must be exactly_once_v2");
    }

    @Test
    void theUsersKafkaSettingsWinOverOurs() {
        ClusterSettings cluster = new ClusterSettings("b:1", "mock://x", Map.of("num.stream.threads", "3"));

        assertThat(InstanceSettings.of(STATE, "a").kafkaStreams(cluster))
                .containsEntry("num.stream.threads", "3")
                .containsEntry("bootstrap.servers", "b:1")
                .containsEntry("main.consumer.group.instance.id", "a");
    }

    private static Arguments refused(String named, ThrowingCallable make) {
        return Arguments.of(named, make);
    }
}
