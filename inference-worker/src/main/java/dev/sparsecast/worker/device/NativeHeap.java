package dev.sparsecast.worker.device;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Settings of glibc's heap. Every operation of a forward pass makes an array of megabytes and soon frees it; by default glibc
 * gets each from the system and gives it back, and the system clears all pages anew.
 */
final class NativeHeap {
    /** {@code M_TRIM_THRESHOLD} and {@code M_MMAP_THRESHOLD} of {@code malloc.h}. */
    private static final int TRIM_THRESHOLD = -1;

    private static final int MMAP_THRESHOLD = -3;

    /** Free memory at the heap's end that is kept, and the size below which arrays come from the heap. */
    private static final int KEPT_BYTES = 1 << 29;

    private NativeHeap() {}

    /** Keeps freed memory for the next array; does nothing where the C library is not glibc. */
    static void keepFreedMemory() {
        Linker linker = Linker.nativeLinker();
        linker.defaultLookup().find("mallopt").ifPresent(address -> {
            MethodHandle mallopt = linker.downcallHandle(
                    address, FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
            set(mallopt, TRIM_THRESHOLD);
            set(mallopt, MMAP_THRESHOLD);
        });
    }

    private static void set(MethodHandle mallopt, int parameter) {
        try {
            int ignored = (int) mallopt.invokeExact(parameter, KEPT_BYTES);
        } catch (Throwable e) {
            throw new IllegalStateException("mallopt cannot be called", e);
        }
    }
}
