package dev.sparsecast.wanda;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * How a sub-model is made from weights and a calibration.
 *
 * @param method how weights are scored
 * @param pattern where zeros may lie
 * @param sparsity share of the weights that are pruned, in [0, 1); with an N:M pattern exactly {@code 1 - N/M}
 * @param budget how the sparsity is spread over decoder blocks; other than uniform only where the pattern leaves it free
 */
public record PruningParameters(Method method, Pattern pattern, double sparsity, Budget budget) {
    private static final double SAME = 1e-9;
    private static final String LAYER_SPARSITIES = "layer_sparsities";

    /** @throws PruningException if the sparsity is outside [0, 1), is not that of the pattern, or not the mean of the budget */
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
            if (!(budget instanceof Budget.Uniform)) {
                throw new PruningException("pattern " + nOfM.label() + " prunes the same share everywhere, so budget "
                        + budget.label() + " cannot be used with it: choose another pattern or budget uniform");
            }
        }
        if (budget instanceof Budget.PerLayer found && Math.abs(mean(found.sparsities()) - sparsity) > SAME) {
            throw new PruningException("the sparsities of the layers have a mean of " + mean(found.sparsities())
                    + " but the sparsity is " + sparsity + ": they belong to another sub-model");
        }
    }

    /** The same sparsity for every decoder block. */
    public PruningParameters(Method method, Pattern pattern, double sparsity) {
        this(method, pattern, sparsity, Budget.UNIFORM);
    }

    /** {@link #parse(String, String, OptionalDouble, Optional)} without a budget. */
    public static PruningParameters parse(String method, String pattern, OptionalDouble sparsity) {
        return parse(method, pattern, sparsity, Optional.empty());
    }

    /**
     * Parameters from the words of a command or a file.
     *
     * @param method a method's label, or {@code owl}, which is {@code wanda} with budget {@code owl}
     * @param sparsity may be absent with an N:M pattern
     * @param budget absent: uniform, or what the method implies
     * @throws PruningException if a word is unknown or a value cannot be used
     */
    public static PruningParameters parse(
            String method, String pattern, OptionalDouble sparsity, Optional<String> budget) {
        boolean impliesOwl = method.equals(Budget.OWL);
        Method parsedMethod = impliesOwl ? Method.WANDA : Method.parse(method);
        Budget parsedBudget = Budget.parse(budget.orElse(impliesOwl ? Budget.OWL : Budget.UNIFORM.label()));
        if (impliesOwl && parsedBudget.equals(Budget.UNIFORM)) {
            throw new PruningException("method owl is wanda with budget owl, which contradicts budget uniform");
        }
        Pattern parsedPattern = Pattern.parse(pattern);
        double share =
                switch (parsedPattern) {
                    case Pattern.NOfM nOfM -> sparsity.orElse(nOfM.sparsity());
                    case Pattern.Unstructured _, Pattern.WholeMatrix _ ->
                        sparsity.orElseThrow(() -> new PruningException("pattern " + parsedPattern.label()
                                + " needs a sparsity: the share of weights to prune, such as 0.5"));
                };
        return new PruningParameters(parsedMethod, parsedPattern, share, parsedBudget);
    }

    /** Everything that was asked for on one line, such as {@code wanda unstructured 0.5 uniform}. */
    public String label() {
        return String.join(" ", method.label(), pattern.label(), Double.toString(sparsity), budget.label());
    }

    /** Whether statistics of activations are needed. */
    public boolean usesActivations() {
        return method.usesActivations() || budget instanceof Budget.Owl;
    }

    /** The sparsity of a decoder block, once it is known. */
    public double sparsity(int layer) {
        return switch (budget) {
            case Budget.Uniform _ -> sparsity;
            case Budget.PerLayer found -> found.sparsities().get(layer);
            case Budget.Owl owl ->
                throw new IllegalStateException("the sparsities of budget " + owl.label() + " are not found yet");
        };
    }

    /** The same with another budget. */
    public PruningParameters with(Budget other) {
        return new PruningParameters(method, pattern, sparsity, other);
    }

    /**
     * As metadata of masks and recipes: {@code method}, {@code pattern}, {@code sparsity}, and where the budget is not
     * uniform {@code budget} and {@code layer_sparsities}, separated by commas.
     */
    public Map<String, String> metadata() {
        Map<String, String> metadata = new TreeMap<>();
        metadata.put("method", method.label());
        metadata.put("pattern", pattern.label());
        metadata.put("sparsity", Double.toString(sparsity));
        switch (budget) {
            case Budget.Uniform _ -> {}
            case Budget.Owl owl -> metadata.put("budget", owl.label());
            case Budget.PerLayer found -> {
                metadata.put("budget", found.label());
                metadata.put(
                        LAYER_SPARSITIES,
                        found.sparsities().stream().map(String::valueOf).collect(Collectors.joining(",")));
            }
        }
        return metadata;
    }

    /**
     * Reads {@link #metadata} back.
     *
     * @param file what they stand in, for messages
     * @throws PruningException if something is missing or cannot be used
     */
    public static PruningParameters ofMetadata(String file, Map<String, String> metadata) {
        PruningParameters asked = parse(
                required(file, metadata, "method"),
                required(file, metadata, "pattern"),
                OptionalDouble.of(number(file, required(file, metadata, "sparsity"))),
                Optional.ofNullable(metadata.get("budget")));
        String layers = metadata.get(LAYER_SPARSITIES);
        if (layers == null || !(asked.budget instanceof Budget.Owl rule)) {
            return asked;
        }
        List<Double> sparsities = new ArrayList<>();
        for (String text : layers.split(",", -1)) {
            sparsities.add(number(file, text));
        }
        return asked.with(new Budget.PerLayer(rule, sparsities));
    }

    private static String required(String file, Map<String, String> metadata, String key) {
        String value = metadata.get(key);
        if (value == null) {
            throw new PruningException(file + " lacks the metadata '" + key + "'; make it again");
        }
        return value;
    }

    private static double number(String file, String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            throw new PruningException(file + " has the sparsity '" + text + "', which is no number", e);
        }
    }

    private static double mean(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
    }
}
