package dev.sparsecast.schemas;

import java.util.Arrays;
import java.util.Collection;
import org.apache.datasketches.common.SketchesArgumentException;
import org.apache.datasketches.hll.HllSketch;
import org.apache.datasketches.hll.HllUnion;
import org.apache.datasketches.hll.TgtHllType;
import org.jspecify.annotations.Nullable;

/**
 * How many different sources there were, in a sketch that merges: the same source in many flushes of many workers counts
 * once. HyperLogLog of Apache DataSketches with 4096 registers: exact up to some hundred sources, a relative standard error of
 * 1.6 % beyond, never more than about 2 KiB. The estimate does not depend on the order of merging.
 */
public final class SourceSketch {
    private static final int LOG_REGISTERS = 12;

    /** Of no source, or of a writer that does not know sketches. */
    public static final SourceSketch EMPTY = new SourceSketch(new byte[0]);

    private final byte[] bytes;

    private SourceSketch(byte[] bytes) {
        this.bytes = bytes;
    }

    public static SourceSketch of(Collection<String> sources) {
        if (sources.isEmpty()) {
            return EMPTY;
        }
        HllSketch sketch = new HllSketch(LOG_REGISTERS, TgtHllType.HLL_4);
        // an empty text would not be counted, but prompts of an unknown source are of one source
        sources.forEach(source -> sketch.update("s" + source));
        return new SourceSketch(sketch.toCompactByteArray());
    }

    /**
     * A sketch as it was written.
     *
     * @throws IllegalArgumentException if the bytes are none
     */
    public static SourceSketch ofBytes(byte[] bytes) {
        SourceSketch sketch = new SourceSketch(bytes.clone());
        if (bytes.length > 0) {
            sketch.estimate();
        }
        return sketch;
    }

    /** The sources of both. */
    public SourceSketch plus(SourceSketch other) {
        if (other.isEmpty() || equals(other)) {
            return this;
        }
        if (isEmpty()) {
            return other;
        }
        HllUnion union = new HllUnion(LOG_REGISTERS);
        union.update(read());
        union.update(other.read());
        return new SourceSketch(union.getResult(TgtHllType.HLL_4).toCompactByteArray());
    }

    public boolean isEmpty() {
        return bytes.length == 0;
    }

    /** About how many different sources there were. */
    public long estimate() {
        return isEmpty() ? 0 : Math.round(read().getCompositeEstimate());
    }

    public byte[] toBytes() {
        return bytes.clone();
    }

    private HllSketch read() {
        try {
            return HllSketch.heapify(bytes);
        } catch (SketchesArgumentException | IndexOutOfBoundsException e) {
            throw new IllegalArgumentException("the " + bytes.length + " bytes are no sketch of sources", e);
        }
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof SourceSketch that && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
        return "about " + estimate() + " sources";
    }
}
