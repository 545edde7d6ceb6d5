package dev.sparsecast.worker.model;

import dev.sparsecast.checkpoint.ModelConfig;
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
        }
        List<Map<Tap, double[][]>> taps = new ArrayList<>();
        for (int layer = 0; layer < config.layers(); layer++) {
            taps.add(block("model.layers." + layer + ".", stream));
        }
        String head = config.tiedEmbeddings() ? "model.embed_tokens.weight" : "lm_head.weight";
        double[][] logits = new double[length][];
        for (int t = 0; t < length; t++) {
            logits[t] = times(weights.tensor(head), norm("model.norm.weight", stream[t]));
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
            input[t] = norm(prefix + "input_layernorm.weight", stream[t]);
            queries[t] = rotate(times(weights.tensor(prefix + "self_attn.q_proj.weight"), input[t]), t);
            keys[t] = rotate(times(weights.tensor(prefix + "self_attn.k_proj.weight"), input[t]), t);
            values[t] = times(weights.tensor(prefix + "self_attn.v_proj.weight"), input[t]);
        }
        double[][] attended = new double[length][];
        double[][] mlpInput = new double[length][];
        double[][] hidden = new double[length][];
        for (int t = 0; t < length; t++) {
            attended[t] = attend(queries[t], keys, values, t);
            addTo(stream[t], times(weights.tensor(prefix + "self_attn.o_proj.weight"), attended[t]));
            mlpInput[t] = norm(prefix + "post_attention_layernorm.weight", stream[t]);
            double[] gate = times(weights.tensor(prefix + "mlp.gate_proj.weight"), mlpInput[t]);
            hidden[t] = times(weights.tensor(prefix + "mlp.up_proj.weight"), mlpInput[t]);
            for (int i = 0; i < gate.length; i++) {
                hidden[t][i] *= gate[i] / (1 + Math.exp(-gate[i]));
            }
            addTo(stream[t], times(weights.tensor(prefix + "mlp.down_proj.weight"), hidden[t]));
        }
        return new EnumMap<>(Map.of(
                Tap.ATTENTION_INPUT, input,
                Tap.ATTENTION_OUTPUT, attended,
                Tap.MLP_INPUT, mlpInput,
                Tap.MLP_HIDDEN, hidden));
    }

    private double[] attend(double[] query, double[][] keys, double[][] values, int position) {
        int d = config.headDim();
        double[] result = new double[config.heads() * d];
        for (int head = 0; head < config.heads(); head++) {
            int shared = head / (config.heads() / config.keyValueHeads());
            double[] probability = new double[position + 1];
            double partition = 0;
            for (int t = 0; t <= position; t++) {
                double score = 0;
                for (int i = 0; i < d; i++) {
                    score += query[head * d + i] * keys[t][shared * d + i];
                }
                probability[t] = Math.exp(score / Math.sqrt(d));
                partition += probability[t];
            }
            for (int t = 0; t <= position; t++) {
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
                double angle = position * Math.pow(config.rotary().theta(), -2.0 * i / d);
                double a = heads[start + i];
                double b = heads[start + i + d / 2];
                turned[start + i] = a * Math.cos(angle) - b * Math.sin(angle);
                turned[start + i + d / 2] = b * Math.cos(angle) + a * Math.sin(angle);
            }
        }
        return turned;
    }

    private double[] norm(String gain, double[] x) {
        double meanSquare = 0;
        for (double value : x) {
            meanSquare += value * value / x.length;
        }
        Tensor gains = weights.tensor(gain);
        double[] result = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            result[i] = x[i] / Math.sqrt(meanSquare + config.rmsNormEpsilon()) * gains.get(i);
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
