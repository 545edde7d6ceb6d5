package dev.sparsecast.cli.command;

import dev.sparsecast.cli.releases.ReleaseTopics;
import dev.sparsecast.cli.terminal.ExitCode;
import dev.sparsecast.pruner.retention.Retention;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.signing.KeyRing;
import dev.sparsecast.schemas.signing.TrustedKeys;
import dev.sparsecast.store.ArtifactStore;
import dev.sparsecast.store.ArtifactStores;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sparsecast releases prune}: removes the artifacts of old versions from the store. */
@Command(
        name = "prune",
        description = {
            "Remove the artifacts of old versions from the store. The version in use stays, the newest before it,",
            "and whatever one of these needs; so does everything newer than the version in use."
        })
@SuppressWarnings("NullAway.Init") // set by picocli
final class ReleasePruneCommand implements Callable<Integer> {
    @Parameters(paramLabel = "NAME", arity = "0..*", description = "Sub-models (default: all).")
    private Set<String> names = Set.of();

    @Option(
            names = "--store",
            required = true,
            paramLabel = "URI",
            description = "The store: a directory, or s3://BUCKET/PREFIX.")
    private String store;

    @Option(
            names = "--trusted-key",
            required = true,
            arity = "1..*",
            paramLabel = "PATH",
            description = "Public keys, or directories of them: a release of another key says nothing of what may go.")
    private List<Path> trustedKeys = List.of();

    @Option(
            names = "--keep",
            required = true,
            paramLabel = "N",
            description = "How many versions before the one in use stay, to go back to.")
    private int keep;

    @Option(names = "--dry-run", description = "Say what would be removed, and remove nothing.")
    private boolean dryRun;

    @Mixin
    private final ClusterOptions cluster = new ClusterOptions();

    @Mixin
    private final OutputOptions output = new OutputOptions();

    /**
     * What {@code --json} prints.
     *
     * @param passedOver sub-models whose newest release is not of a trusted key
     */
    record Result(boolean dryRun, List<Line> submodels, List<String> passedOver) {}

    /** What became of a sub-model's versions. */
    record Line(String model, String submodel, int inUse, Set<Integer> kept, Set<Integer> removed, int files) {}

    @Override
    public Integer call() {
        if (keep < 0) {
            throw new BadInputException("--keep is " + keep + "; give 0 or more.");
        }
        KeyRing keys = TrustedKeys.open(trustedKeys).ring();
        List<SubModelRelease> all = new ReleaseTopics(cluster.connect()).newest();
        Map<Boolean, List<SubModelRelease>> newest = all.stream()
                .filter(release -> names.isEmpty() || names.contains(release.submodel()))
                .collect(Collectors.partitioningBy(release -> isTrusted(keys, release)));
        List<Line> lines = new ArrayList<>();
        try (ArtifactStore opened = ArtifactStores.open(store)) {
            Retention retention = new Retention(opened, keep);
            for (SubModelRelease release : newest.getOrDefault(true, List.of())) {
                Retention.Plan plan = dryRun ? retention.plan(release) : retention.apply(release);
                lines.add(new Line(
                        release.model(),
                        release.submodel(),
                        release.version(),
                        plan.kept(),
                        plan.removed().keySet(),
                        plan.removed().values().stream().mapToInt(List::size).sum()));
            }
        }
        List<String> passedOver = newest.getOrDefault(false, List.of()).stream()
                .map(release -> release.key().toString())
                .toList();
        List<String> text = new ArrayList<>();
        lines.forEach(line -> text.add(describe(line)));
        passedOver.forEach(key -> text.add(key + "  passed over: its newest release is not of a trusted key"));
        output.print(new Result(dryRun, lines, passedOver), () -> String.join("\n", text));
        return ExitCode.DONE;
    }

    private static boolean isTrusted(KeyRing keys, SubModelRelease release) {
        return keys.trusted(release.keyId())
                .filter(key -> key.verifies(release))
                .isPresent();
    }

    private String describe(Line line) {
        return line.model() + "/" + line.submodel() + "  in use: " + line.inUse() + "  kept: " + line.kept()
                + (dryRun ? "  would be removed: " : "  removed: ") + line.removed() + " (" + line.files() + " files)";
    }
}
