package dev.sparsecast.console.state;

import dev.sparsecast.console.view.TrafficView;
import dev.sparsecast.console.view.TrafficView.LanguageTraffic;
import dev.sparsecast.schemas.HeldOut;
import dev.sparsecast.schemas.Prompt;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** Prompts by language. */
final class Traffic {
    private static final int MOST_LANGUAGES = 100;

    private final Map<String, Language> languages = new BoundedMap<>(MOST_LANGUAGES);
    private final SlidingCounts all = new SlidingCounts();
    private long prompts;
    private long heldOut;

    private static final class Language {
        private final SlidingCounts counts = new SlidingCounts();
        private long prompts;
        private long heldOut;
    }

    void add(Prompt prompt, Instant at) {
        Language language = languages.computeIfAbsent(prompt.language(), name -> new Language());
        language.counts.add(at, 1);
        language.prompts++;
        all.add(at, 1);
        prompts++;
        if (HeldOut.contains(prompt.id())) {
            language.heldOut++;
            heldOut++;
        }
    }

    TrafficView view(Instant now) {
        List<LanguageTraffic> byLanguage = languages.entrySet().stream()
                .map(entry -> view(entry.getKey(), entry.getValue(), now))
                .sorted(Comparator.comparing(LanguageTraffic::language))
                .toList();
        return new TrafficView(
                prompts, heldOut, all.rate(now), SlidingCounts.from(now), SlidingCounts.STEP.toSeconds(), byLanguage);
    }

    private static LanguageTraffic view(String name, Language language, Instant now) {
        return new LanguageTraffic(
                name, language.prompts, language.heldOut, language.counts.rate(now), language.counts.series(now));
    }
}
