package dev.sparsecast.wanda.delta;

import dev.sparsecast.wanda.Pattern;
import dev.sparsecast.wanda.Progress;
import dev.sparsecast.wanda.ProgressMeter;
import dev.sparsecast.wanda.PruningException;
import dev.sparsecast.wanda.mask.Mask;
import dev.sparsecast.wanda.mask.MaskComparison;
import dev.sparsecast.wanda.mask.SubModelMask;
import dev.sparsecast.wanda.parallel.TaskQueue;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.function.Function;

/**
 * The delta file: what turns the mask of one sub-model into that of another of the same base model, smaller than the
 * entropy of their difference taken bit by bit, because flips gather in columns and are balanced within rows. It is only of
 * use to who has the parent, and carries the digests of both masks. Memory is that of some tiles, a few megabytes for each
 * thread, beside the masks themselves.
 */
public final class MaskDelta {
    private static final ValueLayout.OfInt LENGTH = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private MaskDelta() {}

    /**
     * What a delta holds and takes.
     *
     * @param bits weights of the masks
     * @param differingBits how many differ
     * @param bytes size of the file
     */
    public record Summary(long bits, long differingBits, long bytes) {
        /** What the difference would take if every bit differed with the same probability, independently: {@code n·H(k/n)/8}. */
        public double entropyBytes() {
            double share = bits == 0 ? 0 : (double) differingBits / bits;
            if (share == 0 || share == 1) {
                return 0;
            }
            double entropy = -(share * Math.log(share) + (1 - share) * Math.log(1 - share)) / Math.log(2);
            return bits * entropy / Byte.SIZE;
        }
    }

    /**
     * Writes a delta atomically. Equal masks make equal bytes, whatever the number of threads.
     *
     * @param progress told the weights done, as stage {@code encoding}
     * @throws PruningException if the masks are not of the same model and shapes, or the file cannot be written
     */
    public static Summary write(Path file, SubModelMask parent, SubModelMask result, int threads, Progress progress) {
        if (!parent.modelDigest().equals(result.modelDigest())) {
            throw new PruningException("the masks are of the models " + parent.modelDigest() + " and "
                    + result.modelDigest() + ": a delta needs two of one model");
        }
        MaskComparison.Difference difference = MaskComparison.of(parent, result).total();
        List<Tile> tiles = Tile.of(parent);
        int group = parent.parameters().pattern() instanceof Pattern.NOfM pattern
                        && result.parameters().pattern().equals(pattern)
                ? pattern.group()
                : 0;
        ProgressMeter meter = new ProgressMeter(progress, "encoding", parent.weights());
        try (DeltaWriter writer = new DeltaWriter(file, DeltaHeader.of(parent, result), tiles.size())) {
            TaskQueue.run(threads, tiles.size(), () -> index -> {
                Tile tile = tiles.get(index);
                writer.put(index, TileDelta.encode(tile, maskOf(result, tile), group));
                meter.add((long) tile.rows() * tile.parent().columns());
            });
            return new Summary(difference.bits(), difference.differingBits(), writer.finish());
        } catch (NoSuchFileException e) {
            throw new PruningException("cannot write " + file + ": its directory does not exist; create it first", e);
        } catch (IOException | UncheckedIOException e) {
            throw new PruningException("cannot write " + file + ": " + e.getMessage(), e);
        }
    }

    /**
     * What a delta says of itself: which mask it starts from and which one must come out. Nothing behind it is read.
     *
     * @throws PruningException if this is no delta, or one of another version
     */
    public static DeltaHeader header(Path file) {
        return mapped(file, bytes -> DeltaHeader.parse(file, bytes).header());
    }

    /**
     * Makes the result from its parent and a delta. Sizes are checked before anything is allocated, and the mask that comes
     * out is checked against its digest.
     *
     * @param progress told the weights done, as stage {@code decoding}
     * @throws PruningException if the delta is damaged, or starts from another mask
     */
    public static SubModelMask apply(Path file, SubModelMask parent, int threads, Progress progress) {
        return mapped(file, bytes -> apply(file, bytes, parent, threads, progress));
    }

    private static <T> T mapped(Path file, Function<MemorySegment, T> reader) {
        try (Arena arena = Arena.ofShared();
                FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return reader.apply(channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena));
        } catch (NoSuchFileException e) {
            throw new PruningException("there is no delta " + file + "; check the path", e);
        } catch (IOException e) {
            throw new PruningException("cannot read delta " + file + ": " + e.getMessage(), e);
        }
    }

    private static SubModelMask apply(
            Path file, MemorySegment bytes, SubModelMask parent, int threads, Progress progress) {
        DeltaHeader.Parsed parsed = DeltaHeader.parse(file, bytes);
        DeltaHeader header = parsed.header();
        if (!header.model().equals(parent.modelDigest())) {
            throw new PruningException("delta " + file + " is for model " + header.model() + " but the mask is of "
                    + parent.modelDigest() + ": use a mask of that model");
        }
        if (!header.parent().equals(parent.digest())) {
            throw new PruningException("delta " + file + " starts from mask " + header.parent() + " but this one is "
                    + parent.digest() + ": give the mask that it was made from");
        }
        List<Tile> tiles = Tile.of(parent);
        long[] starts = starts(file, bytes, parsed.end(), tiles.size());
        SubModelMask result = SubModelMask.copyOf(parent, header.parameters());
        ProgressMeter meter = new ProgressMeter(progress, "decoding", parent.weights());
        try {
            TaskQueue.run(threads, tiles.size(), () -> index -> {
                Tile tile = tiles.get(index);
                MemorySegment code = bytes.asSlice(starts[index], starts[index + 1] - starts[index]);
                TileDelta.decode(tile, code, maskOf(result, tile));
                meter.add((long) tile.rows() * tile.parent().columns());
            });
        } catch (DamagedCodeException e) {
            throw new PruningException("delta " + file + " is damaged: " + e.getMessage() + "; fetch it again", e);
        }
        if (!result.digest().equals(header.result())) {
            throw new PruningException("delta " + file + " promises mask " + header.result() + " but gives "
                    + result.digest() + ": it is damaged; fetch it again");
        }
        return result;
    }

    /** Where every tile's code starts, and where the last one ends. */
    private static long[] starts(Path file, MemorySegment bytes, long table, int tiles) {
        long position = table + (long) tiles * Integer.BYTES;
        long[] starts = new long[tiles + 1];
        for (int tile = 0; tile < tiles && position <= bytes.byteSize(); tile++) {
            starts[tile] = position;
            int length = bytes.get(LENGTH, table + (long) tile * Integer.BYTES);
            if (length < TileDelta.LEAST_BYTES) {
                throw new PruningException("delta " + file + " is damaged: its table has a length of "
                        + Integer.toUnsignedString(length) + "; fetch it again");
            }
            position += length;
        }
        if (position != bytes.byteSize()) {
            throw new PruningException("delta " + file + " is damaged: its table does not fit its " + bytes.byteSize()
                    + " bytes; fetch it again");
        }
        starts[tiles] = position;
        return starts;
    }

    private static Mask maskOf(SubModelMask subModel, Tile tile) {
        return subModel.mask(tile.parent().module()).orElseThrow();
    }
}
