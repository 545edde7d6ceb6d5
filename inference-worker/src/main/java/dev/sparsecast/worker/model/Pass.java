package dev.sparsecast.worker.model;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What goes through the model at once: runs of sequences, each of similar lengths, the longest first.
 *
 * @param prefix tokens that all sequences begin with, which need to be run only once
 * @param runs of which a decoder pads each by itself, if it pads at all
 */
record Pass(int prefix, List<SequenceBatch> runs) {
    /** Positions that a run attends to, as a multiple of a pass's tokens: a shared prefix is one for each sequence. */
    private static final int ATTENDED = 8;

    Pass {
        runs = List.copyOf(runs);
    }

    /**
     * How passes are made.
     *
     * @param tokens most tokens of a pass, padding of runs included
     * @param padding a sequence joins a run if this share of the run's width, or less, would be its padding
     * @param sharing whether sequences that begin alike go together, and what they begin with is run only once
     */
    record Limits(int tokens, double padding, boolean sharing) {}

    /**
     * Spreads sequences over passes by length. Sequences of a run that are of one group lie side by side.
     *
     * @param groups the group of each sequence
     */
    static List<Pass> plan(List<int[]> sequences, int[] groups, Limits limits) {
        List<Pass> passes = new ArrayList<>();
        for (SharedPrefix prefix : limits.sharing() ? SharedPrefix.of(sequences) : SharedPrefix.none(sequences)) {
            plan(prefix, sequences, groups, limits, passes);
        }
        return passes;
    }

    private static void plan(
            SharedPrefix prefix, List<int[]> sequences, int[] groups, Limits limits, List<Pass> passes) {
        List<Integer> order = prefix.members().stream()
                .sorted(Comparator.comparingInt((Integer i) -> sequences.get(i).length)
                        .reversed())
                .toList();
        List<SequenceBatch> runs = new ArrayList<>();
        long tokens = prefix.length();
        int start = 0;
        while (start < order.size()) {
            int width = sequences.get(order.get(start)).length - prefix.length();
            if (!runs.isEmpty() && tokens + width > limits.tokens()) {
                passes.add(new Pass(prefix.length(), runs));
                runs.clear();
                tokens = prefix.length();
            }
            long attended = (long) ATTENDED * Math.max(limits.tokens(), prefix.length() + width);
            int end = start + 1;
            while (end < order.size()
                    && tokens + (long) (end + 1 - start) * width <= limits.tokens()
                    && (long) (end + 1 - start) * (prefix.length() + width) <= attended
                    && sequences.get(order.get(end)).length - prefix.length() >= width * (1 - limits.padding())) {
                end++;
            }
            runs.add(SequenceBatch.of(order.subList(start, end), sequences, groups));
            tokens += (long) (end - start) * width;
            start = end;
        }
        if (!runs.isEmpty()) {
            passes.add(new Pass(prefix.length(), runs));
        }
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
