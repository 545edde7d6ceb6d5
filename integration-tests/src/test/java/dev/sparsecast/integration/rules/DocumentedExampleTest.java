package dev.sparsecast.integration.rules;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The example in the documentation is the one that is compiled and run, and needs nothing but the deployer. */
class DocumentedExampleTest {
    private static final Path EXAMPLE =
            Repository.root().resolve("integration-tests/src/test/java/dev/sparsecast/example/ServingProcess.java");

    @Test
    void theDocumentationShowsTheExampleAsItIs() throws IOException {
        String shown = Files.readString(Repository.root().resolve("docs/deploying.md"));
        String source = Files.readString(EXAMPLE);

        assertThat(shown).contains(source.substring(source.indexOf("import ")));
    }

    @Test
    void theExampleUsesTheDeployersOwnTypesOnly() throws IOException {
        List<String> imports = Files.readAllLines(EXAMPLE).stream()
                .filter(line -> line.startsWith("import "))
                .toList();

        assertThat(imports)
                .isNotEmpty()
                .allMatch(line -> line.matches("import (java|dev\\.sparsecast\\.deployer)\\..*"));
    }
}
