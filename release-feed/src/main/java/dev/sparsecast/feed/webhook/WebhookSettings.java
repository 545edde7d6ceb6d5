package dev.sparsecast.feed.webhook;

import dev.sparsecast.feed.FeedException;
import java.net.URI;
import java.time.Duration;

/**
 * Where events are sent.
 *
 * @param address http or https
 * @param secret what the events are signed with
 * @param firstPause how long to wait after the first failure of an event; doubled each time
 * @param longestPause the longest time to wait
 * @param timeout until an answer's status
 */
public record WebhookSettings(
        URI address, WebhookSecret secret, Duration firstPause, Duration longestPause, Duration timeout) {
    public WebhookSettings {
        if (address.getHost() == null || !("http".equals(address.getScheme()) || "https".equals(address.getScheme()))) {
            throw new FeedException("the webhook '" + address + "' is no http or https address");
        }
    }

    /** With pauses from one second to five minutes, and 15 seconds for an answer. */
    public static WebhookSettings of(String address, WebhookSecret secret) {
        try {
            return new WebhookSettings(
                    URI.create(address), secret, Duration.ofSeconds(1), Duration.ofMinutes(5), Duration.ofSeconds(15));
        } catch (IllegalArgumentException e) {
            throw new FeedException("the webhook '" + address + "' is no http or https address", e);
        }
    }

    /** The address without what may be secret in it, for logs and metrics. */
    String name() {
        return address.getHost() + (address.getPort() < 0 ? "" : ":" + address.getPort());
    }
}
