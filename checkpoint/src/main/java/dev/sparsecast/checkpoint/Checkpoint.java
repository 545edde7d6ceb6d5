package dev.sparsecast.checkpoint;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** An open Hugging Face model directory. Weights are memory-mapped; {@link #close} unmaps them, after which no tensor may be read. */
public final class Checkpoint implements Weights, AutoCloseable {
    private static final String CONFIG = "config.json";
    private static final Pattern SNAPSHOT = Pattern.compile("/models--[^/]+--([^/]+)/snapshots/[0-9a-f]{40}$");

    private final Path directory;
    private final ModelConfig config;
    private final List<SafetensorsFile> shards;
    private final SortedMap<String, Tensor> tensors;
    private final Object lock = new Object();
    private @Nullable String digest;
    private @Nullable Tokenizer tokenizer;

    private Checkpoint(
            Path directory, ModelConfig config, List<SafetensorsFile> shards, SortedMap<String, Tensor> tensors) {
        this.directory = directory;
        this.config = config;
        this.shards = shards;
        this.tensors = tensors;
    }

    /**
     * Opens and checks a model directory: config, every safetensors header, and the presence and shape of every tensor
     * that the architecture needs.
     *
     * @throws CheckpointException if it cannot be used
     */
    public static Checkpoint open(Path directory) {
        if (!Files.isDirectory(directory)) {
            throw new CheckpointException(
                    Files.exists(directory)
                            ? directory + " is not a directory; give the directory of a Hugging Face model"
                            : "there is no model directory " + directory + "; check the path");
        }
        ModelConfig config = configOf(directory);
        List<SafetensorsFile> shards = ShardIndex.open(directory);
        try {
            SortedMap<String, Tensor> tensors = collect(directory, shards);
            check(directory, config, tensors);
            return new Checkpoint(directory, config, shards, tensors);
        } catch (RuntimeException e) {
            shards.forEach(SafetensorsFile::close);
            throw e;
        }
    }

    /**
     * Reads and checks the config of a model directory, whose weights need not be there.
     *
     * @throws CheckpointException if there is none, or such a model is not supported
     */
    public static ModelConfig configOf(Path directory) {
        Path file = directory.resolve(CONFIG);
        if (!Files.isRegularFile(file)) {
            throw new CheckpointException(
                    directory + " holds no " + CONFIG + "; give the directory of a Hugging Face model");
        }
        return ConfigFile.read(file);
    }

    private static SortedMap<String, Tensor> collect(Path directory, List<SafetensorsFile> shards) {
        SortedMap<String, Tensor> tensors = new TreeMap<>();
        for (SafetensorsFile shard : shards) {
            for (Tensor tensor : shard.tensors().values()) {
                if (tensors.put(tensor.name(), tensor) != null) {
                    throw new CheckpointException(directory + " holds tensor " + tensor.name()
                            + " twice, the second time in " + shard.path().getFileName());
                }
            }
        }
        return Collections.unmodifiableSortedMap(tensors);
    }

    private static void check(Path directory, ModelConfig config, SortedMap<String, Tensor> tensors) {
        for (RequiredTensor required : RequiredTensor.of(config)) {
            Tensor tensor = tensors.get(required.name());
            if (tensor == null) {
                String hint = required.name().equals(RequiredTensor.HEAD)
                        ? ", and its config does not set tie_word_embeddings"
                        : ", which its config.json calls for";
                throw new CheckpointException(directory + " lacks the tensor " + required.name() + hint);
            }
            check(directory, required, tensor);
        }
        checkUncalledFor(directory, config, tensors);
    }

    /** Refuses tensors that config.json does not call for, but that may well be meant to count. */
    private static void checkUncalledFor(Path directory, ModelConfig config, SortedMap<String, Tensor> tensors) {
        Tensor head = tensors.get(RequiredTensor.HEAD);
        if (config.tiedEmbeddings() && head != null) {
            check(directory, RequiredTensor.head(config), head);
            Tensor embedding = tensors.get(RequiredTensor.EMBEDDING);
            if (embedding == null
                    || head.type() != embedding.type()
                    || head.data().mismatch(embedding.data()) >= 0) {
                throw new CheckpointException(directory + " has an " + RequiredTensor.HEAD
                        + " that differs from its " + RequiredTensor.EMBEDDING
                        + ", but its config sets tie_word_embeddings; set it to false or remove the tensor");
            }
        }
        for (PrunableModule module : PrunableModule.of(config)) {
            if (!module.hasBias(config.traits()) && tensors.containsKey(module.bias())) {
                throw new CheckpointException(directory + " holds the tensor " + module.bias()
                        + ", a bias that its config.json does not call for");
            }
        }
    }

    private static void check(Path directory, RequiredTensor required, Tensor tensor) {
        if (!tensor.shape().equals(required.shape())) {
            throw new CheckpointException(directory + ": tensor " + tensor.name() + " has the shape " + tensor.shape()
                    + ", but config.json calls for " + required.shape());
        }
        if (!tensor.type().isWeight()) {
            throw new CheckpointException(directory + ": tensor " + tensor.name() + " has the type " + tensor.type()
                    + "; weights must be BF16, F16 or F32");
        }
    }

    /** The directory. */
    public Path directory() {
        return directory;
    }

    /**
     * The model's name in topics: its directory's, such as {@code tiny-coder}; of a snapshot in a hub's cache,
     * {@code models--org--name/snapshots/commit}, the name.
     */
    public String name() {
        Path path = directory.toAbsolutePath().normalize();
        Matcher snapshot = SNAPSHOT.matcher(path.toString().replace('\\', '/'));
        if (snapshot.find()) {
            return snapshot.group(1);
        }
        Path name = path.getFileName();
        return name == null ? "model" : name.toString();
    }

    /**
     * The model's identity, {@code sha256:<64 hex digits>}: a hash over names, types, shapes and bytes of all tensors in
     * order of their names, so it does not depend on how they are spread over files. Computed once, on first use, with
     * all processors.
     *
     * <p>It is the SHA-256 of one line per tensor, in ascending order of the names' UTF-16 code units (for ASCII names:
     * of their bytes), each line being UTF-8 text that ends in a line feed:
     *
     * <pre>{@code <SHA-256 of the tensor's bytes, 64 hex digits> <type> [<size>,<size>,…] <length of the name in bytes> <name>}</pre>
     *
     * with the type as safetensors spells it and single spaces between the fields.
     */
    public String digest() {
        synchronized (lock) {
            if (digest == null) {
                digest = ModelDigest.of(tensors.values());
            }
            return digest;
        }
    }

    /** {@code <name>@<first 12 hex digits of the digest>}: the model's revision in keys, such as {@code tiny-coder@0123456789ab}. */
    public String revision() {
        return name() + "@" + digest().substring("sha256:".length(), "sha256:".length() + 12);
    }

    @Override
    public ModelConfig config() {
        return config;
    }

    @Override
    public Tensor tensor(String name) {
        Tensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new CheckpointException(directory + " has no tensor " + name);
        }
        return tensor;
    }

    @Override
    public boolean hasTensor(String name) {
        return tensors.containsKey(name);
    }

    /** Names of all tensors. */
    public SortedSet<String> tensorNames() {
        return Collections.unmodifiableSortedSet(new TreeSet<>(tensors.keySet()));
    }

    /** The safetensors files. */
    public List<SafetensorsFile> shards() {
        return shards;
    }

    /**
     * The tokenizer of {@code tokenizer.json}, loaded on first use; {@link #close} closes it.
     *
     * @throws CheckpointException if the file is missing or damaged
     */
    public Tokenizer tokenizer() {
        synchronized (lock) {
            if (tokenizer == null) {
                tokenizer = Tokenizer.open(directory.resolve("tokenizer.json"));
            }
            return tokenizer;
        }
    }

    @Override
    public void close() {
        synchronized (lock) {
            if (tokenizer != null) {
                tokenizer.close();
            }
            shards.forEach(SafetensorsFile::close);
        }
    }
}
