package dev.sparsecast.benchmarks;

import dev.sparsecast.benchmarks.DriftTrial.Told;
import dev.sparsecast.benchmarks.PromptNorms.Profiled;
import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.schemas.GroupKey;
import dev.sparsecast.streams.drift.DriftSettings;
import dev.sparsecast.worker.model.LanguageModel;
import dev.sparsecast.worker.model.ModelOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Judges drift by what it does: false alarms over long stationary traffic, and how many tokens it takes to see that a share of
 * the traffic has become another. Every prompt is profiled once by a real model; flushes are drawn from these with replacement
 * and go through the topology of the streams app ({@link DriftTrial}).
 *
 * <pre>java … dev.sparsecast.benchmarks.DriftJudgement MODEL PROMPTS small|production RUNS</pre>
 */
public final class DriftJudgement {
    private static final int MOST_PROMPT_TOKENS = 256;
    private static final List<Double> FACTORS = List.of(1.2, 1.3, 1.5, 2.0);
    private static final List<Integer> SHARES = List.of(5, 10, 25, 50, 100);

    /** Files of prompts that traffic comes from, and of those that it moves to. */
    private static final List<Move> MOVES = List.of(
            new Move("python", "python-data", "python/code"),
            new Move("python", "java", "python/code"),
            new Move("java", "cpp", "java/code"),
            new Move("cpp", "python", "cpp/code"),
            new Move("javascript", "java", "javascript/code"),
            new Move("math", "commonsense", "en/math"),
            new Move("commonsense", "math", "en/commonsense"));

    private final Scale scale;
    private final int runs;
    private final Map<String, List<Profiled>> prompts = new HashMap<>();

    private record Move(String from, String to, String group) {
        GroupKey key() {
            return GroupKey.parse("tiny@0123456789ab/" + group);
        }
    }

    /**
     * How much traffic there is.
     *
     * @param flushPrompts prompts of a flush
     * @param before tokens before the release
     * @param after tokens at most after the traffic has moved
     * @param stationary tokens of a run without a move
     */
    private record Scale(
            DriftSettings settings, double halfLife, int flushPrompts, long before, long after, long stationary) {
        static Scale named(String name) {
            return switch (name) {
                case "small" -> new Scale(DriftSettings.small(), 20_000, 3, 9_000, 60_000, 300_000);
                case "production" -> new Scale(DriftSettings.defaults(), 2_000_000, 40, 250_000, 1_000_000, 3_000_000);
                default -> throw new IllegalArgumentException("there is no scale '" + name + "': small or production");
            };
        }
    }

    private DriftJudgement(Scale scale, int runs) {
        this.scale = scale;
        this.runs = runs;
    }

    /** Runs it. */
    public static void main(String[] arguments) throws Exception {
        DriftJudgement judgement = new DriftJudgement(Scale.named(arguments[2]), Integer.parseInt(arguments[3]));
        try (Checkpoint checkpoint = Checkpoint.open(Path.of(arguments[0]));
                LanguageModel model = LanguageModel.load(checkpoint, ModelOptions.defaults())) {
            for (String name : MOVES.stream()
                    .flatMap(move -> Stream.of(move.from(), move.to()))
                    .distinct()
                    .toList()) {
                Path file = Path.of(arguments[1]).resolve(name + ".jsonl");
                judgement.prompts.put(
                        name, PromptNorms.profile(model, checkpoint.tokenizer(), file, MOST_PROMPT_TOKENS));
            }
        }
        judgement.tellFalseAlarms();
        judgement.tellDelays();
    }

    private void tellFalseAlarms() {
        System.out.printf(
                Locale.ROOT,
                "False alarms: runs of %,d stationary tokens that had one, of %d; the same with the source split in halves%n",
                scale.stationary,
                runs);
        System.out.println("| group | " + join(FACTORS) + " | " + join(FACTORS) + " |");
        for (Move move : MOVES.stream().skip(1).toList()) {
            int[] whole = new int[FACTORS.size()];
            int[] split = new int[FACTORS.size()];
            for (int run = 0; run < runs; run++) {
                Random random = new Random(run);
                List<Profiled> all = prompts.get(move.from);
                count(whole, alarms(move, all, all, random));
                List<Profiled> order = new ArrayList<>(all);
                Collections.shuffle(order, random);
                List<Profiled> one = order.subList(0, order.size() / 2);
                List<Profiled> other = order.subList(order.size() / 2, order.size());
                count(split, alarms(move, one, other, random));
            }
            System.out.println("| " + move.group + " | " + joinCounts(whole) + " | " + joinCounts(split) + " |");
        }
    }

    private long[] alarms(Move move, List<Profiled> before, List<Profiled> after, Random random) {
        return run(move, flushes(before, before, 0, random), flushes(after, after, 0, random), scale.stationary);
    }

    private static void count(int[] alarms, long[] detected) {
        for (int factor = 0; factor < alarms.length; factor++) {
            alarms[factor] += detected[factor] >= 0 ? 1 : 0;
        }
    }

    private void tellDelays() {
        System.out.printf(
                Locale.ROOT,
                "Delay: median tokens until drift is established, and of %d runs those in which it was within %,d%n",
                runs,
                scale.after);
        System.out.println("| group, moves to | share | " + join(FACTORS) + " |");
        for (Move move : MOVES) {
            for (int share : SHARES) {
                List<List<Long>> delays = FACTORS.stream()
                        .map(factor -> (List<Long>) new ArrayList<Long>())
                        .toList();
                for (int run = 0; run < runs; run++) {
                    Random random = new Random(1000L * share + run);
                    List<Profiled> from = prompts.get(move.from);
                    long[] detected = run(
                            move,
                            flushes(from, from, 0, random),
                            flushes(from, prompts.get(move.to), share, random),
                            scale.after);
                    for (int factor = 0; factor < detected.length; factor++) {
                        delays.get(factor).add(detected[factor] < 0 ? Long.MAX_VALUE : detected[factor]);
                    }
                }
                System.out.println("| " + move.group + ", " + move.to + " | " + share + " % | "
                        + String.join(" | ", delays.stream().map(this::told).toList()) + " |");
            }
        }
    }

    private String told(List<Long> delays) {
        List<Long> sorted = delays.stream().sorted().toList();
        long found = sorted.stream().filter(delay -> delay < Long.MAX_VALUE).count();
        long median = sorted.get((sorted.size() - 1) / 2);
        return (median == Long.MAX_VALUE ? "–" : String.format(Locale.ROOT, "%,d", median)) + " (" + found + ")";
    }

    /** For each factor the tokens after which drift was established, or -1. */
    private long[] run(Move move, Supplier<List<Profiled>> before, Supplier<List<Profiled>> after, long mostTokens) {
        try (DriftTrial trial = new DriftTrial(move.key(), scale.settings, scale.halfLife)) {
            trial.flush(before, scale.before);
            trial.release();
            List<Told> told = trial.watch(after, mostTokens, reports -> detected(reports, FACTORS.getLast()) >= 0);
            return FACTORS.stream().mapToLong(factor -> detected(told, factor)).toArray();
        }
    }

    /** As the streams app itself decides with that factor: so many parts in a row above the threshold. */
    private long detected(List<Told> reports, double factor) {
        int above = 0;
        for (Told told : reports) {
            double threshold = Math.max(
                    scale.settings.minimumEffect(), factor * told.report().noiseFloor());
            above = told.report().referenceVersion() > 0 && told.report().effect() > threshold ? above + 1 : 0;
            if (above >= scale.settings.consecutive()) {
                return told.tokens();
            }
        }
        return -1;
    }

    /** Flushes of prompts drawn with replacement, so many percent of them from {@code to}. */
    private Supplier<List<Profiled>> flushes(List<Profiled> from, List<Profiled> to, int percent, Random random) {
        return () -> IntStream.range(0, scale.flushPrompts)
                .mapToObj(prompt -> {
                    List<Profiled> source = random.nextInt(100) < percent ? to : from;
                    return source.get(random.nextInt(source.size()));
                })
                .toList();
    }

    private static String join(List<Double> factors) {
        return String.join(" | ", factors.stream().map(String::valueOf).toList());
    }

    private static String joinCounts(int[] counts) {
        return String.join(" | ", IntStream.of(counts).mapToObj(String::valueOf).toList());
    }
}
