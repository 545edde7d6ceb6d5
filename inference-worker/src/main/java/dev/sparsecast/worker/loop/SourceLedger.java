package dev.sparsecast.worker.loop;

import dev.sparsecast.worker.profile.PromptGroup;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tokens that each source has had counted in the current window, and the verdict on the next prompt. Shares only fall
 * while others are counted, so what holds when a prompt is let in holds until the window ends. Used by one thread.
 */
final class SourceLedger {
    private static final Logger LOG = LoggerFactory.getLogger(SourceLedger.class);

    private final SourceCap cap;
    private final LongSupplier nanoTime;
    private final Map<PromptGroup, Tokens> groups = new HashMap<>();
    private long windowSince;
    private boolean told;

    /** Of one group. */
    private static final class Tokens {
        private final Map<String, Long> bySource = new HashMap<>();
        private long total;
    }

    SourceLedger(SourceCap cap, LongSupplier nanoTime) {
        this.cap = cap;
        this.nanoTime = nanoTime;
        this.windowSince = nanoTime.getAsLong();
    }

    /** Lets a prompt in, or says what becomes of it instead. */
    Intake admit(Intake fate) {
        if (cap.isNone() || !(fate instanceof Intake.Accepted accepted)) {
            return fate;
        }
        beginWindow();
        Tokens tokens = groups.computeIfAbsent(accepted.prompt().group(), ignored -> new Tokens());
        int added = accepted.prompt().tokens().length;
        long ofSource = tokens.bySource.getOrDefault(accepted.source(), 0L) + added;
        if (ofSource > cap.freeTokens() && ofSource > cap.share() * (tokens.total + added)) {
            tell(accepted);
            return new Intake.OverShare(accepted.prompt().group(), added, cap.excess(), reason(accepted.source()));
        }
        tokens.bySource.put(accepted.source(), ofSource);
        tokens.total += added;
        return accepted;
    }

    private String reason(String source) {
        return String.format(
                Locale.ROOT,
                "the source '%s' has more than %s %% of the group's tokens now",
                source.length() <= 100 ? source : source.substring(0, 100) + "…",
                100 * cap.share());
    }

    private void beginWindow() {
        long now = nanoTime.getAsLong();
        if (now - windowSince >= cap.window().toNanos()) {
            clear();
            windowSince = now;
        }
    }

    private void tell(Intake.Accepted accepted) {
        if (!told) {
            told = true;
            LOG.atWarn()
                    .addKeyValue("language", accepted.prompt().group().language())
                    .addKeyValue("domain", accepted.prompt().group().domain())
                    .addKeyValue("reason", reason(accepted.source()))
                    .log("Prompts of a source are not counted for the rest of this window");
        }
    }

    /** Forgets the window: what was let in is read again. */
    void clear() {
        groups.clear();
        told = false;
    }
}
