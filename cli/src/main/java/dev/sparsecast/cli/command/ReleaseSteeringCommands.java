package dev.sparsecast.cli.command;

import dev.sparsecast.schemas.SubModelCommand.Action;
import dev.sparsecast.schemas.signing.SigningKey;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sparsecast releases pin|unpin|revoke}: signed commands to a running pruner. */
final class ReleaseSteeringCommands {
    private ReleaseSteeringCommands() {}

    /** {@code --signing-key}. */
    @SuppressWarnings("NullAway.Init") // set by picocli
    static final class KeyOption {
        @Option(
                names = "--signing-key",
                required = true,
                paramLabel = "FILE",
                description = "The private key that the pruner signs releases with.")
        private Path file;

        SigningKey read() {
            return SigningKey.read(file);
        }
    }

    /** {@code sparsecast releases pin}. */
    @Command(
            name = "pin",
            description = {
                "Go to a version of a sub-model and stay there until it is unpinned.",
                "A further version is announced that has the mask of that one again."
            })
    @SuppressWarnings("NullAway.Init") // set by picocli
    static final class Pin implements Callable<Integer> {
        @Parameters(index = "0", paramLabel = "NAME", description = "Sub-model.")
        private String name;

        @Parameters(index = "1", paramLabel = "VERSION", description = "Version to go to, perhaps the newest.")
        private int version;

        @Mixin
        private final KeyOption key = new KeyOption();

        @Mixin
        private final SteeringOptions steering = new SteeringOptions();

        @Override
        public Integer call() {
            return steering.send(Action.PIN, name, OptionalInt.of(version), Optional.of(key.read()));
        }
    }

    /** {@code sparsecast releases unpin}. */
    @Command(name = "unpin", description = "Make new versions of a pinned or withdrawn sub-model again.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    static final class Unpin implements Callable<Integer> {
        @Parameters(paramLabel = "NAME", description = "Sub-model.")
        private String name;

        @Mixin
        private final KeyOption key = new KeyOption();

        @Mixin
        private final SteeringOptions steering = new SteeringOptions();

        @Override
        public Integer call() {
            return steering.send(Action.UNPIN, name, OptionalInt.empty(), Optional.of(key.read()));
        }
    }

    /** {@code sparsecast releases revoke}. */
    @Command(
            name = "revoke",
            description = {
                "Withdraw a version of a sub-model for good: no deployer installs it or goes back to it any more.",
                "If it is in use, the newest good one before it is announced again and pinned;",
                "if there is none, the sub-model is withdrawn."
            })
    @SuppressWarnings("NullAway.Init") // set by picocli
    static final class Revoke implements Callable<Integer> {
        @Parameters(index = "0", paramLabel = "NAME", description = "Sub-model.")
        private String name;

        @Parameters(index = "1", paramLabel = "VERSION", description = "Version to withdraw.")
        private int version;

        @Mixin
        private final KeyOption key = new KeyOption();

        @Mixin
        private final SteeringOptions steering = new SteeringOptions();

        @Override
        public Integer call() {
            return steering.send(Action.REVOKE, name, OptionalInt.of(version), Optional.of(key.read()));
        }
    }
}
