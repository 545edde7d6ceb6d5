package dev.sparsecast.pruner.service;

import dev.sparsecast.pruner.specification.SubModelSpecification;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What a pruner does.
 *
 * @param model directory of the base model
 * @param store where artifacts go, as {@link dev.sparsecast.store.ArtifactStores#open} takes it
 * @param signingKey private key file
 * @param trustedKeys public key files that earlier releases may be signed with, besides
 * @param state directory for unfinished work
 * @param submodels what to make
 * @param submodelsFile where they are from, to follow its changes; empty if they never change
 * @param threads threads for pruning and for the gate
 */
public record PrunerSettings(
        Path model,
        String store,
        Path signingKey,
        List<Path> trustedKeys,
        Path state,
        List<SubModelSpecification> submodels,
        Optional<Path> submodelsFile,
        int threads) {
    public PrunerSettings {
        trustedKeys = List.copyOf(trustedKeys);
        submodels = List.copyOf(submodels);
        if (submodels.isEmpty()) {
            throw new IllegalArgumentException("there are no sub-models to make");
        }
        if (threads < 1) {
            throw new IllegalArgumentException("threads must be at least 1, not " + threads);
        }
    }

    /** With one key, and sub-models that never change. */
    public PrunerSettings(
            Path model, String store, Path signingKey, Path state, List<SubModelSpecification> submodels, int threads) {
        this(model, store, signingKey, List.of(), state, submodels, Optional.empty(), threads);
    }
}
