package dev.sparsecast.console.view;

import java.util.List;

/**
 * How well the console itself follows the topics.
 *
 * @param source where the records come from, such as the brokers' addresses; empty if there is no feed
 * @param problem why nothing arrives, in one sentence; empty if all is well
 * @param caughtUp whether everything that was there at the start has been read
 * @param records records read
 * @param undecodable records that could not be decoded, by topic
 */
public record FeedView(String source, String problem, boolean caughtUp, long records, List<TopicCount> undecodable) {}
