package dev.sparsecast.checkpoint;

/** Text to token ids, as the model's own {@code tokenizer.json} says. Safe for use by several threads. */
public final class Tokenizer implements AutoCloseable {
    /** Token ids of a text, special tokens included as transformers' tokenizer call would by default. */
    public int[] encode(String text) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
