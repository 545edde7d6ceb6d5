package dev.sparsecast.worker.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.checkpoint.statistics.ModelStatistics;
import dev.sparsecast.checkpoint.statistics.TapSums;
import dev.sparsecast.worker.profile.ActivationProfiler;
import dev.sparsecast.worker.profile.GroupedPrompt;
import dev.sparsecast.worker.profile.PromptGroup;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The forward pass against Hugging Face transformers; the values are made by {@code tools/reference/make_reference.py}. */
class TransformersReferenceTest {
    private static final Path REFERENCE = Path.of("src", "test", "resources", "reference");
    private static final Path DEMO = Path.of("..", "demo");

    /** Float32 in another order of operations; the contract is 1e-3. */
    private static final double TOLERANCE = 2e-5;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "llama-tied",
                "llama-untied",
                "llama3",
                "llama-biases",
                "mistral",
                "qwen2",
                "qwen2-window",
                "qwen3",
                "qwen3-biases",
                "gemma"
            })
    void randomModelsAgreeWithTransformers(String name) {
        agrees(REFERENCE.resolve(name), read(REFERENCE.resolve(name + ".json")));
    }

    /** The weights of this model are such that every type holds them exactly. */
    @ParameterizedTest
    @ValueSource(strings = {"mistral-float32", "mistral-float16-sharded"})
    void theTypeAndNumberOfFilesChangeNothing(String variant) {
        agrees(REFERENCE.resolve(variant), read(REFERENCE.resolve("mistral.json")));
    }

    @ParameterizedTest
    @ValueSource(strings = "tiny-coder")
    void theBundledModelAgreesWithTransformersFromTextToSums(String name) {
        JsonNode reference = read(REFERENCE.resolve(name + ".json"));
        Path directory = DEMO.resolve("models").resolve(name);
        agrees(directory, reference);
        try (Checkpoint checkpoint = Checkpoint.open(directory)) {
            int index = 0;
            for (JsonNode prompt : reference.get("prompts")) {
                int[] expected = tokens(reference.get("sequences").get(index++));
                int[] actual = checkpoint.tokenizer().encode(text(prompt));
                assertThat(actual).startsWith(expected);
                assertThat(actual.length).isEqualTo(expected.length < 256 ? expected.length : actual.length);
            }
        }
    }

    private static void agrees(Path directory, JsonNode reference) {
        for (Arithmetic arithmetic : Arithmetic.values()) {
            agrees(directory, reference, arithmetic);
        }
    }

    private static void agrees(Path directory, JsonNode reference, Arithmetic arithmetic) {
        List<int[]> sequences = new ArrayList<>();
        reference.get("sequences").forEach(sequence -> sequences.add(tokens(sequence)));
        try (Checkpoint checkpoint = Checkpoint.open(directory);
                LanguageModel model = arithmetic.load(checkpoint)) {
            PromptGroup group = new PromptGroup("python", "code");
            List<GroupedPrompt> prompts = sequences.stream()
                    .map(tokens -> new GroupedPrompt(group, tokens))
                    .toList();
            ModelStatistics statistics = new ActivationProfiler(model)
                    .run(prompts, Progress.NONE)
                    .statistics(Optional.empty())
                    .get(group);
            assertThat(statistics).isNotNull();
            assertThat(statistics.tokens())
                    .isEqualTo(sequences.stream().mapToInt(s -> s.length).sum());
            assertThat(statistics.prompts()).isEqualTo(sequences.size());
            for (int layer = 0; layer < checkpoint.config().layers(); layer++) {
                for (Tap tap : Tap.values()) {
                    TapSums sums = statistics.layers().get(layer).get(tap);
                    JsonNode expected = reference.get("sums").get(layer + "/" + tap.label());
                    double[] squares = numbers(expected.get("sum_squares"));
                    double[] plain = numbers(expected.get("sum"));
                    assertThat(sums.channels()).isEqualTo(squares.length);
                    for (int i = 0; i < squares.length; i++) {
                        String where = arithmetic + " " + layer + "/" + tap.label() + "[" + i + "]";
                        assertThat(sums.sumSquares()[i])
                                .as("Σx² of %s", where)
                                .isCloseTo(squares[i], within(TOLERANCE * squares[i]));
                        // |Σx| ≤ sqrt(n Σx²), and a sum that cancels has no relative error to speak of.
                        double scale = Math.sqrt(statistics.tokens() * squares[i]);
                        assertThat(sums.sum()[i]).as("Σx of %s", where).isCloseTo(plain[i], within(TOLERANCE * scale));
                    }
                }
            }
            losses(model, reference, sequences);
        }
    }

    private static void losses(LanguageModel model, JsonNode reference, List<int[]> sequences) {
        Evaluation evaluation = model.evaluate(sequences, Progress.NONE);
        int stride = reference.get("logit_stride").asInt();
        int vocabulary = model.config().vocabularySize();
        for (int i = 0; i < sequences.size(); i++) {
            JsonNode expected = reference.get("sequences").get(i);
            double loss = expected.get("negative_log_likelihood").asDouble();
            assertThat(evaluation.sequences().get(i).negativeLogLikelihood())
                    .isCloseTo(loss, within(TOLERANCE * (loss + 1)));
            float[] logits = model.logits(sequences.get(i));
            double[] last = numbers(expected.get("last_logits"));
            for (int j = 0; j < last.length; j++) {
                assertThat((double) logits[logits.length - vocabulary + j * stride])
                        .isCloseTo(last[j], within(2e-4));
            }
        }
    }

    private static String text(JsonNode prompt) {
        return textOf(
                DEMO.resolve("prompts").resolve(prompt.get("file").asString() + ".jsonl"),
                prompt.get("id").asString());
    }

    private static String textOf(Path prompts, String id) {
        try (var lines = Files.lines(prompts)) {
            return lines.map(line -> JsonMapper.shared().readTree(line))
                    .filter(node -> node.get("id").asString().equals(id))
                    .findFirst()
                    .orElseThrow()
                    .get("text")
                    .asString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonNode read(Path json) {
        return JsonMapper.shared().readTree(json.toFile());
    }

    private static int[] tokens(JsonNode sequence) {
        int[] tokens = new int[sequence.get("tokens").size()];
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = sequence.get("tokens").get(i).asInt();
        }
        return tokens;
    }

    private static double[] numbers(JsonNode array) {
        double[] numbers = new double[array.size()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = array.get(i).asDouble();
        }
        return numbers;
    }
}
