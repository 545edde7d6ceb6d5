package dev.sparsecast.streams;

import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.common.errors.GroupIdNotFoundException;

/**
 * Makes the streams app forget everything: its offsets, its changelogs and repartition topics, its local state. It then
 * reads all norms that the broker still has, and arrives at the same statistics if that is all there ever were.
 */
public final class ApplicationReset {
    /** Members that were killed stay in the group until their session has timed out. */
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private ApplicationReset() {}

    /**
     * What was done.
     *
     * @param topics topics that were deleted
     * @param group consumer group whose offsets were deleted; empty if there was none
     * @param directory local state that was deleted; empty if there was none
     */
    public record Outcome(List<String> topics, String group, String directory) {
        public Outcome {
            topics = List.copyOf(topics);
        }
    }

    /**
     * Forgets.
     *
     * @param outputs whether to delete what was published, too: the topics of statistics and drift
     * @param stateDirectory the {@code --state} of an instance on this machine
     * @throws StreamsException if an instance runs, or the broker refuses
     */
    public static Outcome run(ClusterSettings cluster, String applicationId, Path stateDirectory, boolean outputs) {
        try (Admin admin = Admin.create(cluster.client(Map.of()))) {
            requireStopped(admin, applicationId);
            List<String> topics = topics(admin, applicationId, outputs);
            admin.deleteTopics(topics).all().get();
            String group = deleteGroup(admin, applicationId);
            return new Outcome(topics, group, deleteState(stateDirectory.resolve(applicationId)));
        } catch (ExecutionException e) {
            throw new StreamsException("the streams app cannot be reset: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StreamsException("interrupted while resetting the streams app", e);
        }
    }

    private static void requireStopped(Admin admin, String applicationId)
            throws ExecutionException, InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        List<String> members = members(admin, applicationId);
        while (!members.isEmpty()) {
            if (System.nanoTime() > end) {
                throw new StreamsException("the streams app still runs (" + String.join(", ", members)
                        + "): stop all its instances first; killed ones leave the group after their session timeout");
            }
            Thread.sleep(500);
            members = members(admin, applicationId);
        }
    }

    private static List<String> members(Admin admin, String applicationId)
            throws ExecutionException, InterruptedException {
        try {
            ConsumerGroupDescription group = Objects.requireNonNull(admin.describeConsumerGroups(List.of(applicationId))
                            .describedGroups()
                            .get(applicationId))
                    .get();
            return group.members().stream()
                    .map(member -> member.groupInstanceId().orElse(member.clientId()))
                    .sorted()
                    .toList();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof GroupIdNotFoundException) {
                return List.of();
            }
            throw e;
        }
    }

    /** What belongs to the application alone carries its id in front. */
    private static List<String> topics(Admin admin, String applicationId, boolean outputs)
            throws ExecutionException, InterruptedException {
        Collection<String> all = admin.listTopics().names().get();
        Collection<String> doomed = new TreeSet<>();
        for (String topic : all) {
            boolean isInternal = topic.startsWith(applicationId + "-")
                    && (topic.endsWith("-changelog") || topic.endsWith("-repartition"));
            boolean isOutput = topic.equals(Topics.ACTIVATION_STATISTICS) || topic.equals(Topics.ACTIVATION_DRIFT);
            if (isInternal || (outputs && isOutput)) {
                doomed.add(topic);
            }
        }
        return List.copyOf(doomed);
    }

    private static String deleteGroup(Admin admin, String applicationId)
            throws ExecutionException, InterruptedException {
        try {
            admin.deleteConsumerGroups(List.of(applicationId)).all().get();
            return applicationId;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof GroupIdNotFoundException) {
                return "";
            }
            throw e;
        }
    }

    private static String deleteState(Path directory) {
        if (!Files.isDirectory(directory)) {
            return "";
        }
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
            return directory.toString();
        } catch (IOException e) {
            throw new StreamsException("the local state in " + directory + " cannot be deleted: " + e, e);
        }
    }
}
