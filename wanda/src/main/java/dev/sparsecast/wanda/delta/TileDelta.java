package dev.sparsecast.wanda.delta;

import dev.sparsecast.wanda.mask.Mask;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** The code of one tile: a byte with its {@link Balance}, then the range coder's bytes. */
final class TileDelta {
    /** Bytes that a tile's code has at least. */
    static final int LEAST_BYTES = 1 + RangeEncoder.LEAST_BYTES;

    private static final int LARGEST_BALANCE = 16;

    private TileDelta() {}

    /** The code that leads from a tile to the same rows of another mask. */
    static byte[] encode(Tile tile, Mask result, int group) {
        int balance = Balance.of(tile, result, group);
        BitColumns difference = BitColumns.ofDifference(tile.parent(), result, tile.fromRow(), tile.toRow());
        ColumnCode.Encoder encoder = new ColumnCode.Encoder();
        TileCode.Flips source = new TileCode.Flips() {
            @Override
            public void known(int column, long[] candidates, long[] target) {
                long[] differing = difference.column(column);
                for (int word = 0; word < target.length; word++) {
                    target[word] = differing[word] & candidates[word];
                }
            }

            @Override
            public void found(int column, long[] flips) {}
        };
        new TileCode(encoder, tile, source).run(balance);
        byte[] code = encoder.finish();
        byte[] whole = new byte[1 + code.length];
        whole[0] = (byte) balance;
        System.arraycopy(code, 0, whole, 1, code.length);
        return whole;
    }

    /**
     * Flips the bits of a copy of the parent's mask.
     *
     * @param target rows of this tile hold the parent's bits before and the result's afterwards
     * @throws DamagedCodeException if no encoder wrote this code
     */
    static void decode(Tile tile, MemorySegment code, Mask target) {
        int balance = code.get(ValueLayout.JAVA_BYTE, 0) & 0xff;
        if (balance > LARGEST_BALANCE || (balance > Balance.ROW && tile.parent().columns() % balance != 0)) {
            throw new DamagedCodeException("it has an impossible balance of flips");
        }
        ColumnCode.Decoder decoder = new ColumnCode.Decoder(code.asSlice(1));
        TileCode.Flips sink = new TileCode.Flips() {
            @Override
            public void known(int column, long[] candidates, long[] flips) {
                Arrays.fill(flips, 0);
            }

            @Override
            public void found(int column, long[] flips) {
                flip(target, tile.fromRow(), column, flips);
            }
        };
        new TileCode(decoder, tile, sink).run(balance);
        decoder.checkEnd();
    }

    private static void flip(Mask target, int fromRow, int column, long[] flips) {
        MemorySegment bits = target.bits();
        for (int word = 0; word < flips.length; word++) {
            for (long rest = flips[word]; rest != 0; rest &= rest - 1) {
                long row = fromRow + word * (long) Long.SIZE + Long.numberOfTrailingZeros(rest);
                long offset = row * target.rowBytes() + column / Byte.SIZE;
                byte flipped = (byte) (bits.get(ValueLayout.JAVA_BYTE, offset) ^ 1 << column % Byte.SIZE);
                bits.set(ValueLayout.JAVA_BYTE, offset, flipped);
            }
        }
    }
}
