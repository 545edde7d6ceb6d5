package dev.sparsecast.deployer.installation;

import dev.sparsecast.deployer.hook.Hook;
import dev.sparsecast.deployer.materialization.Assignment;
import dev.sparsecast.deployer.materialization.Materializer;
import dev.sparsecast.deployer.materialization.UnusableArtifactException;
import dev.sparsecast.deployer.state.InstalledVersion;
import dev.sparsecast.deployer.state.Rejection;
import dev.sparsecast.deployer.state.StateException;
import dev.sparsecast.deployer.state.SubModelDirectory;
import dev.sparsecast.deployer.trust.RefusedException;
import dev.sparsecast.schemas.SubModelDeployment;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.store.StoreException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes one release, which was let in, through its steps to the end. */
final class Installation {
    private static final Logger LOG = LoggerFactory.getLogger(Installation.class);

    /**
     * What every installation needs.
     *
     * @param materializers for the kinds that may be used; of those the cheapest is tried first
     * @param hooks told of every switch, after the probe
     */
    record Equipment(
            InstallerSettings settings,
            List<Materializer> materializers,
            Probe probe,
            List<Hook> hooks,
            StepObserver observer) {
        Equipment {
            materializers = List.copyOf(materializers);
            hooks = List.copyOf(hooks);
        }

        Equipment withHooks(List<Hook> others) {
            return new Equipment(settings, materializers, probe, others, observer);
        }

        /** Tells the hooks, in order, until one objects. */
        void tellHooks(SubModelDirectory directory, String submodel, int version) {
            var switched = new dev.sparsecast.deployer.hook.Switched(submodel, version, directory.directory(version));
            hooks.forEach(hook -> hook.switched(switched));
        }

        /** Whoever was told of the bad version has to be told of the good one; there is nothing to go back to after that. */
        void tellHooksOfReturn(SubModelDirectory directory, String submodel, int version) {
            try {
                tellHooks(directory, submodel, version);
            } catch (RuntimeException e) {
                LOG.atError()
                        .addKeyValue("submodel", submodel)
                        .addKeyValue("version", version)
                        .setCause(e)
                        .log("a hook objects to the version that was switched back to; it stays");
            }
            directory.told();
        }
    }

    private final Equipment equipment;
    private final SubModelDirectory directory;
    private final SubModelRelease release;
    private final String releaseDigest;
    private final Instant receivedAt;
    private final Map<String, Long> stageMillis = new LinkedHashMap<>();
    private final Deque<Materializer> untried;
    private final List<UnusableArtifactException> passedOver = new ArrayList<>();

    Installation(
            Equipment equipment,
            SubModelDirectory directory,
            SubModelRelease release,
            String releaseDigest,
            Instant receivedAt) {
        this.equipment = equipment;
        this.directory = directory;
        this.release = release;
        this.releaseDigest = releaseDigest;
        this.receivedAt = receivedAt;
        this.untried = cheapestFirst(equipment.materializers(), release);
    }

    /** By what is shipped; kinds of the same size in their order. */
    private static Deque<Materializer> cheapestFirst(List<Materializer> materializers, SubModelRelease release) {
        return materializers.stream()
                .filter(materializer -> release.artifact(materializer.kind()).isPresent())
                .sorted(Comparator.comparingLong((Materializer materializer) -> release.artifact(materializer.kind())
                                .orElseThrow()
                                .bytes())
                        .thenComparing(Materializer::kind))
                .collect(Collectors.toCollection(ArrayDeque::new));
    }

    /** Begins at the beginning, or where an earlier run was killed, and returns how it ended. */
    SubModelDeployment run() {
        Step step = first();
        reached(step);
        while (step instanceof Step.Pending pending) {
            long started = System.nanoTime();
            step = advance(pending);
            stageMillis.merge(
                    pending.stage(),
                    Duration.ofNanos(System.nanoTime() - started).toMillis(),
                    Long::sum);
            reached(step);
        }
        return conclude((Step.Finished) step);
    }

    private void reached(Step step) {
        LOG.atDebug()
                .addKeyValue("submodel", release.submodel())
                .addKeyValue("version", release.version())
                .log("{}", step.getClass().getSimpleName());
        equipment.observer().reached(release, step);
    }

    private Step.Pending first() {
        Optional<InstalledVersion> complete = directory
                .installed(release.version())
                .filter(found -> found.releaseDigest().equals(releaseDigest));
        if (complete.isEmpty()) {
            return new Step.Received();
        }
        stageMillis.putAll(complete.get().stageMillis());
        return directory.current().equals(OptionalInt.of(release.version()))
                ? new Step.Switched(complete.get(), directory.switchedAt())
                : new Step.Synced(complete.get());
    }

    private Step advance(Step.Pending pending) {
        return switch (pending) {
            case Step.Received() -> untried.isEmpty() ? nothingUsable() : stage(untried.remove());
            case Step.Staged(Materializer materializer) ->
                attempt(materializer, () -> {
                    materializer.verify(assignment(materializer));
                    return new Step.Verified(materializer);
                });
            case Step.Verified(Materializer materializer) ->
                attempt(
                        materializer,
                        () -> new Step.Materialized(materializer, materializer.materialize(assignment(materializer))));
            case Step.Materialized materialized -> complete(materialized);
            case Step.Synced(InstalledVersion version) -> {
                directory.switchTo(version.version());
                yield new Step.Switched(version, directory.switchedAt());
            }
            case Step.Switched switched -> probe(switched);
        };
    }

    private Assignment assignment(Materializer materializer) {
        return new Assignment(release, release.artifact(materializer.kind()).orElseThrow(), directory);
    }

    private Step nothingUsable() {
        String usable = equipment.materializers().stream()
                .map(materializer -> materializer.kind().label())
                .collect(Collectors.joining(" or "));
        return new Step.Refused("it has no artifact that can be used here, which are those of kind " + usable, false);
    }

    private interface Advance {
        Step take();
    }

    /** Takes a step with one kind of artifact. If another may do, the next one is tried from the beginning. */
    private Step attempt(Materializer materializer, Advance advance) {
        try {
            return advance.take();
        } catch (StateException e) {
            throw e;
        } catch (RefusedException e) {
            return new Step.Refused(e.reason(), true);
        } catch (UnusableArtifactException e) {
            return passOver(materializer, e);
        } catch (StoreException e) {
            return passOver(
                    materializer,
                    new UnusableArtifactException("its artifact cannot be fetched: " + e.getMessage(), false, e));
        } catch (RuntimeException e) {
            // one release that nobody foresaw must not keep the deployer from all others
            return passOver(materializer, new UnusableArtifactException("an unexpected failure: " + e, false, e));
        }
    }

    private Step passOver(Materializer materializer, UnusableArtifactException failure) {
        passedOver.add(failure);
        LOG.atWarn()
                .addKeyValue("submodel", release.submodel())
                .addKeyValue("version", release.version())
                .addKeyValue("kind", materializer.kind().label())
                .addKeyValue(
                        "next",
                        untried.isEmpty() ? "none" : untried.element().kind().label())
                .setCause(failure.getCause())
                .log("passing over an artifact: {}", failure.getMessage());
        equipment.observer().passedOver(release, materializer.kind());
        return untried.isEmpty()
                ? new Step.Refused(reasons(), passedOver.stream().allMatch(UnusableArtifactException::isLasting))
                : new Step.Received();
    }

    private String reasons() {
        return passedOver.stream().map(Throwable::getMessage).collect(Collectors.joining("; "));
    }

    private Step stage(Materializer materializer) {
        directory.clearStaging();
        return attempt(materializer, () -> {
            fetch(materializer);
            return new Step.Staged(materializer);
        });
    }

    private void fetch(Materializer materializer) {
        Duration pause = equipment.settings().fetchPause();
        for (int attempt = 1; ; attempt++) {
            try {
                materializer.stage(assignment(materializer));
                return;
            } catch (StoreException e) {
                if (attempt >= equipment.settings().fetchAttempts() || !slept(pause)) {
                    throw e;
                }
                LOG.atWarn()
                        .addKeyValue("submodel", release.submodel())
                        .addKeyValue("version", release.version())
                        .log("trying again, since {}", e.getMessage());
                directory.clearStaging();
                pause = pause.multipliedBy(2);
            }
        }
    }

    private static boolean slept(Duration pause) {
        try {
            Thread.sleep(pause);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private Step complete(Step.Materialized materialized) {
        InstalledVersion version = InstalledVersion.complete(
                release, releaseDigest, materialized.materializer().kind(), receivedAt, stageMillis);
        directory.complete(materialized.checkpoint(), version);
        return new Step.Synced(version);
    }

    private Step probe(Step.Switched switched) {
        try {
            equipment.probe().check(switched.version(), directory.directory(release.version()));
            equipment.tellHooks(directory, release.submodel(), release.version());
            return new Step.Deployed(switched.version(), switched.at());
        } catch (RuntimeException e) {
            LOG.atWarn()
                    .addKeyValue("submodel", release.submodel())
                    .addKeyValue("version", release.version())
                    .setCause(e)
                    .log("the probe failed");
            String reason = e.getMessage() == null ? e.toString() : e.getMessage();
            return new Step.RolledBack(switched.version(), reason);
        }
    }

    private SubModelDeployment conclude(Step.Finished finished) {
        return switch (finished) {
            case Step.Deployed(InstalledVersion version, Instant at) -> {
                String reason = passedOver.isEmpty()
                        ? ""
                        : "made from its " + version.kind().label() + ", since " + reasons();
                SubModelDeployment deployment = deployment(SubModelDeployment.State.DEPLOYED, reason, at);
                directory.mark(version.deployed(deployment));
                directory.clearStaging();
                directory.keep(equipment.settings().keepPrevious());
                yield deployment;
            }
            case Step.Refused(String reason, boolean remembered) -> {
                SubModelDeployment deployment = deployment(SubModelDeployment.State.REFUSED, reason, Instant.now());
                directory.clearStaging();
                if (remembered) {
                    directory.reject(new Rejection(releaseDigest, deployment));
                }
                yield deployment;
            }
            case Step.RolledBack(InstalledVersion version, String reason) -> {
                SubModelDeployment deployment = deployment(SubModelDeployment.State.ROLLED_BACK, reason, Instant.now());
                directory.reject(new Rejection(releaseDigest, deployment));
                directory
                        .rollBack(version.version())
                        .ifPresent(previous -> equipment.tellHooksOfReturn(directory, release.submodel(), previous));
                yield deployment;
            }
        };
    }

    private SubModelDeployment deployment(SubModelDeployment.State state, String reason, Instant finishedAt) {
        boolean deployed = state == SubModelDeployment.State.DEPLOYED;
        return new SubModelDeployment(
                release.model(),
                release.submodel(),
                equipment.settings().deployer(),
                release.version(),
                state,
                reason,
                deployed ? directory.directory(release.version()).toString() : "",
                deployed ? release.recipe().maskDigest() : "",
                receivedAt,
                finishedAt,
                stageMillis);
    }
}
