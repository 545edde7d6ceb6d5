package dev.sparsecast.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.store.ArtifactStore.Stored;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every kind of store must do. */
public abstract class ArtifactStoreContract {
    @TempDir
    Path files;

    protected ArtifactStore store;

    /** Opens the store of this test; called again, the same one. */
    protected abstract ArtifactStore open();

    @BeforeEach
    void openStore() {
        store = open();
    }

    @AfterEach
    void closeStore() {
        store.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 65_535, 65_536, 65_537, 1_000_003})
    void givesBackWhatWasPut(int size) throws Exception {
        byte[] content = random(size);

        Stored stored = store.put("python/1/recipe.safetensors", file(content));

        assertThat(stored.bytes()).isEqualTo(size);
        assertThat(stored.sha256())
                .isEqualTo(HexFormat.of()
                        .formatHex(MessageDigest.getInstance("SHA-256").digest(content)));
        assertThat(read("python/1/recipe.safetensors")).isEqualTo(content);
        assertThat(store.exists("python/1/recipe.safetensors")).isTrue();
    }

    @Test
    void keepsWhatWasPutWhenOpenedAgain() throws Exception {
        store.put("a/b", file("content"));
        store.close();

        store = open();

        assertThat(read("a/b")).asString().isEqualTo("content");
    }

    @Test
    void acceptsTheSameContentAgain() throws Exception {
        Stored first = store.put("a/b", file("content"));

        assertThat(store.put("a/b", file("content"))).isEqualTo(first);
    }

    @Test
    void refusesOtherContentUnderANameThatIsTaken() throws Exception {
        store.put("a/b", file("content"));
        Path other = file("changed");

        assertThatThrownBy(() -> store.put("a/b", other))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("'a/b'")
                .hasMessageContaining("artifacts never change");
        assertThat(read("a/b")).asString().isEqualTo("content");
    }

    @Test
    void saysWhichArtifactIsNotThere() {
        assertThat(store.exists("a/b")).isFalse();
        assertThatThrownBy(() -> store.read("a/b"))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("there is no artifact 'a/b'");
    }

    @Test
    void failsForAFileThatIsNotThereAndStoresNothing() {
        assertThatThrownBy(() -> store.put("a/b", files.resolve("absent"))).isInstanceOf(StoreException.class);
        assertThat(store.list("")).isEmpty();
    }

    @Test
    void listsNamesByPrefixInOrder() throws Exception {
        for (String name :
                List.of("python/10/mask", "python/2/mask", "python/2/recipe", "java/1/mask", "python-2/1/x")) {
            store.put(name, file(name));
        }

        assertThat(store.list(""))
                .containsExactly("java/1/mask", "python-2/1/x", "python/10/mask", "python/2/mask", "python/2/recipe");
        assertThat(store.list("python/")).containsExactly("python/10/mask", "python/2/mask", "python/2/recipe");
        assertThat(store.list("python")).hasSize(4);
        assertThat(store.list("python/2/re")).containsExactly("python/2/recipe");
        assertThat(store.list("python/3/")).isEmpty();
        assertThat(store.list("rust/1/")).isEmpty();
    }

    @Test
    void deletesAndTheNameIsFreeAgain() throws Exception {
        store.put("a/b/c", file("content"));
        store.put("a/d", file("stays"));

        store.delete("a/b/c");
        store.delete("a/b/c");

        assertThat(store.list("")).containsExactly("a/d");
        store.put("a/b/c", file("other"));
        assertThat(read("a/b/c")).asString().isEqualTo("other");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/",
                "/etc/passwd",
                "..",
                "../x",
                "a/../b",
                "a/..",
                ".",
                "./a",
                "a/./b",
                "a//b",
                "a/",
                "a\\b",
                "..\\x",
                "a b",
                "a\u0000b",
                "a\nb",
                "é",
                "%2e%2e/x",
                "a:b",
                "~/x",
                "file:a"
            })
    void refusesNamesThatCouldLeadElsewhere(String name) throws Exception {
        Path content = file("content");

        assertThatThrownBy(() -> store.put(name, content))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("cannot name an artifact");
        assertThatThrownBy(() -> store.read(name)).isInstanceOf(StoreException.class);
        assertThatThrownBy(() -> store.exists(name)).isInstanceOf(StoreException.class);
        assertThatThrownBy(() -> store.delete(name)).isInstanceOf(StoreException.class);
        assertThatThrownBy(() -> store.list("../" + name)).isInstanceOf(StoreException.class);
    }

    @Test
    void refusesNamesThatAreTooLong() {
        assertThatThrownBy(() -> store.exists("a".repeat(256))).isInstanceOf(StoreException.class);
        assertThatThrownBy(() -> store.exists("a/".repeat(500) + "a")).isInstanceOf(StoreException.class);
    }

    @Test
    void letsOneOfSeveralWritersOfANameWin() throws Exception {
        int writers = 8;
        Set<String> won = new ConcurrentSkipListSet<>();
        Set<String> refused = new ConcurrentSkipListSet<>();
        CountDownLatch start = new CountDownLatch(1);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < writers; i++) {
            String content = "writer " + i + " ".repeat(i * 1000);
            Path file = file(content);
            threads.add(Thread.ofVirtual().start(() -> {
                try {
                    start.await();
                    store.put("contested/by/all", file);
                    won.add(content);
                } catch (StoreException e) {
                    refused.add(content);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }));
        }
        start.countDown();
        for (Thread thread : threads) {
            thread.join();
        }

        assertThat(won).hasSize(1);
        assertThat(refused).hasSize(writers - 1);
        assertThat(read("contested/by/all")).asString().isEqualTo(won.iterator().next());
    }

    protected Path file(String content) throws IOException {
        return file(content.getBytes(StandardCharsets.UTF_8));
    }

    protected Path file(byte[] content) throws IOException {
        return Files.write(Files.createTempFile(files, "offered", ""), content);
    }

    protected byte[] read(String name) throws IOException {
        try (InputStream in = store.read(name)) {
            return in.readAllBytes();
        }
    }

    private static byte[] random(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }
}
