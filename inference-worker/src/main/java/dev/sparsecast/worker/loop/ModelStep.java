package dev.sparsecast.worker.loop;

import dev.sparsecast.worker.profile.ActivationProfiler;
import dev.sparsecast.worker.profile.GroupedPrompt;
import dev.sparsecast.worker.profile.PromptSums;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.common.TopicPartition;

/**
 * Some records on their way through the model, on another thread, while the loop goes on polling. Nothing but the result
 * is shared with that thread, so a step whose records are no longer ours is simply forgotten.
 */
final class ModelStep {
    private final List<Taken> records;
    private final FutureTask<Result> task;

    /**
     * What a step comes to.
     *
     * @param seconds that the model took
     */
    record Result(PromptSums sums, double seconds) {}

    private ModelStep(List<Taken> records, FutureTask<Result> task) {
        this.records = records;
        this.task = task;
    }

    /** Starts a step. */
    static ModelStep start(
            List<Taken> records, ActivationProfiler profiler, WorkerMetrics metrics, Executor modelThread) {
        List<GroupedPrompt> prompts = records.stream()
                .map(Taken::fate)
                .filter(Intake.Accepted.class::isInstance)
                .map(fate -> ((Intake.Accepted) fate).prompt())
                .toList();
        FutureTask<Result> task = new FutureTask<>(() -> {
            long start = System.nanoTime();
            PromptSums sums = metrics.time(WorkerMetrics.Stage.FORWARD, () -> profiler.run(prompts, metrics.batches()));
            return new Result(sums, (System.nanoTime() - start) / 1e9);
        });
        modelThread.execute(task);
        return new ModelStep(records, task);
    }

    /** The records, in the order in which they were read. */
    List<Taken> records() {
        return records;
    }

    boolean touches(Collection<TopicPartition> partitions) {
        return records.stream().anyMatch(record -> partitions.contains(record.partition()));
    }

    /** Whether it has ended, having waited for that a while. */
    boolean isDone(Duration patience) {
        if (patience.isZero() || task.isDone()) {
            return task.isDone();
        }
        try {
            task.get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException e) {
            // The one is no news, the other is told by result().
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
        return task.isDone();
    }

    /**
     * What came of it; waits for its end.
     *
     * @throws RuntimeException or an error: what the model failed of
     */
    Result result() {
        try {
            return task.get();
        } catch (InterruptedException e) {
            throw interrupted(e);
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case RuntimeException cause -> throw cause;
                case Error cause -> throw cause;
                case null, default -> throw new IllegalStateException(e);
            }
        }
    }

    /** Does not run if it has not begun; its end interests nobody. */
    void forget() {
        task.cancel(false);
    }

    private static WorkerException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new WorkerException("the worker was interrupted", e);
    }
}
