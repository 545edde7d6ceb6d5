package dev.sparsecast.deployer.installation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsecast.checkpoint.ElementType;
import dev.sparsecast.deployer.TestModel;
import dev.sparsecast.deployer.TestWorld;
import dev.sparsecast.deployer.TestWorld.Deployer;
import dev.sparsecast.schemas.SubModelDeployment;
import dev.sparsecast.schemas.SubModelDeployment.State;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.Artifact;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import dev.sparsecast.schemas.SubModelRelease.PruningRecipe;
import dev.sparsecast.schemas.SubModelRelease.Signature;
import dev.sparsecast.schemas.signing.SigningKey;
import dev.sparsecast.store.ArtifactStore.Stored;
import dev.sparsecast.store.ContentDigest;
import dev.sparsecast.wanda.Progress;
import dev.sparsecast.wanda.delta.MaskDelta;
import dev.sparsecast.wanda.mask.MaskFile;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever is done to a release, nothing of it reaches {@code current}, and the acknowledgement says why. */
class AttackTest {
    private interface Forgery {
        SubModelRelease make(TestWorld world) throws IOException;
    }

    /** @param reason part of what the acknowledgement says */
    private record Attack(String name, String reason, Forgery forgery) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static Stream<Attack> attacks() {
        return Stream.of(onSignatures(), onManifests(), onArtifacts(), onCheckpoints())
                .flatMap(List::stream);
    }

    private static List<Attack> onSignatures() {
        return List.of(
                new Attack("unsigned", "it is not signed", world -> world.unsigned("python", 3)),
                new Attack(
                        "unknown key",
                        "not among the trusted ones",
                        world -> SigningKey.generate().sign(world.unsigned("python", 3))),
                new Attack("revoked key", "was revoked: the build machine was broken into", world -> {
                    SigningKey stolen = SigningKey.generate();
                    world.trust(stolen);
                    world.revoke(stolen, "the build machine was broken into");
                    return stolen.sign(world.unsigned("python", 3));
                }),
                new Attack("other key under a trusted key's id", "signature does not fit", world -> {
                    SubModelRelease forged = SigningKey.generate().sign(world.unsigned("python", 3));
                    return forged.signed(world.key.verifyingKey().id(), forged.signature());
                }),
                new Attack(
                        "signature of another release",
                        "signature does not fit",
                        world -> world.unsigned("python", 3)
                                .signed(
                                        world.key.verifyingKey().id(),
                                        world.release("python", 1).signature())),
                new Attack(
                        "signature that is no hexadecimal",
                        "signature does not fit",
                        world -> world.unsigned("python", 3)
                                .signed(world.key.verifyingKey().id(), new Signature("zz"))),
                new Attack(
                        "signature of another length",
                        "signature does not fit",
                        world -> world.unsigned("python", 3)
                                .signed(world.key.verifyingKey().id(), new Signature("00"))));
    }

    private static List<Attack> onManifests() {
        return List.of(
                new Attack("changed version", "signature does not fit", world -> {
                    SubModelRelease release = world.release("python", 3);
                    return TestWorld.edited(release, release.baseDigest(), 4, release.recipe());
                }),
                new Attack("changed sparsity", "signature does not fit", world -> {
                    SubModelRelease release = world.release("python", 3);
                    return TestWorld.edited(release, release.baseDigest(), 3, sparser(release.recipe()));
                }),
                new Attack("changed artifacts", "signature does not fit", world -> {
                    SubModelRelease release = world.release("python", 3);
                    return TestWorld.withArtifacts(
                                    release, world.release("java", 3).artifacts())
                            .signed(release.keyId(), release.signature());
                }),
                new Attack("replayed old release", "older than version 2", world -> world.release("python", 1)),
                new Attack("version that is none", "not a positive number", world -> {
                    SubModelRelease release = world.release("python", 3);
                    return world.key.sign(TestWorld.edited(release, release.baseDigest(), -3, release.recipe()));
                }),
                new Attack("another base model", "it is for the base model sha256:", world -> {
                    SubModelRelease release = world.release("python", 3);
                    return world.key.sign(TestWorld.edited(release, "sha256:" + "0".repeat(64), 3, release.recipe()));
                }),
                new Attack("a promise of another sparsity", "another one than was announced", world -> {
                    SubModelRelease release = world.release("python", 3);
                    return world.key.sign(
                            TestWorld.edited(release, release.baseDigest(), 3, sparser(release.recipe())));
                }),
                new Attack(
                        "oversize manifest",
                        "its manifest has",
                        world -> world.key.sign(TestWorld.withArtifacts(
                                world.unsigned("python", 3),
                                Collections.nCopies(
                                        10_000,
                                        new Artifact(ArtifactKind.CHECKPOINT, "a".repeat(200), 1, "0".repeat(64)))))),
                new Attack("a mask digest that is none", "is none", world -> {
                    SubModelRelease release = world.release("python", 3);
                    PruningRecipe recipe = release.recipe();
                    return world.key.sign(TestWorld.edited(
                            release,
                            release.baseDigest(),
                            3,
                            new PruningRecipe(recipe.method(), recipe.pattern(), 0.5, "sha256:1", 1)));
                }));
    }

    private static List<Attack> onArtifacts() {
        return List.of(
                new Attack("changed artifact", "its sha256 is", world -> {
                    SubModelRelease release = world.release("python", 3);
                    flipLastByte(stored(world, release));
                    return release;
                }),
                new Attack("truncated artifact", "announced were", world -> {
                    SubModelRelease release = world.release("python", 3);
                    try (RandomAccessFile file =
                            new RandomAccessFile(stored(world, release).toFile(), "rw")) {
                        file.setLength(file.length() - 1);
                    }
                    return release;
                }),
                new Attack("artifact that never ends", "longer than", world -> {
                    SubModelRelease release = world.release("python", 3);
                    Files.write(stored(world, release), new byte[10_000_000], StandardOpenOption.APPEND);
                    return release;
                }),
                new Attack("artifact that is gone", "cannot be fetched", world -> {
                    SubModelRelease release = world.release("python", 3);
                    Files.delete(stored(world, release));
                    return release;
                }),
                new Attack(
                        "another sub-model's recipe",
                        "the mask digest is",
                        world -> world.key.sign(TestWorld.withArtifacts(
                                world.unsigned("python", 3),
                                world.release("java", 3).artifacts()))),
                new Attack("another sub-model's recipe, digest and all", "announced under the key", world -> {
                    SubModelRelease java = world.release("java", 3);
                    return java; // announced as python by the test
                }),
                new Attack("recipe that promises another mask", "does not give the promised mask", world -> {
                    SubModelRelease release = world.unsigned("python", 3);
                    String wrong = "sha256:" + "1".repeat(64);
                    var recipe = world.recipe("python", 3);
                    Path file = world.draft();
                    new dev.sparsecast.wanda.recipe.Recipe(recipe.parameters(), recipe.calibration(), wrong)
                            .write(file);
                    SubModelRelease forged = withRecipeFile(world, release, file);
                    PruningRecipe announced = release.recipe();
                    return world.key.sign(TestWorld.edited(
                            forged,
                            release.baseDigest(),
                            3,
                            new PruningRecipe(
                                    announced.method(), announced.pattern(), announced.sparsity(), wrong, 1)));
                }),
                new Attack("recipe with another budget than was announced", "another one than was announced", world -> {
                    SubModelRelease release = world.unsigned("python", 3);
                    PruningRecipe announced = release.recipe();
                    return world.key.sign(TestWorld.edited(
                            release,
                            release.baseDigest(),
                            3,
                            new PruningRecipe(
                                    announced.method(),
                                    announced.pattern(),
                                    announced.sparsity(),
                                    announced.maskDigest(),
                                    1,
                                    "owl:5:0.08")));
                }),
                new Attack("recipe that is no safetensors file", "cannot be used", world -> {
                    Path file = Files.writeString(world.draft(), "nonsense");
                    return world.key.sign(withRecipeFile(world, world.unsigned("python", 3), file));
                }),
                new Attack("oversize header", "cannot be used", world -> {
                    byte[] header = ByteBuffer.allocate(16)
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .putLong(1L << 40)
                            .array();
                    Path file = Files.write(world.draft(), header);
                    return world.key.sign(withRecipeFile(world, world.unsigned("python", 3), file));
                }),
                new Attack(
                        "another sub-model's mask",
                        "its mask is another one than was announced: the mask digest is",
                        world -> withArtifact(world, world.artifact("java", 3, ArtifactKind.MASK))),
                new Attack("mask with a changed bit", "its mask cannot be used", world -> {
                    Path file = world.draft();
                    MaskFile.write(file, world.recipe("python", 3).apply(world.base, 1));
                    flipLastByte(file);
                    Stored stored = world.store.put("forged/mask", file);
                    return withArtifact(world, TestWorld.artifact(ArtifactKind.MASK, "forged/mask", stored));
                }),
                new Attack(
                        "mask that is no safetensors file",
                        "its mask cannot be used",
                        world -> withArtifact(world, nonsense(world, ArtifactKind.MASK))),
                new Attack(
                        "another sub-model's delta",
                        "its delta is another one than was announced: the mask digest is",
                        world -> withArtifact(world, world.artifact("java", 3, ArtifactKind.DELTA))),
                new Attack("signed delta that was cut short", "its delta does not give the promised mask", world -> {
                    Path file = world.draft();
                    MaskDelta.write(
                            file,
                            world.recipe("python", 2).apply(world.base, 1),
                            world.recipe("python", 3).apply(world.base, 1),
                            1,
                            Progress.SILENT);
                    Files.write(file, Arrays.copyOf(Files.readAllBytes(file), (int) Files.size(file) - 1));
                    Stored stored = world.store.put("forged/delta", file);
                    return withArtifact(world, TestWorld.artifact(ArtifactKind.DELTA, "forged/delta", stored));
                }),
                new Attack("delta that unpacks to gigabytes", "its delta does not give the promised mask", world -> {
                    Path file = world.draft();
                    MaskDelta.write(
                            file,
                            world.recipe("python", 2).apply(world.base, 1),
                            world.recipe("python", 3).apply(world.base, 1),
                            1,
                            Progress.SILENT);
                    byte[] content = Files.readAllBytes(file);
                    int table = new String(content, StandardCharsets.ISO_8859_1).indexOf("\n\n") + 2;
                    ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN).putInt(table, Integer.MAX_VALUE);
                    Stored stored = world.store.put("forged/delta", Files.write(file, content));
                    return withArtifact(world, TestWorld.artifact(ArtifactKind.DELTA, "forged/delta", stored));
                }),
                new Attack("delta with a changed code", "its delta does not give the promised mask", world -> {
                    Path file = world.draft();
                    MaskDelta.write(
                            file,
                            world.recipe("python", 2).apply(world.base, 1),
                            world.recipe("python", 3).apply(world.base, 1),
                            1,
                            Progress.SILENT);
                    byte[] content = Files.readAllBytes(file);
                    Arrays.fill(content, content.length - 64, content.length, (byte) 0xff);
                    Stored stored = world.store.put("forged/delta", Files.write(file, content));
                    return withArtifact(world, TestWorld.artifact(ArtifactKind.DELTA, "forged/delta", stored));
                }),
                new Attack(
                        "delta that is none",
                        "its delta cannot be used",
                        world -> withArtifact(world, nonsense(world, ArtifactKind.DELTA))),
                new Attack("header that is longer than the file", "cannot be used", world -> {
                    byte[] header = ByteBuffer.allocate(64)
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .putLong(57)
                            .array();
                    Path file = Files.write(world.draft(), header);
                    return world.key.sign(withRecipeFile(world, world.unsigned("python", 3), file));
                }),
                new Attack("header that promises more than the file has", "cannot be used", world -> {
                    byte[] header =
                            ("{\"model.layers.0.attention_input.norm\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904],"
                                            + "\"data_offsets\":[0,1152921504606846976]}}")
                                    .getBytes(StandardCharsets.US_ASCII);
                    Path file = Files.write(
                            world.draft(),
                            ByteBuffer.allocate(Long.BYTES + header.length)
                                    .order(ByteOrder.LITTLE_ENDIAN)
                                    .putLong(header.length)
                                    .put(header)
                                    .array());
                    return world.key.sign(withRecipeFile(world, world.unsigned("python", 3), file));
                }),
                new Attack("oversize artifact", "allowed are up to", world -> {
                    Artifact artifact = world.release("python", 3).artifacts().getFirst();
                    return withArtifact(
                            world,
                            new Artifact(
                                    ArtifactKind.RECIPE,
                                    artifact.uri(),
                                    TestWorld.LARGEST_RECIPE + 1,
                                    artifact.sha256()));
                }),
                new Attack(
                        "negative size",
                        "-1 bytes",
                        world -> withArtifact(
                                world, new Artifact(ArtifactKind.RECIPE, "python/3/r", -1, "0".repeat(64)))),
                new Attack(
                        "sha256 that is none",
                        "which is none",
                        world -> withArtifact(world, new Artifact(ArtifactKind.RECIPE, "python/3/r", 1, "00"))),
                new Attack("path that leads out of the store", "could lead out of the store", world -> {
                    Path secret = Files.writeString(world.directory.resolve("secret"), "secret");
                    return withArtifact(
                            world, TestWorld.artifact(ArtifactKind.RECIPE, "../secret", ContentDigest.of(secret)));
                }),
                new Attack(
                        "absolute path",
                        "it is absolute",
                        world ->
                                withArtifact(world, new Artifact(ArtifactKind.CHECKPOINT, "/etc", 1, "0".repeat(64)))));
    }

    private static List<Attack> onCheckpoints() {
        return List.of(
                new Attack("checkpoint with a file changed in the store", "its sha256 is", world -> {
                    SubModelRelease release = world.checkpointRelease("python", 3);
                    flipLastByte(world.storeDirectory.resolve("python/3/checkpoint/model.safetensors"));
                    return release;
                }),
                new Attack(
                        "signed checkpoint with a changed weight",
                        "neither the base model's nor zero",
                        world -> world.checkpointRelease(
                                "python", 3, checkpoint -> changeKeptWeight(checkpoint.resolve("model.safetensors")))),
                new Attack(
                        "signed checkpoint of the dense model",
                        "the checkpoint's zeros make the mask",
                        world -> world.checkpointRelease(
                                "python",
                                3,
                                checkpoint -> Files.write(
                                        checkpoint.resolve("model.safetensors"),
                                        Files.readAllBytes(
                                                world.base.directory().resolve("model.safetensors"))))),
                new Attack(
                        "signed checkpoint of another model",
                        "is not the base model's",
                        world -> world.checkpointRelease("python", 3, checkpoint -> {
                            Path other = TestModel.write(world.draft(), ElementType.F32, 99);
                            Files.write(
                                    checkpoint.resolve("model.safetensors"),
                                    Files.readAllBytes(other.resolve("model.safetensors")));
                        })),
                new Attack(
                        "signed checkpoint of another type",
                        "of another type or shape",
                        world -> world.checkpointRelease("python", 3, checkpoint -> {
                            Path other = TestModel.write(world.draft(), ElementType.BF16, 1);
                            Files.write(
                                    checkpoint.resolve("model.safetensors"),
                                    Files.readAllBytes(other.resolve("model.safetensors")));
                        })),
                new Attack(
                        "signed checkpoint without weights",
                        "cannot be used",
                        world -> world.checkpointRelease(
                                "python", 3, checkpoint -> Files.delete(checkpoint.resolve("model.safetensors")))),
                new Attack(
                        "signed checkpoint with another config",
                        "describes another model",
                        world -> world.checkpointRelease("python", 3, checkpoint -> {
                            Path config = checkpoint.resolve("config.json");
                            Files.writeString(config, Files.readString(config).replace("10000.0", "20000.0"));
                        })),
                new Attack("oversize listing", "its listing is longer than", world -> {
                    byte[] listing = new byte[(16 << 20) + 1];
                    world.store.put("python/3/c.files", Files.write(world.draft(), listing));
                    Stored stored = new Stored(0, ContentDigest.of(listing).sha256());
                    return withArtifact(world, TestWorld.artifact(ArtifactKind.CHECKPOINT, "python/3/c", stored));
                }),
                new Attack("listing that leads out of the state directory", "could lead out", world -> {
                    byte[] listing = (ContentDigest.of(new byte[0]).sha256() + "  0  ../../../../escaped\n")
                            .getBytes(StandardCharsets.UTF_8);
                    world.store.put("python/3/c.files", Files.write(world.draft(), listing));
                    Stored stored = new Stored(0, ContentDigest.of(listing).sha256());
                    return withArtifact(world, TestWorld.artifact(ArtifactKind.CHECKPOINT, "python/3/c", stored));
                }));
    }

    @ParameterizedTest
    @MethodSource("attacks")
    void isRefusedAndSaysWhy(Attack attack, @TempDir Path directory) throws IOException {
        try (TestWorld world = new TestWorld(directory)) {
            SubModelRelease good = world.release("python", 2);
            SubModelRelease forged = attack.forgery().make(world);
            try (Deployer deployer = world.deployer()) {
                deployer.install(good);
                var before = world.contents();

                List<SubModelDeployment> outcomes = announce(deployer, forged);

                assertThat(outcomes).singleElement().satisfies(deployment -> {
                    assertThat(deployment.state()).isEqualTo(State.REFUSED);
                    assertThat(deployment.reason()).contains(attack.reason());
                });
                world.assertInstalled(good);
                var after = world.contents();
                after.remove("python/rejected.json");
                assertThat(after).isEqualTo(before);
                assertThat(world.directory.resolve("escaped")).doesNotExist();
            }
        }
    }

    private static List<SubModelDeployment> announce(Deployer deployer, SubModelRelease release) {
        List<SubModelDeployment> outcomes = new java.util.ArrayList<>();
        deployer.installer()
                .install(
                        List.of(new Announcement(release.model() + "/python", release, java.time.Instant.now(), false)),
                        outcomes::add);
        return outcomes;
    }

    private static SubModelRelease withArtifact(TestWorld world, Artifact artifact) {
        return world.key.sign(TestWorld.withArtifacts(world.unsigned("python", 3), List.of(artifact)));
    }

    private static SubModelRelease withRecipeFile(TestWorld world, SubModelRelease release, Path file) {
        String uri = "forged/recipe.safetensors";
        return TestWorld.withArtifacts(
                release, List.of(TestWorld.artifact(ArtifactKind.RECIPE, uri, world.store.put(uri, file))));
    }

    private static Artifact nonsense(TestWorld world, ArtifactKind kind) throws IOException {
        Path file = Files.writeString(world.draft(), "nonsense");
        return TestWorld.artifact(kind, "forged/nonsense", world.store.put("forged/nonsense", file));
    }

    private static PruningRecipe sparser(PruningRecipe recipe) {
        return new PruningRecipe(recipe.method(), recipe.pattern(), 0.75, recipe.maskDigest(), recipe.halfLifeTokens());
    }

    private static Path stored(TestWorld world, SubModelRelease release) {
        return world.storeDirectory.resolve(release.artifacts().getFirst().uri());
    }

    private static void flipLastByte(Path path) throws IOException {
        byte[] content = Files.readAllBytes(path);
        content[content.length - 1] ^= 1;
        Files.write(path, content);
    }

    /** Flips the lowest bit of the last weight that is not zero, which belongs to the last prunable module. */
    private static void changeKeptWeight(Path path) throws IOException {
        byte[] content = Files.readAllBytes(path);
        int last = content.length - Float.BYTES;
        while (content[last + 3] == 0) {
            last -= Float.BYTES;
        }
        content[last] ^= 1;
        Files.write(path, content);
    }
}
