package dev.sparsecast.worker.loop;

import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.statistics.ModelStatistics;
import dev.sparsecast.schemas.ActivationNorms;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.worker.profile.ActivationProfiler;
import dev.sparsecast.worker.profile.PromptGroup;
import dev.sparsecast.worker.profile.PromptSums;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Executor;
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
 * Poll, take in, and now and then flush, while steps of the model run on a thread of their own. So the time between two
 * polls does not depend on how slow the model is, and the group never takes a busy worker for dead. What is read is
 * bounded: when enough waits for the model, polling goes on but brings nothing more.
 *
 * <p>Exactly once rests on one rule: the offsets of a flush are those of exactly the records that its sums and dead letters
 * came from, and both are committed in one transaction. Records go through in the order in which they were read, so a
 * flush is everything up to its offsets. Whatever goes wrong, everything since the last flush is forgotten and reading
 * goes on from the committed offsets.
 */
final class PromptLoop {
    private static final Logger LOG = LoggerFactory.getLogger(PromptLoop.class);
    private static final Pattern PROMPT_TOPICS = Pattern.compile("^" + Pattern.quote(Topics.PROMPTS_PREFIX) + ".*");
    private static final Duration IDLE_POLL = Duration.ofMillis(100);
    private static final Duration BUSY_POLL = Duration.ofMillis(5);

    /** How long to go on with what was read when told to stop. */
    private static final Duration DRAIN = Duration.ofSeconds(10);

    /** Memory for the sums of one flush; more groups than fit are flushed earlier. */
    private static final long MOST_SUM_BYTES = 256 << 20;

    private static final long MOST_DEAD_LETTER_BYTES = 8 << 20;
    private static final int MOST_FAILURES_IN_A_ROW = 10;

    private final WorkerSettings settings;
    private final String revision;
    private final Parts parts;
    private final Consumer<byte[], byte[]> consumer;
    private final WorkerMetrics metrics;
    private final int mostGroups;
    private final java.util.function.Consumer<Duration> pause;

    private final StepPipeline pipeline;
    private final SourceLedger ledger;
    private PendingFlush pending;
    private int failuresInARow;
    private @Nullable RuntimeException rebalanceFailure;
    private volatile boolean assigned;
    private volatile WorkerTotals totals = WorkerTotals.NONE;

    /**
     * What the loop works with; it closes none of it.
     *
     * @param model shape of the model
     * @param modelDigest the model's digest
     * @param modelThread where steps run, one after the other
     * @param batchTokens tokens of one batch of the model
     * @param largestRecord most bytes that the producer may send in one record
     * @param fromBeginning where to read a partition from that has no committed offset: its beginning, or else its end
     */
    record Parts(
            Consumer<byte[], byte[]> consumer,
            FlushTransactions transactions,
            Serializer<ActivationNorms> normsSerializer,
            PromptIntake intake,
            ModelConfig model,
            Optional<String> modelDigest,
            ActivationProfiler profiler,
            Executor modelThread,
            int batchTokens,
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
        this.parts = parts;
        this.consumer = parts.consumer();
        this.metrics = parts.metrics();
        this.pipeline = new StepPipeline(
                this::take, parts.profiler(), parts.modelThread(), new StepSize(parts.batchTokens()), metrics);
        this.mostGroups = (int) Math.clamp(MOST_SUM_BYTES / PromptSums.bytesOfAGroup(parts.model()), 1, 10_000);
        this.ledger = new SourceLedger(settings.sources(), System::nanoTime);
        this.pause = pause;
        this.pending = new PendingFlush(parts.model());
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
     * Works until told to stop, then drains.
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
            drain();
        } catch (KafkaException e) {
            LOG.atWarn()
                    .addKeyValue("model", revision)
                    .setCause(e)
                    .log("The last flush failed; its prompts are left to whoever reads on from the committed offsets");
        }
    }

    private void turn() {
        holdBack();
        ConsumerRecords<byte[], byte[]> records = poll(pipeline.isEmpty() ? IDLE_POLL : BUSY_POLL);
        pipeline.add(records);
        pipeline.takeIn();
        pipeline.finish().ifPresent(this::gather);
        if (isFlushDue()) {
            flush();
        }
        startStep(records.isEmpty());
        pipeline.report();
    }

    private ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
        ConsumerRecords<byte[], byte[]> records = consumer.poll(timeout);
        if (rebalanceFailure != null) {
            throw rebalanceFailure;
        }
        return records;
    }

    /** Polling goes on whatever happens; but it brings nothing more. */
    private void holdBack() {
        if (pipeline.isHeldBack()) {
            consumer.pause(consumer.assignment());
        } else {
            consumer.resume(consumer.paused());
        }
    }

    private Taken take(ConsumerRecord<byte[], byte[]> record) {
        Intake fate = ledger.admit(parts.intake().decide(record));
        return Taken.of(record, fate, deadLetter(record, fate));
    }

    private Optional<ProducerRecord<byte[], byte[]>> deadLetter(ConsumerRecord<byte[], byte[]> record, Intake fate) {
        return switch (fate) {
            case Intake.Accepted _, Intake.HeldOut() -> Optional.empty();
            case Intake.OverShare over ->
                over.excess() == SourceCap.Excess.SKIP ? Optional.empty() : letter(record, over.reason());
            case Intake.Rejected(String reason, boolean _) -> {
                logRejected(record, reason);
                yield letter(record, reason);
            }
        };
    }

    private Optional<ProducerRecord<byte[], byte[]>> letter(ConsumerRecord<byte[], byte[]> record, String reason) {
        return Optional.of(DeadLetter.of(record, reason, settings.instance(), parts.largestRecord()));
    }

    private static void logRejected(ConsumerRecord<byte[], byte[]> record, String reason) {
        LOG.atWarn()
                .addKeyValue("topic", record.topic())
                .addKeyValue("partition", record.partition())
                .addKeyValue("offset", record.offset())
                .addKeyValue("reason", reason)
                .log("Rejected a record; it goes to the dead letters");
    }

    private void startStep(boolean quiet) {
        pipeline.start(quiet, pending.sums().groups(), mostGroups);
    }

    private void gather(StepPipeline.Through through) {
        pending.add(through.records(), through.result().sums());
    }

    private boolean isFlushDue() {
        return settings.flush().isDue(pending.sums().tokens(), pending.records(), pending.age())
                || pending.deadLetterBytes() >= MOST_DEAD_LETTER_BYTES
                || pending.sums().groups().size() >= mostGroups;
    }

    /** Publishes what is through. */
    private void flush() {
        if (pending.isEmpty()) {
            return;
        }
        NormsRecords flush = new NormsRecords(
                UUID.randomUUID().toString(),
                Instant.now().truncatedTo(ChronoUnit.MILLIS),
                revision,
                settings.instance());
        Map<PromptGroup, ModelStatistics> groups = pending.sums().statistics(parts.modelDigest());
        List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>(pending.deadLetters());
        metrics.time(WorkerMetrics.Stage.PUBLISH, () -> {
            records.addAll(flush.of(groups, pending, parts.normsSerializer()));
            parts.transactions().publish(records, pending.offsets(), consumer.groupMetadata());
        });
        totals = totals.plus(pending);
        metrics.flushed(pending, groups, records);
        LOG.atDebug()
                .addKeyValue("model", revision)
                .addKeyValue("flush", flush.flushId())
                .addKeyValue("prompts", pending.accepted())
                .addKeyValue("tokens", pending.sums().tokens())
                .addKeyValue("records", records.size())
                .log("Flushed");
        pending = new PendingFlush(parts.model());
        failuresInARow = 0;
    }

    /** Goes on for a while with what was taken in, then flushes; the rest is left to whoever reads on. */
    private void drain() {
        long start = System.nanoTime();
        pipeline.clearInbox();
        while (!pipeline.isEmpty() && System.nanoTime() - start < DRAIN.toNanos()) {
            startStep(true);
            pipeline.finish().ifPresent(this::gather);
            consumer.pause(consumer.assignment());
            // What it may still bring is not taken in, and so neither counted nor committed.
            poll(Duration.ZERO);
        }
        pipeline.clear();
        flush();
    }

    private void discard() {
        pipeline.clear();
        ledger.clear();
        pending = new PendingFlush(parts.model());
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
            parts.transactions().renew();
            Set<TopicPartition> partitions = consumer.assignment();
            Map<TopicPartition, OffsetAndMetadata> committed = consumer.committed(partitions);
            for (TopicPartition partition : partitions) {
                OffsetAndMetadata offset = committed.get(partition);
                if (offset != null) {
                    consumer.seek(partition, offset);
                } else if (parts.fromBeginning()) {
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

    /**
     * Called inside {@code poll}, on the loop's thread. What is through is flushed; what is not goes on if its partition
     * stays, and is forgotten otherwise. Nobody waits for the model.
     */
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
                pipeline.finishNow().ifPresent(PromptLoop.this::gather);
                flush();
                pipeline.drop(partitions);
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
