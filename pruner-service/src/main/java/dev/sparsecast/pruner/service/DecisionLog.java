package dev.sparsecast.pruner.service;

import dev.sparsecast.schemas.SubModelRelease.Quality;
import dev.sparsecast.schemas.SubModelRelease.Trigger;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/** Every decision of the gate with its figures: {@code decisions.jsonl}. */
final class DecisionLog {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final Path file;

    DecisionLog(Path directory) {
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw new PrunerException("cannot make the state directory " + directory + ": " + e, e);
        }
        this.file = directory.resolve("decisions.jsonl");
    }

    void append(
            Instant at,
            String submodel,
            Trigger trigger,
            String maskDigest,
            String decision,
            String reason,
            Quality quality) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("at", at.toString());
        entry.put("submodel", submodel);
        entry.put("trigger", trigger.label());
        entry.put("mask_digest", maskDigest);
        entry.put("decision", decision);
        entry.put("reason", reason);
        entry.put("prompts", quality.prompts());
        entry.put("dense_perplexity", quality.dense());
        entry.put("candidate_perplexity", quality.candidate());
        quality.current().ifPresent(current -> entry.put("current_perplexity", current));
        try {
            Files.writeString(
                    file, JSON.writeValueAsString(entry) + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file, e);
        }
    }
}
