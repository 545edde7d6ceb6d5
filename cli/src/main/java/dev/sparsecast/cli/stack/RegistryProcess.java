package dev.sparsecast.cli.stack;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * The first class of the registry's own process: it ties the registry's life to that of the process that started it, then
 * runs the registry. Standard input is a pipe from the parent. However the parent ends, the kernel closes the pipe, and
 * this process ends with it. Uses nothing but the JDK, because it shares the class path with the registry.
 */
public final class RegistryProcess {
    /** A directory to delete when the parent dies without closing the registry. */
    static final String ORPHANED_DIRECTORY_PROPERTY = "sparsecast.orphaned.directory";

    /** Sent by the parent once the registry is ready: from here on Ctrl-C in the terminal is the parent's business. */
    static final int READY = 'r';

    /** Sent by the parent before it closes the pipe: the parent is alive and cleans up itself. */
    static final int CLOSE = 'c';

    private static final String REGISTRY_MAIN = "io.quarkus.runner.GeneratedMain";

    private RegistryProcess() {}

    public static void main(String[] arguments) throws ReflectiveOperationException {
        Thread watch = new Thread(() -> watch(System.in), "parent-watch");
        watch.setDaemon(true);
        watch.start();
        Class.forName(REGISTRY_MAIN).getMethod("main", String[].class).invoke(null, (Object) arguments);
    }

    private static void watch(InputStream parent) {
        boolean closing = false;
        try {
            int signal = parent.read();
            while (signal >= 0) {
                if (signal == READY) {
                    Signal.handle(new Signal("INT"), SignalHandler.SIG_IGN);
                }
                closing |= signal == CLOSE;
                signal = parent.read();
            }
        } catch (IOException e) {
            // An unreadable pipe means the same as a closed one.
        }
        if (!closing) {
            deleteOrphanedDirectory();
        }
        // Every change is on disk when it is acknowledged, so there is nothing to wait for.
        Runtime.getRuntime().halt(closing ? 0 : 1);
    }

    private static void deleteOrphanedDirectory() {
        @Nullable String directory = System.getProperty(ORPHANED_DIRECTORY_PROPERTY);
        if (directory != null) {
            try {
                DataDirectory.deleteRecursively(Path.of(directory));
            } catch (IOException e) {
                System.err.println("Cannot delete " + directory + ": " + e);
            }
        }
    }
}
