package dev.sparsecast.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.store.ArtifactStore.Stored;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DirectoryArtifactTest {
    private static final String NAME = "python/2/checkpoint";

    @TempDir
    Path temporary;

    private Path source;
    private Path root;
    private ArtifactStore store;

    @BeforeEach
    void makeDirectory() throws IOException {
        source = Files.createDirectories(temporary.resolve("source"));
        Files.writeString(source.resolve("model.safetensors"), "weights");
        Files.writeString(source.resolve("config.json"), "{}");
        Files.createDirectories(source.resolve("onnx"));
        Files.writeString(source.resolve("onnx/model.bin"), "more");
        root = temporary.resolve("store");
        store = DirectoryStore.open(root);
    }

    @Test
    void givesBackTheDirectory() throws IOException {
        Stored stored = DirectoryArtifact.put(store, NAME, source);
        Path target = temporary.resolve("target");

        DirectoryArtifact.fetch(store, NAME, stored, target);

        assertThat(target.resolve("model.safetensors")).hasContent("weights");
        assertThat(target.resolve("config.json")).hasContent("{}");
        assertThat(target.resolve("onnx/model.bin")).hasContent("more");
        assertThat(stored.bytes()).isEqualTo("weights".length() + "{}".length() + "more".length());
    }

    @Test
    void listsTheFilesSortedByNameAndIsKnownByTheListing() throws IOException {
        Stored stored = DirectoryArtifact.put(store, NAME, source);

        Path listing = root.resolve(NAME + ".files");
        assertThat(listing)
                .content()
                .matches("[0-9a-f]{64}  2  config\\.json\n[0-9a-f]{64}  7  model\\.safetensors\n"
                        + "[0-9a-f]{64}  4  onnx/model\\.bin\n");
        assertThat(stored.sha256()).isEqualTo(ContentDigest.of(listing).sha256());
        assertThat(DirectoryArtifact.put(store, NAME, source)).isEqualTo(stored);
    }

    @Test
    void refusesAChangedFile() throws IOException {
        Stored stored = DirectoryArtifact.put(store, NAME, source);
        Files.writeString(root.resolve(NAME + "/model.safetensors"), "WEIGHTS");

        assertDamaged(stored, "model.safetensors' is damaged: its sha256");
    }

    @Test
    void refusesATruncatedFile() throws IOException {
        Stored stored = DirectoryArtifact.put(store, NAME, source);
        Files.writeString(root.resolve(NAME + "/model.safetensors"), "weight");

        assertDamaged(stored, "it has 6 bytes, announced were 7");
    }

    @Test
    void stopsReadingAFileThatIsTooLong() throws IOException {
        Stored stored = DirectoryArtifact.put(store, NAME, source);
        Files.writeString(root.resolve(NAME + "/model.safetensors"), "weights and more");

        assertDamaged(stored, "longer than the 7 bytes");
    }

    @Test
    void refusesAChangedListing() throws IOException {
        Stored stored = DirectoryArtifact.put(store, NAME, source);
        Files.writeString(root.resolve(NAME + ".files"), "");

        assertDamaged(stored, "the sha256 of its listing");
    }

    @Test
    void refusesAListingThatLeadsOutOfTheTarget() throws IOException {
        String hash = ContentDigest.of(new byte[0]).sha256();

        Stored lying = listing(hash + "  0  ../escaped\n", 0);

        assertDamaged(lying, "could lead out of the store");
        assertThat(temporary.resolve("escaped")).doesNotExist();
    }

    @Test
    void refusesListingsOfOtherForms() throws IOException {
        String hash = ContentDigest.of(new byte[0]).sha256();

        assertDamaged(listing("nonsense\n", 0), "a line that is not");
        assertDamaged(listing(hash + "  -1  a\n", 0), "a line that is not");
        assertDamaged(listing(hash + "  0  b\n" + hash + "  0  a\n", 0), "not sorted");
        assertDamaged(listing(hash + "  0  a\n" + hash + "  0  a\n", 0), "names a file twice");
        String huge = "999999999999999999";
        assertDamaged(listing(hash + "  " + huge + "  a\n" + hash + "  " + huge + "  b\n", 7), "more than the 7 bytes");
        assertDamaged(listing(hash + "  1  a\n", 7), "6 bytes less");
    }

    @Test
    void refusesFileNamesThatCannotBeStored() throws IOException {
        Files.writeString(source.resolve("with space"), "");

        assertThatThrownBy(() -> DirectoryArtifact.put(store, NAME, source))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("with space");
    }

    @Test
    void isDeletedWhole() {
        DirectoryArtifact.put(store, NAME, source);

        DirectoryArtifact.delete(store, NAME);

        assertThat(store.list("")).isEmpty();
    }

    private Stored listing(String content, long bytes) throws IOException {
        Path listing = root.resolve(NAME + ".files");
        Files.createDirectories(listing.getParent());
        Files.writeString(listing, content);
        return new Stored(bytes, ContentDigest.of(listing).sha256());
    }

    private void assertDamaged(Stored expected, String message) {
        assertThatThrownBy(() -> fetch(expected))
                .isInstanceOf(DamagedArtifactException.class)
                .hasMessageContaining(message);
    }

    private void fetch(Stored expected) {
        DirectoryArtifact.fetch(store, NAME, expected, temporary.resolve("target"));
    }
}
