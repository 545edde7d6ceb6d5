package dev.sparsecast.pruner.specification;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpecificationWatchTest {
    @TempDir
    Path directory;

    private Path file;
    private long nanos;

    @BeforeEach
    void name() {
        file = directory.resolve("submodels.yaml");
    }

    private void write(String language, double sparsity) throws IOException {
        Files.writeString(file, """
                submodels:
                  - name: %s
                    groups: [{language: %s, domain: code}]
                    sparsity: %s
                """.formatted(language, language, sparsity));
    }

    private SpecificationWatch watch() {
        return new SpecificationWatch(
                SpecificationFile.read(file), Optional.of(file), SpecificationWatchTest::noCobol, () -> nanos);
    }

    private static List<SubModelSpecification> noCobol(List<SubModelSpecification> submodels) {
        if (submodels.stream().anyMatch(submodel -> submodel.name().equals("cobol"))) {
            throw new SpecificationException("nobody makes cobol");
        }
        return submodels;
    }

    private boolean hasChanged(SpecificationWatch watch) {
        nanos += Duration.ofSeconds(2).toNanos();
        return watch.hasChanged();
    }

    @Test
    void aChangedFileIsInForceAtOnce() throws IOException {
        write("python", 0.5);
        SpecificationWatch watch = watch();
        assertThat(hasChanged(watch)).isFalse();
        write("java", 0.6);
        assertThat(hasChanged(watch)).isTrue();
        assertThat(watch.names()).containsExactly("java");
        assertThat(watch.languages()).containsExactly("java");
        assertThat(watch.submodels().getFirst().parameters().sparsity()).isEqualTo(0.6);
        assertThat(hasChanged(watch)).isFalse();
    }

    @Test
    void whatWasInForceStaysSoWhileTheFileIsFaultyOrGone() throws IOException {
        write("python", 0.5);
        SpecificationWatch watch = watch();
        write("python", 7);
        assertThat(hasChanged(watch)).isFalse();
        assertThat(watch.isRight()).isFalse();
        Files.delete(file);
        assertThat(hasChanged(watch)).isFalse();
        assertThat(watch.isRight()).isFalse();
        write("cobol", 0.5);
        assertThat(hasChanged(watch)).isFalse();
        assertThat(watch.isRight()).isFalse();
        assertThat(watch.names()).containsExactly("python");
        write("python", 0.5);
        assertThat(hasChanged(watch)).isFalse();
        assertThat(watch.isRight()).isTrue();
    }

    @Test
    void aChangeBetweenReadingAndTheFirstLookIsSeen() throws IOException {
        write("python", 0.5);
        List<SubModelSpecification> read = SpecificationFile.read(file);
        write("java", 0.5);
        SpecificationWatch watch = new SpecificationWatch(read, Optional.of(file), all -> all, () -> nanos);
        assertThat(hasChanged(watch)).isTrue();
    }

    @Test
    void whatCanNeverBeMadeIsRefusedFromTheStart() throws IOException {
        write("cobol", 0.5);
        assertThatThrownBy(this::watch).isInstanceOf(SpecificationException.class);
    }
}
