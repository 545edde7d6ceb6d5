package dev.sparsecast.schemas;

import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * A sub-model version: immutable, signed.
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
        Signature signature) {
    public SubModelRelease {
        artifacts = List.copyOf(artifacts);
        provenance = List.copyOf(provenance);
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
                newSignature);
    }

    /** Why a release was made. */
    public enum Trigger {
        FIRST,
        TOKENS,
        DRIFT,
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
     * Perplexities on held-out prompts.
     *
     * @param prompts number of prompts
     * @param tokens predicted tokens in them
     * @param current of the release in use before; empty for the first
     */
    public record Quality(long prompts, long tokens, double dense, double candidate, OptionalDouble current) {}

    /**
     * A group in the snapshot.
     *
     * @param tokens lifetime tokens contained
     * @param prompts lifetime prompts contained
     */
    public record GroupProvenance(
            String language,
            String domain,
            double weight,
            long epoch,
            FlushDigest flushDigest,
            long tokens,
            long prompts) {}

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
