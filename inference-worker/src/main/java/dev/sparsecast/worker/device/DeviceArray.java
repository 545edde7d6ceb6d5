package dev.sparsecast.worker.device;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.Activation;
import ai.djl.nn.core.Embedding;
import ai.djl.nn.core.Linear;
import java.util.Arrays;

/**
 * A float32 array on the device (or an int64 one, of row numbers), with the few operations that a decoder needs. Results
 * belong to the scope of the array that the method is called on.
 */
public final class DeviceArray {
    private final NDArray values;

    DeviceArray(NDArray values) {
        this.values = values;
    }

    NDArray values() {
        return values;
    }

    /** Size of a dimension; negative numbers count from the last, {@code -1}. */
    public long size(int dimension) {
        Shape shape = values.getShape();
        return shape.get(dimension < 0 ? shape.dimension() + dimension : dimension);
    }

    /** {@code x W^T} over the last dimension; W is [out, in]. */
    public DeviceArray linear(DeviceArray weight) {
        return new DeviceArray(Linear.linear(values, weight.values).singletonOrThrow());
    }

    /** {@code x W^T + b} over the last dimension; W is [out, in] and b [out]. */
    public DeviceArray linear(DeviceArray weight, DeviceArray bias) {
        return new DeviceArray(Linear.linear(values, weight.values, bias.values).singletonOrThrow());
    }

    /** Rows of the matrix {@code table} by number: [...] → [..., columns]. */
    public DeviceArray rowsOf(DeviceArray table) {
        return new DeviceArray(
                Embedding.embedding(values, table.values, SparseFormat.DENSE).singletonOrThrow());
    }

    /** {@code x / sqrt(mean(x²) + ε) · g} over the last dimension (Zhang and Sennrich 2019, arXiv 1910.07467, eq. 4). */
    public DeviceArray rmsNorm(DeviceArray gain, double epsilon) {
        NDArray scale = values.square().mean(new int[] {-1}, true).addi(epsilon).sqrt();
        return new DeviceArray(values.div(scale).muli(gain.values));
    }

    /** {@code x · sigmoid(x) · other}: the gate of a SwiGLU layer (Shazeer 2020, arXiv 2002.05202). */
    public DeviceArray siluTimes(DeviceArray other) {
        return new DeviceArray(Activation.sigmoid(values).muli(values).muli(other.values));
    }

    /**
     * {@code gelu(x) · other}, the gate of a GeGLU layer, with GELU's approximation by tanh (Hendrycks and Gimpel 2016,
     * arXiv 1606.08415): {@code x/2 · (1 + tanh u) = x · sigmoid(2u)} with {@code u = √(2/π) (x + 0.044715 x³)}.
     */
    public DeviceArray geluTanhTimes(DeviceArray other) {
        double root = 2 * Math.sqrt(2 / Math.PI);
        NDArray twice = values.square().muli(0.044715 * root).addi(root).muli(values);
        return new DeviceArray(Activation.sigmoid(twice).muli(values).muli(other.values));
    }

    public DeviceArray plus(DeviceArray other) {
        return new DeviceArray(values.add(other.values));
    }

    public DeviceArray plus(double addend) {
        return new DeviceArray(values.add((float) addend));
    }

    public DeviceArray minus(DeviceArray other) {
        return new DeviceArray(values.sub(other.values));
    }

    public DeviceArray times(DeviceArray other) {
        return new DeviceArray(values.mul(other.values));
    }

    public DeviceArray times(double factor) {
        return new DeviceArray(values.mul((float) factor));
    }

    /** Adds in place. */
    public DeviceArray add(DeviceArray other) {
        values.addi(other.values);
        return this;
    }

    /** Matrix product over the last two dimensions; those before are a batch. */
    public DeviceArray matmul(DeviceArray other) {
        return new DeviceArray(values.matMul(other.values));
    }

    /** Matrix product with {@code other} transposed: [b, m, k] by [b, n, k]. */
    public DeviceArray matmulTransposed(DeviceArray other) {
        return new DeviceArray(values.matMul(other.values.transpose(0, 2, 1)));
    }

    /** Softmax over the last dimension. */
    public DeviceArray softmax() {
        return new DeviceArray(values.softmax(-1));
    }

    /** Log-softmax of [n, classes] at one class a row: [n, 1]. */
    public DeviceArray logSoftmaxAt(DeviceArray classes) {
        return new DeviceArray(values.logSoftmax(-1).gather(classes.values, 1));
    }

    public DeviceArray reshape(long... shape) {
        return new DeviceArray(values.reshape(shape));
    }

    public DeviceArray transpose(int... axes) {
        return new DeviceArray(values.transpose(axes));
    }

    /** Elements {@code from} (inclusive) to {@code to} (exclusive) of one dimension; a view. */
    public DeviceArray slice(int dimension, long from, long to) {
        if (from == 0 && to == size(dimension)) {
            return this;
        }
        NDIndex index = new NDIndex();
        if (dimension > 0) {
            index.addAllDim(dimension);
        }
        return new DeviceArray(values.get(index.addSliceDim(from, to)));
    }

    /** This array and others, one after the other along a dimension. */
    public static DeviceArray concatenate(int dimension, DeviceArray... parts) {
        if (parts.length == 1) {
            return parts[0];
        }
        NDList list = new NDList();
        Arrays.stream(parts).map(DeviceArray::values).forEach(list::add);
        return new DeviceArray(NDArrays.concat(list, dimension));
    }

    /** Sum over one dimension, which disappears. */
    public DeviceArray sum(int dimension) {
        return new DeviceArray(values.sum(new int[] {dimension}));
    }

    /** Sum of squares over one dimension, which disappears. */
    public DeviceArray sumOfSquares(int dimension) {
        return new DeviceArray(values.square().sum(new int[] {dimension}));
    }

    /** All elements, row-major. */
    public float[] toFloats() {
        return values.toFloatArray();
    }
}
