package dev.sparsecast.wanda.selection;

import java.util.List;

/** The kernels there are. */
public final class Kernels {
    private Kernels() {}

    /** The fastest kernel that this machine and this JVM can run. */
    public static SelectionKernel fastest() {
        return new StableSortKernel();
    }

    /** Every kernel that this machine and this JVM can run, the plain one first. */
    public static List<SelectionKernel> all() {
        return List.of(new StableSortKernel());
    }
}
