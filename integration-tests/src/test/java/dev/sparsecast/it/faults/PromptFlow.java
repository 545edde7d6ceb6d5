package dev.sparsecast.it.faults;

import dev.sparsecast.it.SparsecastProcess;
import dev.sparsecast.producers.PromptFile;
import dev.sparsecast.producers.PromptProducer;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** Prompts that are sent one after another until told to stop: the bundled ones, again and again under new ids. */
final class PromptFlow {
    private static final int MOST_CHARACTERS = 400;

    private final List<Prompt> texts = new ArrayList<>();
    private final List<Prompt> sent = Collections.synchronizedList(new ArrayList<>());
    private final CompletableFuture<Void> done;
    private volatile boolean stopping;

    private PromptFlow(ClusterSettings cluster, double promptsPerSecond) {
        for (String file : List.of("python", "math")) {
            texts.addAll(PromptFile.read(SparsecastProcess.root().resolve("demo/prompts/" + file + ".jsonl"))
                    .prompts());
        }
        Collections.shuffle(texts, new java.util.Random(1));
        done = CompletableFuture.runAsync(
                () -> {
                    try (PromptProducer producer = new PromptProducer(cluster)) {
                        producer.send(this::iterator, promptsPerSecond, progress -> {});
                    }
                },
                task -> Thread.ofPlatform().name("prompts").daemon().start(task));
    }

    static PromptFlow start(ClusterSettings cluster, double promptsPerSecond) {
        return new PromptFlow(cluster, promptsPerSecond);
    }

    private Iterator<Prompt> iterator() {
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return !stopping;
            }

            @Override
            public Prompt next() {
                Prompt text = texts.get(sent.size() % texts.size());
                String cut = text.text()
                        .substring(0, Math.min(MOST_CHARACTERS, text.text().length()));
                Prompt prompt = new Prompt(
                        text.id() + "-" + sent.size(), text.language(), text.domain(), cut, text.source(), Map.of());
                sent.add(prompt);
                return prompt;
            }
        };
    }

    /** Stops, waits until the broker has them all, and returns what was sent. */
    List<Prompt> stop() {
        stopping = true;
        done.join();
        return List.copyOf(sent);
    }
}
