package dev.sparsecast.checkpoint;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * The JSON header of a safetensors file: what tensors there are and where. Checked on parsing, so that every tensor lies
 * within the data section, none overlaps another and no byte is left over, as the format demands.
 *
 * @param tensors the tensors in the order of their data
 * @param metadata the header's {@code __metadata__}
 */
record SafetensorsHeader(List<Span> tensors, Map<String, String> metadata) {
    /** Key of the header that holds free-form strings rather than a tensor. */
    static final String METADATA = "__metadata__";

    /** Longest header that the format allows, in bytes. */
    static final long LIMIT = 100_000_000;

    /**
     * A tensor's place.
     *
     * @param begin first byte, counted from the start of the data section
     * @param end byte after the last
     */
    record Span(String name, ElementType type, List<Long> shape, long begin, long end) {}

    /**
     * Parses and checks a header.
     *
     * @param file what to call the file in complaints
     * @param json the header's bytes
     * @param dataBytes size of the data section
     */
    static SafetensorsHeader parse(String file, byte[] json, long dataBytes) {
        JsonNode root = tree(file, json);
        Map<String, String> metadata = new LinkedHashMap<>();
        List<Span> spans = new ArrayList<>();
        for (Map.Entry<String, JsonNode> property : root.properties()) {
            if (property.getKey().equals(METADATA)) {
                readMetadata(file, property.getValue(), metadata);
            } else {
                spans.add(span(file, property.getKey(), property.getValue()));
            }
        }
        spans.sort(Comparator.comparingLong(Span::begin).thenComparingLong(Span::end));
        checkCoverage(file, spans, dataBytes);
        return new SafetensorsHeader(List.copyOf(spans), metadata);
    }

    private static JsonNode tree(String file, byte[] json) {
        if (json.length == 0 || json[0] != '{') {
            throw new CheckpointException(file + " is damaged: its header does not begin with '{'");
        }
        JsonNode root;
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(json))
                    .toString();
            root = StrictJson.read(text);
        } catch (CharacterCodingException e) {
            throw new CheckpointException(file + " is damaged: its header is not UTF-8", e);
        } catch (JacksonException e) {
            throw new CheckpointException(
                    file + " is damaged: its header is not valid JSON (" + StrictJson.reason(e) + ")", e);
        }
        return root;
    }

    private static void readMetadata(String file, JsonNode node, Map<String, String> metadata) {
        if (!node.isObject()) {
            throw new CheckpointException(file + " is damaged: " + METADATA + " is not an object");
        }
        for (Map.Entry<String, JsonNode> property : node.properties()) {
            if (!property.getValue().isString()) {
                throw new CheckpointException(
                        file + " is damaged: " + METADATA + " '" + property.getKey() + "' is not a string");
            }
            metadata.put(property.getKey(), property.getValue().stringValue());
        }
    }

    private static Span span(String file, String name, JsonNode node) {
        if (!node.isObject()) {
            throw damaged(file, name, "is not described by an object");
        }
        ElementType type = type(file, name, node.get("dtype"));
        List<Long> shape = integers(file, name, "shape", node.get("shape"));
        List<Long> offsets = integers(file, name, "data_offsets", node.get("data_offsets"));
        if (offsets.size() != 2) {
            throw damaged(file, name, "has " + offsets.size() + " data_offsets, expected 2");
        }
        long begin = offsets.get(0);
        long end = offsets.get(1);
        if (end < begin) {
            throw damaged(file, name, "ends (" + end + ") before it begins (" + begin + ")");
        }
        long bytes = type.bytes();
        try {
            for (long size : shape) {
                bytes = Math.multiplyExact(bytes, size);
            }
        } catch (ArithmeticException e) {
            throw new CheckpointException(file + " is damaged: tensor " + name + " has a shape too large, " + shape, e);
        }
        if (bytes != end - begin) {
            throw damaged(
                    file,
                    name,
                    "takes " + (end - begin) + " bytes, but " + type + " of shape " + shape + " needs " + bytes);
        }
        return new Span(name, type, shape, begin, end);
    }

    private static ElementType type(String file, String name, @Nullable JsonNode node) {
        if (node == null || !node.isString()) {
            throw damaged(file, name, "has no dtype");
        }
        for (ElementType type : ElementType.values()) {
            if (type.name().equals(node.stringValue())) {
                return type;
            }
        }
        throw new CheckpointException(file + ": tensor " + name + " has the dtype '" + node.stringValue()
                + "', which is not supported; supported are " + List.of(ElementType.values()));
    }

    private static List<Long> integers(String file, String name, String field, @Nullable JsonNode node) {
        if (node == null || !node.isArray()) {
            throw damaged(file, name, "has no " + field);
        }
        List<Long> values = new ArrayList<>();
        for (JsonNode value : node) {
            if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0) {
                throw damaged(file, name, "has the " + field + " " + node + ", expected non-negative whole numbers");
            }
            values.add(value.longValue());
        }
        return values;
    }

    /** The format allows neither overlaps nor holes: each tensor begins where the one before it ends. */
    private static void checkCoverage(String file, List<Span> spans, long dataBytes) {
        long position = 0;
        for (Span span : spans) {
            if (span.end() > dataBytes) {
                throw damaged(
                        file,
                        span.name(),
                        "ends at byte " + span.end() + " of the data, which has only " + dataBytes
                                + "; the file is truncated or its header lies");
            }
            if (span.begin() < position) {
                throw damaged(file, span.name(), "overlaps the tensor before it");
            }
            if (span.begin() > position) {
                throw damaged(file, span.name(), "leaves a hole of " + (span.begin() - position) + " bytes before it");
            }
            position = span.end();
        }
        if (position != dataBytes) {
            throw new CheckpointException(
                    file + " is damaged: " + (dataBytes - position) + " bytes follow the last tensor");
        }
    }

    private static CheckpointException damaged(String file, String tensor, String what) {
        return new CheckpointException(file + " is damaged: tensor " + tensor + " " + what);
    }
}
