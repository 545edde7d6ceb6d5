package dev.sparsecast.schemas.signing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keys whose releases are taken: public key files, and directories of them ({@code *.pub}). They are looked at again
 * whenever somebody asks, so keys can be added, revoked and removed while a deployer runs. Revocations ({@link Revocation})
 * lie beside the keys. For use by one thread.
 */
public final class TrustedKeys {
    private static final Logger LOG = LoggerFactory.getLogger(TrustedKeys.class);

    private final List<Path> places;
    private SortedMap<Path, Stamp> seen;
    private KeyRing ring;

    /** What changes when a file is written or replaced. */
    private record Stamp(
            FileTime modified, long bytes, @Nullable Object file) {
        static Stamp of(Path path) throws IOException {
            BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
            return new Stamp(attributes.lastModifiedTime(), attributes.size(), attributes.fileKey());
        }
    }

    private TrustedKeys(List<Path> places, SortedMap<Path, Stamp> seen, KeyRing ring) {
        this.places = places;
        this.seen = seen;
        this.ring = ring;
    }

    /**
     * Reads the keys.
     *
     * @param places public key files, and directories of files {@code *.pub}
     * @throws KeyException if a file is no public key, a directory cannot be read, or there is no key at all
     */
    public static TrustedKeys open(List<Path> places) {
        SortedMap<Path, Stamp> files = new TreeMap<>();
        for (Path place : places) {
            try {
                files.putAll(look(place));
            } catch (IOException e) {
                throw new KeyException("cannot read the keys in " + place + ": " + e, e);
            }
        }
        List<VerifyingKey> keys = files.keySet().stream()
                .filter(TrustedKeys::isKey)
                .map(VerifyingKey::read)
                .toList();
        if (keys.isEmpty()) {
            throw new KeyException("there is no public key (*.pub) in " + places);
        }
        return new TrustedKeys(List.copyOf(places), files, new KeyRing(keys, revocations(files)));
    }

    /** Keys that never change. */
    public static TrustedKeys of(VerifyingKey... keys) {
        return new TrustedKeys(List.of(), new TreeMap<>(), new KeyRing(List.of(keys), List.of()));
    }

    /**
     * The keys as they stand now. A key file that cannot be read any more is left out, and a place that is gone holds none:
     * whoever is not certainly trusted is not trusted.
     */
    public KeyRing ring() {
        SortedMap<Path, Stamp> files = new TreeMap<>();
        for (Path place : places) {
            try {
                files.putAll(look(place));
            } catch (IOException e) {
                LOG.atDebug().setCause(e).log("cannot read the keys in {}", place);
            }
        }
        if (!files.equals(seen)) {
            seen = files;
            ring = new KeyRing(readable(files), revocations(files));
            LOG.atInfo().log("the trusted keys have changed: {}, revoked {}", ring.trusted(), ring.revocations());
        }
        return ring;
    }

    private static List<VerifyingKey> readable(SortedMap<Path, Stamp> files) {
        List<VerifyingKey> keys = new ArrayList<>();
        for (Path file : files.keySet()) {
            if (isKey(file)) {
                try {
                    keys.add(VerifyingKey.read(file));
                } catch (KeyException e) {
                    LOG.atError().log("a key is not trusted, since {}", e.getMessage());
                }
            }
        }
        return keys;
    }

    private static List<Revocation> revocations(SortedMap<Path, Stamp> files) {
        return files.keySet().stream()
                .filter(Revocation::isOne)
                .map(Revocation::read)
                .toList();
    }

    /** Keys and revocations in a directory; or one key, and the revocations beside it. */
    private static SortedMap<Path, Stamp> look(Path place) throws IOException {
        SortedMap<Path, Stamp> found = new TreeMap<>();
        if (Files.isDirectory(place)) {
            for (Path file : list(place)) {
                if (file.toString().endsWith(".pub") || Revocation.isOne(file)) {
                    stamp(file, found);
                }
            }
        } else {
            found.put(place, Stamp.of(place));
            Path directory = place.toAbsolutePath().getParent();
            for (Path file : directory == null ? List.<Path>of() : list(directory)) {
                if (Revocation.isOne(file)) {
                    stamp(file, found);
                }
            }
        }
        return found;
    }

    private static List<Path> list(Path directory) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.toList();
        }
    }

    private static void stamp(Path file, SortedMap<Path, Stamp> found) throws IOException {
        try {
            found.put(file, Stamp.of(file));
        } catch (NoSuchFileException | NotDirectoryException e) {
            LOG.atDebug().setCause(e).log("{} went away", file);
        }
    }

    private static boolean isKey(Path file) {
        return !Revocation.isOne(file);
    }
}
