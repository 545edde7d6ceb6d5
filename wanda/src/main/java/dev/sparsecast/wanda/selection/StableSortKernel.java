package dev.sparsecast.wanda.selection;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Comparator;

/** The definition, written down: sort each row or group by score, stably, and prune from the front. The other kernels' plain twin. */
public final class StableSortKernel implements SelectionKernel {
    @Override
    public String label() {
        return "stable-sort";
    }

    @Override
    public RowSelector selector() {
        return StableSortKernel::select;
    }

    private static int select(SelectionJob job, int fromRow, int toRow) {
        WeightMatrix weights = job.weights();
        float[] magnitudes = new float[weights.columns()];
        for (int row = fromRow; row < toRow; row++) {
            weights.magnitudes(row, magnitudes);
            for (float magnitude : magnitudes) {
                if (!Float.isFinite(magnitude)) {
                    return row;
                }
            }
            for (int calibration = 0; calibration < job.norms().size(); calibration++) {
                float[] norms = job.norms().get(calibration);
                float[] scores = new float[magnitudes.length];
                for (int column = 0; column < scores.length; column++) {
                    scores[column] = magnitudes[column] * norms[column];
                }
                write(kept(scores, job.selection()), job.masks().get(calibration), row);
            }
        }
        return RowSelector.ALL_FINITE;
    }

    private static boolean[] kept(float[] scores, Selection selection) {
        boolean[] kept = new boolean[scores.length];
        Arrays.fill(kept, true);
        switch (selection) {
            case Selection.LowestOfRow row -> prune(scores, 0, scores.length, row.count(), kept);
            case Selection.LowestOfGroup group -> {
                for (int start = 0; start < scores.length; start += group.group()) {
                    prune(scores, start, group.group(), group.count(), kept);
                }
            }
        }
        return kept;
    }

    private static void prune(float[] scores, int start, int length, int count, boolean[] kept) {
        Integer[] columns = new Integer[length];
        Arrays.setAll(columns, i -> start + i);
        Arrays.sort(columns, Comparator.comparing((Integer column) -> scores[column])); // stable
        for (int i = 0; i < count; i++) {
            kept[columns[i]] = false;
        }
    }

    private static void write(boolean[] kept, MemorySegment mask, int row) {
        int rowBytes = SelectionJob.maskBytes(kept.length);
        byte[] bits = new byte[rowBytes];
        for (int column = 0; column < kept.length; column++) {
            if (kept[column]) {
                bits[column / Byte.SIZE] |= (byte) (1 << column % Byte.SIZE);
            }
        }
        MemorySegment.copy(bits, 0, mask, ValueLayout.JAVA_BYTE, (long) row * rowBytes, rowBytes);
    }
}
