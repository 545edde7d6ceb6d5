package dev.sparsecast.worker.model;

import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Sequences that begin alike, such as with a system prompt: a causal model's values there are the same in all of them.
 *
 * @param length tokens that all members begin with, fewer than the shortest has; 0: nothing is shared
 * @param members positions in the list of sequences
 */
record SharedPrefix(int length, List<Integer> members) {
    /** A prefix is shared from this length on, and where this many tokens need not be run again. */
    static final int SHORTEST = 64;

    private static final int LEAST_SAVED = 512;

    SharedPrefix {
        members = List.copyOf(members);
    }

    /** Spreads sequences by what they begin with; those that share too little are together in one without a prefix. */
    static List<SharedPrefix> of(List<int[]> sequences) {
        Map<IntBuffer, List<Integer>> byBeginning = new LinkedHashMap<>();
        List<Integer> others = new ArrayList<>();
        for (int i = 0; i < sequences.size(); i++) {
            if (sequences.get(i).length > SHORTEST) {
                byBeginning
                        .computeIfAbsent(IntBuffer.wrap(sequences.get(i), 0, SHORTEST), beginning -> new ArrayList<>())
                        .add(i);
            } else {
                others.add(i);
            }
        }
        List<SharedPrefix> prefixes = new ArrayList<>();
        for (List<Integer> members : byBeginning.values()) {
            int length = commonLength(sequences, members);
            if ((long) length * (members.size() - 1) >= LEAST_SAVED) {
                prefixes.add(new SharedPrefix(length, members));
            } else {
                others.addAll(members);
            }
        }
        prefixes.add(new SharedPrefix(0, others));
        return prefixes;
    }

    /** A list in which nothing is shared. */
    static List<SharedPrefix> none(List<int[]> sequences) {
        List<Integer> members = new ArrayList<>();
        for (int i = 0; i < sequences.size(); i++) {
            members.add(i);
        }
        return List.of(new SharedPrefix(0, members));
    }

    private static int commonLength(List<int[]> sequences, List<Integer> members) {
        int[] first = sequences.get(members.getFirst());
        int length = first.length - 1;
        for (int member : members) {
            int[] tokens = sequences.get(member);
            int limit = Math.min(length, tokens.length - 1);
            int differs = Arrays.mismatch(first, 0, limit, tokens, 0, limit);
            length = differs < 0 ? limit : differs;
        }
        return length;
    }
}
