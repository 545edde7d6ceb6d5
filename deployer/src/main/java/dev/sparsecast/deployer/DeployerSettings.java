package dev.sparsecast.deployer;

import dev.sparsecast.deployer.hook.Hook;
import dev.sparsecast.schemas.Names;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * What a deployer needs to know.
 *
 * @param deployer its name in acknowledgements, unique among the deployers of a cluster and the same after a restart
 * @param cluster broker and registry
 * @param model directory of the base model
 * @param store address of the artifact store, as {@link dev.sparsecast.store.ArtifactStores#open} takes it
 * @param state directory for the versions; one deployer at a time may use it
 * @param trustedKeys public key files ({@code *.pub}) of those whose releases are taken; at least one
 * @param submodels sub-models to install; empty for all
 * @param keepPrevious versions to keep beside the one in use, to switch back to
 * @param largestRecipe most bytes of an artifact that is no checkpoint
 * @param hooks told of every switch, in order; each may object, which switches back
 * @param threads for pruning and reading back
 */
public record DeployerSettings(
        String deployer,
        ClusterSettings cluster,
        Path model,
        String store,
        Path state,
        List<Path> trustedKeys,
        Set<String> submodels,
        int keepPrevious,
        long largestRecipe,
        List<Hook> hooks,
        int threads) {
    private static final int KEEP_PREVIOUS = 2;
    private static final long LARGEST_RECIPE = 256L << 20;

    public DeployerSettings {
        trustedKeys = List.copyOf(trustedKeys);
        submodels = Set.copyOf(submodels);
        hooks = List.copyOf(hooks);
        check(
                Names.isLabel(deployer),
                "the deployer's name '" + deployer
                        + "' cannot be used: take 1 to 64 of a-z, 0-9, '_' and '-', starting with a letter or digit");
        check(!trustedKeys.isEmpty(), "the deployer trusts nobody: give at least one public key file of a pruner");
        check(keepPrevious >= 0, "the number of versions to keep is " + keepPrevious + ": give 0 or more");
        check(largestRecipe > 0, "the size limit of recipes is " + largestRecipe + " bytes: give a positive one");
        check(threads > 0, "the number of threads is " + threads + ": give 1 or more");
        submodels.forEach(name -> check(
                Names.isLabel(name), "'" + name + "' cannot be the name of a sub-model: take names such as 'python'"));
    }

    private static void check(boolean good, String otherwise) {
        if (!good) {
            throw new DeployerException(otherwise);
        }
    }

    /** Settings for all sub-models, with two previous versions kept, no hooks, and all processors. */
    public static DeployerSettings of(
            String deployer, ClusterSettings cluster, Path model, String store, Path state, List<Path> trustedKeys) {
        return new DeployerSettings(
                deployer,
                cluster,
                model,
                store,
                state,
                trustedKeys,
                Set.of(),
                KEEP_PREVIOUS,
                LARGEST_RECIPE,
                List.of(),
                Runtime.getRuntime().availableProcessors());
    }

    /** The same for some sub-models only; empty for all. */
    public DeployerSettings withSubmodels(Set<String> names) {
        return new DeployerSettings(
                deployer,
                cluster,
                model,
                store,
                state,
                trustedKeys,
                names,
                keepPrevious,
                largestRecipe,
                hooks,
                threads);
    }

    /** The same with another number of versions kept. */
    public DeployerSettings withKeepPrevious(int versions) {
        return new DeployerSettings(
                deployer,
                cluster,
                model,
                store,
                state,
                trustedKeys,
                submodels,
                versions,
                largestRecipe,
                hooks,
                threads);
    }

    /** The same with other hooks. */
    public DeployerSettings withHooks(List<Hook> others) {
        return new DeployerSettings(
                deployer,
                cluster,
                model,
                store,
                state,
                trustedKeys,
                submodels,
                keepPrevious,
                largestRecipe,
                others,
                threads);
    }

    /** The same with another number of threads. */
    public DeployerSettings withThreads(int number) {
        return new DeployerSettings(
                deployer,
                cluster,
                model,
                store,
                state,
                trustedKeys,
                submodels,
                keepPrevious,
                largestRecipe,
                hooks,
                number);
    }
}
