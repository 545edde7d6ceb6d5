package dev.sparsecast.it.deployment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sparsecast.example.ServingProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The example of the documentation, on a real broker. */
@Timeout(300)
class ServingProcessIT {
    @TempDir
    Path directory;

    @Test
    void hasTheNewestReleaseLoadedAlsoAfterARestart() throws Exception {
        try (ReleaseBoard board = ReleaseBoard.open(directory, "serving-process-it")) {
            Path current = board.settings("serving").state().resolve("python/current/model.safetensors");
            try (ServingProcess process = ServingProcess.start(board.settings("serving"))) {
                board.announce(board.release(1, 1));
                await().atMost(Duration.ofMinutes(2)).until(() -> process.version() == 1 && isLoaded(process, current));
                board.announce(board.release(2, 1));
                await().atMost(Duration.ofMinutes(2)).until(() -> process.version() == 2 && isLoaded(process, current));
            }
            try (ServingProcess process = ServingProcess.start(board.settings("serving"))) {
                await().atMost(Duration.ofMinutes(2)).until(() -> isLoaded(process, current));
                assertThat(process.version()).isEqualTo(2);
            }
        }
    }

    private static boolean isLoaded(ServingProcess process, Path weights) throws Exception {
        return java.util.Arrays.equals(process.weights(), Files.readAllBytes(weights));
    }
}
