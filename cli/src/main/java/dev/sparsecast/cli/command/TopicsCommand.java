package dev.sparsecast.cli.command;

import dev.sparsecast.cli.cluster.TopicSetup;
import dev.sparsecast.cli.cluster.TopicSetup.Outcome;
import dev.sparsecast.cli.terminal.ExitCode;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.cluster.TopicCatalogue;
import dev.sparsecast.schemas.cluster.TopicCatalogue.TopicSpecification;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code sparsecast topics}: creates the topics of Sparsecast on a cluster. */
@Command(
        name = "topics",
        description = {
            "Create the topics that Sparsecast needs. Topics that are there already are left as they are,",
            "and where they differ from what they should be is reported."
        })
final class TopicsCommand implements Callable<Integer> {
    @Mixin
    private final ClusterOptions cluster = new ClusterOptions();

    @Option(
            names = "--languages",
            paramLabel = "LANGUAGE[,...]",
            split = ",",
            defaultValue = "python,java,cpp,javascript,en",
            description = "Languages that prompts come in (default: ${DEFAULT-VALUE}).")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private List<String> languages;

    @Option(
            names = "--partitions",
            paramLabel = "N",
            defaultValue = "4",
            description = "Partitions of topics that are spread for throughput (default: ${DEFAULT-VALUE}).")
    private int partitions;

    @Option(
            names = "--replication-factor",
            paramLabel = "N",
            description = "Replicas of every partition (default: the broker's default).")
    private @Nullable Short replicationFactor;

    @Mixin
    private final OutputOptions output = new OutputOptions();

    @Override
    public Integer call() {
        List<TopicSpecification> topics = specifications();
        ClusterSettings settings = cluster.connectToBroker();
        try (Admin admin = Admin.create(settings.client(Map.of()))) {
            Outcome outcome = TopicSetup.create(admin, topics, Optional.ofNullable(replicationFactor));
            output.print(outcome, () -> describe(outcome));
        }
        return ExitCode.DONE;
    }

    private List<TopicSpecification> specifications() {
        if (partitions < 1) {
            throw new BadInputException("--partitions must be at least 1, not " + partitions + ".");
        }
        if (replicationFactor != null && replicationFactor < 1) {
            throw new BadInputException("--replication-factor must be at least 1, not " + replicationFactor + ".");
        }
        try {
            return TopicCatalogue.topics(
                    languages.stream().map(String::strip).distinct().toList(), partitions);
        } catch (IllegalArgumentException e) {
            throw new BadInputException("--languages: " + e.getMessage() + ".", e);
        }
    }

    private static String describe(Outcome outcome) {
        return Stream.of(
                        outcome.created().stream().map(name -> "created   " + name),
                        outcome.existing().stream().map(name -> "existing  " + name),
                        outcome.differences().stream()
                                .map(d -> "differs   " + d.topic() + ": " + d.property() + " is " + d.actual()
                                        + ", not " + d.expected()))
                .flatMap(lines -> lines)
                .collect(Collectors.joining(System.lineSeparator()));
    }
}
