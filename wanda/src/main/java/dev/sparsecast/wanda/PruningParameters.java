package dev.sparsecast.wanda;

import java.util.OptionalDouble;

/**
 * How a sub-model is made from weights and a calibration.
 *
 * @param method how weights are scored
 * @param pattern where zeros may lie
 * @param sparsity share of the weights of each row that are pruned, in [0, 1); with an N:M pattern exactly {@code 1 - N/M}
 */
public record PruningParameters(Method method, Pattern pattern, double sparsity) {
    private static final double SAME = 1e-9;

    /** @throws PruningException if the sparsity is outside [0, 1) or is not that of the pattern */
    public PruningParameters {
        if (!(sparsity >= 0 && sparsity < 1)) {
            throw new PruningException("sparsity " + sparsity
                    + " cannot be used: it is the share of weights to prune, from 0 up to but not including 1");
        }
        if (pattern instanceof Pattern.NOfM nOfM) {
            if (Math.abs(sparsity - nOfM.sparsity()) > SAME) {
                throw new PruningException("sparsity " + sparsity + " contradicts pattern " + nOfM.label()
                        + ", which prunes a share of " + nOfM.sparsity() + ": leave the sparsity out or give that");
            }
            sparsity = nOfM.sparsity();
        }
    }

    /**
     * Parameters from the words of a command or a file.
     *
     * @param sparsity may be absent with an N:M pattern
     * @throws PruningException if a word is unknown or a value cannot be used
     */
    public static PruningParameters parse(String method, String pattern, OptionalDouble sparsity) {
        Method parsedMethod = Method.parse(method);
        Pattern parsedPattern = Pattern.parse(pattern);
        double share =
                switch (parsedPattern) {
                    case Pattern.NOfM nOfM -> sparsity.orElse(nOfM.sparsity());
                    case Pattern.Unstructured unstructured ->
                        sparsity.orElseThrow(() -> new PruningException("pattern " + unstructured.label()
                                + " needs a sparsity: the share of weights to prune, such as 0.5"));
                };
        return new PruningParameters(parsedMethod, parsedPattern, share);
    }
}
