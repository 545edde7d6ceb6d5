package dev.sparsecast.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SourceSketchTest {
    @Test
    void aFewSourcesAreCountedExactlyHoweverOftenTheyComeBack() {
        SourceSketch sketch = SourceSketch.EMPTY;
        for (int flush = 0; flush < 50; flush++) {
            sketch = sketch.plus(SourceSketch.of(List.of("", "team-" + flush % 10, "team-" + flush % 7)));
        }
        assertThat(sketch.estimate()).isEqualTo(11);
    }

    @Test
    void manySourcesAreCountedWithinAFewPercentInLittleSpace() {
        SourceSketch sketch = SourceSketch.EMPTY;
        for (int part = 0; part < 20; part++) {
            int start = part * 5_000;
            sketch = sketch.plus(SourceSketch.of(IntStream.range(start, start + 10_000)
                    .mapToObj(n -> "client-" + n)
                    .toList()));
        }
        assertThat((double) sketch.estimate()).isCloseTo(105_000, within(105_000 * 0.05));
        assertThat(sketch.toBytes().length).isLessThan(2600);
    }

    @Test
    void theOrderOfMergingLeavesNoTraceInTheEstimate() {
        List<SourceSketch> parts = new ArrayList<>();
        for (int part = 0; part < 12; part++) {
            int start = part * 100;
            parts.add(SourceSketch.of(IntStream.range(start, start + 300)
                    .mapToObj(n -> "client-" + n)
                    .toList()));
        }
        long expected = merged(parts);
        for (int seed = 0; seed < 10; seed++) {
            Collections.shuffle(parts, new Random(seed));
            assertThat(merged(parts)).isEqualTo(expected);
        }
    }

    @Test
    void bytesThatAreNoSketchAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SourceSketch.ofBytes(new byte[] {1, 2, 3}))
                .withMessage("the 3 bytes are no sketch of sources");
        assertThat(SourceSketch.ofBytes(new byte[0])).isEqualTo(SourceSketch.EMPTY);
    }

    private static long merged(List<SourceSketch> parts) {
        return parts.stream().reduce(SourceSketch.EMPTY, SourceSketch::plus).estimate();
    }
}
