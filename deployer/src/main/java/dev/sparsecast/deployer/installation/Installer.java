package dev.sparsecast.deployer.installation;

import dev.sparsecast.deployer.hook.Hook;
import dev.sparsecast.deployer.materialization.Materializer;
import dev.sparsecast.deployer.state.InstalledVersion;
import dev.sparsecast.deployer.state.Rejection;
import dev.sparsecast.deployer.state.StateDirectory;
import dev.sparsecast.deployer.state.SubModelDirectory;
import dev.sparsecast.deployer.trust.RefusedException;
import dev.sparsecast.deployer.trust.ReleaseCheck;
import dev.sparsecast.deployer.trust.ReleaseDigest;
import dev.sparsecast.schemas.SubModelDeployment;
import dev.sparsecast.schemas.SubModelRelease;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides what becomes of announced releases. Of several releases of one sub-model only the newest good one is installed:
 * those before it are passed over in silence, those that cannot be trusted never count.
 */
public final class Installer {
    private static final Logger LOG = LoggerFactory.getLogger(Installer.class);

    private final ReleaseCheck check;
    private final StateDirectory state;
    private final Installation.Equipment equipment;

    /**
     * @param materializers for the kinds that may be used
     * @param probe checks a version after the switch
     * @param hooks told of every switch, after the probe; they may object
     */
    public Installer(
            InstallerSettings settings,
            ReleaseCheck check,
            StateDirectory state,
            List<Materializer> materializers,
            Probe probe,
            List<Hook> hooks,
            StepObserver observer) {
        this.check = check;
        this.state = state;
        this.equipment = new Installation.Equipment(settings, materializers, probe, hooks, observer);
    }

    private record Candidate(Announcement announcement, String digest) {
        SubModelRelease release() {
            return announcement.release();
        }

        int version() {
            return release().version();
        }
    }

    /**
     * Deals with announcements in the order in which they were read.
     *
     * @param outcome told what became of a release as soon as it is decided
     */
    public void install(List<Announcement> announcements, Consumer<SubModelDeployment> outcome) {
        Map<String, List<Candidate>> bySubModel = new TreeMap<>();
        TreeSet<String> others = new TreeSet<>();
        for (Announcement announcement : announcements) {
            SubModelRelease release = announcement.release();
            if (!equipment.settings().concerns(release.model(), release.submodel())) {
                others.add(announcement.key());
                continue;
            }
            admit(announcement, outcome)
                    .ifPresent(candidate -> bySubModel
                            .computeIfAbsent(release.submodel(), absent -> new ArrayList<>())
                            .add(candidate));
        }
        if (!others.isEmpty()) {
            LOG.atInfo()
                    .addKeyValue("model", equipment.settings().revision())
                    .log("passing over releases of other models and sub-models: {}", others);
        }
        bySubModel.forEach((name, candidates) -> installNewest(state.subModel(name), candidates, outcome));
    }

    private Optional<Candidate> admit(Announcement announcement, Consumer<SubModelDeployment> outcome) {
        SubModelRelease release = announcement.release();
        if (!hasNames(release)) {
            LOG.atWarn().addKeyValue("submodel", release.submodel()).log("passing over a release without a valid name");
            return Optional.empty();
        }
        try {
            if (!announcement.key().equals(release.key().toString())) {
                throw new RefusedException("it was announced under the key of another sub-model");
            }
            check.check(release);
            return Optional.of(new Candidate(announcement, ReleaseDigest.of(release)));
        } catch (RefusedException e) {
            refuse(announcement, e.reason(), outcome);
            return Optional.empty();
        }
    }

    /** A release that cannot be named cannot be acknowledged either, and its name is nothing to make paths of. */
    private static boolean hasNames(SubModelRelease release) {
        try {
            release.key();
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private void installNewest(
            SubModelDirectory directory, List<Candidate> candidates, Consumer<SubModelDeployment> outcome) {
        int before = directory.current().orElse(0);
        candidates.sort(Comparator.comparingInt(Candidate::version).reversed());
        boolean settled = false;
        for (Candidate candidate : candidates) {
            if (candidate.version() < before) {
                refuse(candidate.announcement(), "it is older than version " + before + ", which is in use", outcome);
            } else if (candidate.version() == before) {
                if (!settled || finished(directory, before)) {
                    settled |= repeat(directory, candidate, outcome);
                }
            } else if (!settled) {
                settled = tryNewer(directory, candidate, outcome);
            }
        }
    }

    private static boolean finished(SubModelDirectory directory, int version) {
        return directory
                .installed(version)
                .flatMap(InstalledVersion::deployment)
                .isPresent();
    }

    /** A release of the version in use: the same one is finished or acknowledged again, another one refused. */
    private boolean repeat(SubModelDirectory directory, Candidate candidate, Consumer<SubModelDeployment> outcome) {
        InstalledVersion installed = directory.installed(candidate.version()).orElseThrow();
        if (!installed.releaseDigest().equals(candidate.digest())) {
            refuse(
                    candidate.announcement(),
                    "version " + candidate.version() + " is in use already, with other content",
                    outcome);
            return false;
        }
        if (installed.deployment().isEmpty()) {
            return run(directory, candidate, outcome);
        }
        if (!candidate.announcement().known()) {
            outcome.accept(installed.deployment().get());
        }
        return true;
    }

    private boolean tryNewer(SubModelDirectory directory, Candidate candidate, Consumer<SubModelDeployment> outcome) {
        Optional<Rejection> rejection = directory.rejection(candidate.digest());
        if (rejection.isEmpty()) {
            return run(directory, candidate, outcome);
        }
        if (!candidate.announcement().known()) {
            outcome.accept(rejection.get().deployment());
        }
        return false;
    }

    private boolean run(SubModelDirectory directory, Candidate candidate, Consumer<SubModelDeployment> outcome) {
        SubModelDeployment deployment = new Installation(
                        equipment,
                        directory,
                        candidate.release(),
                        candidate.digest(),
                        candidate.announcement().receivedAt())
                .run();
        boolean deployed = deployment.state() == SubModelDeployment.State.DEPLOYED;
        LOG.atInfo()
                .addKeyValue("model", deployment.model())
                .addKeyValue("submodel", deployment.submodel())
                .addKeyValue("version", deployment.version())
                .log("{}{}", deployment.state(), deployed ? "" : ": " + deployment.reason());
        if (deployed || !candidate.announcement().known()) {
            outcome.accept(deployment);
        }
        return deployed;
    }

    private void refuse(Announcement announcement, String reason, Consumer<SubModelDeployment> outcome) {
        SubModelRelease release = announcement.release();
        if (announcement.known()) {
            return;
        }
        LOG.atWarn()
                .addKeyValue("model", release.model())
                .addKeyValue("submodel", release.submodel())
                .addKeyValue("version", release.version())
                .log("refused: {}", reason);
        outcome.accept(new SubModelDeployment(
                release.model(),
                release.submodel(),
                equipment.settings().deployer(),
                release.version(),
                SubModelDeployment.State.REFUSED,
                reason,
                "",
                "",
                announcement.receivedAt(),
                Instant.now(),
                Map.of()));
    }
}
