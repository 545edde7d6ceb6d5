package dev.sparsecast.checkpoint;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import tools.jackson.databind.JsonNode;

/** Text to token ids, as the model's own {@code tokenizer.json} says. Safe for use by several threads. */
public final class Tokenizer implements AutoCloseable {
    private static final Map<String, String> NOTHING_CUT_OR_PADDED =
            Map.of("truncation", "do_not_truncate", "padding", "do_not_pad");

    private final HuggingFaceTokenizer delegate;
    private final ReadWriteLock lock = new ReentrantReadWriteLock();
    private boolean closed;

    private Tokenizer(HuggingFaceTokenizer delegate) {
        this.delegate = delegate;
    }

    /**
     * Loads a {@code tokenizer.json}.
     *
     * @throws CheckpointException if it is missing or damaged
     */
    public static Tokenizer open(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new CheckpointException(
                    "there is no file " + file
                            + "; the model needs a tokenizer.json (transformers' save_pretrained of a fast tokenizer writes one)");
        }
        JsonNode root = ConfigFile.object(file);
        if (!root.has("model")) {
            throw new CheckpointException(file + " is not a tokenizer: it has no model");
        }
        stayOffline();
        try {
            byte[] json = Files.readAllBytes(file);
            return new Tokenizer(
                    HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(json), NOTHING_CUT_OR_PADDED));
        } catch (IOException e) {
            throw new CheckpointException("cannot read " + file + ": " + e.getMessage(), e);
        } catch (RuntimeException e) {
            throw new CheckpointException(file + " is not a usable tokenizer: " + e.getMessage(), e);
        }
    }

    /** DJL reads these from the environment or from system properties; neither look-ups nor usage reports are wanted. */
    private static void stayOffline() {
        for (String name : new String[] {"DJL_OFFLINE", "OPT_OUT_TRACKING"}) {
            if (System.getenv(name) == null && System.getProperty(name) == null) {
                System.setProperty(name, "true");
            }
        }
    }

    /**
     * Token ids of a text, special tokens included as transformers' tokenizer call would by default; never cut, never
     * padded. Unpaired surrogates, which no UTF-8 text can hold, count as U+FFFD.
     *
     * @throws IllegalStateException if the tokenizer is closed
     */
    public int[] encode(String text) {
        String clean = replaceUnpairedSurrogates(text);
        lock.readLock().lock();
        try {
            if (closed) {
                throw new IllegalStateException("the tokenizer is closed");
            }
            long[] ids = delegate.encode(clean, true, false).getIds();
            int[] narrow = new int[ids.length];
            for (int i = 0; i < ids.length; i++) {
                narrow[i] = Math.toIntExact(ids[i]);
            }
            return narrow;
        } finally {
            lock.readLock().unlock();
        }
    }

    private static String replaceUnpairedSurrogates(String text) {
        if (StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            return text;
        }
        return text.codePoints()
                .map(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? 0xFFFD : c)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            if (!closed) {
                closed = true;
                delegate.close();
            }
        } finally {
            lock.writeLock().unlock();
        }
    }
}
