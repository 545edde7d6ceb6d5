package dev.sparsecast.pruner.specification;

import dev.sparsecast.pruner.specification.SubModelSpecification.Gate;
import dev.sparsecast.pruner.specification.SubModelSpecification.Group;
import dev.sparsecast.pruner.specification.SubModelSpecification.Refresh;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import dev.sparsecast.wanda.PruningException;
import dev.sparsecast.wanda.PruningParameters;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * {@code submodels.yaml}: which sub-models to make. Everything that is wrong with a file is reported at once, each by its
 * path in it, such as {@code submodels[1].sparsity}.
 */
public final class SpecificationFile {
    private static final YAMLMapper YAML = YAMLMapper.builder().build();
    private static final Set<String> SUBMODEL_KEYS =
            Set.of("name", "groups", "method", "pattern", "sparsity", "refresh", "gate", "artifacts");
    private static final Set<String> GROUP_KEYS = Set.of("language", "domain", "weight");
    private static final Set<String> REFRESH_KEYS =
            Set.of("minimum_tokens", "minimum_prompts", "new_tokens", "on_drift", "schedule", "minimum_interval");
    private static final Set<String> GATE_KEYS = Set.of(
            "held_out_prompts", "minimum_held_out_prompts", "largest_ratio_to_dense", "largest_ratio_to_current");

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
            throw new SpecificationException("the file " + file + " is no YAML: " + e.getOriginalMessage(), e);
        }
        SpecificationFile reader = new SpecificationFile();
        List<SubModelSpecification> submodels = reader.submodels(root);
        if (!reader.problems.isEmpty()) {
            throw new SpecificationException(
                    "the file " + file + " cannot be used: " + String.join("; ", reader.problems));
        }
        return submodels;
    }

    private List<SubModelSpecification> submodels(JsonNode root) {
        checkKeys("", root, Set.of("submodels"));
        JsonNode list = root.path("submodels");
        if (!list.isArray() || list.isEmpty()) {
            problems.add("submodels: must be a list with at least one sub-model");
            return List.of();
        }
        List<SubModelSpecification> submodels = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (int i = 0; i < list.size(); i++) {
            String path = "submodels[" + i + "]";
            SubModelSpecification submodel = submodel(path, list.get(i));
            if (submodel != null) {
                if (!names.add(submodel.name())) {
                    problems.add(path + ".name: '" + submodel.name() + "' is used before");
                }
                submodels.add(submodel);
            }
        }
        return submodels;
    }

    private @Nullable SubModelSpecification submodel(String path, JsonNode node) {
        checkKeys(path, node, SUBMODEL_KEYS);
        int before = problems.size();
        String name = text(path + ".name", node.path("name"), "");
        List<Group> groups = groups(path + ".groups", node.path("groups"));
        PruningParameters parameters = attempt(
                path + ".sparsity",
                () -> PruningParameters.parse(
                        text(path + ".method", node.path("method"), "wanda"),
                        text(path + ".pattern", node.path("pattern"), "unstructured"),
                        node.path("sparsity").isNumber()
                                ? OptionalDouble.of(node.path("sparsity").asDouble())
                                : OptionalDouble.empty()));
        Refresh refresh = refresh(path + ".refresh", node.path("refresh"));
        Gate gate = gate(path + ".gate", node.path("gate"));
        Set<ArtifactKind> artifacts = artifacts(path + ".artifacts", node.path("artifacts"));
        if (problems.size() > before || parameters == null || refresh == null || gate == null) {
            return null;
        }
        return attempt(path, () -> new SubModelSpecification(name, groups, parameters, refresh, gate, artifacts));
    }

    private List<Group> groups(String path, JsonNode node) {
        List<Group> groups = new ArrayList<>();
        if (!node.isArray() || node.isEmpty()) {
            problems.add(path + ": must be a list of groups with language and domain");
        }
        for (int i = 0; i < node.size(); i++) {
            JsonNode group = node.get(i);
            String groupPath = path + "[" + i + "]";
            checkKeys(groupPath, group, GROUP_KEYS);
            Group read = attempt(
                    groupPath,
                    () -> new Group(
                            text(groupPath + ".language", group.path("language"), ""),
                            text(groupPath + ".domain", group.path("domain"), ""),
                            number(groupPath + ".weight", group.path("weight"), 1)));
            if (read != null) {
                groups.add(read);
            }
        }
        return groups;
    }

    private @Nullable Refresh refresh(String path, JsonNode node) {
        checkKeys(path, node, REFRESH_KEYS);
        Refresh defaults = Refresh.defaults();
        return attempt(
                path,
                () -> new Refresh(
                        (long) number(path + ".minimum_tokens", node.path("minimum_tokens"), defaults.minimumTokens()),
                        (long) number(
                                path + ".minimum_prompts", node.path("minimum_prompts"), defaults.minimumPrompts()),
                        (long) number(path + ".new_tokens", node.path("new_tokens"), defaults.newTokens()),
                        node.path("on_drift").asBoolean(defaults.onDrift()),
                        node.path("schedule").isMissingNode()
                                ? Optional.empty()
                                : Optional.of(duration(path + ".schedule", node.path("schedule"), Duration.ZERO)),
                        duration(
                                path + ".minimum_interval",
                                node.path("minimum_interval"),
                                defaults.minimumInterval())));
    }

    private @Nullable Gate gate(String path, JsonNode node) {
        checkKeys(path, node, GATE_KEYS);
        Gate defaults = Gate.defaults();
        return attempt(
                path,
                () -> new Gate(
                        (int) number(
                                path + ".held_out_prompts", node.path("held_out_prompts"), defaults.heldOutPrompts()),
                        (int) number(
                                path + ".minimum_held_out_prompts",
                                node.path("minimum_held_out_prompts"),
                                defaults.minimumHeldOutPrompts()),
                        number(
                                path + ".largest_ratio_to_dense",
                                node.path("largest_ratio_to_dense"),
                                defaults.largestRatioToDense()),
                        number(
                                path + ".largest_ratio_to_current",
                                node.path("largest_ratio_to_current"),
                                defaults.largestRatioToCurrent())));
    }

    private Set<ArtifactKind> artifacts(String path, JsonNode node) {
        Set<ArtifactKind> kinds = EnumSet.of(ArtifactKind.RECIPE);
        for (JsonNode kind : node) {
            switch (kind.asString("")) {
                case "recipe" -> kinds.add(ArtifactKind.RECIPE);
                case "checkpoint" -> kinds.add(ArtifactKind.CHECKPOINT);
                default ->
                    problems.add(path + ": unknown kind '" + kind.asString("") + "'; known are recipe and checkpoint");
            }
        }
        return kinds;
    }

    private String text(String path, JsonNode node, String missing) {
        if (node.isMissingNode() && !missing.isEmpty()) {
            return missing;
        }
        if (!node.isString() || node.asString().isEmpty()) {
            problems.add(path + ": must be a text");
            return "invalid";
        }
        return node.asString();
    }

    private double number(String path, JsonNode node, double missing) {
        if (node.isMissingNode()) {
            return missing;
        }
        if (!node.isNumber()) {
            problems.add(path + ": must be a number");
            return missing;
        }
        return node.asDouble();
    }

    private Duration duration(String path, JsonNode node, Duration missing) {
        if (node.isMissingNode()) {
            return missing;
        }
        try {
            String text = node.asString("").toUpperCase(Locale.ROOT);
            return Duration.parse(text.startsWith("P") ? text : "PT" + text);
        } catch (DateTimeParseException e) {
            problems.add(path + ": must be a duration such as 10m or 90s");
            return missing;
        }
    }

    private void checkKeys(String path, JsonNode node, Set<String> known) {
        if (!node.isMissingNode() && !node.isObject()) {
            problems.add((path.isEmpty() ? "the file" : path) + ": must be a mapping");
        }
        for (String key : node.propertyNames()) {
            if (!known.contains(key)) {
                problems.add((path.isEmpty() ? key : path + "." + key) + ": unknown; known are "
                        + String.join(", ", known.stream().sorted().toList()));
            }
        }
    }

    private <T> @Nullable T attempt(String path, Supplier<T> make) {
        try {
            return make.get();
        } catch (IllegalArgumentException | PruningException e) {
            problems.add(path + ": " + e.getMessage());
            return null;
        }
    }
}
