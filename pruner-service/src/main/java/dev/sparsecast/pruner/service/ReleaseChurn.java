package dev.sparsecast.pruner.service;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.pruner.churn.ChurnEstimate;
import dev.sparsecast.pruner.churn.MaskChurn;
import dev.sparsecast.pruner.refresh.Ingredients;
import dev.sparsecast.pruner.release.ReleaseBuilder;
import dev.sparsecast.pruner.snapshot.Calibrations;
import dev.sparsecast.pruner.snapshot.GroupSnapshot;
import dev.sparsecast.pruner.specification.SubModelSpecification;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.wanda.Calibration;
import dev.sparsecast.wanda.recipe.Recipe;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How stale the releases in use are: their mask churn, estimated anew whenever there are newer statistics. Used by the thread that
 * decides; an estimate reads {@value #ROWS_PER_MODULE} rows of each module.
 */
final class ReleaseChurn {
    private static final Logger log = LoggerFactory.getLogger(ReleaseChurn.class);
    private static final int ROWS_PER_MODULE = 32;

    private final Checkpoint base;
    private final ReleaseBuilder builder;
    private final PrunerMetrics metrics;
    private final MaskChurn churn;
    private final Map<String, Used> used = new HashMap<>();
    private final Map<String, Measured> measured = new HashMap<>();

    private record Used(int version, Recipe recipe) {}

    private record Measured(int version, Ingredients ingredients, OptionalDouble share) {}

    ReleaseChurn(Checkpoint base, ReleaseBuilder builder, PrunerMetrics metrics) {
        this.base = base;
        this.builder = builder;
        this.metrics = metrics;
        this.churn = new MaskChurn(base, ROWS_PER_MODULE);
    }

    /**
     * The share of mask bits that would be others if the release were made again from these snapshots; unknown where churn
     * is not defined for its method, or its recipe cannot be had now.
     *
     * @param snapshots one for each group of the specification and in that order
     */
    OptionalDouble of(SubModelSpecification submodel, SubModelRelease current, List<GroupSnapshot> snapshots) {
        Ingredients ingredients = Ingredients.of(submodel, snapshots);
        Measured last = measured.get(submodel.name());
        if (last != null
                && last.version() == current.version()
                && last.ingredients().equals(ingredients)) {
            return last.share();
        }
        OptionalDouble share = measure(submodel, current, snapshots);
        measured.put(submodel.name(), new Measured(current.version(), ingredients, share));
        return share;
    }

    private OptionalDouble measure(
            SubModelSpecification submodel, SubModelRelease current, List<GroupSnapshot> snapshots) {
        try {
            Recipe recipe = recipe(current);
            return MaskChurn.isDefinedFor(recipe.parameters())
                    ? OptionalDouble.of(estimate(recipe, submodel, current, snapshots))
                    : OptionalDouble.empty();
        } catch (RuntimeException e) {
            log.atWarn()
                    .addKeyValue("model", current.model())
                    .addKeyValue("submodel", current.submodel())
                    .addKeyValue("version", current.version())
                    .setCause(e)
                    .log("The mask churn of the release in use cannot be measured now: {}", e.getMessage());
            return OptionalDouble.empty();
        }
    }

    private double estimate(
            Recipe recipe, SubModelSpecification submodel, SubModelRelease current, List<GroupSnapshot> snapshots) {
        double[] weights = submodel.groups().stream()
                .mapToDouble(SubModelSpecification.Group::weight)
                .toArray();
        Calibration now =
                Calibration.of(Calibrations.mix(snapshots, weights, base.digest()), base.config(), base.digest());
        long seed = snapshots.stream()
                .mapToLong(snapshot -> snapshot.flushDigest().value())
                .sum();
        long start = System.nanoTime();
        ChurnEstimate estimate = churn.estimate(recipe.parameters(), recipe.calibration(), now, seed);
        metrics.churn(submodel.name(), estimate, Duration.ofNanos(System.nanoTime() - start));
        log.atDebug()
                .addKeyValue("model", current.model())
                .addKeyValue("submodel", current.submodel())
                .addKeyValue("version", current.version())
                .addKeyValue("churn", estimate.share())
                .addKeyValue("standard_error", estimate.standardError())
                .log("Measured mask churn");
        return estimate.share();
    }

    private Recipe recipe(SubModelRelease current) {
        Used known = used.get(current.submodel());
        if (known == null || known.version() != current.version()) {
            known = new Used(current.version(), builder.recipeOf(current));
            used.put(current.submodel(), known);
        }
        return known.recipe();
    }
}
