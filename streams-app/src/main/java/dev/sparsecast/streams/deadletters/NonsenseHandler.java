package dev.sparsecast.streams.deadletters;

import java.util.Map;
import org.apache.kafka.streams.errors.ErrorHandlerContext;
import org.apache.kafka.streams.errors.LogAndContinueProcessingExceptionHandler;
import org.apache.kafka.streams.errors.ProcessingExceptionHandler;
import org.apache.kafka.streams.processor.api.Record;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends what a {@link NonsenseException} refused to the dead letters, by Kafka's own handler; everything else is our
 * fault or the machine's, may have left half of its work in the stores, and must end the thread without a commit.
 */
public final class NonsenseHandler implements ProcessingExceptionHandler {
    private static final Logger LOG = LoggerFactory.getLogger(NonsenseHandler.class);

    private final LogAndContinueProcessingExceptionHandler letters = new LogAndContinueProcessingExceptionHandler();

    @Override
    public void configure(Map<String, ?> configs) {
        letters.configure(configs);
    }

    @Override
    public Response handleError(ErrorHandlerContext context, @Nullable Record<?, ?> record, Exception exception) {
        if (!(exception instanceof NonsenseException) || record == null) {
            return Response.fail();
        }
        LOG.atWarn()
                .addKeyValue("topic", context.topic())
                .addKeyValue("partition", context.partition())
                .addKeyValue("offset", context.offset())
                .log("A record makes no sense and goes to the dead letters: {}", exception.getMessage());
        return Response.resume(DeadLetterHeaders.addTo(
                letters.handleError(context, record, exception).deadLetterQueueRecords(),
                context,
                String.valueOf(exception.getMessage())));
    }
}
