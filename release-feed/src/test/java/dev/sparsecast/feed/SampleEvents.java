package dev.sparsecast.feed;

import dev.sparsecast.feed.event.EventId;
import dev.sparsecast.feed.event.EventLog;
import dev.sparsecast.feed.event.ReleaseEvent;
import dev.sparsecast.schemas.Samples;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.Artifact;
import dev.sparsecast.schemas.SubModelRelease.Signature;
import dev.sparsecast.schemas.signing.SigningKey;
import java.util.List;

/** Events as the topic would give them. */
public final class SampleEvents {
    public static final String TOPIC = "4R9nKxYzQ-_2bLxT0a1B2c";

    private SampleEvents() {}

    /** A log that has read a topic of so many records, none of which was an event. */
    public static EventLog log(long records) {
        EventLog log = new EventLog();
        log.begin(TOPIC);
        log.readTo(records);
        log.caughtUp();
        return log;
    }

    /** Adds a release at the end of a topic. */
    public static ReleaseEvent add(EventLog log, SubModelRelease release) {
        long offset = log.last().map(EventId::offset).orElse(-1L) + 1;
        ReleaseEvent event = ReleaseEvent.released(new EventId(TOPIC, offset), release);
        log.add(event);
        log.readTo(offset + 1);
        return event;
    }

    /** A signed release with artifacts. */
    public static SubModelRelease release(SigningKey key, String submodel, int version, Artifact... artifacts) {
        SubModelRelease sample = Samples.release();
        return key.sign(new SubModelRelease(
                sample.model(),
                submodel,
                version,
                sample.parent(),
                sample.baseDigest(),
                sample.trigger(),
                sample.recipe(),
                List.of(artifacts),
                sample.quality(),
                sample.provenance(),
                sample.snapshotAt(),
                sample.releasedAt(),
                "",
                Signature.NONE));
    }
}
