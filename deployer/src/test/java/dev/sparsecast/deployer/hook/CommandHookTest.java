package dev.sparsecast.deployer.hook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommandHookTest {
    private static final Duration LONG = Duration.ofMinutes(5);

    @TempDir
    Path directory;

    @Test
    void tellsTheCommandWhatIsInUse() {
        Path told = directory.resolve("told");
        Hook hook = new CommandHook(
                List.of(
                        "sh",
                        "-c",
                        "echo \"$SPARSECAST_SUBMODEL $SPARSECAST_VERSION $SPARSECAST_DIRECTORY\" > \"$0\"",
                        told.toString()),
                LONG);

        hook.switched(new Switched("python", 7, directory));

        assertThat(told).hasContent("python 7 " + directory);
    }

    @Test
    void objectsWithWhatTheCommandSaid() {
        Hook hook = new CommandHook(List.of("sh", "-c", "echo out of memory >&2; exit 3"), LONG);

        assertThatThrownBy(() -> hook.switched(new Switched("python", 7, directory)))
                .isInstanceOf(HookException.class)
                .hasMessage("the hook sh ended with exit code 3: out of memory");
    }

    @Test
    void endsACommandThatTakesTooLong() {
        Hook hook = new CommandHook(List.of("sh", "-c", "sleep 1000"), Duration.ofMillis(100));

        assertThatThrownBy(() -> hook.switched(new Switched("python", 7, directory)))
                .isInstanceOf(HookException.class)
                .hasMessageContaining("took longer than 100 ms");
    }

    @Test
    void objectsWhenThereIsNoSuchProgram() {
        Hook hook = new CommandHook(List.of("/no/such/program"), LONG);

        assertThatThrownBy(() -> hook.switched(new Switched("python", 7, directory)))
                .isInstanceOf(HookException.class)
                .hasMessageContaining("/no/such/program cannot be run");
    }

    @Test
    void isNotStoppedByACommandThatSaysALot() {
        Hook hook = new CommandHook(List.of("sh", "-c", "head -c 1000000 /dev/zero; exit 1"), LONG);

        assertThatThrownBy(() -> hook.switched(new Switched("python", 7, directory)))
                .hasMessageContaining("exit code 1");
    }

    @Test
    void needsACommandAndATimeout() {
        assertThatThrownBy(() -> new CommandHook(List.of(), LONG)).isInstanceOf(HookException.class);
        assertThatThrownBy(() -> new CommandHook(List.of("true"), Duration.ZERO))
                .isInstanceOf(HookException.class);
    }
}
