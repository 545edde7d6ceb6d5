package dev.sparsecast.feed.event;

import dev.sparsecast.feed.FeedException;
import dev.sparsecast.schemas.SubModelKey;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The events that are known, by their offset. Like the compacted topic that they come from it forgets older ones: of each
 * sub-model the newest {@value #HISTORY} are kept. For any number of threads.
 */
public final class EventLog {
    static final int HISTORY = 50;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final TreeMap<Long, ReleaseEvent> events = new TreeMap<>();
    private final Map<SubModelKey, Deque<Long>> offsets = new HashMap<>();
    private String topic = "";
    private long end;
    private boolean caughtUp;
    private boolean closed;

    /**
     * Everything is to be read anew, from a topic of this id.
     *
     * @throws FeedException if it is another topic than before: its offsets mean something else
     */
    public void begin(String topicId) {
        locked(() -> {
            if (!topic.isEmpty() && !topic.equals(topicId)) {
                throw new FeedException("the topic of releases was deleted and made anew: start the feed again");
            }
            topic = topicId;
            events.clear();
            offsets.clear();
            end = 0;
            caughtUp = false;
        });
    }

    /** Adds an event that is newer than all others. */
    public void add(ReleaseEvent event) {
        locked(() -> {
            events.put(event.id().offset(), event);
            Deque<Long> ofKey = offsets.computeIfAbsent(event.key(), absent -> new ArrayDeque<>());
            ofKey.addLast(event.id().offset());
            if (ofKey.size() > HISTORY) {
                events.remove(ofKey.removeFirst());
            }
        });
    }

    /** All that lies before an offset was read. */
    public void readTo(long offset) {
        locked(() -> end = Math.max(end, offset));
    }

    /** All that was there at the start was read. */
    public void caughtUp() {
        locked(() -> caughtUp = true);
    }

    /** Lets all that wait go. */
    public void close() {
        locked(() -> closed = true);
    }

    private void locked(Runnable change) {
        lock.lock();
        try {
            change.run();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private interface Question<T> {
        T ask();
    }

    private <T> T asked(Question<T> question) {
        lock.lock();
        try {
            return question.ask();
        } finally {
            lock.unlock();
        }
    }

    /** Whether all that was there at the start is known. */
    public boolean isCaughtUp() {
        return asked(() -> caughtUp);
    }

    public boolean isClosed() {
        return asked(() -> closed);
    }

    /** The id of what was read last, be it an event that is still known or not; empty if nothing was read. */
    public Optional<EventId> last() {
        return asked(() -> end == 0 ? Optional.empty() : Optional.of(new EventId(topic, end - 1)));
    }

    /**
     * The offset after which whoever knows an event has to go on: that of the event, or -1, which is before all, if the event
     * is none of this topic.
     */
    public long resume(Optional<EventId> known) {
        return asked(() -> known.filter(id -> id.topic().equals(topic) && id.offset() < end)
                .map(EventId::offset)
                .orElse(-1L));
    }

    /** The known events after an offset, in their order. */
    public List<ReleaseEvent> after(long offset) {
        return asked(() -> new ArrayList<>(events.tailMap(offset, false).values()));
    }

    /** The newest event of each sub-model, in the order of their offsets. */
    public List<ReleaseEvent> newest() {
        return asked(() -> events.values().stream().filter(this::isNewest).toList());
    }

    private boolean isNewest(ReleaseEvent event) {
        Deque<Long> ofKey = offsets.get(event.key());
        return ofKey != null && ofKey.getLast() == event.id().offset();
    }

    /**
     * Waits until there are events after an offset.
     *
     * @return those events; empty if there are none in time or the log was closed
     */
    public List<ReleaseEvent> await(long offset, Duration patience) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long left = patience.toNanos();
            while (!closed && events.higherKey(offset) == null && left > 0) {
                left = changed.awaitNanos(left);
            }
            return closed
                    ? List.of()
                    : new ArrayList<>(events.tailMap(offset, false).values());
        } finally {
            lock.unlock();
        }
    }

    /** Waits until {@link #isCaughtUp}, or the log was closed. */
    public void awaitCaughtUp() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (!closed && !caughtUp) {
                var unused = changed.await(1, TimeUnit.SECONDS);
            }
        } finally {
            lock.unlock();
        }
    }
}
