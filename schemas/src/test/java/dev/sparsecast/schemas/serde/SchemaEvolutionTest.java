package dev.sparsecast.schemas.serde;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every version of every schema that was ever committed stands under {@code src/test/schema-versions/<record>/<n>.avsc}.
 * The newest must be the one in {@code src/main/avro}, and each must be able to read all before it.
 */
class SchemaEvolutionTest {
    private static final Path CURRENT = Path.of("src/main/avro");
    private static final Path VERSIONS = Path.of("src/test/schema-versions");

    static List<String> records() throws IOException {
        try (Stream<Path> files = Files.list(CURRENT)) {
            return files.map(file -> file.getFileName().toString().replace(".avsc", ""))
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("records")
    void theNewestCommittedVersionIsTheCurrentOne(String record) throws IOException {
        List<Schema> versions = versions(record);
        assertThat(versions)
                .as("committed versions of " + record + ": copy src/main/avro/" + record + ".avsc to "
                        + VERSIONS.resolve(record).resolve(versions.size() + 1 + ".avsc") + " when you change it")
                .isNotEmpty()
                .last()
                .isEqualTo(current(record));
    }

    @ParameterizedTest
    @MethodSource("records")
    void everyVersionReadsWhatEarlierOnesWrote(String record) throws IOException {
        List<Schema> versions = versions(record);
        for (int reader = 0; reader < versions.size(); reader++) {
            for (int writer = 0; writer <= reader; writer++) {
                assertThat(compatibility(versions.get(reader), versions.get(writer)))
                        .as(record + ": version " + (reader + 1) + " reads version " + (writer + 1))
                        .isEqualTo(SchemaCompatibilityType.COMPATIBLE);
            }
        }
    }

    @Test
    void aFieldWithoutADefaultWouldBeFound() {
        Schema before = new Schema.Parser().parse("""
                {"type": "record", "name": "R", "fields": [{"name": "a", "type": "int"}]}""");
        Schema after = new Schema.Parser().parse("""
                {"type": "record", "name": "R", "fields": [{"name": "a", "type": "int"}, {"name": "b", "type": "int"}]}""");
        assertThat(compatibility(after, before)).isEqualTo(SchemaCompatibilityType.INCOMPATIBLE);
    }

    private static SchemaCompatibilityType compatibility(Schema reader, Schema writer) {
        return SchemaCompatibility.checkReaderWriterCompatibility(reader, writer)
                .getType();
    }

    private static Schema current(String record) throws IOException {
        return parse(CURRENT.resolve(record + ".avsc"));
    }

    private static List<Schema> versions(String record) throws IOException {
        List<Schema> versions = new ArrayList<>();
        for (int version : IntStream.iterate(1, n -> Files.exists(file(record, n)), n -> n + 1)
                .toArray()) {
            versions.add(parse(file(record, version)));
        }
        return versions;
    }

    private static Path file(String record, int version) {
        return VERSIONS.resolve(record).resolve(version + ".avsc");
    }

    private static Schema parse(Path file) throws IOException {
        return new Schema.Parser().parse(Files.readString(file));
    }
}
