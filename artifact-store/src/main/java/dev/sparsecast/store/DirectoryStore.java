package dev.sparsecast.store;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A store in a directory, which several processes may use at once. Files are copied into {@code .incoming} first and
 * linked under their name when they are complete, synced and read back, so no reader ever sees a part of one, and of two
 * writers of one name one wins.
 */
public final class DirectoryStore implements ArtifactStore {
    private static final Logger LOG = LoggerFactory.getLogger(DirectoryStore.class);
    private static final String INCOMING = ".incoming";
    private static final Duration ABANDONED = Duration.ofDays(1);
    private static final int ATTEMPTS = 10;

    private final Path root;

    private DirectoryStore(Path root) {
        this.root = root;
    }

    /**
     * Opens the store in a directory, which is made if it is not there. What writers left unfinished more than a day ago
     * is removed.
     *
     * @throws StoreException if the directory cannot be used
     */
    public static DirectoryStore open(Path directory) {
        Path root = directory.toAbsolutePath().normalize();
        try {
            if (!Files.isDirectory(root)) {
                Files.createDirectories(root);
            }
        } catch (IOException e) {
            throw new StoreException("cannot use " + root + " as the artifact store: " + e, e);
        }
        removeAbandoned(root.resolve(INCOMING));
        return new DirectoryStore(root);
    }

    private static void removeAbandoned(Path incoming) {
        if (!Files.isDirectory(incoming)) {
            return;
        }
        Instant oldest = Instant.now().minus(ABANDONED);
        try (DirectoryStream<Path> files = Files.newDirectoryStream(incoming)) {
            for (Path file : files) {
                if (Files.getLastModifiedTime(file).toInstant().isBefore(oldest)) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (IOException e) {
            LOG.atWarn()
                    .addKeyValue("directory", incoming)
                    .setCause(e)
                    .log("cannot remove what a writer left unfinished; it only takes space");
        }
    }

    @Override
    public Stored put(String name, Path file) {
        Path target = path(name);
        try {
            if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
                return sameContent(name, target, ContentDigest.of(file));
            }
            Files.createDirectories(root.resolve(INCOMING));
            Path incoming = Files.createTempFile(root.resolve(INCOMING), "put-", ".part");
            try {
                Stored stored = copy(name, file, incoming);
                return publish(name, incoming, target) ? stored : sameContent(name, target, stored);
            } finally {
                Files.deleteIfExists(incoming);
            }
        } catch (FileAlreadyExistsException | NotDirectoryException e) {
            throw new StoreException(
                    "cannot store the artifact '" + name + "': " + e.getMessage() + " is a file, not a directory", e);
        } catch (IOException e) {
            throw new StoreException("cannot store the artifact '" + name + "' in " + root + ": " + e, e);
        }
    }

    private static Stored copy(String name, Path file, Path incoming) throws IOException {
        Stored copied;
        try (InputStream in = Files.newInputStream(file);
                OutputStream out = Files.newOutputStream(incoming)) {
            copied = ContentDigest.copy(in, out, Long.MAX_VALUE);
        }
        Durable.sync(incoming);
        if (!ContentDigest.of(incoming).equals(copied)) {
            throw new StoreException("the artifact '" + name
                    + "' reads back differently from how it was written: check the disk of the store");
        }
        return copied;
    }

    /** Gives a complete file its name; false if there is one of that name already. */
    private boolean publish(String name, Path incoming, Path target) throws IOException {
        Path directory = parent(target);
        for (int attempt = 1; ; attempt++) {
            Files.createDirectories(directory);
            try {
                link(incoming, target);
                break;
            } catch (FileAlreadyExistsException e) {
                return false;
            } catch (NoSuchFileException e) {
                // a delete elsewhere removed the directory while it was still empty
                if (attempt == ATTEMPTS) {
                    throw e;
                }
                LOG.atDebug().addKeyValue("artifact", name).log("the directory went away, making it again");
            }
        }
        for (Path changed = directory; changed.startsWith(root); changed = parent(changed)) {
            Durable.sync(changed);
        }
        return true;
    }

    private static void link(Path incoming, Path target) throws IOException {
        try {
            Files.createLink(target, incoming);
        } catch (UnsupportedOperationException e) {
            // a file system without hard links: a rename would replace, so look first
            if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
                throw new FileAlreadyExistsException(target.toString());
            }
            Files.move(incoming, target, StandardCopyOption.ATOMIC_MOVE);
        }
    }

    private static Stored sameContent(String name, Path existing, Stored offered) throws IOException {
        if (!Files.isRegularFile(existing, LinkOption.NOFOLLOW_LINKS)) {
            throw new StoreException("cannot store the artifact '" + name + "': " + existing + " is not a file");
        }
        Stored present = ContentDigest.of(existing);
        if (!present.equals(offered)) {
            throw new StoreException(
                    "the artifact '" + name + "' is in the store with other content (" + present.sha256()
                            + ", offered is " + offered.sha256() + "): artifacts never change, use another name");
        }
        return present;
    }

    @Override
    public InputStream read(String name) {
        Path file = path(name);
        try {
            if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                throw new StoreException("there is no artifact '" + name + "' in " + root);
            }
            return Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS);
        } catch (IOException e) {
            throw new StoreException("cannot read the artifact '" + name + "' in " + root + ": " + e, e);
        }
    }

    @Override
    public boolean exists(String name) {
        return Files.isRegularFile(path(name), LinkOption.NOFOLLOW_LINKS);
    }

    @Override
    public List<String> list(String prefix) {
        int slash = prefix.lastIndexOf('/');
        Path start = slash < 0 ? root : path(prefix.substring(0, slash));
        TreeSet<String> names = new TreeSet<>();
        if (!Files.isDirectory(start)) {
            return List.of();
        }
        try {
            Files.walkFileTree(start, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                    return directory.equals(root.resolve(INCOMING))
                            ? FileVisitResult.SKIP_SUBTREE
                            : FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    String name = root.relativize(file).toString();
                    if (attributes.isRegularFile() && name.startsWith(prefix)) {
                        names.add(name);
                    }
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException failure) throws IOException {
                    if (failure instanceof NoSuchFileException) {
                        return FileVisitResult.CONTINUE;
                    }
                    throw failure;
                }
            });
        } catch (IOException e) {
            throw new StoreException("cannot list the artifacts '" + prefix + "' in " + root + ": " + e, e);
        }
        return List.copyOf(names);
    }

    @Override
    public void delete(String name) {
        Path file = path(name);
        try {
            if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                return;
            }
            Files.deleteIfExists(file);
            Path directory = parent(file);
            while (!directory.equals(root) && deletedEmpty(directory)) {
                directory = parent(directory);
            }
            Durable.sync(directory);
        } catch (IOException e) {
            throw new StoreException("cannot delete the artifact '" + name + "' in " + root + ": " + e, e);
        }
    }

    private static boolean deletedEmpty(Path directory) throws IOException {
        try {
            Files.deleteIfExists(directory);
            return true;
        } catch (DirectoryNotEmptyException e) {
            return false;
        }
    }

    @Override
    public void close() {}

    private Path path(String name) {
        ArtifactNames.check(name);
        if (name.equals(INCOMING) || name.startsWith(INCOMING + "/")) {
            throw new StoreException("'" + name + "' cannot name an artifact: the store keeps unfinished files there");
        }
        return root.resolve(name);
    }

    private static Path parent(Path path) {
        Path parent = path.getParent();
        if (parent == null) {
            throw new StoreException(path + " has no directory");
        }
        return parent;
    }
}
