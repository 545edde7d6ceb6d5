package dev.sparsecast.checkpoint;

import java.nio.file.Path;
import java.util.List;
import java.util.SortedSet;

/** An open Hugging Face model directory. Weights are memory-mapped; {@link #close} unmaps them, after which no tensor may be read. */
public final class Checkpoint implements Weights, AutoCloseable {
    private final Path directory;

    private Checkpoint(Path directory) {
        this.directory = directory;
    }

    /**
     * Opens and checks a model directory: config, every safetensors header, and the presence and shape of every tensor
     * that the architecture needs.
     *
     * @throws CheckpointException if it cannot be used
     */
    public static Checkpoint open(Path directory) {
        return new Checkpoint(directory);
    }

    /** The directory. */
    public Path directory() {
        return directory;
    }

    /** The directory's name, such as {@code tiny-coder}: the model's name in topics. */
    public String name() {
        return directory.toAbsolutePath().normalize().getFileName().toString();
    }

    /**
     * The model's identity, {@code sha256:<64 hex digits>}: a hash over names, types, shapes and bytes of all tensors in
     * order of their names, so it does not depend on how they are spread over files. Computed once, on first use.
     */
    public String digest() {
        throw new UnsupportedOperationException();
    }

    /** {@code <name>@<first 12 hex digits of the digest>}: the model's revision in keys, such as {@code tiny-coder@0123456789ab}. */
    public String revision() {
        return name() + "@" + digest().substring("sha256:".length(), "sha256:".length() + 12);
    }

    @Override
    public ModelConfig config() {
        throw new UnsupportedOperationException();
    }

    @Override
    public Tensor tensor(String name) {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean hasTensor(String name) {
        throw new UnsupportedOperationException();
    }

    /** Names of all tensors. */
    public SortedSet<String> tensorNames() {
        throw new UnsupportedOperationException();
    }

    /** The safetensors files. */
    public List<SafetensorsFile> shards() {
        throw new UnsupportedOperationException();
    }

    /** The tokenizer of {@code tokenizer.json}. */
    public Tokenizer tokenizer() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
