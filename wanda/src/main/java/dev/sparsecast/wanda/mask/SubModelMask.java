package dev.sparsecast.wanda.mask;

import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.PrunableModule;
import dev.sparsecast.wanda.PruningException;
import dev.sparsecast.wanda.PruningParameters;
import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A sub-model: which weights of every prunable module of a model stay. Immutable once its masks are filled. */
public final class SubModelMask {
    private static final int DIGEST_CHUNK = 1 << 20;

    private final String modelDigest;
    private final PruningParameters parameters;
    private final Map<String, Mask> masks;
    private @Nullable String digest;

    private SubModelMask(String modelDigest, PruningParameters parameters, List<Mask> masks) {
        this.modelDigest = modelDigest;
        this.parameters = parameters;
        this.masks = new LinkedHashMap<>();
        for (Mask mask : masks) {
            if (this.masks.put(mask.module(), mask) != null) {
                throw new PruningException("module " + mask.module() + " has two masks");
            }
        }
    }

    /** A sub-model of filled masks, which must not change afterwards. */
    public static SubModelMask of(String modelDigest, PruningParameters parameters, List<Mask> masks) {
        return new SubModelMask(modelDigest, parameters, masks);
    }

    /** Empty masks for every prunable module of a model, to be filled by whoever asks for them before anyone else sees them. */
    public static SubModelMask allocate(String modelDigest, PruningParameters parameters, ModelConfig config) {
        List<PrunableModule> modules = PrunableModule.of(config);
        long total = modules.stream().mapToLong(SubModelMask::bytes).sum();
        MemorySegment storage = MaskStorage.allocate(total);
        List<Mask> masks = new ArrayList<>();
        long offset = 0;
        for (PrunableModule module : modules) {
            long bytes = bytes(module);
            masks.add(new Mask(module.name(), module.rows(), module.columns(), storage.asSlice(offset, bytes)));
            offset += bytes;
        }
        return new SubModelMask(modelDigest, parameters, masks);
    }

    /** A copy of a sub-model's masks under other parameters, to be changed by whoever asks for it before anyone else sees it. */
    public static SubModelMask copyOf(SubModelMask source, PruningParameters parameters) {
        long total = source.masks.values().stream()
                .mapToLong(mask -> mask.bits().byteSize())
                .sum();
        MemorySegment storage = MaskStorage.allocate(total);
        List<Mask> copies = new ArrayList<>();
        long offset = 0;
        for (Mask mask : source.masks.values()) {
            MemorySegment bits = storage.asSlice(offset, mask.bits().byteSize());
            bits.copyFrom(mask.bits());
            copies.add(new Mask(mask.module(), mask.rows(), mask.columns(), bits));
            offset += bits.byteSize();
        }
        return new SubModelMask(source.modelDigest, parameters, copies);
    }

    private static long bytes(PrunableModule module) {
        return (long) module.rows() * ((module.columns() + Byte.SIZE - 1) / Byte.SIZE);
    }

    /** Digest of the base model, {@code sha256:…}. */
    public String modelDigest() {
        return modelDigest;
    }

    /** How the sub-model was made. */
    public PruningParameters parameters() {
        return parameters;
    }

    /** The masks, in the order of {@link PrunableModule#of}. */
    public List<Mask> masks() {
        return List.copyOf(masks.values());
    }

    /** The mask of a module, or of none if it is not a prunable one. */
    public Optional<Mask> mask(String module) {
        return Optional.ofNullable(masks.get(module));
    }

    /** Number of weights. */
    public long weights() {
        return masks.values().stream().mapToLong(Mask::weights).sum();
    }

    /** Number of weights that stay. */
    public long keptWeights() {
        return masks.values().stream().mapToLong(Mask::keptWeights).sum();
    }

    /**
     * The mask's identity, {@code sha256:…} of all bits in order of the modules, which is the data section of its file.
     * Computed once, on first use.
     */
    public synchronized String digest() {
        if (digest == null) {
            digest = computeDigest();
        }
        return digest;
    }

    private String computeDigest() {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            for (Mask mask : masks.values()) {
                long size = mask.bits().byteSize();
                for (long offset = 0; offset < size; offset += DIGEST_CHUNK) {
                    sha256.update(mask.bits()
                            .asSlice(offset, Math.min(DIGEST_CHUNK, size - offset))
                            .asByteBuffer());
                }
            }
            return "sha256:" + HexFormat.of().formatHex(sha256.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /**
     * Checks that these masks fit a model.
     *
     * @throws PruningException naming the first module that has no mask or one of another shape
     */
    public void checkFits(ModelConfig config) {
        List<PrunableModule> modules = PrunableModule.of(config);
        for (PrunableModule module : modules) {
            Mask mask = masks.get(module.name());
            if (mask == null) {
                throw new PruningException(
                        "the mask has nothing for module " + module.name() + ": it was made for another kind of model");
            }
            if (mask.rows() != module.rows() || mask.columns() != module.columns()) {
                throw new PruningException("the mask of module " + module.name() + " is " + mask.rows() + " x "
                        + mask.columns() + " but the module is " + module.rows() + " x " + module.columns()
                        + ": it was made for another model");
            }
        }
        if (modules.size() != masks.size()) {
            throw new PruningException("the mask has " + masks.size() + " modules but the model has " + modules.size()
                    + ": it was made for another model");
        }
    }
}
