package dev.sparsecast.pruner.service;

import dev.sparsecast.pruner.refresh.Ingredients;
import dev.sparsecast.pruner.refresh.Situation.Rejection;
import dev.sparsecast.pruner.release.Candidate;
import dev.sparsecast.schemas.SubModelRelease.Quality;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Every decision of the gate with its figures, a line each: {@code decisions.jsonl}. For people, and so that a candidate
 * that was rejected is not made again after a restart; what was released stands in the topic.
 */
final class DecisionLog {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final String PROMOTED = "promoted";
    private static final String REJECTED = "rejected";

    private final String model;
    private final Path file;

    /** @throws PrunerException if the directory cannot be made or the file not written */
    DecisionLog(Path directory, String model) {
        this.model = model;
        this.file = directory.resolve("decisions.jsonl");
        try {
            Files.createDirectories(directory);
            endLastLine();
        } catch (IOException e) {
            throw new PrunerException("cannot use the state directory " + directory + ": " + e, e);
        }
    }

    /** A process that was killed while it wrote may have left half a line. */
    private void endLastLine() throws IOException {
        try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
            if (bytes.length() > 0) {
                bytes.seek(bytes.length() - 1);
                if (bytes.read() != '\n') {
                    bytes.write('\n');
                }
            }
        }
    }

    /** @param version that the candidate will have */
    void promoted(Candidate candidate, Quality quality, int version, Map<String, Long> milliseconds, Instant at) {
        Map<String, Object> entry = entry(candidate, PROMOTED, "", quality, milliseconds, at);
        entry.put("version", version);
        append(entry);
    }

    void rejected(Candidate candidate, Quality quality, String reason, Map<String, Long> milliseconds, Instant at) {
        append(entry(candidate, REJECTED, reason, quality, milliseconds, at));
    }

    private Map<String, Object> entry(
            Candidate candidate,
            String decision,
            String reason,
            Quality quality,
            Map<String, Long> milliseconds,
            Instant at) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("at", at.toString());
        entry.put("model", model);
        entry.put("submodel", candidate.specification().name());
        entry.put("decision", decision);
        entry.put("reason", reason);
        entry.put("trigger", candidate.trigger().label());
        entry.put(
                "ingredients",
                Ingredients.of(candidate.specification(), candidate.snapshots()).text());
        entry.put("mask_digest", candidate.mask().digest());
        entry.put("prompts", quality.prompts());
        entry.put("tokens", quality.tokens());
        entry.put("dense_perplexity", quality.dense());
        entry.put("candidate_perplexity", quality.candidate());
        quality.current().ifPresent(current -> entry.put("current_perplexity", current));
        entry.put("milliseconds", new LinkedHashMap<>(milliseconds));
        return entry;
    }

    private void append(Map<String, Object> entry) {
        try {
            Files.writeString(
                    file, JSON.writeValueAsString(entry) + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file + ": " + e.getMessage(), e);
        }
    }

    /** The last decision about each sub-model of this model, where that was to reject. Lines that cannot be read are passed over. */
    Map<String, Rejection> rejections() {
        Map<String, Rejection> rejections = new HashMap<>();
        try (Stream<String> lines = Files.lines(file)) {
            lines.forEach(line -> read(line, rejections));
        } catch (IOException | UncheckedIOException e) {
            throw new PrunerException("cannot read " + file + ": " + e, e);
        }
        return rejections;
    }

    private void read(String line, Map<String, Rejection> rejections) {
        try {
            JsonNode entry = JSON.readTree(line);
            if (!entry.path("model").asString("").equals(model)) {
                return;
            }
            String submodel = entry.path("submodel").asString("");
            switch (entry.path("decision").asString("")) {
                case REJECTED ->
                    rejections.put(
                            submodel,
                            new Rejection(
                                    new Ingredients(entry.path("ingredients").asString("")),
                                    Instant.parse(entry.path("at").asString(""))));
                case PROMOTED -> rejections.remove(submodel);
                default -> {}
            }
        } catch (JacksonException | DateTimeException e) {
            // Half a line, or somebody's own: the worst is that a candidate is made and rejected once more.
        }
    }
}
