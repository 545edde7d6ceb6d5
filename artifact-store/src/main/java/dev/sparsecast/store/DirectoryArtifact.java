package dev.sparsecast.store;

import dev.sparsecast.store.ArtifactStore.Stored;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A directory as an artifact: of the name {@code python/2/checkpoint}, its files lie under {@code python/2/checkpoint/},
 * and {@code python/2/checkpoint.files} lists them, one a line as {@code sha256  bytes  name}, sorted by name. The
 * listing's SHA-256 stands for the whole directory; its size is the sum of the files' sizes.
 */
public final class DirectoryArtifact {
    private static final String LISTING = ".files";
    private static final int LONGEST_LISTING = 16 << 20;
    private static final Pattern LINE = Pattern.compile("([0-9a-f]{64})  (0|[1-9][0-9]{0,17})  (.+)");

    private DirectoryArtifact() {}

    private record Entry(Stored content, String name) {
        String line() {
            return content.sha256() + "  " + content.bytes() + "  " + name + "\n";
        }
    }

    /**
     * Puts every file of a directory, then the listing; doing so again completes what was interrupted.
     *
     * @return bytes of all files together and the listing's digest
     * @throws StoreException naming the file that cannot be stored
     */
    public static Stored put(ArtifactStore store, String name, Path directory) {
        List<Entry> entries = new ArrayList<>();
        for (String file : files(directory)) {
            entries.add(new Entry(store.put(name + "/" + file, directory.resolve(file)), file));
        }
        byte[] listing =
                entries.stream().map(Entry::line).collect(Collectors.joining()).getBytes(StandardCharsets.UTF_8);
        try {
            Path written = Files.createTempFile("sparsecast-", LISTING);
            try {
                Files.write(written, listing);
                return new Stored(
                        total(entries), store.put(name + LISTING, written).sha256());
            } finally {
                Files.delete(written);
            }
        } catch (IOException e) {
            throw new StoreException("cannot write the listing of the artifact '" + name + "': " + e, e);
        }
    }

    private static List<String> files(Path directory) {
        try (Stream<Path> paths = Files.walk(directory)) {
            return paths.filter(Files::isRegularFile)
                    .map(file -> directory.relativize(file).toString())
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new StoreException("cannot list the directory " + directory + ": " + e, e);
        }
    }

    /**
     * Copies a directory artifact to {@code target}, which must not exist, checks every file, and syncs them all.
     *
     * @param expected what the artifact was announced as
     * @throws DamagedArtifactException if the listing or a file is not what was announced
     * @throws StoreException if something cannot be read or written
     */
    public static void fetch(ArtifactStore store, String name, Stored expected, Path target) {
        List<Entry> entries = parse(name, listing(store, name, expected));
        checkTotal(name, entries, expected);
        try {
            Files.createDirectory(target);
            for (Entry entry : entries) {
                Path file = target.resolve(entry.name());
                Path parent = file.getParent();
                if (parent != null) {
                    Files.createDirectories(parent);
                }
                VerifiedFetch.fetch(store, name + "/" + entry.name(), entry.content(), file);
            }
            Durable.syncTree(target);
        } catch (IOException e) {
            throw new StoreException("cannot copy the artifact '" + name + "' to " + target + ": " + e, e);
        }
    }

    /** Removes the listing and every file, the listing first, so that a half removed one cannot be taken for whole. */
    public static void delete(ArtifactStore store, String name) {
        store.delete(name + LISTING);
        store.list(name + "/").forEach(store::delete);
    }

    private static byte[] listing(ArtifactStore store, String name, Stored expected) {
        try (InputStream in = store.read(name + LISTING)) {
            byte[] listing = in.readNBytes(LONGEST_LISTING + 1);
            if (listing.length > LONGEST_LISTING) {
                throw new DamagedArtifactException("the artifact '" + name + "' is damaged: its listing is longer than "
                        + LONGEST_LISTING + " bytes");
            }
            String sha256 = ContentDigest.of(listing).sha256();
            if (!sha256.equals(expected.sha256())) {
                throw new DamagedArtifactException(
                        "the artifact '" + name + "' is damaged: the sha256 of its listing is " + sha256
                                + ", announced was " + expected.sha256());
            }
            return listing;
        } catch (IOException e) {
            throw new StoreException("cannot read the listing of the artifact '" + name + "': " + e, e);
        }
    }

    private static List<Entry> parse(String name, byte[] listing) {
        List<Entry> entries = new ArrayList<>();
        for (String line : new String(listing, StandardCharsets.UTF_8).lines().toList()) {
            Matcher matcher = LINE.matcher(line);
            if (!matcher.matches()) {
                throw new DamagedArtifactException("the artifact '" + name
                        + "' is damaged: its listing has a line that is not 'sha256  bytes  name'");
            }
            entries.add(new Entry(
                    new Stored(Long.parseLong(matcher.group(2)), matcher.group(1)), fileName(name, matcher.group(3))));
        }
        List<String> names = entries.stream().map(Entry::name).toList();
        if (!names.equals(
                names.stream().distinct().sorted(Comparator.naturalOrder()).toList())) {
            throw new DamagedArtifactException(
                    "the artifact '" + name + "' is damaged: its listing is not sorted or names a file twice");
        }
        return entries;
    }

    private static String fileName(String name, String file) {
        try {
            return ArtifactNames.check(file);
        } catch (StoreException e) {
            throw new DamagedArtifactException(
                    "the listing of the artifact '" + name + "' is damaged: " + e.getMessage());
        }
    }

    private static void checkTotal(String name, List<Entry> entries, Stored expected) {
        long left = expected.bytes();
        for (Entry entry : entries) {
            left -= entry.content().bytes();
            if (left < 0) {
                throw new DamagedArtifactException(
                        "the artifact '" + name + "' is damaged: its files have more than the " + expected.bytes()
                                + " bytes that were announced");
            }
        }
        if (left > 0) {
            throw new DamagedArtifactException("the artifact '" + name + "' is damaged: its files have " + left
                    + " bytes less than the " + expected.bytes() + " that were announced");
        }
    }

    private static long total(List<Entry> entries) {
        return entries.stream().mapToLong(entry -> entry.content().bytes()).sum();
    }
}
