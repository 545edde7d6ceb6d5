package dev.sparsecast.pruner.release;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsecast.schemas.SubModelKey;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.PruningRecipe;
import dev.sparsecast.schemas.SubModelRelease.Quality;
import dev.sparsecast.schemas.SubModelRelease.Signature;
import dev.sparsecast.schemas.SubModelRelease.Trigger;
import dev.sparsecast.schemas.signing.ReleaseManifest;
import dev.sparsecast.schemas.signing.SigningKey;
import dev.sparsecast.store.ArtifactStore;
import dev.sparsecast.store.ArtifactStores;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReleaseHistoryTest {
    private static final SubModelKey PYTHON = new SubModelKey("tiny@0123456789ab", "python");
    private static final SigningKey KEY = SigningKey.generate();
    private static final SigningKey EARLIER_KEY = SigningKey.generate();

    @TempDir
    Path directory;

    private ArtifactStore store;
    private ReleaseHistory history;

    @BeforeEach
    void open() {
        store = ArtifactStores.open(directory.resolve("store").toString());
        history = new ReleaseHistory(store, List.of(KEY.verifyingKey(), EARLIER_KEY.verifyingKey()));
    }

    @AfterEach
    void close() {
        store.close();
    }

    private static SubModelRelease release(SigningKey key, int version) {
        return key.sign(new SubModelRelease(
                PYTHON.model(),
                PYTHON.submodel(),
                version,
                OptionalInt.empty(),
                "sha256:00",
                Trigger.TOKENS,
                new PruningRecipe("wanda", "unstructured", 0.5, "sha256:11", 5000),
                List.of(),
                new Quality(8, 100, 10, 12, OptionalDouble.empty()),
                List.of(),
                Instant.EPOCH,
                Instant.EPOCH,
                "",
                Signature.NONE));
    }

    private void put(int version, byte[] manifest, Signature signature) throws IOException {
        Path file = directory.resolve("draft");
        store.put(PYTHON + "/" + version + "/manifest.json", Files.write(file, manifest));
        store.put(PYTHON + "/" + version + "/manifest.sig", Files.write(file, signature.bytes()));
    }

    private void put(SubModelRelease release) throws IOException {
        put(release.version(), ReleaseManifest.canonicalBytes(release), release.signature());
    }

    @Test
    void hasTheVersionsThatATrustedKeySignedNewestFirstUpToTheNewestAnnounced() throws IOException {
        for (int version : List.of(1, 9, 10, 11)) {
            put(release(version == 1 ? EARLIER_KEY : KEY, version));
        }
        assertThat(history.upTo(PYTHON, 10))
                .containsExactly(release(KEY, 10), release(KEY, 9), release(EARLIER_KEY, 1));
        assertThat(history.release(PYTHON, 2)).isEmpty();
    }

    @Test
    void passesOverWhatWasChangedMixedUpOrSignedByAStranger() throws IOException {
        put(release(SigningKey.generate(), 1));
        SubModelRelease second = release(KEY, 2);
        String changed = new String(ReleaseManifest.canonicalBytes(second), StandardCharsets.UTF_8)
                .replace("sha256:11", "sha256:22");
        put(2, changed.getBytes(StandardCharsets.UTF_8), second.signature());
        put(3, ReleaseManifest.canonicalBytes(second), second.signature());
        put(4, new byte[0], second.signature());
        put(release(KEY, 5));
        assertThat(history.upTo(PYTHON, 5)).containsExactly(release(KEY, 5));
    }
}
