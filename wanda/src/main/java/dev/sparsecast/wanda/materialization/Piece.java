package dev.sparsecast.wanda.materialization;

import dev.sparsecast.checkpoint.Tensor;
import dev.sparsecast.wanda.mask.Mask;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Some consecutive bytes of a shard to write: whole rows of a masked tensor, or any bytes of another.
 *
 * @param offset first byte, counted from the start of the tensor
 * @param bytes how many
 * @param position where in the file the tensor begins
 */
record Piece(Tensor tensor, Optional<Mask> mask, long offset, int bytes, FileChannel channel, long position) {
    /** Bytes of a piece, unless a single row is longer. */
    private static final int SIZE = 4 << 20;

    static List<Piece> of(Tensor tensor, Optional<Mask> mask, FileChannel channel, long position) {
        int unit = mask.map(found -> found.columns() * tensor.type().bytes()).orElse(1);
        int size = Math.max(SIZE / unit, 1) * unit;
        List<Piece> pieces = new ArrayList<>();
        long total = tensor.data().byteSize();
        for (long offset = 0; offset < total; offset += size) {
            pieces.add(new Piece(tensor, mask, offset, (int) Math.min(size, total - offset), channel, position));
        }
        return pieces;
    }

    /** Where in the file this piece begins. */
    long filePosition() {
        return position + offset;
    }
}
