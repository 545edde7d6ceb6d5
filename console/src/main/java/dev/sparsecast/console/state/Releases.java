package dev.sparsecast.console.state;

import static dev.sparsecast.console.state.Figures.finite;

import dev.sparsecast.console.view.DeploymentView;
import dev.sparsecast.console.view.DeploymentView.Stage;
import dev.sparsecast.console.view.ReleaseView;
import dev.sparsecast.schemas.SubModelDeployment;
import dev.sparsecast.schemas.SubModelKey;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.Artifact;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Releases, and what became of each at each deployer. */
final class Releases {
    private static final int MOST_RELEASES = 300;
    private static final int MOST_DEPLOYMENTS = 500;
    private static final double MILLIS = 1e3;

    private final Map<ReleaseId, SubModelRelease> releases = new BoundedMap<>(MOST_RELEASES);
    private final Map<String, SubModelDeployment> deployments = new BoundedMap<>(MOST_DEPLOYMENTS);

    private record ReleaseId(String model, String submodel, int version) {}

    /** Adds a release and says whether it was new. */
    boolean add(SubModelRelease release) {
        return releases.put(new ReleaseId(release.model(), release.submodel(), release.version()), release) == null;
    }

    /** Adds a deployment and says whether it tells something new. */
    boolean add(SubModelDeployment deployment) {
        return !deployment.equals(deployments.put(deployment.key(), deployment));
    }

    List<ReleaseView> releases() {
        return List.copyOf(releases.values()).stream()
                .sorted(Comparator.comparing(SubModelRelease::releasedAt).reversed())
                .map(this::view)
                .toList();
    }

    private ReleaseView view(SubModelRelease release) {
        return new ReleaseView(
                release.model(),
                release.submodel(),
                release.version(),
                release.parent().isPresent() ? release.parent().getAsInt() : null,
                release.trigger().label(),
                release.provenance().stream()
                        .map(group -> group.language() + "/" + group.domain())
                        .toList(),
                release.tokens(),
                release.prompts(),
                release.recipe().method(),
                release.recipe().pattern(),
                release.recipe().sparsity(),
                release.quality().prompts(),
                finite(release.quality().dense()),
                finite(release.quality().candidate()),
                finite(release.quality().current().orElse(Double.NaN)),
                release.artifact(ArtifactKind.RECIPE).map(Artifact::bytes).orElse(null),
                release.artifacts().stream()
                        .map(artifact -> artifact.kind().label())
                        .toList(),
                release.recipe().maskDigest(),
                release.keyId(),
                release.releasedAt(),
                Duration.between(release.snapshotAt(), release.releasedAt()).toMillis() / MILLIS,
                deployersOf(release));
    }

    private int deployersOf(SubModelRelease release) {
        return (int) deployments.values().stream()
                .filter(deployment -> deployment.state() == SubModelDeployment.State.DEPLOYED
                        && deployment.version() == release.version()
                        && new SubModelKey(deployment.model(), deployment.submodel()).equals(release.key()))
                .count();
    }

    List<DeploymentView> deployments() {
        return new ArrayList<>(deployments.values())
                .stream()
                        .sorted(Comparator.comparing(SubModelDeployment::finishedAt)
                                .reversed())
                        .map(this::view)
                        .toList();
    }

    private DeploymentView view(SubModelDeployment deployment) {
        List<Stage> stages = deployment.stageMillis().entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .map(entry -> new Stage(entry.getKey(), entry.getValue()))
                .toList();
        return new DeploymentView(
                deployment.model(),
                deployment.submodel(),
                deployment.deployer(),
                deployment.version(),
                deployment.state().name().toLowerCase(Locale.ROOT),
                deployment.reason(),
                deployment.directory(),
                deployment.maskDigest(),
                deployment.finishedAt(),
                Duration.between(deployment.receivedAt(), deployment.finishedAt())
                                .toMillis()
                        / MILLIS,
                fromSnapshot(deployment),
                stages);
    }

    private @Nullable Double fromSnapshot(SubModelDeployment deployment) {
        SubModelRelease release =
                releases.get(new ReleaseId(deployment.model(), deployment.submodel(), deployment.version()));
        return release == null
                ? null
                : Duration.between(release.snapshotAt(), deployment.finishedAt())
                                .toMillis()
                        / MILLIS;
    }
}
