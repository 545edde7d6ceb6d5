package dev.sparsecast.cli.command;

import dev.sparsecast.cli.terminal.ExitCode;
import dev.sparsecast.schemas.signing.KeyRing;
import dev.sparsecast.schemas.signing.Revocation;
import dev.sparsecast.schemas.signing.SigningKey;
import dev.sparsecast.schemas.signing.TrustedKeys;
import dev.sparsecast.schemas.signing.VerifyingKey;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sparsecast keys}: the keys that releases are signed with. */
@Command(
        name = "keys",
        description = "Manage the keys that releases are signed with.",
        subcommands = {KeysCommand.Generate.class, KeysCommand.ListKeys.class, KeysCommand.Revoke.class})
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

    /** {@code sparsecast keys list}. */
    @Command(name = "list", description = "Show which keys a deployer with these files and directories trusts.")
    static final class ListKeys implements Callable<Integer> {
        @Parameters(
                arity = "1..*",
                paramLabel = "PATH",
                description = "Public key files, and directories of them, as 'deploy --trusted-key' takes them.")
        private List<Path> places = List.of();

        @Mixin
        private final OutputOptions output = new OutputOptions();

        /** What {@code --json} prints. */
        record Result(List<Entry> keys) {
            /**
             * A key.
             *
             * @param state {@code trusted} or {@code revoked}
             * @param reason why it was revoked
             */
            record Entry(String keyId, String state, String reason) {}
        }

        @Override
        public Integer call() {
            KeyRing ring = TrustedKeys.open(places).ring();
            Result result = new Result(Stream.concat(
                            ring.trusted().stream().map(id -> new Result.Entry(id, "trusted", "")),
                            ring.revocations().stream()
                                    .map(found -> new Result.Entry(found.keyId(), "revoked", found.reason())))
                    .toList());
            output.print(
                    result,
                    () -> result.keys().stream()
                            .map(key -> (key.keyId() + "  " + key.state() + "  " + key.reason()).strip())
                            .collect(Collectors.joining(System.lineSeparator())));
            return ExitCode.DONE;
        }
    }

    /** {@code sparsecast keys revoke}. */
    @Command(
            name = "revoke",
            description = {
                "Revoke a key: write KEY-ID.revoked into a directory of trusted keys. Deployers that use the directory",
                "refuse all releases of the key from then on, and report what they have installed of it.",
                "Bring the file to every such directory."
            })
    @SuppressWarnings("NullAway.Init") // set by picocli
    static final class Revoke implements Callable<Integer> {
        @Parameters(paramLabel = "KEY", description = "The key's id, or its public key file.")
        private String key;

        @Option(
                names = "--in",
                required = true,
                paramLabel = "DIR",
                description = "The directory of trusted keys, or that of a trusted key file.")
        private Path directory;

        @Option(
                names = "--reason",
                required = true,
                paramLabel = "TEXT",
                description = "Why, for whoever reads it in logs and acknowledgements.")
        private String reason;

        @Mixin
        private final OutputOptions output = new OutputOptions();

        /** What {@code --json} prints. */
        record Result(String keyId, String file) {}

        @Override
        public Integer call() {
            if (!Files.isDirectory(directory)) {
                throw new BadInputException("there is no directory " + directory + "; give the one of trusted keys.");
            }
            Revocation revocation = new Revocation(keyId(), reason);
            Path file = revocation.write(directory);
            Result result = new Result(revocation.keyId(), file.toString());
            output.print(result, () -> "revoked " + result.keyId() + " -> " + file);
            return ExitCode.DONE;
        }

        private String keyId() {
            return Optional.of(Path.of(key))
                    .filter(Files::isRegularFile)
                    .map(file -> VerifyingKey.read(file).id())
                    .orElse(key);
        }
    }
}
