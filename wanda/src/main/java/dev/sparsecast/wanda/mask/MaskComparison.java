package dev.sparsecast.wanda.mask;

import dev.sparsecast.wanda.PruningException;
import dev.sparsecast.wanda.parallel.TaskQueue;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How far two sub-models of one model are apart.
 *
 * @param total over all modules
 * @param layers per decoder block, from the first
 */
public record MaskComparison(Difference total, List<Difference> layers) {
    /**
     * Counts over some masks A and B.
     *
     * @param bits weights
     * @param differingBits weights kept by one and pruned by the other
     * @param intersection weights kept by both
     * @param union weights kept by either
     */
    public record Difference(long bits, long differingBits, long intersection, long union) {
        static final Difference NONE = new Difference(0, 0, 0, 0);

        /** {@code 1 - |A ∩ B| / |A ∪ B|} over the kept weights; 0 if neither keeps any. */
        public double jaccardDistance() {
            return union == 0 ? 0 : 1 - (double) intersection / union;
        }

        /** Share of weights that differ. */
        public double differingShare() {
            return bits == 0 ? 0 : (double) differingBits / bits;
        }

        Difference plus(Difference other) {
            return new Difference(
                    bits + other.bits,
                    differingBits + other.differingBits,
                    intersection + other.intersection,
                    union + other.union);
        }
    }

    public MaskComparison {
        layers = List.copyOf(layers);
    }

    /** {@link #of(SubModelMask, SubModelMask, int)} with one thread. */
    public static MaskComparison of(SubModelMask a, SubModelMask b) {
        return of(a, b, 1);
    }

    /**
     * Compares two sub-models.
     *
     * @throws PruningException if they are not of the same modules and shapes
     */
    public static MaskComparison of(SubModelMask a, SubModelMask b, int threads) {
        List<Mask> masks = a.masks();
        if (masks.size() != b.masks().size()) {
            throw new PruningException("masks of " + masks.size() + " and of "
                    + b.masks().size() + " modules cannot be compared: they are of different models");
        }
        Difference[] differences = new Difference[masks.size()];
        TaskQueue.run(threads, masks.size(), () -> module -> {
            Mask mask = masks.get(module);
            Mask other = b.mask(mask.module())
                    .orElseThrow(() -> new PruningException("only one of the masks has module " + mask.module()
                            + ": they are of different models and cannot be compared"));
            differences[module] = difference(mask, other);
        });
        SortedMap<Integer, Difference> layers = new TreeMap<>();
        Difference total = Difference.NONE;
        for (int module = 0; module < differences.length; module++) {
            layers.merge(layer(masks.get(module).module()), differences[module], Difference::plus);
            total = total.plus(differences[module]);
        }
        return new MaskComparison(total, new ArrayList<>(layers.values()));
    }

    /** Compares the masks of one module. */
    static Difference difference(Mask a, Mask b) {
        if (a.rows() != b.rows() || a.columns() != b.columns()) {
            throw new PruningException(
                    "the masks of module " + a.module() + " are " + a.rows() + " x " + a.columns() + " and " + b.rows()
                            + " x " + b.columns() + ": they are of different models and cannot be compared");
        }
        MaskBits.Overlap overlap = MaskBits.overlap(a.bits(), b.bits());
        return new Difference(a.weights(), overlap.either() - overlap.both(), overlap.both(), overlap.either());
    }

    private static int layer(String module) {
        String[] parts = module.split("\\.", -1);
        for (int i = 1; i < parts.length; i++) {
            if (parts[i - 1].equals("layers") && parts[i].matches("\\d{1,6}")) {
                return Integer.parseInt(parts[i]);
            }
        }
        throw new PruningException("module " + module + " is in no layer: this is no mask of a decoder");
    }
}
