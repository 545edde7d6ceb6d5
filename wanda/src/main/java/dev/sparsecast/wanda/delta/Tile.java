package dev.sparsecast.wanda.delta;

import dev.sparsecast.wanda.mask.Mask;
import dev.sparsecast.wanda.mask.SubModelMask;
import java.util.ArrayList;
import java.util.List;

/**
 * Rows of a module that are coded by themselves, so that memory is bounded and threads have work: whole modules up to
 * {@value #BITS} bits, larger ones cut evenly into multiples of 64 rows.
 *
 * @param parent the module's mask in the parent
 */
record Tile(Mask parent, int fromRow, int toRow) {
    private static final int BITS = 1 << 25;

    /** The tiles of a mask: by module in the order of the mask, and by row. */
    static List<Tile> of(SubModelMask parent) {
        List<Tile> tiles = new ArrayList<>();
        for (Mask mask : parent.masks()) {
            int most = Math.max(BITS / Math.max(mask.columns(), 1) / Long.SIZE, 1) * Long.SIZE;
            int count = Math.max(Math.ceilDiv(mask.rows(), most), 1);
            int rows = Math.ceilDiv(Math.ceilDiv(mask.rows(), count), Long.SIZE) * Long.SIZE;
            for (int from = 0; from < mask.rows(); from += rows) {
                tiles.add(new Tile(mask, from, Math.min(from + rows, mask.rows())));
            }
        }
        return tiles;
    }

    int rows() {
        return toRow - fromRow;
    }
}
