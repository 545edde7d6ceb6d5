package dev.sparsecast.worker.loop;

import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.CloseOptions.GroupMembershipOperation;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * A consumer that leaves its group when closed. It is a static member, so that after a kill the next run under the same
 * name gets its partitions at once; but who is stopped on purpose hands them over without making the others wait.
 */
record GroupMember(Consumer<byte[], byte[]> consumer) implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    GroupMember(Map<String, Object> settings) {
        this(new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer()));
    }

    @Override
    public void close() {
        consumer.close(
                CloseOptions.timeout(PATIENCE).withGroupMembershipOperation(GroupMembershipOperation.LEAVE_GROUP));
    }
}
