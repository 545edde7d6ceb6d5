package dev.sparsecast.pruner.service;

/** What became of a candidate or a command. */
sealed interface Outcome {
    /** It was decided, and that was announced. */
    record Decided(Announcement announcement) implements Outcome {}

    /** It could not be told, or there was no time left: to be tried again. */
    record Dropped(String reason) implements Outcome {}
}
