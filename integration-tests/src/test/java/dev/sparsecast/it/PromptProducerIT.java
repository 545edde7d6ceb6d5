package dev.sparsecast.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.cli.cluster.TopicSetup;
import dev.sparsecast.producers.PromptProducer;
import dev.sparsecast.producers.PromptProducer.Sent;
import dev.sparsecast.producers.PromptSourceException;
import dev.sparsecast.producers.tap.OpenAiTap;
import dev.sparsecast.producers.tap.TapSettings;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.cluster.TopicCatalogue;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(StackExtension.class)
@Timeout(180)
class PromptProducerIT {
    @Test
    void everyPromptIsInItsTopicUnderItsIdOnceSendReturns(ClusterSettings cluster) {
        createTopics(cluster, "producer-a", "producer-b");
        List<Prompt> prompts = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            prompts.add(prompt("p-" + i, i % 5 == 0 ? "producer-b" : "producer-a"));
        }
        List<Sent> progress = new ArrayList<>();

        try (PromptProducer producer = new PromptProducer(cluster)) {
            Sent sent = producer.send(prompts, Double.POSITIVE_INFINITY, progress::add);
            assertThat(sent).isEqualTo(new Sent(50, Map.of("producer-a", 40L, "producer-b", 10L)));
        }

        assertThat(progress).extracting(Sent::sent).startsWith(1L, 2L).endsWith(50L);
        assertThat(read(cluster, "producer-a")).hasSize(40).allSatisfy(message -> {
            assertThat(message.key()).isEqualTo(message.value().id());
            assertThat(message.value().language()).isEqualTo("producer-a");
        });
        assertThat(read(cluster, "producer-b")).hasSize(10);
    }

    @Test
    void aMissingTopicIsNamedWithTheCommandThatMakesIt(ClusterSettings cluster) {
        try (PromptProducer producer = new PromptProducer(cluster)) {
            assertThatThrownBy(() -> producer.send(
                            List.of(prompt("p", "no-such-language")), Double.POSITIVE_INFINITY, sent -> {}))
                    .isInstanceOf(PromptSourceException.class)
                    .hasMessageContaining("prompts.no-such-language")
                    .hasMessageContaining("sparsecast topics --languages no-such-language");
        }
    }

    @Test
    void mirroredRequestsArriveAsPrompts(ClusterSettings cluster) throws Exception {
        createTopics(cluster, "tapped");
        try (PromptProducer producer = new PromptProducer(cluster);
                OpenAiTap tap = OpenAiTap.start(TapSettings.onPort(0, "tapped"), producer);
                HttpClient client = HttpClient.newHttpClient()) {
            HttpRequest request = HttpRequest.newBuilder(tap.address().resolve("/v1/completions"))
                    .POST(HttpRequest.BodyPublishers.ofString("{\"prompt\": \"select 1\", \"user\": \"alice\"}"))
                    .build();
            assertThat(client.send(request, HttpResponse.BodyHandlers.discarding())
                            .statusCode())
                    .isEqualTo(202);
        }

        assertThat(read(cluster, "tapped")).singleElement().satisfies(message -> {
            assertThat(message.value().text()).isEqualTo("select 1");
            assertThat(message.value().source()).isNotEmpty().doesNotContain("alice");
        });
    }

    private static Prompt prompt(String id, String language) {
        return new Prompt(id, language, "code", "text of " + id, "", Map.of());
    }

    private static void createTopics(ClusterSettings cluster, String... languages) {
        try (Admin admin = Admin.create(cluster.client(Map.of()))) {
            TopicSetup.create(admin, TopicCatalogue.topics(List.of(languages), 2), Optional.empty());
        }
    }

    private static List<ConsumerRecord<String, Prompt>> read(ClusterSettings cluster, String language) {
        List<TopicPartition> partitions = List.of(
                new TopicPartition(Topics.prompts(language), 0), new TopicPartition(Topics.prompts(language), 1));
        List<ConsumerRecord<String, Prompt>> messages = new ArrayList<>();
        try (KafkaConsumer<String, Prompt> consumer = new KafkaConsumer<>(
                cluster.client(Map.of()),
                new StringDeserializer(),
                new SparsecastSerdes(cluster).prompts().deserializer())) {
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (partitions.stream()
                    .anyMatch(partition -> consumer.position(partition) < ends.getOrDefault(partition, 0L))) {
                consumer.poll(Duration.ofMillis(200)).forEach(messages::add);
            }
        }
        return messages;
    }
}
