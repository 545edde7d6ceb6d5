package dev.sparsecast.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PartialFileTest {
    @TempDir
    private Path directory;

    @Test
    void theTargetIsReplacedOnlyWhenTheFileIsPublished() throws Exception {
        Path target = Files.writeString(directory.resolve("x"), "before");
        try (PartialFile partial = PartialFile.beside(target)) {
            partial.channel().write(ByteBuffer.wrap("after".getBytes()));
            assertThat(target).hasContent("before");
            partial.publish();
        }
        assertThat(target).hasContent("after");
        assertThat(directory).isDirectoryNotContaining(path -> !path.equals(target));
    }

    @Test
    void whatIsNotPublishedIsRemoved() throws Exception {
        try (PartialFile partial = PartialFile.beside(directory.resolve("x"))) {
            partial.channel().write(ByteBuffer.wrap("half".getBytes()));
        }
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void whatAKilledProcessLeftBehindIsRemovedAndThatOfALivingOneIsNot() throws Exception {
        Path abandoned = Files.createFile(directory.resolve(".x.partial-999999999999-1a"));
        Path other = Files.createFile(directory.resolve(".y.partial-999999999999-1a"));
        Path strange = Files.createFile(directory.resolve(".x.partial-mine"));
        try (PartialFile first = PartialFile.beside(directory.resolve("x"));
                PartialFile second = PartialFile.beside(directory.resolve("x"))) {
            assertThat(Path.of(first.toString())).exists();
            assertThat(Path.of(second.toString())).exists();
        }
        assertThat(abandoned).doesNotExist();
        assertThat(other).exists();
        assertThat(strange).exists();
    }
}
