package dev.sparsecast.worker.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.worker.profile.GroupedPrompt;
import dev.sparsecast.worker.profile.PromptGroup;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SourceLedgerTest {
    private static final PromptGroup PYTHON = new PromptGroup("python", "code");
    private static final PromptGroup JAVA = new PromptGroup("java", "code");
    private static final Duration WINDOW = Duration.ofSeconds(30);

    private long nanos;

    private SourceLedger ledger(double share, long freeTokens) {
        return new SourceLedger(new SourceCap(share, freeTokens, WINDOW, SourceCap.Excess.SKIP), () -> nanos);
    }

    private static Intake.Accepted prompt(PromptGroup group, String source, int tokens) {
        return new Intake.Accepted(new GroupedPrompt(group, new int[tokens]), source, false);
    }

    private static boolean admits(SourceLedger ledger, PromptGroup group, String source, int tokens) {
        return ledger.admit(prompt(group, source, tokens)) instanceof Intake.Accepted;
    }

    /** A flood of most of the traffic, whatever the order and the lengths: at no moment more than the cap. */
    @ParameterizedTest
    @CsvSource({"0.1, 500, 0.9", "0.25, 100, 0.99", "0.5, 0, 0.6", "0.05, 2000, 0.5"})
    void noSourceEverHasMoreThanItsShareOrItsFreeTokens(double share, long freeTokens, double flood) {
        SourceLedger ledger = ledger(share, freeTokens);
        SplittableRandom random = new SplittableRandom(7);
        Map<String, Long> counted = new HashMap<>();
        long total = 0;
        for (int i = 0; i < 20_000; i++) {
            String source = random.nextDouble() < flood ? "flood" : "user-" + random.nextInt(40);
            int tokens = 1 + random.nextInt(200);
            if (admits(ledger, PYTHON, source, tokens)) {
                counted.merge(source, (long) tokens, Long::sum);
                total += tokens;
                assertThat((double) counted.get(source)).isLessThanOrEqualTo(Math.max(freeTokens, share * total));
            }
        }
        if (freeTokens > 0) {
            assertThat(counted.size()).isGreaterThan(1);
        }
    }

    @Test
    void groupsAreCountedApart() {
        SourceLedger ledger = ledger(0.5, 10);
        assertThat(admits(ledger, PYTHON, "a", 10)).isTrue();
        assertThat(admits(ledger, PYTHON, "a", 1)).isFalse();
        assertThat(admits(ledger, JAVA, "a", 10)).isTrue();
    }

    @Test
    void everyWindowBeginsAnew() {
        SourceLedger ledger = ledger(0.5, 10);
        assertThat(admits(ledger, PYTHON, "a", 10)).isTrue();
        nanos += WINDOW.toNanos() - 1;
        assertThat(admits(ledger, PYTHON, "a", 10)).isFalse();
        nanos += 1;
        assertThat(admits(ledger, PYTHON, "a", 10)).isTrue();
    }

    @Test
    void saysWhoHadTooMuchOfWhat() {
        SourceLedger ledger = ledger(0.25, 10);
        assertThat(ledger.admit(prompt(PYTHON, "a", 11)))
                .isEqualTo(new Intake.OverShare(
                        PYTHON,
                        11,
                        SourceCap.Excess.SKIP,
                        "the source 'a' has more than 25.0 % of the group's tokens now"));
    }

    @Test
    void otherFatesAndNoCapAreLeftAlone() {
        assertThat(ledger(0.1, 0).admit(new Intake.HeldOut())).isEqualTo(new Intake.HeldOut());
        SourceLedger none = new SourceLedger(SourceCap.NONE, () -> nanos);
        assertThat(admits(none, PYTHON, "a", 1_000_000)).isTrue();
    }

    @Test
    void capsThatMakeNoSenseAreRefused() {
        assertThatThrownBy(() -> ledger(0, 1)).hasMessageContaining("share");
        assertThatThrownBy(() -> ledger(1.5, 1)).hasMessageContaining("share");
        assertThatThrownBy(() -> ledger(0.5, -1)).hasMessageContaining("free tokens");
    }
}
