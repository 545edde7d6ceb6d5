package dev.sparsecast.streams;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.schemas.cluster.ClusterSettings;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StreamsApplicationTest {
    @TempDir
    private Path state;

    @Test
    void aBrokerThatDoesNotAnswerIsSaidInOneSentence() {
        ClusterSettings nobody = new ClusterSettings(
                "localhost:1", "mock://nobody", Map.of("default.api.timeout.ms", "400", "request.timeout.ms", "200"));

        assertThatThrownBy(() -> StreamsApplication.start(
                        StreamsSettings.defaults(), InstanceSettings.of(state, "test"), nobody))
                .isInstanceOf(StreamsException.class)
                .hasMessage("no Kafka broker answers at localhost:1: check the address and whether it runs");
    }
}
