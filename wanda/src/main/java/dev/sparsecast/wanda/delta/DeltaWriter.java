package dev.sparsecast.wanda.delta;

import dev.sparsecast.checkpoint.PartialFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * Writes a delta file: header, a table with the length of every tile's code, the codes in order. Codes may come in any
 * order and from any thread. The file appears under its name only when complete.
 */
final class DeltaWriter implements AutoCloseable {
    private final PartialFile partial;
    private final long tableStart;
    private final ByteBuffer table;
    private final Map<Integer, byte[]> early = new HashMap<>();
    private int next;

    DeltaWriter(Path file, DeltaHeader header, int tiles) throws IOException {
        this.partial = PartialFile.beside(file);
        byte[] start = header.bytes();
        this.tableStart = start.length;
        this.table = ByteBuffer.allocate(tiles * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        write(ByteBuffer.wrap(start));
        partial.channel().position(tableStart + table.capacity());
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
            partial.channel().write(bytes);
        }
    }

    /** Completes, syncs and publishes the file; returns its size. */
    long finish() throws IOException {
        long size = partial.channel().position();
        partial.channel().position(tableStart);
        write(table);
        partial.publish();
        return size;
    }

    /** Removes what was written unless {@link #finish} succeeded. */
    @Override
    public void close() throws IOException {
        partial.close();
    }
}
