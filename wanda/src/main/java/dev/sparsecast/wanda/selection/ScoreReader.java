package dev.sparsecast.wanda.selection;

/** Reads the scores of a matrix row by row, for one thread. */
public final class ScoreReader {
    private final RowScores source;
    private final float[] magnitudes;
    private final int[] scores;

    public ScoreReader(RowScores source) {
        this.source = source;
        this.magnitudes = new float[source.weights().columns()];
        this.scores = new int[magnitudes.length];
    }

    /** Reads a row; false if it has a weight that is NaN or infinite, and then the scores mean nothing. */
    public boolean read(int row) {
        source.weights().magnitudes(row, magnitudes);
        for (float magnitude : magnitudes) {
            if (!Float.isFinite(magnitude)) {
                return false;
            }
        }
        source.score(row, magnitudes, scores);
        return true;
    }

    /** Bits of the float32 scores of the row that was read; overwritten by the next. */
    public int[] scores() {
        return scores;
    }
}
