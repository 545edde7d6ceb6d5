package dev.sparsecast.feed;

import dev.sparsecast.feed.webhook.WebhookSettings;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What a feed needs to know beside the cluster.
 *
 * @param store address of the artifact store, as {@link dev.sparsecast.store.ArtifactStores#open} takes it; empty if the feed
 *     is to give out no artifacts
 * @param state directory for what webhooks have taken; one feed at a time may use it; needed where there are webhooks
 */
public record FeedSettings(Optional<String> store, Optional<Path> state, List<WebhookSettings> webhooks) {
    public FeedSettings {
        webhooks = List.copyOf(webhooks);
        if (!webhooks.isEmpty() && state.isEmpty()) {
            throw new FeedException("webhooks need a state directory, to go on where they were after a restart");
        }
    }
}
