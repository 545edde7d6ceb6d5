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

/**
 * Losses that were measured: a model's on a prompt never changes, so each is measured once while it is remembered. The dense
 * model is needed for every candidate, and a candidate that is released is the one that the next is compared with.
 */
final class KnownLosses {
    private final int capacity;
    /** Least recently used first. */
    private final Map<Known, SequenceLoss> losses = new LinkedHashMap<>(16, 0.75f, true);

    /** An id alone says nothing of the text. */
    private record Known(String model, String id, String text) {}

    /** @param capacity losses remembered */
    KnownLosses(int capacity) {
        this.capacity = capacity;
    }

    /**
     * The losses of a model.
     *
     * @param model what tells it from all others
     * @param sequences token ids of each prompt
     * @param measure evaluates the sequences of those that are not known; not called if all are
     */
    Evaluation of(
            String model, List<Prompt> prompts, List<int[]> sequences, Function<List<int[]>, Evaluation> measure) {
        List<Known> keys = prompts.stream()
                .map(prompt -> new Known(model, prompt.id(), prompt.text()))
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
