package dev.sparsecast.pruner.service;

import dev.sparsecast.pruner.specification.SubModelSpecification;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What a pruner does.
 *
 * @param model directory of the base model
 * @param store where artifacts go, as {@link dev.sparsecast.store.ArtifactStores#open} takes it
 * @param signingKey private key file
 * @param state directory for the record of decisions
 * @param submodels what to make
 * @param threads threads for pruning and for the gate
 */
public record PrunerSettings(
        Path model, String store, Path signingKey, Path state, List<SubModelSpecification> submodels, int threads) {
    public PrunerSettings {
        submodels = List.copyOf(submodels);
        if (submodels.isEmpty()) {
            throw new IllegalArgumentException("there are no sub-models to make");
        }
        Set<String> names = new HashSet<>();
        for (SubModelSpecification submodel : submodels) {
            if (!names.add(submodel.name())) {
                throw new IllegalArgumentException("the sub-model name '" + submodel.name() + "' is used twice");
            }
        }
        if (threads < 1) {
            throw new IllegalArgumentException("threads must be at least 1, not " + threads);
        }
    }
}
