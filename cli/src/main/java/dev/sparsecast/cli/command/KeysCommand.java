package dev.sparsecast.cli.command;

import dev.sparsecast.cli.terminal.ExitCode;
import dev.sparsecast.schemas.signing.SigningKey;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code sparsecast keys}: the keys that releases are signed with. */
@Command(
        name = "keys",
        description = "Manage the keys that releases are signed with.",
        subcommands = KeysCommand.Generate.class)
final class KeysCommand {
    /** {@code sparsecast keys generate}. */
    @Command(
            name = "generate",
            description = {
                "Make an Ed25519 key pair: NAME.key for the pruner, to be kept secret,",
                "and NAME.pub beside it for the deployers."
            })
    @SuppressWarnings("NullAway.Init") // set by picocli
    static final class Generate implements Callable<Integer> {
        @Option(
                names = "--out",
                required = true,
                paramLabel = "NAME.key",
                description = "The private key file to write.")
        private Path out;

        @Mixin
        private final OutputOptions output = new OutputOptions();

        /** What {@code --json} prints. */
        record Result(String privateKey, String keyId) {}

        @Override
        public Integer call() {
            if (Files.exists(out)) {
                throw new BadInputException(
                        "the file " + out + " exists; keys are never overwritten, choose another name.");
            }
            SigningKey key = SigningKey.generate();
            key.write(out);
            Result result = new Result(out.toString(), key.verifyingKey().id());
            output.print(result, () -> "key " + result.keyId() + " -> " + out);
            return ExitCode.DONE;
        }
    }
}
