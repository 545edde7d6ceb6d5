package dev.sparsecast.deployer;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.CheckpointException;
import dev.sparsecast.checkpoint.PrunableModule;
import dev.sparsecast.deployer.hook.Hook;
import dev.sparsecast.deployer.installation.Announcement;
import dev.sparsecast.deployer.installation.Installer;
import dev.sparsecast.deployer.installation.InstallerSettings;
import dev.sparsecast.deployer.installation.Probe;
import dev.sparsecast.deployer.installation.RevokedVersions;
import dev.sparsecast.deployer.installation.StepObserver;
import dev.sparsecast.deployer.materialization.CheckpointMaterializer;
import dev.sparsecast.deployer.materialization.DeltaMaterializer;
import dev.sparsecast.deployer.materialization.MaskCheck;
import dev.sparsecast.deployer.materialization.MaskMaterializer;
import dev.sparsecast.deployer.materialization.Materializer;
import dev.sparsecast.deployer.materialization.RecipeMaterializer;
import dev.sparsecast.deployer.rollout.Turn;
import dev.sparsecast.deployer.state.StateDirectory;
import dev.sparsecast.deployer.trust.ReleaseCheck;
import dev.sparsecast.schemas.SubModelDeployment;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.signing.KeyRing;
import dev.sparsecast.schemas.signing.TrustedKeys;
import dev.sparsecast.store.ArtifactStore;
import dev.sparsecast.store.ArtifactStores;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Everything of a deployer that is on this machine: base model, store, keys and state, opened once. */
final class LocalDeployer implements AutoCloseable {
    private static final int FETCH_ATTEMPTS = 4;
    private static final Duration FETCH_PAUSE = Duration.ofMillis(250);
    private static final long OTHER_FILES = 64L << 20;

    private final Checkpoint base;
    private final ArtifactStore store;
    private final StateDirectory state;
    private final TrustedKeys keys;
    private final Installer installer;
    private final RevokedVersions revoked;
    private @Nullable KeyRing seen;

    private LocalDeployer(
            Checkpoint base, ArtifactStore store, StateDirectory state, TrustedKeys keys, Installer installer) {
        this.base = base;
        this.store = store;
        this.state = state;
        this.keys = keys;
        this.installer = installer;
        this.revoked = new RevokedVersions(state);
    }

    /**
     * Opens everything.
     *
     * @param hooks told of every switch after the probe
     * @param turns whether a release may be taken yet
     * @throws RuntimeException with one sentence on what cannot be used
     */
    static LocalDeployer open(
            DeployerSettings settings, List<Hook> hooks, StepObserver observer, Function<SubModelRelease, Turn> turns) {
        TrustedKeys keys = TrustedKeys.open(settings.trustedKeys());
        Checkpoint base = Checkpoint.open(settings.model());
        try {
            ReleaseCheck check = new ReleaseCheck(
                    keys, base.digest(), settings.largestRecipe(), largestMask(base), largestCheckpoint(base));
            ArtifactStore store = ArtifactStores.open(settings.store());
            StateDirectory state = StateDirectory.open(settings.state(), settings.layout());
            Installer installer = new Installer(
                    new InstallerSettings(
                            settings.deployer(),
                            base.revision(),
                            settings.submodels(),
                            settings.keepPrevious(),
                            FETCH_ATTEMPTS,
                            FETCH_PAUSE),
                    check,
                    state,
                    materializers(settings, base, store),
                    readBack(base, settings.threads()),
                    hooks,
                    observer,
                    turns);
            return new LocalDeployer(base, store, state, keys, installer);
        } catch (RuntimeException e) {
            base.close();
            throw e;
        }
    }

    private static List<Materializer> materializers(DeployerSettings settings, Checkpoint base, ArtifactStore store) {
        int threads = settings.threads();
        return Stream.of(
                        new RecipeMaterializer(base, store, threads),
                        new DeltaMaterializer(base, store, threads),
                        new MaskMaterializer(base, store, threads),
                        new CheckpointMaterializer(base, store, threads))
                .filter(materializer -> settings.kinds().contains(materializer.kind()))
                .toList();
    }

    /** The probe that needs nobody's help: the checkpoint opens, and is the base model with the promised mask. */
    private static Probe readBack(Checkpoint base, int threads) {
        return (version, directory) -> MaskCheck.check(base, directory, version.maskDigest(), threads);
    }

    /** A bit for each weight, and a header; a delta is never much larger. */
    private static long largestMask(Checkpoint base) {
        return OTHER_FILES
                + PrunableModule.of(base.config()).stream()
                        .mapToLong(module -> (long) module.rows() * Math.ceilDiv(module.columns(), Byte.SIZE))
                        .sum();
    }

    /** A pruned checkpoint is as large as the dense one; its tokenizer and the like may differ a little. */
    private static long largestCheckpoint(Checkpoint base) {
        try (Stream<Path> files = Files.walk(base.directory())) {
            long total = OTHER_FILES;
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                total += Files.size(file);
            }
            return total;
        } catch (IOException e) {
            throw new CheckpointException("cannot list the model directory " + base.directory() + ": " + e, e);
        }
    }

    /** The base model's revision. */
    String revision() {
        return base.revision();
    }

    /** Deals with releases; see {@link Installer#install}. */
    List<Announcement> install(List<Announcement> announcements, Consumer<SubModelDeployment> outcome) {
        return installer.install(announcements, outcome);
    }

    /** Tells what is in use; see {@link Installer#resume}. */
    void resume(Hook newcomer) {
        installer.resume(newcomer);
    }

    /** Whether other keys are trusted than when this was asked last, or it was never asked. */
    boolean keysChanged() {
        KeyRing now = keys.ring();
        boolean changed = now != seen;
        seen = now;
        return changed;
    }

    /** Sub-models whose version in use was signed by a key that was revoked since; see {@link RevokedVersions#report}. */
    Set<String> reportRevoked(Consumer<SubModelDeployment> outcome) {
        return revoked.report(keys.ring(), outcome);
    }

    /** The versions in use, by sub-model. */
    SortedMap<String, Integer> current() {
        return state.current();
    }

    @Override
    public void close() {
        try (base;
                store;
                state) {
            // all three, whatever one of them says
        }
    }
}
