package dev.sparsecast.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsecast.schemas.signing.KeyRing;
import dev.sparsecast.schemas.signing.TrustedKeys;
import dev.sparsecast.schemas.signing.VerifyingKey;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeysCommandTest {
    @TempDir
    Path directory;

    private final StringWriter err = new StringWriter();

    @Test
    void revokesKeysByTheirFileOrId() {
        assertThat(execute("keys", "generate", "--out", directory.resolve("one.key")))
                .isZero();
        assertThat(execute("keys", "generate", "--out", directory.resolve("two.key")))
                .isZero();
        String one = VerifyingKey.read(directory.resolve("one.pub")).id();
        String two = VerifyingKey.read(directory.resolve("two.pub")).id();

        assertThat(execute("keys", "revoke", directory.resolve("one.pub"), "--in", directory, "--reason", "old"))
                .isZero();
        KeyRing ring = TrustedKeys.open(List.of(directory)).ring();
        assertThat(ring.trusted()).containsExactly(two);
        assertThat(ring.revocation(one).orElseThrow().reason()).isEqualTo("old");

        assertThat(execute("keys", "revoke", two, "--in", directory, "--reason", "stolen"))
                .isZero();
        assertThat(directory.resolve(two + ".revoked")).hasContent("stolen");
        assertThat(execute("keys", "list", directory)).isZero();
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void saysInOneSentenceWhatCannotBeRevoked() {
        assertThat(execute("keys", "revoke", "pruner", "--in", directory, "--reason", "x"))
                .isEqualTo(2);
        assertThat(err.toString()).contains("'pruner' is not the id of a key").hasLineCount(1);
    }

    @Test
    void neverOverwritesAKey() throws Exception {
        Path file = Files.writeString(directory.resolve("one.key"), "precious");

        assertThat(execute("keys", "generate", "--out", file)).isEqualTo(2);

        assertThat(file).hasContent("precious");
    }

    private int execute(Object... arguments) {
        return RootCommand.commandLine()
                .setErr(new PrintWriter(err, true))
                .execute(Stream.of(arguments).map(Object::toString).toArray(String[]::new));
    }
}
