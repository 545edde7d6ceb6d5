package dev.sparsecast.wanda.materialization;

import dev.sparsecast.wanda.ProgressMeter;
import dev.sparsecast.wanda.mask.Mask;
import dev.sparsecast.wanda.mask.MaskApplication;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.IntConsumer;

/** Writes pieces of shards; each thread has one of its own, since it owns a buffer. */
final class PieceWriter implements IntConsumer {
    private final List<Piece> pieces;
    private final ProgressMeter meter;
    private ByteBuffer buffer = ByteBuffer.allocateDirect(0);

    PieceWriter(List<Piece> pieces, ProgressMeter meter) {
        this.pieces = pieces;
        this.meter = meter;
    }

    @Override
    public void accept(int index) {
        Piece piece = pieces.get(index);
        ByteBuffer bytes = piece.mask()
                .map(mask -> masked(piece, mask))
                .orElseGet(() -> piece.tensor()
                        .data()
                        .asSlice(piece.offset(), piece.bytes())
                        .asByteBuffer());
        try {
            long position = piece.filePosition();
            while (bytes.hasRemaining()) {
                position += piece.channel().write(bytes, position);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        meter.add(piece.bytes());
    }

    private ByteBuffer masked(Piece piece, Mask mask) {
        if (buffer.capacity() < piece.bytes()) {
            buffer = ByteBuffer.allocateDirect(piece.bytes());
        }
        buffer.clear().limit(piece.bytes());
        int rowBytes = mask.columns() * piece.tensor().type().bytes();
        int fromRow = Math.toIntExact(piece.offset() / rowBytes);
        MaskApplication.apply(
                mask,
                piece.tensor().type(),
                piece.tensor().data(),
                fromRow,
                fromRow + piece.bytes() / rowBytes,
                MemorySegment.ofBuffer(buffer));
        return buffer;
    }
}
