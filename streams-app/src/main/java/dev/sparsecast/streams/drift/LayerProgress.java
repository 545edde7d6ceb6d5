package dev.sparsecast.streams.drift;

import dev.sparsecast.schemas.FlushDigest;
import dev.sparsecast.streams.state.StateReader;
import dev.sparsecast.streams.state.StateWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Where the drift of one layer of a group stands, without the vectors.
 *
 * @param cuts lifetime tokens at the ends of the newest parts, oldest first; the vectors lie under the same number
 * @param snapshots the newest statistics, oldest first; likewise
 * @param noise what was learned of the noise
 * @param reference the release compared with
 */
record LayerProgress(List<Cut> cuts, List<Snapshot> snapshots, NoiseFloor noise, ReleaseName reference) {
    LayerProgress {
        cuts = List.copyOf(cuts);
        snapshots = List.copyOf(snapshots);
    }

    /** The end of a part, at so many lifetime tokens. */
    record Cut(long number, double tokens) {}

    /** Statistics that were published. */
    record Snapshot(long number, FlushDigest digest) {}

    static LayerProgress start(int taps) {
        return new LayerProgress(List.of(), List.of(), NoiseFloor.unknown(taps), ReleaseName.NONE);
    }

    long nextCut() {
        return cuts.isEmpty() ? 0 : cuts.getLast().number() + 1;
    }

    long nextSnapshot() {
        return snapshots.isEmpty() ? 0 : snapshots.getLast().number() + 1;
    }

    double cutTokens() {
        return cuts.isEmpty() ? 0 : cuts.getLast().tokens();
    }

    Optional<Snapshot> snapshot(FlushDigest digest) {
        return snapshots.stream()
                .filter(snapshot -> snapshot.digest().equals(digest))
                .findFirst();
    }

    LayerProgress withCuts(List<Cut> newCuts, NoiseFloor newNoise) {
        return new LayerProgress(newCuts, snapshots, newNoise, reference);
    }

    LayerProgress withSnapshots(List<Snapshot> newSnapshots) {
        return new LayerProgress(cuts, newSnapshots, noise, reference);
    }

    LayerProgress withReference(ReleaseName newReference) {
        return new LayerProgress(cuts, snapshots, noise, newReference);
    }

    void write(StateWriter out) {
        out.putInt(cuts.size());
        cuts.forEach(cut -> out.putLong(cut.number()).putDouble(cut.tokens()));
        out.putInt(snapshots.size());
        snapshots.forEach(snapshot ->
                out.putLong(snapshot.number()).putLong(snapshot.digest().value()));
        noise.write(out);
        reference.write(out);
    }

    static LayerProgress read(StateReader in) {
        List<Cut> cuts = new ArrayList<>();
        for (int left = in.getInt(); left > 0; left--) {
            cuts.add(new Cut(in.getLong(), in.getDouble()));
        }
        List<Snapshot> snapshots = new ArrayList<>();
        for (int left = in.getInt(); left > 0; left--) {
            snapshots.add(new Snapshot(in.getLong(), new FlushDigest(in.getLong())));
        }
        return new LayerProgress(cuts, snapshots, NoiseFloor.read(in), ReleaseName.read(in));
    }
}
