package dev.sparsecast.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KafkaArgumentsTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "kafka.sasl.jaas.config=a b=\"c\"",
                "--kafka.sasl.jaas.config=a b=\"c\"",
                "-Dkafka.sasl.jaas.config=a b=\"c\""
            })
    void understandsEveryWayToWriteASetting(String argument) {
        assertThat(KafkaArguments.expand("topics", argument, "--json"))
                .containsExactly("topics", "--kafka", "sasl.jaas.config=a b=\"c\"", "--json");
    }

    @Test
    void leavesOtherArgumentsAlone() {
        String[] arguments = {"produce", "--jsonl", "kafka.jsonl", "--kafka-config", "x.properties", "--kafka", "a=b"};

        assertThat(KafkaArguments.expand(arguments)).isEqualTo(arguments);
    }
}
