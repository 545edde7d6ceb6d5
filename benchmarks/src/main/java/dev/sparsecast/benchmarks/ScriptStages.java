package dev.sparsecast.benchmarks;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.ElementType;
import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.Tensor;
import dev.sparsecast.worker.device.ComputeDevice;
import dev.sparsecast.worker.device.DeviceArray;
import dev.sparsecast.worker.device.DeviceScope;
import dev.sparsecast.worker.device.Precision;
import dev.sparsecast.worker.device.Script;
import dev.sparsecast.worker.device.ScriptValue;
import dev.sparsecast.worker.device.TorchEngine;
import dev.sparsecast.worker.script.DecoderScript;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.function.Supplier;

/** Where a decoder block's time goes: each stage of the script by itself, on random vectors of the model's shapes. */
public final class ScriptStages {
    private static final int REPETITIONS = 25;

    private final ModelConfig config;
    private final Precision precision;
    private final DeviceScope scope;
    private final Script script;
    private final long tokens;
    private double total;

    private ScriptStages(ModelConfig config, Precision precision, DeviceScope scope, long tokens) {
        this.config = config;
        this.precision = precision;
        this.scope = scope;
        this.tokens = tokens;
        this.script = Script.load(scope, new DecoderScript(config, precision, ComputeDevice.CPU).archive());
    }

    /** {@code MODEL [SEQUENCES [LENGTH [THREADS]]]}, 4 sequences of 512 tokens and all threads unless told otherwise. */
    public static void main(String[] arguments) {
        int sequences = number(arguments, 1, 4);
        int length = number(arguments, 2, 512);
        TorchEngine.start(number(arguments, 3, 0));
        try (Checkpoint checkpoint = Checkpoint.open(Path.of(arguments[0]))) {
            for (Precision precision : Precision.values()) {
                try (DeviceScope scope = DeviceScope.root(ComputeDevice.CPU)) {
                    System.out.printf(Locale.ROOT, "%s, %d x %d tokens%n", precision.label(), sequences, length);
                    new ScriptStages(checkpoint.config(), precision, scope, (long) sequences * length)
                            .run(sequences, length);
                }
            }
        }
    }

    private static int number(String[] arguments, int index, int otherwise) {
        return arguments.length > index ? Integer.parseInt(arguments[index]) : otherwise;
    }

    private void run(int sequences, int length) {
        long hidden = config.hiddenSize();
        long inner = config.intermediateSize();
        long queries = (long) config.heads() * config.headDim();
        long all = queries + 2L * config.keyValueHeads() * config.headDim();
        ScriptValue x = random(tokens, hidden);
        ScriptValue attended = random(tokens, queries);
        ScriptValue middle = random(tokens, inner);
        ScriptValue qkv = random(tokens, all);
        ScriptValue gain = floats(1, hidden);
        ScriptValue normed = script.call("norm", x, gain);
        ScriptValue segments = ScriptValue.list(tokens);

        linear("linear q, k, v", "linear", x, all, hidden);
        linear("linear o, adding", "linear_plus", attended, hidden, queries, x);
        linear("linear gate, swish", "gate", x, inner, hidden);
        linear("linear up, times gate", "linear_times", x, inner, hidden, middle);
        linear("linear down, adding", "linear_plus", middle, hidden, inner, x);

        ScriptValue frequencies = floats(1, config.headDim() / 2);
        long[] positions = new long[(int) tokens];
        Arrays.setAll(positions, i -> i % length);
        ScriptValue rotary = script.call("rotary", frequencies, ScriptValue.of(scope.of(positions, positions.length)));
        ScriptValue triangle = script.call("triangle", frequencies);
        ScriptValue runs = ScriptValue.list(sequences, 0, length, 0);
        ScriptValue noArrays = ScriptValue.list(new DeviceArray[0]);
        stage(
                "attention with rotation",
                attentionOperations(length),
                1,
                () -> script.call("attention", qkv, noArrays, rotary, triangle, runs, noArrays));
        stage("norm", 0, 2, () -> script.call("norm", x, gain));
        stage("sums of a norm's vectors", 0, 2, () -> script.call("sums", normed, segments));
        stage("sums of o's vectors", 0, 1, () -> script.call("sums", attended, segments));
        stage("sums of down's vectors", 0, 1, () -> script.call("sums", middle, segments));
        System.out.printf(
                Locale.ROOT, "  sum %.2f ms a block, %,.0f tokens/s%n", total, 1e3 * tokens / total / config.layers());
    }

    /** Multiplications and additions that causal attention needs, without what blocks of queries compute in vain. */
    private double attentionOperations(int length) {
        return 4.0 * tokens * (length + 1) / 2 * config.heads() * config.headDim();
    }

    private void linear(String name, String method, ScriptValue input, long rows, long columns, ScriptValue... more) {
        ScriptValue weight = packed(rows, columns);
        ScriptValue[] arguments = new ScriptValue[2 + more.length];
        arguments[0] = input;
        arguments[1] = weight;
        System.arraycopy(more, 0, arguments, 2, more.length);
        stage(name, 2.0 * tokens * rows * columns, 1, () -> script.call(method, arguments));
    }

    private void stage(String name, double operations, int times, Supplier<ScriptValue> work) {
        double best = Double.POSITIVE_INFINITY;
        for (int i = 0; i < REPETITIONS; i++) {
            long start = System.nanoTime();
            work.get().close();
            best = Math.min(best, (System.nanoTime() - start) / 1e6);
        }
        total += times * best;
        System.out.printf(
                Locale.ROOT,
                "  %-26s %d x %7.3f ms%s%n",
                name,
                times,
                best,
                operations == 0 ? "" : String.format(Locale.ROOT, " %6.0f GFLOP/s", operations / best / 1e6));
    }

    private ScriptValue floats(long rows, long columns) {
        return ScriptValue.of(scope.of(values(rows * columns), rows, columns));
    }

    /** An array in the precision, which only a script can make. */
    private ScriptValue random(long rows, long columns) {
        return made("floats", rows, columns, ScriptValue.of(precision.torchType()));
    }

    private ScriptValue packed(long rows, long columns) {
        return made("matrix", rows, columns);
    }

    private ScriptValue made(String method, long rows, long columns, ScriptValue... more) {
        float[] values = values(rows * columns);
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        Tensor tensor =
                new Tensor(method, ElementType.F32, List.of(rows, columns), MemorySegment.ofArray(bytes.array()));
        DeviceArray[] array = scope.bytesOf(tensor).toArray(DeviceArray[]::new);
        ScriptValue parts = ScriptValue.list(array);
        ScriptValue stored = ScriptValue.list(Precision.FLOAT32.torchType());
        return more.length == 0 ? script.call(method, parts, stored) : script.call(method, parts, stored, more[0]);
    }

    private static float[] values(long count) {
        Random random = new Random(count);
        float[] values = new float[(int) count];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian() / 16;
        }
        return values;
    }
}
