package dev.sparsecast.benchmarks;

import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * What a worker's process looks like at some moment; memory in MB (10⁶ bytes).
 *
 * @param seconds since the start
 * @param tokens tokens that went through the model
 * @param taken records published: counted, held out or rejected
 * @param cut prompts cut
 * @param deadLetters records rejected
 * @param flushes transactions
 * @param recoveries times that it went back to the committed offsets
 * @param heap Java heap in use
 * @param liveHeap what was left after the newest collection of the old generation, 0 before the first
 * @param heapCommitted Java heap that the JVM has taken from the system
 * @param jvmNative what the JVM took besides the heap: code, metaspace, threads, buffers, its own
 * @param rss resident memory of the process
 */
record SoakSample(
        double seconds,
        double tokens,
        double taken,
        double cut,
        double deadLetters,
        double flushes,
        double recoveries,
        double heap,
        double liveHeap,
        double heapCommitted,
        double jvmNative,
        double rss) {
    static final String HEADER = """
            | minute | tokens/s | records | cut | dead letters | flushes | recoveries | heap used | heap live | heap committed | JVM native | RSS | RSS beside both |
            | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |""";

    /** Resident memory that is neither Java heap nor known to the JVM: the engine's, mostly. Files mapped are in it, too. */
    double engine() {
        return rss - heapCommitted - jvmNative;
    }

    /** A row of a table, the speed since an earlier sample. */
    String row(SoakSample earlier) {
        double elapsed = seconds - earlier.seconds;
        return String.format(
                Locale.ROOT,
                "| %.1f | %.0f | %.0f | %.0f | %.0f | %.0f | %.0f | %.0f | %.0f | %.0f | %.0f | %.0f | %.0f |",
                seconds / 60,
                elapsed > 0 ? (tokens - earlier.tokens) / elapsed : 0,
                taken,
                cut,
                deadLetters,
                flushes,
                recoveries,
                heap,
                liveHeap,
                heapCommitted,
                jvmNative,
                rss,
                engine());
    }

    /** How fast each memory grew in the second half, by least squares. */
    static String growth(List<SoakSample> samples) {
        List<SoakSample> half = samples.subList(samples.size() / 2, samples.size());
        if (half.size() < 2) {
            return "too few rows to tell growth";
        }
        return String.format(
                Locale.ROOT,
                "growth over the last %.1f minutes, MB an hour: heap used %.1f, heap live %.1f, JVM native %.1f, RSS %.1f,"
                        + " RSS beside both %.1f",
                (half.getLast().seconds - half.getFirst().seconds) / 60,
                perHour(half, SoakSample::heap),
                perHour(half, SoakSample::liveHeap),
                perHour(half, SoakSample::jvmNative),
                perHour(half, SoakSample::rss),
                perHour(half, SoakSample::engine));
    }

    private static double perHour(List<SoakSample> samples, ToDoubleFunction<SoakSample> value) {
        double meanTime =
                samples.stream().mapToDouble(SoakSample::seconds).average().orElse(0);
        double meanValue = samples.stream().mapToDouble(value).average().orElse(0);
        double products = 0;
        double squares = 0;
        for (SoakSample sample : samples) {
            double time = sample.seconds - meanTime;
            products += time * (value.applyAsDouble(sample) - meanValue);
            squares += time * time;
        }
        return 3600 * products / squares;
    }
}
