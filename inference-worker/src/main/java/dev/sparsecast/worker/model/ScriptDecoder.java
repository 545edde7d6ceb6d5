package dev.sparsecast.worker.model;

import dev.sparsecast.checkpoint.CheckpointException;
import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.Tensor;
import dev.sparsecast.checkpoint.Weights;
import dev.sparsecast.worker.device.DeviceArray;
import dev.sparsecast.worker.device.DeviceScope;
import dev.sparsecast.worker.device.Precision;
import dev.sparsecast.worker.device.Script;
import dev.sparsecast.worker.device.ScriptValue;
import dev.sparsecast.worker.script.BlockWeight;
import dev.sparsecast.worker.script.DecoderScript;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * The forward pass as a script of fused operations, one call a decoder block, without padding but inside attention. Weights
 * are kept in the layout that the linear layers want, and nowhere else; the head is loaded when it is first needed.
 */
final class ScriptDecoder implements Decoder {
    /** Padding costs only attention here, and every run costs a few operations. */
    private static final double PADDING = 0.25;

    private static final String EMBEDDING = "model.embed_tokens.weight";

    private final ModelConfig config;
    private final Weights weights;
    private final DecoderScript text;
    private final Precision precision;
    private final DeviceScope scope;
    private final Script script;
    /** Everything that is kept on the device, in the order of its making. */
    private final Deque<ScriptValue> kept = new ArrayDeque<>();

    private final List<ScriptValue> blocks = new ArrayList<>();
    private final ScriptValue embedding;
    private final ScriptValue finalNorm;
    private final ScriptValue triangle;
    private final ScriptValue frequencies;
    /** Whose script, embedding and head this one uses, if not its own. */
    private final @Nullable ScriptDecoder owner;

    private @Nullable ScriptValue head;

    /** Copies weights to the device of a scope, which this decoder closes. */
    ScriptDecoder(Weights weights, DecoderScript text, DeviceScope scope) {
        this.config = weights.config();
        this.weights = weights;
        this.precision = text.precision();
        this.scope = scope;
        this.text = text;
        this.owner = null;
        this.script = Script.load(scope, text.archive());
        loadBlocks();
        this.embedding = embedding();
        this.finalNorm = keep(load("gain", List.of("model.norm.weight")));
        float[] turns = config.rotary().frequencies(config.headDim());
        this.frequencies = keep(ScriptValue.of(scope.of(turns, turns.length)));
        this.triangle = keep(script.call("triangle", frequencies));
    }

    /** The blocks of other weights between another decoder's embedding and head. */
    private ScriptDecoder(Weights weights, ScriptDecoder owner) {
        this.config = owner.config;
        this.weights = weights;
        this.text = owner.text;
        this.precision = owner.precision;
        this.scope = owner.scope.child();
        this.owner = owner;
        this.script = owner.script;
        this.embedding = owner.embedding;
        this.finalNorm = owner.finalNorm;
        this.frequencies = owner.frequencies;
        this.triangle = owner.triangle;
        loadBlocks();
    }

    @Override
    public Decoder withBlocksOf(Weights other) {
        return new ScriptDecoder(other, this);
    }

    private void loadBlocks() {
        for (int layer = 0; layer < config.layers(); layer++) {
            blocks.add(block("model.layers." + layer + ".", text.blockWeights()));
        }
    }

    private ScriptValue keep(ScriptValue value) {
        kept.push(value);
        return value;
    }

    private ScriptValue block(String prefix, List<BlockWeight> list) {
        try (DeviceScope loading = scope.child()) {
            DeviceArray[] arrays = new DeviceArray[list.size()];
            for (int i = 0; i < arrays.length; i++) {
                BlockWeight weight = list.get(i);
                List<String> tensors =
                        weight.tensors().stream().map(name -> prefix + name).toList();
                String method =
                        switch (weight.kind()) {
                            case MATRIX -> "matrix";
                            case BIAS -> "bias";
                            case GAIN -> "gain";
                        };
                try (ScriptValue loaded = load(method, tensors)) {
                    arrays[i] = loaded.toArray(loading);
                }
            }
            return keep(ScriptValue.list(arrays));
        }
    }

    /** The table of embeddings in the type of the file, or narrower if no wider one is computed in. */
    private ScriptValue embedding() {
        int stored = torchType(weights.tensor(EMBEDDING));
        int wanted = precision == Precision.FLOAT32 ? stored : precision.torchType();
        try (ScriptValue type = ScriptValue.of(wanted)) {
            return keep(load("floats", List.of(EMBEDDING), type));
        }
    }

    private ScriptValue head() {
        if (owner != null) {
            return owner.head();
        }
        if (head == null) {
            head = keep(load("matrix", List.of(config.tiedEmbeddings() ? EMBEDDING : "lm_head.weight")));
        }
        return head;
    }

    /** What a method of the script makes of tensors, which may lie in the mapped file meanwhile. */
    private ScriptValue load(String method, List<String> tensors, ScriptValue... more) {
        try (DeviceScope loading = scope.child()) {
            List<DeviceArray> parts = new ArrayList<>();
            List<Long> types = new ArrayList<>();
            for (String name : tensors) {
                Tensor tensor = weights.tensor(name);
                for (DeviceArray part : loading.bytesOf(tensor)) {
                    parts.add(part);
                    types.add((long) torchType(tensor));
                }
            }
            try (ScriptValue bytes = ScriptValue.list(parts.toArray(DeviceArray[]::new));
                    ScriptValue stored = ScriptValue.list(
                            types.stream().mapToLong(Long::longValue).toArray())) {
                ScriptValue[] arguments = new ScriptValue[2 + more.length];
                arguments[0] = bytes;
                arguments[1] = stored;
                System.arraycopy(more, 0, arguments, 2, more.length);
                return script.call(method, arguments);
            }
        }
    }

    /** PyTorch's number of a tensor's type. */
    private static int torchType(Tensor tensor) {
        return switch (tensor.type()) {
            case F32 -> 6;
            case F16 -> 5;
            case BF16 -> 15;
            case F64, I64, I32, I16, I8, U8, BOOL ->
                throw new CheckpointException("tensor " + tensor.name() + " has type " + tensor.type()
                        + "; weights must be F32, F16 or BF16");
        };
    }

    @Override
    public Pass.Limits limits(int passTokens) {
        return new Pass.Limits(passTokens, PADDING, true);
    }

    @Override
    public void profile(Pass pass, List<int[]> sequences, int[] groups, ActivationObserver observer) {
        Segments segments = Segments.of(pass, groups);
        try (PassArguments arguments = new PassArguments(pass, sequences, segments.lengthsArray());
                DeviceScope passScope = scope.child()) {
            run(arguments, passScope, (layer, sums) -> segments.hand(layer, sums.toFloats(), config, observer));
        }
    }

    @Override
    public float[] logLikelihoods(Pass pass, List<int[]> sequences) {
        Predictions predictions = Predictions.of(pass, sequences);
        float[] result = new float[predictions.size()];
        int chunk = Math.max(1, LOGITS_AT_ONCE / config.vocabularySize());
        try (PassArguments arguments = new PassArguments(pass, sequences, new long[0]);
                DeviceScope passScope = scope.child();
                ScriptValue hidden = ScriptValue.of(run(arguments, passScope, (layer, sums) -> {}))) {
            for (int from = 0; from < result.length; from += chunk) {
                int to = Math.min(result.length, from + chunk);
                try (DeviceScope chunkScope = passScope.child();
                        ScriptValue rows = longs(chunkScope, Arrays.copyOfRange(predictions.rows(), from, to));
                        ScriptValue targets = longs(chunkScope, Arrays.copyOfRange(predictions.targets(), from, to));
                        ScriptValue values = script.call("log_likelihoods", hidden, finalNorm, head(), rows, targets)) {
                    System.arraycopy(values.toArray(chunkScope).toFloats(), 0, result, from, to - from);
                }
            }
        }
        return result;
    }

    @Override
    public float[] logits(int[] tokens) {
        Pass pass = new Pass(0, List.of(new SequenceBatch(new int[] {0}, new int[] {tokens.length})));
        long[] all = new long[tokens.length];
        Arrays.setAll(all, i -> i);
        try (PassArguments arguments = new PassArguments(pass, List.of(tokens), new long[0]);
                DeviceScope passScope = scope.child();
                ScriptValue hidden = ScriptValue.of(run(arguments, passScope, (layer, sums) -> {}));
                ScriptValue rows = longs(passScope, all);
                ScriptValue logits = script.call("logits", hidden, finalNorm, head(), rows)) {
            return logits.toArray(passScope).toFloats();
        }
    }

    private interface LayerSums {
        void of(int layer, DeviceArray sums);
    }

    /** The residual stream after the last block, [token, hidden]. */
    private DeviceArray run(PassArguments arguments, DeviceScope passScope, LayerSums observer) {
        DeviceArray residual;
        try (ScriptValue embedded = script.call("embed", embedding, arguments.ids)) {
            residual = embedded.toArray(passScope);
        }
        for (int layer = 0; layer < blocks.size(); layer++) {
            try (DeviceScope blockScope = passScope.child();
                    ScriptValue x = ScriptValue.of(blockScope.adopt(residual));
                    ScriptValue results = script.call(
                            "block",
                            x,
                            blocks.get(layer),
                            arguments.rotary,
                            triangle,
                            arguments.runs,
                            arguments.padding,
                            arguments.segments)) {
                DeviceArray[] arrays = results.toArrays(blockScope);
                residual = passScope.adopt(arrays[0]);
                observer.of(layer, arrays[1]);
            }
        }
        return residual;
    }

    private static ScriptValue longs(DeviceScope scope, long[] values) {
        return ScriptValue.of(scope.of(values, values.length));
    }

    /** Closes what is on the device before the script and its arrays' scope. */
    @Override
    public void close() {
        kept.forEach(ScriptValue::close);
        if (owner == null) {
            script.close();
        }
        scope.close();
    }

    /** What all blocks of a pass take: token ids, angles, and where sequences are. */
    private final class PassArguments implements AutoCloseable {
        private final DeviceScope arrays = scope.child();
        private final ScriptValue ids;
        private final ScriptValue rotary;
        private final ScriptValue runs;
        private final ScriptValue padding;
        private final ScriptValue segments;

        PassArguments(Pass pass, List<int[]> sequences, long[] segmentLengths) {
            int prefix = pass.prefix();
            int total = pass.tokens() - (pass.size() - 1) * prefix;
            long[] tokens = new long[total];
            long[] positions = new long[total];
            int next = 0;
            for (int sequence : pass.sequences()) {
                int[] members = sequences.get(sequence);
                for (int position = next == 0 ? 0 : prefix; position < members.length; position++) {
                    positions[next] = position;
                    tokens[next++] = members[position];
                }
            }
            this.ids = longs(arrays, tokens);
            try (ScriptValue places = longs(arrays, positions)) {
                this.rotary = script.call("rotary", frequencies, places);
            }
            List<DeviceArray> gathered = new ArrayList<>();
            this.runs = ScriptValue.list(runs(pass, gathered));
            this.padding = ScriptValue.list(gathered.toArray(DeviceArray[]::new));
            this.segments = ScriptValue.list(segmentLengths);
        }

        /** The script's four numbers of every run; those whose rows are gathered add three arrays. */
        private long[] runs(Pass pass, List<DeviceArray> gathered) {
            LongStream.Builder numbers = LongStream.builder();
            int prefix = pass.prefix();
            if (prefix > 0) {
                LongStream.of(1, 0, prefix, 0).forEach(numbers::add);
            }
            int first = prefix;
            for (SequenceBatch whole : pass.runs()) {
                SequenceBatch run = whole.withoutFirst(prefix);
                boolean gathers = prefix > 0 || run.padded();
                LongStream.of(run.size(), prefix, run.width(), gathers ? 1 : 0).forEach(numbers::add);
                if (gathers) {
                    long[] places = run.places();
                    long[] queries = new long[run.size() * run.width()];
                    Arrays.fill(queries, first);
                    for (int row = 0; row < places.length; row++) {
                        queries[(int) places[row]] = first + row;
                    }
                    gathered.add(arrays.of(queries, queries.length));
                    long[] keys = prefix == 0 ? queries : afterPrefix(queries, run, prefix);
                    gathered.add(arrays.of(keys, keys.length));
                    gathered.add(arrays.of(places, places.length));
                }
                first += run.tokens();
            }
            return numbers.build().toArray();
        }

        /** Rows of keys: for each sequence those of the prefix, which come first in the pass, and then its own. */
        private static long[] afterPrefix(long[] own, SequenceBatch run, int prefix) {
            int width = run.width();
            int total = prefix + width;
            long[] keys = new long[run.size() * total];
            for (int i = 0; i < keys.length; i++) {
                int position = i % total;
                keys[i] = position < prefix ? position : own[i / total * width + position - prefix];
            }
            return keys;
        }

        @Override
        public void close() {
            ids.close();
            rotary.close();
            runs.close();
            padding.close();
            segments.close();
            arrays.close();
        }
    }
}
