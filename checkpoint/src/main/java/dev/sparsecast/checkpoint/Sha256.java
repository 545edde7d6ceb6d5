package dev.sparsecast.checkpoint;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 over memory segments of any size and kind. */
final class Sha256 {
    private static final int CHUNK = 1 << 16;

    private Sha256() {}

    /** A fresh computation. */
    static MessageDigest start() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** Hash of a segment. */
    static byte[] of(MemorySegment bytes) {
        MessageDigest digest = start();
        byte[] chunk = new byte[(int) Math.min(CHUNK, bytes.byteSize())];
        for (long offset = 0; offset < bytes.byteSize(); offset += chunk.length) {
            int count = (int) Math.min(chunk.length, bytes.byteSize() - offset);
            MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, offset, chunk, 0, count);
            digest.update(chunk, 0, count);
        }
        return digest.digest();
    }

    /** {@code sha256:<64 hex digits>}. */
    static String label(byte[] hash) {
        return "sha256:" + HexFormat.of().formatHex(hash);
    }
}
