package dev.sparsecast.wanda.delta;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Writes a delta file: header, a table with the length of every tile's code, the codes in order. Codes may come in any
 * order and from any thread. The file appears under its name only when complete.
 */
final class DeltaWriter implements AutoCloseable {
    private final Path file;
    private final Path partial;
    private final FileChannel channel;
    private final long tableStart;
    private final ByteBuffer table;
    private final Map<Integer, byte[]> early = new HashMap<>();
    private int next;

    DeltaWriter(Path file, DeltaHeader header, int tiles) throws IOException {
        this.file = file.toAbsolutePath();
        this.partial = this.file.resolveSibling("." + this.file.getFileName() + "."
                + Long.toHexString(ThreadLocalRandom.current().nextLong()) + ".partial");
        this.channel = FileChannel.open(partial, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        byte[] start = header.bytes();
        this.tableStart = start.length;
        this.table = ByteBuffer.allocate(tiles * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        write(ByteBuffer.wrap(start));
        channel.position(tableStart + table.capacity());
    }

    /** The code of a tile. */
    synchronized void put(int tile, byte[] code) {
        early.put(tile, code);
        try {
            for (byte[] ready = early.remove(next); ready != null; ready = early.remove(next)) {
                table.putInt(next * Integer.BYTES, ready.length);
                write(ByteBuffer.wrap(ready));
                next++;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void write(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /** Completes, syncs and publishes the file; returns its size. */
    long finish() throws IOException {
        long size = channel.position();
        channel.position(tableStart);
        write(table);
        channel.force(true);
        channel.close();
        Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
        return size;
    }

    /** Removes the partial file unless {@link #finish} succeeded. */
    @Override
    public void close() throws IOException {
        channel.close();
        Files.deleteIfExists(partial);
    }
}
