package dev.sparsecast.streams.deadletters;

import static org.assertj.core.api.Assertions.assertThat;

import io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException;
import java.io.EOFException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.util.stream.Stream;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class UnreadableHandlerTest {
    static Stream<Exception> ofTheRegistry() {
        return Stream.of(
                new ConnectException("refused"),
                new SocketTimeoutException("slow"),
                new TimeoutException("slow"),
                new RestClientException("down", 503, 50301),
                new RestClientException("who are you", 401, 40101));
    }

    static Stream<Exception> ofTheRecord() {
        return Stream.of(
                new EOFException(),
                new SerializationException("Unknown magic byte!"),
                new RestClientException("no such schema", 404, 40403));
    }

    @ParameterizedTest
    @MethodSource
    void ofTheRegistry(Exception cause) {
        assertThat(UnreadableHandler.isRegistryFailure(new SerializationException("cannot read", cause)))
                .isTrue();
    }

    @ParameterizedTest
    @MethodSource
    void ofTheRecord(Exception cause) {
        assertThat(UnreadableHandler.isRegistryFailure(new SerializationException("cannot read", cause)))
                .isFalse();
    }
}
