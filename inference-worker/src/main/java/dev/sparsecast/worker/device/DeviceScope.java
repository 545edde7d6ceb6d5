package dev.sparsecast.worker.device;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDManager;
import dev.sparsecast.checkpoint.CheckpointException;
import dev.sparsecast.checkpoint.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Owner of device arrays: closing it frees them, whether or not Java still refers to them. Every array that an operation
 * makes belongs to the scope of the operation's left operand, so work happens in short-lived child scopes, and weights
 * (in the long-lived root) stand on the right. A scope and its arrays are used by one thread at a time.
 */
public final class DeviceScope implements AutoCloseable {
    /** Weights larger than this are made of several arrays: a buffer's size is an {@code int}. */
    private static final long LARGEST_BUFFER = 1L << 30;

    private final NDManager manager;
    private final Arena arena;

    private DeviceScope(NDManager manager, Arena arena) {
        this.manager = manager;
        this.arena = arena;
    }

    /** A scope of its own on a device; see {@link TorchEngine#start}. */
    public static DeviceScope root(ComputeDevice device) {
        return new DeviceScope(TorchEngine.manager(device), Arena.ofShared());
    }

    PtNDManager engineManager() {
        return (PtNDManager) manager;
    }

    /** A scope that closes with this one, or earlier. */
    public DeviceScope child() {
        return new DeviceScope(manager.newSubManager(), Arena.ofShared());
    }

    /** Copies a row-major float32 array to the device. */
    public DeviceArray of(float[] values, long... shape) {
        return new DeviceArray(manager.create(values, new Shape(shape)));
    }

    /** Copies row numbers or token ids to the device. */
    public DeviceArray of(long[] values, long... shape) {
        return new DeviceArray(manager.create(values, new Shape(shape)));
    }

    /**
     * A weight as float32, whatever its type in the file: BF16 and F16 are widened here, exactly, because the engine's
     * Java binding ends the process when it is asked for a bfloat16 array.
     */
    public DeviceArray of(Tensor tensor) {
        long rows = tensor.shape().isEmpty() ? 1 : tensor.shape().getFirst();
        long rowElements = rows == 0 ? 0 : tensor.elements() / rows;
        long rowsAtOnce = Math.max(1, Math.min(rows, LARGEST_BUFFER / Float.BYTES / Math.max(1, rowElements)));
        List<NDArray> parts = new ArrayList<>();
        for (long row = 0; row < rows; row += rowsAtOnce) {
            long count = Math.min(rowsAtOnce, rows - row);
            long[] shape = tensor.shape().stream().mapToLong(Long::longValue).toArray();
            if (shape.length > 0) {
                shape[0] = count;
            }
            parts.add(widened(tensor, row * rowElements, count * rowElements, new Shape(shape)));
        }
        if (parts.size() == 1) {
            return new DeviceArray(parts.getFirst());
        }
        NDArray whole = NDArrays.concat(new NDList(parts), 0);
        parts.forEach(NDArray::close);
        return new DeviceArray(whole);
    }

    /**
     * A tensor's bytes as they are in the file, for a script to make a weight of: uint8, [..., columns · bytes]. Tensors of
     * the mapped file are not copied, so the arrays are good for as long as the file is, and the script must copy them.
     *
     * @return one array, or several with the rows of a matrix one below the other, as a buffer's size is an {@code int}
     */
    public List<DeviceArray> bytesOf(Tensor tensor) {
        long rows = tensor.shape().size() < 2 ? 1 : tensor.shape().getFirst();
        long rowBytes = tensor.data().byteSize() / Math.max(1, rows);
        long rowsAtOnce = Math.max(1, Math.min(rows, LARGEST_BUFFER / Math.max(1, rowBytes)));
        List<DeviceArray> parts = new ArrayList<>();
        for (long row = 0; row < rows; row += rowsAtOnce) {
            long count = Math.min(rowsAtOnce, rows - row);
            MemorySegment part = tensor.data().asSlice(row * rowBytes, count * rowBytes);
            MemorySegment stable =
                    part.isNative() ? part : arena.allocate(part.byteSize(), 64).copyFrom(part);
            Shape shape = tensor.shape().size() < 2 ? new Shape(rowBytes) : new Shape(count, rowBytes);
            parts.add(new DeviceArray(
                    manager.create(stable.asByteBuffer().order(ByteOrder.nativeOrder()), shape, DataType.UINT8)));
        }
        return parts;
    }

    private NDArray widened(Tensor tensor, long from, long count, Shape shape) {
        MemorySegment floats = arena.allocate(count * Float.BYTES, 64);
        MemorySegment data = tensor.data();
        switch (tensor.type()) {
            case F32 -> MemorySegment.copy(data, from * Float.BYTES, floats, 0, count * Float.BYTES);
            case BF16 -> {
                for (long i = 0; i < count; i++) {
                    int bits = data.get(Layouts.SHORT, (from + i) * Short.BYTES) << 16;
                    floats.set(ValueLayout.JAVA_INT, i * Float.BYTES, bits);
                }
            }
            case F16 -> {
                for (long i = 0; i < count; i++) {
                    float value = Float.float16ToFloat(data.get(Layouts.SHORT, (from + i) * Short.BYTES));
                    floats.set(ValueLayout.JAVA_FLOAT, i * Float.BYTES, value);
                }
            }
            case F64, I64, I32, I16, I8, U8, BOOL ->
                throw new CheckpointException("tensor " + tensor.name() + " has type " + tensor.type()
                        + "; weights must be F32, F16 or BF16");
        }
        // A direct buffer is not copied: the array lives in the arena, which closes after it.
        return manager.create(floats.asByteBuffer().order(ByteOrder.nativeOrder()), shape, DataType.FLOAT32);
    }

    /** Moves an array of another scope to this one, so that it outlives that scope. */
    public DeviceArray adopt(DeviceArray array) {
        array.values().attach(manager);
        return array;
    }

    @Override
    public void close() {
        manager.close();
        arena.close();
    }

    private static final class Layouts {
        static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    }
}
