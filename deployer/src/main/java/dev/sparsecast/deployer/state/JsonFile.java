package dev.sparsecast.deployer.state;

import dev.sparsecast.store.Durable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** A small JSON file that is replaced whole and synced. */
final class JsonFile<T> {
    private static final JsonMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private final Class<T> type;

    JsonFile(Class<T> type) {
        this.type = type;
    }

    /**
     * Writes a file by way of a temporary one in the same file system.
     *
     * @param temporary is overwritten
     */
    void write(Path temporary, Path file, T value) throws IOException {
        Path directory = file.toAbsolutePath().getParent();
        if (directory == null) {
            throw new IllegalArgumentException(file + " has no directory");
        }
        Files.write(temporary, JSON.writeValueAsBytes(value));
        Durable.sync(temporary);
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
        Durable.sync(directory);
    }

    /** Reads a file; empty if there is none. */
    Optional<T> read(Path file) throws IOException {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            return Optional.of(JSON.readValue(Files.readAllBytes(file), type));
        } catch (JacksonException e) {
            throw new StateException(file + " is damaged (" + e.getOriginalMessage() + "): remove it", e);
        }
    }
}
