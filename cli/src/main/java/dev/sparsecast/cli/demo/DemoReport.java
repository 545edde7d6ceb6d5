package dev.sparsecast.cli.demo;

import java.util.List;
import java.util.Map;

/**
 * What happened, as {@code demo --report FILE} writes it.
 *
 * @param perplexityMatrix rows: {@code dense}, {@code magnitude}, every first release by its name, and every later version
 *     as {@code name@version}; columns: the kinds of held-out prompts
 * @param maskDifferenceMatrix Jaccard distance between the masks of the first releases
 */
record DemoReport(
        long promptsProduced,
        long promptsCounted,
        long promptsHeldOut,
        double seconds,
        List<SubModel> submodels,
        Map<String, Map<String, Double>> perplexityMatrix,
        Map<String, Map<String, Double>> maskDifferenceMatrix) {

    record SubModel(String name, String language, List<Version> versions) {}

    record Version(
            int version,
            String trigger,
            long tokens,
            long prompts,
            String method,
            String pattern,
            double sparsity,
            double densePerplexity,
            double prunedPerplexity,
            String maskDigest,
            long recipeBytes,
            long modelBytes,
            double secondsSnapshotToDeployed,
            String deployedTo) {}
}
