package dev.sparsecast.worker.loop;

import dev.sparsecast.schemas.HeldOut;
import dev.sparsecast.schemas.Names;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.worker.profile.GroupedPrompt;
import dev.sparsecast.worker.profile.PromptGroup;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Function;
import javax.net.ssl.SSLException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;

/** Decides what becomes of a record. It only looks at the record, so the same record always has the same fate. */
final class PromptIntake {
    private final Deserializer<Prompt> deserializer;
    private final Function<String, int[]> tokenizer;
    private final PromptLimit limit;

    PromptIntake(Deserializer<Prompt> deserializer, Function<String, int[]> tokenizer, PromptLimit limit) {
        this.deserializer = deserializer;
        this.tokenizer = tokenizer;
        this.limit = limit;
    }

    /**
     * Decodes, checks and tokenizes.
     *
     * @throws RegistryUnavailableException if the registry did not answer: not the record's fault, to be tried again
     * @throws KafkaException if the registry refused us or timed out
     */
    Intake decide(ConsumerRecord<byte[], byte[]> record) {
        if (record.value() == null) {
            return new Intake.Rejected("the record has no value");
        }
        Prompt prompt;
        try {
            prompt = deserializer.deserialize(record.topic(), record.value());
        } catch (RuntimeException e) {
            // Damaged bytes come to light as all sorts of exceptions; only the network's and the cluster's are no
            // verdict.
            if (isOfTheNetwork(e)) {
                throw new RegistryUnavailableException(e);
            }
            if (e instanceof KafkaException && !(e instanceof SerializationException)) {
                throw e;
            }
            return new Intake.Rejected("the value is not a prompt: " + rootMessage(e));
        }
        Optional<String> fault = fault(record.topic(), prompt);
        if (fault.isPresent()) {
            return new Intake.Rejected(fault.get());
        }
        return HeldOut.contains(prompt.id()) ? new Intake.HeldOut() : tokenized(prompt);
    }

    private static Optional<String> fault(String topic, Prompt prompt) {
        if (prompt.id().isBlank()) {
            return Optional.of("the prompt has no id");
        }
        if (!Names.isLabel(prompt.language())) {
            return Optional.of("the language '" + shortened(prompt.language()) + "' is not a valid name");
        }
        if (!topic.equals(Topics.prompts(prompt.language()))) {
            return Optional.of(
                    "the language '" + prompt.language() + "' belongs on topic " + Topics.prompts(prompt.language()));
        }
        if (!Names.isLabel(prompt.domain())) {
            return Optional.of("the domain '" + shortened(prompt.domain()) + "' is not a valid name");
        }
        if (prompt.text().isBlank()) {
            return Optional.of("the prompt has no text");
        }
        return Optional.empty();
    }

    private Intake tokenized(Prompt prompt) {
        int[] tokens = tokenizer.apply(prompt.text());
        if (tokens.length == 0) {
            return new Intake.Rejected("the text has no tokens");
        }
        boolean oversize = tokens.length > limit.tokens();
        if (oversize && limit.oversize() == PromptLimit.Oversize.REJECT) {
            return new Intake.Rejected(
                    "the prompt has " + tokens.length + " tokens, more than the " + limit.tokens() + " allowed", true);
        }
        PromptGroup group = new PromptGroup(prompt.language(), prompt.domain());
        return new Intake.Accepted(
                new GroupedPrompt(group, oversize ? Arrays.copyOf(tokens, limit.tokens()) : tokens),
                prompt.source(),
                oversize);
    }

    private static boolean isOfTheNetwork(Throwable error) {
        for (@Nullable Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof SocketException
                    || cause instanceof UnknownHostException
                    || cause instanceof SSLException) {
                return true;
            }
        }
        return false;
    }

    private static String rootMessage(Throwable error) {
        Throwable root = error;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        String message = root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
        return shortened(message);
    }

    private static String shortened(String text) {
        return text.length() <= 200 ? text : text.substring(0, 200) + "…";
    }
}
