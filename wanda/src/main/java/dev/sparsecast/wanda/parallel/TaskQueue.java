package dev.sparsecast.wanda.parallel;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import java.util.function.Supplier;

/** Numbered tasks that threads take in order, each with a worker of its own. */
public final class TaskQueue {
    private TaskQueue() {}

    /**
     * Does tasks 0 to {@code tasks - 1}. When one fails no further one begins.
     *
     * @param worker makes the worker of a thread, with whatever scratch memory it needs
     * @throws RuntimeException the failure of the first worker that had one
     */
    public static void run(int threads, int tasks, Supplier<IntConsumer> worker) {
        if (threads < 1) {
            throw new IllegalArgumentException(threads + " threads, expected at least 1");
        }
        AtomicInteger next = new AtomicInteger();
        Runnable loop = () -> {
            IntConsumer consumer = worker.get();
            try {
                for (int task = next.getAndIncrement(); task < tasks; task = next.getAndIncrement()) {
                    consumer.accept(task);
                }
            } catch (RuntimeException | Error e) {
                next.set(tasks);
                throw e;
            }
        };
        int used = Math.min(threads, tasks);
        if (used <= 1) {
            loop.run();
        } else {
            runOnThreads(used, loop);
        }
    }

    private static void runOnThreads(int threads, Runnable loop) {
        try (ExecutorService executor = Executors.newFixedThreadPool(
                threads, Thread.ofPlatform().daemon().name("pruning-", 0).factory())) {
            List<Future<?>> futures = new ArrayList<>();
            for (int thread = 0; thread < threads; thread++) {
                futures.add(executor.submit(loop));
            }
            for (Future<?> future : futures) {
                await(future);
            }
        }
    }

    private static void await(Future<?> future) {
        try {
            future.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            if (e.getCause() instanceof Error failure) {
                throw failure;
            }
            throw new IllegalStateException("a worker failed", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for the workers", e);
        }
    }
}
