package dev.sparsecast.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ArtifactStoresTest {
    @TempDir
    Path directory;

    @Test
    void opensPathsAndFileUrisAsTheSameStore() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "content");
        Path root = directory.resolve("with space/store");
        try (ArtifactStore byPath = ArtifactStores.open(root.toString());
                ArtifactStore byUri = ArtifactStores.open(root.toUri().toString())) {
            byPath.put("a", file);

            assertThat(byUri.list("")).containsExactly("a");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://host/store", "hdfs:///store"})
    void refusesOtherSchemesByName(String uri) {
        assertThatThrownBy(() -> ArtifactStores.open(uri))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining(uri)
                .hasMessageContaining("scheme '" + uri.substring(0, uri.indexOf(':')) + "'")
                .hasMessageContaining("give a directory");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "file:relative/store", "file://host/store", "file:///a b"})
    void refusesAddressesThatNameNoDirectory(String uri) {
        assertThatThrownBy(() -> ArtifactStores.open(uri)).isInstanceOf(StoreException.class);
    }
}
