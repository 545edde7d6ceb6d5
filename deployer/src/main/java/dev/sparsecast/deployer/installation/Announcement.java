package dev.sparsecast.deployer.installation;

import dev.sparsecast.schemas.SubModelRelease;
import java.time.Instant;

/**
 * A release as it was read from the topic.
 *
 * @param key the record's key
 * @param known whether an earlier run has dealt with this very record and acknowledged it. It is then taken for what it
 *     holds if that is needed, and nothing is said about it again
 */
public record Announcement(String key, SubModelRelease release, Instant receivedAt, boolean known) {}
