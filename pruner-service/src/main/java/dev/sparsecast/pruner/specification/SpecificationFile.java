package dev.sparsecast.pruner.specification;

import dev.sparsecast.pruner.specification.SubModelSpecification.Gate;
import dev.sparsecast.pruner.specification.SubModelSpecification.Group;
import dev.sparsecast.pruner.specification.SubModelSpecification.Refresh;
import dev.sparsecast.schemas.Names;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import dev.sparsecast.wanda.Budget;
import dev.sparsecast.wanda.Method;
import dev.sparsecast.wanda.Pattern;
import dev.sparsecast.wanda.PruningException;
import dev.sparsecast.wanda.PruningParameters;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * {@code submodels.yaml}: which sub-models to make. Everything that is wrong with a file is reported at once, each by its
 * path in it, such as {@code submodels[1].sparsity}. The file {@code submodels-example.yaml} among this module's
 * resources has every key.
 */
public final class SpecificationFile {
    private static final YAMLMapper YAML = YAMLMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();
    private static final List<String> SUBMODEL_KEYS = List.of(
            "name",
            "model",
            "groups",
            "method",
            "pattern",
            "sparsity",
            "budget",
            "refresh",
            "gate",
            "artifacts",
            "canary_share");
    private static final List<String> GROUP_KEYS = List.of("language", "domain", "weight");
    private static final List<String> REFRESH_KEYS = List.of(
            "minimum_tokens",
            "minimum_prompts",
            "minimum_sources",
            "new_tokens",
            "on_drift",
            "on_churn",
            "schedule",
            "minimum_interval");
    private static final List<String> GATE_KEYS = List.of(
            "held_out_prompts",
            "minimum_held_out_prompts",
            "largest_ratio_to_dense",
            "largest_ratio_to_current",
            "confidence",
            "longest_hold");

    private final List<String> problems = new ArrayList<>();

    private SpecificationFile() {}

    /**
     * Reads a file.
     *
     * @throws SpecificationException listing everything that is wrong
     */
    public static List<SubModelSpecification> read(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new SpecificationException("there is no file " + file + " of sub-models");
        }
        JsonNode root;
        try {
            root = YAML.readTree(file);
        } catch (JacksonException e) {
            throw new SpecificationException(
                    "the file " + file + " cannot be read as YAML (line "
                            + e.getLocation().getLineNr() + "): "
                            + e.getOriginalMessage().lines().findFirst().orElse("no reason given"),
                    e);
        }
        SpecificationFile reader = new SpecificationFile();
        List<SubModelSpecification> submodels = reader.submodels(root);
        if (!reader.problems.isEmpty()) {
            throw new SpecificationException("the file " + file + " cannot be used", reader.problems);
        }
        return submodels;
    }

    private List<SubModelSpecification> submodels(JsonNode root) {
        MappingReader file = new MappingReader("", root, problems, List.of("submodels"));
        List<MappingReader> entries = file.mappings("submodels", "sub-models", SUBMODEL_KEYS);
        if (entries.isEmpty() && problems.isEmpty()) {
            problems.add("submodels: must be a list with at least one sub-model");
        }
        List<SubModelSpecification> submodels = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (MappingReader entry : entries) {
            SubModelSpecification submodel = submodel(entry, names);
            if (submodel != null) {
                submodels.add(submodel);
            }
        }
        return submodels;
    }

    private @Nullable SubModelSpecification submodel(MappingReader entry, Set<String> names) {
        int before = problems.size();
        Optional<String> name = label(entry, "name", "sub-model");
        Optional<String> model = entry.text("model");
        name.filter(given -> !names.add(given + " of " + model.orElse("any model")))
                .ifPresent(given -> entry.problem("name", "another sub-model is called '" + given + "'"));
        List<Group> groups = groups(entry);
        Optional<PruningParameters> parameters = parameters(entry);
        Refresh refresh = refresh(entry.mapping("refresh", REFRESH_KEYS));
        Gate gate = gate(entry.mapping("gate", GATE_KEYS));
        Set<ArtifactKind> artifacts = artifacts(entry);
        double canaryShare = entry.share("canary_share", 1);
        if (problems.size() > before) {
            return null;
        }
        return new SubModelSpecification(
                name.orElseThrow(), model, groups, parameters.orElseThrow(), refresh, gate, artifacts, canaryShare);
    }

    private List<Group> groups(MappingReader entry) {
        List<Group> groups = new ArrayList<>();
        Set<List<String>> known = new HashSet<>();
        List<MappingReader> elements = entry.mappings("groups", "groups with language and domain", GROUP_KEYS);
        if (elements.isEmpty()) {
            entry.problem("groups", "must be a list with at least one group of language and domain");
        }
        for (MappingReader element : elements) {
            Optional<String> language = label(element, "language", "language");
            Optional<String> domain = label(element, "domain", "domain");
            double weight = element.positive("weight", 1);
            if (language.isPresent() && domain.isPresent()) {
                if (!known.add(List.of(language.get(), domain.get()))) {
                    element.problem(
                            "domain",
                            "the group " + language.get() + "/" + domain.get()
                                    + " is there twice; give it a weight instead");
                }
                groups.add(new Group(language.get(), domain.get(), weight));
            }
        }
        return groups;
    }

    private Optional<PruningParameters> parameters(MappingReader entry) {
        int before = problems.size();
        Optional<String> method = parsed(entry, "method", "wanda", SpecificationFile::method);
        Optional<Pattern> pattern = parsed(entry, "pattern", "unstructured", Pattern::parse);
        Optional<String> budget = entry.has("budget") ? entry.text("budget") : Optional.empty();
        budget.ifPresent(text -> attempt(entry, "budget", () -> Budget.parse(text)));
        OptionalDouble sparsity = entry.number("sparsity");
        if (problems.size() > before) {
            return Optional.empty();
        }
        return attempt(
                entry,
                "sparsity",
                () -> PruningParameters.parse(
                        method.orElseThrow(), pattern.orElseThrow().label(), sparsity, budget));
    }

    /** A method that a deployer can prune by, or the short word for one with its budget. */
    private static String method(String label) {
        return label.equals(Budget.OWL) ? label : Method.parse(label).label();
    }

    private static Refresh refresh(MappingReader reader) {
        Refresh defaults = Refresh.defaults();
        Optional<Duration> schedule = reader.duration("schedule");
        if (schedule.isPresent() && schedule.get().isZero()) {
            reader.problem("schedule", "must be longer than 0; leave it out for no schedule");
            schedule = Optional.empty();
        }
        return new Refresh(
                reader.whole("minimum_tokens", 1, defaults.minimumTokens()),
                reader.whole("minimum_prompts", 1, defaults.minimumPrompts()),
                reader.whole("minimum_sources", 0, defaults.minimumSources()),
                reader.whole("new_tokens", 0, defaults.newTokens()),
                reader.truth("on_drift", defaults.onDrift()),
                reader.has("on_churn") ? OptionalDouble.of(reader.share("on_churn", 1)) : OptionalDouble.empty(),
                schedule,
                reader.duration("minimum_interval").orElse(defaults.minimumInterval()));
    }

    private static Gate gate(MappingReader reader) {
        Gate defaults = Gate.defaults();
        int heldOut = prompts(reader, "held_out_prompts", defaults.heldOutPrompts());
        int minimum = prompts(reader, "minimum_held_out_prompts", Math.min(defaults.minimumHeldOutPrompts(), heldOut));
        if (minimum > heldOut) {
            reader.problem("minimum_held_out_prompts", "must be at most held_out_prompts, which is " + heldOut);
            minimum = heldOut;
        }
        return new Gate(
                heldOut,
                minimum,
                reader.positive("largest_ratio_to_dense", defaults.largestRatioToDense()),
                reader.positive("largest_ratio_to_current", defaults.largestRatioToCurrent()),
                confidence(reader, defaults.confidence()),
                reader.duration("longest_hold").orElse(defaults.longestHold()));
    }

    private static double confidence(MappingReader reader, double missing) {
        double confidence = reader.number("confidence").orElse(missing);
        if (!(confidence > 0 && confidence < 1)) {
            reader.problem("confidence", "must be a number above 0 and below 1, not " + confidence);
            return missing;
        }
        return confidence;
    }

    private static int prompts(MappingReader reader, String key, int missing) {
        long value = reader.whole(key, 1, missing);
        if (value > Gate.MOST_HELD_OUT_PROMPTS) {
            reader.problem(key, "must be at most " + Gate.MOST_HELD_OUT_PROMPTS);
            return missing;
        }
        return (int) value;
    }

    private static Set<ArtifactKind> artifacts(MappingReader entry) {
        Set<ArtifactKind> kinds = EnumSet.of(ArtifactKind.RECIPE);
        for (JsonNode kind : entry.list("artifacts", "kinds of artifact")) {
            String label = kind.asString("");
            Arrays.stream(ArtifactKind.values())
                    .filter(known -> known.label().equals(label))
                    .findFirst()
                    .ifPresentOrElse(
                            kinds::add,
                            () -> entry.problem(
                                    "artifacts",
                                    "unknown kind '" + label + "'; known are recipe, delta, mask and checkpoint"));
        }
        return kinds;
    }

    private static Optional<String> label(MappingReader reader, String key, String what) {
        return reader.requiredText(key).flatMap(text -> attempt(reader, key, () -> Names.label(what, text)));
    }

    private static <T> Optional<T> parsed(
            MappingReader reader, String key, String missing, Function<String, T> parser) {
        if (!reader.has(key)) {
            return Optional.of(parser.apply(missing));
        }
        return reader.text(key).flatMap(text -> attempt(reader, key, () -> parser.apply(text)));
    }

    private static <T> Optional<T> attempt(MappingReader reader, String key, Supplier<T> make) {
        try {
            return Optional.of(make.get());
        } catch (IllegalArgumentException | PruningException e) {
            reader.problem(key, String.valueOf(e.getMessage()));
            return Optional.empty();
        }
    }
}
