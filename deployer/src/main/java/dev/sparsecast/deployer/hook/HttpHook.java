package dev.sparsecast.deployer.hook;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * Asks a server by HTTP GET. An answer of 200 to 299 is consent; anything else, or none in time, an objection.
 *
 * @param template the address; <code>{submodel}</code>, <code>{version}</code> and <code>{directory}</code> in it are replaced
 * @param timeout until the answer's status
 */
public record HttpHook(String template, Duration timeout) implements Hook {
    public HttpHook {
        URI address = address(template, "submodel", "1", "directory");
        if (address.getHost() == null || !("http".equals(address.getScheme()) || "https".equals(address.getScheme()))) {
            throw new HookException("the hook '" + template + "' is no http or https address");
        }
        if (!timeout.isPositive()) {
            throw new HookException("the hook has a timeout of " + timeout + ": give a positive one");
        }
    }

    @Override
    public void switched(Switched switched) {
        URI address = address(
                template,
                switched.submodel(),
                Integer.toString(switched.version()),
                switched.directory().toString());
        HttpRequest request =
                HttpRequest.newBuilder(address).timeout(timeout).GET().build();
        try (HttpClient client = HttpClient.newBuilder().connectTimeout(timeout).build()) {
            HttpResponse<InputStream> response = client.send(request, HttpResponse.BodyHandlers.ofInputStream());
            response.body().close(); // however long it is
            if (response.statusCode() / 100 != 2) {
                throw new HookException("the hook " + address + " answered with HTTP status " + response.statusCode());
            }
        } catch (IOException e) {
            throw new HookException("the hook " + address + " did not answer: " + e, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HookException("interrupted while waiting for the hook " + address, e);
        }
    }

    private static URI address(String template, String submodel, String version, String directory) {
        String address = template.replace("{submodel}", encoded(submodel))
                .replace("{version}", encoded(version))
                .replace("{directory}", encoded(directory));
        try {
            return URI.create(address);
        } catch (IllegalArgumentException e) {
            throw new HookException("the hook '" + template + "' is no http or https address", e);
        }
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
