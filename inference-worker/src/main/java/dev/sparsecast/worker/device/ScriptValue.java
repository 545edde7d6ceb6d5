package dev.sparsecast.worker.device;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import java.util.Arrays;

/**
 * An argument or result of a script's method. It owns what it refers to, whatever scope an array was of, until it is
 * closed; values are closed by whoever asked for them.
 */
public final class ScriptValue implements AutoCloseable {
    private final IValue value;

    ScriptValue(IValue value) {
        this.value = value;
    }

    IValue value() {
        return value;
    }

    /** An array. */
    public static ScriptValue of(DeviceArray array) {
        return new ScriptValue(IValue.from((PtNDArray) array.values()));
    }

    /** A list of arrays. */
    public static ScriptValue list(DeviceArray... arrays) {
        PtNDArray[] values = Arrays.stream(arrays).map(DeviceArray::values).toArray(PtNDArray[]::new);
        return new ScriptValue(IValue.listFrom(values));
    }

    /** A whole number. */
    public static ScriptValue of(long number) {
        return new ScriptValue(IValue.from(number));
    }

    /** A list of whole numbers. */
    public static ScriptValue list(long... numbers) {
        return new ScriptValue(IValue.listFrom(numbers));
    }

    /** The array that this value is, in a scope. */
    public DeviceArray toArray(DeviceScope scope) {
        return new DeviceArray(value.toTensor(scope.engineManager()));
    }

    /** The arrays that this value lists, in a scope. */
    public DeviceArray[] toArrays(DeviceScope scope) {
        return Arrays.stream(value.toTensorArray(scope.engineManager()))
                .map(DeviceArray::new)
                .toArray(DeviceArray[]::new);
    }

    @Override
    public void close() {
        value.close();
    }
}
