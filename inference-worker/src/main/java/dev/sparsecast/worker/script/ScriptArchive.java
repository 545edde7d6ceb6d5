package dev.sparsecast.worker.script;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * The file that {@code torch.jit.save} writes and {@code torch.jit.load} reads, for a module without parameters: a zip of
 * stored entries with the module's code as text, a pickle of one object of its class, an empty tuple of constants and the
 * format's version.
 */
public final class ScriptArchive {
    private static final String ROOT = "sparsecast/";
    private static final String VERSION = "10\n";

    /** Pickle, protocol 2: an object of {@code __torch__.<name>} whose state is {@code {"training": False}}. */
    private static final String OBJECT =
            "\u0080\u0002c__torch__\n%s\n)\u0081}X\u0008\u0000\u0000\u0000training\u0089sb.";

    /** Pickle, protocol 2: the empty tuple. */
    private static final String NO_CONSTANTS = "\u0080\u0002).";

    private ScriptArchive() {}

    /**
     * The archive of a module.
     *
     * @param name of the module's class
     * @param code of {@code class <name>(Module)}
     */
    public static byte[] of(String name, String code) {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        entries.put("data.pkl", OBJECT.formatted(name).getBytes(StandardCharsets.ISO_8859_1));
        entries.put("code/__torch__.py", code.getBytes(StandardCharsets.US_ASCII));
        entries.put("constants.pkl", NO_CONSTANTS.getBytes(StandardCharsets.ISO_8859_1));
        entries.put("version", VERSION.getBytes(StandardCharsets.US_ASCII));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                zip.putNextEntry(stored(entry.getKey(), entry.getValue()));
                zip.write(entry.getValue());
                zip.closeEntry();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static ZipEntry stored(String name, byte[] content) {
        CRC32 checksum = new CRC32();
        checksum.update(content);
        ZipEntry entry = new ZipEntry(ROOT + name);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(content.length);
        entry.setCrc(checksum.getValue());
        entry.setTime(0);
        return entry;
    }
}
