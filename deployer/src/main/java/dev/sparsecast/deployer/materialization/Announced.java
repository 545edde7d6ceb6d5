package dev.sparsecast.deployer.materialization;

import dev.sparsecast.deployer.trust.RefusedException;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.PruningRecipe;
import dev.sparsecast.wanda.PruningParameters;
import java.util.Optional;
import java.util.OptionalDouble;

/** What an artifact says of itself beside what the manifest says of it. Both are signed, so a contradiction is never mended. */
final class Announced {
    private Announced() {}

    /**
     * Compares them.
     *
     * @param what the kind of artifact
     * @throws RefusedException if they differ
     * @throws dev.sparsecast.wanda.PruningException if the manifest's words are unknown here
     */
    static void check(
            String what, SubModelRelease release, String modelDigest, String maskDigest, PruningParameters parameters) {
        PruningRecipe announced = release.recipe();
        check(what, "base model", release.baseDigest(), modelDigest);
        check(what, "mask digest", announced.maskDigest(), maskDigest);
        PruningParameters expected = PruningParameters.parse(
                announced.method(),
                announced.pattern(),
                OptionalDouble.of(announced.sparsity()),
                Optional.of(announced.budget()));
        check(what, "method, pattern, sparsity and budget", expected.label(), parameters.label());
    }

    private static void check(String what, String property, String announced, String found) {
        if (!announced.equals(found)) {
            throw new RefusedException("its " + what + " is another one than was announced: the " + property + " is "
                    + found + ", announced was " + announced);
        }
    }
}
