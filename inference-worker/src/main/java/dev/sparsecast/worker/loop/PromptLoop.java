package dev.sparsecast.worker.loop;

import dev.sparsecast.checkpoint.statistics.ModelStatistics;
import dev.sparsecast.schemas.ActivationNorms;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.worker.profile.ActivationProfiler;
import dev.sparsecast.worker.profile.PromptGroup;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Poll, take in, run a bounded step of the model, and now and then flush; all on one thread.
 *
 * <p>Exactly once rests on one rule: the offsets of a flush are those of exactly the records that its sums and dead letters
 * came from, and both are committed in one transaction. Whatever goes wrong, everything gathered since the last flush
 * is forgotten and reading goes on from the committed offsets.
 */
final class PromptLoop {
    private static final Logger LOG = LoggerFactory.getLogger(PromptLoop.class);
    private static final Pattern PROMPT_TOPICS = Pattern.compile("^" + Pattern.quote(Topics.PROMPTS_PREFIX) + ".*");
    private static final Duration IDLE_POLL = Duration.ofMillis(100);
    private static final Duration BUSY_POLL = Duration.ofMillis(5);
    private static final long MOST_DEAD_LETTER_BYTES = 8 << 20;
    private static final int MOST_FAILURES_IN_A_ROW = 10;

    private final WorkerSettings settings;
    private final String revision;
    private final Consumer<byte[], byte[]> consumer;
    private final FlushTransactions transactions;
    private final Serializer<ActivationNorms> normsSerializer;
    private final PromptIntake intake;
    private final ActivationProfiler profiler;
    private final StepSize stepSize;
    private final int largestRecord;
    private final boolean fromBeginning;
    private final WorkerMetrics metrics;
    private final java.util.function.Consumer<Duration> pause;

    private PendingFlush pending = new PendingFlush();
    private int failuresInARow;
    private @Nullable RuntimeException rebalanceFailure;
    private volatile boolean assigned;
    private volatile WorkerTotals totals = WorkerTotals.NONE;

    /**
     * What the loop works with; it closes none of it.
     *
     * @param largestRecord most bytes that the producer may send in one record
     * @param fromBeginning where to read a partition from that has no committed offset: its beginning, or else its end
     */
    record Parts(
            Consumer<byte[], byte[]> consumer,
            FlushTransactions transactions,
            Serializer<ActivationNorms> normsSerializer,
            PromptIntake intake,
            ActivationProfiler profiler,
            StepSize stepSize,
            int largestRecord,
            boolean fromBeginning,
            WorkerMetrics metrics) {}

    PromptLoop(WorkerSettings settings, String revision, Parts parts) {
        this(settings, revision, parts, PromptLoop::sleep);
    }

    /** With another way to wait before an attempt. */
    PromptLoop(WorkerSettings settings, String revision, Parts parts, java.util.function.Consumer<Duration> pause) {
        this.settings = settings;
        this.revision = revision;
        this.consumer = parts.consumer();
        this.transactions = parts.transactions();
        this.normsSerializer = parts.normsSerializer();
        this.intake = parts.intake();
        this.profiler = parts.profiler();
        this.stepSize = parts.stepSize();
        this.largestRecord = parts.largestRecord();
        this.fromBeginning = parts.fromBeginning();
        this.metrics = parts.metrics();
        this.pause = pause;
    }

    /** Whether partitions have been assigned at least once; for other threads. */
    boolean isAssigned() {
        return assigned;
    }

    /** What was committed so far; for other threads. */
    WorkerTotals totals() {
        return totals;
    }

    /**
     * Works until told to stop, then flushes what it has.
     *
     * @throws WorkerException if it cannot go on
     */
    void run(BooleanSupplier stopping) {
        consumer.subscribe(PROMPT_TOPICS, new Rebalances());
        while (!stopping.getAsBoolean()) {
            try {
                turn();
            } catch (KafkaException | RegistryUnavailableException e) {
                recover(e, stopping);
            }
        }
        try {
            flush();
        } catch (KafkaException e) {
            LOG.atWarn()
                    .addKeyValue("model", revision)
                    .setCause(e)
                    .log("The last flush failed; its prompts are left to whoever reads on from the committed offsets");
        }
    }

    private void turn() {
        holdBack();
        ConsumerRecords<byte[], byte[]> records = consumer.poll(profiler.waitingTokens() > 0 ? BUSY_POLL : IDLE_POLL);
        if (rebalanceFailure != null) {
            throw rebalanceFailure;
        }
        metrics.time(WorkerMetrics.Stage.TOKENIZE, () -> records.forEach(this::take));
        if (profiler.waitingTokens() > 0 && (records.isEmpty() || profiler.waitingTokens() >= stepSize.tokens())) {
            metrics.time(WorkerMetrics.Stage.FORWARD, () -> stepSize.measure(profiler::step));
        }
        metrics.waiting(profiler.waitingTokens());
        if (settings.flush().isDue(profiler.tokens(), pending.records(), pending.age())
                || pending.deadLetterBytes() >= MOST_DEAD_LETTER_BYTES) {
            flush();
        }
    }

    /** Polling goes on whatever happens, so that the group does not take us for dead; but it brings nothing more. */
    private void holdBack() {
        if (profiler.waitingTokens() >= 2 * stepSize.tokens()) {
            consumer.pause(consumer.assignment());
        } else {
            consumer.resume(consumer.paused());
        }
    }

    private void take(ConsumerRecord<byte[], byte[]> record) {
        switch (intake.decide(record)) {
            case Intake.Accepted prompt -> {
                profiler.add(prompt.group(), prompt.tokens());
                pending.accept(record, prompt);
            }
            case Intake.HeldOut() -> pending.holdOut(record);
            case Intake.Rejected(String reason) -> {
                LOG.atWarn()
                        .addKeyValue("topic", record.topic())
                        .addKeyValue("partition", record.partition())
                        .addKeyValue("offset", record.offset())
                        .addKeyValue("reason", reason)
                        .log("Rejected a record; it goes to the dead letters");
                pending.reject(record, DeadLetter.of(record, reason, settings.instance(), largestRecord));
            }
        }
    }

    private void flush() {
        if (pending.isEmpty()) {
            return;
        }
        long tokens = profiler.tokens();
        metrics.time(WorkerMetrics.Stage.FORWARD, () -> stepSize.measure(ignored -> profiler.step(Long.MAX_VALUE)));
        Map<PromptGroup, ModelStatistics> groups = profiler.takeStatistics();
        NormsRecords flush = new NormsRecords(
                UUID.randomUUID().toString(),
                Instant.now().truncatedTo(ChronoUnit.MILLIS),
                revision,
                settings.instance());
        List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>(pending.deadLetters());
        metrics.time(WorkerMetrics.Stage.PUBLISH, () -> {
            records.addAll(flush.of(groups, pending, normsSerializer));
            transactions.publish(records, pending.offsets(), consumer.groupMetadata());
        });
        totals = totals.plus(pending, tokens);
        metrics.flushed(pending, groups, records.size());
        LOG.atDebug()
                .addKeyValue("model", revision)
                .addKeyValue("flush", flush.flushId())
                .addKeyValue("prompts", pending.accepted())
                .addKeyValue("tokens", tokens)
                .addKeyValue("records", records.size())
                .log("Flushed");
        pending = new PendingFlush();
        failuresInARow = 0;
    }

    private void discard() {
        pending = new PendingFlush();
        profiler.discard();
    }

    /** Forgets what was gathered and goes back to the committed offsets, however often that takes. */
    private void recover(RuntimeException first, BooleanSupplier stopping) {
        @Nullable RuntimeException failure = first;
        while (failure != null && !stopping.getAsBoolean()) {
            rebalanceFailure = null;
            discard();
            failuresInARow++;
            if (Failures.isFatal(failure) || failuresInARow > MOST_FAILURES_IN_A_ROW) {
                throw Failures.gaveUp(settings, failure, failuresInARow);
            }
            LOG.atWarn()
                    .addKeyValue("model", revision)
                    .addKeyValue("attempt", failuresInARow)
                    .addKeyValue("reason", Failures.rootMessage(failure))
                    .log("Going back to the committed offsets");
            metrics.recovered();
            pause.accept(Duration.ofMillis(Math.min(5_000, 50L << failuresInARow)));
            failure = goBack();
        }
        discard();
    }

    private @Nullable RuntimeException goBack() {
        try {
            transactions.renew();
            Set<TopicPartition> partitions = consumer.assignment();
            Map<TopicPartition, OffsetAndMetadata> committed = consumer.committed(partitions);
            for (TopicPartition partition : partitions) {
                OffsetAndMetadata offset = committed.get(partition);
                if (offset != null) {
                    consumer.seek(partition, offset);
                } else if (fromBeginning) {
                    consumer.seekToBeginning(List.of(partition));
                } else {
                    consumer.seekToEnd(List.of(partition));
                }
            }
            return null;
        } catch (KafkaException e) {
            return e;
        }
    }

    private static void sleep(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new WorkerException("the worker was interrupted", e);
        }
    }

    /** Called inside {@code poll}, on the loop's thread, between two turns: everything taken in is in {@link #pending}. */
    private final class Rebalances implements ConsumerRebalanceListener {
        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            LOG.atInfo()
                    .addKeyValue("model", revision)
                    .addKeyValue("partitions", partitions)
                    .log("Partitions assigned");
            assigned = true;
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            LOG.atInfo()
                    .addKeyValue("model", revision)
                    .addKeyValue("partitions", partitions)
                    .log("Partitions revoked");
            try {
                flush();
            } catch (KafkaException e) {
                discard();
                rebalanceFailure = e;
            }
        }

        @Override
        public void onPartitionsLost(Collection<TopicPartition> partitions) {
            discard();
            rebalanceFailure =
                    new KafkaException("lost the partitions " + partitions + ": the group took this worker for dead");
        }
    }
}
