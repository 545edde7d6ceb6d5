package dev.sparsecast.deployer.hook;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/**
 * Asks a server by HTTP GET whether it is well, again and again while it is not, since whoever loads a model does not answer
 * meanwhile. An answer of 200 to 299 is consent; none of them in time is an objection.
 *
 * @param template the address; <code>{submodel}</code>, <code>{version}</code> and <code>{directory}</code> in it are replaced
 * @param patience how long to go on asking
 */
public record HttpProbe(String template, Duration patience) implements Hook {
    private static final Duration PAUSE = Duration.ofMillis(500);
    private static final Duration ANSWER = Duration.ofSeconds(10);

    public HttpProbe {
        AddressTemplate.check(template);
        if (!patience.isPositive()) {
            throw new HookException("the probe has a patience of " + patience + ": give a positive one");
        }
    }

    @Override
    public void switched(Switched switched) {
        URI address = AddressTemplate.fill(template, switched);
        long deadline = System.nanoTime() + patience.toNanos();
        try (HttpClient client = HttpClient.newBuilder().connectTimeout(ANSWER).build()) {
            String answer = answer(client, address);
            while (!answer.isEmpty()) {
                Duration left = Duration.ofNanos(deadline - System.nanoTime());
                if (!left.isPositive()) {
                    throw new HookException("the probe " + address + " found the server unwell for "
                            + patience.toMillis() + " ms: it " + answer);
                }
                Thread.sleep(PAUSE.compareTo(left) < 0 ? PAUSE : left);
                answer = answer(client, address);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HookException("interrupted while waiting for the probe " + address, e);
        }
    }

    /** What was wrong with the answer; empty if nothing was. */
    private static String answer(HttpClient client, URI address) throws InterruptedException {
        try {
            HttpResponse<InputStream> response = client.send(
                    HttpRequest.newBuilder(address).timeout(ANSWER).build(), HttpResponse.BodyHandlers.ofInputStream());
            response.body().close();
            return response.statusCode() / 100 == 2 ? "" : "answered with HTTP status " + response.statusCode();
        } catch (IOException e) {
            return "did not answer: " + e;
        }
    }
}
