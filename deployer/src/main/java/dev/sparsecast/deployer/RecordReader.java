package dev.sparsecast.deployer;

import dev.sparsecast.deployer.installation.Announcement;
import dev.sparsecast.schemas.SubModelDeployment;
import dev.sparsecast.schemas.SubModelKey;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.Topics;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import javax.net.ssl.SSLException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;

/** Reads records of the topics of releases and of acknowledgements. */
final class RecordReader {
    private final Deserializer<SubModelRelease> releases;
    private final Deserializer<SubModelDeployment> acknowledgements;

    RecordReader(Deserializer<SubModelRelease> releases, Deserializer<SubModelDeployment> acknowledgements) {
        this.releases = releases;
        this.acknowledgements = acknowledgements;
    }

    /** What a record is. */
    sealed interface Read {
        record Release(Announcement announcement) implements Read {}

        record Acknowledgement(SubModelDeployment deployment) implements Read {}

        /** A deployer whose acknowledgement was removed from the topic. */
        record Forgotten(SubModelKey key, String deployer) implements Read {}

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
            String name = new String(key, StandardCharsets.UTF_8);
            return message.topic().equals(Topics.SUBMODEL_DEPLOYMENTS)
                    ? acknowledgement(message, name)
                    : release(message, name, known);
        } catch (RuntimeException e) {
            // the deserializer throws more than SerializationException: an empty value ends in a
            // BufferUnderflowException
            String reason = rootMessage(e);
            return isOfTheNetwork(e)
                    ? new Read.Unknown(reason)
                    : new Read.Unreadable("the value is not a release: " + reason);
        }
    }

    private Read release(ConsumerRecord<?, byte @Nullable []> message, String name, boolean known) {
        SubModelRelease release = releases.deserialize(message.topic(), message.value());
        if (release == null) {
            return new Read.Nothing();
        }
        release.key();
        return new Read.Release(new Announcement(name, release, Instant.now(), known));
    }

    private Read acknowledgement(ConsumerRecord<?, byte @Nullable []> message, String name) {
        SubModelDeployment deployment = acknowledgements.deserialize(message.topic(), message.value());
        if (deployment == null) {
            int slash = name.lastIndexOf('/');
            return new Read.Forgotten(
                    SubModelKey.parse(name.substring(0, Math.max(0, slash))), name.substring(slash + 1));
        }
        return deployment.key().equals(name)
                ? new Read.Acknowledgement(deployment)
                : new Read.Unreadable("it is under the key of another deployer");
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
