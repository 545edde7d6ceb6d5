package dev.sparsecast.console;

import java.time.Duration;

/**
 * How the console serves its page.
 *
 * @param host address to listen on; whoever reaches it sees everything, so the default is the loopback interface
 * @param port port to listen on; 0 for any free one
 * @param updateInterval least time between two updates of an open page
 */
public record ConsoleSettings(String host, int port, Duration updateInterval) {
    private static final int HIGHEST_PORT = 65_535;

    public ConsoleSettings {
        if (port < 0 || port > HIGHEST_PORT) {
            throw new ConsoleException("The console's port must be from 0 to 65535, not " + port + ".");
        }
    }

    /** On the loopback interface, with about two updates a second. */
    public static ConsoleSettings onPort(int port) {
        return new ConsoleSettings("127.0.0.1", port, Duration.ofMillis(500));
    }

    public ConsoleSettings withHost(String newHost) {
        return new ConsoleSettings(newHost, port, updateInterval);
    }
}
