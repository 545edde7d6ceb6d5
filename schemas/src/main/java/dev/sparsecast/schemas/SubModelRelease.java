package dev.sparsecast.schemas;

import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.TreeSet;

/**
 * A sub-model version: immutable, signed.
 *
 * <p>A version is never changed after it was announced. To withdraw one, or to go back to one, a further version is
 * announced that has the mask of a good one again and says so in its {@link Rollout}: versions only ever rise, so that a
 * replayed record is old by its number, and whoever reads the newest record alone knows everything.
 *
 * @param model revision of the base model
 * @param parent version that it follows; empty for the first
 * @param baseDigest {@code sha256:...} of the base checkpoint
 * @param trigger why it was made
 * @param artifacts what a deployer may take, cheapest first
 * @param provenance the groups that it was made from
 * @param snapshotAt when the snapshot was complete
 * @param keyId which key signed it
 * @param signature Ed25519 over {@link dev.sparsecast.schemas.signing.ReleaseManifest#canonicalBytes}
 * @param rollout who takes it, and what else holds for the sub-model from now on
 */
public record SubModelRelease(
        String model,
        String submodel,
        int version,
        OptionalInt parent,
        String baseDigest,
        Trigger trigger,
        PruningRecipe recipe,
        List<Artifact> artifacts,
        Quality quality,
        List<GroupProvenance> provenance,
        Instant snapshotAt,
        Instant releasedAt,
        String keyId,
        Signature signature,
        Rollout rollout) {
    public SubModelRelease {
        artifacts = List.copyOf(artifacts);
        provenance = List.copyOf(provenance);
    }

    /** A release for every deployer at once, as all were before there was a {@link Rollout}. */
    public SubModelRelease(
            String model,
            String submodel,
            int version,
            OptionalInt parent,
            String baseDigest,
            Trigger trigger,
            PruningRecipe recipe,
            List<Artifact> artifacts,
            Quality quality,
            List<GroupProvenance> provenance,
            Instant snapshotAt,
            Instant releasedAt,
            String keyId,
            Signature signature) {
        this(
                model,
                submodel,
                version,
                parent,
                baseDigest,
                trigger,
                recipe,
                artifacts,
                quality,
                provenance,
                snapshotAt,
                releasedAt,
                keyId,
                signature,
                Rollout.EVERYWHERE);
    }

    public SubModelKey key() {
        return new SubModelKey(model, submodel);
    }

    /** The artifact of a kind, if the release has one. */
    public Optional<Artifact> artifact(ArtifactKind kind) {
        return artifacts.stream().filter(artifact -> artifact.kind() == kind).findFirst();
    }

    /** Lifetime tokens of all groups that it was made from. */
    public long tokens() {
        return provenance.stream().mapToLong(GroupProvenance::tokens).sum();
    }

    /** Lifetime prompts of all groups that it was made from. */
    public long prompts() {
        return provenance.stream().mapToLong(GroupProvenance::prompts).sum();
    }

    /**
     * Whether the sub-model itself was withdrawn: the release has no artifacts and must not be installed, and no version
     * is left that may be. Deployers leave what is revoked and go back to the newest version on their disk that is not,
     * or to none.
     */
    public boolean isWithdrawn() {
        return rollout.isRevoked(version);
    }

    /** The same release with another signature. */
    public SubModelRelease signed(String newKeyId, Signature newSignature) {
        return new SubModelRelease(
                model,
                submodel,
                version,
                parent,
                baseDigest,
                trigger,
                recipe,
                artifacts,
                quality,
                provenance,
                snapshotAt,
                releasedAt,
                newKeyId,
                newSignature,
                rollout);
    }

    /** The same release, unsigned, with another rollout. */
    public SubModelRelease withRollout(Rollout newRollout) {
        return new SubModelRelease(
                model,
                submodel,
                version,
                parent,
                baseDigest,
                trigger,
                recipe,
                artifacts,
                quality,
                provenance,
                snapshotAt,
                releasedAt,
                "",
                Signature.NONE,
                newRollout);
    }

    /** Why a release was made. */
    public enum Trigger {
        FIRST,
        TOKENS,
        DRIFT,
        CHURN,
        SCHEDULE,
        COMMAND;

        /** The name in records and reports, such as {@code first}. */
        public String label() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    /** What a deployer can make the sub-model from. */
    public enum ArtifactKind {
        RECIPE,
        DELTA,
        MASK,
        CHECKPOINT;

        /** The name in records and manifests, such as {@code recipe}. */
        public String label() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    /**
     * How the mask was made.
     *
     * @param maskDigest {@code sha256:...} of the mask file's data section
     * @param halfLifeTokens half-life of the totals used; infinite for lifetime totals
     * @param budget how the sparsity is spread over the layers: {@value #UNIFORM} or {@code owl:M:λ}
     */
    public record PruningRecipe(
            String method, String pattern, double sparsity, String maskDigest, double halfLifeTokens, String budget) {
        /** The same sparsity for every layer, which is what releases without a budget have. */
        public static final String UNIFORM = "uniform";

        public PruningRecipe(String method, String pattern, double sparsity, String maskDigest, double halfLifeTokens) {
            this(method, pattern, sparsity, maskDigest, halfLifeTokens, UNIFORM);
        }
    }

    /**
     * A file or directory in the artifact store.
     *
     * @param uri relative to the store
     * @param sha256 64 hex digits; of a directory, that of its sorted listing of sha256, size and name
     */
    public record Artifact(ArtifactKind kind, String uri, long bytes, String sha256) {}

    /**
     * Perplexities on held-out prompts, and how sure the differences are.
     *
     * @param prompts number of prompts
     * @param tokens predicted tokens in them
     * @param current of the release in use before; empty for the first
     * @param differenceToDense loss of the candidate minus that of the dense model; empty if it was not recorded
     * @param differenceToCurrent loss of the candidate minus that of the release in use before
     */
    public record Quality(
            long prompts,
            long tokens,
            double dense,
            double candidate,
            OptionalDouble current,
            Optional<LossDifference> differenceToDense,
            Optional<LossDifference> differenceToCurrent) {
        /** Without intervals. */
        public Quality(long prompts, long tokens, double dense, double candidate, OptionalDouble current) {
            this(prompts, tokens, dense, candidate, current, Optional.empty(), Optional.empty());
        }
    }

    /**
     * Mean loss of one model minus that of another in nats per predicted token, paired on the same prompts. The ratio of
     * their perplexities is {@code exp} of it.
     *
     * @param low lower end of the confidence interval
     * @param high upper end of the confidence interval
     * @param confidence such as 0.95
     */
    public record LossDifference(double mean, double low, double high, double confidence) {}

    /**
     * A group in the snapshot.
     *
     * @param tokens lifetime tokens contained
     * @param prompts lifetime prompts contained
     * @param distinctSources at least so many different sources; 0 if it was not recorded
     */
    public record GroupProvenance(
            String language,
            String domain,
            double weight,
            long epoch,
            FlushDigest flushDigest,
            long tokens,
            long prompts,
            long distinctSources) {
        /** Without the number of sources. */
        public GroupProvenance(
                String language,
                String domain,
                double weight,
                long epoch,
                FlushDigest flushDigest,
                long tokens,
                long prompts) {
            this(language, domain, weight, epoch, flushDigest, tokens, prompts, 0);
        }
    }

    /**
     * Who takes a release, and what else holds for the sub-model from it on.
     *
     * @param canaryShare share of the deployers that take it first, above 0 and at most 1; the others follow when those
     *     report that it is well
     * @param pinned whether no newer version is made until somebody unpins the sub-model; deployers install a pinned
     *     release like any other, at once if the canary share is 1
     * @param restores the earlier version whose mask this one has again; a deployer that still has that one on disk has
     *     the same mask digest there
     * @param revoked all versions of the sub-model that were withdrawn so far, ascending: deployers must not install or
     *     go back to any of them. Its own version if none is left ({@link SubModelRelease#isWithdrawn})
     */
    public record Rollout(double canaryShare, boolean pinned, OptionalInt restores, List<Integer> revoked) {
        /** Everybody at once, nothing pinned, restored or revoked. */
        public static final Rollout EVERYWHERE = new Rollout(1, false, OptionalInt.empty(), List.of());

        public Rollout {
            if (!(canaryShare > 0 && canaryShare <= 1)) {
                throw new IllegalArgumentException(
                        "the canary share must be above 0 and at most 1, not " + canaryShare);
            }
            revoked = List.copyOf(new TreeSet<>(revoked));
        }

        /** Whether a version must not be installed. */
        public boolean isRevoked(int version) {
            return revoked.contains(version);
        }
    }

    /** The bytes of a signature, as hex digits. */
    public record Signature(String hex) {
        public static final Signature NONE = new Signature("");

        public static Signature of(byte[] bytes) {
            return new Signature(HexFormat.of().formatHex(bytes));
        }

        public byte[] bytes() {
            return HexFormat.of().parseHex(hex);
        }
    }
}
