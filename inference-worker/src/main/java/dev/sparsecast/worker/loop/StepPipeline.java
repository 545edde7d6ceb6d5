package dev.sparsecast.worker.loop;

import dev.sparsecast.worker.profile.ActivationProfiler;
import dev.sparsecast.worker.profile.PromptGroup;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * The way of a record from the poll through the model: inbox, tokenizer, queue, and one step at a time on the model's
 * thread. Everything else here is done by the loop's thread, and each call is short however slow the model is. Bounded:
 * {@link #isHeldBack} tells when to poll for nothing more.
 */
final class StepPipeline {
    /** Tokenizing goes on for so long in one call. */
    private static final Duration INTAKE = Duration.ofMillis(500);

    /** Records do not wait longer than this for others to share a step with, if the model is free. */
    private static final Duration COMPANY = Duration.ofSeconds(1);

    /** How long to look at nothing but the running step when there is nothing to take in. */
    private static final Duration STEP_PATIENCE = Duration.ofMillis(50);

    private final Function<ConsumerRecord<byte[], byte[]>, Taken> intake;
    private final ActivationProfiler profiler;
    private final Executor modelThread;
    private final StepSize stepSize;
    private final WorkerMetrics metrics;

    private final ArrayDeque<ConsumerRecord<byte[], byte[]>> inbox = new ArrayDeque<>();
    private final PromptQueue queue = new PromptQueue();
    private @Nullable ModelStep running;

    /** What has been through, in the order in which it was read. */
    record Through(List<Taken> records, ModelStep.Result result) {}

    /**
     * An empty one.
     *
     * @param intake decides what becomes of a record
     * @param modelThread where steps run, one after the other
     */
    StepPipeline(
            Function<ConsumerRecord<byte[], byte[]>, Taken> intake,
            ActivationProfiler profiler,
            Executor modelThread,
            StepSize stepSize,
            WorkerMetrics metrics) {
        this.intake = intake;
        this.profiler = profiler;
        this.modelThread = modelThread;
        this.stepSize = stepSize;
        this.metrics = metrics;
    }

    boolean isEmpty() {
        return running == null && queue.isEmpty() && inbox.isEmpty();
    }

    /** Whether there is no room for more records. */
    boolean isHeldBack() {
        return !inbox.isEmpty() || isQueueFull();
    }

    private boolean isQueueFull() {
        return queue.isFull(2 * stepSize.tokens());
    }

    /** Whether nothing is to be done for the records that were read but to wait for the model. */
    private boolean isWaiting() {
        return inbox.isEmpty() || isQueueFull();
    }

    void add(Iterable<ConsumerRecord<byte[], byte[]>> records) {
        records.forEach(inbox::add);
    }

    /** Takes in what was added, as long as there is room and time. */
    void takeIn() {
        if (!inbox.isEmpty()) {
            metrics.time(WorkerMetrics.Stage.TOKENIZE, () -> {
                long start = System.nanoTime();
                while (!inbox.isEmpty() && !isQueueFull() && System.nanoTime() - start < INTAKE.toNanos()) {
                    queue.add(intake.apply(inbox.element()));
                    inbox.remove();
                }
            });
        }
    }

    /**
     * Starts a step, if none is running and there is reason to.
     *
     * @param quiet whether the last poll brought nothing more that could share the step
     * @param groups groups that are being summed up already
     * @param mostGroups most groups to sum up at once
     */
    void start(boolean quiet, Set<PromptGroup> groups, int mostGroups) {
        boolean due = (quiet && inbox.isEmpty())
                || isQueueFull()
                || queue.tokens() >= stepSize.tokens()
                || queue.age().compareTo(COMPANY) > 0;
        if (running == null && !queue.isEmpty() && due) {
            running =
                    ModelStep.start(queue.next(stepSize.tokens(), groups, mostGroups), profiler, metrics, modelThread);
        }
    }

    /**
     * What the running step came to, if it has ended; waits a moment for that if nothing else is to be done.
     *
     * @throws RuntimeException what the model failed of
     */
    Optional<Through> finish() {
        return finish(isWaiting() ? STEP_PATIENCE : Duration.ZERO);
    }

    /** The same without waiting. */
    Optional<Through> finishNow() {
        return finish(Duration.ZERO);
    }

    private Optional<Through> finish(Duration patience) {
        ModelStep step = running;
        if (step == null || !step.isDone(patience)) {
            return Optional.empty();
        }
        running = null;
        ModelStep.Result result = step.result();
        stepSize.learn(result.sums().tokens(), result.seconds());
        return Optional.of(new Through(step.records(), result));
    }

    /** Forgets what came from these partitions; what shared a step with it waits again. */
    void drop(Collection<TopicPartition> partitions) {
        ModelStep step = running;
        if (step != null && step.touches(partitions)) {
            step.forget();
            running = null;
            queue.giveBack(step.records());
        }
        queue.drop(partitions);
        inbox.removeIf(record -> partitions.contains(new TopicPartition(record.topic(), record.partition())));
    }

    /** Forgets what was not taken in yet. */
    void clearInbox() {
        inbox.clear();
    }

    /** Forgets everything. */
    void clear() {
        if (running != null) {
            running.forget();
            running = null;
        }
        queue.clear();
        inbox.clear();
    }

    /** Tells the metrics how much waits. */
    void report() {
        metrics.waiting(queue.tokens(), queue.records() + inbox.size(), isHeldBack());
    }
}
