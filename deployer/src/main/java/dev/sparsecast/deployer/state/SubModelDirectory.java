package dev.sparsecast.deployer.state;

import dev.sparsecast.store.Durable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a deployer has of one sub-model. By the {@link Layout#LINK} layout:
 *
 * <pre>
 * current                  a link to the version in use, versions/&lt;n&gt;; always a complete one
 * versions/&lt;n&gt;/            a Hugging Face model directory
 * versions/&lt;n&gt;.json        written when the directory is complete and synced ({@link InstalledVersion})
 * rejected.json            releases that were tried and failed ({@link Rejection}); remove it to have them tried again
 * revoked.json             versions that were withdrawn and must not be used again
 * returned                 is there while the hooks have not heard yet that an earlier version is in use again
 * staging/                 whatever is being made; emptied at start
 * </pre>
 *
 * By the {@link Layout#VERSIONS} layout there is no link, versions that are or were in use are {@code <n>/}, and the rest is
 * the same below {@code .sparsecast/}.
 *
 * <p>Every method leaves a state that {@link #open} understands wherever it is interrupted.
 */
public final class SubModelDirectory {
    private static final Logger LOG = LoggerFactory.getLogger(SubModelDirectory.class);
    private static final Pattern MARKER = Pattern.compile("(" + Publication.VERSION + ")\\.json");
    private static final int REMEMBERED = 64;
    private static final JsonFile<InstalledVersion> MARKERS = new JsonFile<>(InstalledVersion.class);
    private static final JsonFile<Integer[]> REVOKED = new JsonFile<>(Integer[].class);
    private static final JsonFile<Rejection[]> REJECTIONS = new JsonFile<>(Rejection[].class);

    private final Path root;
    private final Publication publication;
    private final Path versions;
    private final Path staging;

    private SubModelDirectory(Path root, Layout layout) {
        this.root = root;
        this.publication = Publication.of(layout, root);
        this.versions = publication.home().resolve("versions");
        this.staging = publication.home().resolve("staging");
    }

    /** Whether a directory looks like one of a sub-model. */
    static boolean isOne(Path directory, Layout layout) {
        return Files.isDirectory(Publication.of(layout, directory).home().resolve("versions"));
    }

    /** Opens the directory of a sub-model and puts right what was interrupted. */
    static SubModelDirectory open(Path root, Layout layout) {
        SubModelDirectory directory = new SubModelDirectory(root, layout);
        return directory.writing("recover", () -> {
            Files.createDirectories(directory.versions);
            directory.clearStaging();
            directory.removeIncomplete();
            directory.publication.recover(directory::isComplete);
            directory.finishRollback();
            return directory;
        });
    }

    /** The version in use. */
    public OptionalInt current() {
        return writing("find the version in use", publication::current);
    }

    /** When the version in use came into use. */
    public Instant switchedAt() {
        return writing("find the version in use", publication::switchedAt);
    }

    /** The checkpoint of a version. */
    public Path directory(int version) {
        return publication.directory(version);
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

    /** Puts a complete version into use; whoever looks for it sees either the old or the new one. */
    public void switchTo(int version) {
        writing("switch to version " + version, () -> {
            if (!isComplete(version)) {
                throw new StateException(
                        "cannot switch to version " + version + " in " + root + ": it is not complete");
            }
            publication.switchTo(version);
            return version;
        });
    }

    /** Puts nothing into use. */
    public void leaveCurrent() {
        writing("put nothing into use", () -> {
            publication.leave();
            return root;
        });
    }

    /** The newest version before {@code version} that was deployed and probed and not rejected since. */
    public OptionalInt deployedBefore(int version) {
        return complete().headSet(version, false).descendingSet().stream()
                .filter(candidate -> installed(candidate)
                        .filter(found -> found.deployment().isPresent())
                        .filter(found -> rejection(found.releaseDigest()).isEmpty())
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

    /**
     * Remembers that versions were withdrawn.
     *
     * @return all that ever were
     */
    public Set<Integer> revoke(Set<Integer> versions) {
        return writing("remember revoked versions", () -> {
            Path file = publication.home().resolve("revoked.json");
            TreeSet<Integer> all = new TreeSet<>(List.of(REVOKED.read(file).orElse(new Integer[0])));
            if (all.addAll(versions)) {
                REVOKED.write(staging.resolve("revoked.json"), file, all.toArray(new Integer[0]));
            }
            return all;
        });
    }

    /** Removes a version that is not in use. */
    public void remove(int version) {
        writing("remove version " + version, () -> {
            if (current().equals(OptionalInt.of(version))) {
                throw new StateException("version " + version + " in " + root + " is in use and cannot be removed");
            }
            publication.hide(version);
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
            boolean isVersion = Publication.VERSION.matcher(name).matches();
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

    /** Whether nobody was told yet that the version in use is an earlier one again. */
    public boolean wentBack() {
        return Files.exists(returned());
    }

    /** Everybody was told of the version in use. */
    public void told() {
        writing("note that a return was told", () -> Files.deleteIfExists(returned()));
    }

    /**
     * Switches from a version to the newest good one before it, or to nothing. Until {@link #told} it is remembered that
     * somebody has to hear of it.
     *
     * @return the version switched to
     */
    public OptionalInt rollBack(int version) {
        OptionalInt previous = deployedBefore(version);
        if (previous.isPresent()) {
            writing("note a return", () -> {
                Files.write(returned(), new byte[0]);
                Durable.sync(publication.home());
                return previous;
            });
        }
        previous.ifPresentOrElse(this::switchTo, this::leaveCurrent);
        remove(version);
        return previous;
    }

    private Path returned() {
        return publication.home().resolve("returned");
    }

    private List<Rejection> rejections() throws IOException {
        return REJECTIONS.read(rejected()).map(List::of).orElse(List.of());
    }

    private Path rejected() {
        return publication.home().resolve("rejected.json");
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
