package dev.sparsecast.integration.rules;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compiles with the very options of the parent POM: NullAway is on, and what it finds stops the build. */
class NullAwayCanaryTest {
    private static final Pattern ARGUMENT = Pattern.compile("<arg>(-X[^<]*|--should-stop[^<]*)</arg>");

    @TempDir
    private Path output;

    @Test
    void returningNullWhereNoNullIsDeclaredIsAnError() throws IOException {
        Compilation compilation = compile("""
                @org.jspecify.annotations.NullMarked
                class Canary {
                    String name(boolean known) {
                        return known ? "canary" : null;
                    }
                }
                """);

        assertThat(compilation.successful()).isFalse();
        assertThat(compilation.errors()).singleElement().satisfies(error -> {
            assertThat(error.getMessage(Locale.ROOT)).contains("[NullAway]");
            assertThat(error.getLineNumber()).isEqualTo(4);
        });
    }

    @Test
    void callingAMethodOnWhatMayBeNullIsAnError() throws IOException {
        Compilation compilation = compile("""
                @org.jspecify.annotations.NullMarked
                class Canary {
                    int length(@org.jspecify.annotations.Nullable String name) {
                        return name.length();
                    }
                }
                """);

        assertThat(compilation.successful()).isFalse();
        assertThat(compilation.errors())
                .singleElement()
                .satisfies(error -> assertThat(error.getMessage(Locale.ROOT)).contains("[NullAway]"));
    }

    @Test
    void codeThatDeclaresItsNullsCompiles() throws IOException {
        Compilation compilation = compile("""
                @org.jspecify.annotations.NullMarked
                class Canary {
                    @org.jspecify.annotations.Nullable String name(boolean known) {
                        return known ? "canary" : null;
                    }

                    int length(boolean known) {
                        String name = name(known);
                        return name == null ? 0 : name.length();
                    }
                }
                """);

        assertThat(compilation.errors()).isEmpty();
        assertThat(compilation.successful()).isTrue();
    }

    private Compilation compile(String source) throws IOException {
        DiagnosticCollector<JavaFileObject> diagnostics = new DiagnosticCollector<>();
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        boolean successful;
        try (StandardJavaFileManager files = compiler.getStandardFileManager(diagnostics, null, null)) {
            successful = compiler.getTask(null, files, diagnostics, options(), null, List.of(new Snippet(source)))
                    .call();
        }
        List<Diagnostic<? extends JavaFileObject>> errors = diagnostics.getDiagnostics().stream()
                .filter(diagnostic -> diagnostic.getKind() == Diagnostic.Kind.ERROR)
                .toList();
        return new Compilation(successful, errors);
    }

    private List<String> options() {
        String classPath = System.getProperty("java.class.path");
        List<String> options =
                new ArrayList<>(List.of("-d", output.toString(), "-cp", classPath, "-processorpath", classPath));
        List<String> ofTheBuild = ARGUMENT.matcher(Repository.parentPom())
                .results()
                .map(match -> match.group(1))
                .toList();
        assertThat(ofTheBuild)
                .as("options of the parent POM")
                .anySatisfy(option -> assertThat(option).startsWith("-Xplugin:ErrorProne"));
        options.addAll(ofTheBuild);
        return options;
    }

    private record Compilation(boolean successful, List<Diagnostic<? extends JavaFileObject>> errors) {}

    /** A source in memory. */
    private static final class Snippet extends SimpleJavaFileObject {
        private final String source;

        Snippet(String source) {
            super(URI.create("string:///Canary.java"), Kind.SOURCE);
            this.source = source;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return source;
        }
    }
}
