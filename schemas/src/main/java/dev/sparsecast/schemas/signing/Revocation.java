package dev.sparsecast.schemas.signing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * That a key must not be trusted any more. It stands in a file {@code <key id>.revoked} whose text is the reason; that the
 * file is there is what counts, so one that is empty or cannot be read revokes as well.
 *
 * @param keyId 16 hex digits
 * @param reason why, in a sentence; empty if nobody said
 */
public record Revocation(String keyId, String reason) {
    private static final String ENDING = ".revoked";
    private static final Pattern KEY_ID = Pattern.compile("[0-9a-f]{16}");
    private static final Pattern FILE = Pattern.compile("([0-9a-f]{16})\\.revoked");
    private static final int LONGEST_REASON = 200;

    public Revocation {
        if (!KEY_ID.matcher(keyId).matches()) {
            throw new KeyException("'" + keyId
                    + "' is not the id of a key, which has 16 hex digits; 'sparsecast keys list' shows ids");
        }
        reason = reason.strip().replaceAll("\\s+", " ");
        reason = reason.length() <= LONGEST_REASON ? reason : reason.substring(0, LONGEST_REASON) + "…";
    }

    /** Whether a file of that name revokes a key. */
    static boolean isOne(Path file) {
        return FILE.matcher(String.valueOf(file.getFileName())).matches();
    }

    static Revocation read(Path file) {
        Matcher name = FILE.matcher(String.valueOf(file.getFileName()));
        if (!name.matches()) {
            throw new KeyException("the file " + file + " has not the name of a revocation");
        }
        try {
            return new Revocation(name.group(1), Files.readString(file, StandardCharsets.UTF_8));
        } catch (IOException e) {
            return new Revocation(name.group(1), "");
        }
    }

    /**
     * Writes it beside the keys in a directory.
     *
     * @return the file
     * @throws KeyException if the key is revoked there already, or the file cannot be written
     */
    public Path write(Path directory) {
        Path file = directory.resolve(keyId + ENDING);
        try {
            return Files.writeString(file, reason + "\n", StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        } catch (FileAlreadyExistsException e) {
            throw new KeyException("the key " + keyId + " is revoked in " + directory + " already", e);
        } catch (IOException e) {
            throw new KeyException("cannot write the revocation " + file + ": " + e, e);
        }
    }

    /** The reason with what it is the reason for. */
    public String sentence() {
        return "the key " + keyId + " was revoked" + (reason.isEmpty() ? "" : ": " + reason);
    }
}
