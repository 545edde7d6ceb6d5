package dev.sparsecast.console;

import dev.sparsecast.console.state.PipelineState;
import dev.sparsecast.schemas.ActivationNorms;
import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.DriftReport;
import dev.sparsecast.schemas.DriftState;
import dev.sparsecast.schemas.FlushDigest;
import dev.sparsecast.schemas.GroupKey;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.SubModelDeployment;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.Artifact;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import dev.sparsecast.schemas.SubModelRelease.GroupProvenance;
import dev.sparsecast.schemas.SubModelRelease.PruningRecipe;
import dev.sparsecast.schemas.SubModelRelease.Quality;
import dev.sparsecast.schemas.SubModelRelease.Signature;
import dev.sparsecast.schemas.SubModelRelease.Trigger;
import dev.sparsecast.schemas.TapDrift;
import dev.sparsecast.schemas.TapNorms;
import dev.sparsecast.schemas.TapTotals;
import dev.sparsecast.schemas.Totals;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Random;

/** Five minutes of a small pipeline that ends at a given instant: six groups, one of which drifts and is released again. */
public final class SamplePipeline {
    public static final String MODEL = "tiny-coder@0123456789ab";
    public static final List<GroupKey> GROUPS = List.of(
            new GroupKey(MODEL, "cpp", "code"),
            new GroupKey(MODEL, "en", "commonsense"),
            new GroupKey(MODEL, "en", "math"),
            new GroupKey(MODEL, "java", "code"),
            new GroupKey(MODEL, "javascript", "code"),
            new GroupKey(MODEL, "python", "code"));

    private static final int LAYERS = 6;
    private static final Map<String, Integer> TAPS =
            Map.of("attention_input", 192, "attention_output", 192, "mlp_input", 192, "mlp_hidden", 512);
    private static final Duration SPAN = Duration.ofMinutes(5);

    private final PipelineState state;
    private final Instant end;
    private final Random random = new Random(7);

    private SamplePipeline(PipelineState state, Instant end) {
        this.state = state;
        this.end = end;
    }

    public static void fill(PipelineState state, Instant end) {
        SamplePipeline sample = new SamplePipeline(state, end);
        sample.traffic();
        GROUPS.forEach(sample::group);
        sample.releases();
        state.deadLetter("dead-letters.prompts.java", "prompt 'java-77' has no text");
        state.caughtUp();
    }

    private void traffic() {
        Instant start = end.minus(SPAN);
        int number = 0;
        for (long second = 0; second < SPAN.toSeconds(); second++) {
            for (GroupKey group : GROUPS) {
                boolean python = group.language().equals("python");
                double rate = 3 + 2 * Math.sin(second / 40.0 + group.hashCode() % 7) + (python && second > 200 ? 4 : 0);
                for (int one = 0; one < rate + random.nextDouble() - 0.5; one++) {
                    state.prompt(
                            new Prompt("p-" + number++, group.language(), group.domain(), "text", "", Map.of()),
                            start.plusSeconds(second));
                }
            }
            if (second % 4 == 0) {
                flush("worker-" + (second % 8 == 0 ? "a" : "b"), "flush-" + second, start.plusSeconds(second));
            }
        }
    }

    private void flush(String worker, String id, Instant at) {
        TapNorms tap = new TapNorms("attention_input", new float[] {1}, new float[] {1});
        for (GroupKey group : GROUPS) {
            for (int layer = 0; layer < LAYERS; layer++) {
                state.norms(
                        group.layer(layer),
                        new ActivationNorms(id, worker, at, LAYERS, 3000 + random.nextInt(900), 12, 4, List.of(tap)));
            }
        }
    }

    private void group(GroupKey key) {
        for (int layer = 0; layer < LAYERS; layer++) {
            boolean behind = key.domain().equals("math") && layer >= 4;
            FlushDigest digest = FlushDigest.EMPTY.plus(behind ? "earlier" : "latest");
            double tokens = behind ? 221_000 : 243_120;
            state.statistics(
                    key.layer(layer),
                    new ActivationStatistics(
                            LAYERS,
                            behind ? 40 : 41,
                            5000,
                            75,
                            digest,
                            end.minusSeconds(3),
                            11,
                            totals(key, layer, tokens, 912),
                            totals(key, layer, 50_000, 190),
                            50_000));
        }
        for (int step = 0; step < 40; step++) {
            drift(key, step);
        }
    }

    private Totals totals(GroupKey key, int layer, double tokens, double prompts) {
        List<TapTotals> taps = new ArrayList<>();
        TAPS.forEach((tap, channels) -> {
            double[] squares = new double[channels];
            for (int channel = 0; channel < channels; channel++) {
                double wave = 1.2 + Math.sin(channel / 17.0 + layer + key.hashCode() % 5);
                squares[channel] = tokens * wave * wave * (1 + layer * 0.4) * (0.8 + 0.4 * random.nextDouble());
            }
            taps.add(new TapTotals(tap, squares, new double[channels]));
        });
        return new Totals(tokens, prompts, taps);
    }

    private void drift(GroupKey key, int step) {
        double noise = 0.035;
        double threshold = 0.085;
        double shift = key.language().equals("python") && step > 22 ? 0.013 * (step - 22) : 0;
        double effect = noise + shift + 0.012 * random.nextDouble();
        DriftState drift = step < 4
                ? DriftState.LEARNING
                : effect < threshold
                        ? DriftState.STABLE
                        : effect < threshold + 0.05 ? DriftState.DRIFTING : DriftState.DRIFTED;
        List<TapDrift> measurements = new ArrayList<>();
        for (int layer = 0; layer < LAYERS; layer++) {
            for (String tap : TAPS.keySet()) {
                double local = effect * (0.5 + 0.2 * layer) * (tap.equals("mlp_hidden") ? 1.5 : 0.8);
                measurements.add(new TapDrift(layer, tap, local, local * local / 2, noise));
            }
        }
        state.drift(
                key,
                new DriftReport(
                        step + 2,
                        end.minus(SPAN).plusSeconds(100 + 5L * step),
                        drift,
                        effect,
                        noise,
                        threshold,
                        18_400,
                        step < 4 ? "" : subModel(key),
                        step < 4 ? 0 : 1,
                        measurements));
    }

    private static String subModel(GroupKey key) {
        return key.language().equals("en") ? key.domain() : key.language();
    }

    private void releases() {
        double perplexity = 41.5;
        for (GroupKey key : GROUPS) {
            release(
                    key,
                    1,
                    Trigger.FIRST,
                    end.minusSeconds(190 - 7L * GROUPS.indexOf(key)),
                    perplexity,
                    OptionalDouble.empty());
            perplexity += 1.7;
        }
        GroupKey python = GROUPS.getLast();
        release(python, 2, Trigger.DRIFT, end.minusSeconds(24), 44.1, OptionalDouble.of(45.62));
        GroupKey java = GROUPS.get(3);
        state.deployment(new SubModelDeployment(
                MODEL,
                "java",
                "deployer-2",
                1,
                SubModelDeployment.State.REFUSED,
                "signed by the key 'old-key', which is not trusted; add it to the trusted keys or release again",
                "",
                "",
                end.minusSeconds(160),
                end.minusSeconds(160),
                Map.of("verify", 2L)));
        if (!java.language().equals("java")) {
            throw new IllegalStateException("the sample's fourth group is java");
        }
    }

    private void release(
            GroupKey key, int version, Trigger trigger, Instant at, double perplexity, OptionalDouble current) {
        String name = subModel(key);
        state.release(new SubModelRelease(
                MODEL,
                name,
                version,
                version == 1 ? OptionalInt.empty() : OptionalInt.of(version - 1),
                "sha256:00",
                trigger,
                new PruningRecipe("wanda", "unstructured", 0.6, "sha256:9f8e7d6c5b4a39281706", 50_000),
                List.of(
                        new Artifact(ArtifactKind.RECIPE, name + "/" + version + "/recipe.safetensors", 87_344, "22"),
                        new Artifact(ArtifactKind.CHECKPOINT, name + "/" + version + "/checkpoint", 6_412_000, "33")),
                new Quality(14, 2801, 22.84, perplexity, current),
                List.of(new GroupProvenance(
                        key.language(),
                        key.domain(),
                        1,
                        17L * version,
                        new FlushDigest(-5),
                        101_200L * version,
                        380L * version)),
                at,
                at.plusMillis(1240),
                "pruner-2026",
                Signature.NONE));
        state.deployment(new SubModelDeployment(
                MODEL,
                name,
                "deployer-1",
                version,
                SubModelDeployment.State.DEPLOYED,
                "",
                "state/" + name + "/" + version,
                "sha256:9f8e7d6c5b4a39281706",
                at.plusMillis(1300),
                at.plusMillis(1910),
                Map.of("stage", 31L, "verify", 44L, "materialize", 410L, "sync", 96L, "switch", 3L)));
    }
}
