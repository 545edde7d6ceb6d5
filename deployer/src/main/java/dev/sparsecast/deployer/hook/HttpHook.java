package dev.sparsecast.deployer.hook;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import tools.jackson.databind.json.JsonMapper;

/**
 * Tells a server by HTTP POST, with {@code {"submodel":…,"version":…,"directory":…}} as its body. An answer of 200 to 299 is
 * consent; anything else, or none in time, an objection.
 *
 * @param template the address; <code>{submodel}</code>, <code>{version}</code> and <code>{directory}</code> in it are replaced
 * @param timeout until the answer's status
 */
public record HttpHook(String template, Duration timeout) implements Hook {
    private static final JsonMapper JSON = JsonMapper.shared();

    public HttpHook {
        AddressTemplate.check(template);
        if (!timeout.isPositive()) {
            throw new HookException("the hook has a timeout of " + timeout + ": give a positive one");
        }
    }

    private record Body(String submodel, int version, String directory) {}

    @Override
    public void switched(Switched switched) {
        URI address = AddressTemplate.fill(template, switched);
        byte[] body = JSON.writeValueAsBytes(new Body(
                switched.submodel(), switched.version(), switched.directory().toString()));
        HttpRequest request = HttpRequest.newBuilder(address)
                .timeout(timeout)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                .build();
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
}
