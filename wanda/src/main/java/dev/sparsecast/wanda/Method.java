package dev.sparsecast.wanda;

import java.util.Arrays;
import java.util.stream.Collectors;

/** How a weight is scored. The weights with the lowest scores of their row or group are pruned. */
public enum Method {
    /**
     * {@code |W_ij| · sqrt(Σx_j² / n)}: weight magnitude times the root mean square of the input it meets. Sun et al., "A
     * Simple and Effective Pruning Approach for Large Language Models", ICLR 2024, equation 1. (The paper's norm is over
     * the same tokens for all weights of a row, so dividing by {@code n} changes no order.)
     */
    WANDA("wanda", true),

    /** {@code |W_ij|}: the baseline that looks at no activations. */
    MAGNITUDE("magnitude", false),

    /**
     * {@code (|W_ij| / Σ_i|W_ij| + |W_ij| / Σ_j|W_ij|) · (sqrt(Σx_j² / n))^0.5}: relative importance and activations. Zhang
     * et al., "Plug-and-Play: An Efficient Post-training Pruning Method for Large Language Models", ICLR 2024, equations 2
     * and 3 with a = 0.5. {@link dev.sparsecast.wanda.selection.RelativeImportance} says in what precision.
     */
    RIA("ria", true);

    private final String label;
    private final boolean usesActivations;

    Method(String label, boolean usesActivations) {
        this.label = label;
        this.usesActivations = usesActivations;
    }

    /** The method's name in commands, files and topics, such as {@code wanda}. */
    public String label() {
        return label;
    }

    /** Whether the score depends on activation statistics. */
    public boolean usesActivations() {
        return usesActivations;
    }

    /**
     * The method of a label.
     *
     * @throws PruningException if there is none; the message lists those there are
     */
    public static Method parse(String label) {
        return Arrays.stream(values())
                .filter(method -> method.label.equals(label))
                .findFirst()
                .orElseThrow(() ->
                        new PruningException("unknown pruning method '" + label + "': the known ones are " + known()));
    }

    private static String known() {
        return Arrays.stream(values()).map(Method::label).collect(Collectors.joining(", "));
    }
}
