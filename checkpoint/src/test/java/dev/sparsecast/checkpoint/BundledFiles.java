package dev.sparsecast.checkpoint;

import java.nio.file.Files;
import java.nio.file.Path;

/** The model and the prompts that the repository carries. */
final class BundledFiles {
    private BundledFiles() {}

    static Path tinyCoder() {
        return root().resolve("demo/models/tiny-coder");
    }

    static Path prompts() {
        return root().resolve("demo/prompts");
    }

    private static Path root() {
        Path directory = Path.of("").toAbsolutePath();
        while (!Files.isDirectory(directory.resolve("demo/models"))) {
            directory = directory.getParent();
            if (directory == null) {
                throw new IllegalStateException("run the tests inside the repository");
            }
        }
        return directory;
    }
}
