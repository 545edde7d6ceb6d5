package dev.sparsecast.streams.drift;

import dev.sparsecast.schemas.FlushDigest;
import dev.sparsecast.schemas.TapDrift;
import dev.sparsecast.streams.state.StateReader;
import dev.sparsecast.streams.state.StateWriter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * The drift of one layer in one window, on its way to its group.
 *
 * @param window which window; equal on all layers
 * @param layer index of the decoder block
 * @param layers number of decoder blocks
 * @param learned differences that the noise floor was learned from
 * @param taps effect and noise floor per tap; without a release, effects are zero
 */
record Measurement(Window window, int layer, int layers, long learned, List<TapDrift> taps) {
    Measurement {
        taps = List.copyOf(taps);
    }

    /**
     * A window and what it is compared with.
     *
     * @param epoch newest epoch
     * @param digest flushes up to its end
     * @param at instant of the newest flush
     * @param lifetimeTokens tokens up to its end
     * @param tokens tokens in it
     * @param partTokens tokens in its newest part
     */
    record Window(
            long epoch,
            FlushDigest digest,
            Instant at,
            double lifetimeTokens,
            double tokens,
            double partTokens,
            ReleaseName reference) {
        /** Whether the other layer's window ends with the same flush and is compared with the same release. */
        boolean matches(Window other) {
            return epoch == other.epoch
                    && digest.equals(other.digest)
                    && lifetimeTokens == other.lifetimeTokens
                    && reference.equals(other.reference);
        }
    }

    void write(StateWriter out) {
        out.putLong(window.epoch)
                .putLong(window.digest.value())
                .putLong(window.at.toEpochMilli())
                .putDouble(window.lifetimeTokens)
                .putDouble(window.tokens)
                .putDouble(window.partTokens);
        window.reference.write(out);
        out.putInt(layer).putInt(layers).putLong(learned).putInt(taps.size());
        for (TapDrift tap : taps) {
            out.putText(tap.tap())
                    .putDouble(tap.effect())
                    .putDouble(tap.cosineDistance())
                    .putDouble(tap.noiseFloor());
        }
    }

    static Measurement read(StateReader in) {
        Window window = new Window(
                in.getLong(),
                new FlushDigest(in.getLong()),
                Instant.ofEpochMilli(in.getLong()),
                in.getDouble(),
                in.getDouble(),
                in.getDouble(),
                ReleaseName.read(in));
        int layer = in.getInt();
        int layers = in.getInt();
        long learned = in.getLong();
        List<TapDrift> taps = new ArrayList<>();
        for (int left = in.getInt(); left > 0; left--) {
            taps.add(new TapDrift(layer, in.getText(), in.getDouble(), in.getDouble(), in.getDouble()));
        }
        return new Measurement(window, layer, layers, learned, taps);
    }
}
