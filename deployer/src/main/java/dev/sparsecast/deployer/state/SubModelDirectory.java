package dev.sparsecast.deployer.state;

import dev.sparsecast.store.Durable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a deployer has of one sub-model:
 *
 * <pre>
 * current                  a link to the version in use, versions/&lt;n&gt;; always a complete one
 * versions/&lt;n&gt;/            a Hugging Face model directory
 * versions/&lt;n&gt;.json        written when the directory is complete and synced ({@link InstalledVersion})
 * rejected.json            releases that were tried and failed ({@link Rejection}); remove it to have them tried again
 * staging/                 whatever is being made; emptied at start
 * </pre>
 *
 * Every method leaves a state that {@link #open} understands wherever it is interrupted.
 */
public final class SubModelDirectory {
    private static final Logger LOG = LoggerFactory.getLogger(SubModelDirectory.class);
    private static final Pattern VERSION = Pattern.compile("[1-9][0-9]{0,8}");
    private static final Pattern MARKER = Pattern.compile("([1-9][0-9]{0,8})\\.json");
    private static final Pattern LINK = Pattern.compile("versions/([1-9][0-9]{0,8})");
    private static final int REMEMBERED = 64;
    private static final JsonFile<InstalledVersion> MARKERS = new JsonFile<>(InstalledVersion.class);
    private static final JsonFile<Rejection[]> REJECTIONS = new JsonFile<>(Rejection[].class);

    private final Path root;
    private final Path versions;
    private final Path staging;
    private final Path current;

    private SubModelDirectory(Path root) {
        this.root = root;
        this.versions = root.resolve("versions");
        this.staging = root.resolve("staging");
        this.current = root.resolve("current");
    }

    /** Whether a directory looks like one of a sub-model. */
    static boolean isOne(Path directory) {
        return Files.isDirectory(directory.resolve("versions"));
    }

    /** Opens the directory of a sub-model and puts right what was interrupted. */
    static SubModelDirectory open(Path root) {
        SubModelDirectory directory = new SubModelDirectory(root);
        return directory.writing("recover", () -> {
            Files.createDirectories(directory.versions);
            directory.clearStaging();
            directory.removeIncomplete();
            directory.leaveIncompleteCurrent();
            directory.finishRollback();
            return directory;
        });
    }

    /** The version in use. */
    public OptionalInt current() {
        return writing("read the link current", () -> {
            if (!Files.exists(current, LinkOption.NOFOLLOW_LINKS)) {
                return OptionalInt.empty();
            }
            if (!Files.isSymbolicLink(current)) {
                throw new StateException(current + " is not a link to a version: move it out of the way");
            }
            Matcher target = LINK.matcher(Files.readSymbolicLink(current).toString());
            return target.matches() ? OptionalInt.of(Integer.parseInt(target.group(1))) : OptionalInt.empty();
        });
    }

    /** When {@code current} was switched last. */
    public Instant switchedAt() {
        return writing(
                "read the link current",
                () -> Files.getLastModifiedTime(current, LinkOption.NOFOLLOW_LINKS)
                        .toInstant());
    }

    /** The checkpoint of a version. */
    public Path directory(int version) {
        return versions.resolve(Integer.toString(version));
    }

    /** What is known of a complete version. */
    public Optional<InstalledVersion> installed(int version) {
        return writing("read version " + version, () -> MARKERS.read(marker(version)));
    }

    /** Where things are made before they are complete; empty until something is put there. */
    public Path staging() {
        return staging;
    }

    /** Removes everything in {@link #staging}. */
    public void clearStaging() {
        writing("empty staging", () -> {
            Durable.deleteTree(staging);
            return Files.createDirectory(staging);
        });
    }

    /**
     * Makes a checkpoint in {@link #staging} a complete version: synced, moved, then marked as complete.
     *
     * @param checkpoint a directory in {@link #staging}
     */
    public void complete(Path checkpoint, InstalledVersion version) {
        writing("complete version " + version.version(), () -> {
            Durable.syncTree(checkpoint);
            Durable.deleteTree(directory(version.version()));
            Files.move(checkpoint, directory(version.version()), StandardCopyOption.ATOMIC_MOVE);
            Durable.sync(versions);
            return mark(version);
        });
    }

    /** Replaces what is known of a version. */
    public InstalledVersion mark(InstalledVersion version) {
        return writing("mark version " + version.version(), () -> {
            MARKERS.write(staging.resolve("marker.json"), marker(version.version()), version);
            return version;
        });
    }

    /** Points {@code current} to a complete version; whoever follows the link sees either the old or the new one. */
    public void switchTo(int version) {
        writing("switch to version " + version, () -> {
            if (!isComplete(version)) {
                throw new StateException(
                        "cannot switch to version " + version + " in " + root + ": it is not complete");
            }
            Path link = staging.resolve("current");
            Files.deleteIfExists(link);
            Files.createSymbolicLink(link, root.relativize(directory(version)));
            Files.move(link, current, StandardCopyOption.ATOMIC_MOVE);
            Durable.sync(root);
            return version;
        });
    }

    /** Points {@code current} to nothing. */
    public void leaveCurrent() {
        writing("remove the link current", () -> {
            Files.deleteIfExists(current);
            Durable.sync(root);
            return root;
        });
    }

    /** The newest version before {@code version} that was deployed and probed. */
    public OptionalInt deployedBefore(int version) {
        return complete().headSet(version, false).descendingSet().stream()
                .filter(candidate -> installed(candidate)
                        .flatMap(InstalledVersion::deployment)
                        .isPresent())
                .mapToInt(Integer::intValue)
                .findFirst();
    }

    /** Remembers that a release failed. Of many, the last ones are remembered. */
    public void reject(Rejection rejection) {
        writing("remember a rejected release", () -> {
            List<Rejection> rejections = new ArrayList<>(rejections());
            rejections.removeIf(other -> other.releaseDigest().equals(rejection.releaseDigest()));
            rejections.add(rejection);
            List<Rejection> last = rejections.subList(Math.max(0, rejections.size() - REMEMBERED), rejections.size());
            REJECTIONS.write(staging.resolve("rejected.json"), rejected(), last.toArray(new Rejection[0]));
            return rejection;
        });
    }

    /** Whether a release failed before. */
    public Optional<Rejection> rejection(String releaseDigest) {
        return writing("read what was rejected", this::rejections).stream()
                .filter(rejection -> rejection.releaseDigest().equals(releaseDigest))
                .findFirst();
    }

    /** Removes a version that is not in use. */
    public void remove(int version) {
        writing("remove version " + version, () -> {
            if (current().equals(OptionalInt.of(version))) {
                throw new StateException("version " + version + " in " + root + " is in use and cannot be removed");
            }
            Files.deleteIfExists(marker(version));
            Durable.sync(versions);
            Durable.deleteTree(directory(version));
            return version;
        });
    }

    /** Removes all but the version in use and the newest {@code previous} ones before it. */
    public void keep(int previous) {
        OptionalInt inUse = current();
        if (inUse.isEmpty()) {
            return;
        }
        NavigableSet<Integer> complete = complete();
        complete.headSet(inUse.getAsInt(), false).descendingSet().stream()
                .skip(previous)
                .toList()
                .forEach(this::remove);
        complete.tailSet(inUse.getAsInt(), false).forEach(this::remove);
    }

    /** The versions that are complete. */
    public NavigableSet<Integer> complete() {
        return writing("list the versions", () -> {
            NavigableSet<Integer> found = new TreeSet<>();
            for (String name : names(versions)) {
                Matcher marker = MARKER.matcher(name);
                if (marker.matches() && isComplete(Integer.parseInt(marker.group(1)))) {
                    found.add(Integer.parseInt(marker.group(1)));
                }
            }
            return found;
        });
    }

    private boolean isComplete(int version) {
        return Files.isRegularFile(marker(version)) && Files.isDirectory(directory(version));
    }

    private void removeIncomplete() throws IOException {
        for (String name : names(versions)) {
            Matcher marker = MARKER.matcher(name);
            boolean isVersion = VERSION.matcher(name).matches();
            if (!marker.matches() && !isVersion) {
                continue;
            }
            int version = Integer.parseInt(isVersion ? name : marker.group(1));
            if (!isComplete(version)) {
                LOG.atInfo()
                        .addKeyValue("submodel", root.getFileName())
                        .addKeyValue("version", version)
                        .log("removing a version that was not completed");
                Durable.deleteTree(versions.resolve(name));
            }
        }
    }

    private void leaveIncompleteCurrent() throws IOException {
        OptionalInt inUse = current();
        if (Files.isSymbolicLink(current) && (inUse.isEmpty() || !isComplete(inUse.getAsInt()))) {
            LOG.atWarn()
                    .addKeyValue("submodel", root.getFileName())
                    .log("current pointed to something that is not a complete version; it points to nothing now");
            leaveCurrent();
        }
    }

    /** Goes on where a roll-back was interrupted: the release in use is known as rejected. */
    private void finishRollback() {
        OptionalInt inUse = current();
        if (inUse.isEmpty()) {
            return;
        }
        int version = inUse.getAsInt();
        if (installed(version)
                .map(InstalledVersion::releaseDigest)
                .flatMap(this::rejection)
                .isPresent()) {
            rollBack(version);
        }
    }

    /**
     * Switches from a version to the newest good one before it, or to nothing.
     *
     * @return the version switched to
     */
    public OptionalInt rollBack(int version) {
        OptionalInt previous = deployedBefore(version);
        previous.ifPresentOrElse(this::switchTo, this::leaveCurrent);
        remove(version);
        return previous;
    }

    private List<Rejection> rejections() throws IOException {
        return REJECTIONS.read(rejected()).map(List::of).orElse(List.of());
    }

    private Path rejected() {
        return root.resolve("rejected.json");
    }

    private Path marker(int version) {
        return versions.resolve(version + ".json");
    }

    private static List<String> names(Path directory) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.map(entry -> directory.relativize(entry).toString()).toList();
        }
    }

    private interface Writing<T> {
        T run() throws IOException;
    }

    private <T> T writing(String what, Writing<T> writing) {
        try {
            return writing.run();
        } catch (IOException e) {
            throw new StateException("cannot " + what + " in " + root + " (" + e + "): check the disk", e);
        }
    }
}
