package dev.sparsecast.wanda.structured;

import dev.sparsecast.checkpoint.ElementType;
import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.PrunableModule;
import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.checkpoint.Tensor;
import dev.sparsecast.checkpoint.Weights;
import dev.sparsecast.checkpoint.statistics.ModelStatistics;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The tensors of a model that is cut: rows and columns of removed heads and neurons are left out, and o and down get
 * biases for what those contributed on average. Since a Llama's config has biases in all layers of the attention or the
 * MLP or in none, q, k, v, gate and up get biases of zeros.
 */
final class SlimTensors {
    private static final String WEIGHT = ".weight";
    private static final String BIAS = ".bias";

    private final Weights base;
    private final ModelStatistics statistics;
    private final Cut cut;
    private final Map<String, PrunableModule> modules = new HashMap<>();

    SlimTensors(Weights base, ModelStatistics statistics, Cut cut) {
        this.base = base;
        this.statistics = statistics;
        this.cut = cut;
        for (PrunableModule module : PrunableModule.of(base.config())) {
            modules.put(module.name(), module);
        }
    }

    /** What comes in place of a tensor of the base model: itself, or its cut and perhaps the bias that it lacks. */
    List<Tensor> inPlaceOf(Tensor tensor) {
        PrunableModule module = module(tensor.name());
        if (module == null) {
            return List.of(tensor);
        }
        if (tensor.name().endsWith(BIAS)) {
            return List.of(bias(module, tensor.type()));
        }
        List<Tensor> tensors = new ArrayList<>();
        tensors.add(sliced(tensor, keptOutputs(module), keptInputs(module)));
        if (needsBias(module) && !base.hasTensor(module.bias())) {
            tensors.add(bias(module, tensor.type()));
        }
        return tensors;
    }

    private @Nullable PrunableModule module(String tensor) {
        int dot = tensor.lastIndexOf('.');
        return dot >= 0 && (tensor.endsWith(WEIGHT) || tensor.endsWith(BIAS))
                ? modules.get(tensor.substring(0, dot))
                : null;
    }

    private boolean needsBias(PrunableModule module) {
        return isAttention(module) ? cut.cutsHeads(base.config()) : cut.cutsNeurons(base.config());
    }

    private static boolean isAttention(PrunableModule module) {
        return module.tap() == Tap.ATTENTION_INPUT || module.tap() == Tap.ATTENTION_OUTPUT;
    }

    /** The bias that the base model has, cut, and for o and down with what the removed inputs contributed. */
    private Tensor bias(PrunableModule module, ElementType type) {
        int[] outputs = keptOutputs(module);
        double[] values = new double[outputs.length];
        if (base.hasTensor(module.bias())) {
            Tensor had = base.tensor(module.bias());
            for (int i = 0; i < values.length; i++) {
                values[i] = had.get(outputs[i]);
            }
        }
        if (module.tap() == Tap.ATTENTION_OUTPUT || module.tap() == Tap.MLP_HIDDEN) {
            boolean[] kept = new boolean[module.columns()];
            for (int input : keptInputs(module)) {
                kept[input] = true;
            }
            double[] compensation = Fluctuation.compensation(
                    base.tensor(module.weight()),
                    statistics.sums(module.layer(), module.tap()),
                    statistics.tokens(),
                    kept);
            for (int i = 0; i < values.length; i++) {
                values[i] += compensation[i];
            }
        }
        return tensor(module.bias(), type, values);
    }

    private int[] keptOutputs(PrunableModule module) {
        ModelConfig config = base.config();
        Cut.Kept kept = cut.layers().get(module.layer());
        return switch (module.tap()) {
            case ATTENTION_INPUT -> channels(kept.keyValueHeads(), module.rows() / config.keyValueHeads());
            case MLP_INPUT -> kept.neurons();
            case ATTENTION_OUTPUT, MLP_HIDDEN -> all(module.rows());
        };
    }

    private int[] keptInputs(PrunableModule module) {
        Cut.Kept kept = cut.layers().get(module.layer());
        return switch (module.tap()) {
            case ATTENTION_INPUT, MLP_INPUT -> all(module.columns());
            case ATTENTION_OUTPUT ->
                channels(kept.keyValueHeads(), module.columns() / base.config().keyValueHeads());
            case MLP_HIDDEN -> kept.neurons();
        };
    }

    private static int[] all(int count) {
        return IntStream.range(0, count).toArray();
    }

    /** The channels of some heads or groups of heads, each of which has {@code size}. */
    private static int[] channels(int[] groups, int size) {
        return IntStream.of(groups)
                .flatMap(group -> IntStream.range(group * size, (group + 1) * size))
                .toArray();
    }

    private static Tensor sliced(Tensor tensor, int[] rows, int[] columns) {
        int bytes = tensor.type().bytes();
        int fullRow = tensor.columns() * bytes;
        int row = columns.length * bytes;
        MemorySegment data = Arena.ofAuto().allocate((long) rows.length * row, Long.BYTES);
        for (int i = 0; i < rows.length; i++) {
            MemorySegment from = tensor.data().asSlice((long) rows[i] * fullRow, fullRow);
            MemorySegment to = data.asSlice((long) i * row, row);
            if (row == fullRow) {
                to.copyFrom(from);
            } else {
                for (int j = 0; j < columns.length; j++) {
                    MemorySegment.copy(from, (long) columns[j] * bytes, to, (long) j * bytes, bytes);
                }
            }
        }
        return new Tensor(tensor.name(), tensor.type(), List.of((long) rows.length, (long) columns.length), data);
    }

    /** Values rounded to a weight type, by way of float32. */
    private static Tensor tensor(String name, ElementType type, double[] values) {
        MemorySegment data = Arena.ofAuto().allocate((long) values.length * type.bytes(), Long.BYTES);
        var shorts = ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);
        var floats = ValueLayout.JAVA_FLOAT.withOrder(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < values.length; i++) {
            float value = (float) values[i];
            switch (type) {
                case F32 -> data.setAtIndex(floats, i, value);
                case F16 -> data.setAtIndex(shorts, i, Float.floatToFloat16(value));
                case BF16 -> data.setAtIndex(shorts, i, bfloat16(value));
                case F64, I64, I32, I16, I8, U8, BOOL -> throw new IllegalStateException("not a weight type: " + type);
            }
        }
        return new Tensor(name, type, List.of((long) values.length), data);
    }

    /** Rounds a finite value to the nearest, ties to even. */
    static short bfloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
    }
}
