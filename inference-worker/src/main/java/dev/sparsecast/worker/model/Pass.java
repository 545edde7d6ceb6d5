package dev.sparsecast.worker.model;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What goes through the model at once: runs of sequences, each of similar lengths, the longest first.
 *
 * @param runs of which a decoder pads each by itself, if it pads at all
 */
record Pass(List<SequenceBatch> runs) {
    Pass {
        runs = List.copyOf(runs);
    }

    /**
     * Spreads sequences over passes of at most {@code passTokens} tokens each, padding of runs included, by length.
     * Sequences of a run that share a group lie side by side.
     *
     * @param groups the group of each sequence
     * @param padding a sequence joins a run if this share of the run's width, or less, would be its padding
     */
    static List<Pass> plan(List<int[]> sequences, int[] groups, int passTokens, double padding) {
        List<Integer> order = IntStream.range(0, sequences.size())
                .boxed()
                .sorted(Comparator.comparingInt((Integer i) -> sequences.get(i).length)
                        .reversed())
                .toList();
        List<Pass> passes = new ArrayList<>();
        List<SequenceBatch> runs = new ArrayList<>();
        long tokens = 0;
        int start = 0;
        while (start < order.size()) {
            int width = sequences.get(order.get(start)).length;
            if (!runs.isEmpty() && tokens + width > passTokens) {
                passes.add(new Pass(runs));
                runs.clear();
                tokens = 0;
            }
            int end = start + 1;
            while (end < order.size()
                    && tokens + (long) (end + 1 - start) * width <= passTokens
                    && sequences.get(order.get(end)).length >= width * (1 - padding)) {
                end++;
            }
            runs.add(SequenceBatch.of(order.subList(start, end), sequences, groups));
            tokens += (long) (end - start) * width;
            start = end;
        }
        if (!runs.isEmpty()) {
            passes.add(new Pass(runs));
        }
        return passes;
    }

    /** Tokens of all runs, without padding. */
    int tokens() {
        return runs.stream().mapToInt(SequenceBatch::tokens).sum();
    }

    /** Sequences of all runs. */
    int size() {
        return runs.stream().mapToInt(SequenceBatch::size).sum();
    }

    /** Positions of the longest sequence. */
    int width() {
        return runs.stream().mapToInt(SequenceBatch::width).max().orElseThrow();
    }

    /** Positions of the sequences in the list that was planned, run after run. */
    int[] sequences() {
        return runs.stream().flatMapToInt(run -> IntStream.of(run.sequences())).toArray();
    }
}
