package dev.sparsecast.streams.drift;

import dev.sparsecast.schemas.DriftState;
import dev.sparsecast.streams.state.StateReader;
import dev.sparsecast.streams.state.StateWriter;
import java.util.ArrayList;
import java.util.List;

/**
 * Where the drift of a group stands.
 *
 * @param verdict what was last found
 * @param waiting measurements of windows of which other layers have not reported yet
 */
record GroupProgress(Verdict verdict, List<Measurement> waiting) {
    GroupProgress {
        waiting = List.copyOf(waiting);
    }

    static GroupProgress start() {
        return new GroupProgress(Verdict.NONE, List.of());
    }

    /**
     * What was found in the newest complete window.
     *
     * @param reference the release compared with
     * @param above parts in a row, up to the newest, in which the effect was above the threshold
     */
    record Verdict(DriftState state, ReleaseName reference, long above) {
        static final Verdict NONE = new Verdict(DriftState.LEARNING, ReleaseName.NONE, 0);
    }

    void write(StateWriter out) {
        out.putText(verdict.state.name());
        verdict.reference.write(out);
        out.putLong(verdict.above).putInt(waiting.size());
        waiting.forEach(measurement -> measurement.write(out));
    }

    static GroupProgress read(StateReader in) {
        Verdict verdict = new Verdict(DriftState.valueOf(in.getText()), ReleaseName.read(in), in.getLong());
        List<Measurement> waiting = new ArrayList<>();
        for (int left = in.getInt(); left > 0; left--) {
            waiting.add(Measurement.read(in));
        }
        return new GroupProgress(verdict, waiting);
    }
}
