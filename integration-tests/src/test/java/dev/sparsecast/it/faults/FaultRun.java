package dev.sparsecast.it.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.it.TopicContents;
import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.HeldOut;
import dev.sparsecast.schemas.LayerKey;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** One run from the start of the processes to the audit of what they did. */
final class FaultRun {
    private static final Duration PATIENCE = Duration.ofMinutes(20);

    private final FaultPlan plan;
    private final Path directory;

    FaultRun(FaultPlan plan, Path directory) {
        this.plan = plan;
        this.directory = directory;
    }

    /** Runs the plan; whatever is not exact is an assertion error. */
    FaultReport run() throws Exception {
        long start = System.nanoTime();
        try (Ensemble ensemble = Ensemble.start(directory, plan.epoch());
                DeploymentAudit deployments = new DeploymentAudit(ensemble.deployed());
                Checkpoint checkpoint = Checkpoint.open(Ensemble.model())) {
            PromptFlow prompts = PromptFlow.start(ensemble.cluster(), plan.promptsPerSecond());
            Adversary adversary = new Adversary(ensemble, plan);
            adversary.run();
            List<Prompt> sent = prompts.stop();
            int layers = checkpoint.config().layers();
            awaitCounted(ensemble, sent, layers);
            awaitDeployed(ensemble, deployments);

            Map<String, Integer> exitCodes = ensemble.stopServices();
            assertThat(exitCodes.values())
                    .as("exit codes after SIGTERM: %s", exitCodes)
                    .containsOnly(0);
            Audit.Findings findings = Audit.check(ensemble.cluster(), sent, checkpoint);
            List<SubModelRelease> releases = ReleaseAudit.check(ensemble.cluster(), ensemble.store(), layers);
            assertThat(releases).isNotEmpty();
            int checkpoints = deployments.check(releases, checkpoint);
            assertThat(checkpoints).isPositive();
            Map<String, List<Path>> ownEnds = new HashMap<>();
            ensemble.actors().forEach(actor -> ownEnds.put(actor.name(), actor.ownEnds()));
            return new FaultReport(
                    plan,
                    adversary.done(),
                    adversary.kills(),
                    adversary.killsOfReady(),
                    ownEnds,
                    findings,
                    releases.size(),
                    checkpoints,
                    Duration.ofNanos(System.nanoTime() - start));
        }
    }

    /** Waits until every layer has counted at least as many prompts as were sent; more would be found by the audit. */
    private static void awaitCounted(Ensemble ensemble, List<Prompt> sent, int layers) throws Exception {
        long expected =
                sent.stream().filter(prompt -> !HeldOut.contains(prompt.id())).count();
        long end = System.nanoTime() + PATIENCE.toNanos();
        Map<Integer, Long> byLayer = new HashMap<>();
        while (byLayer.size() < layers || byLayer.values().stream().anyMatch(count -> count < expected)) {
            assertThat(System.nanoTime())
                    .as("%s prompts should be counted in every layer, but %s are, see %s", expected, byLayer, ensemble)
                    .isLessThan(end);
            Thread.sleep(1000);
            byLayer.clear();
            for (Map.Entry<LayerKey, ActivationStatistics> entry :
                    Audit.statistics(ensemble.cluster()).entrySet()) {
                long prompts = (long) entry.getValue().lifetime().prompts();
                byLayer.merge(entry.getKey().layer(), prompts, Long::sum);
            }
        }
    }

    private static void awaitDeployed(Ensemble ensemble, DeploymentAudit deployments) throws Exception {
        long end = System.nanoTime() + PATIENCE.toNanos();
        List<SubModelRelease> releases = releases(ensemble);
        while (DeploymentAudit.newest(releases).size() < 2 || !deployments.isUpToDate(releases)) {
            assertThat(System.nanoTime())
                    .as("the newest releases should be deployed, see %s", ensemble)
                    .isLessThan(end);
            Thread.sleep(500);
            releases = releases(ensemble);
        }
    }

    private static List<SubModelRelease> releases(Ensemble ensemble) {
        List<SubModelRelease> releases = new ArrayList<>();
        try (var serde = new SparsecastSerdes(ensemble.cluster()).releases()) {
            TopicContents.forEach(
                    ensemble.cluster(),
                    Topics.SUBMODEL_RELEASES,
                    serde.deserializer(),
                    record -> releases.add(record.value()));
        }
        return releases;
    }
}
