package dev.sparsecast.worker.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.schemas.cluster.ClusterSettings;
import java.util.Map;
import org.junit.jupiter.api.Test;

class WorkerSettingsTest {
    private static final String REVISION = "tiny@0123456789ab";
    private final WorkerSettings settings = new WorkerSettings("w1");

    @Test
    void everyInstanceHasATransactionalIdOfItsOwnWithinAGroupOfTheModel() {
        assertThat(settings.transactionalId(REVISION)).isEqualTo("sparsecast-worker.tiny@0123456789ab.w1");
        assertThat(new WorkerSettings("w2").transactionalId(REVISION)).isNotEqualTo(settings.transactionalId(REVISION));
        assertThat(new WorkerSettings("w2").consumerGroup(REVISION)).isEqualTo(settings.consumerGroup(REVISION));
    }

    @Test
    void theUsersKafkaSettingsWin() {
        ClusterSettings cluster = new ClusterSettings("b:1", "mock://x", Map.of("max.poll.records", "7"));
        assertThat(settings.consumer(cluster, REVISION)).containsEntry("max.poll.records", "7");
    }

    @Test
    void settingsThatWouldBreakExactlyOnceAreRefusedByName() {
        ClusterSettings uncommitted =
                new ClusterSettings("b:1", "mock://x", Map.of("isolation.level", "read_uncommitted"));
        assertThatThrownBy(() -> settings.consumer(uncommitted, REVISION))
                .isInstanceOf(WorkerException.class)
                .hasMessageContaining("isolation.level must be read_committed");
        ClusterSettings shared = new ClusterSettings("b:1", "mock://x", Map.of("transactional.id", "mine"));
        assertThatThrownBy(() -> settings.producer(shared, REVISION)).hasMessageContaining("transactional.id");
    }

    @Test
    void instanceNamesMustFitIntoIds() {
        assertThatThrownBy(() -> new WorkerSettings("no spaces"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("worker instance 'no spaces'");
    }
}
