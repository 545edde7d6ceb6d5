package dev.sparsecast.worker.device;

import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a model runs on.
 *
 * @param gpu number of the GPU; absent: the CPU
 */
public record ComputeDevice(OptionalInt gpu) {
    /** The processor's cores. */
    public static final ComputeDevice CPU = new ComputeDevice(OptionalInt.empty());

    private static final Pattern GPU = Pattern.compile("gpu(?::(\\d{1,3}))?");

    /** A GPU by its number, from 0. */
    public static ComputeDevice gpu(int number) {
        return new ComputeDevice(OptionalInt.of(number));
    }

    /**
     * The device of {@code cpu}, {@code gpu} (the first one) or {@code gpu:n}.
     *
     * @throws IllegalArgumentException if the name is of another form
     */
    public static ComputeDevice ofName(String name) {
        if (name.equals("cpu")) {
            return CPU;
        }
        Matcher matcher = GPU.matcher(name);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("the device '" + name + "' is unknown; use cpu, gpu or gpu:n");
        }
        return gpu(matcher.group(1) == null ? 0 : Integer.parseInt(matcher.group(1)));
    }

    /** Whether it is a GPU. */
    public boolean isGpu() {
        return gpu.isPresent();
    }

    @Override
    public String toString() {
        return isGpu() ? "gpu:" + gpu.getAsInt() : "cpu";
    }
}
