package dev.sparsecast.cli.stack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedBrokerTest {
    @TempDir
    Path directory;

    @Test
    void keepsClusterIdAndTopicsOverARestart() throws Exception {
        String clusterId;
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory, 0);
                Admin admin = admin(broker)) {
            clusterId = broker.clusterId();
            admin.createTopics(List.of(new NewTopic("prompts.python", 3, (short) 1)))
                    .all()
                    .get();
        }

        try (EmbeddedBroker broker = EmbeddedBroker.start(directory, 0);
                Admin admin = admin(broker)) {
            assertThat(broker.clusterId()).isEqualTo(clusterId);
            assertThat(admin.listTopics().names().get()).isEqualTo(Set.of("prompts.python"));
        }
    }

    @Test
    void refusesAPortInUseWithOneSentence() {
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory.resolve("first"), 0)) {
            int port = Integer.parseInt(broker.bootstrapServers().split(":")[1]);

            assertThatThrownBy(() -> EmbeddedBroker.start(directory.resolve("second"), port))
                    .isInstanceOfSatisfying(
                            StackException.class,
                            e -> assertThat(e.reason()).isEqualTo(StackException.Reason.BAD_INPUT))
                    .hasMessageContaining("Port " + port);
        }
    }

    @Test
    void closesTwiceWithoutHarm() {
        EmbeddedBroker broker = EmbeddedBroker.start(directory, 0);
        broker.close();
        broker.close();
    }

    private static Admin admin(EmbeddedBroker broker) {
        return Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()));
    }
}
