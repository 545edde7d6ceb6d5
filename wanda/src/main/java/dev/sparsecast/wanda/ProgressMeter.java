package dev.sparsecast.wanda;

/** Adds up what several threads have done and tells a {@link Progress} of it. */
public final class ProgressMeter {
    private final Progress progress;
    private final String stage;
    private final long total;
    private long done;

    public ProgressMeter(Progress progress, String stage, long total) {
        this.progress = progress;
        this.stage = stage;
        this.total = total;
    }

    /** So much more is done. */
    public synchronized void add(long amount) {
        done += amount;
        progress.advanced(stage, done, total);
    }
}
