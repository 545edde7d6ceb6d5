package dev.sparsecast.wanda.materialization;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.SafetensorsFile;
import dev.sparsecast.checkpoint.Tensor;
import dev.sparsecast.wanda.Progress;
import dev.sparsecast.wanda.ProgressMeter;
import dev.sparsecast.wanda.PruningException;
import dev.sparsecast.wanda.mask.MaskedWeights;
import dev.sparsecast.wanda.mask.SubModelMask;
import dev.sparsecast.wanda.parallel.TaskQueue;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Writes a pruned checkpoint: the base model's directory file for file, where only the pruned weights differ, which are
 * {@code +0}. Shards keep their names and headers byte for byte, {@code config.json}, tokenizer, index and the rest are
 * copied. No {@code sparsity_config} is added, since it stops today's runtimes from loading ordinary zeros.
 *
 * <p>Weights in other formats ({@code *.bin}, {@code *.gguf}, safetensors that are no shards and so on) stay behind: they
 * would be the dense model under the pruned one's name. So do hidden files and directories.
 *
 * <p>Everything is written to a hidden directory beside the target, synced, and renamed when complete, unless it is asked
 * for {@linkplain #writeUnsynced unsynced}; memory is a few megabytes for each thread.
 */
public final class CheckpointWriter {
    private static final Set<String> WEIGHT_FORMATS = Set.of(
            "safetensors",
            "bin",
            "pt",
            "pth",
            "ckpt",
            "gguf",
            "ggml",
            "h5",
            "msgpack",
            "onnx",
            "onnx_data",
            "tflite",
            "npz");

    private CheckpointWriter() {}

    /**
     * Writes a checkpoint.
     *
     * @param target the directory to make; must not exist or be empty
     * @param progress told the bytes done, as stage {@code writing}
     * @throws PruningException if the mask does not fit the model or the target cannot be written
     */
    public static void write(Checkpoint base, SubModelMask mask, Path target, int threads, Progress progress) {
        check(base, mask, target);
        StagingDirectory staging = StagingDirectory.beside(target);
        try (staging) {
            fill(base, mask, staging.path(), threads, progress);
            staging.publish();
        } catch (UncheckedIOException e) {
            throw cannotWrite(target, Objects.requireNonNull(e.getCause()));
        } catch (IOException e) {
            throw cannotWrite(target, e);
        }
    }

    /**
     * Writes a checkpoint at its place at once and syncs nothing: for whoever syncs and publishes it together with more, and
     * removes what was left unfinished.
     *
     * @param target the directory to make; must not exist or be empty
     * @param progress told the bytes done, as stage {@code writing}
     * @throws PruningException if the mask does not fit the model or the target cannot be written
     */
    public static void writeUnsynced(Checkpoint base, SubModelMask mask, Path target, int threads, Progress progress) {
        check(base, mask, target);
        try {
            Files.createDirectories(target);
            fill(base, mask, target, threads, progress);
        } catch (UncheckedIOException e) {
            throw cannotWrite(target, Objects.requireNonNull(e.getCause()));
        } catch (IOException e) {
            throw cannotWrite(target, e);
        }
    }

    private static void check(Checkpoint base, SubModelMask mask, Path target) {
        if (!base.digest().equals(mask.modelDigest())) {
            throw new PruningException("the mask is for model " + mask.modelDigest() + " but this model is "
                    + base.digest() + ": use the base model that it was made from");
        }
        mask.checkFits(base.config());
        checkTarget(target, base.directory());
    }

    private static void fill(Checkpoint base, SubModelMask mask, Path directory, int threads, Progress progress)
            throws IOException {
        copyOthers(base, directory);
        writeShards(base, mask, directory, threads, progress);
    }

    private static PruningException cannotWrite(Path target, IOException cause) {
        return new PruningException("cannot write checkpoint " + target + ": " + cause.getMessage(), cause);
    }

    /**
     * Checks that a directory can be made here, before any work is done for it.
     *
     * @param source the base model's directory
     * @throws PruningException if it exists and is not empty, its parent does not exist, or it is the source or inside it
     */
    public static void checkTarget(Path target, Path source) {
        checkOutside(target, source);
        Path parent = target.toAbsolutePath().normalize().getParent();
        if (parent == null || !Files.isDirectory(parent)) {
            throw new PruningException(
                    "cannot write checkpoint " + target + ": its parent directory does not exist; create it first");
        }
        if (!Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        if (!Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
            throw new PruningException(
                    "cannot write checkpoint " + target + ": it is not a directory; give another one");
        }
        try (Stream<Path> entries = Files.list(target)) {
            if (entries.findAny().isPresent()) {
                throw new PruningException(
                        "cannot write checkpoint " + target + ": it is not empty; remove it or give another directory");
            }
        } catch (IOException e) {
            throw new PruningException("cannot read directory " + target + ": " + e.getMessage(), e);
        }
    }

    private static void checkOutside(Path target, Path source) {
        try {
            if (Files.exists(target) && Files.exists(source) && Files.isSameFile(target, source)) {
                throw new PruningException("cannot write checkpoint " + target
                        + ": it is the base model's own directory; give another one");
            }
            Path parent = target.toAbsolutePath().normalize().getParent();
            if (parent != null
                    && Files.exists(parent)
                    && Files.exists(source)
                    && parent.toRealPath().startsWith(source.toRealPath())) {
                throw new PruningException("cannot write checkpoint " + target
                        + ": it is inside the base model's directory; give one outside");
            }
        } catch (IOException e) {
            throw cannotWrite(target, e);
        }
    }

    /** Copies everything that is neither weights nor hidden. */
    public static void copyOthers(Checkpoint base, Path staging) throws IOException {
        List<Path> files;
        try (Stream<Path> walk = Files.walk(base.directory())) {
            files = walk.filter(path -> isCopied(base.directory().relativize(path)))
                    .filter(Files::isRegularFile)
                    .toList();
        }
        for (Path file : files) {
            Path copy = staging.resolve(base.directory().relativize(file));
            Files.createDirectories(copy.getParent());
            Files.copy(file, copy, StandardCopyOption.COPY_ATTRIBUTES);
        }
    }

    private static boolean isCopied(Path relative) {
        for (Path part : relative) {
            if (part.toString().startsWith(".")) {
                return false;
            }
        }
        String name = relative.getFileName().toString();
        String extension = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
        return !WEIGHT_FORMATS.contains(extension);
    }

    private static void writeShards(Checkpoint base, SubModelMask mask, Path staging, int threads, Progress progress)
            throws IOException {
        List<FileChannel> channels = new ArrayList<>();
        try {
            List<Piece> pieces = new ArrayList<>();
            long total = 0;
            for (SafetensorsFile shard : base.shards()) {
                FileChannel channel = FileChannel.open(
                        staging.resolve(shard.path().getFileName()),
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.WRITE);
                channels.add(channel);
                long position = copyHeader(shard, channel);
                for (Tensor tensor : shard.tensors().values()) {
                    pieces.addAll(Piece.of(tensor, MaskedWeights.maskOf(tensor.name(), mask), channel, position));
                    position += tensor.data().byteSize();
                    total += tensor.data().byteSize();
                }
            }
            ProgressMeter meter = new ProgressMeter(progress, "writing", total);
            try (EarlySync _ = EarlySync.of(channels)) {
                TaskQueue.run(threads, pieces.size(), () -> new PieceWriter(pieces, meter));
            }
        } finally {
            for (FileChannel channel : channels) {
                channel.close();
            }
        }
    }

    /** Copies the length and the header as they are; returns where the data begin. */
    private static long copyHeader(SafetensorsFile shard, FileChannel target) throws IOException {
        long data = 0;
        for (Tensor tensor : shard.tensors().values()) {
            data += tensor.data().byteSize();
        }
        try (FileChannel source = FileChannel.open(shard.path(), StandardOpenOption.READ)) {
            long header = source.size() - data;
            for (long done = 0; done < header; ) {
                done += source.transferTo(done, header - done, target);
            }
            return header;
        }
    }
}
