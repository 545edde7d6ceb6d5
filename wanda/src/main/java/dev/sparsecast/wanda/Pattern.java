package dev.sparsecast.wanda;

import java.util.regex.Matcher;

/** Where the zeros may lie. */
public sealed interface Pattern {
    /** The pattern's name in commands, files and topics: {@code unstructured}, {@code whole-matrix} or {@code N:M}. */
    String label();

    /** Anywhere: every row loses the same number of weights. */
    record Unstructured() implements Pattern {
        @Override
        public String label() {
            return "unstructured";
        }
    }

    /** Anywhere in the matrix: weights compete with those of other rows too, so rows may lose different numbers. */
    record WholeMatrix() implements Pattern {
        @Override
        public String label() {
            return "whole-matrix";
        }
    }

    /**
     * In every {@code group} consecutive columns of a row {@code kept} weights stay and the {@code group - kept} with the
     * lowest scores are pruned: {@code 2:4} keeps two of four, {@code 4:8} four of eight. The sparsity is {@code 1 - kept
     * / group}.
     *
     * @param kept N, the weights that stay in each group; at least 1 and less than {@code group}
     * @param group M, the columns of a group; at most {@value #LARGEST_GROUP}
     */
    record NOfM(int kept, int group) implements Pattern {
        /** Largest M. */
        public static final int LARGEST_GROUP = 16;

        public NOfM {
            if (kept < 1 || kept >= group || group > LARGEST_GROUP) {
                throw new PruningException("pattern '" + kept + ":" + group
                        + "' cannot be used: N:M keeps N of every M weights, with 1 <= N < M <= " + LARGEST_GROUP);
            }
        }

        @Override
        public String label() {
            return kept + ":" + group;
        }

        /** Weights pruned in each group. */
        public int pruned() {
            return group - kept;
        }

        /** Share of weights pruned. */
        public double sparsity() {
            return (double) pruned() / group;
        }
    }

    /** The same number in every row, without other constraints. */
    Pattern UNSTRUCTURED = new Unstructured();

    /** The same share of every matrix, without other constraints. */
    Pattern WHOLE_MATRIX = new WholeMatrix();

    /**
     * The pattern of a label.
     *
     * @throws PruningException if it is neither {@code unstructured} nor {@code whole-matrix} nor a usable {@code N:M}
     */
    static Pattern parse(String label) {
        if (label.equals(UNSTRUCTURED.label())) {
            return UNSTRUCTURED;
        }
        if (label.equals(WHOLE_MATRIX.label())) {
            return WHOLE_MATRIX;
        }
        Matcher matcher =
                java.util.regex.Pattern.compile("(\\d{1,4}):(\\d{1,4})").matcher(label);
        if (!matcher.matches()) {
            throw new PruningException("unknown pattern '" + label
                    + "': give unstructured, whole-matrix, or N:M such as 2:4 to keep N of every M weights");
        }
        return new NOfM(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
    }
}
