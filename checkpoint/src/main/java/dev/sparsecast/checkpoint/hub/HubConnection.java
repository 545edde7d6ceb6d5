package dev.sparsecast.checkpoint.hub;

import dev.sparsecast.checkpoint.CheckpointException;
import dev.sparsecast.checkpoint.hub.Retries.PassingException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * Requests to a hub. Redirects are followed here rather than by the client, because the token must go to the hub alone:
 * large files come from other hosts.
 */
final class HubConnection implements AutoCloseable {
    private static final Duration TO_CONNECT = Duration.ofSeconds(20);
    private static final int MOST_REDIRECTS = 8;
    private static final int TOO_MANY_REQUESTS = 429;

    private final HttpClient client = HttpClient.newBuilder()
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(TO_CONNECT)
            .build();
    private final HubSettings settings;
    private final HubId id;

    HubConnection(HubSettings settings, HubId id) {
        this.settings = settings;
        this.id = id;
    }

    /** The address of something on the hub, from parts of its path, which are escaped here. */
    URI address(String... parts) {
        StringBuilder path = new StringBuilder(settings.endpoint().toString());
        for (String part : parts) {
            path.append('/').append(escaped(part));
        }
        return URI.create(path.toString());
    }

    private static String escaped(String part) {
        StringBuilder escaped = new StringBuilder();
        for (byte b : part.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xff);
            boolean plain = c < 0x80 && (Character.isLetterOrDigit(c) || "-._~".indexOf(c) >= 0);
            escaped.append(plain ? String.valueOf(c) : String.format("%%%02X", (int) c));
        }
        return escaped.toString();
    }

    /** What the hub says of a file without sending it: redirects to other hosts are not followed. */
    HttpResponse<InputStream> head(URI address) throws IOException, InterruptedException {
        return send("HEAD", address, Map.of(), false);
    }

    /** A successful response, from wherever the hub redirects to; the caller closes the body. */
    HttpResponse<InputStream> get(URI address, Map<String, String> headers) throws IOException, InterruptedException {
        return send("GET", address, headers, true);
    }

    /**
     * @throws PassingException if it may go better another time
     * @throws CheckpointException if the hub does not have it, or not for us
     */
    private HttpResponse<InputStream> send(
            String method, URI address, Map<String, String> headers, boolean toOtherHosts)
            throws IOException, InterruptedException {
        URI current = address;
        for (int redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
            HttpResponse<InputStream> response = response(request(method, current, headers));
            Optional<URI> next = redirect(current, response);
            if (next.isEmpty() || !toOtherHosts && (!isHub(next.get()) || BlobAddress.isDescribed(response))) {
                if (next.isEmpty()) {
                    check(address, response);
                }
                return response;
            }
            response.body().close();
            current = next.get();
        }
        throw new HubException(address + " redirects without end; check HF_ENDPOINT");
    }

    private HttpResponse<InputStream> response(HttpRequest request) throws IOException, InterruptedException {
        try {
            return client.send(request, BodyHandlers.ofInputStream());
        } catch (IOException e) {
            String why = e.getClass().getSimpleName() + (e.getMessage() == null ? "" : ": " + e.getMessage());
            throw new PassingException(
                    "there is no directory " + id.model() + ", and "
                            + request.uri().getScheme() + "://"
                            + request.uri().getAuthority() + " cannot be reached to fetch it (" + why
                            + "); check the network and HF_ENDPOINT",
                    null);
        }
    }

    private HttpRequest request(String method, URI address, Map<String, String> headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(address)
                .method(method, HttpRequest.BodyPublishers.noBody())
                .timeout(settings.patience())
                .header("User-Agent", "sparsecast")
                .header("Accept-Encoding", "identity");
        headers.forEach(request::header);
        if (isHub(address)) {
            settings.token().ifPresent(token -> request.header("Authorization", "Bearer " + token));
        }
        return request.build();
    }

    private boolean isHub(URI address) {
        URI hub = settings.endpoint();
        return hub.getScheme().equalsIgnoreCase(address.getScheme())
                && hub.getHost().equalsIgnoreCase(address.getHost())
                && hub.getPort() == address.getPort();
    }

    private static Optional<URI> redirect(URI from, HttpResponse<InputStream> response) {
        int status = response.statusCode();
        if (status != 301 && status != 302 && status != 303 && status != 307 && status != 308) {
            return Optional.empty();
        }
        URI target = response.headers()
                .firstValue("Location")
                .map(location -> resolve(from, location))
                .orElseThrow(() -> new HubException(from + " redirects to nowhere"));
        boolean web = "https".equals(target.getScheme()) || "http".equals(target.getScheme());
        if (!web || target.getHost() == null || "https".equals(from.getScheme()) && "http".equals(target.getScheme())) {
            throw new HubException(from + " redirects to " + target + ", which is not followed");
        }
        return Optional.of(target);
    }

    private static URI resolve(URI from, String location) {
        try {
            return from.resolve(location);
        } catch (IllegalArgumentException e) {
            throw new HubException(from + " redirects to '" + location + "', which is no address", e);
        }
    }

    private void check(URI address, HttpResponse<InputStream> response) throws IOException {
        int status = response.statusCode();
        if (status >= 200 && status < 300) {
            return;
        }
        response.body().close();
        if (status == TOO_MANY_REQUESTS || status == 408 || status >= 500) {
            throw new PassingException(
                    "the hub answered " + status + " for " + address,
                    retryAfter(response).orElse(null));
        }
        String error = response.headers().firstValue("X-Error-Code").orElse("");
        throw switch (status) {
            case 401, 403 -> new CheckpointException(noAccess(status, error));
            case 404 -> new CheckpointException(missing(address, error));
            default -> new HubException("the hub answered " + status + " for " + address + "; check HF_ENDPOINT");
        };
    }

    private static Optional<Duration> retryAfter(HttpResponse<?> response) {
        return response.headers()
                .firstValue("Retry-After")
                .filter(value -> value.matches("[0-9]{1,6}"))
                .map(value -> Duration.ofSeconds(Long.parseLong(value)));
    }

    private String noAccess(int status, String error) {
        String what = "the hub at " + settings.endpoint() + " gives no access to " + id.model() + " (" + status + ")";
        if (error.equals("GatedRepo")) {
            return what + ": it is gated; ask for access at " + address(id.organization(), id.name())
                    + " and set HF_TOKEN to a token of the account that has it";
        }
        return settings.token().isPresent()
                ? what + ": there is no such model, or the token in use may not read it; check the name and HF_TOKEN"
                : what + ": there is no such model, or it is private; check the name, or set HF_TOKEN";
    }

    private String missing(URI address, String error) {
        return switch (error) {
            case "RevisionNotFound" ->
                id.model() + " has no revision " + id.revision() + " on the hub at " + settings.endpoint()
                        + "; give the name of a branch or tag, or a commit";
            case "EntryNotFound" -> "the hub has no " + address;
            default ->
                "there is no model " + id.model() + " on the hub at " + settings.endpoint()
                        + ", and no directory of that name; check the name";
        };
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
