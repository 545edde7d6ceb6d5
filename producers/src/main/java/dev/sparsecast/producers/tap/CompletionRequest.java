package dev.sparsecast.producers.tap;

import dev.sparsecast.producers.ProgrammingLanguage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What an OpenAI-compatible request asks.
 *
 * @param texts its prompts; several if a completion asks for several at once
 * @param user who asks; empty if it does not say
 */
record CompletionRequest(List<String> texts, String user) {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final Pattern FENCE = Pattern.compile("(?m)^\\s{0,3}(?:```|~~~)\\s*([A-Za-z0-9+#_-]{1,20})");

    CompletionRequest {
        texts = List.copyOf(texts);
    }

    /** The body of {@code POST /v1/completions}. */
    static CompletionRequest completion(byte[] body) {
        JsonNode request = object(body);
        JsonNode prompt = request.path("prompt");
        List<String> texts = new ArrayList<>();
        if (prompt.isString()) {
            texts.add(prompt.asString());
        } else if (prompt.isArray()) {
            for (JsonNode one : prompt) {
                if (!one.isString()) {
                    throw new BadRequestException(
                            "'prompt' holds token ids; send text, since they depend on the server's tokenizer");
                }
                texts.add(one.asString());
            }
        } else {
            throw new BadRequestException("'prompt' is missing or neither text nor a list of texts");
        }
        return request(texts, request);
    }

    /** The body of {@code POST /v1/chat/completions}: the texts of all messages in order, as the model sees them. */
    static CompletionRequest chat(byte[] body) {
        JsonNode request = object(body);
        JsonNode messages = request.path("messages");
        if (!messages.isArray()) {
            throw new BadRequestException("'messages' is missing or no list");
        }
        List<String> parts = new ArrayList<>();
        for (JsonNode message : messages) {
            addContent(message.path("content"), parts);
        }
        return request(List.of(String.join("\n\n", parts)), request);
    }

    private static void addContent(JsonNode content, List<String> parts) {
        if (content.isString()) {
            parts.add(content.asString());
        } else if (content.isArray()) {
            for (JsonNode part : content) {
                if (part.path("text").isString()) {
                    parts.add(part.path("text").asString());
                }
            }
        }
    }

    private static CompletionRequest request(List<String> texts, JsonNode request) {
        List<String> full = texts.stream().filter(text -> !text.isBlank()).toList();
        if (full.isEmpty()) {
            throw new BadRequestException("the request has no text");
        }
        return new CompletionRequest(full, request.path("user").asString(""));
    }

    private static JsonNode object(byte[] body) {
        try {
            JsonNode node = JSON.readTree(body);
            if (node.isObject()) {
                return node;
            }
        } catch (JacksonException e) {
            throw new BadRequestException("the body is no JSON object: " + e.getOriginalMessage(), e);
        }
        throw new BadRequestException("the body is no JSON object");
    }

    /** The language of a text's last fenced code block whose tag names one. */
    static Optional<String> languageOf(String text) {
        Optional<String> language = Optional.empty();
        Matcher fences = FENCE.matcher(text);
        while (fences.find()) {
            language = ProgrammingLanguage.ofTag(fences.group(1))
                    .map(ProgrammingLanguage::name)
                    .or(keep(language));
        }
        return language;
    }

    private static java.util.function.Supplier<Optional<String>> keep(Optional<String> language) {
        return () -> language;
    }
}
