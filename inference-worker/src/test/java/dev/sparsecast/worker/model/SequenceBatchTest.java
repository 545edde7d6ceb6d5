package dev.sparsecast.worker.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SequenceBatchTest {

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void everySequenceIsInOneBatchOfLimitedSizeWithLittlePadding(long seed) {
        Random random = new Random(seed);
        List<int[]> sequences = IntStream.range(0, 300)
                .mapToObj(i -> new int[1 + random.nextInt(200)])
                .toList();
        List<SequenceBatch> batches = SequenceBatch.plan(sequences, 1000);

        assertThat(batches.stream().flatMapToInt(batch -> IntStream.of(batch.sequences())))
                .containsExactlyInAnyOrderElementsOf(
                        IntStream.range(0, 300).boxed().toList());
        for (SequenceBatch batch : batches) {
            assertThat(batch.size() * batch.width()).isLessThanOrEqualTo(1000);
            for (int row = 0; row < batch.size(); row++) {
                assertThat(batch.lengths()[row]).isEqualTo(sequences.get(batch.sequences()[row]).length);
                assertThat(batch.lengths()[row]).isGreaterThanOrEqualTo((int) Math.floor(0.9 * batch.width()));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 50})
    void aSequenceLongerThanABatchIsABatchOfItsOwn(int batchTokens) {
        List<SequenceBatch> batches = SequenceBatch.plan(List.of(new int[60], new int[60]), batchTokens);
        assertThat(batches)
                .hasSize(2)
                .allSatisfy(batch -> assertThat(batch.tokens()).isEqualTo(60));
    }

    @ParameterizedTest
    @ValueSource(ints = {18, 19, 20})
    void idsAndValidityAgreeOnWhatIsPadding(int shorter) {
        int[] first = IntStream.rangeClosed(1, 20).toArray();
        int[] second = IntStream.rangeClosed(101, 100 + shorter).toArray();
        List<int[]> sequences = List.of(second, first);
        SequenceBatch batch = SequenceBatch.plan(sequences, 100).getFirst();
        assertThat(batch.size()).isEqualTo(2);
        assertThat(batch.padded()).isEqualTo(shorter < 20);
        long[] ids = batch.ids(sequences);
        float[] valid = batch.validity();
        assertThat(ids).hasSize(40);
        assertThat(IntStream.range(0, 40).filter(i -> valid[i] == 1)).hasSize(20 + shorter);
        for (int i = 0; i < 40; i++) {
            assertThat(valid[i]).isEqualTo(ids[i] == 0 ? 0 : 1);
        }
    }
}
