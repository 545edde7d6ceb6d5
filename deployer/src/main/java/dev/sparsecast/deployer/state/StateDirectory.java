package dev.sparsecast.deployer.state;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The directory of one deployer, with a directory for each sub-model. Locked while open. */
public final class StateDirectory implements AutoCloseable {
    private static final String LOCK = ".lock";

    private final Path root;
    private final Layout layout;
    private final FileChannel lock;
    private final Map<String, SubModelDirectory> subModels = new ConcurrentHashMap<>();

    private StateDirectory(Path root, Layout layout, FileChannel lock) {
        this.root = root;
        this.layout = layout;
        this.lock = lock;
    }

    /**
     * Locks a state directory, which is made if it is not there, and tidies up what an earlier deployer that was killed
     * left unfinished in it.
     *
     * @throws StateException if it cannot be used, another deployer uses it, or it was made by another layout
     */
    public static StateDirectory open(Path directory, Layout layout) {
        Path root = directory.toAbsolutePath().normalize();
        try {
            Files.createDirectories(root);
            StateDirectory state = new StateDirectory(root, layout, lock(root));
            try {
                state.recover();
                return state;
            } catch (IOException | RuntimeException e) {
                state.close();
                throw e;
            }
        } catch (IOException e) {
            throw new StateException("cannot use " + root + " as state directory: " + e, e);
        }
    }

    private static FileChannel lock(Path root) throws IOException {
        FileChannel channel = FileChannel.open(root.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        if (!isLocked(channel)) {
            channel.close();
            throw new StateException("the state directory " + root
                    + " is in use by another deployer: stop that one, or give this one a directory of its own");
        }
        return channel;
    }

    private static boolean isLocked(FileChannel channel) throws IOException {
        try {
            @Nullable FileLock lock = channel.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException e) {
            return false; // by this process
        }
    }

    private void recover() throws IOException {
        List<Path> directories;
        try (Stream<Path> entries = Files.list(root)) {
            directories = entries.filter(Files::isDirectory).toList();
        }
        for (Path directory : directories) {
            String name = root.relativize(directory).toString();
            requireLayout(directory);
            if (SubModelDirectory.isOne(directory, layout)) {
                subModels.put(name, SubModelDirectory.open(directory, layout));
            }
        }
    }

    private void requireLayout(Path directory) {
        for (Layout other : Layout.values()) {
            if (other != layout && SubModelDirectory.isOne(directory, other)) {
                throw new StateException(directory + " was made with the layout '" + other.label() + "', not '"
                        + layout.label() + "': use that one, or give another state directory");
            }
        }
    }

    /**
     * The directory of a sub-model, made if it is not there.
     *
     * @param name a valid name of a sub-model
     */
    public SubModelDirectory subModel(String name) {
        return subModels.computeIfAbsent(name, absent -> SubModelDirectory.open(root.resolve(absent), layout));
    }

    /** The sub-models that there are directories of, by name. */
    public SortedMap<String, SubModelDirectory> subModels() {
        return new TreeMap<>(subModels);
    }

    /** The versions in use, by sub-model. */
    public SortedMap<String, Integer> current() {
        SortedMap<String, Integer> current = new TreeMap<>();
        subModels.forEach((name, directory) -> directory.current().ifPresent(version -> current.put(name, version)));
        return current;
    }

    /** Unlocks the directory. */
    @Override
    public void close() {
        try {
            lock.close();
        } catch (IOException e) {
            throw new StateException("cannot unlock the state directory " + root + ": " + e, e);
        }
    }
}
