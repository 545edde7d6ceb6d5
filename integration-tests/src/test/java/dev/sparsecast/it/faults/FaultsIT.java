package dev.sparsecast.it.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every process is killed, paused past its time-outs and restarted while prompts flow; in the end every prompt was counted
 * once in every layer, every release is exact and no deployed version is damaged.
 *
 * <p>{@code -Dfaults.kills=N} makes it the long form, {@code -Dfaults.seed=S} another one, and {@code -Dfaults.report=FILE}
 * writes a report ({@code tools/faults} does all that).
 */
@Timeout(value = 4, unit = TimeUnit.HOURS)
class FaultsIT {
    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    Path directory;

    @Test
    void everythingIsExactWhateverIsKilledOrPaused() throws Exception {
        long seed = Long.getLong("faults.seed", 1);
        int kills = Integer.getInteger("faults.kills", 0);
        FaultReport report =
                new FaultRun(kills > 0 ? FaultPlan.with(seed, kills) : FaultPlan.ofTests(seed), directory).run();
        assertThat(report.kills()).isPositive();
        String file = System.getProperty("faults.report", "");
        if (!file.isEmpty()) {
            Files.writeString(Path.of(file), report.text());
            Files.writeString(Path.of(file + ".reasons.txt"), report.reasons());
        }
    }
}
