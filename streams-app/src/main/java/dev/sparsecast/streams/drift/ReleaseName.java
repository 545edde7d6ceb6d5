package dev.sparsecast.streams.drift;

import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.streams.state.StateReader;
import dev.sparsecast.streams.state.StateWriter;

/** A release that activations are compared with. */
record ReleaseName(String submodel, int version) {
    /** As long as a group has no release. */
    static final ReleaseName NONE = new ReleaseName("", 0);

    static ReleaseName of(SubModelRelease release) {
        return new ReleaseName(release.submodel(), release.version());
    }

    boolean isNone() {
        return equals(NONE);
    }

    void write(StateWriter out) {
        out.putText(submodel).putInt(version);
    }

    static ReleaseName read(StateReader in) {
        return new ReleaseName(in.getText(), in.getInt());
    }
}
