package dev.sparsecast.streams.query;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.DriftReport;
import dev.sparsecast.schemas.GroupKey;
import dev.sparsecast.schemas.LayerKey;
import dev.sparsecast.schemas.Totals;
import dev.sparsecast.streams.drift.DriftHistory;
import dev.sparsecast.streams.drift.DriftStores;
import dev.sparsecast.streams.statistics.EpochSettings;
import dev.sparsecast.streams.statistics.PublishedStatistics.GroupSummary;
import dev.sparsecast.streams.statistics.StatisticsStores;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.errors.InvalidStateStoreException;
import org.apache.kafka.streams.state.HostInfo;
import tools.jackson.databind.json.JsonMapper;

/**
 * Answers {@code GET} requests below {@link #PREFIX}, as {@code openapi.json} beside this class describes them. Whatever
 * instance is asked, the one that holds the key answers.
 */
public final class StatisticsApi implements AutoCloseable {
    public static final String PREFIX = "/api/v1/";

    private static final JsonMapper JSON = JsonMapper.builder()
            .changeDefaultPropertyInclusion(inclusion -> inclusion.withValueInclusion(JsonInclude.Include.NON_NULL))
            .addMixIn(DriftReport.class, ReportInShort.class)
            .build();

    private final LocalStores stores;
    private final Instances instances;
    private final String topology;

    /**
     * An API over a running instance.
     *
     * @param self what the instance told Kafka as its {@code application.server}
     * @param topology description of the topology
     */
    public StatisticsApi(KafkaStreams streams, EpochSettings settings, HostInfo self, String topology) {
        this.stores = new LocalStores(streams, self, settings);
        this.instances = new Instances(streams, self);
        this.topology = topology;
    }

    /** What is told of a drift report: the history keeps no measurements. */
    @JsonIgnoreProperties("measurements")
    private interface ReportInShort {}

    /** A group and how far each of its layers is. */
    record Group(String group, int layers, long tokens, Map<Integer, Long> tokensByLayer) {}

    record Groups(List<Group> groups) {}

    record Statistics(
            String group,
            int layer,
            int layers,
            long epoch,
            long epochMillis,
            long flushes,
            String flushDigest,
            Instant lastFlushAt,
            long distinctSources,
            double halfLifeTokens,
            Summary lifetime,
            Summary decayed) {}

    /** The sums themselves, for other instances. */
    record Sums(Totals lifetime, Totals decayed) {}

    record Mixed(Map<String, Double> weights, int layer, Summary lifetime, Summary decayed) {}

    record Drift(String group, List<DriftReport> reports) {}

    record Problem(int status, String reason) {}

    record TopologyText(String topology) {}

    /**
     * Answers a request.
     *
     * @param path its path, from {@link #PREFIX} on
     * @param query its query, decoded; empty if there is none
     */
    public Answer get(String path, String query) {
        try {
            return answer(path, query);
        } catch (QueryException e) {
            return problem(e.status(), String.valueOf(e.getMessage()));
        } catch (InvalidStateStoreException | IllegalStateException e) {
            return problem(Answer.UNAVAILABLE, "partitions are moving between instances: " + e.getMessage());
        }
    }

    private static Answer problem(int status, String reason) {
        return new Answer(status, JSON.writeValueAsString(new Problem(status, reason)));
    }

    private static Answer ok(Object body) {
        return new Answer(Answer.OK, JSON.writeValueAsString(body));
    }

    private Answer answer(String path, String query) {
        List<String> parts = List.of(path.substring(PREFIX.length()).split("/", -1));
        Map<String, String> parameters = parameters(query);
        return switch (parts.getFirst()) {
            case "groups" -> {
                if (parts.size() == 1) {
                    yield ok(groups(parameters.containsKey("local")));
                }
                yield ofGroup(path, query, parts, parameters);
            }
            case "mixtures" -> ok(mixture(parameters));
            case "topology" -> ok(new TopologyText(topology));
            case "openapi.json" -> new Answer(Answer.OK, description());
            default -> throw unknown(path);
        };
    }

    private static QueryException unknown(String path) {
        return new QueryException(Answer.NOT_FOUND, "there is nothing at " + path + "; see " + PREFIX + "openapi.json");
    }

    private static Map<String, String> parameters(String query) {
        Map<String, String> parameters = new HashMap<>();
        for (String part : query.split("&", -1)) {
            int equals = part.indexOf('=');
            if (!part.isEmpty()) {
                parameters.put(equals < 0 ? part : part.substring(0, equals), part.substring(equals + 1));
            }
        }
        return parameters;
    }

    private Groups groups(boolean localOnly) {
        List<GroupSummary> found =
                stores.holds(StatisticsStores.LEDGERS) ? stores.statistics().groups() : List.of();
        Map<String, Group> groups = new TreeMap<>();
        found.forEach(summary -> merge(groups, group(summary)));
        if (!localOnly) {
            for (HostInfo host : instances.others()) {
                Answer answer = instances.ask(host, PREFIX + "groups", "");
                requireOk(answer);
                JSON.readValue(answer.json(), Groups.class).groups().forEach(group -> merge(groups, group));
            }
        }
        return new Groups(List.copyOf(groups.values()));
    }

    private static Group group(GroupSummary summary) {
        return group(summary.group().toString(), summary.layers(), summary.tokens());
    }

    /** Its tokens are those that every layer has counted. */
    private static Group group(String name, int layers, Map<Integer, Long> tokens) {
        long complete = tokens.size() < layers
                ? 0
                : tokens.values().stream().mapToLong(Long::longValue).min().orElse(0);
        return new Group(name, layers, complete, new TreeMap<>(tokens));
    }

    private static void merge(Map<String, Group> groups, Group group) {
        groups.merge(group.group(), group, (one, other) -> {
            Map<Integer, Long> tokens = new TreeMap<>(one.tokensByLayer());
            tokens.putAll(other.tokensByLayer());
            return group(one.group(), one.layers(), tokens);
        });
    }

    private static void requireOk(Answer answer) {
        if (answer.status() != Answer.OK) {
            throw new QueryException(
                    answer.status(),
                    JSON.readValue(answer.json(), Problem.class).reason());
        }
    }

    /** {@code groups/MODEL/LANGUAGE/DOMAIN/drift} and {@code …/layers/LAYER} with {@code /sums} for other instances. */
    private Answer ofGroup(String path, String query, List<String> parts, Map<String, String> parameters) {
        if (parts.size() < 5) {
            throw unknown(path);
        }
        GroupKey group = parsed(() -> GroupKey.parse(String.join("/", parts.subList(1, 4))));
        boolean localOnly = parameters.containsKey("local");
        if (parts.get(4).equals("drift") && parts.size() == 5) {
            return elsewhere(DriftStores.HISTORY, group.toString(), path, query, localOnly)
                    .orElseGet(() -> ok(drift(group)));
        }
        if (!parts.get(4).equals("layers") || parts.size() < 6) {
            throw unknown(path);
        }
        LayerKey key = parsed(() -> LayerKey.parse(group + "/" + parts.get(5)));
        return elsewhere(StatisticsStores.LEDGERS, key.toString(), path, query, localOnly)
                .orElseGet(() -> {
                    ActivationStatistics statistics = statistics(key);
                    return parts.size() == 7 && parts.get(6).equals("sums")
                            ? ok(new Sums(statistics.lifetime(), statistics.decayed()))
                            : ok(told(key, statistics, "true".equals(parameters.get("channels"))));
                });
    }

    private Optional<Answer> elsewhere(String store, String key, String path, String query, boolean localOnly) {
        return localOnly
                ? Optional.empty()
                : instances.ownerElsewhere(store, key).map(host -> instances.ask(host, path, query));
    }

    private Drift drift(GroupKey group) {
        DriftHistory history = stores.drift(group)
                .orElseThrow(() ->
                        new QueryException(Answer.NOT_FOUND, "no drift of " + group + " has been measured so far"));
        return new Drift(group.toString(), history.entries());
    }

    private ActivationStatistics statistics(LayerKey key) {
        return stores.statistics()
                .of(key)
                .orElseThrow(() -> new QueryException(Answer.NOT_FOUND, "there are no statistics of " + key));
    }

    private static Statistics told(LayerKey key, ActivationStatistics statistics, boolean withChannels) {
        return new Statistics(
                key.group().toString(),
                key.layer(),
                statistics.layers(),
                statistics.epoch(),
                statistics.epochMillis(),
                statistics.flushes(),
                statistics.flushDigest().toString(),
                statistics.lastFlushAt(),
                statistics.distinctSources(),
                statistics.halfLifeTokens(),
                Summary.of(statistics.lifetime(), withChannels),
                Summary.of(statistics.decayed(), withChannels));
    }

    private Mixed mixture(Map<String, String> parameters) {
        Map<GroupKey, Double> weights = Mixture.weights(required(parameters, "groups"));
        int layer = parsed(() -> Integer.parseInt(required(parameters, "layer")));
        List<Sums> sums = new ArrayList<>();
        weights.keySet().forEach(group -> sums.add(sums(parsed(() -> group.layer(layer)))));
        boolean withChannels = "true".equals(parameters.get("channels"));
        List<Double> factors = List.copyOf(weights.values());
        Map<String, Double> told = new TreeMap<>();
        weights.forEach((group, weight) -> told.put(group.toString(), weight));
        return new Mixed(
                told,
                layer,
                Summary.of(Mixture.of(sums.stream().map(Sums::lifetime).toList(), factors), withChannels),
                Summary.of(Mixture.of(sums.stream().map(Sums::decayed).toList(), factors), withChannels));
    }

    private Sums sums(LayerKey key) {
        String path = PREFIX + "groups/" + key.group() + "/layers/" + key.layer() + "/sums";
        Optional<Answer> elsewhere = elsewhere(StatisticsStores.LEDGERS, key.toString(), path, "", false);
        if (elsewhere.isEmpty()) {
            ActivationStatistics statistics = statistics(key);
            return new Sums(statistics.lifetime(), statistics.decayed());
        }
        requireOk(elsewhere.get());
        return JSON.readValue(elsewhere.get().json(), Sums.class);
    }

    private static String required(Map<String, String> parameters, String name) {
        String value = parameters.get(name);
        if (value == null || value.isEmpty()) {
            throw new QueryException(Answer.BAD_REQUEST, "the parameter '" + name + "' is missing");
        }
        return value;
    }

    private interface Parser<T> {
        T parse();
    }

    private static <T> T parsed(Parser<T> parser) {
        try {
            return parser.parse();
        } catch (IllegalArgumentException e) {
            throw new QueryException(Answer.BAD_REQUEST, String.valueOf(e.getMessage()), e);
        }
    }

    private static String description() {
        try (InputStream in = Objects.requireNonNull(StatisticsApi.class.getResourceAsStream("openapi.json"))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        instances.close();
    }
}
