package dev.sparsecast.cli.command;

import dev.sparsecast.schemas.SubModelCommand.Action;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code sparsecast pruner refresh|pause|resume}: commands to a running pruner. */
final class PrunerSteeringCommands {
    private PrunerSteeringCommands() {}

    /** {@code sparsecast pruner refresh}. */
    @Command(
            name = "refresh",
            description = "Ask for a release of a sub-model as soon as the minima and the rate limit allow it.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    static final class Refresh implements Callable<Integer> {
        @Parameters(paramLabel = "NAME", description = "Sub-model.")
        private String name;

        @Mixin
        private final SteeringOptions steering = new SteeringOptions();

        @Override
        public Integer call() {
            return steering.send(Action.REFRESH, name, OptionalInt.empty(), Optional.empty());
        }
    }

    /** {@code sparsecast pruner pause}. */
    @Command(name = "pause", description = "Make no more releases of a sub-model until it is resumed.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    static final class Pause implements Callable<Integer> {
        @Parameters(paramLabel = "NAME", description = "Sub-model.")
        private String name;

        @Mixin
        private final SteeringOptions steering = new SteeringOptions();

        @Override
        public Integer call() {
            return steering.send(Action.PAUSE, name, OptionalInt.empty(), Optional.empty());
        }
    }

    /** {@code sparsecast pruner resume}. */
    @Command(name = "resume", description = "Make releases of a sub-model again.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    static final class Resume implements Callable<Integer> {
        @Parameters(paramLabel = "NAME", description = "Sub-model.")
        private String name;

        @Mixin
        private final SteeringOptions steering = new SteeringOptions();

        @Override
        public Integer call() {
            return steering.send(Action.RESUME, name, OptionalInt.empty(), Optional.empty());
        }
    }
}
