package dev.sparsecast.feed.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.feed.FeedException;
import dev.sparsecast.feed.SampleEvents;
import dev.sparsecast.schemas.signing.SigningKey;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class EventLogTest {
    private final SigningKey key = SigningKey.generate();
    private final EventLog log = SampleEvents.log(5);

    private ReleaseEvent add(String submodel, int version) {
        return SampleEvents.add(log, SampleEvents.release(key, submodel, version));
    }

    @Test
    void goesOnAfterAnEventThatIsKnown() {
        ReleaseEvent first = add("python", 1);
        ReleaseEvent second = add("java", 1);

        assertThat(log.after(log.resume(Optional.of(first.id())))).containsExactly(second);
        assertThat(log.after(log.resume(Optional.of(second.id())))).isEmpty();
    }

    @Test
    void goesOnAfterAnEventThatCompactionHasRemoved() {
        ReleaseEvent first = add("python", 1);

        assertThat(log.after(log.resume(Optional.of(new EventId(SampleEvents.TOPIC, 3)))))
                .containsExactly(first);
    }

    @Test
    void beginsAnewAfterAnEventOfAnotherTopicOrOfNone() {
        ReleaseEvent first = add("python", 1);

        assertThat(log.after(log.resume(Optional.empty()))).containsExactly(first);
        assertThat(log.after(log.resume(Optional.of(new EventId("another", 5)))))
                .containsExactly(first);
        assertThat(log.after(log.resume(Optional.of(new EventId(SampleEvents.TOPIC, 99)))))
                .containsExactly(first);
    }

    @Test
    void knowsTheNewestOfEachSubModel() {
        add("python", 1);
        ReleaseEvent java = add("java", 4);
        ReleaseEvent python = add("python", 2);

        assertThat(log.newest()).containsExactly(java, python);
    }

    @Test
    void forgetsTheOldestOfASubModelOnly() {
        ReleaseEvent java = add("java", 1);
        for (int version = 1; version <= EventLog.HISTORY + 10; version++) {
            add("python", version);
        }

        List<ReleaseEvent> all = log.after(-1);
        assertThat(all).hasSize(EventLog.HISTORY + 1).startsWith(java);
        assertThat(all.getLast().release().orElseThrow().version()).isEqualTo(EventLog.HISTORY + 10);
    }

    @Test
    void wakesThoseWhoWait() {
        CompletableFuture<List<ReleaseEvent>> waiting = CompletableFuture.supplyAsync(() -> {
            try {
                return log.await(-1, Duration.ofMinutes(1));
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        ReleaseEvent event = add("python", 1);

        assertThat(waiting.join()).containsExactly(event);
    }

    @Test
    void refusesATopicThatWasMadeAnew() {
        log.begin(SampleEvents.TOPIC);
        assertThatThrownBy(() -> log.begin("another"))
                .isInstanceOf(FeedException.class)
                .hasMessageContaining("deleted and made anew");
    }

    @Test
    void idsAreReadAsTheyAreWritten() {
        EventId id = new EventId(SampleEvents.TOPIC, 17);
        assertThat(EventId.parse(id.toString())).hasValue(id);
        assertThat(EventId.parse("17")).isEmpty();
        assertThat(EventId.parse("a b-17")).isEmpty();
        assertThat(EventId.parse("topic-x")).isEmpty();
    }
}
