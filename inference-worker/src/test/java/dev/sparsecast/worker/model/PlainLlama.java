package dev.sparsecast.worker.model;

import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.RotaryPositions;
import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.checkpoint.Tensor;
import dev.sparsecast.checkpoint.Weights;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The plain twin of {@link LanguageModel}: one sequence, one position and one number at a time, in double precision,
 * written from the papers' formulas and sharing no code with it.
 */
final class PlainLlama {
    private final Weights weights;
    private final ModelConfig config;

    PlainLlama(Weights weights) {
        this.weights = weights;
        this.config = weights.config();
    }

    /**
     * What the model makes of a sequence.
     *
     * @param logits [position][vocabulary]
     * @param taps per layer and tap the input vectors, [position][channel]
     */
    record Run(double[][] logits, List<Map<Tap, double[][]>> taps) {
        double[] sumSquares(int layer, Tap tap) {
            double[][] vectors = taps.get(layer).get(tap);
            double[] sums = new double[vectors[0].length];
            for (double[] vector : vectors) {
                for (int i = 0; i < sums.length; i++) {
                    sums[i] += vector[i] * vector[i];
                }
            }
            return sums;
        }

        double[] sum(int layer, Tap tap) {
            double[][] vectors = taps.get(layer).get(tap);
            double[] sums = new double[vectors[0].length];
            for (double[] vector : vectors) {
                for (int i = 0; i < sums.length; i++) {
                    sums[i] += vector[i];
                }
            }
            return sums;
        }

        double negativeLogLikelihood(int[] tokens) {
            double total = 0;
            for (int position = 0; position + 1 < tokens.length; position++) {
                double partition = 0;
                for (double logit : logits[position]) {
                    partition += Math.exp(logit);
                }
                total += Math.log(partition) - logits[position][tokens[position + 1]];
            }
            return total;
        }
    }

    Run run(int[] tokens) {
        int length = tokens.length;
        double[][] stream = new double[length][];
        for (int t = 0; t < length; t++) {
            stream[t] = row(weights.tensor("model.embed_tokens.weight"), tokens[t]);
            for (int i = 0; config.traits().scaledEmbedding() && i < stream[t].length; i++) {
                stream[t][i] *= Math.sqrt(config.hiddenSize());
            }
        }
        List<Map<Tap, double[][]>> taps = new ArrayList<>();
        for (int layer = 0; layer < config.layers(); layer++) {
            taps.add(block("model.layers." + layer + ".", stream));
        }
        String head = config.tiedEmbeddings() ? "model.embed_tokens.weight" : "lm_head.weight";
        double[][] logits = new double[length][];
        for (int t = 0; t < length; t++) {
            logits[t] = times(weights.tensor(head), norm("model.norm.weight", stream[t], 0, config.hiddenSize()));
        }
        return new Run(logits, taps);
    }

    private Map<Tap, double[][]> block(String prefix, double[][] stream) {
        int length = stream.length;
        double[][] input = new double[length][];
        double[][] queries = new double[length][];
        double[][] keys = new double[length][];
        double[][] values = new double[length][];
        for (int t = 0; t < length; t++) {
            input[t] = norm(prefix + "input_layernorm.weight", stream[t], 0, config.hiddenSize());
            queries[t] = rotate(
                    headNorms(prefix + "self_attn.q_norm.weight", linear(prefix, "self_attn.q_proj", input[t])), t);
            keys[t] = rotate(
                    headNorms(prefix + "self_attn.k_norm.weight", linear(prefix, "self_attn.k_proj", input[t])), t);
            values[t] = linear(prefix, "self_attn.v_proj", input[t]);
        }
        double[][] attended = new double[length][];
        double[][] mlpInput = new double[length][];
        double[][] hidden = new double[length][];
        for (int t = 0; t < length; t++) {
            attended[t] = attend(queries[t], keys, values, t);
            addTo(stream[t], linear(prefix, "self_attn.o_proj", attended[t]));
            mlpInput[t] = norm(prefix + "post_attention_layernorm.weight", stream[t], 0, config.hiddenSize());
            double[] gate = linear(prefix, "mlp.gate_proj", mlpInput[t]);
            hidden[t] = linear(prefix, "mlp.up_proj", mlpInput[t]);
            for (int i = 0; i < gate.length; i++) {
                hidden[t][i] *= activation(gate[i]);
            }
            addTo(stream[t], linear(prefix, "mlp.down_proj", hidden[t]));
        }
        return new EnumMap<>(Map.of(
                Tap.ATTENTION_INPUT, input,
                Tap.ATTENTION_OUTPUT, attended,
                Tap.MLP_INPUT, mlpInput,
                Tap.MLP_HIDDEN, hidden));
    }

    private double[] attend(double[] query, double[][] keys, double[][] values, int position) {
        int d = config.headDim();
        int oldest = Math.max(0, position + 1 - config.traits().slidingWindow().orElse(position + 1));
        double[] result = new double[config.heads() * d];
        for (int head = 0; head < config.heads(); head++) {
            int shared = head / (config.heads() / config.keyValueHeads());
            double[] probability = new double[position + 1];
            double partition = 0;
            for (int t = oldest; t <= position; t++) {
                double score = 0;
                for (int i = 0; i < d; i++) {
                    score += query[head * d + i] * keys[t][shared * d + i];
                }
                probability[t] = Math.exp(score / Math.sqrt(d));
                partition += probability[t];
            }
            for (int t = oldest; t <= position; t++) {
                for (int i = 0; i < d; i++) {
                    result[head * d + i] += probability[t] / partition * values[t][shared * d + i];
                }
            }
        }
        return result;
    }

    private double[] rotate(double[] heads, int position) {
        int d = config.headDim();
        double[] turned = new double[heads.length];
        for (int start = 0; start < heads.length; start += d) {
            for (int i = 0; i < d / 2; i++) {
                double angle = position * frequency(Math.pow(config.rotary().theta(), -2.0 * i / d));
                double a = heads[start + i];
                double b = heads[start + i + d / 2];
                turned[start + i] = a * Math.cos(angle) - b * Math.sin(angle);
                turned[start + i + d / 2] = b * Math.cos(angle) + a * Math.sin(angle);
            }
        }
        return turned;
    }

    private double frequency(double plain) {
        return switch (config.rotary().scaling()) {
            case RotaryPositions.Unscaled() -> plain;
            case RotaryPositions.Linear(double factor) -> plain / factor;
            case RotaryPositions.Llama3(double factor, double low, double high, int original) -> {
                double turns = original * plain / (2 * Math.PI);
                double share = Math.clamp((turns - low) / (high - low), 0, 1);
                yield share * plain + (1 - share) * plain / factor;
            }
        };
    }

    private double activation(double x) {
        return switch (config.traits().activation()) {
            case SILU -> x / (1 + Math.exp(-x));
            case GELU_TANH -> x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
        };
    }

    private double[] headNorms(String gain, double[] heads) {
        if (!config.traits().headNorms()) {
            return heads;
        }
        double[] result = new double[heads.length];
        for (int start = 0; start < heads.length; start += config.headDim()) {
            double[] head = norm(gain, heads, start, config.headDim());
            System.arraycopy(head, 0, result, start, head.length);
        }
        return result;
    }

    /** Of {@code length} elements of {@code x} from {@code start} on. */
    private double[] norm(String gain, double[] x, int start, int length) {
        double meanSquare = 0;
        for (int i = 0; i < length; i++) {
            meanSquare += x[start + i] * x[start + i] / length;
        }
        Tensor gains = weights.tensor(gain);
        double[] result = new double[length];
        for (int i = 0; i < length; i++) {
            double g = gains.get(i) + (config.traits().onePlusNorms() ? 1 : 0);
            result[i] = x[start + i] / Math.sqrt(meanSquare + config.rmsNormEpsilon()) * g;
        }
        return result;
    }

    private double[] linear(String prefix, String module, double[] x) {
        double[] result = times(weights.tensor(prefix + module + ".weight"), x);
        for (int i = 0; config.traits().hasBias(module) && i < result.length; i++) {
            result[i] += weights.tensor(prefix + module + ".bias").get(i);
        }
        return result;
    }

    private static double[] times(Tensor matrix, double[] x) {
        double[] result = new double[matrix.rows()];
        for (int row = 0; row < result.length; row++) {
            for (int i = 0; i < x.length; i++) {
                result[row] += matrix.get((long) row * x.length + i) * x[i];
            }
        }
        return result;
    }

    private static double[] row(Tensor matrix, int row) {
        double[] result = new double[matrix.columns()];
        for (int i = 0; i < result.length; i++) {
            result[i] = matrix.get((long) row * result.length + i);
        }
        return result;
    }

    private static void addTo(double[] target, double[] addend) {
        for (int i = 0; i < target.length; i++) {
            target[i] += addend[i];
        }
    }
}
