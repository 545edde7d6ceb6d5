package dev.sparsecast.pruner.gate;

import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.worker.model.Evaluation;
import dev.sparsecast.worker.model.SequenceLoss;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/** Losses of the dense model, which never changes: each prompt is measured once while it is remembered. */
final class DenseLosses {
    private final int capacity;
    private final Function<List<int[]>, Evaluation> measure;
    /** Least recently used first. */
    private final Map<Known, SequenceLoss> losses = new LinkedHashMap<>(16, 0.75f, true);

    /** An id alone says nothing of the text. */
    private record Known(String id, String text) {}

    /**
     * @param capacity prompts remembered
     * @param measure what evaluates the sequences of those that are not
     */
    DenseLosses(int capacity, Function<List<int[]>, Evaluation> measure) {
        this.capacity = capacity;
        this.measure = measure;
    }

    /** @param sequences token ids of each prompt */
    Evaluation of(List<Prompt> prompts, List<int[]> sequences) {
        List<Known> keys = prompts.stream()
                .map(prompt -> new Known(prompt.id(), prompt.text()))
                .toList();
        List<Integer> unknown = new ArrayList<>();
        for (int i = 0; i < keys.size(); i++) {
            if (!losses.containsKey(keys.get(i))) {
                unknown.add(i);
            }
        }
        if (!unknown.isEmpty()) {
            List<SequenceLoss> measured =
                    measure.apply(unknown.stream().map(sequences::get).toList()).sequences();
            for (int i = 0; i < measured.size(); i++) {
                losses.put(keys.get(unknown.get(i)), measured.get(i));
            }
        }
        Evaluation evaluation = new Evaluation(keys.stream()
                .map(key -> Objects.requireNonNull(losses.get(key)))
                .toList());
        while (losses.size() > capacity) {
            losses.remove(losses.keySet().iterator().next());
        }
        return evaluation;
    }
}
