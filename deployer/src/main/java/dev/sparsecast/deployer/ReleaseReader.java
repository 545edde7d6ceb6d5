package dev.sparsecast.deployer;

import dev.sparsecast.deployer.installation.Announcement;
import dev.sparsecast.schemas.SubModelRelease;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import javax.net.ssl.SSLException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;

/** Reads records of the topic of releases. */
final class ReleaseReader {
    private final Deserializer<SubModelRelease> deserializer;

    ReleaseReader(Deserializer<SubModelRelease> deserializer) {
        this.deserializer = deserializer;
    }

    /** What a record is. */
    sealed interface Read {
        record Release(Announcement announcement) implements Read {}

        /** A tombstone: compaction's business. */
        record Nothing() implements Read {}

        record Unreadable(String reason) implements Read {}

        /** The registry did not answer, so it is not known what the record is. */
        record Unknown(String reason) implements Read {}
    }

    /** Reads a record; {@code known} says whether an earlier run has dealt with it. */
    Read read(ConsumerRecord<byte @Nullable [], byte @Nullable []> message, boolean known) {
        byte[] key = message.key();
        if (key == null) {
            return new Read.Unreadable("the record has no key");
        }
        try {
            SubModelRelease release = deserializer.deserialize(message.topic(), message.value());
            if (release == null) {
                return new Read.Nothing();
            }
            release.key();
            return new Read.Release(
                    new Announcement(new String(key, StandardCharsets.UTF_8), release, Instant.now(), known));
        } catch (RuntimeException e) {
            // the deserializer throws more than SerializationException: an empty value ends in a
            // BufferUnderflowException
            String reason = rootMessage(e);
            return isOfTheNetwork(e)
                    ? new Read.Unknown(reason)
                    : new Read.Unreadable("the value is not a release: " + reason);
        }
    }

    private static boolean isOfTheNetwork(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof SocketException
                    || cause instanceof UnknownHostException
                    || cause instanceof SSLException) {
                return true;
            }
        }
        return false;
    }

    private static String rootMessage(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        String message = root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
        return message.length() <= 200 ? message : message.substring(0, 200) + "…";
    }
}
