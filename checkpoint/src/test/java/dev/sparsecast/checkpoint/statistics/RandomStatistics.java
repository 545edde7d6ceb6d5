package dev.sparsecast.checkpoint.statistics;

import dev.sparsecast.checkpoint.Tap;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;

/** Statistics of random numbers. */
final class RandomStatistics {
    private RandomStatistics() {}

    static ModelStatistics of(long seed, int layers) {
        SplittableRandom random = new SplittableRandom(seed);
        Map<Tap, Integer> channels = new EnumMap<>(Tap.class);
        for (Tap tap : Tap.values()) {
            channels.put(tap, 1 + random.nextInt(9));
        }
        return of(random, layers, channels);
    }

    static ModelStatistics of(SplittableRandom random, int layers, Map<Tap, Integer> channels) {
        List<Map<Tap, TapSums>> sums = new ArrayList<>();
        for (int layer = 0; layer < layers; layer++) {
            Map<Tap, TapSums> taps = new EnumMap<>(Tap.class);
            channels.forEach((tap, count) -> taps.put(
                    tap,
                    new TapSums(
                            random.doubles(count, 0, 1e6).toArray(),
                            random.doubles(count, -1e3, 1e3).toArray())));
            sums.add(taps);
        }
        return new ModelStatistics(
                random.nextBoolean() ? random.nextInt(1, 1 << 30) : random.nextDouble(1, 1e6),
                random.nextInt(100),
                "python",
                "code",
                random.nextBoolean() ? Optional.empty() : Optional.of("sha256:" + "ab".repeat(32)),
                sums);
    }
}
