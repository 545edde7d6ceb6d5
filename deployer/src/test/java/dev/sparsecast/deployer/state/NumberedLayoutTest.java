package dev.sparsecast.deployer.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.schemas.SubModelDeployment;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What TensorFlow Serving and the like see: integer directories, of which they take the highest. */
class NumberedLayoutTest {
    @TempDir
    Path root;

    @Test
    void showsOnlyVersionsThatAreOrWereInUse() throws IOException {
        try (StateDirectory state = StateDirectory.open(root, Layout.VERSIONS)) {
            SubModelDirectory python = state.subModel("python");
            python.complete(checkpoint(python), version(1));
            assertThat(shown()).isEmpty();
            assertThat(python.current()).isEmpty();

            python.switchTo(1);

            assertThat(shown()).containsExactly("1");
            assertThat(root.resolve("python/1/model.safetensors")).hasContent("weights");
            assertThat(python.directory(1)).isEqualTo(root.resolve("python/1"));
        }
    }

    @Test
    void goesBackByTakingTheHigherVersionsAway() throws IOException {
        try (StateDirectory state = StateDirectory.open(root, Layout.VERSIONS)) {
            SubModelDirectory python = deploy(state, 1, 2, 3);

            python.switchTo(1);

            assertThat(shown()).containsExactly("1");
            assertThat(python.complete()).containsExactly(1, 2, 3);
            python.leaveCurrent();
            assertThat(shown()).isEmpty();
        }
    }

    @Test
    void removesTheVersionsThatAreNotKept() throws IOException {
        try (StateDirectory state = StateDirectory.open(root, Layout.VERSIONS)) {
            SubModelDirectory python = deploy(state, 1, 2, 3, 4);

            python.keep(1);

            assertThat(shown()).containsExactly("3", "4");
            assertThat(python.complete()).containsExactly(3, 4);
            assertThat(root.resolve("python/.sparsecast/versions/1")).doesNotExist();
        }
    }

    @Test
    void isTheSameAfterARestart() throws IOException {
        try (StateDirectory state = StateDirectory.open(root, Layout.VERSIONS)) {
            SubModelDirectory python = deploy(state, 1, 2);
            python.complete(checkpoint(python), version(3));
        }
        try (StateDirectory state = StateDirectory.open(root, Layout.VERSIONS)) {
            assertThat(state.current()).containsEntry("python", 2);
            assertThat(state.subModel("python").complete()).containsExactly(1, 2, 3);
            assertThat(shown()).containsExactly("1", "2");
        }
    }

    @Test
    void touchesNoVersionsThatItDidNotMake() throws IOException {
        Files.createDirectories(root.resolve("python/7"));
        try (StateDirectory state = StateDirectory.open(root, Layout.VERSIONS)) {
            assertThatThrownBy(() -> state.subModel("python"))
                    .isInstanceOf(StateException.class)
                    .hasMessageContaining(root.resolve("python/7") + " is no version that this deployer has made");
        }
        assertThat(root.resolve("python/7")).isDirectory();
    }

    @Test
    void saysSoWhenADirectoryWasMadeByTheOtherLayout() {
        try (StateDirectory state = StateDirectory.open(root, Layout.LINK)) {
            state.subModel("python");
        }
        assertThatThrownBy(() -> StateDirectory.open(root, Layout.VERSIONS))
                .isInstanceOf(StateException.class)
                .hasMessageContaining("was made with the layout 'link', not 'versions'");
    }

    private List<String> shown() throws IOException {
        try (Stream<Path> entries = Files.list(root.resolve("python"))) {
            return entries.map(entry -> entry.getFileName().toString())
                    .filter(name -> !name.equals(".sparsecast"))
                    .sorted()
                    .toList();
        }
    }

    private static SubModelDirectory deploy(StateDirectory state, int... versions) throws IOException {
        SubModelDirectory python = state.subModel("python");
        for (int number : versions) {
            python.complete(checkpoint(python), version(number));
            python.switchTo(number);
            python.mark(version(number)
                    .deployed(new SubModelDeployment(
                            "tiny@0123456789ab",
                            "python",
                            "deployer-1",
                            number,
                            SubModelDeployment.State.DEPLOYED,
                            "",
                            "",
                            "",
                            Instant.EPOCH,
                            Instant.EPOCH,
                            Map.of())));
        }
        return python;
    }

    private static Path checkpoint(SubModelDirectory directory) throws IOException {
        Path checkpoint = Files.createDirectory(directory.staging().resolve("checkpoint"));
        Files.writeString(checkpoint.resolve("model.safetensors"), "weights");
        return checkpoint;
    }

    private static InstalledVersion version(int version) {
        return new InstalledVersion(
                version,
                "sha256:" + version,
                "sha256:mask",
                ArtifactKind.RECIPE,
                Instant.EPOCH,
                Map.of(),
                Optional.empty(),
                "");
    }
}
