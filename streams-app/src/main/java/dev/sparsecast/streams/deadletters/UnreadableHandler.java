package dev.sparsecast.streams.deadletters;

import io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException;
import java.io.InterruptedIOException;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.Map;
import javax.net.ssl.SSLException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.streams.errors.DeserializationExceptionHandler;
import org.apache.kafka.streams.errors.ErrorHandlerContext;
import org.apache.kafka.streams.errors.LogAndContinueExceptionHandler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends records that cannot be decoded to the dead letters, by Kafka's own handler; but when it is the registry that does
 * not answer, the records are as good as ever, and the thread ends without a commit instead.
 */
public final class UnreadableHandler implements DeserializationExceptionHandler {
    private static final Logger LOG = LoggerFactory.getLogger(UnreadableHandler.class);
    private static final int NOT_FOUND = 404;

    private final LogAndContinueExceptionHandler letters = new LogAndContinueExceptionHandler();

    @Override
    public void configure(Map<String, ?> configs) {
        letters.configure(configs);
    }

    @Override
    public Response handleError(
            ErrorHandlerContext context, ConsumerRecord<byte[], byte[]> record, Exception exception) {
        if (isRegistryFailure(exception)) {
            return Response.fail();
        }
        String reason = rootMessage(exception);
        LOG.atWarn()
                .addKeyValue("topic", context.topic())
                .addKeyValue("partition", context.partition())
                .addKeyValue("offset", context.offset())
                .log("A record cannot be read and goes to the dead letters: {}", reason);
        return Response.resume(DeadLetterHeaders.addTo(
                letters.handleError(context, record, exception).deadLetterQueueRecords(), context, reason));
    }

    /** Whether the registry failed, rather than said that there is no such schema. */
    static boolean isRegistryFailure(Throwable failure) {
        for (@Nullable Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof RestClientException answer) {
                return answer.getStatus() != NOT_FOUND;
            }
            if (isOfTheNetwork(cause)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isOfTheNetwork(Throwable cause) {
        return cause instanceof SocketException
                || cause instanceof InterruptedIOException
                || cause instanceof UnknownHostException
                || cause instanceof SSLException
                || cause instanceof RetriableException;
    }

    private static String rootMessage(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
    }
}
