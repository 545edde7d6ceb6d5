package dev.sparsecast.wanda;

import java.math.BigDecimal;
import java.util.List;

/** How the sparsity is spread over the decoder blocks. */
public sealed interface Budget {
    /** The budget's name in commands, files and topics: {@code uniform} or {@code owl:M:λ}. */
    String label();

    /** Every block has the same sparsity. */
    record Uniform() implements Budget {
        @Override
        public String label() {
            return "uniform";
        }
    }

    /**
     * Blocks with more outliers keep more: Yin et al., "Outlier Weighed Layerwise Sparsity (OWL): A Missing Secret Sauce for
     * Pruning LLMs to High Sparsity", ICML 2024 (arXiv 2310.05175). {@link dev.sparsecast.wanda.budget.OutlierBudgets}
     * finds the sparsities.
     *
     * @param multiple M: a score is an outlier if it is more than so many times the mean of its block
     * @param spread λ: the sparsities lie in a range of {@code 2λ}
     */
    record Owl(double multiple, double spread) implements Budget {
        /** What the paper takes: M = 5, λ = 0.08. */
        public static final Owl DEFAULT = new Owl(5, 0.08);

        public Owl {
            if (!(multiple > 0 && multiple <= 1_000_000) || !(spread >= 0 && spread < 0.5)) {
                throw new PruningException("budget owl cannot be used with M = " + multiple + " and λ = " + spread
                        + ": M must be positive and λ at least 0 and less than 0.5, as in owl:5:0.08");
            }
        }

        @Override
        public String label() {
            return "owl:" + plain(multiple) + ":" + plain(spread);
        }

        private static String plain(double value) {
            return BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
        }
    }

    /**
     * Sparsities that were found, one for each block.
     *
     * @param rule what they were found by
     * @param sparsities share of the weights of each block that are pruned, in [0, 1)
     */
    record PerLayer(Owl rule, List<Double> sparsities) implements Budget {
        public PerLayer {
            sparsities = List.copyOf(sparsities);
            for (int layer = 0; layer < sparsities.size(); layer++) {
                if (!(sparsities.get(layer) >= 0 && sparsities.get(layer) < 1)) {
                    throw new PruningException("budget " + rule.label() + " gives layer " + layer + " the sparsity "
                            + sparsities.get(layer)
                            + ", which is not in [0, 1): choose a smaller λ or a sparsity farther from 0 and 1");
                }
            }
        }

        @Override
        public String label() {
            return rule.label();
        }
    }

    /** The budget that gives all blocks the same. */
    Budget UNIFORM = new Uniform();

    /** What {@code owl} without M and λ means. */
    String OWL = "owl";

    /**
     * The budget of a label: {@code uniform}, {@code owl}, or {@code owl:M:λ} such as {@code owl:5:0.08}.
     *
     * @throws PruningException if it is none of these
     */
    static Budget parse(String label) {
        if (label.equals(UNIFORM.label())) {
            return UNIFORM;
        }
        if (label.equals(OWL)) {
            return Owl.DEFAULT;
        }
        String[] parts = label.split(":", -1);
        if (parts.length == 3 && parts[0].equals(OWL)) {
            try {
                return new Owl(Double.parseDouble(parts[1]), Double.parseDouble(parts[2]));
            } catch (NumberFormatException _) {
                // refused below
            }
        }
        throw new PruningException(
                "unknown budget '" + label + "': give uniform, owl, or owl with its M and λ, such as owl:5:0.08");
    }
}
