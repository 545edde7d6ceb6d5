package dev.sparsecast.deployer;

import dev.sparsecast.deployer.installation.Step;
import dev.sparsecast.deployer.installation.StepObserver;
import dev.sparsecast.schemas.SubModelDeployment;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** What a deployer counts and times. */
final class DeployerMetrics implements StepObserver {
    private final MeterRegistry registry;
    private final Map<String, AtomicInteger> versions = new ConcurrentHashMap<>();
    private final Map<String, AtomicInteger> revoked = new ConcurrentHashMap<>();

    private final AtomicInteger waiting = new AtomicInteger();

    DeployerMetrics(MeterRegistry registry) {
        this.registry = registry;
        Gauge.builder("sparsecast.deployer.waiting", waiting, AtomicInteger::get)
                .description("Releases that wait for the word of canaries")
                .register(registry);
    }

    /** Notes how many releases wait for the word of canaries. */
    void waiting(int releases) {
        waiting.set(releases);
    }

    /** Counts what became of a release. */
    void finished(SubModelDeployment deployment) {
        Counter.builder("sparsecast.deployer.releases")
                .description("Releases by what became of them")
                .tag("submodel", deployment.submodel())
                .tag("state", deployment.state().name().toLowerCase(Locale.ROOT))
                .register(registry)
                .increment();
        deployment
                .stageMillis()
                .forEach((stage, millis) -> Timer.builder("sparsecast.deployer.stage")
                        .description("Time by stage of an installation")
                        .tag("stage", stage)
                        .register(registry)
                        .record(Duration.ofMillis(millis)));
    }

    /** Notes that {@code current} points to another version. */
    void switched(String submodel, int version) {
        versions.computeIfAbsent(submodel, this::gauge).set(version);
    }

    /** Notes which sub-models have a version in use that was signed by a key that was revoked since. */
    void revoked(Set<String> submodels) {
        submodels.forEach(submodel -> revoked.computeIfAbsent(submodel, this::revokedGauge));
        revoked.forEach((submodel, gauge) -> gauge.set(submodels.contains(submodel) ? 1 : 0));
    }

    private AtomicInteger revokedGauge(String submodel) {
        AtomicInteger isRevoked = new AtomicInteger();
        Gauge.builder("sparsecast.deployer.revoked.key", isRevoked, AtomicInteger::get)
                .description("1 while the version in use was signed by a key that was revoked since")
                .tag("submodel", submodel)
                .register(registry);
        return isRevoked;
    }

    /** Times the whole way of a release that ends well. */
    @Override
    public void reached(SubModelRelease release, Step step) {
        if (step instanceof Step.Deployed deployed) {
            deployed(release, deployed.at());
            artifact(release, deployed.version().kind(), "used");
        }
    }

    @Override
    public void passedOver(SubModelRelease release, ArtifactKind kind) {
        artifact(release, kind, "passed_over");
    }

    private void artifact(SubModelRelease release, ArtifactKind kind, String outcome) {
        Counter.builder("sparsecast.deployer.artifacts")
                .description("Artifacts by kind and whether they could be used")
                .tag("submodel", release.submodel())
                .tag("kind", kind.label())
                .tag("outcome", outcome)
                .register(registry)
                .increment();
    }

    private void deployed(SubModelRelease release, Instant switchedAt) {
        Timer.builder("sparsecast.deployer.snapshot.to.deployed")
                .description("From the completion of a snapshot to the switch of current")
                .tag("submodel", release.submodel())
                .register(registry)
                .record(Duration.between(release.snapshotAt(), switchedAt));
    }

    private AtomicInteger gauge(String submodel) {
        AtomicInteger version = new AtomicInteger();
        Gauge.builder("sparsecast.deployer.version", version, AtomicInteger::get)
                .description("Version in use")
                .tag("submodel", submodel)
                .register(registry);
        return version;
    }
}
