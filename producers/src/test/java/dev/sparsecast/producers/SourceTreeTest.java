package dev.sparsecast.producers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.schemas.Prompt;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SourceTreeTest {
    private static final String FUNCTION =
            "def function_with_a_name(argument):\n    return argument * 2  # a comment that is long enough\n\n";

    @TempDir
    Path directory;

    @Test
    void cutsFilesIntoPromptsWithStableIds() throws IOException {
        write("package/one.py", FUNCTION.repeat(40));
        write("two.py", FUNCTION);
        List<Prompt> prompts = SourceTree.read(directory, "python");
        assertThat(prompts).hasSizeGreaterThan(3).allSatisfy(prompt -> {
            assertThat(prompt.language()).isEqualTo("python");
            assertThat(prompt.text()).hasSizeLessThan(2000).startsWith("def");
        });
        assertThat(prompts).extracting(Prompt::id).doesNotHaveDuplicates();
        assertThat(SourceTree.read(directory, "python")).isEqualTo(prompts);
    }

    @Test
    void passesOverWhatIsNoSourceOfTheUser() throws IOException {
        write("kept.py", FUNCTION);
        write(".git/hidden.py", FUNCTION);
        write("node_modules/vendored.py", FUNCTION);
        write("other.java", FUNCTION);
        Files.write(directory.resolve("binary.py"), new byte[] {(byte) 0xff, (byte) 0xfe, 0});
        assertThat(SourceTree.read(directory, "python"))
                .extracting(Prompt::source)
                .containsExactly("kept.py");
    }

    @Test
    void saysWhatItKnowsAndWhatIsMissing() throws IOException {
        assertThatThrownBy(() -> SourceTree.read(directory, "cobol")).hasMessageContaining("known are c, cpp");
        assertThatThrownBy(() -> SourceTree.read(directory, "go")).hasMessageContaining("no go files");
        assertThatThrownBy(() -> SourceTree.read(directory.resolve("absent"), "go"))
                .hasMessageContaining("absent");
    }

    @Test
    void theRateIsKeptOnAverage() {
        RateLimit rate = new RateLimit(10);
        assertThat(rate.next(Duration.ZERO)).isZero();
        assertThat(rate.next(Duration.ZERO)).isEqualTo(Duration.ofMillis(100));
        assertThat(rate.next(Duration.ofMillis(500))).isZero();
        assertThat(rate.next(Duration.ofMillis(500))).isZero();
        assertThatThrownBy(() -> new RateLimit(0)).hasMessageContaining("positive");
        assertThatThrownBy(() -> new RateLimit(Double.NaN)).hasMessageContaining("positive");
    }

    private void write(String name, String text) throws IOException {
        Path file = directory.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }
}
