package dev.sparsecast.console.state;

import dev.sparsecast.console.view.EventView;
import dev.sparsecast.console.view.FeedView;
import dev.sparsecast.console.view.GroupDetail;
import dev.sparsecast.console.view.GroupView;
import dev.sparsecast.console.view.PipelineView;
import dev.sparsecast.schemas.ActivationNorms;
import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.DriftReport;
import dev.sparsecast.schemas.DriftState;
import dev.sparsecast.schemas.GroupKey;
import dev.sparsecast.schemas.LayerKey;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.SubModelDeployment;
import dev.sparsecast.schemas.SubModelRelease;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What all topics have said so far, in bounded memory: it forgets what was not heard of for longest when there is too much.
 * Safe for use by several threads.
 */
public final class PipelineState {
    private static final int MOST_GROUPS = 500;

    private final InstantSource clock;
    private final Traffic traffic = new Traffic();
    private final Profiling profiling = new Profiling();
    private final Map<GroupKey, Group> groups = new BoundedMap<>(MOST_GROUPS);
    private final Releases releases = new Releases();
    private final TopicTroubles deadLetters = new TopicTroubles();
    private final TopicTroubles undecodable = new TopicTroubles();
    private final Story story = new Story();
    private String source = "";
    private String problem = "";
    private boolean caughtUp;
    private long records;
    private long revision;

    public PipelineState() {
        this(InstantSource.system());
    }

    /** A state whose sliding windows end at what {@code clock} says. */
    public PipelineState(InstantSource clock) {
        this.clock = clock;
    }

    /**
     * A prompt was produced.
     *
     * @param at the record's timestamp
     */
    public synchronized void prompt(Prompt prompt, Instant at) {
        Instant now = clock.instant();
        traffic.add(prompt, at.isAfter(now) ? now : at);
        recordRead();
    }

    /** A worker published a part of a flush. */
    public synchronized void norms(LayerKey key, ActivationNorms norms) {
        profiling.add(key, norms, clock.instant());
        recordRead();
    }

    /** Running statistics of a layer moved forward. */
    public synchronized void statistics(LayerKey key, ActivationStatistics statistics) {
        group(key.group()).add(key.layer(), statistics);
        recordRead();
    }

    /** Drift of a group was measured. */
    public synchronized void drift(GroupKey key, DriftReport report) {
        Optional<DriftState> before = group(key).add(report);
        if (before.isPresent() && before.get() != report.state()) {
            story.add(new EventView(
                    report.at(),
                    "drift",
                    key.language() + "/" + key.domain(),
                    String.format(
                            Locale.ROOT,
                            "%s → %s, effect %.3f, threshold %.3f",
                            word(before.get()),
                            word(report.state()),
                            report.effect(),
                            report.threshold())));
        }
        recordRead();
    }

    /** A sub-model was released. */
    public synchronized void release(SubModelRelease release) {
        if (releases.add(release)) {
            story.add(new EventView(
                    release.releasedAt(),
                    "release",
                    release.submodel(),
                    "v" + release.version() + " released, trigger "
                            + release.trigger().label()));
        }
        recordRead();
    }

    /** A deployer reported what it did with a release. */
    public synchronized void deployment(SubModelDeployment deployment) {
        if (releases.add(deployment)) {
            boolean deployed = deployment.state() == SubModelDeployment.State.DEPLOYED;
            story.add(new EventView(
                    deployment.finishedAt(),
                    deployed ? "deployment" : "trouble",
                    deployment.submodel(),
                    "v" + deployment.version() + " "
                            + deployment.state().name().toLowerCase(Locale.ROOT).replace('_', ' ')
                            + " by " + deployment.deployer()
                            + (deployment.reason().isEmpty() ? "" : ": " + deployment.reason())));
        }
        recordRead();
    }

    /**
     * A record was set aside.
     *
     * @param topic the topic of dead letters
     * @param reason why; empty if it does not say
     */
    public synchronized void deadLetter(String topic, String reason) {
        deadLetters.add(topic, reason);
        recordRead();
    }

    /** A record could not be decoded by the console. */
    public synchronized void undecodable(String topic, String reason) {
        undecodable.add(topic, reason);
        recordRead();
    }

    /** Where the records come from. */
    public synchronized void source(String newSource) {
        source = newSource;
        revision++;
    }

    /** Nothing arrives, and why; an empty text once all is well again. */
    public synchronized void problem(String newProblem) {
        if (!problem.equals(newProblem)) {
            problem = newProblem;
            revision++;
        }
    }

    /** Everything that was there at the start has been read. */
    public synchronized void caughtUp() {
        if (!caughtUp) {
            caughtUp = true;
            revision++;
        }
    }

    /** Whether everything that was there at the start has been read and nothing is wrong since. */
    public synchronized boolean isReady() {
        return caughtUp && problem.isEmpty();
    }

    /** Grows whenever anything changes. */
    public synchronized long revision() {
        return revision;
    }

    /** Everything that the page shows at once. */
    public synchronized PipelineView view() {
        Instant now = clock.instant();
        List<GroupView> groupViews = List.copyOf(groups.values()).stream()
                .map(Group::view)
                .sorted(Comparator.comparing(GroupView::key))
                .toList();
        return new PipelineView(
                now,
                revision,
                new FeedView(source, problem, caughtUp, records, undecodable.view()),
                traffic.view(now),
                profiling.view(now),
                groupViews,
                releases.releases(),
                releases.deployments(),
                deadLetters.view(),
                story.view());
    }

    /** The large figures of a group, if it is known. */
    public synchronized Optional<GroupDetail> group(String model, String language, String domain) {
        return Optional.ofNullable(groups.get(new GroupKey(model, language, domain)))
                .map(Group::detail);
    }

    private Group group(GroupKey key) {
        return groups.computeIfAbsent(key, Group::new);
    }

    private void recordRead() {
        records++;
        revision++;
    }

    private static String word(DriftState state) {
        return state.name().toLowerCase(Locale.ROOT);
    }
}
