package dev.sparsecast.deployer.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.schemas.SubModelDeployment;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateDirectoryTest {
    @TempDir
    Path root;

    @Test
    void refusesASecondDeployerOfTheSameProcess() {
        try (StateDirectory first = StateDirectory.open(root, Layout.LINK)) {
            assertThat(first.current()).isEmpty();
            assertThatThrownBy(() -> StateDirectory.open(root, Layout.LINK))
                    .isInstanceOf(StateException.class)
                    .hasMessage("the state directory " + root + " is in use by another deployer: stop that one, or give"
                            + " this one a directory of its own");
        }
        StateDirectory.open(root, Layout.LINK).close();
    }

    @Test
    void refusesASecondDeployerOfAnotherProcess() throws Exception {
        Process other = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        LockHolder.class.getName(),
                        root.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            assertThat(other.getInputStream().read()).isEqualTo('.');
            assertThatThrownBy(() -> StateDirectory.open(root, Layout.LINK))
                    .isInstanceOf(StateException.class)
                    .hasMessageContaining("in use by another deployer");
        } finally {
            other.destroyForcibly().waitFor();
        }
        StateDirectory.open(root, Layout.LINK).close();
    }

    /** Holds the lock until it is killed. */
    static final class LockHolder {
        private LockHolder() {}

        public static void main(String[] arguments) throws Exception {
            try (StateDirectory state = StateDirectory.open(Path.of(arguments[0]), Layout.LINK)) {
                System.out.print('.');
                System.out.flush();
                System.in.read();
                state.current();
            }
        }
    }

    @Test
    void saysSoWhenItCannotBeMade() throws IOException {
        Path file = Files.writeString(root.resolve("file"), "");
        assertThatThrownBy(() -> StateDirectory.open(file, Layout.LINK))
                .isInstanceOf(StateException.class)
                .hasMessageContaining("cannot use " + file + " as state directory");
    }

    @Test
    void removesVersionsThatWereNotCompleted() throws IOException {
        withVersions(1);
        Files.createDirectories(root.resolve("python/versions/2"));
        Files.writeString(root.resolve("python/versions/2/model.safetensors"), "half");
        Files.writeString(root.resolve("python/versions/3.json"), "{}");
        Files.writeString(root.resolve("python/staging/half"), "half");

        try (StateDirectory state = StateDirectory.open(root, Layout.LINK)) {
            assertThat(state.subModel("python").complete()).containsExactly(1);
            assertThat(root.resolve("python/versions/2")).doesNotExist();
            assertThat(root.resolve("python/versions/3.json")).doesNotExist();
            assertThat(root.resolve("python/staging")).isEmptyDirectory();
            assertThat(state.current()).containsEntry("python", 1);
        }
    }

    @Test
    void pointsToNothingRatherThanToSomethingIncomplete() throws IOException {
        withVersions(1);
        Files.delete(root.resolve("python/versions/1.json"));

        try (StateDirectory state = StateDirectory.open(root, Layout.LINK)) {
            assertThat(state.current()).isEmpty();
            assertThat(Files.exists(root.resolve("python/current"), LinkOption.NOFOLLOW_LINKS))
                    .isFalse();
        }
    }

    @Test
    void doesNotSwitchToAnythingIncomplete() throws IOException {
        withVersions(1);
        try (StateDirectory state = StateDirectory.open(root, Layout.LINK)) {
            SubModelDirectory python = state.subModel("python");
            assertThatThrownBy(() -> python.switchTo(2))
                    .isInstanceOf(StateException.class)
                    .hasMessageContaining("not complete");
            assertThat(python.current()).hasValue(1);
        }
    }

    @Test
    void doesNotTouchACurrentThatIsNoLink() throws IOException {
        Files.createDirectories(root.resolve("python/versions"));
        Files.createDirectories(root.resolve("python/current"));

        assertThatThrownBy(() -> StateDirectory.open(root, Layout.LINK))
                .isInstanceOf(StateException.class)
                .hasMessageContaining("is not a link to a version: move it out of the way");
        assertThat(root.resolve("python/current")).isDirectory();
    }

    @Test
    void doesNotRemoveTheVersionInUse() throws IOException {
        withVersions(1);
        try (StateDirectory state = StateDirectory.open(root, Layout.LINK)) {
            SubModelDirectory python = state.subModel("python");
            assertThatThrownBy(() -> python.remove(1)).hasMessageContaining("in use");
            assertThat(python.complete()).containsExactly(1);
        }
    }

    @Test
    void goesBackOnlyToVersionsThatWereProbed() throws IOException {
        withVersions(1, 3);
        try (StateDirectory state = StateDirectory.open(root, Layout.LINK)) {
            SubModelDirectory python = state.subModel("python");
            python.complete(checkpoint(python), version(2));
            assertThat(python.deployedBefore(3)).hasValue(1);

            assertThat(python.rollBack(3)).hasValue(1);

            assertThat(python.current()).hasValue(1);
        }
    }

    @Test
    void remembersTheLastRejections() {
        try (StateDirectory state = StateDirectory.open(root, Layout.LINK)) {
            SubModelDirectory python = state.subModel("python");
            for (int i = 0; i < 70; i++) {
                python.reject(new Rejection("sha256:" + i, deployment(i, SubModelDeployment.State.REFUSED)));
            }
            assertThat(python.rejection("sha256:69"))
                    .hasValueSatisfying(rejection -> assertThat(rejection.deployment())
                            .isEqualTo(deployment(69, SubModelDeployment.State.REFUSED)));
            assertThat(python.rejection("sha256:5")).isEmpty();
        }
    }

    @Test
    void saysWhichFileIsDamaged() throws IOException {
        withVersions(1);
        Path marker = Files.writeString(root.resolve("python/versions/1.json"), "{");

        assertThatThrownBy(() -> StateDirectory.open(root, Layout.LINK))
                .isInstanceOf(StateException.class)
                .hasMessageContaining(marker + " is damaged");
    }

    @Test
    void leavesDirectoriesOfOthersAlone() throws IOException {
        Path other = Files.createDirectories(root.resolve("other/staging"));
        Files.writeString(other.resolve("file"), "content");

        StateDirectory.open(root, Layout.LINK).close();

        assertThat(other.resolve("file")).exists();
    }

    /** Deploys versions one after the other. */
    private void withVersions(int... versions) throws IOException {
        try (StateDirectory state = StateDirectory.open(root, Layout.LINK)) {
            SubModelDirectory python = state.subModel("python");
            for (int number : versions) {
                InstalledVersion version = version(number);
                python.complete(checkpoint(python), version);
                python.switchTo(number);
                python.mark(version.deployed(deployment(number, SubModelDeployment.State.DEPLOYED)));
            }
        }
    }

    private static Path checkpoint(SubModelDirectory directory) throws IOException {
        Path checkpoint = Files.createDirectory(directory.staging().resolve("checkpoint"));
        Files.writeString(checkpoint.resolve("model.safetensors"), "weights");
        return checkpoint;
    }

    private static InstalledVersion version(int version) {
        return new InstalledVersion(
                version,
                "sha256:release" + version,
                "sha256:mask",
                ArtifactKind.RECIPE,
                Instant.EPOCH,
                Map.of("stage", 1L),
                Optional.empty(),
                "0123456789abcdef");
    }

    private static SubModelDeployment deployment(int version, SubModelDeployment.State state) {
        return new SubModelDeployment(
                "tiny@0123456789ab",
                "python",
                "deployer-1",
                version,
                state,
                "",
                "",
                "",
                Instant.EPOCH,
                Instant.ofEpochSecond(1, 123_456_789),
                Map.of("stage", 1L));
    }
}
