package dev.sparsecast.console.state;

import dev.sparsecast.console.view.ProfilingView;
import dev.sparsecast.console.view.ProfilingView.WorkerView;
import dev.sparsecast.schemas.ActivationNorms;
import dev.sparsecast.schemas.LayerKey;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Flushes by worker. A flush is many records, one a group and layer: tokens and prompts are taken from layer 0, and the
 * flush itself is counted once by its id.
 */
final class Profiling {
    private static final int MOST_WORKERS = 200;
    private static final int REMEMBERED_FLUSHES = 256;

    private final Map<String, Worker> workers = new BoundedMap<>(MOST_WORKERS);
    private final SlidingCounts allTokens = new SlidingCounts();
    private long flushes;
    private long tokens;
    private long prompts;

    private static final class Worker {
        private final Map<String, Boolean> recentFlushes = new BoundedMap<>(REMEMBERED_FLUSHES);
        private final SlidingCounts tokenCounts = new SlidingCounts();
        private long flushes;
        private long tokens;
        private long prompts;
        private Instant lastFlushAt = Instant.MIN;
    }

    void add(LayerKey key, ActivationNorms norms, Instant now) {
        if (key.layer() != 0) {
            return;
        }
        Worker worker = workers.computeIfAbsent(norms.worker(), name -> new Worker());
        if (worker.recentFlushes.put(norms.flushId(), true) == null) {
            worker.flushes++;
            flushes++;
        }
        worker.tokens += norms.tokens();
        worker.prompts += norms.prompts();
        tokens += norms.tokens();
        prompts += norms.prompts();
        Instant at = norms.flushedAt().isAfter(now) ? now : norms.flushedAt();
        worker.tokenCounts.add(at, norms.tokens());
        allTokens.add(at, norms.tokens());
        worker.lastFlushAt = at.isAfter(worker.lastFlushAt) ? at : worker.lastFlushAt;
    }

    ProfilingView view(Instant now) {
        Map<String, Worker> snapshot = new HashMap<>(workers);
        List<WorkerView> views = snapshot.entrySet().stream()
                .map(entry -> view(entry.getKey(), entry.getValue(), now))
                .sorted(Comparator.comparing(WorkerView::worker))
                .toList();
        return new ProfilingView(flushes, tokens, prompts, allTokens.rate(now), views);
    }

    private static WorkerView view(String name, Worker worker, Instant now) {
        return new WorkerView(
                name, worker.flushes, worker.tokens, worker.prompts, worker.tokenCounts.rate(now), worker.lastFlushAt);
    }
}
