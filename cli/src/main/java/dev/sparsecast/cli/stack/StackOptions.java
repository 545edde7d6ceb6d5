package dev.sparsecast.cli.stack;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What an embedded stack is to be.
 *
 * @param data the directory that keeps topics, records and schemas; null for a temporary one
 * @param port the broker's port, 0 for any free one
 * @param registryPort the registry's port, 0 for any free one
 */
public record StackOptions(@Nullable Path data, int port, int registryPort) {
    private static final int HIGHEST_PORT = 65_535;

    public StackOptions {
        requirePort(port);
        requirePort(registryPort);
        if (port != 0 && port == registryPort) {
            throw new StackException(
                    StackException.Reason.BAD_INPUT,
                    "Broker and registry cannot both listen on port " + port + "; name two ports.");
        }
    }

    /** Free ports and a directory that is deleted on close. */
    public static StackOptions temporary() {
        return new StackOptions(null, 0, 0);
    }

    /** Free ports and a directory that stays. */
    public static StackOptions in(Path data) {
        return new StackOptions(data, 0, 0);
    }

    private static void requirePort(int port) {
        if (port < 0 || port > HIGHEST_PORT) {
            throw new StackException(
                    StackException.Reason.BAD_INPUT,
                    "Port " + port + " is not between 0 (any free one) and " + HIGHEST_PORT + ".");
        }
    }
}
