package dev.sparsecast.cli.command;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.cli.releases.ReleaseDifference;
import dev.sparsecast.cli.releases.ReleaseTopics;
import dev.sparsecast.cli.terminal.ExitCode;
import dev.sparsecast.pruner.release.ReleaseHistory;
import dev.sparsecast.schemas.SubModelDecision;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.Artifact;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import dev.sparsecast.schemas.signing.ReleaseManifest;
import dev.sparsecast.schemas.signing.TrustedKeys;
import dev.sparsecast.schemas.signing.VerifyingKey;
import dev.sparsecast.store.ArtifactStore;
import dev.sparsecast.store.ArtifactStore.Stored;
import dev.sparsecast.store.ArtifactStores;
import dev.sparsecast.store.Durable;
import dev.sparsecast.store.VerifiedFetch;
import dev.sparsecast.wanda.mask.MaskComparison;
import dev.sparsecast.wanda.mask.SubModelMask;
import dev.sparsecast.wanda.recipe.Recipe;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** {@code sparsecast releases list|show|diff|decisions}: what was released and why. */
final class ReleaseViewCommands {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private ReleaseViewCommands() {}

    /** Where versions before the newest are, and whose to believe. */
    static final class HistoryOptions {
        @Option(
                names = "--store",
                paramLabel = "URI",
                description = "Store of the artifacts, which has the versions before the newest.")
        private @Nullable String store;

        @Option(
                names = "--trusted-key",
                arity = "1..*",
                paramLabel = "PATH",
                description = "Public keys, or directories of them, of those whose releases to believe.")
        private List<Path> trustedKeys = List.of();

        boolean isGiven() {
            return store != null;
        }

        ArtifactStore open() {
            if (store == null || trustedKeys.isEmpty()) {
                throw new BadInputException(
                        "versions before the newest are in the store only: give --store and --trusted-key.");
            }
            return ArtifactStores.open(store);
        }

        ReleaseHistory history(ArtifactStore opened) {
            List<VerifyingKey> trusted = TrustedKeys.open(trustedKeys).ring().keys();
            return new ReleaseHistory(opened, trusted);
        }
    }

    /** {@code --revision}. */
    static final class RevisionOption {
        @Option(
                names = "--revision",
                paramLabel = "NAME@DIGITS",
                description = "Base model, if several have such a sub-model.")
        private @Nullable String revision;

        Optional<String> get() {
            return Optional.ofNullable(revision);
        }
    }

    /** {@code sparsecast releases list}. */
    @Command(
            name = "list",
            description = "List the newest release of every sub-model; with --store and a name, all its versions.")
    static final class ListReleases implements Callable<Integer> {
        @Parameters(paramLabel = "NAME", arity = "0..1", description = "Sub-model (default: all).")
        private @Nullable String name;

        @Mixin
        private final ClusterOptions cluster = new ClusterOptions();

        @Mixin
        private final RevisionOption revision = new RevisionOption();

        @Mixin
        private final HistoryOptions options = new HistoryOptions();

        @Mixin
        private final OutputOptions output = new OutputOptions();

        /** What {@code --json} prints for each. */
        record Line(
                String model,
                String submodel,
                int version,
                String released,
                String trigger,
                double candidatePerplexity,
                double densePerplexity,
                boolean pinned,
                boolean revoked,
                OptionalInt restores) {}

        @Override
        public Integer call() {
            ReleaseTopics topics = new ReleaseTopics(cluster.connect());
            List<Line> lines = new ArrayList<>();
            if (name == null) {
                topics.newest().forEach(release -> lines.add(line(release, release)));
            } else {
                SubModelRelease newest = topics.newest(name, revision.get());
                versions(newest).forEach(release -> lines.add(line(release, newest)));
            }
            output.print(
                    Map.of("releases", lines),
                    () -> lines.stream().map(ListReleases::describe).collect(Collectors.joining("\n")));
            return ExitCode.DONE;
        }

        private List<SubModelRelease> versions(SubModelRelease newest) {
            if (!options.isGiven()) {
                return List.of(newest);
            }
            try (ArtifactStore store = options.open()) {
                return options.history(store).upTo(newest.key(), newest.version());
            }
        }

        private static Line line(SubModelRelease release, SubModelRelease newest) {
            return new Line(
                    release.model(),
                    release.submodel(),
                    release.version(),
                    release.releasedAt().toString(),
                    release.trigger().label(),
                    release.quality().candidate(),
                    release.quality().dense(),
                    release.rollout().pinned(),
                    newest.rollout().isRevoked(release.version()),
                    release.rollout().restores());
        }

        private static String describe(Line line) {
            return String.format(
                    Locale.ROOT,
                    "%s/%s %d  %s  %s  perplexity %.3f (dense %.3f)%s%s%s",
                    line.model(),
                    line.submodel(),
                    line.version(),
                    line.released(),
                    line.trigger(),
                    line.candidatePerplexity(),
                    line.densePerplexity(),
                    line.restores().isPresent()
                            ? "  restores " + line.restores().getAsInt()
                            : "",
                    line.pinned() ? "  pinned" : "",
                    line.revoked() ? "  revoked" : "");
        }
    }

    /** {@code sparsecast releases show}. */
    @Command(name = "show", description = "Show the manifest of a version, the newest unless another is named.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    static final class Show implements Callable<Integer> {
        @Parameters(index = "0", paramLabel = "NAME", description = "Sub-model.")
        private String name;

        @Parameters(index = "1", paramLabel = "VERSION", arity = "0..1", description = "Version (default: the newest).")
        private @Nullable Integer version;

        @Mixin
        private final ClusterOptions cluster = new ClusterOptions();

        @Mixin
        private final RevisionOption revision = new RevisionOption();

        @Mixin
        private final HistoryOptions options = new HistoryOptions();

        @Mixin
        private final OutputOptions output = new OutputOptions();

        @Override
        public Integer call() {
            SubModelRelease newest = new ReleaseTopics(cluster.connect()).newest(name, revision.get());
            SubModelRelease release = version == null ? newest : found(newest, version, options);
            ObjectNode manifest = (ObjectNode) JSON.readTree(ReleaseManifest.canonicalBytes(release));
            manifest.put("key_id", release.keyId());
            manifest.put("signature", release.signature().hex());
            output.print(manifest, () -> JSON.writerWithDefaultPrettyPrinter().writeValueAsString(manifest));
            return ExitCode.DONE;
        }
    }

    /** {@code sparsecast releases diff}. */
    @Command(
            name = "diff",
            description = {
                "Say what differs between two versions: recipe, artifacts, quality, provenance, rollout;",
                "with --model also how many bits of the mask, by layer."
            })
    @SuppressWarnings("NullAway.Init") // set by picocli
    static final class Diff implements Callable<Integer> {
        @Parameters(index = "0", paramLabel = "NAME", description = "Sub-model.")
        private String name;

        @Parameters(index = "1", paramLabel = "VERSION", description = "One version.")
        private int first;

        @Parameters(index = "2", paramLabel = "VERSION", description = "Another.")
        private int second;

        @Mixin
        private final ClusterOptions cluster = new ClusterOptions();

        @Mixin
        private final RevisionOption revision = new RevisionOption();

        @Mixin
        private final HistoryOptions options = new HistoryOptions();

        @Option(names = "--model", paramLabel = "MODEL", description = "The base model, to make the masks.")
        private @Nullable String model;

        @Mixin
        private final ThreadsOption threads = new ThreadsOption();

        @Mixin
        private final OutputOptions output = new OutputOptions();

        /** What {@code --json} prints. */
        record Result(List<ReleaseDifference.Field> fields, Optional<Bits> bits) {}

        /** Of the masks. */
        record Bits(long bits, long differingBits, double differingShare, List<Long> differingBitsOfLayers) {
            static Bits of(MaskComparison comparison) {
                return new Bits(
                        comparison.total().bits(),
                        comparison.total().differingBits(),
                        comparison.total().differingShare(),
                        comparison.layers().stream()
                                .map(MaskComparison.Difference::differingBits)
                                .toList());
            }
        }

        @Override
        public Integer call() {
            SubModelRelease newest = new ReleaseTopics(cluster.connect()).newest(name, revision.get());
            SubModelRelease before = found(newest, first, options);
            SubModelRelease after = found(newest, second, options);
            Result result = new Result(ReleaseDifference.between(before, after), bits(before, after));
            output.print(result, () -> describe(result));
            return ExitCode.DONE;
        }

        private Optional<Bits> bits(SubModelRelease before, SubModelRelease after) {
            if (model == null) {
                return Optional.empty();
            }
            try (Checkpoint base = Checkpoint.open(ModelOption.directory(model));
                    ArtifactStore store = options.open()) {
                return Optional.of(Bits.of(
                        MaskComparison.of(mask(base, store, before), mask(base, store, after), threads.count())));
            }
        }

        private SubModelMask mask(Checkpoint base, ArtifactStore store, SubModelRelease release) {
            Artifact artifact = release.artifact(ArtifactKind.RECIPE)
                    .orElseThrow(() -> new FailedException(
                            "version " + release.version() + " has no recipe, so its mask cannot be made."));
            try {
                Path directory = Files.createTempDirectory("sparsecast-");
                try {
                    Path file = directory.resolve("recipe.safetensors");
                    VerifiedFetch.fetch(store, artifact.uri(), new Stored(artifact.bytes(), artifact.sha256()), file);
                    return Recipe.read(file).apply(base, threads.count());
                } finally {
                    Durable.deleteTree(directory);
                }
            } catch (IOException e) {
                throw new UncheckedIOException("cannot make a directory for the recipe", e);
            }
        }

        private static String describe(Result result) {
            List<String> lines = new ArrayList<>();
            for (ReleaseDifference.Field field : result.fields()) {
                lines.add(field.field() + ": " + shown(field.before()) + " -> " + shown(field.after()));
            }
            result.bits().ifPresent(bits -> {
                lines.add(String.format(
                        Locale.ROOT,
                        "mask: %,d of %,d bits differ (%.3f %%); by layer: %s",
                        bits.differingBits(),
                        bits.bits(),
                        100 * bits.differingShare(),
                        bits.differingBitsOfLayers().stream()
                                .map(String::valueOf)
                                .collect(Collectors.joining(" "))));
            });
            return lines.isEmpty() ? "nothing differs" : String.join("\n", lines);
        }

        private static String shown(String value) {
            return value.isEmpty() ? "-" : value;
        }
    }

    /** {@code sparsecast releases decisions}. */
    @Command(
            name = "decisions",
            description = "Show what was decided about candidates and commands, and on which figures, oldest first.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    static final class Decisions implements Callable<Integer> {
        @Parameters(paramLabel = "NAME", description = "Sub-model.")
        private String name;

        @Mixin
        private final ClusterOptions cluster = new ClusterOptions();

        @Mixin
        private final RevisionOption revision = new RevisionOption();

        @Mixin
        private final OutputOptions output = new OutputOptions();

        @Override
        public Integer call() {
            List<SubModelDecision> decisions = new ReleaseTopics(cluster.connect())
                    .decisions().stream()
                            .filter(decision -> decision.submodel().equals(name)
                                    && revision.get()
                                            .map(decision.model()::equals)
                                            .orElse(true))
                            .toList();
            output.print(
                    Map.of("decisions", decisions),
                    () -> decisions.isEmpty()
                            ? "nothing was decided about '" + name + "'"
                            : decisions.stream().map(Decisions::describe).collect(Collectors.joining("\n")));
            return ExitCode.DONE;
        }

        private static String describe(SubModelDecision decision) {
            return decision.at() + "  " + decision.outcome().label()
                    + (decision.version().isPresent()
                            ? " as version " + decision.version().getAsInt()
                            : "")
                    + (decision.trigger().isEmpty() ? "" : " (" + decision.trigger() + ")")
                    + ": " + decision.reason()
                    + decision.figures()
                            .map(figures -> ", on " + figures.prompts() + " prompts")
                            .orElse("");
        }
    }

    private static SubModelRelease found(SubModelRelease newest, int version, HistoryOptions options) {
        if (version == newest.version()) {
            return newest;
        }
        try (ArtifactStore store = options.open()) {
            return options.history(store)
                    .release(newest.key(), version)
                    .filter(release -> version < newest.version())
                    .orElseThrow(() -> new FailedException("there is no version " + version + " of "
                            + newest.key() + " in the store that a trusted key signed; the newest is "
                            + newest.version() + "."));
        }
    }
}
