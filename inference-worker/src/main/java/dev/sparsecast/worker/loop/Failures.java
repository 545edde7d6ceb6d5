package dev.sparsecast.worker.loop;

import java.util.List;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.GroupMaxSizeReachedException;
import org.apache.kafka.common.errors.InconsistentGroupProtocolException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.jspecify.annotations.Nullable;

/** Which failures another attempt cannot mend, and what to say of them. */
final class Failures {
    private static final List<Class<? extends Throwable>> FATAL = List.of(
            AuthenticationException.class,
            AuthorizationException.class,
            FencedInstanceIdException.class,
            GroupMaxSizeReachedException.class,
            InconsistentGroupProtocolException.class,
            InterruptException.class,
            InvalidTopicException.class,
            RecordTooLargeException.class,
            UnsupportedVersionException.class);

    private Failures() {}

    static boolean isFatal(Throwable failure) {
        for (@Nullable Throwable cause = failure; cause != null; cause = cause.getCause()) {
            Throwable current = cause;
            if (FATAL.stream().anyMatch(type -> type.isInstance(current))) {
                return true;
            }
        }
        return false;
    }

    static WorkerException gaveUp(WorkerSettings settings, Throwable failure, int attempts) {
        for (@Nullable Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof FencedInstanceIdException) {
                return new WorkerException(
                        "another worker named '" + settings.instance()
                                + "' has joined the group; give every worker an instance name of its own",
                        failure);
            }
            if (cause instanceof RecordTooLargeException) {
                return new WorkerException(
                        "a record is larger than the broker takes; raise max.message.bytes of the topic and max.request.size"
                                + " of the producer (" + cause.getMessage() + ")",
                        failure);
            }
        }
        String after = attempts > 1 ? "after " + attempts + " attempts" : "at once";
        return new WorkerException("the worker gave up " + after + ": " + rootMessage(failure), failure);
    }

    static String rootMessage(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
    }
}
