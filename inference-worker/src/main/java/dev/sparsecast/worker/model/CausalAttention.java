package dev.sparsecast.worker.model;

import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.worker.device.DeviceArray;
import dev.sparsecast.worker.device.DeviceScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Grouped-query causal attention, {@code softmax(QK^T/√d + M) V}, a block of queries at a time: a block never meets the
 * keys after it or those that have left its sliding window, and the scores of a long sequence never exist all at once.
 * Query heads that share a key-value head are
 * stacked into one matrix instead of repeating the keys.
 */
final class CausalAttention {
    private static final int QUERY_BLOCK = 128;

    private final int heads;
    private final int keyValueHeads;
    private final int headDim;
    private final List<Block> blocks = new ArrayList<>();

    /**
     * Queries {@code from} to {@code to} and keys {@code first} to {@code to}.
     *
     * @param mask [to - from, to - first], hides from each query what comes after it or has left its window
     */
    private record Block(int from, int to, int first, DeviceArray mask) {}

    CausalAttention(DeviceScope scope, int positions, ModelConfig config) {
        this.heads = config.heads();
        this.keyValueHeads = config.keyValueHeads();
        this.headDim = config.headDim();
        int window = config.traits().slidingWindow().orElse(positions);
        for (int from = 0; from < positions; from += QUERY_BLOCK) {
            int to = Math.min(positions, from + QUERY_BLOCK);
            int first = Math.max(0, from - window + 1);
            blocks.add(new Block(from, to, first, mask(scope, from, to, first, window)));
        }
    }

    private static DeviceArray mask(DeviceScope scope, int from, int to, int first, int window) {
        int columns = to - first;
        float[] mask = new float[(to - from) * columns];
        Arrays.fill(mask, Float.NEGATIVE_INFINITY);
        for (int query = from; query < to; query++) {
            int row = (query - from) * columns;
            int oldest = Math.max(first, query - window + 1);
            Arrays.fill(mask, row + oldest - first, row + query + 1 - first, 0);
        }
        return scope.of(mask, to - from, columns);
    }

    /** From queries [batch, position, heads, d] and keys and values [batch, position, keyValueHeads, d] to [batch, position, heads · d]. */
    DeviceArray apply(DeviceArray queries, DeviceArray keys, DeviceArray values) {
        long batch = queries.size(0);
        long positions = queries.size(1);
        long sharing = heads / keyValueHeads;
        DeviceArray q = queries.times(1 / Math.sqrt(headDim))
                .transpose(0, 2, 1, 3)
                .reshape(batch * keyValueHeads, sharing, positions, headDim);
        DeviceArray k = keys.transpose(0, 2, 1, 3).reshape(batch * keyValueHeads, positions, headDim);
        DeviceArray v = values.transpose(0, 2, 1, 3).reshape(batch * keyValueHeads, positions, headDim);
        DeviceArray[] attended = new DeviceArray[blocks.size()];
        for (int i = 0; i < attended.length; i++) {
            Block block = blocks.get(i);
            int rows = block.to() - block.from();
            int columns = block.to() - block.first();
            DeviceArray scores = q.slice(2, block.from(), block.to())
                    .reshape(batch * keyValueHeads, sharing * rows, headDim)
                    .matmulTransposed(k.slice(1, block.first(), block.to()))
                    .reshape(batch * keyValueHeads, sharing, rows, columns)
                    .add(block.mask());
            attended[i] = scores.softmax()
                    .reshape(batch * keyValueHeads, sharing * rows, columns)
                    .matmul(v.slice(1, block.first(), block.to()))
                    .reshape(batch, keyValueHeads, sharing, rows, headDim);
        }
        return DeviceArray.concatenate(3, attended)
                .transpose(0, 3, 1, 2, 4)
                .reshape(batch, positions, (long) heads * headDim);
    }
}
