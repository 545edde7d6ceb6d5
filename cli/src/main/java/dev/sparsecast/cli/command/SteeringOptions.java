package dev.sparsecast.cli.command;

import dev.sparsecast.cli.releases.ReleaseTopics;
import dev.sparsecast.cli.terminal.ExitCode;
import dev.sparsecast.pruner.command.CommandSender;
import dev.sparsecast.schemas.SubModelCommand;
import dev.sparsecast.schemas.SubModelCommand.Action;
import dev.sparsecast.schemas.SubModelDecision;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.signing.SigningKey;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What the commands to a running pruner have in common: they go through a topic, and wait for the answer for a while. */
final class SteeringOptions {
    @Mixin
    private final ClusterOptions cluster = new ClusterOptions();

    @Option(
            names = "--revision",
            paramLabel = "NAME@DIGITS",
            description = "Base model, if there is no release yet or several models have such a sub-model.")
    private @Nullable String revision;

    @Option(names = "--reason", paramLabel = "TEXT", description = "Why, for people; it is kept with the decision.")
    private String reason = "";

    @Option(
            names = "--wait",
            paramLabel = "SECONDS",
            defaultValue = "30",
            description = "Longest to wait for the pruner's answer (default: ${DEFAULT-VALUE}); 0 not to.")
    private double wait;

    @Mixin
    private final OutputOptions output = new OutputOptions();

    /** What {@code --json} prints; the outcome is {@code sent} if no answer came. */
    record Result(String command, String model, String submodel, String outcome, String reason, OptionalInt version) {}

    /**
     * Sends a command and waits for what comes of it.
     *
     * @param version what to pin or revoke
     * @param key to sign with, if it must be
     * @return the exit code: failed if the pruner refused
     */
    int send(Action action, String submodel, OptionalInt version, Optional<SigningKey> key) {
        ClusterSettings settings = cluster.connect();
        ReleaseTopics topics = new ReleaseTopics(settings);
        SubModelCommand command = command(topics, action, submodel, version);
        SubModelCommand sent = key.map(holder -> holder.sign(command)).orElse(command);
        try (CommandSender sender = CommandSender.open(settings)) {
            sender.send(sent);
        }
        Optional<SubModelDecision> answer = topics.answer(sent.id(), Duration.ofMillis((long) (1000 * wait)));
        Result result = answer.map(decision -> new Result(
                        sent.id(),
                        sent.model(),
                        submodel,
                        decision.outcome().label(),
                        decision.reason(),
                        decision.version()))
                .orElseGet(() ->
                        new Result(sent.id(), sent.model(), submodel, "sent", notYet(action), OptionalInt.empty()));
        output.print(result, () -> submodel + ": " + result.outcome() + ": " + result.reason());
        return result.outcome().equals(SubModelDecision.Outcome.REFUSED.label()) ? ExitCode.FAILED : ExitCode.DONE;
    }

    private SubModelCommand command(ReleaseTopics topics, Action action, String submodel, OptionalInt version) {
        String model = revision;
        int newest = 0;
        if (model == null || action.mustBeSigned()) {
            SubModelRelease release = topics.newest(submodel, Optional.ofNullable(revision));
            model = release.model();
            newest = release.version();
        }
        return new SubModelCommand(
                UUID.randomUUID().toString(),
                model,
                submodel,
                action,
                version,
                newest,
                System.getProperty("user.name", ""),
                reason,
                Instant.now().truncatedTo(ChronoUnit.MILLIS),
                "",
                SubModelRelease.Signature.NONE);
    }

    private static String notYet(Action action) {
        return action == Action.REFRESH
                ? "the command stands in its topic until a release may be made; 'releases decisions' will tell"
                : "no pruner of this model has answered yet; the command stands in its topic until one acts on it";
    }
}
