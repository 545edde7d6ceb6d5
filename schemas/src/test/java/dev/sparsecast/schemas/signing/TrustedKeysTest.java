package dev.sparsecast.schemas.signing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrustedKeysTest {
    private final SigningKey old = SigningKey.generate();
    private final SigningKey next = SigningKey.generate();

    @TempDir
    Path directory;

    private Path secrets;

    @BeforeEach
    void separateSecrets() throws IOException {
        secrets = Files.createDirectories(directory.resolve("secret"));
    }

    @Test
    void trustsEveryKeyOfADirectory() throws IOException {
        publish(old, "old.pub");
        publish(next, "next.pub");

        KeyRing ring = TrustedKeys.open(List.of(directory)).ring();

        assertThat(ring.trusted()).containsExactlyInAnyOrder(id(old), id(next));
        assertThat(ring.trusted(id(old))).isPresent();
        assertThat(ring.trusted("0123456789abcdef")).isEmpty();
    }

    @Test
    void trustsKeyFilesOfAnyName() throws IOException {
        Path file = publish(old, "key-of-the-pruner");
        publish(next, "next.pub");

        assertThat(TrustedKeys.open(List.of(file)).ring().trusted()).containsExactly(id(old));
    }

    @Test
    void seesKeysComeAndGo() throws IOException {
        Path oldFile = publish(old, "old.pub");
        TrustedKeys keys = TrustedKeys.open(List.of(directory));
        assertThat(keys.ring().trusted()).containsExactly(id(old));

        publish(next, "next.pub");
        assertThat(keys.ring().trusted()).containsExactlyInAnyOrder(id(old), id(next));

        Files.delete(oldFile);
        assertThat(keys.ring().trusted()).containsExactly(id(next));
    }

    @Test
    void isTheSameRingWhileNothingChanges() throws IOException {
        publish(old, "old.pub");
        TrustedKeys keys = TrustedKeys.open(List.of(directory));

        KeyRing ring = keys.ring();

        assertThat(keys.ring()).isSameAs(ring);
    }

    @Test
    void trustsARevokedKeyNoMoreAndKnowsWhy() throws IOException {
        publish(old, "old.pub");
        publish(next, "next.pub");
        TrustedKeys keys = TrustedKeys.open(List.of(directory));

        new Revocation(id(old), "stolen in\nNovember").write(directory);

        assertThat(keys.ring().trusted()).containsExactly(id(next));
        assertThat(keys.ring().trusted(id(old))).isEmpty();
        assertThat(keys.ring().revocation(id(old)).orElseThrow().sentence())
                .isEqualTo("the key " + id(old) + " was revoked: stolen in November");
        assertThat(TrustedKeys.open(List.of(directory)).ring().trusted()).containsExactly(id(next));
    }

    @Test
    void seesRevocationsBesideKeyFiles() throws IOException {
        Path file = publish(old, "old.pub");
        TrustedKeys keys = TrustedKeys.open(List.of(file));

        new Revocation(id(old), "").write(directory);

        assertThat(keys.ring().trusted()).isEmpty();
        assertThat(keys.ring().revocation(id(old)).orElseThrow().sentence())
                .isEqualTo("the key " + id(old) + " was revoked");
    }

    @Test
    void revokesByTheNameOfTheFileWhateverIsInIt() throws IOException {
        publish(old, "old.pub");
        Files.write(directory.resolve(id(old) + ".revoked"), new byte[] {(byte) 0xff, (byte) 0xfe, 0});

        assertThat(TrustedKeys.open(List.of(directory)).ring().trusted()).isEmpty();
    }

    @Test
    void doesNotTrustAKeyThatCannotBeReadAnyMore() throws IOException {
        publish(old, "old.pub");
        Path file = publish(next, "next.pub");
        TrustedKeys keys = TrustedKeys.open(List.of(directory));

        Files.writeString(file, "nonsense");

        assertThat(keys.ring().trusted()).containsExactly(id(old));
    }

    @Test
    void trustsNobodyWhenTheDirectoryIsGone() throws IOException {
        Path place = Files.createDirectories(directory.resolve("keys"));
        old.write(secrets.resolve("old.key"));
        Path file = Files.copy(secrets.resolve("old.pub"), place.resolve("old.pub"));
        TrustedKeys keys = TrustedKeys.open(List.of(place));

        Files.delete(file);
        Files.delete(place);
        assertThat(keys.ring().trusted()).isEmpty();

        Files.createDirectories(place);
        Files.copy(secrets.resolve("old.pub"), file);
        assertThat(keys.ring().trusted()).containsExactly(id(old));
    }

    @Test
    void refusesToStartWithoutKeysOrWithOnesThatCannotBeRead() throws IOException {
        assertThatThrownBy(() -> TrustedKeys.open(List.of(directory)))
                .isInstanceOf(KeyException.class)
                .hasMessageContaining("there is no public key (*.pub) in");
        assertThatThrownBy(() -> TrustedKeys.open(List.of(directory.resolve("absent.pub"))))
                .isInstanceOf(KeyException.class)
                .hasMessageContaining("absent.pub");
        Files.writeString(directory.resolve("damaged.pub"), "nonsense");
        assertThatThrownBy(() -> TrustedKeys.open(List.of(directory)))
                .isInstanceOf(KeyException.class)
                .hasMessageContaining("damaged.pub");
    }

    @Test
    void refusesToRevokeTwiceOrWhatIsNoKey() {
        new Revocation(id(old), "once").write(directory);

        assertThatThrownBy(() -> new Revocation(id(old), "twice").write(directory))
                .isInstanceOf(KeyException.class)
                .hasMessageContaining("already");
        assertThatThrownBy(() -> new Revocation("../../etc/cron.d/x", ""))
                .isInstanceOf(KeyException.class)
                .hasMessageContaining("16 hex digits");
    }

    /** Writes the public half to a file of the directory. */
    private Path publish(SigningKey key, String name) throws IOException {
        Path file = secrets.resolve(id(key) + ".key");
        key.write(file);
        return Files.copy(secrets.resolve(id(key) + ".pub"), directory.resolve(name));
    }

    private static String id(SigningKey key) {
        return key.verifyingKey().id();
    }
}
