package dev.sparsecast.cli.command;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import org.slf4j.ILoggerFactory;
import org.slf4j.LoggerFactory;

/** How much is logged: what services do, and of everything else only what needs attention, unless more is asked for. */
final class LogLevels {
    private LogLevels() {}

    static void choose(boolean verbose, boolean service) {
        ILoggerFactory factory = LoggerFactory.getILoggerFactory();
        if (factory.getLogger("dev.sparsecast") instanceof Logger ours) {
            ours.setLevel(verbose ? Level.DEBUG : service ? Level.INFO : Level.WARN);
        }
        if (verbose && factory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME) instanceof Logger root) {
            root.setLevel(Level.INFO);
        }
    }

    /**
     * Leaves out Kafka's warnings, which for a broker that is starting or stopping in this very process are no news; not
     * when more was asked for.
     */
    static void quietKafka() {
        ILoggerFactory factory = LoggerFactory.getILoggerFactory();
        if (factory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME) instanceof Logger root
                && root.getLevel() == Level.WARN
                && factory.getLogger("org.apache.kafka") instanceof Logger kafka) {
            kafka.setLevel(Level.ERROR);
        }
    }
}
