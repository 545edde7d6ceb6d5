package dev.sparsecast.checkpoint.hub;

import dev.sparsecast.checkpoint.CheckpointException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which hub, and where its cache is.
 *
 * @param endpoint root of the hub
 * @param cache the directory that holds {@code models--…} directories
 * @param token what proves who asks; absent for public models
 * @param offline whether only the cache may be used
 * @param patience how long a connection may deliver nothing before it is given up
 * @param firstWait how long to wait before the second attempt; the wait doubles with every further one
 */
public record HubSettings(
        URI endpoint, Path cache, Optional<String> token, boolean offline, Duration patience, Duration firstWait) {
    private static final String DEFAULT_ENDPOINT = "https://huggingface.co";
    private static final Set<String> TRUE = Set.of("1", "ON", "YES", "TRUE");

    /** The settings that the variables of this process give. */
    public static HubSettings ofProcess() {
        return of(System.getenv(), Path.of(System.getProperty("user.home")));
    }

    /**
     * As Hugging Face's own libraries read them: {@code HF_ENDPOINT}, {@code HF_HUB_CACHE}, {@code HF_HOME}, {@code HF_TOKEN},
     * {@code HF_TOKEN_PATH}, {@code HF_HUB_OFFLINE}.
     *
     * @throws CheckpointException if the endpoint is no web address
     */
    static HubSettings of(Map<String, String> environment, Path userHome) {
        Path hubHome = path(environment, "HF_HOME", userHome)
                .orElseGet(() -> path(environment, "XDG_CACHE_HOME", userHome)
                        .orElse(userHome.resolve(".cache"))
                        .resolve("huggingface"));
        Path tokenFile = path(environment, "HF_TOKEN_PATH", userHome).orElse(hubHome.resolve("token"));
        return new HubSettings(
                endpoint(environment.getOrDefault("HF_ENDPOINT", "")),
                path(environment, "HF_HUB_CACHE", userHome).orElse(hubHome.resolve("hub")),
                present(environment, "HF_TOKEN").or(() -> token(tokenFile)),
                TRUE.contains(environment.getOrDefault("HF_HUB_OFFLINE", "").toUpperCase(Locale.ROOT)),
                Duration.ofSeconds(60),
                Duration.ofSeconds(1));
    }

    private static URI endpoint(String written) {
        String text = written.isBlank() ? DEFAULT_ENDPOINT : written.strip();
        String complaint =
                "HF_ENDPOINT is '" + text + "'; give the address of a hub, which begins with https:// or http://";
        try {
            URI endpoint = URI.create(text.replaceAll("/+$", ""));
            boolean web = "https".equals(endpoint.getScheme()) || "http".equals(endpoint.getScheme());
            if (web && endpoint.getHost() != null) {
                return endpoint;
            }
        } catch (IllegalArgumentException e) {
            throw new CheckpointException(complaint, e);
        }
        throw new CheckpointException(complaint);
    }

    private static Optional<String> token(Path file) {
        try {
            return Files.isRegularFile(file)
                    ? Optional.of(Files.readString(file).strip()).filter(token -> !token.isEmpty())
                    : Optional.empty();
        } catch (IOException e) {
            throw new CheckpointException("cannot read the token file " + file + ": " + e.getMessage(), e);
        }
    }

    private static Optional<String> present(Map<String, String> environment, String name) {
        return Optional.ofNullable(environment.get(name)).map(String::strip).filter(value -> !value.isEmpty());
    }

    private static Optional<Path> path(Map<String, String> environment, String name, Path userHome) {
        return present(environment, name)
                .map(text -> text.equals("~") || text.startsWith("~/")
                        ? userHome.resolve(text.substring(1).replaceFirst("^/+", ""))
                        : Path.of(text));
    }
}
