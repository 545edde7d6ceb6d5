package dev.sparsecast.producers.tap;

import dev.sparsecast.producers.PromptSourceException;
import dev.sparsecast.schemas.Prompt;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Prompts that wait for the broker, and the thread that sends them in batches. */
final class SendQueue implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(SendQueue.class);
    private static final int BATCH = 100;
    private static final long WAIT_MILLIS = 200;

    private final BlockingQueue<List<Prompt>> waiting;
    private final PromptSink sink;
    private final Thread thread = Thread.ofPlatform().name("tap-sender").unstarted(this::run);
    private final AtomicLong sent = new AtomicLong();
    private final AtomicLong lost = new AtomicLong();
    private volatile boolean closing;

    SendQueue(int capacity, PromptSink sink) {
        this.waiting = new ArrayBlockingQueue<>(capacity);
        this.sink = sink;
    }

    void start() {
        thread.start();
    }

    /** Takes the prompts of a request, or none of them if there is no room. */
    boolean offer(List<Prompt> prompts) {
        return !closing && waiting.offer(prompts);
    }

    long sent() {
        return sent.get();
    }

    long lost() {
        return lost.get();
    }

    private void run() {
        try {
            while (!closing || !waiting.isEmpty()) {
                List<Prompt> first = waiting.poll(WAIT_MILLIS, TimeUnit.MILLISECONDS);
                if (first != null) {
                    send(first);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void send(List<Prompt> first) {
        List<List<Prompt>> requests = new ArrayList<>(List.of(first));
        waiting.drainTo(requests, BATCH - 1);
        List<Prompt> prompts = requests.stream().flatMap(List::stream).toList();
        try {
            sink.send(prompts);
            sent.addAndGet(prompts.size());
        } catch (PromptSourceException e) {
            lost.addAndGet(prompts.size());
            log.atWarn()
                    .setCause(e)
                    .addKeyValue("prompts", prompts.size())
                    .log("Prompts of the tap could not be sent and are lost");
        }
    }

    @Override
    public void close() {
        closing = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
