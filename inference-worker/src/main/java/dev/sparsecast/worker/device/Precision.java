package dev.sparsecast.worker.device;

import java.util.Arrays;
import java.util.stream.Collectors;

/** What a model computes in. Norms, sums and probabilities are in float32 whatever the precision. */
public enum Precision {
    FLOAT32("float32", 6),
    BFLOAT16("bfloat16", 15);

    private final String label;
    private final int torchType;

    Precision(String label, int torchType) {
        this.label = label;
        this.torchType = torchType;
    }

    /** The name on command lines and in reports, such as {@code bfloat16}. */
    public String label() {
        return label;
    }

    /** PyTorch's number of the type ({@code c10::ScalarType}). */
    public int torchType() {
        return torchType;
    }

    /**
     * The precision of a name.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static Precision ofLabel(String label) {
        return Arrays.stream(values())
                .filter(precision -> precision.label.equals(label))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("the precision '" + label + "' is unknown; use "
                        + Arrays.stream(values()).map(Precision::label).collect(Collectors.joining(" or "))));
    }
}
