package dev.sparsecast.cli.command;

import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Lets a Kafka setting be written as {@code kafka.KEY=VALUE}, {@code --kafka.KEY=VALUE} or {@code -Dkafka.KEY=VALUE}. */
final class KafkaArguments {
    private static final Pattern SETTING =
            Pattern.compile("(?:--|-D)?kafka\\.([A-Za-z][A-Za-z0-9._-]*=.*)", Pattern.DOTALL);

    private KafkaArguments() {}

    /** The command line with every such argument as {@code --kafka KEY=VALUE}. */
    static String[] expand(String... arguments) {
        return Arrays.stream(arguments)
                .flatMap(argument -> {
                    Matcher setting = SETTING.matcher(argument);
                    return setting.matches() ? Stream.of("--kafka", setting.group(1)) : Stream.of(argument);
                })
                .toArray(String[]::new);
    }
}
