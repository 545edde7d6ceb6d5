package dev.sparsecast.wanda.mask;

import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.Tensor;
import dev.sparsecast.checkpoint.Weights;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * A model seen through a mask: pruned weights are {@code +0}, everything else is the base model's. Each call of
 * {@link #tensor} for a prunable module makes a new copy outside the heap, freed when nothing refers to it any more; the
 * rest is passed on. The base must stay open.
 */
public final class MaskedWeights implements Weights {
    private static final String WEIGHT = ".weight";

    private final Weights base;
    private final SubModelMask mask;

    /** @throws dev.sparsecast.wanda.PruningException if the mask does not fit the model */
    public MaskedWeights(Weights base, SubModelMask mask) {
        mask.checkFits(base.config());
        this.base = base;
        this.mask = mask;
    }

    @Override
    public ModelConfig config() {
        return base.config();
    }

    @Override
    public boolean hasTensor(String name) {
        return base.hasTensor(name);
    }

    @Override
    public Tensor tensor(String name) {
        Tensor tensor = base.tensor(name);
        return maskOf(name, mask).map(found -> masked(tensor, found)).orElse(tensor);
    }

    /** The mask of the module that a tensor is the weight of. */
    public static Optional<Mask> maskOf(String tensorName, SubModelMask mask) {
        return tensorName.endsWith(WEIGHT)
                ? mask.mask(tensorName.substring(0, tensorName.length() - WEIGHT.length()))
                : Optional.empty();
    }

    private static Tensor masked(Tensor tensor, Mask mask) {
        MemorySegment copy = Arena.ofAuto().allocate(tensor.data().byteSize(), Long.BYTES);
        MaskApplication.apply(mask, tensor.type(), tensor.data(), 0, mask.rows(), copy);
        return new Tensor(tensor.name(), tensor.type(), tensor.shape(), copy);
    }
}
