package dev.sparsecast.worker.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.schemas.HeldOut;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import dev.sparsecast.worker.profile.PromptGroup;
import java.net.ConnectException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.Serde;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class PromptIntakeTest {
    private static final PromptLimit LIMIT = new PromptLimit(4, PromptLimit.Oversize.CUT);

    private final Serde<Prompt> serde =
            new SparsecastSerdes(new ClusterSettings("unused:1", "mock://prompt-intake")).prompts();
    private final PromptIntake intake = new PromptIntake(serde.deserializer(), PromptIntakeTest::words, LIMIT);

    @Test
    void takesAPromptOfItsTopicsLanguage() {
        Intake fate = intake.decide(record("python", prompt(counted(), "python", "code", "a b c")));
        assertThat(fate).isInstanceOfSatisfying(Intake.Accepted.class, accepted -> {
            assertThat(accepted.prompt().group()).isEqualTo(new PromptGroup("python", "code"));
            assertThat(accepted.prompt().tokens()).containsExactly(1, 1, 1);
            assertThat(accepted.source()).isEqualTo("somewhere");
            assertThat(accepted.cut()).isFalse();
        });
    }

    @Test
    void cutsALongPromptAndSaysSo() {
        Intake fate = intake.decide(record("python", prompt(counted(), "python", "code", "a b c d e f")));
        assertThat(fate).isInstanceOfSatisfying(Intake.Accepted.class, accepted -> {
            assertThat(accepted.prompt().tokens()).hasSize(4);
            assertThat(accepted.cut()).isTrue();
        });
    }

    @Test
    void rejectsALongPromptIfToldTo() {
        PromptIntake strict = new PromptIntake(
                serde.deserializer(),
                PromptIntakeTest::words,
                new PromptLimit(5, PromptLimit.Oversize.REJECT).within(4));

        Intake fate = strict.decide(record("python", prompt(counted(), "python", "code", "a b c d e f")));
        assertThat(fate).isEqualTo(new Intake.Rejected("the prompt has 6 tokens, more than the 4 allowed", true));
        assertThat(strict.decide(record("python", prompt(counted(), "python", "code", "a b c d"))))
                .isInstanceOf(Intake.Accepted.class);
    }

    @Test
    void aLimitOfNothingIsRefused() {
        assertThatThrownBy(() -> new PromptLimit(0, PromptLimit.Oversize.CUT)).hasMessageContaining("0 tokens");
    }

    @Test
    void keepsHeldOutPromptsOut() {
        String id = Stream.iterate(0, i -> i + 1)
                .map(i -> "p" + i)
                .filter(HeldOut::contains)
                .findFirst()
                .orElseThrow();
        assertThat(intake.decide(record("python", prompt(id, "python", "code", "a"))))
                .isEqualTo(new Intake.HeldOut());
    }

    static Stream<Arguments> nonsense() {
        return Stream.of(
                Arguments.of(prompt("", "python", "code", "a"), "no id"),
                Arguments.of(prompt("p", "Py thon", "code", "a"), "language 'Py thon'"),
                Arguments.of(prompt("p", "java", "code", "a"), "belongs on topic prompts.java"),
                Arguments.of(prompt("p", "python", "co/de", "a"), "domain 'co/de'"),
                Arguments.of(prompt("p", "python", "", "a"), "domain ''"),
                Arguments.of(prompt("p", "python", "code", " \n"), "no text"),
                Arguments.of(prompt(counted(), "python", "code", "SILENT"), "no tokens"));
    }

    @ParameterizedTest
    @MethodSource("nonsense")
    void rejectsPromptsThatMakeNoSense(Prompt prompt, String reason) {
        assertThat(reason(intake.decide(record("python", prompt)))).contains(reason);
    }

    @Test
    void rejectsARecordWithoutAValue() {
        assertThat(reason(intake.decide(received("python", null)))).contains("no value");
    }

    @Test
    void rejectsAnyDamagedBytesAndNeverThrows() {
        byte[] good = bytes(prompt("p1", "python", "code", "some text that is damaged below"));
        Random random = new Random(11);
        int rejected = 0;
        for (int round = 0; round < 2_000; round++) {
            byte[] damaged = Arrays.copyOf(good, random.nextInt(good.length));
            for (int i = 0; i < damaged.length; i++) {
                if (random.nextInt(8) == 0) {
                    damaged[i] = (byte) random.nextInt();
                }
            }
            if (intake.decide(received("python", damaged)) instanceof Intake.Rejected) {
                rejected++;
            }
        }
        // Truncated by at least a byte, so nothing but luck with the lengths could make one readable.
        assertThat(rejected).isGreaterThan(1_990);
        assertThat(reason(intake.decide(received("python", new byte[0])))).contains("not a prompt");
        assertThat(reason(intake.decide(received("python", "hello".getBytes(StandardCharsets.UTF_8)))))
                .contains("not a prompt");
    }

    @Test
    void doesNotBlameTheRecordForASilentRegistry() {
        PromptIntake unreachable = new PromptIntake(
                (topic, bytes) -> {
                    throw new SerializationException("Error retrieving schema", new ConnectException("refused"));
                },
                PromptIntakeTest::words,
                LIMIT);
        assertThatThrownBy(() -> unreachable.decide(received("python", new byte[] {0, 0, 0, 0, 1})))
                .isInstanceOf(RegistryUnavailableException.class);
        PromptIntake slow = new PromptIntake(
                (topic, bytes) -> {
                    throw new TimeoutException("the registry took too long");
                },
                PromptIntakeTest::words,
                LIMIT);
        assertThatThrownBy(() -> slow.decide(received("python", new byte[] {0, 0, 0, 0, 1})))
                .isInstanceOf(TimeoutException.class);
    }

    private static int[] words(String text) {
        int[] tokens = new int[text.equals("SILENT") ? 0 : text.split(" ").length];
        Arrays.fill(tokens, 1);
        return tokens;
    }

    private static String counted() {
        return Stream.iterate(0, i -> i + 1)
                .map(i -> "p" + i)
                .filter(id -> !HeldOut.contains(id))
                .findFirst()
                .orElseThrow();
    }

    private static String reason(Intake fate) {
        assertThat(fate).isInstanceOf(Intake.Rejected.class);
        return ((Intake.Rejected) fate).reason();
    }

    private static Prompt prompt(String id, String language, String domain, String text) {
        return new Prompt(id, language, domain, text, "somewhere", Map.of());
    }

    private byte[] bytes(Prompt prompt) {
        return serde.serializer().serialize("prompts." + prompt.language(), prompt);
    }

    private ConsumerRecord<byte[], byte[]> record(String language, Prompt prompt) {
        return received(language, serde.serializer().serialize("prompts." + language, prompt));
    }

    @SuppressWarnings("NullAway") // Kafka's records are not annotated, and a missing value is what is tested
    private static ConsumerRecord<byte[], byte[]> received(String language, byte @Nullable [] value) {
        return new ConsumerRecord<>("prompts." + language, 0, 7, new byte[] {1}, value);
    }
}
