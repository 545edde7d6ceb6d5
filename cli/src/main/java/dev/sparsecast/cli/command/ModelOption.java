package dev.sparsecast.cli.command;

import dev.sparsecast.checkpoint.hub.HubSettings;
import dev.sparsecast.checkpoint.hub.ModelHub;
import dev.sparsecast.cli.terminal.Progress;
import java.nio.file.Path;
import java.util.Locale;
import picocli.CommandLine.Option;

/** Which model a command works on. */
final class ModelOption {
    private static final double MEGABYTE = 1e6;

    @Option(
            names = "--model",
            required = true,
            paramLabel = "MODEL",
            description = {
                "Hugging Face model: a directory, or the id of one on the hub, org/name or org/name@revision,",
                "which is downloaded to the hub's cache unless it is there."
            })
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String model;

    /** The model's directory, which is downloaded first if need be. */
    Path directory() {
        return directory(model);
    }

    /** The directory of a model that an option named. */
    static Path directory(String model) {
        try (Progress line = Progress.ofProcess()) {
            return ModelHub.directory(
                    model,
                    HubSettings.ofProcess(),
                    (file, done, total) -> line.update(String.format(
                            Locale.ROOT,
                            "fetching %s: %s, %,.1f of %,.1f MB",
                            model,
                            file,
                            done / MEGABYTE,
                            total / MEGABYTE)));
        }
    }
}
