package dev.sparsecast.wanda.mask;

import dev.sparsecast.checkpoint.SafetensorsFile;

/** A mask in its file, which is mapped and not read: nothing of {@link #mask} may be used after {@link #close}. */
public final class MappedMask implements AutoCloseable {
    private final SafetensorsFile file;
    private final SubModelMask mask;

    MappedMask(SafetensorsFile file, SubModelMask mask) {
        this.file = file;
        this.mask = mask;
    }

    public SubModelMask mask() {
        return mask;
    }

    @Override
    public void close() {
        file.close();
    }
}
