package dev.sparsecast.checkpoint.hub;

import dev.sparsecast.checkpoint.hub.Retries.PassingException;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;

/**
 * Fetches one file to {@code <blob>.incomplete}, going on where an earlier download was cut off, checks its digest and only
 * then gives it its name.
 */
final class BlobDownload {
    private static final int CHUNK = 1 << 18;

    private final HubConnection connection;
    private final BlobAddress source;
    private final Path blob;
    private final Path incomplete;
    private final Duration patience;
    private final HubProgress progress;

    BlobDownload(HubConnection connection, BlobAddress source, Path blob, Duration patience, HubProgress progress) {
        this.connection = connection;
        this.source = source;
        this.blob = blob;
        this.incomplete = blob.resolveSibling(blob.getFileName() + ".incomplete");
        this.patience = patience;
        this.progress = progress;
    }

    void run(Retries retries) {
        try {
            Files.createDirectories(blob.getParent());
            if (here() > source.size()) {
                Files.delete(incomplete);
            }
            checkSpace();
        } catch (IOException e) {
            throw cannotWrite(e);
        }
        retries.run(
                () -> {
                    fetchRest();
                    return true;
                },
                this::here);
        try {
            checkDigest();
            Files.move(incomplete, blob, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw cannotWrite(e);
        }
    }

    /** Bytes that have arrived. */
    private long here() {
        return incomplete.toFile().length();
    }

    private void checkSpace() throws IOException {
        long missing = source.size() - here();
        long free = Files.getFileStore(blob.getParent()).getUsableSpace();
        if (missing > free) {
            throw new HubException(source.file() + " needs " + missing + " bytes more, but only " + free
                    + " are free in " + blob.getParent() + "; make room, or set HF_HUB_CACHE to another place");
        }
    }

    private void fetchRest() throws IOException, InterruptedException {
        long from = here();
        if (from == source.size() && Files.exists(incomplete)) {
            return;
        }
        Map<String, String> range = from == 0 ? Map.of() : Map.of("Range", "bytes=" + from + "-");
        HttpResponse<InputStream> response = connection.get(source.address(), range);
        try (InputStream body = response.body();
                StallGuard guard = StallGuard.watch(body, patience);
                FileChannel out = open()) {
            long position = startsAt(response, from) ? from : 0;
            truncate(out, position);
            byte[] chunk = new byte[CHUNK];
            for (int count = body.read(chunk); count >= 0; count = body.read(chunk)) {
                guard.alive();
                position += count;
                if (position > source.size()) {
                    throw new HubException(source.address() + " is longer than the " + source.size()
                            + " bytes that the hub announced; try again later");
                }
                write(out, ByteBuffer.wrap(chunk, 0, count));
                progress.arrived(source.file(), position, source.size());
            }
        }
        if (here() < source.size()) {
            throw new PassingException(
                    "the connection ended after " + here() + " of the " + source.size() + " bytes of " + source.file(),
                    null);
        }
    }

    /** Whether the body goes on at the byte asked for; a server may ignore ranges and send all. */
    private static boolean startsAt(HttpResponse<?> response, long from) {
        Optional<String> range = response.headers().firstValue("Content-Range");
        return response.statusCode() == 206
                && range.map(text -> text.startsWith("bytes " + from + "-")).orElse(false);
    }

    private FileChannel open() {
        try {
            return FileChannel.open(incomplete, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw cannotWrite(e);
        }
    }

    private void truncate(FileChannel out, long position) {
        try {
            out.truncate(position);
            out.position(position);
        } catch (IOException e) {
            throw cannotWrite(e);
        }
    }

    private void write(FileChannel out, ByteBuffer bytes) {
        try {
            while (bytes.hasRemaining()) {
                out.write(bytes);
            }
        } catch (IOException e) {
            throw cannotWrite(e);
        }
    }

    private HubException cannotWrite(IOException e) {
        return new HubException(
                "cannot write " + incomplete + " (" + e + "); make room, or set HF_HUB_CACHE to another place", e);
    }

    private void checkDigest() throws IOException {
        String actual = digest();
        if (!actual.equals(source.digest())) {
            Files.delete(incomplete);
            throw new HubException(source.file() + " arrived damaged: its digest is " + actual
                    + ", but the hub announced " + source.digest() + "; run the command again to fetch it anew");
        }
    }

    /** SHA-256 of the bytes, or git's SHA-1: that of {@code blob <size>\0} and the bytes. */
    private String digest() throws IOException {
        MessageDigest digest = start(source.isSha256() ? "SHA-256" : "SHA-1");
        if (!source.isSha256()) {
            digest.update(("blob " + here() + "\0").getBytes(StandardCharsets.US_ASCII));
        }
        try (InputStream in = Files.newInputStream(incomplete)) {
            byte[] chunk = new byte[CHUNK];
            for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
                digest.update(chunk, 0, count);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest start(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has " + algorithm, e);
        }
    }
}
