package dev.sparsecast.pruner.refresh;

import dev.sparsecast.pruner.snapshot.GroupSnapshot;
import dev.sparsecast.pruner.specification.SubModelSpecification;
import dev.sparsecast.wanda.PruningParameters;
import java.util.ArrayList;
import java.util.List;

/**
 * Everything that a candidate's mask depends on, as a text: from equal ingredients comes the same mask, so a candidate
 * that was rejected need not be made again.
 */
public record Ingredients(String text) {
    /** @param snapshots one for each group of the specification and in that order */
    public static Ingredients of(SubModelSpecification specification, List<GroupSnapshot> snapshots) {
        PruningParameters parameters = specification.parameters();
        List<String> parts = new ArrayList<>();
        parts.add(parameters.label());
        for (int i = 0; i < snapshots.size(); i++) {
            GroupSnapshot snapshot = snapshots.get(i);
            parts.add(specification.groups().get(i).weight() + " " + snapshot.group() + " " + snapshot.epoch() + " "
                    + snapshot.flushDigest() + " " + snapshot.tokens() + " "
                    + snapshot.content().decayedTokens() + " " + snapshot.halfLifeTokens());
        }
        return new Ingredients(String.join(", ", parts));
    }
}
