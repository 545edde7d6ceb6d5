package dev.sparsecast.producers.tap;

import dev.sparsecast.producers.PromptSourceException;
import dev.sparsecast.schemas.Names;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Set;

/**
 * How the tap listens and what it makes of a request.
 *
 * @param host address to listen on
 * @param port port to listen on; 0 for any free one
 * @param languages languages that there are topics for; empty: any
 * @param defaultLanguage language of a request that shows none
 * @param defaultDomain domain of a request that names none
 * @param userKey secret that users are hashed with, so that sources can be told apart but not named; with the same key, the
 *     same user stays the same source over restarts
 * @param queue most prompts that wait for the broker; what comes after them is turned away
 * @param largestBody most bytes of a request
 */
public record TapSettings(
        String host,
        int port,
        Set<String> languages,
        String defaultLanguage,
        String defaultDomain,
        String userKey,
        int queue,
        int largestBody) {
    private static final int QUEUE = 1000;
    private static final int LARGEST_BODY = 900_000;
    private static final int KEY_BYTES = 32;
    private static final int HIGHEST_PORT = 65_535;

    public TapSettings {
        languages = Set.copyOf(languages);
        if (port < 0 || port > HIGHEST_PORT) {
            throw new PromptSourceException("the tap's port must be from 0 to 65535, not " + port);
        }
        if (queue < 1 || largestBody < 1) {
            throw new PromptSourceException("the tap's queue and largest body must be at least 1");
        }
        try {
            Names.label("language", defaultLanguage);
            Names.label("domain", defaultDomain);
        } catch (IllegalArgumentException e) {
            throw new PromptSourceException(String.valueOf(e.getMessage()), e);
        }
    }

    /** On the loopback interface, for any language, users hashed with a key of this process only. */
    public static TapSettings onPort(int port, String defaultLanguage) {
        byte[] key = new byte[KEY_BYTES];
        new SecureRandom().nextBytes(key);
        return new TapSettings(
                "127.0.0.1",
                port,
                Set.of(),
                defaultLanguage,
                "code",
                HexFormat.of().formatHex(key),
                QUEUE,
                LARGEST_BODY);
    }

    public TapSettings withHost(String newHost) {
        return new TapSettings(newHost, port, languages, defaultLanguage, defaultDomain, userKey, queue, largestBody);
    }

    public TapSettings withLanguages(Set<String> newLanguages) {
        return new TapSettings(host, port, newLanguages, defaultLanguage, defaultDomain, userKey, queue, largestBody);
    }

    public TapSettings withUserKey(String newKey) {
        return new TapSettings(host, port, languages, defaultLanguage, defaultDomain, newKey, queue, largestBody);
    }

    public TapSettings withLimits(int newQueue, int newLargestBody) {
        return new TapSettings(
                host, port, languages, defaultLanguage, defaultDomain, userKey, newQueue, newLargestBody);
    }
}
