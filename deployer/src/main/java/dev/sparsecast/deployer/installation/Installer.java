package dev.sparsecast.deployer.installation;

import dev.sparsecast.deployer.hook.Hook;
import dev.sparsecast.deployer.materialization.Materializer;
import dev.sparsecast.deployer.rollout.Turn;
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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides what becomes of announced releases. Of several releases of one sub-model only the newest good one is installed
 * whose turn has come: those before it are passed over in silence, those that cannot be trusted never count. Versions that
 * a trusted release revokes are not installed, and left if they are in use.
 */
public final class Installer {
    private static final Logger LOG = LoggerFactory.getLogger(Installer.class);

    private final ReleaseCheck check;
    private final StateDirectory state;
    private final Installation.Equipment equipment;
    private final Function<SubModelRelease, Turn> turns;
    private final Map<String, String> awaited = new HashMap<>();

    /**
     * @param materializers for the kinds that may be used
     * @param probe checks a version after the switch
     * @param hooks told of every switch, after the probe; they may object
     * @param turns whether a release may be taken yet
     */
    public Installer(
            InstallerSettings settings,
            ReleaseCheck check,
            StateDirectory state,
            List<Materializer> materializers,
            Probe probe,
            List<Hook> hooks,
            StepObserver observer,
            Function<SubModelRelease, Turn> turns) {
        this.check = check;
        this.turns = turns;
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
     * @return those whose turn has not come: offer them again later
     */
    public List<Announcement> install(List<Announcement> announcements, Consumer<SubModelDeployment> outcome) {
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
        List<Announcement> waiting = new ArrayList<>();
        bySubModel.forEach(
                (name, candidates) -> waiting.addAll(installNewest(state.subModel(name), candidates, outcome)));
        return waiting;
    }

    /**
     * Tells what is in use before anything new is: all hooks, where they have not heard yet that an earlier version is in
     * use again, and elsewhere only one that knows nothing yet.
     */
    public void resume(Hook newcomer) {
        state.subModels()
                .forEach((name, directory) -> directory.current().ifPresent(version -> {
                    if (directory.wentBack()) {
                        equipment.tellHooksOfReturn(directory, name, version);
                    } else if (finished(directory, version)) {
                        equipment.withHooks(List.of(newcomer)).tellHooksOfReturn(directory, name, version);
                    }
                }));
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

    private List<Announcement> installNewest(
            SubModelDirectory directory, List<Candidate> candidates, Consumer<SubModelDeployment> outcome) {
        candidates.sort(Comparator.comparingInt(Candidate::version).reversed());
        Set<Integer> revoked = directory.revoke(candidates.stream()
                .flatMap(candidate -> candidate.release().rollout().revoked().stream())
                .collect(Collectors.toSet()));
        rejectRevoked(directory, candidates.getFirst(), revoked);
        List<Announcement> waiting = new ArrayList<>();
        int before = directory.current().orElse(0);
        boolean settled = false;
        for (Candidate candidate : candidates) {
            if (revoked.contains(candidate.version())) {
                refuse(candidate.announcement(), "it was revoked", outcome);
            } else if (candidate.version() < before) {
                refuse(candidate.announcement(), "it is older than version " + before + ", which is in use", outcome);
            } else if (candidate.version() == before) {
                if (!settled || finished(directory, before)) {
                    settled |= repeat(directory, candidate, outcome);
                }
            } else if (!settled) {
                if (isOurTurn(candidate)) {
                    settled = tryNewer(directory, candidate, outcome);
                } else {
                    waiting.add(candidate.announcement());
                }
            }
        }
        if (!revoked.isEmpty()) {
            leaveRevoked(directory, candidates.getFirst().release().submodel(), revoked, outcome);
        }
        return waiting;
    }

    private boolean isOurTurn(Candidate candidate) {
        return switch (turns.apply(candidate.release())) {
            case Turn.Ours() -> {
                awaited.remove(candidate.digest());
                yield true;
            }
            case Turn.Later(String reason) -> {
                if (!reason.equals(awaited.put(candidate.digest(), reason))) {
                    LOG.atInfo()
                            .addKeyValue("model", candidate.release().model())
                            .addKeyValue("submodel", candidate.release().submodel())
                            .addKeyValue("version", candidate.version())
                            .log("not taken yet: {}", reason);
                }
                yield false;
            }
        };
    }

    /** From here on no roll-back goes to a revoked version, whenever this deployer is killed. */
    private void rejectRevoked(SubModelDirectory directory, Candidate newest, Set<Integer> revoked) {
        if (revoked.isEmpty()) {
            return;
        }
        for (int version : directory.complete()) {
            InstalledVersion installed = directory.installed(version).orElseThrow();
            if (revoked.contains(version)
                    && directory.rejection(installed.releaseDigest()).isEmpty()) {
                directory.reject(new Rejection(
                        installed.releaseDigest(),
                        word(
                                newest.announcement(),
                                version,
                                SubModelDeployment.State.ROLLED_BACK,
                                "version " + version + " was revoked by release " + newest.version())));
            }
        }
    }

    /** Goes from a revoked version to the newest good one on this disk, or to none, and removes those that are revoked. */
    private void leaveRevoked(
            SubModelDirectory directory, String submodel, Set<Integer> revoked, Consumer<SubModelDeployment> outcome) {
        int inUse = directory.current().orElse(0);
        if (revoked.contains(inUse)) {
            SubModelDeployment left = directory
                    .rejection(directory.installed(inUse).orElseThrow().releaseDigest())
                    .orElseThrow()
                    .deployment();
            directory.rollBack(inUse).ifPresent(previous -> equipment.tellHooksOfReturn(directory, submodel, previous));
            LOG.atWarn()
                    .addKeyValue("submodel", submodel)
                    .addKeyValue("version", inUse)
                    .log("left, since {}; in use now: {}", left.reason(), directory.current());
            outcome.accept(left);
        }
        directory.complete().stream().filter(revoked::contains).forEach(directory::remove);
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
        outcome.accept(word(announcement, release.version(), SubModelDeployment.State.REFUSED, reason));
    }

    private SubModelDeployment word(
            Announcement announcement, int version, SubModelDeployment.State state, String reason) {
        SubModelRelease release = announcement.release();
        return new SubModelDeployment(
                release.model(),
                release.submodel(),
                equipment.settings().deployer(),
                version,
                state,
                reason,
                "",
                "",
                announcement.receivedAt(),
                Instant.now(),
                Map.of());
    }
}
