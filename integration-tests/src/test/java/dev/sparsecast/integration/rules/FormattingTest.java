package dev.sparsecast.integration.rules;

import static org.assertj.core.api.Assertions.assertThat;

import com.palantir.javaformat.java.Formatter;
import com.palantir.javaformat.java.FormatterException;
import com.palantir.javaformat.java.ImportOrderer;
import com.palantir.javaformat.java.JavaFormatterOptions;
import com.palantir.javaformat.java.JavaFormatterOptions.Style;
import com.palantir.javaformat.java.RemoveUnusedImports;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * All Java sources are as {@code mvn spotless:apply} writes them. Spotless formats with the Java that runs Maven, which
 * may be too old for our syntax; this test runs on the JDK of the build.
 */
class FormattingTest {
    private static final Formatter FORMATTER = Formatter.createFormatter(JavaFormatterOptions.builder()
            .style(Style.PALANTIR)
            .formatJavadoc(false)
            .build());

    @Test
    void everySourceIsFormatted() {
        List<Path> sources = Repository.javaSources();
        List<String> unformatted = sources.stream()
                .filter(file -> !isFormatted(file))
                .map(file -> Repository.root().relativize(file).toString())
                .toList();

        assertThat(sources).isNotEmpty();
        assertThat(unformatted)
                .as("files to format: run `mvn spotless:apply` with JAVA_HOME set to a JDK 25")
                .isEmpty();
    }

    @Test
    void unsortedAndUnusedImportsAndWrongIndentationAreSeen() throws FormatterException {
        String bad = """
                package example;

                import java.util.Set;
                import java.util.List;
                import java.util.Map;

                class Example {
                  Map<String, Set<String>> field;
                }
                """;

        assertThat(format(bad)).isEqualTo("""
                package example;

                import java.util.Map;
                import java.util.Set;

                class Example {
                    Map<String, Set<String>> field;
                }
                """);
    }

    private static boolean isFormatted(Path file) {
        String source = Repository.read(file);
        try {
            return format(source).equals(source);
        } catch (FormatterException e) {
            throw new AssertionError(file + " cannot be parsed by the formatter", e);
        }
    }

    /** The steps of Spotless's {@code palantirJavaFormat}, in its order. */
    private static String format(String source) throws FormatterException {
        String ordered = ImportOrderer.reorderImports(source, Style.PALANTIR);
        return FORMATTER.formatSource(RemoveUnusedImports.removeUnusedImports(ordered));
    }
}
