package dev.sparsecast.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointTest {
    private static final String TIED = RandomCheckpoint.CONFIG.replace("{", "{\"tie_word_embeddings\":true,");

    @TempDir
    Path directory;

    @Test
    void readsTheBundledModel() {
        try (Checkpoint checkpoint = Checkpoint.open(BundledFiles.tinyCoder())) {
            assertThat(checkpoint.config())
                    .isEqualTo(ModelConfig.llama(192, 512, 6, 6, 2, 32, 4096, 256, 1e-5, 10_000, true));
            assertThat(checkpoint.config().family()).isEqualTo(ModelFamily.LLAMA);
            assertThat(checkpoint.tensorNames()).hasSize(2 + 6 * 9);
            assertThat(checkpoint.shards()).hasSize(1);
            assertThat(checkpoint.name()).isEqualTo("tiny-coder");
            // by tools/checkpoint_digest.py
            assertThat(checkpoint.digest())
                    .isEqualTo("sha256:af3bd80f02cc1ec813584ef9cafa93824f87484b841ca92cf2becedf806d0cd2");
            assertThat(checkpoint.revision()).isEqualTo("tiny-coder@af3bd80f02cc");
            assertThat(checkpoint.tokenizer()).isSameAs(checkpoint.tokenizer());
        }
    }

    @Test
    void everyPrunableModuleOfTheBundledModelHasItsWeight() {
        try (Checkpoint checkpoint = Checkpoint.open(BundledFiles.tinyCoder())) {
            List<PrunableModule> modules = PrunableModule.of(checkpoint.config());

            assertThat(modules).hasSize(6 * 7);
            for (PrunableModule module : modules) {
                Tensor weight = checkpoint.tensor(module.weight());
                assertThat(weight.rows()).isEqualTo(module.rows());
                assertThat(weight.columns()).isEqualTo(module.columns());
            }
        }
    }

    static LongStream seeds() {
        return LongStream.range(0, 12);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void isTheSameModelHoweverItIsSpreadOverFiles(long seed) throws IOException {
        RandomCheckpoint random = new RandomCheckpoint(seed);
        random.write(directory.resolve("whole"), RandomCheckpoint.CONFIG);
        random.writeSharded(directory.resolve("sharded"), RandomCheckpoint.CONFIG, 1 + (int) (seed % 5), seed);

        try (Checkpoint whole = Checkpoint.open(directory.resolve("whole"));
                Checkpoint sharded = Checkpoint.open(directory.resolve("sharded"))) {
            assertThat(sharded.digest()).isEqualTo(whole.digest()).isEqualTo(plainDigest(whole));
            assertThat(sharded.tensorNames()).isEqualTo(whole.tensorNames());
            for (String name : whole.tensorNames()) {
                assertThat(sharded.tensor(name).data().toArray(ValueLayout.JAVA_BYTE))
                        .isEqualTo(whole.tensor(name).data().toArray(ValueLayout.JAVA_BYTE));
            }
        }
    }

    /** The definition in {@link Checkpoint#digest}, without haste. */
    private static String plainDigest(Checkpoint checkpoint) {
        StringBuilder lines = new StringBuilder();
        for (String name : checkpoint.tensorNames()) {
            Tensor tensor = checkpoint.tensor(name);
            lines.append(sha256(tensor.data().toArray(ValueLayout.JAVA_BYTE)))
                    .append(' ')
                    .append(tensor.type())
                    .append(' ')
                    .append(tensor.shape().toString().replace(" ", ""))
                    .append(' ')
                    .append(name.getBytes(StandardCharsets.UTF_8).length)
                    .append(' ')
                    .append(name)
                    .append('\n');
        }
        return "sha256:" + sha256(lines.toString().getBytes(StandardCharsets.UTF_8));
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void isAnotherModelWhenAByteTypeNameOrShapeDiffers() throws IOException {
        String base = digest(new RandomCheckpoint(1).put("extra", ElementType.F16, new SplittableRandom(2), 2, 3));

        assertThat(List.of(
                        digest(new RandomCheckpoint(1).put("extra", ElementType.F16, new SplittableRandom(3), 2, 3)),
                        digest(new RandomCheckpoint(1).put("extra", ElementType.BF16, new SplittableRandom(2), 2, 3)),
                        digest(new RandomCheckpoint(1).put("other", ElementType.F16, new SplittableRandom(2), 2, 3)),
                        digest(new RandomCheckpoint(1).put("extra", ElementType.F16, new SplittableRandom(2), 3, 2)),
                        digest(new RandomCheckpoint(1))))
                .doesNotContain(base)
                .doesNotHaveDuplicates();
        assertThat(digest(new RandomCheckpoint(1).put("extra", ElementType.F16, new SplittableRandom(2), 2, 3)))
                .isEqualTo(base);
    }

    private String digest(RandomCheckpoint random) throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(random.write(directory, RandomCheckpoint.CONFIG))) {
            return checkpoint.digest();
        }
    }

    @Test
    void givesOneDigestToManyThreads() throws IOException {
        try (Checkpoint checkpoint =
                Checkpoint.open(new RandomCheckpoint(4).write(directory, RandomCheckpoint.CONFIG))) {
            assertThat(IntStream.range(0, 64).parallel().mapToObj(i -> checkpoint.digest()))
                    .containsOnly(plainDigest(checkpoint));
        }
    }

    @Test
    void tiedModelsNeedNoHeadAndOthersDo() throws IOException {
        RandomCheckpoint headless = new RandomCheckpoint(1).remove("lm_head.weight");

        try (Checkpoint checkpoint = Checkpoint.open(headless.write(directory.resolve("tied"), TIED))) {
            assertThat(checkpoint.config().tiedEmbeddings()).isTrue();
            assertThat(checkpoint.hasTensor("lm_head.weight")).isFalse();
            assertThatThrownBy(() -> checkpoint.tensor("lm_head.weight"))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining("has no tensor lm_head.weight");
        }
        assertRefused(
                headless.write(directory.resolve("untied"), RandomCheckpoint.CONFIG),
                "lacks the tensor lm_head.weight, and its config does not set tie_word_embeddings");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "model.embed_tokens.weight",
                "model.norm.weight",
                "model.layers.1.input_layernorm.weight",
                "model.layers.0.post_attention_layernorm.weight",
                "model.layers.0.self_attn.q_proj.weight",
                "model.layers.1.self_attn.o_proj.weight",
                "model.layers.1.mlp.down_proj.weight",
                "lm_head.weight"
            })
    void refusesAModelWithAMissingMisshapenOrMistypedTensor(String name) throws IOException {
        SplittableRandom random = new SplittableRandom(9);

        assertRefused(
                new RandomCheckpoint(1).remove(name).write(directory, RandomCheckpoint.CONFIG),
                "lacks the tensor " + name);
        assertRefused(
                new RandomCheckpoint(1)
                        .put(name, ElementType.F32, random, 3, 3)
                        .write(directory, RandomCheckpoint.CONFIG),
                "tensor " + name + " has the shape [3, 3]");
        long[] shape = shapeOf(name);
        assertRefused(
                new RandomCheckpoint(1)
                        .put(name, ElementType.I8, random, shape)
                        .write(directory, RandomCheckpoint.CONFIG),
                "tensor " + name + " has the type I8");
    }

    private long[] shapeOf(String name) throws IOException {
        Path good = new RandomCheckpoint(1).write(directory.resolve("good"), RandomCheckpoint.CONFIG);
        try (Checkpoint checkpoint = Checkpoint.open(good)) {
            return checkpoint.tensor(name).shape().stream()
                    .mapToLong(Long::longValue)
                    .toArray();
        }
    }

    @Test
    void refusesAMisshapenHeadEvenWhereItIsNotNeeded() throws IOException {
        assertRefused(
                new RandomCheckpoint(1)
                        .put("lm_head.weight", ElementType.F32, new SplittableRandom(1), 7, 5)
                        .write(directory, TIED),
                "tensor lm_head.weight has the shape [7, 5]");
    }

    @Test
    void refusesADirectoryWithoutItsFiles() throws IOException {
        assertRefused(directory.resolve("absent"), "there is no model directory");
        assertRefused(Files.writeString(directory.resolve("file"), "x"), "is not a directory");
        assertRefused(directory, "holds no config.json");
        Files.writeString(directory.resolve("config.json"), RandomCheckpoint.CONFIG);
        assertRefused(directory, "holds neither model.safetensors nor model.safetensors.index.json");
    }

    @Test
    void refusesADamagedWeightFile() throws IOException {
        Path model = new RandomCheckpoint(1).write(directory, RandomCheckpoint.CONFIG);
        Path file = model.resolve("model.safetensors");
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(bytes, bytes.length - 1));

        assertRefused(model, "the file is truncated or its header lies");
    }

    @Test
    void refusesAMissingShardAndATensorMissingInItsShard() throws IOException {
        RandomCheckpoint random = new RandomCheckpoint(1);
        Path missing = random.writeSharded(directory.resolve("a"), RandomCheckpoint.CONFIG, 2, 1);
        Files.delete(missing.resolve("model-00002-of-00002.safetensors"));
        Path incomplete = random.writeSharded(
                directory.resolve("b"), RandomCheckpoint.CONFIG, 2, 1, "model.layers.1.mlp.up_proj.weight");

        assertRefused(missing, "the shard model-00002-of-00002.safetensors");
        assertRefused(incomplete, "tensor model.layers.1.mlp.up_proj.weight is in model-0000");
    }

    @Test
    void refusesATensorThatTwoShardsHold() throws IOException {
        Path model = new RandomCheckpoint(1).write(directory, RandomCheckpoint.CONFIG);
        Files.move(model.resolve("model.safetensors"), model.resolve("one.safetensors"));
        Files.copy(model.resolve("one.safetensors"), model.resolve("two.safetensors"));
        index("{\"weight_map\":{\"lm_head.weight\":\"one.safetensors\",\"model.norm.weight\":\"two.safetensors\"}}");

        assertRefused(model, "twice, the second time in two.safetensors");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "../outside.safetensors | puts tensor t in the shard",
                "/etc/outside.safetensors | puts tensor t in the shard",
                "sub/outside.safetensors | puts tensor t in the shard",
                "..\\\\outside.safetensors | puts tensor t in the shard",
                "c:outside.safetensors | puts tensor t in the shard",
                "a\\u0000.safetensors | puts tensor t in the shard",
                "model.bin | puts tensor t in the shard",
                "`` | puts tensor t in the shard",
            })
    void refusesShardsOutsideTheDirectory(String shard, String complaint) throws IOException {
        Files.writeString(directory.resolve("config.json"), RandomCheckpoint.CONFIG);
        index("{\"weight_map\":{\"t\":\"" + shard + "\"}}");

        assertRefused(directory, complaint);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"weight_map\":{\"t\":7}} | puts tensor t in the shard 7",
                "{\"weight_map\":{}} | has no weight_map",
                "{\"weight_map\":[]} | has no weight_map",
                "{} | has no weight_map",
                "[] | does not hold a JSON object",
                "{\"weight_map\": | is not valid JSON",
                "{\"weight_map\":{\"t\":\"a.safetensors\",\"t\":\"b.safetensors\"}} | is not valid JSON",
            })
    void refusesADamagedIndex(String content, String complaint) throws IOException {
        Files.writeString(directory.resolve("config.json"), RandomCheckpoint.CONFIG);
        index(content);

        assertRefused(directory, complaint);
    }

    @Test
    void noWeightIsReadableOnceClosed() throws IOException {
        Checkpoint checkpoint = Checkpoint.open(new RandomCheckpoint(1).write(directory, RandomCheckpoint.CONFIG));
        Tensor tensor = checkpoint.tensor("model.norm.weight");
        checkpoint.close();
        checkpoint.close();

        assertThatThrownBy(() -> tensor.get(0)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(checkpoint::digest).isInstanceOf(IllegalStateException.class);
    }

    private void index(String content) throws IOException {
        Files.writeString(directory.resolve("model.safetensors.index.json"), content);
    }

    private static void assertRefused(Path model, String complaint) {
        assertThatThrownBy(() -> Checkpoint.open(model))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(complaint)
                .hasMessageContaining(model.toString())
                .message()
                .doesNotContain("\n");
    }
}
