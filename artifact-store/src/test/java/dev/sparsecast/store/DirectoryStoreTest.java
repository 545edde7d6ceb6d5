package dev.sparsecast.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DirectoryStoreTest extends ArtifactStoreContract {
    @TempDir
    Path directory;

    @Override
    protected ArtifactStore open() {
        return DirectoryStore.open(directory.resolve("store"));
    }

    @Test
    void leavesNoUnfinishedFilesBehind() throws Exception {
        store.put("a/b", file("content"));
        store.put("a/b", file("content"));
        Path other = file("other");
        assertThatThrownBy(() -> store.put("a/b", other)).isInstanceOf(StoreException.class);

        assertThat(directory.resolve("store/.incoming")).isEmptyDirectory();
    }

    @Test
    void neverShowsUnfinishedFiles() throws Exception {
        Path incoming = Files.createDirectories(directory.resolve("store/.incoming"));
        Files.writeString(incoming.resolve("put-1.part"), "half");

        assertThat(store.list("")).isEmpty();
        assertThatThrownBy(() -> store.read(".incoming/put-1.part")).isInstanceOf(StoreException.class);
    }

    @Test
    void removesWhatWasAbandonedLongAgoWhenOpened() throws Exception {
        Path incoming = Files.createDirectories(directory.resolve("store/.incoming"));
        Path old = Files.writeString(incoming.resolve("put-1.part"), "half");
        Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofDays(2))));
        Path inProgress = Files.writeString(incoming.resolve("put-2.part"), "half");

        open().close();

        assertThat(old).doesNotExist();
        assertThat(inProgress).exists();
    }

    @Test
    void removesDirectoriesThatBecameEmpty() throws Exception {
        store.put("a/b/c", file("content"));
        store.put("a/d", file("content"));

        store.delete("a/b/c");
        assertThat(directory.resolve("store/a/b")).doesNotExist();
        store.delete("a/d");

        assertThat(directory.resolve("store/a")).doesNotExist();
        assertThat(directory.resolve("store")).exists();
    }

    @Test
    void refusesANameBelowAFile() throws Exception {
        store.put("a", file("content"));
        Path other = file("other");

        assertThatThrownBy(() -> store.put("a/b", other))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("is a file, not a directory");
    }

    @Test
    void refusesTheNameOfADirectory() throws Exception {
        store.put("a/b", file("content"));
        Path other = file("other");

        assertThatThrownBy(() -> store.put("a", other))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("is not a file");
    }

    @Test
    void doesNotFollowLinksOutOfTheStore() throws Exception {
        Path secret = Files.writeString(directory.resolve("secret"), "secret");
        Files.createSymbolicLink(directory.resolve("store/link"), secret);

        assertThat(store.exists("link")).isFalse();
        assertThat(store.list("")).isEmpty();
        assertThatThrownBy(() -> store.read("link")).isInstanceOf(StoreException.class);
    }

    @Test
    void saysSoWhenTheDirectoryIsAFile() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "");

        assertThatThrownBy(() -> DirectoryStore.open(file))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("cannot use " + file);
    }
}
