package dev.sparsecast.pruner.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsecast.schemas.HeldOut;
import dev.sparsecast.schemas.Prompt;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class HeldOutPromptsTest {
    private static final List<String> HELD_OUT_IDS = IntStream.range(0, 1000)
            .mapToObj(i -> "prompt-" + i)
            .filter(HeldOut::contains)
            .toList();

    private final HeldOutPrompts prompts = new HeldOutPrompts(5);

    private static Prompt prompt(String id) {
        return new Prompt(id, "python", "code", "text of " + id, "", Map.of());
    }

    private static List<String> ids(List<Prompt> prompts) {
        return prompts.stream().map(Prompt::id).toList();
    }

    @Test
    void keepsThoseThatAreHeldOutAndNoOthers() {
        for (int i = 0; i < 20; i++) {
            prompts.add(prompt("prompt-" + i), i);
        }
        List<String> expected = IntStream.range(0, 20)
                .mapToObj(i -> "prompt-" + i)
                .filter(HeldOut::contains)
                .toList();
        assertThat(expected).isNotEmpty().hasSizeLessThanOrEqualTo(5);
        assertThat(ids(prompts.newest("python", "code", 20))).isEqualTo(expected);
        assertThat(prompts.newest("python", "math", 20)).isEmpty();
    }

    @Test
    void forgetsTheOldest() {
        for (int i = 0; i < 8; i++) {
            prompts.add(prompt(HELD_OUT_IDS.get(i)), i);
        }
        assertThat(ids(prompts.newest("python", "code", 100))).isEqualTo(HELD_OUT_IDS.subList(3, 8));
        assertThat(ids(prompts.newest("python", "code", 2))).isEqualTo(HELD_OUT_IDS.subList(6, 8));
    }

    @Test
    void countsAPromptThatComesAgainOnceAndAsRecent() {
        prompts.add(prompt(HELD_OUT_IDS.get(0)), 1);
        prompts.add(prompt(HELD_OUT_IDS.get(1)), 2);
        prompts.add(prompt(HELD_OUT_IDS.get(0)), 3);
        assertThat(ids(prompts.newest("python", "code", 10))).containsExactly(HELD_OUT_IDS.get(1), HELD_OUT_IDS.get(0));
    }

    @Test
    void leavesOutPromptsWithoutText() {
        prompts.add(new Prompt(HELD_OUT_IDS.get(0), "python", "code", " \n", "", Map.of()), 1);
        assertThat(prompts.newest("python", "code", 10)).isEmpty();
    }

    /** After a restart partitions are read in another order. */
    @ParameterizedTest
    @MethodSource("seeds")
    void arrivesAtTheSamePromptsInWhateverOrderTheyAreRead(int seed) {
        Random random = new Random(seed);
        List<Integer> sent = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            sent.add(random.nextInt(20));
        }
        List<Integer> order =
                new ArrayList<>(IntStream.range(0, sent.size()).boxed().toList());
        order.forEach(at -> prompts.add(prompt(HELD_OUT_IDS.get(sent.get(at))), at));
        HeldOutPrompts shuffled = new HeldOutPrompts(5);
        Collections.shuffle(order, random);
        order.forEach(at -> shuffled.add(prompt(HELD_OUT_IDS.get(sent.get(at))), at));
        assertThat(ids(shuffled.newest("python", "code", 10)))
                .hasSize(5)
                .isEqualTo(ids(prompts.newest("python", "code", 10)));
    }

    static IntStream seeds() {
        return IntStream.range(0, 20);
    }
}
