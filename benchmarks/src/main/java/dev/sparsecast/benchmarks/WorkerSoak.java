package dev.sparsecast.benchmarks;

import dev.sparsecast.cli.cluster.TopicSetup;
import dev.sparsecast.cli.stack.EmbeddedStack;
import dev.sparsecast.cli.stack.StackOptions;
import dev.sparsecast.producers.PromptFile;
import dev.sparsecast.producers.PromptProducer;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.cluster.TopicCatalogue;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.admin.Admin;

/**
 * A worker under load for as long as one likes: the embedded stack in this process, the worker as a process of its own, and
 * more prompts than it can take. Prints a row of figures at every interval and, at the end, how fast each kind of
 * memory grew.
 *
 * <pre>{@code WorkerSoak MODEL PROMPTS MINUTES [SECONDS_BETWEEN_ROWS] [WORKER_OPTION...]}</pre>
 */
public final class WorkerSoak {
    /** Prompts that wait in the topics; more are sent as soon as there are fewer. */
    private static final long BACKLOG = 500;

    /** Of so many prompts one is far too long, and of so many one is empty and ends as a dead letter. */
    private static final int OVERSIZE_EVERY = 40;

    private static final int EMPTY_EVERY = 100;

    private final List<Prompt> prompts;
    private final AtomicLong sent = new AtomicLong();
    private final AtomicLong taken = new AtomicLong();
    private final AtomicBoolean stopped = new AtomicBoolean();

    private WorkerSoak(List<Prompt> prompts) {
        this.prompts = prompts;
    }

    /** Runs it. */
    public static void main(String[] arguments) throws Exception {
        Path model = Path.of(arguments[0]);
        List<Prompt> prompts = PromptFile.read(Path.of(arguments[1])).prompts();
        Duration length = Duration.ofSeconds(Math.round(60 * Double.parseDouble(arguments[2])));
        Duration interval = Duration.ofSeconds(arguments.length > 3 ? Long.parseLong(arguments[3]) : 30);
        List<String> options = List.of(arguments).subList(Math.min(4, arguments.length), arguments.length);
        new WorkerSoak(prompts).run(model, length, interval, options);
    }

    private void run(Path model, Duration length, Duration interval, List<String> options) throws Exception {
        try (EmbeddedStack stack = EmbeddedStack.start(StackOptions.temporary())) {
            ClusterSettings cluster = new ClusterSettings(stack.bootstrapServers(), stack.schemaRegistryUrl());
            List<String> languages =
                    prompts.stream().map(Prompt::language).distinct().toList();
            try (Admin admin = Admin.create(cluster.client(Map.of()))) {
                TopicSetup.create(admin, TopicCatalogue.topics(languages, 3), Optional.empty());
            }
            Thread producer = Thread.ofPlatform().daemon().name("prompts").start(() -> send(cluster));
            try (WorkerProcess worker = WorkerProcess.start(cluster, model, options)) {
                List<SoakSample> samples = watch(worker, length, interval);
                stopped.set(true);
                System.out.printf("%nexit code after SIGTERM: %d%n", worker.stop());
                System.out.println(SoakSample.growth(samples));
            }
            producer.join();
        }
    }

    private List<SoakSample> watch(WorkerProcess worker, Duration length, Duration interval)
            throws IOException, InterruptedException {
        List<SoakSample> samples = new ArrayList<>();
        System.out.println(SoakSample.HEADER);
        long start = System.nanoTime();
        long next = start;
        while (System.nanoTime() - start < length.toNanos()) {
            taken.set(worker.taken());
            if (System.nanoTime() >= next) {
                SoakSample sample = worker.sample((System.nanoTime() - start) / 1e9);
                System.out.println(sample.row(samples.isEmpty() ? sample : samples.getLast()));
                samples.add(sample);
                next += interval.toNanos();
            }
            Thread.sleep(500);
        }
        return samples;
    }

    private void send(ClusterSettings cluster) {
        try (PromptProducer producer = new PromptProducer(cluster)) {
            producer.send(() -> endless(), Double.POSITIVE_INFINITY, progress -> sent.set(progress.sent()));
        }
    }

    private Iterator<Prompt> endless() {
        return new Iterator<>() {
            private long number;

            @Override
            public boolean hasNext() {
                while (!stopped.get() && sent.get() - taken.get() > BACKLOG) {
                    sleep();
                }
                return !stopped.get();
            }

            @Override
            public Prompt next() {
                Prompt prompt = prompts.get((int) (number % prompts.size()));
                number++;
                String text = number % EMPTY_EVERY == 0
                        ? ""
                        : number % OVERSIZE_EVERY == 0 ? prompt.text().repeat(50) : prompt.text();
                return new Prompt(
                        prompt.id() + "-" + number,
                        prompt.language(),
                        prompt.domain(),
                        text,
                        "source-" + number % 1000,
                        Map.of());
            }
        };
    }

    private static void sleep() {
        try {
            Thread.sleep(20);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(
                    String.format(Locale.ROOT, "%s was interrupted", Thread.currentThread()), e);
        }
    }
}
