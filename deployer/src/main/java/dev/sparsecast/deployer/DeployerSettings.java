package dev.sparsecast.deployer;

import dev.sparsecast.deployer.hook.Hook;
import dev.sparsecast.deployer.rollout.RolloutRule;
import dev.sparsecast.deployer.state.Layout;
import dev.sparsecast.schemas.Names;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** What a deployer needs to know. Immutable: each {@code with…} gives other settings that differ in one thing. */
public final class DeployerSettings {
    private final String deployer;
    private final ClusterSettings cluster;
    private final Path model;
    private final String store;
    private final Path state;
    private final List<Path> trustedKeys;
    private final Set<String> submodels;
    private final Layout layout;
    private final int keepPrevious;
    private final Set<ArtifactKind> kinds;
    private final long largestRecipe;
    private final List<Hook> hooks;
    private final Duration canaryPatience;
    private final int threads;

    private DeployerSettings(Draft draft) {
        deployer = draft.deployer;
        cluster = draft.cluster;
        model = draft.model;
        store = draft.store;
        state = draft.state;
        trustedKeys = List.copyOf(draft.trustedKeys);
        submodels = Set.copyOf(draft.submodels);
        layout = draft.layout;
        keepPrevious = draft.keepPrevious;
        kinds = Set.copyOf(draft.kinds);
        largestRecipe = draft.largestRecipe;
        hooks = List.copyOf(draft.hooks);
        canaryPatience = draft.canaryPatience;
        threads = draft.threads;
        check();
    }

    private void check() {
        check(
                Names.isLabel(deployer),
                "the deployer's name '" + deployer
                        + "' cannot be used: take 1 to 64 of a-z, 0-9, '_' and '-', starting with a letter or digit");
        check(!trustedKeys.isEmpty(), "the deployer trusts nobody: give at least one public key file of a pruner");
        check(keepPrevious >= 0, "the number of versions to keep is " + keepPrevious + ": give 0 or more");
        check(!kinds.isEmpty(), "the deployer may use no kind of artifact: give at least one, such as recipe");
        check(largestRecipe > 0, "the size limit of recipes is " + largestRecipe + " bytes: give a positive one");
        check(
                !canaryPatience.isNegative(),
                "the time-out of canaries is " + canaryPatience.toSeconds() + " seconds: give 0 or more");
        check(threads > 0, "the number of threads is " + threads + ": give 1 or more");
        submodels.forEach(name -> check(
                Names.isLabel(name), "'" + name + "' cannot be the name of a sub-model: take names such as 'python'"));
    }

    private static void check(boolean good, String otherwise) {
        if (!good) {
            throw new DeployerException(otherwise);
        }
    }

    /** Settings being changed. */
    private static final class Draft {
        private String deployer;
        private ClusterSettings cluster;
        private Path model;
        private String store;
        private Path state;
        private List<Path> trustedKeys;
        private Set<String> submodels = Set.of();
        private Layout layout = Layout.LINK;
        private int keepPrevious = 2;
        private Set<ArtifactKind> kinds = EnumSet.allOf(ArtifactKind.class);
        private long largestRecipe = 256L << 20;
        private List<Hook> hooks = List.of();
        private Duration canaryPatience = Duration.ofMinutes(30);
        private int threads = Runtime.getRuntime().availableProcessors();

        Draft(String deployer, ClusterSettings cluster, Path model, String store, Path state, List<Path> trustedKeys) {
            this.deployer = deployer;
            this.cluster = cluster;
            this.model = model;
            this.store = store;
            this.state = state;
            this.trustedKeys = trustedKeys;
        }
    }

    /**
     * Settings for all sub-models, with two previous versions kept, no hooks, and all processors.
     *
     * @param deployer its name in acknowledgements, unique among the deployers of a cluster and the same after a restart
     * @param bootstrapServers Kafka brokers, {@code host:port}, several separated by commas
     * @param schemaRegistryUrl base URL of a registry that speaks Confluent's API
     * @param model directory of the base model
     * @param store address of the artifact store, as the pruner's {@code --store}: a directory or a URI
     * @param state directory for the versions; one deployer at a time may use it
     * @param trustedKeys public key files ({@code *.pub}) of those whose releases are taken; at least one
     * @throws DeployerException saying which of them cannot be used
     */
    public static DeployerSettings of(
            String deployer,
            String bootstrapServers,
            String schemaRegistryUrl,
            Path model,
            String store,
            Path state,
            List<Path> trustedKeys) {
        return of(deployer, new ClusterSettings(bootstrapServers, schemaRegistryUrl), model, store, state, trustedKeys);
    }

    /** The same for a cluster whose settings are known already. */
    public static DeployerSettings of(
            String deployer, ClusterSettings cluster, Path model, String store, Path state, List<Path> trustedKeys) {
        return new DeployerSettings(new Draft(deployer, cluster, model, store, state, trustedKeys));
    }

    private DeployerSettings with(Consumer<Draft> change) {
        Draft draft = new Draft(deployer, cluster, model, store, state, trustedKeys);
        draft.submodels = submodels;
        draft.layout = layout;
        draft.keepPrevious = keepPrevious;
        draft.kinds = kinds;
        draft.largestRecipe = largestRecipe;
        draft.hooks = hooks;
        draft.canaryPatience = canaryPatience;
        draft.threads = threads;
        change.accept(draft);
        return new DeployerSettings(draft);
    }

    /** With further settings for the Kafka clients (security, timeouts), which win over Sparsecast's own defaults. */
    public DeployerSettings withKafka(Map<String, String> settings) {
        return with(draft ->
                draft.cluster = new ClusterSettings(cluster.bootstrapServers(), cluster.schemaRegistryUrl(), settings));
    }

    /** For some sub-models only; empty for all. */
    public DeployerSettings withSubmodels(Set<String> names) {
        return with(draft -> draft.submodels = names);
    }

    /** With another way to show which version is in use. */
    public DeployerSettings withLayout(Layout other) {
        return with(draft -> draft.layout = other);
    }

    /** With another number of versions to keep beside the one in use, to switch back to. */
    public DeployerSettings withKeepPrevious(int versions) {
        return with(draft -> draft.keepPrevious = versions);
    }

    /**
     * With some kinds of artifact only; of those that a release has, the smallest is tried first.
     *
     * @param labels some of {@code recipe}, {@code delta}, {@code mask} and {@code checkpoint}
     * @throws DeployerException if there is none, or one that is unknown
     */
    public DeployerSettings withKinds(Set<String> labels) {
        Set<ArtifactKind> usable = EnumSet.noneOf(ArtifactKind.class);
        for (String label : labels) {
            usable.add(Arrays.stream(ArtifactKind.values())
                    .filter(kind -> kind.label().equals(label))
                    .findFirst()
                    .orElseThrow(() -> new DeployerException("there is no kind of artifact '" + label
                            + "': give some of recipe, delta, mask and checkpoint")));
        }
        return with(draft -> draft.kinds = usable);
    }

    /** With another limit to the bytes of a recipe. */
    public DeployerSettings withLargestRecipe(long bytes) {
        return with(draft -> draft.largestRecipe = bytes);
    }

    /** With hooks, told of every switch in this order; each may object, which switches back. */
    public DeployerSettings withHooks(List<Hook> others) {
        return with(draft -> draft.hooks = others);
    }

    /** With another time from a release until fewer canaries are enough; see {@link RolloutRule}. */
    public DeployerSettings withCanaryPatience(Duration patience) {
        return with(draft -> draft.canaryPatience = patience);
    }

    /** With another number of threads for pruning and reading back. */
    public DeployerSettings withThreads(int number) {
        return with(draft -> draft.threads = number);
    }

    public String deployer() {
        return deployer;
    }

    public ClusterSettings cluster() {
        return cluster;
    }

    public Path model() {
        return model;
    }

    public String store() {
        return store;
    }

    public Path state() {
        return state;
    }

    public List<Path> trustedKeys() {
        return trustedKeys;
    }

    public Set<String> submodels() {
        return submodels;
    }

    public Layout layout() {
        return layout;
    }

    public int keepPrevious() {
        return keepPrevious;
    }

    Set<ArtifactKind> kinds() {
        return kinds;
    }

    public long largestRecipe() {
        return largestRecipe;
    }

    public List<Hook> hooks() {
        return hooks;
    }

    public Duration canaryPatience() {
        return canaryPatience;
    }

    public int threads() {
        return threads;
    }
}
