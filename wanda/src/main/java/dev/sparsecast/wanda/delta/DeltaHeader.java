package dev.sparsecast.wanda.delta;

import dev.sparsecast.wanda.PruningException;
import dev.sparsecast.wanda.PruningParameters;
import dev.sparsecast.wanda.mask.SubModelMask;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * The beginning of a delta file, text that a person can read: a first line that names format and version, lines
 * {@code key=value} in order of their keys, and an empty line.
 *
 * @param model digest of the base model
 * @param parent digest of the mask that the delta starts from
 * @param result digest of the mask that must come out
 * @param parameters how that mask was made
 */
public record DeltaHeader(String model, String parent, String result, PruningParameters parameters) {
    private static final String FIRST_LINE = "sparsecast-delta 1";

    /** A header may not be longer than this many bytes. */
    private static final int LIMIT = 1 << 16;

    static DeltaHeader of(SubModelMask parent, SubModelMask result) {
        return new DeltaHeader(result.modelDigest(), parent.digest(), result.digest(), result.parameters());
    }

    byte[] bytes() {
        Map<String, String> entries = new TreeMap<>(parameters.metadata());
        entries.put("model", model);
        entries.put("parent", parent);
        entries.put("digest", result);
        StringBuilder text = new StringBuilder(FIRST_LINE).append('\n');
        entries.forEach(
                (key, value) -> text.append(key).append('=').append(value).append('\n'));
        return text.append('\n').toString().getBytes(StandardCharsets.UTF_8);
    }

    /** A header and where it ends. */
    record Parsed(DeltaHeader header, long end) {}

    /** @throws PruningException if this is no delta, or one of another version */
    static Parsed parse(Path file, MemorySegment bytes) {
        int end = end(file, bytes);
        String text = new String(bytes.asSlice(0, end).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
        String[] lines = text.strip().split("\n", -1);
        if (!lines[0].equals(FIRST_LINE)) {
            throw new PruningException(file + " is a delta of another version ('" + lines[0] + "', expected '"
                    + FIRST_LINE + "'): use a newer sparsecast, or have it made again");
        }
        Map<String, String> entries = new TreeMap<>();
        for (int i = 1; i < lines.length; i++) {
            int equals = lines[i].indexOf('=');
            if (equals < 0 || entries.put(lines[i].substring(0, equals), lines[i].substring(equals + 1)) != null) {
                throw new PruningException("delta " + file + " is damaged: line " + (i + 1) + " of its header is '"
                        + lines[i] + "'; fetch it again");
            }
        }
        return new Parsed(
                new DeltaHeader(
                        required(file, entries, "model"),
                        required(file, entries, "parent"),
                        required(file, entries, "digest"),
                        PruningParameters.ofMetadata("delta " + file, entries)),
                end);
    }

    /** The byte behind the empty line. */
    private static int end(Path file, MemorySegment bytes) {
        byte[] start = FIRST_LINE.substring(0, FIRST_LINE.indexOf(' ')).getBytes(StandardCharsets.UTF_8);
        int size = (int) Math.min(bytes.byteSize(), LIMIT);
        if (size < start.length || bytes.asSlice(0, start.length).mismatch(MemorySegment.ofArray(start)) >= 0) {
            throw new PruningException(file + " is no delta of masks; make one with mask delta");
        }
        for (int i = 1; i < size; i++) {
            if (bytes.get(ValueLayout.JAVA_BYTE, i) == '\n' && bytes.get(ValueLayout.JAVA_BYTE, i - 1) == '\n') {
                return i + 1;
            }
        }
        throw new PruningException("delta " + file + " is damaged: its header has no end; fetch it again");
    }

    private static String required(Path file, Map<String, String> entries, String key) {
        String value = entries.get(key);
        if (value == null) {
            throw new PruningException("delta " + file + " lacks '" + key + "' in its header; fetch it again");
        }
        return value;
    }
}
