package dev.sparsecast.cli.demo;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The story's tables for the terminal. */
final class Tables {
    private Tables() {}

    static String of(DemoReport report) {
        StringBuilder text = new StringBuilder();
        text.append("Releases\n");
        text.append(String.format(
                Locale.ROOT,
                "  %-12s %7s %-7s %8s %8s %7s %7s %12s %12s %10s%n",
                "sub-model",
                "version",
                "trigger",
                "tokens",
                "sparsity",
                "dense",
                "pruned",
                "recipe bytes",
                "model bytes",
                "deployed"));
        for (DemoReport.SubModel submodel : report.submodels()) {
            for (DemoReport.Version version : submodel.versions()) {
                text.append(String.format(
                        Locale.ROOT,
                        "  %-12s %7d %-7s %,8d %7.0f%% %7.1f %7.1f %,12d %,12d %8.2f s%n",
                        submodel.name(),
                        version.version(),
                        version.trigger(),
                        version.tokens(),
                        100 * version.sparsity(),
                        version.densePerplexity(),
                        version.prunedPerplexity(),
                        version.recipeBytes(),
                        version.modelBytes(),
                        version.secondsSnapshotToDeployed()));
            }
        }
        text.append(String.format("%nPerplexity on held-out prompts (rows: model, columns: prompts)%n"));
        matrix(text, report.perplexityMatrix(), "%,12.1f");
        text.append(String.format("%nDifference of masks (Jaccard distance)%n"));
        matrix(text, report.maskDifferenceMatrix(), "%12.3f");
        text.append(String.format(
                Locale.ROOT,
                "%n%d prompts produced = %d counted + %d held out; %.0f seconds",
                report.promptsProduced(),
                report.promptsCounted(),
                report.promptsHeldOut(),
                report.seconds()));
        return text.toString();
    }

    private static void matrix(StringBuilder text, Map<String, Map<String, Double>> matrix, String format) {
        List<String> columns = List.copyOf(matrix.values().iterator().next().keySet());
        text.append(String.format("  %-14s", ""));
        columns.forEach(column -> text.append(String.format("%12s", column)));
        text.append(String.format("%n"));
        matrix.forEach((row, values) -> {
            text.append(String.format("  %-14s", row));
            columns.forEach(column -> text.append(String.format(Locale.ROOT, format, values.get(column))));
            text.append(String.format("%n"));
        });
    }
}
