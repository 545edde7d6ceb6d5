package dev.sparsecast.streams.statistics;

import dev.sparsecast.schemas.ActivationNorms;
import dev.sparsecast.streams.state.StateReader;
import dev.sparsecast.streams.state.StateWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What all norms of one key must have in common.
 *
 * @param layers decoder blocks of the model
 * @param taps taps and their channels, in the order in which they are kept
 */
record Shape(int layers, List<TapShape> taps) {
    Shape {
        taps = List.copyOf(taps);
    }

    /** A tap and its channels. */
    record TapShape(String tap, int channels) {
        @Override
        public String toString() {
            return tap + ":" + channels;
        }
    }

    static Shape of(ActivationNorms norms) {
        return new Shape(
                norms.layers(),
                norms.taps().stream()
                        .map(tap -> new TapShape(tap.tap(), tap.channels()))
                        .toList());
    }

    void write(StateWriter out) {
        out.putInt(layers).putInt(taps.size());
        taps.forEach(tap -> out.putText(tap.tap()).putInt(tap.channels()));
    }

    static Shape read(StateReader in) {
        int layers = in.getInt();
        int size = in.getInt();
        List<TapShape> taps = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            taps.add(new TapShape(in.getText(), in.getInt()));
        }
        return new Shape(layers, taps);
    }

    @Override
    public String toString() {
        return layers + " layers with " + taps.stream().map(TapShape::toString).collect(Collectors.joining(", "));
    }
}
