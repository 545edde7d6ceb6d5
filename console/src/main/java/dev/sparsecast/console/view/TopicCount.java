package dev.sparsecast.console.view;

/**
 * A number of records of a topic that something is wrong with.
 *
 * @param lastReason what was wrong with the last one; empty if it is not known
 */
public record TopicCount(String topic, long records, String lastReason) {}
