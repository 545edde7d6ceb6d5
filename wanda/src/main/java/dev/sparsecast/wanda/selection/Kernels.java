package dev.sparsecast.wanda.selection;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The kernels there are, and which of them this machine and this JVM can run. */
public final class Kernels {
    private static final Logger LOG = LoggerFactory.getLogger(Kernels.class);
    private static final String VECTOR_MODULE = "jdk.incubator.vector";

    private static @Nullable SelectionKernel fastest;

    private Kernels() {}

    /** The fastest kernel. The first call says in the log which it is, and why. */
    public static synchronized SelectionKernel fastest() {
        if (fastest == null) {
            fastest = choose();
        }
        return fastest;
    }

    /** Every kernel that can be run here, the plain one first. */
    public static List<SelectionKernel> all() {
        return hindrance().isEmpty()
                ? List.of(new StableSortKernel(), new HistogramKernel(), new VectorKernel())
                : List.of(new StableSortKernel(), new HistogramKernel());
    }

    private static SelectionKernel choose() {
        String hindrance = hindrance();
        SelectionKernel chosen = hindrance.isEmpty() ? new TieredKernel() : new HistogramKernel();
        LOG.atInfo()
                .addKeyValue("kernel", chosen.label())
                .addKeyValue("reason", hindrance.isEmpty() ? VectorKernel.preferredBits() + "-bit vectors" : hindrance)
                .log("Chose the selection kernel");
        return chosen;
    }

    /** What keeps the vector kernel from running; empty if nothing does. */
    private static String hindrance() {
        if (ModuleLayer.boot().findModule(VECTOR_MODULE).isEmpty()) {
            return "the JVM was started without --add-modules " + VECTOR_MODULE;
        }
        int bits = VectorKernel.preferredBits();
        return bits >= VectorKernel.LEAST_BITS ? "" : "the processor's vectors have only " + bits + " bits";
    }
}
