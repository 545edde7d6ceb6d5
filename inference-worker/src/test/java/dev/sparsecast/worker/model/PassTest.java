package dev.sparsecast.worker.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PassTest {
    private static Pass.Limits limits(int tokens) {
        return new Pass.Limits(tokens, 0.1, true);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void everySequenceIsInOnePassOfLimitedSizeWithLittlePadding(long seed) {
        Random random = new Random(seed);
        List<int[]> sequences = IntStream.range(0, 300)
                .mapToObj(i -> new int[1 + random.nextInt(200)])
                .toList();
        int[] groups = random.ints(300, 0, 4).toArray();
        List<Pass> passes = Pass.plan(sequences, groups, new Pass.Limits(1000, 0.1, false));

        assertThat(passes.stream().flatMapToInt(pass -> IntStream.of(pass.sequences())))
                .containsExactlyInAnyOrderElementsOf(
                        IntStream.range(0, 300).boxed().toList());
        for (Pass pass : passes) {
            assertThat(pass.runs().stream()
                            .mapToInt(run -> run.size() * run.width())
                            .sum())
                    .isLessThanOrEqualTo(1000);
            for (SequenceBatch run : pass.runs()) {
                for (int row = 0; row < run.size(); row++) {
                    int sequence = run.sequences()[row];
                    assertThat(run.lengths()[row]).isEqualTo(sequences.get(sequence).length);
                    assertThat(run.lengths()[row]).isGreaterThanOrEqualTo((int) Math.floor(0.9 * run.width()));
                    assertThat(groups[sequence])
                            .as("groups lie side by side")
                            .isGreaterThanOrEqualTo(row == 0 ? 0 : groups[run.sequences()[row - 1]]);
                }
            }
        }
    }

    @Test
    void passesAreFilledWithRunsOfOtherLengths() {
        List<Pass> passes = Pass.plan(List.of(new int[10], new int[60], new int[30]), new int[3], limits(100));
        assertThat(passes).hasSize(1);
        assertThat(passes.getFirst().runs()).hasSize(3);
        assertThat(passes.getFirst().sequences()).containsExactly(1, 2, 0);
        assertThat(passes.getFirst().width()).isEqualTo(60);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 50})
    void aSequenceLongerThanAPassIsAPassOfItsOwn(int passTokens) {
        List<Pass> passes = Pass.plan(List.of(new int[60], new int[60]), new int[2], limits(passTokens));
        assertThat(passes)
                .hasSize(2)
                .allSatisfy(pass -> assertThat(pass.tokens()).isEqualTo(60));
    }

    @Test
    void sequencesThatBeginAlikeGoTogether() {
        int[] system = IntStream.range(0, 300).toArray();
        List<int[]> sequences = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            int[] tokens = Arrays.copyOf(system, 310 + i);
            tokens[300] = i;
            sequences.add(tokens);
            sequences.add(new int[310]);
        }
        sequences.set(1, Arrays.copyOf(system, 40));
        List<Pass> passes = Pass.plan(sequences, new int[12], limits(360));
        assertThat(passes.stream()
                        .filter(pass -> pass.prefix() == 300)
                        .flatMapToInt(pass -> IntStream.of(pass.sequences())))
                .containsExactlyInAnyOrder(0, 2, 4, 6, 8, 10);
        assertThat(passes.stream()
                        .filter(pass -> pass.prefix() == 309)
                        .flatMapToInt(pass -> IntStream.of(pass.sequences())))
                .as("a sequence keeps a token of its own")
                .containsExactlyInAnyOrder(3, 5, 7, 9, 11);
        assertThat(passes.getLast().prefix()).isZero();
        assertThat(passes.getLast().sequences()).containsExactly(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {18, 19, 20})
    void idsValidityAndPlacesAgreeOnWhatIsPadding(int shorter) {
        int[] first = IntStream.rangeClosed(1, 20).toArray();
        int[] second = IntStream.rangeClosed(101, 100 + shorter).toArray();
        List<int[]> sequences = List.of(second, first);
        SequenceBatch run =
                Pass.plan(sequences, new int[2], limits(100)).getFirst().runs().getFirst();
        assertThat(run.size()).isEqualTo(2);
        assertThat(run.padded()).isEqualTo(shorter < 20);
        long[] ids = run.ids(sequences);
        float[] valid = run.validity();
        assertThat(ids).hasSize(40);
        assertThat(IntStream.range(0, 40).filter(i -> valid[i] == 1)).hasSize(20 + shorter);
        for (int i = 0; i < 40; i++) {
            assertThat(valid[i]).isEqualTo(ids[i] == 0 ? 0 : 1);
        }
        assertThat(run.places())
                .containsExactly(IntStream.range(0, 40)
                        .filter(i -> valid[i] == 1)
                        .asLongStream()
                        .toArray());
    }
}
